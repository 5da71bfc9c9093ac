"""What an address asks of a framework: which day, which accounts, compared with which day."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, QueryDict

from accounts.admin import reach
from accounts.models import Account, AccountGroup
from accounts.moments import PARAMETER, moment_named
from accounts.seeing import visible
from audits.standing import Standing, standing
from config.console.days import Day, day_of

# Whose accounts are counted must be allowed to see each of these there.
NEEDED = (
    "items.view_item",
    "audits.view_issue",
    "audits.view_blindspot",
    "audits.view_framework",
)


@dataclass(frozen=True)
class Asked:
    """The question behind a page; raises PermissionDenied where it may not be put."""

    user: Any
    given: QueryDict

    @classmethod
    def by(cls, request: HttpRequest) -> "Asked":
        if not all(request.user.has_perm(name) for name in NEEDED):
            raise PermissionDenied
        return cls(request.user, request.GET)

    @cached_property
    def day(self) -> Day:
        return day_of(self.given.get("day") or self.given.get(PARAMETER))

    @property
    def past(self) -> dict[str, Any]:
        """What the banner of a page of the past says of the day."""
        if moment_named(self.given.get(PARAMETER)).at == self.day.moment:
            return {"kept_then": True, "partly_kept": "Which rules are mapped is as it is today."}
        return {"not_kept": f"But of this page another day was chosen: {self.day.date:%-d %b %Y}."}

    @cached_property
    def other(self) -> Day | None:
        """The day to compare with; None: none, or the same."""
        asked = self.given.get("with")
        found = day_of(asked) if asked else None
        return found if found and found.date != self.day.date else None

    @cached_property
    def accounts(self) -> list[Account]:
        """Every account that the person may see; which were watched is up to the day."""
        rows = visible(Account.objects.filter(third_party=False), self.user)
        for name in NEEDED:
            groups = reach(self.user, name)
            if groups is not None:
                rows = rows.filter(pk__in=Account.objects.filter(groups__in=groups).values("pk"))
        return list(rows.prefetch_related("groups").order_by("name"))

    @cached_property
    def groups(self) -> list[AccountGroup]:
        found = {group.pk: group for account in self.accounts for group in account.groups.all()}
        seen = set(
            visible(AccountGroup.objects.filter(pk__in=found), self.user).values_list(
                "pk", flat=True
            )
        )
        return sorted((found[pk] for pk in seen), key=lambda group: group.name)

    @property
    def account(self) -> int | None:
        return self._one("account", (account.pk for account in self.accounts))

    @property
    def group(self) -> int | None:
        return self._one("group", (group.pk for group in self.groups))

    def _one(self, name: str, among: Iterable[int]) -> int | None:
        text = self.given.get(name, "")
        return next((pk for pk in among if str(pk) == text), None)

    @cached_property
    def chosen(self) -> list[int]:
        """The accounts that are counted, by key."""
        return [
            account.pk
            for account in self.accounts
            if (self.account is None or account.pk == self.account)
            and (self.group is None or self.group in {one.pk for one in account.groups.all()})
        ]

    def standing(self, rules: Iterable[int], day: Day | None = None) -> Standing:
        """Return how the rules stood on the day that is asked, or on another."""
        return standing((day or self.day).moment, self.chosen, rules)

    def query(self, **changes: Any) -> str:
        """Return the same question as the end of an address, with some of it changed."""
        present = {
            "day": self.day.text,
            "account": self.account,
            "group": self.group,
            "with": self.other.date.isoformat() if self.other else "",
        }
        said = {name: value for name, value in (present | changes).items() if value}
        return f"?{urlencode(said)}" if said else ""
