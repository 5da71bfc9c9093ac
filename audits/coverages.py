"""Write which issues a justification covers, and that it covers them no more; with the events."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from simple_history.utils import bulk_update_with_history

from audits.models import Cause, Coverage, Issue, IssueEvent, Justification, What
from items.recording import BATCH


def cover(parts: Iterable[tuple[Justification, Sequence[Issue]]], by: Any, at: datetime) -> None:
    """Cover issues by justifications that begin to be in force, ``by`` whoever let them in."""
    made = [opening(one, issue, at) for one, issues in parts for issue in issues]
    if not made:
        return
    events = []
    for coverage in made:
        coverage.issue.justified = True
        one = coverage.justification
        asked = f", asked for by {one.by}" if one.answered_by_id else ""
        text = f"{one.reason} (justification {one.pk}{asked})"
        events.append(
            event(coverage.issue, What.JUSTIFIED, Cause.PERSON, at=at, person=by, text=text)
        )
    Coverage.objects.bulk_create(made, batch_size=BATCH)
    Issue.objects.filter(pk__in={one.issue_id for one in made}).update(justified=True)
    IssueEvent.objects.bulk_create(events, batch_size=BATCH)


def uncover(
    coverages: QuerySet[Coverage],
    why: Coverage.End,
    what: What,
    by: Any = None,
    because: str = "",
) -> int:
    """End coverages at once; return how many issues nothing covers any more.

    Their justifications and issues must be locked. ``by`` is who decided it; None: time did.
    """
    now = timezone.now()
    ended = list(coverages.filter(until=None).select_related("issue__version"))
    pks = [one.pk for one in ended]
    Coverage.objects.filter(pk__in=pks).update(until=now, why_ended=why)
    issues = {one.issue_id: one.issue for one in ended}
    still = set(
        Coverage.objects.filter(issue__in=issues, until=None).values_list("issue_id", flat=True)
    )
    named: dict[int, list[int]] = {}
    for one in ended:
        named.setdefault(one.issue_id, []).append(one.justification_id)
    events = []
    for pk, issue in issues.items():
        if pk in still:
            continue
        issue.justified = False
        numbers = ", ".join(f"justification {one}" for one in sorted(named[pk]))
        text = f"{because} ({numbers})" if because else numbers.capitalize()
        cause = Cause.PERSON if by else Cause.TIME
        events.append(event(issue, what, cause, at=now, person=by, text=text))
    Issue.objects.filter(pk__in=[one.issue_id for one in events]).update(justified=False)
    IssueEvent.objects.bulk_create(events, batch_size=BATCH)
    return len(events)


def close_empty(justifications: Iterable[int], state: Justification.State) -> None:
    """End those justifications that cover nothing any more."""
    wanted = set(justifications)
    if not wanted:
        return
    covering = Coverage.objects.filter(justification__in=wanted, until=None)
    left = set(covering.values_list("justification_id", flat=True))
    ended = list(
        Justification.objects.filter(pk__in=wanted - left, state=Justification.State.IN_FORCE)
    )
    for justification in ended:
        justification.state = state
    if ended:
        bulk_update_with_history(ended, Justification, ["state"], batch_size=BATCH)


def opening(justification: Justification, issue: Issue, at: datetime) -> Coverage:
    """Return an unsaved coverage of an issue as it is now."""
    return Coverage(justification=justification, issue=issue, extent=issue.extent, since=at)


def event(issue: Issue, what: What, cause: Cause, at: datetime, **more: Any) -> IssueEvent:
    """Return an unsaved event of an issue."""
    return IssueEvent(
        issue=issue,
        at=at,
        what=what,
        cause=cause,
        version=issue.version,
        score_before=issue.score,
        score=issue.score,
        **more,
    )
