"""Judge items by rules and bring their issues, blind spots and dependencies in step."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from audits import covering
from audits.docket import NOWHERE, Docket
from audits.engine import Finding, Outcome, Verdict, evaluate
from audits.facts import facts_of
from audits.functions.base import Context
from audits.matching import match
from audits.models import (
    Cause,
    FormerFingerprint,
    Issue,
    IssueEvent,
    RuleVersion,
    What,
)
from audits.rulebook import Rulebook
from audits.scoping import InForce
from audits.shadowing import Trial
from audits.tenures import Spent, note_efforts
from audits.world import World
from items.models import Item, Run
from items.recording import BATCH
from items.writing import create

# What people decide, perhaps while an item is judged: never written from what was read before.
DECIDED = frozenset({"id", "justified", "assignee"})
# Steps that one rule may take over the items of a portion: under five seconds.
STEPS_A_PORTION = 20_000_000


@dataclass
class Hearing:
    """The issues of some items, as they are and as they become."""

    run: Run
    book: Rulebook
    events: list[IssueEvent] = field(default_factory=list)
    new: list[Issue] = field(default_factory=list)
    touched: dict[int, tuple[Issue, Cause]] = field(default_factory=dict)
    """What becomes different, with why."""
    kept: list[tuple[Issue, Cause]] = field(default_factory=list)
    """What goes on, on items that changed."""

    def __post_init__(self) -> None:
        self.now: datetime = self.run.started_at
        self.looking = self.run.kind != Run.Kind.JUDGED
        self.world = World(self.run.account)
        self.steps: dict[int, int] = defaultdict(int)
        self.moved: set[int] = set()
        self.formerly: list[FormerFingerprint] = []
        self.spent: dict[int, Spent] = {}
        """By version, what it took."""

    def hold(
        self,
        items: Sequence[Item],
        versions: Sequence[RuleVersion],
        causes: dict[int, Cause],
        by_version: dict[int, Cause] | None = None,
        shadows: Sequence[RuleVersion] = (),
    ) -> None:
        """Judge the items by the versions and bring their issues in step.

        What versions in shadow find is kept apart: it is no issue and has no events.
        """
        by_version = by_version or {}
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]
            docket = Docket(self.now, batch, [*versions, *shadows])
            trial = Trial(self.run, batch, shadows)
            for item in batch:
                docket.facts = facts_of(
                    item,
                    self.run.account,
                    self.now,
                    self.book.known,
                    self.book.tables,
                    docket.previous.get(item.pk),
                )
                for version in versions:
                    cause = by_version.get(version.id) or causes.get(item.id, Cause.CLOUD)
                    self._hear(docket, item, version, cause)
                for version in shadows:
                    self._try(docket, trial, item, version)
            docket.save()
            trial.save()

    def close(self, issues: Iterable[Issue]) -> None:
        """Fix the issues of rules that are no longer in force."""
        self._fix(issues, Cause.RULE)

    def _hear(self, docket: Docket, item: Item, version: RuleVersion, cause: Cause) -> None:
        kept = docket.issues.get((item.id, version.rule_id), [])
        if item.gone_at:
            self._fix(kept, cause)
            docket.see(item, version)
            return
        holds = self.book.in_force(version, item)
        if not holds.on:
            self._fix(kept, Cause.SETTING)
            docket.exempt(item, version, by_setting=True)
            return
        verdict = self._judge(docket, item, version, holds)
        if verdict.outcome == Outcome.UNKNOWN:
            docket.lose_sight(item, version, verdict.reason)
            for issue in kept:
                self._lose(issue, cause)
            return
        if verdict.outcome == Outcome.NOT_APPLICABLE:
            docket.exempt(item, version, by_setting=False)
        else:
            docket.see(item, version)
        if kept or verdict.findings:
            self._agree(docket, item, version, holds, verdict, kept, cause)

    def _try(self, docket: Docket, trial: Trial, item: Item, version: RuleVersion) -> None:
        """Judge an item by a version in shadow; nothing but what it finds is kept."""
        holds = self.book.in_force(version, item)
        verdict = None
        if holds.on and not item.gone_at:
            verdict = self._judge(docket, item, version, holds, shadow=True)
        trial.agree(item, version, holds.score, verdict)

    def _judge(
        self,
        docket: Docket,
        item: Item,
        version: RuleVersion,
        holds: InForce,
        shadow: bool = False,
    ) -> Verdict:
        key = version.id  # `pk` takes several times as long, and this is done for every pair.
        if self.steps[key] > STEPS_A_PORTION:
            return Verdict(Outcome.UNKNOWN, reason="The rule took too many steps on other items.")
        reading = self.world.reader()
        context = Context(**docket.facts, parameters=holds.parameters, reader=reading)
        began = time.perf_counter()
        verdict = evaluate(version, context, item.unread)
        self.steps[key] += verdict.steps
        if not shadow:
            spent = self.spent.get(key) or self.spent.setdefault(key, Spent(version))
            spent.add(verdict.steps, time.perf_counter() - began)
        docket.looks[item.id, version.rule_id, shadow] = reading.looks or NOWHERE
        return verdict

    def _agree(
        self,
        docket: Docket,
        item: Item,
        version: RuleVersion,
        holds: InForce,
        verdict: Verdict,
        kept: list[Issue],
        cause: Cause,
    ) -> None:
        """Open, keep, move and fix the issues of one rule on one item."""
        context = Context(**docket.facts, parameters=holds.parameters)
        matched = match(
            version, context, kept, verdict.findings, lambda one: one.version_id != version.pk
        )
        self.moved |= {issue.pk for issue in matched.moved}
        self.formerly += [
            FormerFingerprint(issue=issue, fingerprint=issue.fingerprint, until=self.now)
            for issue in matched.moved
        ]
        for issue, finding in matched.same:
            issue.item, issue.fingerprint = item, finding.fingerprint
            self._keep(issue, version, holds, finding, cause)
            if self.looking:
                self.kept.append((issue, cause))
        for finding in matched.new:
            self._open(item, version, holds, finding, cause)
        self._fix(matched.over, cause)

    def _open(
        self,
        item: Item,
        version: RuleVersion,
        holds: InForce,
        finding: Finding,
        cause: Cause,
    ) -> None:
        issue = Issue(
            item=item,
            account_id=item.account_id,
            technology=item.technology,
            rule_id=version.rule_id,
            fingerprint=finding.fingerprint,
            opened_at=self.now,
        )
        _describe(issue, version, holds.score, finding)
        self.new.append(issue)
        self._tell(issue, What.OPENED, cause)

    def _keep(
        self,
        issue: Issue,
        version: RuleVersion,
        holds: InForce,
        finding: Finding,
        cause: Cause,
    ) -> None:
        before, stood = issue.score, _state(issue)
        was_fixed, was_unknown = issue.fixed_at is not None, issue.unknown
        _describe(issue, version, holds.score, finding)
        issue.fixed_at, issue.unknown = None, False
        if was_fixed:
            issue.opened_at = self.now
            self._tell(issue, What.REOPENED, cause, before)
        elif was_unknown:
            self._tell(issue, What.KNOWN, cause, before)
        elif issue.score != before:
            self._tell(issue, What.RESCORED, cause, before)
        if _state(issue) != stood or issue.pk in self.moved:
            self.touched[issue.pk] = issue, cause

    def _fix(self, issues: Iterable[Issue], cause: Cause) -> None:
        for issue in issues:
            if issue.fixed_at is None:
                issue.fixed_at, issue.unknown = self.now, False
                self._tell(issue, What.FIXED, cause, issue.score)
                self.touched[issue.pk] = issue, cause

    def _lose(self, issue: Issue, cause: Cause) -> None:
        if issue.fixed_at is None and not issue.unknown:
            issue.unknown = True
            self._tell(issue, What.UNKNOWN, cause, issue.score)
            self.touched[issue.pk] = issue, cause

    def _tell(self, issue: Issue, what: What, cause: Cause, before: int | None = None) -> None:
        self.events.append(
            IssueEvent(
                issue=issue,
                at=self.now,
                what=what,
                cause=cause,
                run_id=self.run.pk,
                version_id=issue.version_id,
                score_before=before,
                score=issue.score,
            )
        )

    def save(self) -> list[IssueEvent]:
        """Write issues and events; return the events."""
        create(self.new)
        self.events += covering.step(self.run, self.touched.values(), self.new, self.kept)
        fields = [f.name for f in Issue._meta.concrete_fields if f.name not in DECIDED]
        Issue.objects.bulk_create(
            [issue for issue, _ in self.touched.values()],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=fields,
        )
        for event in self.events:
            if event.issue_id is None:
                event.issue = event.issue  # It has a key by now.
        create(self.events)
        if self.formerly:
            FormerFingerprint.objects.bulk_create(self.formerly, batch_size=BATCH)
        note_efforts(self.run, self.spent.values())
        self.book.note_matched(self.now)
        return self.events


def _state(issue: Issue) -> tuple[object, ...]:
    return (
        issue.version_id,
        issue.score,
        issue.notes,
        issue.evidence,
        issue.extent,
        issue.fixed_at,
        issue.unknown,
    )


def _describe(issue: Issue, version: RuleVersion, score: int, finding: Finding) -> None:
    issue.version, issue.score, issue.notes = version, score, finding.notes
    issue.evidence, issue.extent = finding.evidence, finding.extent
