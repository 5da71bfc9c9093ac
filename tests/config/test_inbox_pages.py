"""The change inbox and the ledger in a browser: what is clicked is done, and nothing complains."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.ledger import enter
from accounts.models import User
from audits.inbox import expected, question
from audits.models import ChangeReview, Issue
from items.models import Item, Kind
from tests.config.test_looks import HOSTILE, WIDTHS, Visit
from tests.factories import AccountFactory, GroupFactory, ItemFactory

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world() -> dict[str, Any]:
    """Changes of an account of which each is looked at, one of them named badly."""
    person = User.objects.create_superuser("ines", "ines@example.com", "a long password")
    group = GroupFactory(name="PCI", changes_reviewed=True, review_days=7)
    account = AccountFactory(name="pay-prod")
    account.groups.add(group)
    reviews = []
    for number, name in enumerate(("web", "db", HOSTILE, "cache", "old")):
        rules = [{"IpProtocol": "tcp", "FromPort": 443, "CidrIp": "10.0.0.0/8"}]
        item = ItemFactory(account=account, name=name, config={"Rules": rules, "Note": name})
        rules += [{"IpProtocol": "tcp", "FromPort": 22, "CidrIp": "0.0.0.0/0"}]
        item.config = {"Rules": rules, "Note": name, "Owner": "x" * 40 * number}
        item.save()
        last = item.history.latest("history_id")
        if name != "db":
            actor = {"who": "otto@example.com", "from": "203.0.113.9", "event": "Authorize"}
            Item.history.filter(history_id=last.history_id).update(actor=actor)
        reviews.append(
            ChangeReview.objects.create(
                item=item,
                revision=last.history_id,
                kind=Kind.GONE if name == "old" else Kind.CHANGED,
                since=timezone.now() - timedelta(days=9 - 2 * number),
            )
        )
    expected(reviews[3:4], person, "OPS-1204", "The cache was moved.")
    with transaction.atomic():
        before, after = {"notes": "was", "name": HOSTILE}, {"notes": HOSTILE}
        entry = enter(person, "changed", group, before, after)
    return {"reviews": reviews, "person": person, "entry": entry.pk, "group": group}


@pytest.mark.parametrize("mode", WIDTHS)
def test_the_pages_open_without_complaint(
    chromium: Any, live_server: Any, world: dict[str, Any], mode: str
) -> None:
    question(world["reviews"][4:], world["person"], HOSTILE)
    visit = Visit(chromium, live_server.url, *WIDTHS[mode])
    issue = Issue.objects.get()
    for address in (
        "/audits/changereview/",
        "/audits/changereview/?state=overdue",
        "/audits/changereview/?state=questioned",
        "/audits/changereview/?state=all&q=nothing",
        f"/audits/issue/{issue.pk}/change/",
        f"/audits/rule/{issue.rule_id}/change/",
        "/accounts/ledgerentry/",
        "/accounts/ledgerentry/?from=2026-01-01&action=changed",
        f"/accounts/ledgerentry/{world['entry']}/change/",
        f"/accounts/accountgroup/{world['group'].pk}/change/",
    ):
        visit.look(address)
    assert visit.wrong == []


def test_changes_are_expected_and_questioned_by_hand(
    chromium: Any, live_server: Any, world: dict[str, Any]
) -> None:
    visit = Visit(chromium, live_server.url, 1440, "light")
    page = visit.page
    page.goto(f"{live_server.url}/audits/changereview/")
    badge = page.locator("#nav-sidebar a", has_text="Change inbox")
    assert "4" in badge.inner_text()
    page.get_by_label("Choose web").check()
    page.get_by_label("Ticket").fill("OPS-7")
    page.get_by_role("button", name="The chosen were expected").click()
    page.wait_for_selector("text=1 change is expected.")
    page.get_by_label("Choose db").check()
    page.get_by_role("button", name="Question the chosen").click()
    page.wait_for_selector("text=Say what is to be explained.")
    page.get_by_label("Choose db").check()
    page.get_by_label("In words").fill("Who opened port 22?")
    page.get_by_role("button", name="Question the chosen").click()
    page.wait_for_selector("text=1 change is questioned.")
    page.goto(f"{live_server.url}/audits/changereview/?state=questioned")
    page.click("text=its issue")
    page.wait_for_selector("text=Who opened port 22?")
    page.goto(f"{live_server.url}/accounts/ledgerentry/")
    page.click("text=ines questioned")
    page.wait_for_selector("text=Before and after")
    assert visit.wrong == []


def test_a_ledger_that_was_tampered_with_says_so(
    chromium: Any, live_server: Any, world: dict[str, Any]
) -> None:
    visit = Visit(chromium, live_server.url, 1440, "light")
    with connection.cursor() as cursor:
        cursor.execute("update accounts_ledgerentry set who = 'otto' where number = 1")
    visit.page.goto(f"{live_server.url}/accounts/ledgerentry/")
    assert "Entry 1 is not what was entered." in visit.page.get_by_role("alert").inner_text()
    assert visit.wrong == []
