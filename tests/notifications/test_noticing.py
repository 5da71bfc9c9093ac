"""Gaps, justifications that end and changed rules are told to who asked for them, once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from audits.models import Framework
from audits.moving import retire
from audits.reviewing import justify, withdraw_whole
from items.models import Gap
from notifications.alerts import alert
from notifications.mails import Mail
from notifications.models import Delivery, Line, Subscription
from notifications.noticing import notice
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
    granted,
)
from tests.notifications.bearing import faults

pytestmark = pytest.mark.django_db
BUCKETS = "aws.s3.bucket"


def asked(**fields: Any) -> Any:
    """Return a subscription of a day ago to everything that is told here, and nothing else."""
    wishes = {"gaps": True, "endings": True, "rule_changes": True, **fields}
    told = SubscriptionFactory(**wishes)
    Subscription.objects.update(created_at=timezone.now() - timedelta(days=3))
    told.refresh_from_db()
    return told


def a_gap(account: Account, since: timedelta = timedelta(), **fields: Any) -> Gap:
    now = timezone.now() - since
    given = {"technology": BUCKETS, "operation": "ListBuckets", "code": "AccessDenied", **fields}
    gap: Gap = Gap.objects.create(
        account=account, reason="no", permission="s3:ListBuckets", since=now, seen_at=now, **given
    )
    return gap


def ending(account: Account, days: int = 8) -> Any:
    item = ItemFactory(account=account, name="web", technology=BUCKETS)
    issue = IssueFactory(item=item, version=a_rule("door", technologies=[BUCKETS]).active)
    until = timezone.localdate() + timedelta(days=days)
    (one,) = justify([issue], UserFactory(is_superuser=True), "The <shop>.", until=until)
    return one


def told_of(told: Any, name: str) -> list[Any]:
    return [
        getattr(line, name)
        for line in Line.objects.filter(subscription=told)
        if getattr(line, f"{name}_id")
    ]


def mail_to(told: Any) -> Mail:
    mail = alert(Delivery.objects.get(subscription=told))
    assert mail
    assert faults(mail.html, mail.text) == []
    return mail


def test_a_gap_is_told_once_to_who_asked_for_it() -> None:
    account = AccountFactory(name="prod")
    told = {
        "all": asked(),
        "account": asked(),
        "other account": asked(),
        "technology": asked(technologies=[BUCKETS]),
        "other technology": asked(technologies=["aws.iam.user"]),
        "not asked": asked(gaps=False),
        "off": asked(on=False),
        "who watches": asked(watching=True, owner=UserFactory(is_superuser=True)),
        "who sees nothing": asked(owner=UserFactory()),
    }
    told["account"].accounts.add(account)
    told["other account"].accounts.add(AccountFactory())
    gap = a_gap(account)
    a_gap(account, since=timedelta(days=2), code="Old")
    a_gap(account, code="Closed", until=timezone.now())
    assert notice(timezone.now()) == 3
    assert notice(timezone.now()) == 0
    heard = {name for name, one in told.items() if told_of(one, "gap") == [gap]}
    assert heard == {"all", "account", "technology"}
    mail = mail_to(told["all"])
    assert mail.subject == "Could not be read: S3 bucket"
    for body in (mail.text, mail.html):
        assert "ListBuckets: AccessDenied" in body
        assert "s3:ListBuckets" in body
        assert f"/items/gap/{gap.pk}/change/" in body


def test_a_justification_that_ends_is_told_before() -> None:
    account = AccountFactory()
    told, other = asked(rule_changes=False), asked(rule_changes=False)
    other.accounts.add(AccountFactory())
    one, withdrawn = ending(account), ending(account)
    ending(account, days=20)
    withdraw_whole(withdrawn, UserFactory(is_superuser=True))
    assert notice(timezone.now()) == 0
    assert notice(timezone.now() + timedelta(days=1)) == 1
    assert [reminder.justification for reminder in told_of(told, "reminder")] == [one]
    mail = mail_to(told)
    assert "JUSTIFICATIONS THAT END" in mail.text
    assert f"Ends on {one.until:%-d %B %Y}. The <shop>." in mail.text
    assert "The &lt;shop&gt;." in mail.html
    assert told_of(other, "reminder") == []


def test_a_rule_that_changes_is_told_with_its_author_and_scores() -> None:
    rule = a_rule("door", title="Open <door>", score=4, technologies=[BUCKETS])
    Subscription.objects.all().delete()
    told = asked()
    elsewhere = asked(technologies=["aws.iam.user"])
    framed = asked(framework=Framework.objects.create(key="pci", name="PCI DSS", title="PCI"))
    unseen = asked(owner=UserFactory())
    seen = asked(owner=granted("viewer", GroupFactory()))
    notice(timezone.now())
    Line.objects.all().delete()
    Delivery.objects.all().delete()
    type(rule).history.update(history_date=timezone.now() - timedelta(days=2))

    a_rule("door", score=9)
    notice(timezone.now())
    assert notice(timezone.now()) == 0
    counts = [len(told_of(one, "move")) for one in (told, elsewhere, framed, unseen, seen)]
    assert counts == [1, 0, 0, 0, 1]
    mail = mail_to(told)
    assert mail.subject == "Changed rules: Open <door>"
    assert "Version 1 to 2, score 4 to 9. test" in mail.text
    assert f"/audits/rule/{rule.pk}/change/" in mail.html

    rule.refresh_from_db()
    retire(rule, UserFactory(username="ed", is_superuser=True), "Wrong.")
    notice(timezone.now())
    assert "door, by ed\n  Is no longer in force. Wrong." in mail_to(told).text


def test_nothing_is_told_of_the_time_before_somebody_asked() -> None:
    account = AccountFactory()
    a_gap(account)
    a_rule("door")
    SubscriptionFactory(gaps=True, endings=True, rule_changes=True)
    assert notice(timezone.now()) == 0
