"""What decided verdicts at a moment beside the items: read from history, nothing as it is now."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from accounts.models import Account, AccountGroup, KnownNetwork
from audits.functions.base import Known
from audits.models import ReferenceTable, RuleSetting, RuleVersion
from audits.reading import EVERYTHING
from audits.rulebook import tables_of
from audits.scoping import InForce, Scoped, in_force, ranked
from audits.standing import rules_at
from audits.world import known_of

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Knowledge:
    """Everything that decided verdicts at a moment, apart from the items."""

    moment: datetime
    versions: tuple[RuleVersion, ...]
    """Those in force, with their rule, by the rule's key."""
    accounts: dict[int, Account]
    """Every account that there was, as it was."""
    groups: dict[int, frozenset[int]]
    """The keys of each account's groups."""
    group_names: dict[int, str]
    settings: dict[int, list[RuleSetting]]
    """By rule."""
    networks: tuple[KnownNetwork, ...]
    tables: dict[str, ReferenceTable]
    """Those that the versions read, by key."""
    known: Known
    changes: dict[tuple[str, int], list[datetime]] = field(default_factory=dict)
    """When what is known was changed, as far as that was asked."""

    def in_force(self, version: RuleVersion, item: Scoped) -> InForce:
        """Return how a rule stood for an item."""
        settings = self.settings.get(version.rule_id, ())
        groups = self.groups.get(item.account_id, frozenset())
        return in_force(version, ranked(settings, item, groups) if settings else ())

    @property
    def rows(self) -> dict[str, Any]:
        """The rows of the tables, as rules are given them."""
        return {key: table.rows for key, table in self.tables.items()}


def knowledge_at(moment: datetime, rules: Iterable[int]) -> Knowledge:
    """Read what decided the verdicts of some rules at a moment; a dozen queries."""
    versions = versions_at(moment, rules)
    accounts, groups = _accounts_at(moment)
    settings: dict[int, list[RuleSetting]] = defaultdict(list)
    about = [version.rule_id for version in versions]
    for setting in rows_at(RuleSetting, moment, rule__in=about):
        settings[setting.rule_id].append(setting)
    networks = tuple(sorted(rows_at(KnownNetwork, moment), key=lambda one: one.cidr))
    return Knowledge(
        moment,
        versions,
        accounts,
        groups,
        {group.pk: group.name for group in rows_at(AccountGroup, moment)},
        dict(settings),
        networks,
        _tables_at(moment, versions),
        known_of(sorted(accounts.values(), key=lambda one: one.name), networks),
    )


def versions_at(moment: datetime, rules: Iterable[int]) -> tuple[RuleVersion, ...]:
    """Return the versions of rules that were in force at a moment, by the rule's key."""
    found = [one.version for one in rules_at(moment, rules).values()]
    rows = RuleVersion.objects.filter(pk__in=found)
    return tuple(rows.select_related("rule", "author", "approved_by").order_by("rule__key"))


def rows_at(model: type[Row], moment: datetime, **chosen: Any) -> list[Row]:
    """Return a model's rows as they were at a moment, by its history; unsaved, by their key."""
    history: Any = model.history  # type: ignore[attr-defined]
    return [row.instance for row in records_at(history.filter(**chosen), moment)]


def records_at(records: QuerySet[Any], moment: datetime) -> list[Any]:
    """Return the record of history that was the last one of each row at a moment.

    Rows that had been deleted are left out. Only what is wanted is loaded.
    """
    last: dict[int, int] = {}
    ordered = records.filter(history_date__lte=moment).order_by("history_date", "history_id")
    for pk, record, kind in ordered.values_list("id", "history_id", "history_type"):
        last[pk] = record
        if kind == "-":
            del last[pk]
    return list(records.filter(history_id__in=list(last.values())).order_by("id"))


def _accounts_at(moment: datetime) -> tuple[dict[int, Account], dict[int, frozenset[int]]]:
    records = records_at(Account.history.all(), moment)
    accounts = {record.id: record.instance for record in records}
    of_record = {record.history_id: record.id for record in records}
    groups: dict[int, set[int]] = defaultdict(set)
    members = Account.history.model.groups.filter(history__in=list(of_record))
    for record, group in members.values_list("history_id", "accountgroup_id"):
        groups[of_record[record]].add(group)
    return accounts, {pk: frozenset(found) for pk, found in groups.items()}


def _tables_at(moment: datetime, versions: Sequence[RuleVersion]) -> dict[str, ReferenceTable]:
    wanted = {key for version in versions for key in tables_of(version)}
    if not wanted:
        return {}
    chosen = {} if EVERYTHING in wanted else {"key__in": wanted}
    return {table.key: table for table in rows_at(ReferenceTable, moment, **chosen)}
