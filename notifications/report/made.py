"""A week's report: put together once, and the same ever after."""

from datetime import date, timedelta

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


def report_of(delivery: Delivery) -> Report:
    """Return the report that a delivery sends; whoever asks first puts it together."""
    told = delivery.subscription
    if told is None:
        raise ValueError("A weekly report goes by a subscription.")
    known = Report.objects.filter(delivery=delivery).first()
    return known or _make(told, week_of(delivery), delivery)


def _make(told: Subscription, moment: Moment, delivery: Delivery) -> Report:
    scope = Scope(told, moment)
    figures = reckon(told, moment)
    with transaction.atomic():
        report, made = Report.objects.get_or_create(
            delivery=delivery,
            defaults={
                "subscription": told,
                "name": told.name,
                "address": told.address,
                "since": moment.at - WEEK,
                "until": moment.at,
                "everything": scope.accounts is None and told.owner is None,
                "figures": figures,
            },
        )
        if made and not report.everything:
            report.accounts.set(scope.every_account)
    return report
