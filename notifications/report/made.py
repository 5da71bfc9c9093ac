"""A week's report: put together once, and the same ever after."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.moments import Moment, moment_named
from audits.trending import WEEK
from notifications.models import Delivery, Report, Subscription
from notifications.report.figures import reckon
from notifications.report.scope import Scope


def week_of(delivery: Delivery) -> Moment:
    """Return the last moment of the week that a delivery tells of."""
    return week_to(timezone.localdate(delivery.since) + timedelta(days=6))


def week_to(day: date) -> Moment:
    """Return the last moment of a week by its last day; of a day that is not over: now."""
    return moment_named(day.isoformat())


def week_around(day: date) -> Moment:
    """Return the last moment of the week in which a day lies; now, where it is not over."""
    return week_to(day + timedelta(days=7 - day.isoweekday()))


def week_before(now: datetime) -> Moment:
    """Return the last moment of the last week that is over: weeks end with Sunday."""
    today = timezone.localdate(now)
    return week_to(today - timedelta(days=today.isoweekday()))


def report_of(delivery: Delivery) -> Report:
    """Return the report that a delivery sends; whoever asks first puts it together."""
    told = delivery.subscription
    if told is None:
        raise ValueError("A weekly report goes by a subscription.")
    known = Report.objects.filter(delivery=delivery).first()
    return known or _keep(told, week_of(delivery), delivery)


def unsent(told: Subscription, moment: Moment) -> Report:
    """Return the report of a week to a moment as it would be put together now; it is not kept."""
    return Report(
        subscription=told,
        name=told.name,
        address=told.address,
        since=moment.at - WEEK,
        until=moment.at,
        figures=reckon(told, moment),
    )


def _keep(told: Subscription, moment: Moment, delivery: Delivery) -> Report:
    scope = Scope(told, moment)
    report = unsent(told, moment)
    report.delivery = delivery
    report.everything = scope.accounts is None and told.owner is None
    with transaction.atomic():
        # Two workers may have put it together: what was kept first is what is sent.
        Delivery.objects.select_for_update().get(pk=delivery.pk)
        known = Report.objects.filter(delivery=delivery).first()
        if known:
            return known
        report.save()
        if not report.everything:
            report.accounts.set(scope.every_account)
    return report
