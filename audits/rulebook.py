"""The rules in force for a technology, with their settings, read once for a run."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from accounts.models import Account
from audits.engine import Evaluable
from audits.functions.base import Known
from audits.models import Judged, Rule, RuleSetting, RuleVersion
from audits.reading import EVERYTHING, reads_past, reads_time, tables_read
from audits.scoping import InForce, in_force, ranked
from audits.tenures import begin_tenures
from audits.world import known, known_stamp, tables
from items.canonical import digest
from items.models import Item, Slice

_PROSE = [
    f"{pointer}__{name}"
    for pointer in ("active", "shadow")
    for name in ("rationale", "remediation", "references", "controls")
]


class Stale(NamedTuple):
    """What must be run again on a whole slice; false where nothing must."""

    versions: list[tuple[RuleVersion, str]]
    """In force, each with the cause."""
    shadows: list[RuleVersion]

    def __bool__(self) -> bool:
        return bool(self.versions or self.shadows)


@dataclass(frozen=True)
class Rules:
    """Every active rule, what is set for it, and what is known: read once for many slices."""

    versions: tuple[RuleVersion, ...]
    shadows: tuple[RuleVersion, ...]
    """Tried beside them."""
    settings: dict[int, list[RuleSetting]]
    known: Known
    tables: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, technology: str = "") -> "Rules":
        """Read all that verdicts depend on; what only people read is left out.

        With a technology, only the rules about it.
        """
        runs = Q(state=Rule.State.ACTIVE, active__isnull=False) | Q(shadow__isnull=False)
        rules = Rule.objects.filter(runs).select_related("active", "shadow")
        if technology:
            rules = rules.filter(pk__in=_about(rules, technology))
        settings: dict[int, list[RuleSetting]] = defaultdict(list)
        for setting in RuleSetting.objects.all():
            settings[setting.rule_id].append(setting)
        versions, shadows = [], []
        for rule in rules.defer("shipped", *_PROSE):
            if rule.active and rule.state == Rule.State.ACTIVE:
                rule.active.rule = rule
                versions.append(rule.active)
            if rule.shadow:
                rule.shadow.rule = rule
                shadows.append(rule.shadow)
        wanted = {key for version in versions + shadows for key in tables_of(version)}
        return cls(tuple(versions), tuple(shadows), settings, known(), tables(wanted))

    def book(self, account: Account, technology: str, today: date) -> "Rulebook":
        """Return what holds in one slice."""
        versions = [one for one in self.versions if technology in one.technologies]
        shadows = [one for one in self.shadows if technology in one.technologies]
        groups = frozenset(group.pk for group in account.groups.all())
        return Rulebook(
            account,
            technology,
            today,
            versions,
            shadows,
            self.settings,
            groups,
            self.known,
            self.tables,
        )


@dataclass
class Rulebook:
    """Everything that decides verdicts in one slice, apart from the items."""

    account: Account
    technology: str
    today: date
    versions: list[RuleVersion]
    shadows: list[RuleVersion]
    settings: dict[int, list[RuleSetting]]
    groups: frozenset[int]
    known: Known
    tables: Mapping[str, Any] = field(default_factory=dict)
    """The rows of the reference tables that rules read, by key."""
    _plain: dict[int, InForce] = field(default_factory=dict)
    """How rules stand for which nothing is set: for every item alike."""
    _matched: set[int] = field(default_factory=set)
    """The settings that held for something."""

    @classmethod
    def of(cls, account: Account, technology: str, today: date) -> "Rulebook":
        """Read what holds in one slice."""
        return Rules.read(technology).book(account, technology, today)

    def in_force(self, version: RuleVersion, item: Item) -> InForce:
        """Return how a rule stands for an item."""
        settings = self.settings.get(version.rule_id)
        if settings:
            held = ranked(settings, item, self.groups)
            self._matched.update(setting.pk for setting in held)
            return in_force(version, held)
        plain = self._plain.get(version.id)
        if plain is None:
            plain = self._plain[version.id] = in_force(version, ())
        return plain

    def stamp(self, version: RuleVersion, shadow: bool = False) -> str:
        """Return what a verdict of this version depends on here, apart from the items."""
        settings = [
            [s.pattern, s.tag, s.account_id, s.group_id, s.on, s.score, s.parameters]
            for s in self.settings.get(version.rule_id, ())
        ]
        groups = sorted(self.groups) if settings else []
        day = self.today.isoformat() if depends_on_time(version) else ""
        parts = {
            # What a trial found is dropped with its end: the next one of the same text is new.
            "rule": f"{version.pk} since {version.rule.shadow_since}"
            if shadow
            else str(version.pk),
            "setting": digest([settings, groups])[:12] if settings else "",
            "context": self._known_stamp + self._tables_stamp(version),
            "time": day,
        }
        return ";".join(f"{name}={value}" for name, value in parts.items())

    @functools.cached_property
    def _known_stamp(self) -> str:
        return known_stamp(self.known)

    def _tables_stamp(self, version: RuleVersion) -> str:
        keys = tables_of(version)
        if not keys:
            return ""
        read = {key: rows for key, rows in self.tables.items() if keys & {key, EVERYTHING}}
        return digest(read)[:12]

    @functools.cached_property
    def judged(self) -> list[Judged]:
        """With what each rule was last run here."""
        return list(Judged.objects.filter(account=self.account, technology=self.technology))

    def stale(self) -> Stale:
        """Return what must be run again on the whole slice."""
        rows = {(row.rule_id, row.shadow): row for row in self.judged}

        def cause(version: RuleVersion, shadow: bool) -> str:
            return why_stale(rows.get((version.rule_id, shadow)), self.stamp(version, shadow))

        return Stale(
            [(one, why) for one in self.versions if (why := cause(one, shadow=False))],
            [one for one in self.shadows if cause(one, shadow=True)],
        )

    def dropped(self, shadow: bool = False) -> list[int]:
        """Return the rules that were run here once and are no longer in force, or in shadow."""
        run = {version.rule_id for version in (self.shadows if shadow else self.versions)}
        return [
            row.rule_id for row in self.judged if row.shadow is shadow and row.rule_id not in run
        ]

    def note_matched(self, at: datetime) -> None:
        """Write down which settings held for something."""
        if self._matched:
            RuleSetting.objects.filter(pk__in=self._matched).update(matched_at=at)
            self._matched.clear()

    def note_judged(self, versions: Sequence[RuleVersion], at: datetime) -> None:
        """Write down that these, being in force, were just run on the whole slice."""
        begin_tenures(self.account, self.technology, versions, at)
        self._stamp(versions, shadow=False)

    def note_tried(self, versions: Sequence[RuleVersion]) -> None:
        """Write down that these, being in shadow, were just run on the whole slice."""
        self._stamp(versions, shadow=True)

    def _stamp(self, versions: Sequence[RuleVersion], shadow: bool) -> None:
        Judged.objects.bulk_create(
            [
                Judged(
                    rule_id=version.rule_id,
                    account=self.account,
                    technology=self.technology,
                    shadow=shadow,
                    stamp=self.stamp(version, shadow),
                )
                for version in versions
            ],
            update_conflicts=True,
            unique_fields=["account", "technology", "rule", "shadow"],
            update_fields=["stamp", "stale"],
        )


def _about(rules: QuerySet[Rule], technology: str) -> list[int]:
    """Return which rules are about a technology: no database of ours can be asked for it alike."""
    rows = rules.values_list("pk", "active__technologies", "shadow__technologies")
    return [
        pk
        for pk, active, shadow in rows
        if technology in (active or ()) or technology in (shadow or ())
    ]


def why_stale(row: Judged | None, stamp: str) -> str:
    """Return the cause (a value of ``Cause``) for which a rule must be run again, or nothing."""
    if row is None:
        return "rule"
    old = dict(part.split("=", 1) for part in row.stamp.split(";"))
    new = dict(part.split("=", 1) for part in stamp.split(";"))
    for cause, value in new.items():
        if old.get(cause) != value:
            return cause
    return row.stale


def depends_on_time(version: Evaluable) -> bool:
    """Say whether a version's verdict may change as days pass."""
    texts = (version.expression, version.applies_when)
    return any(reads_time(text) for text in texts if text)


def looks_back(version: Evaluable) -> bool:
    """Say whether a version compares an item with what it was before its last change."""
    texts = (version.expression, version.applies_when)
    return any(reads_past(text) for text in texts if text)


def tables_of(version: Evaluable) -> frozenset[str]:
    """Return the keys of the reference tables that a version reads."""
    texts = (version.expression, version.applies_when)
    return frozenset().union(*(tables_read(text) for text in texts if text))


def waiting(slices: Iterable[Slice], today: date) -> list[Slice]:
    """Return the slices on which some rule must be run again; a few queries for all of them."""
    rules = Rules.read()
    judged: dict[tuple[int, str], list[Judged]] = defaultdict(list)
    for row in Judged.objects.all().iterator():
        judged[row.account_id, row.technology].append(row)
    found = []
    for one in slices:
        book = rules.book(one.account, one.technology, today)
        book.judged = judged[one.account_id, one.technology]
        if book.stale() or book.dropped() or book.dropped(shadow=True):
            found.append(one)
    return found
