"""Mails about reviews: who is concerned is told of an end, once; who is mentioned, at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import Grant, User
from audits.answering import approve
from audits.commenting import comment
from audits.models import Justification, Mention, Reminder, ReviewPolicy
from audits.reviewing import justify, withdraw_whole
from notifications.models import Delivery
from notifications.reminding import remind
from notifications.sending import send_due
from tests.factories import AccountFactory, IssueFactory, ItemFactory, UserFactory, a_rule
from tests.notifications.smtp import Inbox, html_of, text_of

pytestmark = pytest.mark.django_db
OWNER = "owner@example.com"


def somebody(name: str, **fields: Any) -> User:
    return UserFactory(username=name, email=f"{name}@example.com", **fields)


@pytest.fixture
def people() -> dict[str, User]:
    return {
        "ines": somebody("ines", is_superuser=True),
        "sunita": somebody("sunita", is_superuser=True),
    }


def justified(people: dict[str, User], days: int = 30, **more: Any) -> Justification:
    account = AccountFactory(owner_mail=OWNER)
    rule = a_rule(title="Open <b>door</b>")
    issue = IssueFactory(item=ItemFactory(account=account, name="web"), version=rule.active)
    until = timezone.localdate() + timedelta(days=days)
    (one,) = justify([issue], people["ines"], "The <i>shop</i>.", until=until, **more)
    return one


def mailed(days: int = 0, hour: int = 8) -> list[str]:
    """Write and send as on a later day; return the addresses."""
    now = timezone.localtime() + timedelta(days=days)
    remind(now.replace(hour=hour))
    before = set(Delivery.objects.filter(state="sent").values_list("pk", flat=True))
    send_due(now_too=True)
    sent = Delivery.objects.filter(state="sent").exclude(pk__in=before)
    return sorted(one.address for one in sent.exclude(subject="Nothing to tell"))


def test_all_concerned_are_reminded_once_seven_days_before(
    people: dict[str, User], inbox: Inbox
) -> None:
    one = justified(people)
    Justification.objects.filter(pk=one.pk).update(answered_by=people["sunita"])
    assert sorted(Reminder.objects.values_list("days", flat=True)) == [1, 7]
    assert mailed(22) == []
    assert mailed(23, hour=6) == [], "not in the night"
    assert mailed(23) == ["ines@example.com", OWNER, "sunita@example.com"]
    assert mailed(23) == mailed(24) == []
    mail = next(mail for mail in inbox.mails if mail["To"] == OWNER)
    assert mail["Subject"] == "Open <b>door</b> needs a decision"
    for body in (text_of(mail), html_of(mail)):
        assert f"Ends on {one.until:%-d %B %Y}" in body
        assert "covers 1 issue" in body
        assert f"/audits/justification/{one.pk}/change/" in body
    assert "&lt;i&gt;shop&lt;/i&gt;" in html_of(mail)


def test_a_person_gets_one_mail_a_day(people: dict[str, User], inbox: Inbox) -> None:
    justified(people)
    justified(people)
    assert mailed(23) == ["ines@example.com", OWNER]
    assert "2 justifications need a decision" in [mail["Subject"] for mail in inbox.mails]


def test_what_is_withdrawn_or_out_of_sight_is_reminded_of_no_more(
    people: dict[str, User], inbox: Inbox
) -> None:
    withdraw_whole(justified(people), people["ines"])
    justified(people)
    remind((timezone.localtime() + timedelta(days=23)).replace(hour=8))
    User.objects.update(is_superuser=False)
    send_due(now_too=True)
    assert [mail["To"] for mail in inbox.mails] == [OWNER]


def test_a_passed_bound_is_told_though_the_mail_of_the_day_has_gone(
    people: dict[str, User], inbox: Inbox
) -> None:
    one = justified(people, days=7)
    other = justified(people, days=8)
    assert mailed(1) == ["ines@example.com", OWNER]
    Justification.objects.filter(pk=one.pk).update(bound=1, over_at=timezone.now())
    Reminder.objects.create(justification=one, days=0, on=timezone.localdate())
    today = timezone.localtime() + timedelta(days=1)
    remind(today.replace(hour=9))
    later = Delivery.objects.filter(kind="reminder", state="gathering")
    assert {timezone.localdate(mail.due_at) for mail in later} == {today.date() + timedelta(days=1)}
    send_due(now_too=True)
    assert "More issues came than the 1 accepted" in text_of(inbox.mails[-1])
    assert other.pk


def test_who_is_mentioned_is_told_at_once_and_once(people: dict[str, User], inbox: Inbox) -> None:
    issue = justified(people).coverages.get().issue
    nobody = somebody("nobody")
    comment(issue.item, "@sunita can we <b>keep</b> it? @nobody", people["ines"], issue=issue)
    Mention.objects.get_or_create(comment=Mention.objects.get().comment, user=nobody)
    assert mailed(hour=3) == ["sunita@example.com"]
    assert mailed(hour=3) == []
    (mail,) = inbox.mails
    assert mail["Subject"] == "ines mentioned you: web"
    assert "@sunita can we <b>keep</b> it?" in text_of(mail)
    assert "&lt;b&gt;keep" in html_of(mail)
    assert f"/audits/issue/{issue.pk}/change/" in html_of(mail)


def test_who_may_approve_is_asked_and_who_asked_is_told(
    people: dict[str, User], inbox: Inbox
) -> None:
    ReviewPolicy.objects.update_or_create(severity="critical", defaults={"second_person": True})
    role = Group.objects.get(name="approver")
    Grant.objects.create(user=somebody("third"), role=role)
    one = justified(people, asked_of=people["sunita"])
    assert mailed(hour=3) == ["sunita@example.com"]
    any_one = justified(people)
    assert mailed(hour=3) == ["sunita@example.com", "third@example.com"]
    approve(one, people["sunita"], "Until spring.")
    inbox.mails.clear()
    assert mailed(hour=3) == ["ines@example.com"]
    assert "Until spring." in text_of(inbox.mails[0])
    assert inbox.mails[0]["Subject"].startswith("Let in: ")
    assert any_one.state == "asked"
