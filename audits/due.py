"""When a decision about an issue is due: so many days after it was opened, by its severity.

Filter, order and what is shown ask the same sum: the moment of opening plus whole days, and the
day on which that falls here.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.moments import page_time
from accounts.recalling import recall
from audits.models import Issue, ReviewPolicy
from audits.models.rules import SEVERITIES

# Days until a decision is due, by severity; None: never.
Policies = Mapping[str, int | None]

_LEAST = [least for least, _ in SEVERITIES]
# Least and most score of each severity.
BANDS = {
    word: (least, above - 1)
    for (least, word), above in zip(SEVERITIES, [11, *_LEAST], strict=False)
}


def due_days(moment: datetime | None = None) -> Policies:
    """Read in how many days each severity is to be decided, now or at a moment.

    A policy that nobody touched since it was delivered has no earlier state: it held always.
    """
    known = dict(ReviewPolicy.objects.values_list("severity", "due_days"))
    if moment:
        known |= dict(recall(ReviewPolicy, moment).values_list("severity", "due_days"))
    return known


def due_on(issue: Issue, policies: Policies) -> date | None:
    """Return the last day on which a decision is in time; None: none is due."""
    days = policies.get(issue.severity)
    if days is None or issue.fixed_at or issue.justified:
        return None
    return timezone.localdate(issue.opened_at.astimezone(UTC) + timedelta(days=days))


def due_before(day: date, policies: Policies, since: date | None = None) -> Q:
    """Return what holds for issues whose decision is due before a day, and not before another."""
    due = Q(pk__in=[])
    for word, days in policies.items():
        if days is not None:
            opened = Q(opened_at__lt=_begin(day) - timedelta(days=days))
            if since is not None:
                opened &= Q(opened_at__gte=_begin(since) - timedelta(days=days))
            due |= Q(score__range=BANDS[word]) & opened
    return due & Q(fixed_at=None, justified=False)


def _begin(day: date) -> datetime:
    # In UTC: where clocks are put back, a day here and 24 hours are not the same.
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)


def late(policies: Policies) -> Q:
    """Return what holds for issues whose last day for a decision has passed, as the page is of."""
    return due_before(timezone.localdate(page_time()), policies)


def due_at(policies: Policies) -> Any:
    """Return the expression of the moment that decides on which day a decision is due."""
    return Case(
        *(
            When(
                score__range=BANDS[word],
                then=ExpressionWrapper(
                    F("opened_at") + Value(timedelta(days=days)), output_field=DateTimeField()
                ),
            )
            for word, days in policies.items()
            if days is not None
        ),
        # Where there is no policy this is all, and PostgreSQL orders by no bare NULL.
        default=Cast(Value(None), DateTimeField()),
        output_field=DateTimeField(),
    )
