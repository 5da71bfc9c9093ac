"""Who watches an item is mailed whatever happens to it, and nothing else; and one's own page."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Account, Grant, LedgerEntry
from items.models import Item
from notifications.models import Line, OwnSubscription, Subscription
from notifications.sending import send_due
from notifications.watching import is_watched, stop_watching, watch
from tests.factories import AccountFactory, GroupFactory, SubscriptionFactory, UserFactory, granted
from tests.notifications.smtp import Inbox, text_of
from tests.notifications.test_digest import push

pytestmark = pytest.mark.django_db
PAGE = "/notifications/ownsubscription/"


@pytest.fixture
def group() -> Any:
    return GroupFactory()


@pytest.fixture
def account(group: Any) -> Account:
    account: Account = AccountFactory()
    account.groups.add(group)
    push(account, {"A": 1, "GroupName": "one"}, {"A": 1, "GroupName": "two"})
    return account


def viewer(group: Any, name: str = "ann") -> Client:
    client = Client()
    client.user = granted("viewer", group, username=name, email=f"{name}@example.com")  # type: ignore[attr-defined]
    client.force_login(client.user)  # type: ignore[attr-defined]
    return client


def test_a_person_watches_by_one_button_and_hears_of_that_item_alone(
    account: Account, group: Any, inbox: Inbox
) -> None:
    client = viewer(group)
    item = Item.objects.get(name="one")
    page = f"/items/item/{item.pk}/change/"
    assert "Stop watching" not in client.get(page).content.decode()
    assert client.post(f"/items/item/{item.pk}/watch/", follow=True).status_code == 200
    assert "Stop watching" in client.get(page).content.decode()
    push(account, {"A": 2, "GroupName": "one"}, {"A": 2, "GroupName": "two"})
    assert send_due(now_too=True) == 1
    (mail,) = inbox.mails
    assert mail["To"] == "ann@example.com"
    assert "EC2 security group one changed" in text_of(mail)
    assert "two" not in text_of(mail)

    client.post(f"/items/item/{item.pk}/watch/", {"stop": "1"})
    push(account, {"A": 3, "GroupName": "one"}, {"A": 3, "GroupName": "two"})
    assert send_due(now_too=True) == 0, "who watches nothing is told of nothing, not of everything"
    deeds = LedgerEntry.objects.filter(action__contains="watch").order_by("pk")
    assert list(deeds.values_list("action", flat=True)) == [*("watches", "stopped watching")]


def test_what_is_watched_is_one_subscription_of_each_person(account: Account) -> None:
    ann, bob = (UserFactory(email=f"{name}@example.com") for name in ("ann", "bob"))
    one, two = Item.objects.order_by("name")
    for item, person in ((one, ann), (two, ann), (one, ann), (one, bob)):
        watch(item, person)
    assert Subscription.objects.count() == 2
    stop_watching(one, ann)
    assert [is_watched(*pair) for pair in ((one, ann), (two, ann), (one, bob))] == [
        *(False, True, True)
    ]


def test_who_loses_sight_of_an_item_is_told_nothing_more(account: Account, group: Any) -> None:
    client: Any = viewer(group)
    watch(Item.objects.get(name="one"), client.user)
    Grant.objects.all().delete()
    push(account, {"A": 2, "GroupName": "one"})
    assert not Line.objects.exists()


def test_nobody_watches_what_they_may_not_see_or_without_an_address(account: Account) -> None:
    item = Item.objects.get(name="one")
    assert viewer(GroupFactory()).post(f"/items/item/{item.pk}/watch/").status_code == 404
    silent = Client()
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"))
    silent.force_login(user)
    page = silent.post(f"/items/item/{item.pk}/watch/", follow=True).content.decode()
    assert "no address of email" in page
    assert not Subscription.objects.exists()


def test_everybody_subscribes_for_themselves_within_what_they_may_see(
    account: Account, group: Any
) -> None:
    client: Any = viewer(group)
    hidden = AccountFactory(name="hidden-haven")
    assert "hidden-haven" not in client.get(f"{PAGE}add/").content.decode()
    asked = {"name": "mine", "on": "on", "changed": "on", "least_score": "0"}
    forged = {"address": "eve@example.com", "notifier": "webhook", "owner": "1"}
    assert client.post(f"{PAGE}add/", {**asked, "accounts": [hidden.pk]}).status_code == 200
    assert client.post(f"{PAGE}add/", {**asked, **forged}).status_code == 302
    mine = OwnSubscription.objects.get()
    assert (mine.owner, mine.notifier, mine.address) == (client.user, "email", "ann@example.com")
    push(hidden, {"A": 1})
    push(hidden, {"A": 2})
    push(account, {"A": 2, "GroupName": "one"})
    assert {line.revision.account_id for line in Line.objects.all() if line.revision} == {
        account.pk
    }


def test_nobody_sees_or_changes_anothers(group: Any) -> None:
    client: Any = viewer(group)
    theirs = SubscriptionFactory(name="theirs", owner=UserFactory())
    plain = SubscriptionFactory(name="for-all")
    page = client.get(PAGE).content.decode()
    assert "theirs" not in page
    assert "for-all" not in page
    for other in (theirs, plain):
        for what in ("change", "delete"):
            sent = {"name": "stolen", "least_score": "0", "post": "yes"}
            assert client.post(f"{PAGE}{other.pk}/{what}/", sent).status_code in (302, 403)
    assert not Subscription.objects.filter(name="stolen").exists()
    assert Subscription.objects.count() == 2
