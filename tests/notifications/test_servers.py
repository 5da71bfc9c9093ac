"""Mail servers as they are: some bounce, some are slow, away, or die half-way.

Nothing is lost; and what arrives twice, because the answer got lost, bears the same Message-ID.
"""

import os
import random
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.models import Account, User
from audits.commenting import comment
from notifications.models import Delivery, Line
from notifications.reminding import remind
from notifications.sending import ATTEMPTS, send_due
from tests.config.test_workers import ROOT, database_url
from tests.factories import AccountFactory, ItemFactory, SubscriptionFactory, UserFactory
from tests.notifications.happening import kill, sender, was_killed
from tests.notifications.smtp import Inbox
from tests.notifications.test_digest import push

pytestmark = pytest.mark.django_db
EVERYBODY = ["ann@example.com", "bob@example.com", "eve@example.com"]
State = Delivery.State


def news() -> Account:
    """Let something happen that is told to everybody in one subscription, and to ann in another."""
    account: Account = AccountFactory()
    push(account, {"A": 0})
    SubscriptionFactory(address=", ".join(EVERYBODY))
    SubscriptionFactory(address=EVERYBODY[0])
    push(account, {"A": 1})
    return account


def sent_again() -> int:
    """Let the wait before the next attempt be over, and send."""
    Delivery.objects.filter(state=State.GATHERING).update(due_at=timezone.now())
    return send_due()


def arrived(inbox: Inbox) -> Counter[str]:
    return Counter(str(mail["To"]) for mail in inbox.mails)


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))


ONCE = Counter({"ann@example.com": 2, "bob@example.com": 1, "eve@example.com": 1})


def test_a_reader_who_bounces_keeps_nothing_from_the_others_and_is_named(inbox: Inbox) -> None:
    inbox.bounces["bob@example.com"] = "550 5.1.1 no such user"
    news()
    assert sent_again() == 1
    assert arrived(inbox) == ONCE - Counter({"bob@example.com": 1})
    assert states() == [State.FAILED, State.SENT]
    failed = Delivery.objects.get(state=State.FAILED)
    assert failed.last_error == "bob@example.com is refused: 550 5.1.1 no such user"
    assert (failed.reached, failed.attempts) == (["ann@example.com", "eve@example.com"], 1)
    assert (sent_again(), arrived(inbox).total()) == (0, 3)


def test_a_reader_who_is_put_off_gets_it_later_and_nobody_twice(inbox: Inbox) -> None:
    inbox.bounces["bob@example.com"] = "450 4.2.1 come again"
    news()
    assert (sent_again(), states()) == (1, [State.GATHERING, State.SENT])
    assert sent_again() == 0
    inbox.bounces.clear()
    assert (sent_again(), states()) == (1, [State.SENT, State.SENT])
    assert arrived(inbox) == ONCE


def test_a_server_that_is_away_loses_nothing(inbox: Inbox, settings: Any) -> None:
    alive = settings.EMAIL_PORT
    with socket.create_server(("127.0.0.1", 0)) as shut:
        settings.EMAIL_PORT = shut.getsockname()[1]
    account = news()
    for _ in range(ATTEMPTS - 1):
        assert sent_again() == 0
    push(account, {"A": 2})
    assert states() == [State.GATHERING] * 4, "what happens meanwhile is gathered for later"
    settings.EMAIL_PORT = alive
    assert sent_again() == 4
    assert arrived(inbox) == ONCE + ONCE
    assert sent_again() == 0


def test_a_server_that_says_nothing_is_given_up_waiting_for(inbox: Inbox, settings: Any) -> None:
    news()
    settings.EMAIL_TIMEOUT, alive = 1, settings.EMAIL_PORT
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.EMAIL_PORT = mute.getsockname()[1]
        assert sent_again() == 0
    assert "timed out" in Delivery.objects.all()[0].last_error
    settings.EMAIL_PORT = alive
    assert sent_again() == 2
    assert arrived(inbox) == ONCE


# Tells how many messages went, and how many were tried by a second sender.
SEND = """
import django
django.setup()
from notifications.models import Delivery
from notifications.sending import send_due
print(send_due(), Delivery.objects.filter(attempts__gt=1).count())
"""


def one_message_to_everybody() -> list[str]:
    news()
    Delivery.objects.filter(subscription__address=EVERYBODY[0]).delete()
    return EVERYBODY


def a_mail_to_a_person() -> list[str]:
    ann: User = UserFactory(username="ann", email=EVERYBODY[0], is_superuser=True)
    comment(ItemFactory(), "@ann, is this yours?", UserFactory(is_superuser=True))
    remind(timezone.localtime())
    return [ann.email]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("due", [one_message_to_everybody, a_mail_to_a_person])
def test_while_a_slow_server_makes_one_wait_no_other_sends_the_same(
    inbox: Inbox, settings: Any, due: Callable[[], list[str]]
) -> None:
    readers = due()
    Delivery.objects.update(due_at=timezone.now())
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "VERVET_SMTP_URL": f"smtp://127.0.0.1:{settings.EMAIL_PORT}",
    }
    others: list[str] = []

    def let_another_try() -> None:
        done = subprocess.run(
            [sys.executable, "-c", SEND], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        others.append(done.stdout.strip() or done.stderr)

    inbox.before_answer = let_another_try
    assert send_due() == 1
    assert others == ["0 0"] * len(readers)
    assert arrived(inbox) == Counter(readers)


@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_at_its_second_reader_has_told_the_first_for_good(
    inbox: Inbox, settings: Any
) -> None:
    one_message_to_everybody()
    Delivery.objects.update(due_at=timezone.now())

    def kill_at_the_second() -> None:
        if len(inbox.mails) == 2:
            kill(process)

    inbox.before_answer = kill_at_the_second
    process = sender(VERVET_SMTP_URL=f"smtp://127.0.0.1:{settings.EMAIL_PORT}")
    assert was_killed(process)
    assert send_due() == 1
    assert arrived(inbox) == Counter([*EVERYBODY, EVERYBODY[1]])
    assert len({mail["Message-ID"] for mail in inbox.mails}) == 1


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_was_taken_for_dead_leaves_the_other_readers_to_the_next(
    inbox: Inbox,
) -> None:
    one_message_to_everybody()
    Delivery.objects.update(due_at=timezone.now())

    def take_over() -> None:
        until = timezone.now() + timedelta(minutes=10)
        Delivery.objects.update(attempts=F("attempts") + 1, claimed_until=until)
        connection.close()

    def let_the_next_take_over() -> None:
        thread = Thread(target=take_over)
        thread.start()
        thread.join()

    inbox.before_answer = let_the_next_take_over
    assert send_due() == 0
    assert arrived(inbox) == Counter(EVERYBODY[:1])
    held = Delivery.objects.get()
    assert (held.state, held.attempts, held.reached) == (State.SENDING, 2, EVERYBODY[:1])


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_server_does_all_is_told_and_what_comes_twice_has_one_key(
    inbox: Inbox, seed: int
) -> None:
    chance = random.Random(seed)
    kept_unsaid: Counter[str] = Counter()

    def mood(to: str) -> str:
        one = chance.choice(["take", "take", "451 later", "die", "take and die"])
        kept_unsaid[to] += one == "take and die"
        return one

    account = news()
    inbox.mood = mood
    for number in range(6):
        sent_again()
        push(account, {"A": number + 2})
    inbox.mood = lambda _: "take"
    sent_again()
    assert set(states()) == {State.SENT}
    assert sent_again() == 0

    keys = {(str(mail["To"]), str(mail["Message-ID"])) for mail in inbox.mails}
    assert arrived(inbox) == Counter(to for to, _ in keys) + kept_unsaid
    told = Line.objects.values_list("delivery__subscription__address", "delivery__message_id")
    meant = {(to, key) for address, key in told for to in address.split(", ")}
    assert keys == meant
