"""Of a subscription that was about more once, nobody reads what they may not see today."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from audits.models import Issue, Reminder, What
from audits.reviewing import justify
from items.models import Gap, Kind, Run
from notifications.models import Delivery, Line, Report
from notifications.models.deliveries import TELLS
from notifications.report.made import report_of
from tests.config.test_api_tokens import token_of
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
    granted,
)
from tests.notifications.happening import changes, happens

pytestmark = pytest.mark.django_db


def told_of(account: Account, what: str) -> Any:
    """Return something of an account that a line may tell."""
    now = timezone.now()
    issue = IssueFactory(item=ItemFactory(account=account))
    if what == "revision":
        return changes(issue.item, Kind.CHANGED)
    if what == "event":
        return happens(issue, What.OPENED)
    if what == "move":
        return a_rule().history.latest("history_id")
    if what == "reminder":
        by = UserFactory(is_superuser=True)
        made = justify(Issue.objects.filter(pk=issue.pk), by, "Known.", scope="item")
        return Reminder.objects.filter(justification=made[0]).first()
    common = {"account": account, "technology": "aws.s3.bucket"}
    if what == "run":
        return Run.objects.create(**common, started_at=now, state="done")
    return Gap.objects.create(
        **common, operation="ListBuckets", code="Denied", reason="no", since=now, seen_at=now
    )


@pytest.fixture
def place() -> dict[str, Any]:
    """An account that an operator sees, one that they do not, and a subscription to the first."""
    group = GroupFactory()
    seen, hidden = AccountFactory(name="seen"), AccountFactory(name="hidden")
    seen.groups.add(group)
    told = SubscriptionFactory()
    told.accounts.add(seen)
    header = token_of(granted("operator", group), "read", "operate")
    return {"seen": seen, "hidden": hidden, "told": told, "header": header}


def message(place: dict[str, Any], kind: str = "alert") -> Delivery:
    now = timezone.now()
    return Delivery.objects.create(
        subscription=place["told"], kind=kind, since=now, due_at=now, state="sent", subject="Said"
    )


def read(place: dict[str, Any], delivery: Delivery) -> tuple[int, int]:
    """Ask for a message, and to send it again."""
    address = f"/api/deliveries/{delivery.pk}/"
    found = Client().get(address, headers=place["header"])
    sent = Client().post(f"{address}resend/", headers=place["header"])
    return found.status_code, sent.status_code


@pytest.mark.parametrize("what", TELLS)
def test_a_message_about_a_foreign_account_is_not_shown_and_not_sent_again(
    place: dict[str, Any], what: str
) -> None:
    for name, expected in (("seen", (200, 202)), ("hidden", (404, 404))):
        delivery = message(place)
        about = {what: told_of(place[name], what)}
        Line.objects.create(delivery=delivery, subscription=place["told"], **about)
        assert read(place, delivery) == ((200, 202) if what == "move" else expected)
        delivery.delete()


def test_a_weekly_report_of_more_than_one_sees_is_not_shown_and_not_sent_again(
    place: dict[str, Any],
) -> None:
    delivery = message(place, "weekly")
    report: Report = report_of(delivery)
    assert read(place, delivery) == (200, 202)
    report.accounts.add(place["hidden"])
    assert read(place, delivery) == (404, 404)
    report.accounts.clear()
    Report.objects.update(everything=True)
    assert read(place, delivery) == (404, 404)
