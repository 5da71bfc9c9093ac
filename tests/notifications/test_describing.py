"""The list of subscriptions says all that narrows each, and all that it tells."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audits.models import Framework
from notifications.describing import about, told_of
from notifications.models import Subscription
from notifications.watching import watch
from tests.factories import AccountFactory, ItemFactory, SubscriptionFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db


def test_nothing_that_narrows_a_subscription_is_left_out() -> None:
    told = SubscriptionFactory(
        technologies=["aws.s3.bucket"],
        labels=["PCI"],
        tags=["team=web"],
        framework=Framework.objects.create(key="house", name="House", title="House"),
    )
    told.accounts.add(AccountFactory(name="prod"))
    told.rules.add(a_rule(title="Open to all"))
    said = "prod: S3 bucket, labelled PCI, tagged team=web, “Open to all”, rules of House"
    assert about(told) == said


def test_who_watches_items_is_not_said_to_be_told_of_all_accounts(admin_client: Client) -> None:
    watch(ItemFactory(), UserFactory(username="ann", email="a@example.com", is_superuser=True))
    assert about(Subscription.objects.get()) == "what ann watches"
    assert "what ann watches" in admin_client.get("/notifications/subscription/").content.decode()


def test_issues_and_items_that_are_told_are_told_apart() -> None:
    told = SubscriptionFactory(
        issues=False, reopened=True, fixed=True, least_score=7, created=False, changed=False
    )
    assert told_of(told) == "reopened, fixed issues from score 7; gone items; weekly report"
    assert told_of(Subscription(issues=True, least_score=0)).startswith("new, reopened issues; new")


@pytest.mark.parametrize("page", ["subscription", "ownsubscription"])
def test_a_list_asks_no_more_where_subscriptions_name_more(
    admin_client: Client, admin_user: User, page: str
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(f"/notifications/{page}/").status_code == 200
        return len(queries)

    rules = [a_rule(f"rule.{number}") for number in range(4)]
    SubscriptionFactory(owner=admin_user).rules.add(rules[0])
    asked()  # What is read once a process.
    few = asked()
    for told in SubscriptionFactory.create_batch(3, owner=admin_user):
        told.rules.add(*rules)
    assert asked() == few
