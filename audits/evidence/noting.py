"""What had been noted of rules on items at a moment: by events, blind spots and exemptions."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from audits.engine import Outcome, Verdict
from audits.models import BlindSpot, Coverage, Exemption, FormerFingerprint, IssueEvent, Tenure
from audits.standing import OPENING, at, open_issues


@dataclass(frozen=True)
class Opened:
    """An issue that was open."""

    pk: int
    fingerprint: str
    """By which it was known then."""
    since: datetime
    run: int | None
    justification: int | None
    """Under which it was accepted; None: it was not."""


@dataclass(frozen=True)
class Noted:
    """What had been noted of one rule on one item."""

    issues: tuple[Opened, ...] = ()
    blind: str | None = None
    """Why there was no answer; None: there was one."""
    exempt: bool = False
    run: bool = False
    """The version in force had been run on the whole slice."""

    @property
    def outcome(self) -> Outcome | None:
        """What it comes to; None: the version in force had not been run."""
        if self.blind is not None:
            return Outcome.UNKNOWN
        if self.issues:
            return Outcome.FAIL
        if self.exempt:
            return Outcome.NOT_APPLICABLE
        return Outcome.PASS if self.run else None

    @property
    def accepted(self) -> bool:
        """Whether all that was open was justified."""
        return bool(self.issues) and all(one.justification for one in self.issues)

    def agrees(self, verdict: Verdict) -> bool:
        """Say whether a verdict that was made again is what was noted, finding by finding."""
        if verdict.outcome != self.outcome:
            return False
        if verdict.outcome != Outcome.FAIL:
            return True
        found = sorted(finding.fingerprint for finding in verdict.findings)
        return found == sorted(one.fingerprint for one in self.issues)


Key = tuple[int, int]
"""Item and rule."""


class Notes:
    """What had been noted of some items; a handful of queries for all."""

    def __init__(self, moment: datetime, items: Iterable[int], rules: Iterable[int]) -> None:
        self.moment = moment
        chosen = {"item__in": list(items), "rule__in": list(rules)}
        spots = BlindSpot.objects.filter(at(moment), **chosen).order_by("pk")
        self._blind: dict[Key, str] = {
            (item, rule): reason
            for item, rule, reason in spots.values_list("item_id", "rule_id", "reason")
        }
        exemptions = Exemption.objects.filter(at(moment), **chosen).order_by("pk")
        self._exempt = {key[:2] for key in exemptions.values_list("item_id", "rule_id")}
        self._issues = _opened(moment, chosen)

    def of(self, item: int, rule: int, run: bool) -> Noted:
        """Return what had been noted of a rule on an item."""
        key = (item, rule)
        return Noted(self._issues.get(key, ()), self._blind.get(key), key in self._exempt, run)


def held(moment: datetime, account: int, technology: str) -> frozenset[int]:
    """Return the versions that had been run on a whole slice and were in force there."""
    rows = Tenure.objects.filter(at(moment), account=account, technology=technology)
    return frozenset(rows.values_list("version", flat=True))


def _opened(moment: datetime, chosen: dict[str, list[int]]) -> dict[Key, tuple[Opened, ...]]:
    of_issue = {f"issue__{name}": some for name, some in chosen.items()}
    events = IssueEvent.objects.filter(at__lte=moment, what__in=OPENING, **of_issue)
    since = {
        issue: (when, run)
        for issue, when, run in events.order_by("at", "pk").values_list("issue_id", "at", "run_id")
    }
    coverages = Coverage.objects.filter(at(moment), **of_issue).order_by("-pk")
    covered = dict(coverages.values_list("issue_id", "justification_id"))
    former = FormerFingerprint.objects.filter(until__gt=moment, **of_issue)
    names = dict(former.order_by("-until", "-pk").values_list("issue_id", "fingerprint"))
    rows = open_issues(moment).filter(**chosen).order_by("pk")
    found: dict[Key, list[Opened]] = defaultdict(list)
    for pk, item, rule, fingerprint, opened_at in rows.values_list(
        "pk", "item_id", "rule_id", "fingerprint", "opened_at"
    ):
        when, run = since.get(pk, (opened_at, None))
        found[item, rule].append(Opened(pk, names.get(pk, fingerprint), when, run, covered.get(pk)))
    return {key: tuple(some) for key, some in found.items()}
