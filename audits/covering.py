"""Keep justifications in step with issues: who is covered, what reaches further, what is too many.

Whoever changes both locks justifications first, then issues, each by their keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from simple_history.utils import bulk_update_with_history

from audits.accepted import Accepted
from audits.coverages import close_empty, event, opening
from audits.models import Cause, Coverage, Issue, IssueEvent, Justification, Reminder, What
from audits.patterns import Pattern
from audits.reaching import widened
from items.models import Run
from items.recording import BATCH

Touched = tuple[Issue, Cause]


def step(
    run: Run,
    touched: Iterable[Touched],
    new: Sequence[Issue],
    kept: Sequence[Touched] = (),
) -> list[IssueEvent]:
    """Bring the justifications of issues that were judged in step; return the events.

    What reaches further than it was justified lapses. What is new, or open again, and what a
    changed item (``kept``: its issues that go on) brought into or out of a pattern, is covered
    by what stands, as far as a pattern's bound allows, or leaves it. Sets ``Issue.justified``.
    Each issue comes with why its item was judged: a lapse has the same cause. The number of
    queries does not grow with the issues, but for the rows that one insert takes.
    """
    pairs = list(touched)
    open_ones = [pair for pair in pairs if not pair[0].fixed_at]
    if not (open_ones or new or kept):
        return []
    return _Step(run, pairs, open_ones, new, kept).take()


class _Step:
    """One portion's issues, and the justifications that are about them."""

    def __init__(
        self,
        run: Run,
        touched: Sequence[Touched],
        open_ones: Sequence[Touched],
        new: Sequence[Issue],
        kept: Sequence[Touched],
    ) -> None:
        self.run, self.new = run, new
        self.back = [issue for issue, _ in open_ones if issue.opened_at == run.started_at]
        self.standing = self._lock([one for one, _ in open_ones], [one for one, _ in kept])
        self.accepted = Accepted(self.standing.values())
        kept = [pair for pair in kept if self.accepted.has_pattern(pair[0].rule_id)]
        self.kept = {issue.pk for issue, _ in kept}
        self.causes = {issue.pk: cause for issue, cause in (*kept, *open_ones)}
        self.issues = {issue.pk: issue for issue, _ in (*kept, *open_ones)}
        self.fixed = [issue.pk for issue, _ in touched if issue.fixed_at]
        self.open: dict[int, dict[int, Coverage]] = defaultdict(dict)
        """By issue and justification, what covers now."""
        self.left: set[tuple[int, int]] = set()
        """Issue and justification: what left one does not come back under it by itself."""
        self.counts: dict[int, int] = {}
        self.over: dict[int, Justification] = {}
        self.ended: list[Coverage] = []
        self.made: list[Coverage] = []

    def _lock(self, open_ones: list[Issue], kept: list[Issue]) -> dict[int, Justification]:
        """Return the justifications that may be about them, locked."""
        coming = [*self.new, *self.back]
        rows = Accepted.rows(
            {issue.rule_id for issue in (*coming, *kept)},
            self.run.account_id,
            {issue.item_id for issue in coming},
        )
        judged = [one.pk for one in (*open_ones, *kept)]
        held = Coverage.objects.filter(issue__in=judged, until=None)
        found = Justification.objects.filter(
            Q(pk__in=rows.values("pk")) | Q(pk__in=held.values("justification"))
        )
        return {one.pk: one for one in found.select_for_update(of=("self",)).order_by("pk")}

    def take(self) -> list[IssueEvent]:
        """Decide, write it, and return the events."""
        if not self.standing:
            return []
        self._read()
        for pk in self.issues:
            for coverage in list(self.open[pk].values()):
                self._keep(self.issues[pk], coverage)
        self._count()
        for issue in self.back:
            self._bring_back(issue)
        back = {issue.pk for issue in self.back}
        for issue in (*self.new, *self.back, *(self.issues[pk] for pk in self.kept - back)):
            self._cover(issue)
        return self._save()

    def _read(self) -> None:
        """Read afresh what people may have decided since these issues were read."""
        if not self.issues:
            return
        known = Issue.objects.filter(pk__in=self.issues).select_for_update(of=("self",))
        for pk, justified in known.order_by("pk").values_list("pk", "justified"):
            self.issues[pk].justified = justified
        rows = Coverage.objects.filter(issue__in=self.issues, justification__in=self.standing)
        for coverage in rows.order_by("pk"):
            if coverage.until is None:
                self.open[coverage.issue_id][coverage.justification_id] = coverage
            else:
                self.left.add((coverage.issue_id, coverage.justification_id))

    def _keep(self, issue: Issue, coverage: Coverage) -> None:
        """End a coverage whose issue reaches further, or whose item is outside of the pattern."""
        justification = self.standing[coverage.justification_id]
        new = widened(coverage.extent, issue.extent)
        if new:
            coverage.what_is_new = new
            self._end(coverage, Coverage.End.LAPSED)
        elif issue.pk in self.kept and _is_outside(justification, issue):
            self._end(coverage, Coverage.End.LEFT)

    def _end(self, coverage: Coverage, why: Coverage.End) -> None:
        # A person may have justified it after the run began.
        coverage.until = max(self.run.started_at, coverage.since)
        coverage.why_ended = why
        del self.open[coverage.issue_id][coverage.justification_id]
        self.left.add((coverage.issue_id, coverage.justification_id))
        self.ended.append(coverage)

    def _count(self) -> None:
        """Count how many open issues each bounded pattern covers, without those that are back."""
        self.counts = {pk: 0 for pk, one in self.standing.items() if one.bound is not None}
        if not self.counts:
            return
        elsewhere = (
            Coverage.objects.filter(justification__in=self.counts, until=None, issue__fixed_at=None)
            .exclude(issue__in=[*self.issues, *self.fixed])
            .order_by()
            .values_list("justification")
            .annotate(n=Count("pk"))
        )
        self.counts |= dict(elsewhere)
        back = {issue.pk for issue in self.back}
        for pk, by_justification in self.open.items():
            for justification in by_justification:
                if pk not in back and justification in self.counts:
                    self.counts[justification] += 1

    def _bring_back(self, issue: Issue) -> None:
        """Count an issue that is open again; what would be too many is covered no more."""
        for pk, coverage in list(self.open[issue.pk].items()):
            if not self._has_room(self.standing[pk]):
                self._end(coverage, Coverage.End.BOUND)

    def _has_room(self, justification: Justification) -> bool:
        """Take a place under the bound, if there is one; else note that it is passed."""
        if justification.bound is None:
            return True
        if self.counts[justification.pk] < justification.bound:
            self.counts[justification.pk] += 1
            return True
        if justification.over_at is None:
            justification.over_at = self.run.started_at
            self.over[justification.pk] = justification
        return False

    def _cover(self, issue: Issue) -> None:
        """Cover an issue by whatever accepts it; one that passed its bound takes nothing new."""
        for one in self.accepted.of(
            issue.rule_id, issue.item_id, issue.item, issue.score, issue.extent
        ):
            known = one.pk in self.open[issue.pk] or (issue.pk, one.pk) in self.left
            if known or one.over_at or not self._has_room(one):
                continue
            coverage = opening(one, issue, self.run.started_at)
            self.open[issue.pk][one.pk] = coverage
            self.made.append(coverage)

    def _save(self) -> list[IssueEvent]:
        events = [*self._lost(), *self._covered()]
        Coverage.objects.bulk_update(
            self.ended, ["until", "why_ended", "what_is_new"], batch_size=BATCH
        )
        Coverage.objects.bulk_create(self.made, batch_size=BATCH)
        if self.over:
            bulk_update_with_history(list(self.over.values()), Justification, ["over_at"])
            today = timezone.localdate(self.run.started_at)
            Reminder.objects.bulk_create(
                [Reminder(justification=one, days=0, on=today) for one in self.over.values()],
                ignore_conflicts=True,
            )
        close_empty({one.justification_id for one in self.ended}, Justification.State.LAPSED)
        return events

    def _lost(self) -> list[IssueEvent]:
        """Return the events of issues that nothing covers any more."""
        by_issue: dict[int, list[Coverage]] = defaultdict(list)
        for coverage in self.ended:
            by_issue[coverage.issue_id].append(coverage)
        events, lost = [], []
        for pk, ended in by_issue.items():
            if any(one.pk for one in self.open[pk].values()):  # What is new is not saved yet.
                continue
            issue = self.issues[pk]
            lost.append(pk)
            issue.justified = False
            at = max(one.until or self.run.started_at for one in ended)
            text = "; ".join(self._why(one) for one in ended)
            events.append(
                event(issue, What.LAPSED, self.causes[pk], run=self.run, at=at, text=text)
            )
        if lost:
            Issue.objects.filter(pk__in=lost).update(justified=False)
        return events

    def _why(self, coverage: Coverage) -> str:
        """Say why a coverage ended, and of which justification."""
        justification = self.standing[coverage.justification_id]
        if coverage.why_ended == Coverage.End.LAPSED:
            why = f"It now reaches further: {', '.join(map(str, coverage.what_is_new))}"
        elif coverage.why_ended == Coverage.End.LEFT:
            why = "Its item is no longer within the pattern"
        else:
            why = f"It would be one more than the {justification.bound} issues that were accepted"
        return f"{why} (justification {justification.pk})"

    def _covered(self) -> list[IssueEvent]:
        """Return the events of issues that are covered from now on."""
        events = []
        for coverage in self.made:
            issue, justification = coverage.issue, coverage.justification
            issue.justified = True
            events.append(
                event(
                    issue,
                    What.JUSTIFIED,
                    Cause.PERSON,
                    run=self.run,
                    at=coverage.since,
                    text=f"{justification.reason} (justification {justification.pk})",
                )
            )
        if self.made:
            pks = {coverage.issue_id for coverage in self.made}
            Issue.objects.filter(pk__in=pks).update(justified=True)
        return events


def _is_outside(justification: Justification, issue: Any) -> bool:
    return justification.scope == Justification.Scope.PATTERN and not Pattern.of(
        justification
    ).holds(issue.item)
