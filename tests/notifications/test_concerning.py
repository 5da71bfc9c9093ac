"""Mails that nobody subscribed to are stopped by kind, by whoever gets them, and come back."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import LedgerEntry, User
from notifications.concerning import TO_OWNERS, TO_PERSONS, Mails
from notifications.leaving import token_of
from notifications.models import Delivery, StoppedMail
from notifications.resending import send_again
from notifications.sending import WRITERS, send_due
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    UserFactory,
    granted,
)
from tests.notifications.smtp import Inbox
from tests.notifications.test_every_mail import SAMPLES
from tests.notifications.test_leaving import stop

pytestmark = pytest.mark.django_db

Kind = Delivery.Kind
OWNER = "Owner@example.com"
PAGE = "/notifications/ownsubscription/"
SWITCH = f"{PAGE}mails/"


def written(kind: str, settings: Any) -> None:
    """Let there be mails of a kind, and no others."""
    SAMPLES[kind](settings)
    Delivery.objects.exclude(kind=kind).delete()


def sent_again() -> int:
    send_again(Delivery.objects.all(), None)
    return send_due()


def test_every_kind_of_mail_is_of_a_subscription_or_says_what_its_reader_stops() -> None:
    subscribed = {Kind.ALERT, Kind.WEEKLY}
    assert subscribed | set(TO_PERSONS) | set(TO_OWNERS) == set(WRITERS)
    assert not subscribed & {*TO_PERSONS, *TO_OWNERS}


@pytest.mark.parametrize("kind", sorted({*TO_PERSONS, *TO_OWNERS}))
def test_one_click_stops_a_kind_for_its_reader_until_they_want_it_again(
    kind: str, inbox: Inbox, settings: Any
) -> None:
    written(kind, settings)
    count = send_due(now_too=True)
    assert count == len(inbox.mails) > 0
    for mail in inbox.mails:
        assert stop(mail).status_code == stop(mail).status_code == 200
    assert LedgerEntry.objects.filter(action="stopped mails").count() == count
    assert sent_again() == 0
    for delivery in Delivery.objects.all():
        said = f"{delivery.address} has stopped these mails."
        assert (delivery.state, delivery.last_error) == ("unwanted", said)

    for mail in inbox.mails[:count]:
        page = urlsplit(mail["List-Unsubscribe"].strip(" <>")).path
        assert b"Send them again" in Client().get(page).content
        assert b"These mails are sent again" in Client().post(page, {"again": "1"}).content
        Client().post(page, {"again": "1"})
    assert LedgerEntry.objects.filter(action="wants mails again").count() == count
    assert sent_again() == count


def test_opening_the_link_says_what_is_stopped_and_changes_nothing(client: Client) -> None:
    person = UserFactory(email="ann@example.com")
    page = f"/stop/{token_of(Mails(Kind.ASKED, person.email, person))}/"
    said = client.get(page).content.decode()
    assert "questions about rules that wait for your answer" in said
    assert "under Rules: Proposals" in said
    assert "All other mails go on." in said
    assert not StoppedMail.objects.exists()
    client.post(page)
    entry = LedgerEntry.objects.get()
    assert (entry.action, entry.who, entry.person_id) == ("stopped mails", "ann@example.com", None)
    assert (entry.before, entry.after["on"]) == ({"on": True}, False)


def test_a_stop_is_for_one_kind_and_one_person_and_outlives_their_address() -> None:
    ann, bob = (UserFactory(email=f"{name}@example.com") for name in ("ann", "bob"))
    Mails(Kind.WAITS, ann.email, ann).stop()
    assert not Mails(Kind.WAITS, "ann@new.example", ann).on
    assert Mails(Kind.DECIDED, ann.email, ann).on
    assert Mails(Kind.WAITS, bob.email, bob).on
    assert Mails(Kind.REMINDER, ann.email).on


def test_an_owners_address_is_the_same_in_any_letters() -> None:
    Mails(Kind.RETURNED, OWNER).stop()
    assert not Mails(Kind.RETURNED, OWNER.lower()).on
    assert Mails(Kind.REMINDER, OWNER).on


def test_whoever_sends_an_issue_back_is_told_at_once_that_its_owner_wants_no_mail(
    admin_client: Client,
) -> None:
    issue = IssueFactory(item=ItemFactory(account=AccountFactory(owner_mail=OWNER)))
    page = f"/audits/issue/{issue.pk}/change/"
    assert "gets a mail" in admin_client.get(page).content.decode()
    Mails(Kind.RETURNED, OWNER).stop()
    shown = admin_client.get(page).content.decode()
    assert f"{OWNER} has stopped these mails. Reach them another way" in shown
    assert "gets a mail" not in shown
    answer = admin_client.post(f"/audits/issue/{issue.pk}/send-back/", {"text": "Now"}, follow=True)
    assert f"Not sent back: {OWNER} has stopped these mails." in answer.content.decode()
    assert not Delivery.objects.exists()
    assert not issue.comments.exists()


def test_operators_see_what_an_owner_stopped_and_why_no_mail_went(admin_client: Client) -> None:
    account = AccountFactory(owner_mail=OWNER)
    now = timezone.now()
    page = f"/accounts/account/{account.pk}/change/"
    assert "Mails the owner stopped" not in admin_client.get(page).content.decode()
    Mails(Kind.RETURNED, OWNER).stop()
    shown = admin_client.get(page).content.decode()
    assert "Mails the owner stopped" in shown
    assert "state=unwanted" not in shown, "nothing was kept from them yet"
    Delivery.objects.create(kind=Kind.RETURNED, to=OWNER, since=now, due_at=now)
    assert send_due() == 0
    shown = admin_client.get(page).content.decode()
    assert "/notifications/delivery/?state=unwanted&amp;q=Owner%40example.com" in shown
    account.groups.add(group := GroupFactory())
    limited = Client()
    limited.force_login(granted("operator", group))
    shown = limited.get(page).content.decode()
    assert "Mails the owner stopped" in shown
    assert "state=unwanted" not in shown, "messages to owners are for who sees all accounts"
    found = admin_client.get(f"/notifications/delivery/?state=unwanted&q={OWNER}")
    assert f"{OWNER} has stopped these mails." in found.content.decode()


def test_a_person_stops_kinds_of_mail_on_their_own_page_and_takes_that_back(
    admin_client: Client, admin_user: User
) -> None:
    other = UserFactory(email="other@example.com")
    shown = admin_client.get(PAGE).content.decode()
    assert all(one.what.capitalize() in shown for one in TO_PERSONS.values())
    assert "as the owner of an account" not in shown
    admin_client.post(SWITCH, {"mails": "waits person"})
    assert "Send again: justifications that wait" in admin_client.get(PAGE).content.decode()
    assert not Mails(Kind.WAITS, admin_user.email, admin_user).on
    assert Mails(Kind.WAITS, other.email, other).on
    admin_client.post(SWITCH, {"mails": "waits person", "again": "1"})
    assert Mails(Kind.WAITS, admin_user.email, admin_user).on
    deeds = LedgerEntry.objects.exclude(action="logged in").order_by("number")
    entries = deeds.values_list("action", "person_id")
    assert list(entries) == [
        ("stopped mails", admin_user.pk),
        ("wants mails again", admin_user.pk),
    ]


def test_who_owns_an_account_stops_an_owners_mails_on_their_own_page_and_nobody_else(
    admin_client: Client, admin_user: User
) -> None:
    assert admin_client.post(SWITCH, {"mails": "returned owner"}).status_code == 404
    AccountFactory(owner_mail=admin_user.email.upper())
    assert "as the owner of an account" in admin_client.get(PAGE).content.decode()
    assert admin_client.post(SWITCH, {"mails": "returned owner"}).status_code == 302
    assert not Mails(Kind.RETURNED, admin_user.email).on
    User.objects.update(email="")
    assert b"Mailed without a subscription" not in admin_client.get(PAGE).content


def test_the_list_of_deliveries_offers_kinds_by_their_words(admin_client: Client) -> None:
    now = timezone.now()
    Delivery.objects.create(kind=Kind.RETURNED, to=OWNER, since=now, due_at=now)
    page = admin_client.get("/notifications/delivery/").content.decode()
    assert 'title="issue sent back to its owner"' in page
    assert 'title="returned"' not in page
