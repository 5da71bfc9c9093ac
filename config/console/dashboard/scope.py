"""Of which accounts and of which moment the first page speaks."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin import reach
from accounts.models import Account, AccountGroup
from accounts.moments import Moment, moment_of
from accounts.recalling import recall
from accounts.seeing import visible
from audits.models import BlindSpot, Issue, Justification
from audits.recalling import STAND_INS, issues_at
from audits.standing import at, watched_at
from items.models import Gap, Item, Run, Slice
from items.recalling import living_at

MINE = "mine"
LISTS = {
    "issues": "audits_issue",
    "items": "items_item",
    "gaps": "items_gap",
    "spots": "audits_blindspot",
    "runs": "items_run",
    "justifications": "audits_justification",
}


class Counted(NamedTuple):
    """How many issues of a score there are in one place."""

    account: int
    technology: str
    score: int
    n: int


class Scope:
    """The rows behind the page at its moment, as far as one person may see them and asked for
    them."""

    def __init__(self, request: HttpRequest) -> None:
        self.user: Any = request.user
        self.asked = request.GET.get("scope", "")
        self.moment: Moment = moment_of(request)

    @property
    def at(self) -> datetime:
        return self.moment.at

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """The columns that stand in for those of an issue in the past."""
        return {} if self.moment.now else STAND_INS

    def named(self, field: str) -> str:
        """Return how a column of an issue is called at the moment of the page."""
        return self.stand_ins.get(field, field)

    @cached_property
    def sight(self) -> list[Account]:
        """Every account that is watched and that the person may see, by name."""
        rows = visible(self._watched, self.user).order_by("name")
        return list(rows.prefetch_related("groups"))

    @property
    def _watched(self) -> QuerySet[Account]:
        if self.moment.now:
            return Account.objects.watched()
        every = Account.objects.values_list("pk", flat=True)
        return recall(Account, self.at).filter(id__in=watched_at(self.at, list(every)))

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
    def issues(self) -> QuerySet[Any]:
        """What is open and not justified; ask for columns by ``named()``."""
        if self.moment.now:
            return self.all_issues.filter(fixed_at=None, justified=False)
        rows = self._seen(issues_at(self.at))
        return rows.filter(fixed_at_then=None, justified_then=False)

    @cached_property
    def counted(self) -> list[Counted]:
        """The same, counted once for all figures."""
        fields = ("account_id", "technology", self.named("score"))
        grouped = self.issues.order_by().values_list(*fields).annotate(n=Count("pk"))
        return [Counted(*line) for line in grouped]

    @property
    def _going_on(self) -> Q:
        return Q(until=None) if self.moment.now else at(self.at)

    @property
    def gaps(self) -> QuerySet[Gap]:
        return self._seen(Gap.objects.filter(self._going_on))

    @property
    def spots(self) -> QuerySet[BlindSpot]:
        return self._seen(BlindSpot.objects.filter(self._going_on))

    @property
    def slices(self) -> list[dict[str, Any]]:
        """Each slice with when it was last read: ``account_id``, ``technology``, ``read_at``."""
        keys = ("account_id", "technology")
        if self.moment.now:
            rows: Any = Slice.objects.filter(account__in=Account.objects.watched())
            return list(self._seen(rows).values(*keys, "read_at"))
        looked = self.runs.filter(account__in=[one.pk for one in self.accounts])
        done = Q(state=Run.State.DONE, ended_at__lte=self.at)
        rows = looked.filter(kind=Run.Kind.LOOKED).order_by().values(*keys)
        return list(rows.annotate(read_at=Max("started_at", filter=done)))

    @property
    def runs(self) -> QuerySet[Run]:
        return self._seen(Run.objects.filter(started_at__lte=self.at))

    @property
    def items(self) -> QuerySet[Any]:
        return self._seen(Item.objects.living() if self.moment.now else living_at(self.at))

    @property
    def justifications(self) -> QuerySet[Any]:
        """Ask for the key of one by ``id``."""
        if self.moment.now:
            return self._seen(Justification.objects.all())
        return self._seen(recall(Justification, self.at))
