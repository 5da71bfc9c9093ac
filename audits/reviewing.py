"""What reviewers decide about issues: justify them, or take that back."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audits.covering import close_empty, event
from audits.models import Cause, Coverage, Issue, IssueEvent, Justification, What
from audits.reviewable import reviewable


@transaction.atomic
def justify(
    issues: Iterable[Issue],
    by: Any,
    because: str,
    until: date | None = None,
    category: str = Justification.Category.RISK,
    scope: str = Justification.Scope.ISSUE,
) -> list[Justification]:
    """Accept issues as they are, up to and with a day; they stay open and leave the reports.

    With the scope ``item`` each stands for its rule on its item, and covers what that finds
    there later too. Raises PermissionDenied where ``by`` may not review one of them, and
    ValidationError where no reason is given or the day has passed.
    """
    chosen = reviewable(issues, by)
    if not because.strip():
        raise ValidationError({"because": "Say why it is acceptable."})
    if until and until < timezone.localdate():
        raise ValidationError({"until": "That day has passed."})
    made: dict[tuple[int, int] | int, Justification] = {}
    for issue in chosen:
        whole = scope == Justification.Scope.ITEM
        key = (issue.item_id, issue.rule_id) if whole else issue.pk
        if key not in made:
            made[key] = Justification.objects.create(
                scope=scope,
                rule=issue.rule,
                item=issue.item,
                account=issue.item.account,
                category=category,
                reason=because.strip(),
                until=until,
                by=by,
                at=timezone.now(),
            )
        for covered in _covered(issue, whole):
            _cover(covered, made[key], by)
    return list(made.values())


@transaction.atomic
def withdraw(issues: Iterable[Issue], by: Any, because: str = "") -> int:
    """End every justification of the issues at once; return how many issues it uncovers."""
    now = timezone.now()
    touched: set[int] = set()
    count = 0
    for issue in reviewable(issues, by):
        ended = Coverage.objects.filter(issue=issue, until=None)
        touched |= set(ended.values_list("justification_id", flat=True))
        if ended.update(until=now, why_ended=Coverage.End.WITHDRAWN):
            _note(issue, What.WITHDRAWN, by, because, justified=False)
            count += 1
    close_empty(touched, Justification.State.WITHDRAWN)
    return count


def end_passed(today: date) -> int:
    """End justifications whose last day has passed; return how many."""
    passed = Justification.objects.filter(state=Justification.State.IN_FORCE, until__lt=today)
    for justification in passed:
        with transaction.atomic():
            _end(justification)
    return len(passed)


def _end(justification: Justification) -> None:
    coverages = justification.coverages.filter(until=None).select_related("issue__version")
    issues = [coverage.issue for coverage in coverages]
    coverages.update(until=timezone.now(), why_ended=Coverage.End.ENDED)
    justification.state = Justification.State.ENDED
    justification.save()
    for issue in issues:
        if not Coverage.objects.filter(issue=issue, until=None).exists():
            _note(issue, What.ENDED, None, "", justified=False)


def _covered(issue: Issue, whole: bool) -> list[Issue]:
    if not whole:
        return [issue]
    return list(
        Issue.objects.open()
        .filter(item=issue.item_id, rule=issue.rule_id)
        .select_related("version")
    )


def _cover(issue: Issue, justification: Justification, by: Any) -> None:
    _, new = Coverage.objects.get_or_create(
        justification=justification,
        issue=issue,
        until=None,
        defaults={"extent": issue.extent, "since": justification.at},
    )
    if new:
        _note(issue, What.JUSTIFIED, by, justification.reason, justified=True)


def _note(issue: Issue, what: What, by: Any, text: str, justified: bool) -> None:
    issue.justified = justified
    issue.save(update_fields=["justified"])
    made: IssueEvent = event(
        issue,
        what,
        Cause.PERSON if by else Cause.TIME,
        at=timezone.now(),
        person=by,
        text=text,
    )
    made.save()
