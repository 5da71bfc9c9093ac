"""A mail of very much is as easy to make and to read as one of a little."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account
from audits.models import IssueEvent, What
from audits.reviewing import justify
from config import pipeline
from items.models import Item
from items.watchers import watchers
from items.watchers.terms import Snapshot
from notifications.alerts import BIGGEST, alert
from notifications.mails import Mail
from notifications.models import Delivery, Line
from tests.conftest import SECURITY_GROUPS
from tests.factories import AccountFactory, GroupFactory, SubscriptionFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

RULE = {
    "title": "Not as it should be",
    "expression": "Bad",
    "rationale": "It is dangerous. " * 100,
    "remediation": "Mend it. " * 200,
    "score": 9,
}
HOSTILE = "<b>\N{PILE OF POO}'\"&" * 60


def push(account: Account, *configs: dict[str, Any]) -> None:
    watcher = watchers[SECURITY_GROUPS]()
    found = [
        Snapshot(
            "eu-west-1",
            uid := f"sg-{number}",
            config.get("GroupName", uid)[:500],
            f"arn:{uid}",
            "eu-west-1",
            watcher.tidy({"GroupId": uid, **config}),
        )
        for number, config in enumerate(configs)
    ]
    pipeline.push(account.pk, SECURITY_GROUPS, found)


def written(delivery: Delivery) -> Mail:
    mail = alert(delivery)
    assert mail
    return mail


def scanned(size: int) -> Delivery:
    """Let so many things change for the worse in one look, and more be seen for the first time."""
    account = AccountFactory()
    push(account, *[{"A": 1}] * size)
    told = SubscriptionFactory()
    told.accounts.add(account)
    push(account, *[{"A": 2, "Bad": True}] * size, *[{"A": 1}] * (size // 10))
    return Delivery.objects.get(subscription=told)


def test_a_mail_of_ten_times_as_much_takes_as_many_queries_and_is_hardly_larger() -> None:
    a_rule("bad", **RULE)
    costs, sizes = [], []
    for size in (100, 1000):
        delivery = scanned(size)
        with CaptureQueriesContext(connection) as queries:
            mail = written(delivery)
        costs.append(len(queries))
        sizes.append(len(mail.html.encode()))
        assert f"and {size - 1} more" in mail.subject
        for body in (mail.text, mail.html):
            assert f"{size - 5} more of this" in body
            assert f"{size} things changed" in body
            assert f"{size - 25} more changes" in body
            assert f"{size // 10} items of 1 kind" in body
    assert costs[0] == costs[1] <= 20
    assert max(sizes) < min(sizes) + 1000 < BIGGEST


def test_a_mail_of_the_longest_hostile_texts_is_bounded() -> None:
    for number in range(20):
        a_rule(f"bad{number}", **{**RULE, "rationale": HOSTILE * 9, "remediation": HOSTILE * 9})
    account = AccountFactory(name=HOSTILE[:100])
    configs: list[dict[str, Any]] = [
        {
            "GroupName": HOSTILE,
            "Bad": HOSTILE,
            HOSTILE: {f"{HOSTILE}{n}": HOSTILE for n in range(9)},
        }
    ] * 30
    push(account, *[{"A": 1}] * 30)
    told = SubscriptionFactory()
    push(account, *configs)
    mail = written(Delivery.objects.get(subscription=told))
    assert len(mail.html.encode()) < BIGGEST
    assert len(mail.text.encode()) < BIGGEST
    assert "<b>\N{PILE OF POO}" not in mail.html
    assert "&lt;b&gt;\N{PILE OF POO}" in mail.html


def test_what_happened_to_one_thing_meanwhile_is_told_once() -> None:
    a_rule("bad", **RULE)
    account = AccountFactory()
    push(account, {"A": 1}, {"A": 1}, {"A": 1})
    told = SubscriptionFactory(fixed=True)
    push(account, {"A": 2}, {"A": 2}, {"A": 2, "Bad": True})
    push(account, {"A": 3}, {"A": 1}, {"A": 2})
    mail = written(Delivery.objects.get(subscription=told))
    assert Line.objects.exclude(revision=None).count() == 6
    assert mail.text.count("changed 2 times") == 3
    first, second, third = mail.context["gathered"].changes
    ends = [(one.before, one.after) for change in (first, third) for one in change.lines]
    assert ends == [("1", "3"), ("1", "2")]
    assert (second.lines, second.is_back) == ([], True)
    assert mail.text.count("is as it was") == 1
    (topic,) = mail.context["gathered"].topics
    (found,) = topic.found
    assert (found.event.what, found.times) == (What.FIXED, 2)
    assert mail.text.count("Not as it should be") == 2, "in the subject, and once below"
    assert "is fixed, came and went 2 times" in mail.text


def test_what_was_justified_meanwhile_is_not_told() -> None:
    a_rule("bad", **RULE)
    account = AccountFactory()
    push(account, {"A": 1}, {"A": 1})
    told = SubscriptionFactory(changed=False)
    push(account, {"Bad": True}, {"Bad": True})
    delivery = Delivery.objects.get(subscription=told)
    one, other = Item.objects.order_by("pk")
    by: Any = UserFactory(is_superuser=True)
    justify(one.issues.all(), by, "The shop.", scope="item")
    assert [
        found.issue.item
        for topic in written(delivery).context["gathered"].topics
        for found in topic.found
    ] == [other]
    justify(other.issues.all(), by, "The shop.", scope="item")
    assert alert(delivery) is None


def test_a_change_names_who_did_it_and_leads_to_the_inbox_where_it_waits() -> None:
    account, other = AccountFactory(), AccountFactory()
    account.groups.add(GroupFactory(changes_reviewed=True))
    for one in (account, other):
        push(one, {"A": 1})
    told = SubscriptionFactory()
    for one in (account, other):
        push(one, {"A": 2})
    Item.history.update(
        actor={"who": "mallory", "from": "203.0.113.9", "event": "AuthorizeSecurityGroupIngress"}
    )
    mail = written(Delivery.objects.get(subscription=told))
    for body in (mail.text, mail.html):
        assert body.count("203.0.113.9, AuthorizeSecurityGroupIngress") == 2
        assert body.count("/audits/changereview/?state=waiting") == 1
    assert mail.text.count("by mallory, from 203.0.113.9") == 2


def test_what_flaps_is_said_once_a_day() -> None:
    a_rule("bad", **RULE)
    account = AccountFactory()
    good, bad = {"A": 1}, {"A": 1, "Bad": True}
    push(account, good)
    told = SubscriptionFactory(fixed=True)

    def heard() -> tuple[int, int]:
        lines = Line.objects.filter(subscription=told)
        return lines.exclude(revision=None).count(), lines.exclude(event=None).count()

    push(account, bad)
    push(account, good)
    assert heard() == (2, 2), "there and back is said"
    push(account, bad)
    assert heard() == (2, 3), "that it came back, too"
    for config in (good, bad, good, bad):
        push(account, config)
    assert heard() == (2, 3)
    push(account, {"A": 2, "Bad": True})
    assert heard() == (3, 3), "what is new is told"

    yesterday = timezone.now() - timedelta(days=1)
    Item.history.update(history_date=yesterday)
    IssueEvent.objects.update(at=yesterday)
    push(account, good)
    assert heard() == (4, 4)
