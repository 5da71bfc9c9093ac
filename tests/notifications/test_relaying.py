"""Mails about proposals: who may answer is asked once, who asked is told the answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import Grant, User
from audits.approving import approve, refuse, withdraw
from audits.models import Proposal, Rule
from audits.moving import put_into_force, retire
from audits.versions import text_of, write_version
from notifications.models import Delivery
from notifications.relaying import relay
from notifications.sending import send_due
from tests.factories import GroupFactory, UserFactory, a_rule
from tests.notifications.smtp import Inbox, html_of
from tests.notifications.smtp import text_of as body_of

pytestmark = pytest.mark.django_db


EXAMPLES = [
    {"name": "open", "fires": True, "config": {"Open": True}},
    {"name": "shut", "fires": False, "config": {"Open": False}},
]


def somebody(name: str, role: str, **grant: Any) -> User:
    user = UserFactory(username=name, email=f"{name}@example.com")
    Grant.objects.create(user=user, role=Group.objects.get(name=role), **grant)
    return user


@pytest.fixture
def people(settings: Any) -> dict[str, User]:
    settings.SECOND_PERSON = True
    return {
        "editor": somebody("editor", "rule editor"),
        "approver": somebody("approver", "approver"),
        "other": somebody("other", "approver"),
        "partly": somebody("partly", "approver", group=GroupFactory()),
        "viewer": somebody("viewer", "viewer"),
    }


def proposed(by: Any) -> Proposal:
    rule = a_rule("boxes", title="Box <b>open</b>", expression="Open", examples=EXAMPLES)
    version = write_version(rule, text_of(rule.active) | {"score": 9}, "edit", by)  # type: ignore[arg-type]
    proposal = put_into_force(version, by, "It is worse than we thought.").proposal
    assert proposal
    return proposal


def mailed() -> list[str]:
    relay(timezone.now())
    before = set(Delivery.objects.filter(state="sent").values_list("pk", flat=True))
    send_due()
    sent = Delivery.objects.filter(state="sent").exclude(pk__in=before).exclude(subject="")
    return sorted(one.address for one in sent.exclude(subject="Nothing to tell"))


def test_who_may_answer_is_asked_once(people: dict[str, User], inbox: Inbox) -> None:
    proposal = proposed(people["editor"])
    assert mailed() == ["approver@example.com", "other@example.com"]
    assert mailed() == []
    mail = inbox.mails[0]
    assert mail["Subject"] == "Your answer is asked for: put version 2 into force: Box <b>open</b>"
    for body in (body_of(mail), html_of(mail)):
        assert "editor" in body
        assert "It is worse than we thought." in body
        assert f"/audits/proposal/{proposal.pk}/change/" in body
    assert "Box &lt;b&gt;open" in html_of(mail)


def test_whoever_wrote_or_asked_is_not_asked(people: dict[str, User], inbox: Inbox) -> None:
    Grant.objects.create(user=people["other"], role=Group.objects.get(name="rule editor"))
    proposed(people["other"])
    UserFactory(is_superuser=True, email="root@example.com")
    UserFactory(is_superuser=True, email="")
    UserFactory(is_superuser=True, email="gone@example.com", is_active=False)
    assert mailed() == ["approver@example.com", "root@example.com"]


def test_who_asked_is_told_the_answer_once(people: dict[str, User], inbox: Inbox) -> None:
    proposal = proposed(people["editor"])
    mailed()
    inbox.mails.clear()
    refuse(proposal, people["approver"], "Not before spring.")
    assert mailed() == ["editor@example.com"]
    (mail,) = inbox.mails
    assert mail["Subject"].startswith("Refused: put version 2 into force")
    for body in (body_of(mail), html_of(mail)):
        assert "Not before spring." in body
        assert "approver" in body
    assert mailed() == []


def test_what_is_let_in_is_told_too_and_retiring_alike(
    people: dict[str, User], inbox: Inbox
) -> None:
    proposal = proposed(people["editor"])
    approve(proposal, people["approver"])
    retire(Rule.objects.get(), people["editor"], "No boxes any more.")
    assert mailed() == ["approver@example.com", "editor@example.com", "other@example.com"]
    subjects = {mail["To"]: mail["Subject"] for mail in inbox.mails}
    assert subjects["editor@example.com"].startswith("Let in: put version 2")
    assert subjects["other@example.com"].startswith("Your answer is asked for: retire")


def test_a_question_that_waits_no_more_is_not_mailed(people: dict[str, User], inbox: Inbox) -> None:
    proposal = proposed(people["editor"])
    relay(timezone.now())
    withdraw(proposal, people["editor"])
    assert mailed() == [], "nor is anybody told of an answer of their own"


def test_answers_of_long_ago_are_no_news(people: dict[str, User], inbox: Inbox) -> None:
    proposal = proposed(people["editor"])
    refuse(proposal, people["approver"], "no")
    Proposal.objects.update(answered_at=timezone.now() - timedelta(days=8))
    assert mailed() == []


def test_nothing_to_relay_costs_two_questions(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        assert relay(timezone.now()) == 0


def test_the_list_of_mails_shows_them(people: dict[str, User], admin_client: Client) -> None:
    proposed(people["editor"])
    relay(timezone.now())
    page = admin_client.get("/notifications/delivery/").content.decode()
    assert "approver@example.com" in page
    delivery = Delivery.objects.filter(person=people["approver"]).get()
    page = admin_client.get(f"/notifications/delivery/{delivery.pk}/change/").content.decode()
    assert "question about a rule" in page
