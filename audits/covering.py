"""Keep justifications in step with issues: who is covered, and what reaches further."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from audits.models import Cause, Coverage, Issue, IssueEvent, Justification, What
from items.models import Run


def step(run: Run, touched: Iterable[tuple[Issue, Cause]], new: list[Issue]) -> list[IssueEvent]:
    """Lapse what reaches further than it was justified; cover what is new under a standing
    justification of its rule and item. Sets ``Issue.justified``; returns the events.

    Each issue touched comes with why its item was judged: a lapse has the same cause.
    """
    events = _lapse(run, [pair for pair in touched if pair[0].justified and not pair[0].fixed_at])
    return events + _cover(run, new)


def widened(justified: Iterable[Any], now: Iterable[Any]) -> list[Any]:
    """Return what is in ``now`` and was not contained before; networks by containment."""
    before = list(justified)
    return [one for one in now if not any(contains(old, one) for old in before)]


def contains(outer: Any, inner: Any) -> bool:
    """Say whether one thing justified contains another: equal, or a network within."""
    if outer == inner:
        return True
    if not (isinstance(outer, str) and isinstance(inner, str)):
        return False
    try:
        wide, narrow = ipaddress.ip_network(outer, False), ipaddress.ip_network(inner, False)
    except ValueError:
        return False
    return wide.version == narrow.version and narrow.subnet_of(wide)  # type: ignore[arg-type]


def _lapse(run: Run, issues: list[tuple[Issue, Cause]]) -> list[IssueEvent]:
    if not issues:
        return []
    by_pk = {issue.pk: issue for issue, _ in issues}
    causes = {issue.pk: cause for issue, cause in issues}
    events, ended, kept = [], [], set()
    for coverage in Coverage.objects.filter(issue__in=by_pk, until=None):
        issue = by_pk[coverage.issue_id]
        new = widened(coverage.extent, issue.extent)
        if not new:
            kept.add(issue.pk)
            continue
        coverage.until, coverage.why_ended = run.started_at, Coverage.End.LAPSED
        coverage.what_is_new = new
        ended.append(coverage)
    for issue in {by_pk[c.issue_id].pk: by_pk[c.issue_id] for c in ended}.values():
        if issue.pk not in kept:
            issue.justified = False
            text = "It now reaches further: " + ", ".join(
                str(one) for c in ended if c.issue_id == issue.pk for one in c.what_is_new
            )
            events.append(event(issue, What.LAPSED, causes[issue.pk], run=run, text=text))
    Coverage.objects.bulk_update(ended, ["until", "why_ended", "what_is_new"])
    close_empty({c.justification_id for c in ended}, Justification.State.LAPSED)
    return events


def _cover(run: Run, new: list[Issue]) -> list[IssueEvent]:
    if not new:
        return []
    standing = Justification.objects.filter(
        scope=Justification.Scope.ITEM,
        state=Justification.State.IN_FORCE,
        item__in={issue.item_id for issue in new},
    )
    by_target: dict[tuple[int | None, int], list[Justification]] = defaultdict(list)
    for justification in standing:
        by_target[justification.item_id, justification.rule_id].append(justification)
    events, coverages, covered = [], [], []
    for issue in new:
        for justification in by_target.get((issue.item_id, issue.rule_id), ())[:1]:
            issue.justified = True
            covered.append(issue)
            coverages.append(
                Coverage(
                    justification=justification,
                    issue=issue,
                    extent=issue.extent,
                    since=run.started_at,
                )
            )
            events.append(event(issue, What.JUSTIFIED, Cause.PERSON, run=run))
    Coverage.objects.bulk_create(coverages)
    Issue.objects.bulk_update(covered, ["justified"])
    return events


def close_empty(justifications: Iterable[int], state: Justification.State) -> None:
    """End those justifications that cover nothing any more."""
    left = set(
        Coverage.objects.filter(justification__in=justifications, until=None).values_list(
            "justification_id", flat=True
        )
    )
    for justification in Justification.objects.filter(
        pk__in=set(justifications) - left, state=Justification.State.IN_FORCE
    ):
        justification.state = state
        justification.save()


def event(issue: Issue, what: What, cause: Cause, **more: Any) -> IssueEvent:
    """Return an unsaved event of an issue."""
    return IssueEvent(
        issue=issue,
        at=more["run"].started_at if "at" not in more else more.pop("at"),
        what=what,
        cause=cause,
        version=issue.version,
        score_before=issue.score,
        score=issue.score,
        **more,
    )
