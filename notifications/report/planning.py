"""Plan the weekly reports: one a subscription and week, written when it is sent."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from notifications.models import Delivery, Subscription

WEEK = timedelta(days=7)
# On Monday at this hour of the server's time zone, about the seven days before.
HOUR = time(7)


def plan_weekly(now: datetime) -> int:
    """Add the reports that are due and not yet planned; return how many.

    ``now`` is in the server's time zone. A subscription is told of the last whole week only.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    due = monday.replace(hour=HOUR.hour)
    if now < due:
        return 0
    start = monday - WEEK
    planned = Delivery.objects.filter(kind=Delivery.Kind.WEEKLY, since=start)
    wanted = Subscription.objects.filter(on=True, weekly=True, created_at__lt=monday).exclude(
        pk__in=planned.values("subscription")
    )
    made = Delivery.objects.bulk_create(
        (
            Delivery(subscription=one, kind=Delivery.Kind.WEEKLY, since=start, due_at=due)
            for one in wanted
        ),
        ignore_conflicts=True,
    )
    return len(made)


def plan(told: Subscription, last: date, now: datetime) -> tuple[Delivery, bool]:
    """Return the delivery of the report of a week by its last day, and whether it was added."""
    start = timezone.make_aware(datetime.combine(last - timedelta(days=6), time.min))
    return Delivery.objects.get_or_create(
        subscription=told, kind=Delivery.Kind.WEEKLY, since=start, defaults={"due_at": now}
    )
