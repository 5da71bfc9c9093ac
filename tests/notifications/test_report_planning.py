"""When the weekly report is planned."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.models import Delivery, Subscription
from notifications.report.planning import plan_weekly
from tests.factories import SubscriptionFactory

MONDAY = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    one = SubscriptionFactory()
    Subscription.objects.update(created_at=MONDAY - timedelta(days=30))
    return one


def test_a_week_is_planned_once(subscription: Subscription) -> None:
    assert plan_weekly(MONDAY - timedelta(minutes=1)) == 0
    assert plan_weekly(MONDAY) == 1
    assert plan_weekly(MONDAY + timedelta(minutes=1)) == 0
    assert plan_weekly(MONDAY + timedelta(days=6)) == 0
    assert plan_weekly(MONDAY + timedelta(days=7)) == 1
    weeks = Delivery.objects.order_by("since").values_list("since", flat=True)
    assert list(weeks) == [datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)]


def test_who_did_not_ask_or_came_since_gets_none(subscription: Subscription) -> None:
    Subscription.objects.update(weekly=False)
    SubscriptionFactory()
    Subscription.objects.filter(weekly=True).update(created_at=MONDAY)
    assert plan_weekly(MONDAY) == 0
