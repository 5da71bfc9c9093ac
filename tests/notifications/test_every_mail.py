"""Every kind of mail: what mail programs bear, with texts as hostile as a cloud allows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from audits.answering import approve
from audits.approving import refuse
from audits.commenting import comment
from audits.models import Issue, Justification, ReviewPolicy
from audits.moving import put_into_force
from audits.reviewing import justify
from audits.versions import text_of, write_version
from notifications.models import Delivery
from notifications.relaying import relay
from notifications.reminding import remind
from notifications.returning import send_back
from notifications.sending import WRITERS, send_due
from tests.factories import (
    AccountFactory,
    IssueFactory,
    ItemFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
)
from tests.notifications.bearing import faults
from tests.notifications.smtp import Inbox, html_of
from tests.notifications.smtp import text_of as body_of
from tests.notifications.test_digest import push

pytestmark = pytest.mark.django_db

HOSTILE = (
    '<script>alert(1)</script><img src="http://evil.example/x.png" onerror=alert(1)>'
    "{{ 7|add:7 }}{% now 'Y' %}\"'><svg/onload=alert(2)> javascript:alert(3)\r\n"
    "Bcc: all@example.com"
)
NOW = timezone.now
Kind = Delivery.Kind


def hostile_rule() -> Any:
    return a_rule(
        "hostile",
        title=HOSTILE[:200],
        expression="Bad",
        rationale=HOSTILE,
        remediation=HOSTILE,
        score=9,
        examples=[
            {"name": "bad", "fires": True, "config": {"Bad": HOSTILE}},
            {"name": "good", "fires": False, "config": {}},
        ],
    )


def somebody(name: str) -> User:
    user: User = UserFactory(
        username=name, email=f"{name}@example.com", first_name=HOSTILE[:150], is_superuser=True
    )
    return user


def an_issue(**account: Any) -> Issue:
    item = ItemFactory(account=AccountFactory(name=HOSTILE[:100], **account), name=HOSTILE)
    issue: Issue = IssueFactory(
        item=item, version=hostile_rule().active, notes=HOSTILE, evidence={"It": HOSTILE}
    )
    return issue


def alerted() -> None:
    hostile_rule()
    account = AccountFactory(name=HOSTILE[:100])
    push(account, {"A": 1, "GroupName": HOSTILE}, {"A": 1})
    SubscriptionFactory(name=HOSTILE[:100])
    bad = {"GroupName": HOSTILE, "Bad": HOSTILE, HOSTILE: {HOSTILE: HOSTILE}}
    push(account, bad, bad, {**bad, "New": True})


def summed_up() -> None:
    an_issue()
    told = SubscriptionFactory(name=HOSTILE[:100])
    since = NOW() - timedelta(days=6)
    Delivery.objects.create(subscription=told, kind=Kind.WEEKLY, since=since, due_at=NOW())


def proposed(settings: Any) -> Any:
    settings.SECOND_PERSON = True
    editor, _ = somebody("editor"), somebody("approver")
    rule = hostile_rule()
    version = write_version(rule, text_of(rule.active) | {"score": 8}, HOSTILE, editor)
    return put_into_force(version, editor, HOSTILE).proposal


def justified(**more: Any) -> Justification:
    (one,) = justify(
        [an_issue(owner_mail="owner@example.com")],
        somebody("ines"),
        HOSTILE,
        until=timezone.localdate() + timedelta(days=7),
        **more,
    )
    return one


def answered(settings: Any) -> None:
    refuse(proposed(settings), User.objects.get(username="approver"), HOSTILE)
    relay(NOW())


def asked(_: Any) -> None:
    ReviewPolicy.objects.update_or_create(severity="critical", defaults={"second_person": True})
    justified(asked_of=somebody("sunita"))
    remind(timezone.localtime())


def decided(settings: Any) -> None:
    asked(settings)
    approve(Justification.objects.get(), User.objects.get(username="sunita"), HOSTILE)
    remind(timezone.localtime())


def mentioned(_: Any) -> None:
    issue, by = an_issue(), somebody("ines")
    somebody("sunita")
    comment(issue.item, f"@sunita {HOSTILE}", by, issue=issue)
    remind(timezone.localtime())


def reminded(_: Any) -> None:
    justified()
    remind((timezone.localtime() + timedelta(days=6)).replace(hour=8))


SAMPLES: dict[str, Callable[[Any], Any]] = {
    Kind.ALERT: lambda _: alerted(),
    Kind.WEEKLY: lambda _: summed_up(),
    Kind.ASKED: lambda settings: (proposed(settings), relay(NOW())),
    Kind.ANSWERED: answered,
    Kind.WAITS: asked,
    Kind.DECIDED: decided,
    Kind.REMINDER: reminded,
    Kind.MENTION: mentioned,
    Kind.RETURNED: lambda _: send_back(
        an_issue(owner_mail="owner@example.com"), HOSTILE, somebody("ines")
    ),
}


def test_each_kind_of_mail_is_written_here() -> None:
    assert set(SAMPLES) == set(WRITERS)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_mail_is_what_mail_programs_bear(kind: str, inbox: Inbox, settings: Any) -> None:
    SAMPLES[kind](settings)
    Delivery.objects.exclude(kind=kind).delete()
    assert send_due(now_too=True) > 0, Delivery.objects.values_list("last_error", flat=True)
    for mail in inbox.mails:
        html, text = html_of(mail), body_of(mail)
        assert faults(html, text) == []
        assert "&lt;script&gt;alert(1)" in html
        assert "&amp;lt;" not in html
        assert "{{ 7|add:7 }}" in text
        assert (mail["Bcc"], mail["Auto-Submitted"]) == (None, "auto-generated")
        assert 0 < len(mail["Subject"].splitlines()[0]) <= 300
        assert len(mail["Subject"].splitlines()) == 1
        link = mail["List-Unsubscribe"].strip(" <>")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"Stop these mails: {link}" in text
        assert f'href="{link}"' in html
