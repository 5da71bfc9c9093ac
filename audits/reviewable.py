"""Take issues in hand for a decision about them."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.seeing import visible
from audits.models import Issue


def reviewable(issues: Iterable[Issue], by: Any) -> list[Issue]:
    """Return the issues locked, in one order; raise PermissionDenied on one out of reach."""
    wanted = {issue.pk for issue in issues}
    rows = visible(Issue.objects.all(), by, to="review").filter(pk__in=wanted)
    found = list(
        Issue.objects.filter(pk__in=rows.values("pk"))
        .select_for_update(of=("self",))
        .select_related("version", "item__account", "rule")
        .order_by("pk")
    )
    if len(found) != len(wanted):
        raise PermissionDenied("You may not review every one of these issues.")
    return found
