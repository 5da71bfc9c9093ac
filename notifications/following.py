"""Tell services that keep an entry of an issue what became of it, also where it is no news."""

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from audits.models import IssueEvent, What
from notifications.models import Line, Subscription
from notifications.telling import write

# Whatever an entry of an issue must follow, whoever and whatever brought it about.
FOLLOWED = (
    What.REOPENED,
    What.FIXED,
    What.RESCORED,
    What.JUSTIFIED,
    What.WITHDRAWN,
    What.LAPSED,
    What.ENDED,
)


def follow() -> int:
    """Add a line for each event of an issue that a subscription has a ticket of; return how many.

    A subscription that is off, or was led elsewhere, leaves its tickets as they are.
    """
    told = Line.objects.filter(
        subscription=OuterRef("issue__tickets__subscription"), event=OuterRef("pk")
    )
    rows = IssueEvent.objects.filter(
        ~Exists(told),
        what__in=FOLLOWED,
        pk__gt=F("issue__tickets__event"),
        issue__tickets__address=F("issue__tickets__subscription__address"),
        issue__tickets__subscription__on=True,
    )
    news: dict[int, list[int]] = {}
    for told_by, event in rows.values_list("issue__tickets__subscription", "pk"):
        news.setdefault(told_by, []).append(event)
    for subscription in Subscription.objects.filter(pk__in=news):
        events = list(IssueEvent.objects.filter(pk__in=news[subscription.pk]))
        with transaction.atomic():
            write(subscription, [], events, None)
    return sum(map(len, news.values()))
