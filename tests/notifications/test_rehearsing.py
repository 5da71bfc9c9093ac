"""What a subscription would have sent last week is what one like it did send."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, LedgerEntry
from audits.reviewing import justify
from config import pipeline
from items.models import Item
from notifications.alerts import alert
from notifications.models import Delivery, Line, Subscription
from notifications.rehearsing import Rehearsed, rehearse, written_again
from tests.conftest import SECURITY_GROUPS
from tests.factories import (
    AccountFactory,
    GroupFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
    granted,
)
from tests.notifications.test_digest import RULE, push

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def last_week(told: Any) -> list[Rehearsed]:
    return rehearse(told, timezone.now() - 7 * DAY, timezone.now() + DAY)


def keys(mails: list[Rehearsed]) -> tuple[set[int], set[int], set[int]]:
    """Return the revisions, events and runs that mails tell."""
    return (
        {key for mail in mails for key in mail.revisions},
        {key for mail in mails for key in mail.events},
        {key for mail in mails for key in mail.runs},
    )


def really(told: Any) -> tuple[set[int], set[int], set[int]]:
    lines = Line.objects.filter(subscription=told)
    return tuple(  # type: ignore[return-value]
        set(lines.filter(**{f"{one}__isnull": False}).values_list(one, flat=True))
        for one in ("revision", "event", "run")
    )


def eventful_week(account: Account) -> None:
    """Let things be read, changed, broken, mended and justified, and a rule be written."""
    a_rule("bad", **RULE)
    push(account, {"A": 1}, {"A": 1}, {"A": 1, "Bad": True})
    push(account, {"A": 2}, {"A": 1, "Bad": True}, {"A": 1, "Bad": True})
    push(account, {"A": 3}, {"A": 1}, {"A": 1, "Bad": True}, {"A": 9})
    a_rule("late", title="Late", expression="A", score=5)
    pipeline.judge(account.pk, SECURITY_GROUPS)
    push(account, {"A": 4, "Bad": True}, {"A": 1, "Bad": True})
    for number in range(4):
        push(account, {"A": number % 2}, {"A": 1, "Bad": True} if number % 2 else {"A": 1})


def test_what_would_have_been_told_is_what_was_told() -> None:
    account, other = AccountFactory(), AccountFactory()
    group = GroupFactory()
    other.groups.add(group)
    wishes: tuple[dict[str, Any], ...] = (
        {},
        {"issues": False},
        {"created": False, "changed": False, "fixed": True},
        {"least_score": 9, "reopened": False},
        {"technologies": ["aws.s3.bucket"]},
        {"owner": UserFactory()},
        {"owner": granted("viewer", group)},
        {"watching": True, "owner": UserFactory(is_superuser=True)},
    )
    told = [SubscriptionFactory(**one) for one in wishes]
    of_one = SubscriptionFactory()
    of_one.accounts.add(other)
    for one in (account, other):
        eventful_week(one)
    for one in (*told, of_one):
        assert keys(last_week(one)) == really(one), wishes
    assert all(really(told[0])), "there were changes, issues and sums"


def test_each_mail_is_shown_as_it_was_written_and_nothing_stays() -> None:
    told = SubscriptionFactory()
    eventful_week(AccountFactory())
    (mail,) = last_week(told)
    before = list(Line.objects.values_list("pk", flat=True)), Delivery.objects.count()
    again = written_again(told, [mail], 0)
    real = alert(Delivery.objects.get())
    assert again
    assert real
    assert again.subject == real.subject
    assert again.text == real.text
    assert (list(Line.objects.values_list("pk", flat=True)), Delivery.objects.count()) == before


def test_what_is_justified_by_now_would_not_have_been_sent() -> None:
    account = AccountFactory()
    eventful_week(account)
    told = SubscriptionFactory(changed=False, created=False)
    assert last_week(told)
    for item in Item.objects.all():
        justify(item.issues.all(), UserFactory(is_superuser=True), "The shop.", scope="item")
    assert last_week(told) == []


def test_the_form_tells_how_many_mails_and_shows_them_and_saves_nothing(
    admin_client: Client,
) -> None:
    account = AccountFactory(name="<b>prod")
    eventful_week(account)
    given = {
        "name": "new",
        "address": "a@example.com",
        "least_score": "0",
        "on": "on",
        "changed": "on",
        "issues": "on",
        "accounts": [account.pk],
    }
    address = "/notifications/subscription/add/"
    entered = LedgerEntry.objects.count()
    page = admin_client.post(address, {**given, "_rehearse": "all"})
    text = page.content.decode()
    assert "This would have sent 1 message about changes and issues last week" in text
    assert f'name="accounts" value="{account.pk}"' in text
    assert 'name="_rehearse" value="1"' in text
    shown = admin_client.post(address, {**given, "_rehearse": "1"}).content.decode()
    assert "srcdoc=" in shown
    assert "Not as it should be" in shown
    assert "<b>prod" not in shown
    assert admin_client.post(address, {**given, "_rehearse": "2"}).status_code == 404
    faulty = admin_client.post(address, {**given, "address": "no", "_rehearse": "all"})
    assert "Enter a valid email address" in faulty.content.decode()
    assert (Subscription.objects.count(), Delivery.objects.count()) == (0, 0)
    assert LedgerEntry.objects.count() == entered
    assert admin_client.post(address, {**given, "_save": "1"}).status_code == 302
    assert Subscription.objects.get().accounts.get() == account


def test_ones_own_is_rehearsed_within_what_one_may_see() -> None:
    group = GroupFactory()
    mine, theirs = AccountFactory(), AccountFactory()
    mine.groups.add(group)
    for account in (mine, theirs):
        eventful_week(account)
    client = Client()
    client.force_login(granted("viewer", group, email="ann@example.com"))
    given = {"name": "mine", "changed": "on", "least_score": "0", "on": "on", "_rehearse": "1"}
    page = client.post("/notifications/ownsubscription/add/", given)
    assert mine.name in page.content.decode()
    assert theirs.name not in page.content.decode()
    assert not Subscription.objects.exists()
