"""Give issues to somebody, who is to see to them."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.ledger import enter_each
from accounts.models import User
from accounts.seers import seers
from audits.coverages import event
from audits.models import Cause, Issue, IssueEvent, What
from audits.reviewable import reviewable


@transaction.atomic
def assign(issues: Iterable[Issue], to: Any, by: Any) -> int:
    """Give the issues to a person, or to nobody (None); return how many changed hands.

    Raises PermissionDenied where ``by`` may not review one of them, and ValidationError where
    ``to`` may not see one of them.
    """
    found = reviewable(issues, by)
    if to is not None:
        rows = Issue.objects.filter(pk__in=[issue.pk for issue in found])
        if not seers(rows).filter(pk=to.pk).exists():
            raise ValidationError({"to": f"{to} may not see every one of these issues."})
    now = timezone.now()
    given = [issue for issue in found if issue.assignee_id != (to.pk if to else None)]
    had = User.objects.in_bulk({issue.assignee_id for issue in given if issue.assignee_id})
    before = {issue.pk: str(had.get(issue.assignee_id) or "nobody") for issue in given}
    for issue in given:
        issue.assignee = to
    Issue.objects.bulk_update(given, ["assignee"], batch_size=500)
    text = f"to {to}" if to else "to nobody"
    IssueEvent.objects.bulk_create(
        [event(one, What.ASSIGNED, Cause.PERSON, at=now, person=by, text=text) for one in given],
        batch_size=500,
    )
    after = {"assignee": str(to or "nobody")}
    enter_each(by, "assigned", [(one, {"assignee": before[one.pk]}, after) for one in given])
    return len(given)
