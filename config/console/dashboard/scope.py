"""Of which accounts the first page speaks: all in sight, those of a group, or one's own."""

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin import reach
from accounts.models import Account, AccountGroup
from accounts.seeing import visible
from audits.models import BlindSpot, Issue, Justification
from items.models import Gap, Item, Run, Slice

MINE = "mine"
LISTS = {
    "issues": "audits_issue",
    "items": "items_item",
    "gaps": "items_gap",
    "spots": "audits_blindspot",
    "runs": "items_run",
    "justifications": "audits_justification",
}


class Scope:
    """The rows behind the page, as far as one person may see them and asked for them."""

    def __init__(self, request: HttpRequest) -> None:
        self.user: Any = request.user
        self.asked = request.GET.get("scope", "")

    @cached_property
    def sight(self) -> list[Account]:
        """Every account that is watched and that the person may see, by name."""
        rows = visible(Account.objects.watched(), self.user).order_by("name")
        return list(rows.prefetch_related("groups"))

    @cached_property
    def groups(self) -> list[AccountGroup]:
        found = {group.pk: group for one in self.sight for group in one.groups.all()}
        seen = visible(AccountGroup.objects.filter(pk__in=found), self.user)
        return list(seen.order_by("name"))

    @cached_property
    def mine(self) -> set[int]:
        """The accounts of the groups whose issues the person reviews."""
        groups = reach(self.user, "audits.review_issue") or set()
        return {one.pk for one in self.sight if groups & {group.pk for group in one.groups.all()}}

    @cached_property
    def chosen(self) -> set[int] | None:
        """The accounts asked for; None: all in sight."""
        if self.asked == MINE and self.mine:
            return self.mine
        group = next((one for one in self.groups if str(one.pk) == self.asked), None)
        if group is None:
            return None
        return {one.pk for one in self.sight if group in one.groups.all()}

    @cached_property
    def accounts(self) -> list[Account]:
        return [one for one in self.sight if self.chosen is None or one.pk in self.chosen]

    @property
    def choices(self) -> list[dict[str, Any]]:
        """What may be asked for instead; nothing where there is nothing to choose among."""
        found = [("", "All accounts"), *((str(one.pk), one.name) for one in self.groups)]
        if self.mine and len(self.mine) < len(self.sight):
            found.append((MINE, "Mine"))
        present = self.asked if self.chosen is not None else ""
        return [
            {"link": f"?scope={value}" if value else "?", "name": name, "on": value == present}
            for value, name in found
            if len(found) > 1
        ]

    def link(self, name: str, **asked: Any) -> str:
        """Return the address of a list that shows the same accounts."""
        if self.chosen is not None and "account" not in asked:
            asked["account"] = ",".join(map(str, sorted(self.chosen)))
        query = f"?{urlencode(asked, safe=',')}" if asked else ""
        return reverse(f"admin:{LISTS[name]}_changelist") + query

    @property
    def links(self) -> dict[str, str]:
        return {name: self.link(name) for name in ("issues", "items", "gaps", "spots")}

    def _seen(self, rows: QuerySet[Any], path: str = "account") -> QuerySet[Any]:
        rows = visible(rows, self.user)
        return rows if self.chosen is None else rows.filter(**{f"{path}__in": self.chosen})

    @property
    def all_issues(self) -> QuerySet[Issue]:
        return self._seen(Issue.objects.all())

    @property
    def issues(self) -> QuerySet[Issue]:
        return self.all_issues.filter(fixed_at=None, justified=False)

    @property
    def gaps(self) -> QuerySet[Gap]:
        return self._seen(Gap.objects.filter(until=None))

    @property
    def spots(self) -> QuerySet[BlindSpot]:
        return self._seen(BlindSpot.objects.filter(until=None))

    @property
    def slices(self) -> QuerySet[Slice]:
        return self._seen(Slice.objects.filter(account__in=Account.objects.watched()))

    @property
    def runs(self) -> QuerySet[Run]:
        return self._seen(Run.objects.all())

    @property
    def items(self) -> QuerySet[Item]:
        return self._seen(Item.objects.living())

    @property
    def justifications(self) -> QuerySet[Justification]:
        return self._seen(Justification.objects.all())
