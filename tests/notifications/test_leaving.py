"""Who is told by mail stops that by its link, without a login, and for themselves alone."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import Account, LedgerEntry
from notifications.leaving import SIGNER, Subscribed, leaving_link, token_of
from notifications.models import Delivery, Subscription
from notifications.sending import send_due
from tests.factories import AccountFactory, SubscriptionFactory
from tests.notifications.smtp import Inbox
from tests.notifications.test_digest import push

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory()
    push(account, {"A": 0})
    return account


@pytest.fixture
def happens(account: Account) -> Callable[[], None]:
    values = iter(range(1, 100))
    return lambda: push(account, {"A": next(values)})


def stop(mail: Any) -> Any:
    """Do what a mail program does for its reader: no cookies, no token of a form."""
    address = urlsplit(mail["List-Unsubscribe"].strip(" <>")).path
    return Client(enforce_csrf_checks=True).post(address, ONE_CLICK)


def test_one_click_in_a_mail_ends_it_for_its_reader(
    happens: Callable[[], None], inbox: Inbox
) -> None:
    told = SubscriptionFactory(name="PCI", address="ann@example.com, bob@example.com")
    happens()
    assert send_due(now_too=True) == 1
    first, second = inbox.mails
    assert [first["To"], second["To"]] == ["ann@example.com", "bob@example.com"]
    assert first["List-Unsubscribe"] != second["List-Unsubscribe"]
    assert stop(first).status_code == stop(first).status_code == 200
    told.refresh_from_db()
    assert (told.on, told.address) == (True, "bob@example.com")
    entry = LedgerEntry.objects.get()
    assert (entry.who, entry.action) == ("ann@example.com", "stopped mails")

    happens()
    send_due(now_too=True)
    assert [mail["To"] for mail in inbox.mails[2:]] == ["bob@example.com"]
    happens()
    stop(second)
    told.refresh_from_db()
    assert told.on is False
    assert send_due(now_too=True) == 0, "what was gathered before is not sent either"
    last = Delivery.objects.latest("pk")
    assert (last.state, last.last_error) == ("unwanted", "The subscription is off.")
    assert len(inbox.mails) == 3


def test_opening_the_link_shows_one_button_and_changes_nothing(client: Client) -> None:
    told = SubscriptionFactory(name="<b>PCI</b>")
    address = urlsplit(leaving_link(Subscribed(told, told.address))).path
    page = client.get(address).content.decode()
    assert page.count("<button") == 1
    assert "&lt;b&gt;PCI" in page
    assert told.address in page
    assert Subscription.objects.get().on
    page = client.post(address).content.decode()
    assert (page.count("<button"), Subscription.objects.get().on) == (0, False)


def test_a_link_that_was_not_made_here_stops_nothing(client: Client) -> None:
    told = SubscriptionFactory()
    token = token_of(Subscribed(told, told.address))
    for wrong in (token[:-1], token.replace(":", "x"), "nothing", f"x{token}"):
        answer = client.post(f"/stop/{wrong}/")
        assert answer.status_code == 404
        assert "open the link below the newest of them" in answer.content.decode()
    assert Subscription.objects.get().on
    for said in (["weekly", "a@example.com"], ["waits", "a@example.com"], ["waits", 3], "x", [{}]):
        assert client.post(f"/stop/{SIGNER.sign_object(said)}/").status_code == 404
    told.delete()
    assert client.post(f"/stop/{token}/").status_code == 404


def test_the_link_to_a_former_address_stops_no_other(happens: Callable[[], None]) -> None:
    told = SubscriptionFactory(address="old@example.com")
    link = urlsplit(leaving_link(Subscribed(told, told.address))).path
    Subscription.objects.update(address="new@example.com")
    assert b"These mails are stopped" in Client().post(link).content
    assert Subscription.objects.get().on
    happens()
    assert Delivery.objects.exists()


def test_a_former_reader_of_a_subscription_cannot_make_themselves_one_again(client: Client) -> None:
    told = SubscriptionFactory(address="ann@example.com, bob@example.com")
    link = urlsplit(leaving_link(Subscribed(told, "ann@example.com"))).path
    client.post(link)
    assert b"Send them again" not in client.post(link, {"again": "1"}).content
    told.refresh_from_db()
    assert told.address == "bob@example.com"
