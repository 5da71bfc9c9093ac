"""The rules in force for a technology, with their settings, read once for a run."""

import functools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from accounts.models import Account
from audits.functions.base import Known
from audits.models import Judged, Rule, RuleSetting, RuleVersion
from audits.reading import reads_time
from audits.scoping import InForce, in_force
from audits.world import known, known_stamp
from items.canonical import digest
from items.models import Item


@dataclass
class Rulebook:
    """Everything that decides verdicts in one slice, apart from the items."""

    account: Account
    technology: str
    today: date
    versions: list[RuleVersion]
    settings: dict[int, list[RuleSetting]]
    groups: frozenset[int]
    known: Known = field(default_factory=Known)

    @classmethod
    def of(cls, account: Account, technology: str, today: date) -> "Rulebook":
        """Read the active rules of a technology and what is set for them."""
        active = Rule.objects.filter(state=Rule.State.ACTIVE).exclude(active=None)
        versions = [
            rule.active
            for rule in active.select_related("active__rule")
            if rule.active and technology in rule.active.technologies
        ]
        settings: dict[int, list[RuleSetting]] = defaultdict(list)
        for setting in RuleSetting.objects.filter(rule__in=[v.rule_id for v in versions]):
            settings[setting.rule_id].append(setting)
        groups = frozenset(account.groups.values_list("pk", flat=True))
        return cls(account, technology, today, versions, settings, groups, known())

    def in_force(self, version: RuleVersion, item: Item) -> InForce:
        """Return how a rule stands for an item."""
        return in_force(version, self.settings.get(version.rule_id, ()), item, self.groups)

    def stamp(self, version: RuleVersion) -> str:
        """Return what a verdict of this version depends on here, apart from the items."""
        settings = [
            [s.pattern, s.tag, s.account_id, s.group_id, s.on, s.score, s.parameters]
            for s in self.settings.get(version.rule_id, ())
        ]
        groups = sorted(self.groups) if settings else []
        day = self.today.isoformat() if depends_on_time(version) else ""
        parts = {
            "rule": str(version.pk),
            "setting": digest([settings, groups])[:12] if settings else "",
            "context": self._known_stamp,
            "time": day,
        }
        return ";".join(f"{name}={value}" for name, value in parts.items())

    @functools.cached_property
    def _known_stamp(self) -> str:
        return known_stamp(self.known)

    def stale(self) -> list[tuple[RuleVersion, str]]:
        """Return the rules that must be run again on the whole slice, each with the cause."""
        rows = {
            row.rule_id: row
            for row in Judged.objects.filter(account=self.account, technology=self.technology)
        }
        found = []
        for version in self.versions:
            cause = why_stale(rows.get(version.rule_id), self.stamp(version))
            if cause:
                found.append((version, cause))
        return found

    def dropped(self) -> list[int]:
        """Return the rules that were run here once and are no longer in force here."""
        here = Judged.objects.filter(account=self.account, technology=self.technology)
        return list(
            here.exclude(rule__in=[version.rule_id for version in self.versions]).values_list(
                "rule_id", flat=True
            )
        )

    def note_judged(self, versions: Iterable[RuleVersion]) -> None:
        """Write down that these were just run on the whole slice."""
        Judged.objects.bulk_create(
            [
                Judged(
                    rule_id=version.rule_id,
                    account=self.account,
                    technology=self.technology,
                    stamp=self.stamp(version),
                )
                for version in versions
            ],
            update_conflicts=True,
            unique_fields=["account", "technology", "rule"],
            update_fields=["stamp", "stale"],
        )


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


def depends_on_time(version: RuleVersion) -> bool:
    """Say whether a version's verdict may change as days pass."""
    texts = (version.expression, version.applies_when)
    return any(reads_time(text) for text in texts if text)
