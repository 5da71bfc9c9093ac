"""Mails as a mail program shows them, at a desk and on a telephone."""

from pathlib import Path
from typing import Any

import pytest

from accounts.moments import moment_named
from audits.models import ChangeReview
from items.models import Gap
from notifications.models import Delivery, Subscription
from notifications.report.made import unsent
from notifications.report.mail import mail_of
from notifications.sending import WRITERS, send_due
from tests.audits.replaying import GROUPS, dated, day, group, judge, justify_at, look, rule_at
from tests.factories import AccountFactory, GroupFactory, SubscriptionFactory, UserFactory
from tests.notifications.smtp import Inbox, html_of
from tests.notifications.test_every_mail import SAMPLES

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
LONG = "ofanamethatneverends" * 8
WIDTHS = (320, 390, 720)


@pytest.fixture
def told() -> Subscription:
    """Somebody who is told of a week in which something of everything happened."""
    with dated(day(1, 0)):
        reviewed = GroupFactory(changes_reviewed=True, review_days=1)
        account, other = AccountFactory(name=LONG[:100]), AccountFactory(name="prod")
        account.groups.add(reviewed)
    titles = (("open", "SSH is open to the internet", 9), ("wide", LONG, 5), ("late", "Late", 3))
    for key, title, score in titles:
        rule_at(day(1, 1), key, title=title[:200], expression=key.title(), score=score)
    for number, on in enumerate((3, 6, 10, 12)):
        bad = {"Open": number > 0, "Wide": number % 2 == 0, "Late": number == 1}
        look(account, day(on), *(group(f"sg-{LONG}{n}", Seen=on, **bad) for n in range(4)))
    rule_at(day(13, 1), "open", title="SSH is open to the internet", expression="Open", score=8)
    judge(account, day(13, 2))
    look(other, day(14), group("sg-1", Open=True), answers=False)
    justify_at(
        day(14), account.issues.filter(fixed_at=None).first(), UserFactory(is_superuser=True)
    )
    ChangeReview.objects.create(
        item=account.items.first(), revision=1, kind="changed", since=day(12)
    )
    Gap.objects.create(
        account=other,
        technology=GROUPS,
        place="eu-west-1",
        operation="Describe",
        code="AccessDenied" * 9,
        reason="no",
        since=day(11),
        seen_at=day(14),
    )
    one: Subscription = SubscriptionFactory(name="Lead")
    return one


def test_the_weekly_report_fits_every_width_and_asks_nobody(
    told: Subscription, chromium: Any
) -> None:
    mail = mail_of(unsent(told, moment_named("2026-03-15")))
    assert "Why it moved" in mail.html
    assert "Waiting for somebody" in mail.html
    assert "What we did not see" in mail.html
    assert "Rules that changed" in mail.html
    fits(chromium, mail.html, "weekly-whole")


@pytest.mark.parametrize("kind", WRITERS)
def test_each_mail_fits_every_width_whatever_things_are_called(
    kind: str, inbox: Inbox, settings: Any, chromium: Any
) -> None:
    SAMPLES[kind](settings)
    Delivery.objects.exclude(kind=kind).delete()
    assert send_due(now_too=True) > 0
    fits(chromium, html_of(inbox.mails[0]), kind)


def fits(chromium: Any, html: str, name: str) -> None:
    """Show a mail at some widths: nothing is asked for, runs, or is wider; keep pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page = chromium.new_context(viewport={"width": width, "height": 900}).new_page()
        wrong: list[str] = []
        page.on("request", lambda request, wrong=wrong: wrong.append(request.url))
        page.on("dialog", lambda dialog, wrong=wrong: wrong.append(dialog.message))
        page.set_content(html)
        page.screenshot(path=PICTURES / f"mail-{name}-{width}.png", full_page=True)
        assert not wrong
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
