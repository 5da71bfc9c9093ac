"""What the report of a subscription is about, and which list stands behind each of its numbers."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Account
from accounts.moments import PARAMETER, Moment
from accounts.recalling import recall
from accounts.seeing import visible
from audits.models import Coverage, Issue, Justification, Rule
from audits.recalling import issues_at
from audits.standing import at, watched_at
from items.models import Item
from notifications.models import Subscription
from notifications.narrowing import asked_for_by, has_tag


class List(NamedTuple):
    """A list of the console, and by what it can be narrowed."""

    model: str
    by: tuple[str, ...]


LISTS = {
    "issues": List("audits_issue", ("account", "technology", "rule")),
    "gaps": List("items_gap", ("account", "technology")),
    "runs": List("items_run", ("account", "technology")),
    "changes": List("audits_changereview", ("account", "technology")),
    "justifications": List("audits_justification", ("account",)),
}


class Scope:
    """The rows that a subscription's report is about, at a moment.

    What is chosen is today's choice: accounts by group, items by tag. Who made the subscription
    for themselves is told of no more than what they may see today.
    """

    def __init__(self, told: Subscription, moment: Moment) -> None:
        self.told, self.moment, self.at = told, moment, moment.at

    @cached_property
    def accounts(self) -> list[int] | None:
        """The accounts that were chosen; None: all."""
        if not self.told.names_accounts():
            return None
        return sorted(self.told.accounts_wanted().values_list("pk", flat=True))

    @cached_property
    def rules(self) -> list[int] | None:
        """The rules that were chosen, by themselves or by a framework; None: all."""
        told = self.told
        chosen = {rule.pk for rule in told.rules.all()}
        if not chosen and told.framework is None:
            return None
        rows = Rule.objects.filter(pk__in=chosen) if chosen else Rule.objects.all()
        return [
            rule.pk
            for rule in rows.order_by("pk").select_related("active")
            if told.framework is None
            or (rule.active and asked_for_by(told.framework.name, rule.active))
        ]

    @cached_property
    def items(self) -> list[int] | None:
        """The items that were chosen, by themselves or by a tag; None: all."""
        told = self.told
        named = told.names_items()
        if not (named or told.labels or told.tags):
            return None
        rows = Item.objects.filter(pk__in=told.items.values("pk")) if named else self.seen(Item)
        if told.labels:
            rows = rows.filter(labels__name__in=told.labels).distinct()
        if not told.tags:
            return list(rows.values_list("pk", flat=True))
        return [
            pk
            for pk, config in rows.values_list("pk", "config").iterator()
            if has_tag(told, config)
        ]

    def seen(self, rows: Any, account: str = "account", technology: str = "technology") -> Any:
        """Keep what lies in the accounts and technologies, as far as the owner may see it.

        ``rows`` is a model or a query; ``technology`` is empty where its rows have none.
        """
        rows = rows if isinstance(rows, QuerySet) else rows.objects.all()
        if self.told.owner:
            rows = visible(rows, self.told.owner)
        if self.accounts is not None:
            rows = rows.filter(**{f"{account}__in": self.accounts})
        if technology and self.told.technologies:
            rows = rows.filter(**{f"{technology}__in": self.told.technologies})
        return rows

    def narrowed(self, issues: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the issues that it is about."""
        rows = self.seen(issues)
        if self.rules is not None:
            rows = rows.filter(rule__in=self.rules)
        return rows if self.items is None else rows.filter(item__in=self.items)

    @property
    def all_issues(self) -> QuerySet[Issue]:
        return self.narrowed(Issue.objects.all())

    @property
    def open_then(self) -> QuerySet[Any]:
        """What was open and not justified, with the columns of then."""
        return self.narrowed(issues_at(self.at)).filter(fixed_at_then=None, justified_then=False)

    @property
    def justifications(self) -> QuerySet[Any]:
        """The justifications of then; ask for the key of one by ``id``."""
        rows = self.seen(recall(Justification, self.at), technology="")
        if not (self.told.technologies or self.rules is not None or self.items is not None):
            return rows
        covered = Coverage.objects.filter(
            since__lte=self.at, issue__in=self.all_issues.values("pk")
        )
        return rows.filter(id__in=covered.order_by().values("justification"))

    @property
    def every_account(self) -> QuerySet[Account]:
        """The accounts that it is about, watched or not."""
        found: QuerySet[Account] = self.seen(Account, "pk", "")
        return found

    @cached_property
    def watched(self) -> list[Account]:
        """The accounts that were watched then, by name."""
        there = watched_at(self.at, list(self.every_account.values_list("pk", flat=True)))
        return list(Account.objects.filter(pk__in=there).order_by("name"))

    def going_on(self, rows: Any) -> Any:
        """Keep of gaps and the like what had begun and had not ended."""
        return self.seen(rows).filter(at(self.at))

    # -- the lists behind the numbers ---------------------------------------------------------

    def link(self, name: str, **asked: Any) -> str:
        """Return the address of the list that counts the same; empty where none can."""
        to, chosen = LISTS[name], self._chosen
        # A list that is narrowed to nothing would show everything.
        if self.items is not None or any(key not in to.by or not chosen[key] for key in chosen):
            return ""
        asked = {**{key: ",".join(map(str, value)) for key, value in chosen.items()}, **asked}
        then = {} if self.moment.now else {PARAMETER: self.moment.text}
        query = urlencode({**asked, **then}, safe=",")
        return f"{reverse(f'admin:{to.model}_changelist')}?{query}"

    @property
    def _chosen(self) -> dict[str, Sequence[Any]]:
        every = {
            "account": self.accounts,
            "technology": self.told.technologies or None,
            "rule": self.rules,
        }
        return {key: value for key, value in every.items() if value is not None}

    @cached_property
    def words(self) -> list[str]:
        """Say what it is narrowed to, part by part; nothing: it is about everything."""
        told = self.told
        named = {
            "accounts": sorted(account.name for account in told.accounts.all()),
            "groups": sorted(group.name for group in told.groups.all()),
            "technologies": told.technologies,
            "labels": told.labels,
            "tags": told.tags,
            "items": sorted(str(item) for item in told.items.all()),
            "rules": sorted(str(rule) for rule in told.rules.all()),
            "framework": [told.framework.name] if told.framework else [],
            "sight": [f"what {told.owner.username} may see"] if told.owner else [],
        }
        return [f"{name}: {_some(names)}" for name, names in named.items() if names]


def _some(names: Sequence[Any], most: int = 8) -> str:
    rest = len(names) - most
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(str(name) for name in names[:most]) + more
