"""Leave out what flaps: a change back to what somebody was told within a day, and back again."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from audits.models import IssueEvent
from items.models import Item
from notifications.models import Line, Subscription
from notifications.notifiers import notifiers

# So long the same of the same thing is no news.
QUIET = timedelta(days=1)


# What an item is after a revision.
STATE = ("id", "kind", "digest")


def tells_all(told: Subscription) -> bool:
    """Say whether it goes to a service that keeps each thing: nothing may be left out there."""
    return told.notifier in notifiers and notifiers[told.notifier].keeps


def steady_revisions(told: Subscription, revisions: Sequence[int]) -> list[int]:
    """Keep the revisions by which an item became what the subscriber was not told within a day."""
    if not revisions or tells_all(told):
        return list(revisions)
    rows = Item.history.filter(history_id__in=revisions)
    became = {key: state for key, *state in rows.values_list("history_id", *STATE)}
    lines = Line.objects.filter(
        subscription=told,
        revision__id__in={item for item, *_ in became.values()},
        revision__history_date__gte=timezone.now() - QUIET,
    )
    heard = set(lines.values_list(*(f"revision__{name}" for name in STATE)))
    return [key for key in revisions if tuple(became[key]) not in heard]


def steady_events(told: Subscription, events: Sequence[IssueEvent]) -> list[IssueEvent]:
    """Keep the events that did not happen to the same issue within a day, and were told."""
    if not events or tells_all(told):
        return list(events)
    lines = Line.objects.filter(
        subscription=told,
        event__issue__in={event.issue_id for event in events},
        event__at__gte=timezone.now() - QUIET,
    )
    heard = set(lines.values_list("event__issue", "event__what"))
    return [event for event in events if (event.issue_id, str(event.what)) not in heard]
