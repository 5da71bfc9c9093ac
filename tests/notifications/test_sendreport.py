"""The command that sends a report, and shows it before."""

import socket
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.moments import moment_named
from audits.models import Issue
from notifications.models import Delivery, Report, Subscription
from notifications.pdf import pdf_of
from notifications.report.made import unsent
from tests.audits.replaying import dated, day, group, look, rule_at
from tests.factories import AccountFactory, SubscriptionFactory
from tests.notifications.smtp import Inbox, text_of

pytestmark = pytest.mark.django_db

WEEK = ["--week", "2026-03-12"]


@pytest.fixture
def told() -> Subscription:
    """Somebody who is told of a company that got worse in the week to 15 March."""
    with dated(day(1, 0)):
        account = AccountFactory(name="<b>prod</b>")
    rule_at(day(1, 1), "open", title="Open & <i>wide</i>", expression="Open", score=9)
    look(account, day(2), group("sg-1", Open=False))
    look(account, day(10), group("sg-1", Open=True))
    one: Subscription = SubscriptionFactory(name="Lead")
    return one


def test_a_preview_is_written_and_neither_sent_nor_kept(
    told: Subscription, tmp_path: Path, inbox: Inbox
) -> None:
    file = tmp_path / "report.html"
    call_command("sendreport", "Lead", *WEEK, preview=str(file))
    assert "Worse: the open score rose by 9 to 9" in file.read_text()
    assert "Worse: the open score rose by 9 to 9" in file.with_suffix(".txt").read_text()
    assert not (inbox.mails or Delivery.objects.exists() or Report.objects.exists())


def test_a_report_is_sent_once_a_week_with_its_lists_attached(
    told: Subscription, inbox: Inbox
) -> None:
    call_command("sendreport", "Lead", *WEEK)
    (mail,) = inbox.mails
    assert mail["Subject"].startswith(
        "Vervet: Worse: the open score rose by 9 to 9, because 1 issue"
    )
    names = [part.get_filename() for part in mail.walk() if part.get_filename()]
    assert names == ["vervet-report-2026-03-15.csv", "vervet-open-issues-2026-03-15.csv"]
    assert "2026-03-15" in text_of(mail)
    with pytest.raises(CommandError, match="It was sent to"):
        call_command("sendreport", "Lead", *WEEK)
    assert len(inbox.mails) == 1


def test_what_was_sent_stays_as_it_was_whatever_changes_since(
    told: Subscription, inbox: Inbox
) -> None:
    call_command("sendreport", "Lead", *WEEK)
    kept = Report.objects.get()
    assert kept.figures == unsent(told, moment_named("2026-03-15")).figures
    Issue.objects.all().delete()
    told.delete()
    kept.refresh_from_db()
    assert (kept.name, kept.figures["open"]["now"]) == ("Lead", 1)


def test_what_clouds_and_people_write_is_text_in_the_mail(
    told: Subscription, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    call_command("sendreport", "Lead", *WEEK, preview=str(file))
    page = file.read_text()
    assert "&lt;b&gt;prod&lt;/b&gt;" in page
    assert "<b>prod</b>" not in page
    assert "Open &amp; &lt;i&gt;wide&lt;/i&gt;" in page


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["Nobody"], "No subscription is called “Nobody”. There are: Lead"),
        (["Lead", "--week", "soon"], "'soon' is no day"),
        (["Lead", "--week", "2999-01-01"], "is not over"),
        (["Lead", "--preview", "/nowhere/at/all.html"], "cannot be written"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(told: Subscription, asked: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("sendreport", *asked)


def test_a_week_without_news_is_one_line_or_nothing(told: Subscription, inbox: Inbox) -> None:
    look(Issue.objects.get().account, day(29, 20), group("sg-1", Open=True))
    SubscriptionFactory(name="Busy", weekly_quiet=False)
    call_command("sendreport", "Busy", "--week", "2026-03-29")
    assert not inbox.mails
    call_command("sendreport", "Lead", "--week", "2026-03-29")
    assert "Nothing new in this week." in text_of(inbox.mails.pop())


def test_a_report_goes_as_pdf_too_where_that_is_asked_for(
    told: Subscription, inbox: Inbox, tmp_path: Path
) -> None:
    file = tmp_path / "report.pdf"
    call_command("sendreport", "Lead", *WEEK, preview=str(file))
    assert file.read_bytes().startswith(b"%PDF-")
    Subscription.objects.update(weekly_pdf=True)
    call_command("sendreport", "Lead", *WEEK)
    paper = next(part for part in inbox.mails.pop().walk() if part.get_content_subtype() == "pdf")
    assert paper.get_filename() == "vervet-report-2026-03-15.pdf"
    assert paper.get_payload(decode=True).startswith(b"%PDF-")


def test_nothing_is_fetched_for_a_pdf() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        page = f'<p>It</p><img src="http://127.0.0.1:{port}/x.png"><img src="file:///etc/hostname">'
        assert pdf_of(page).startswith(b"%PDF-")
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
