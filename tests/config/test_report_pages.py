"""The pages of weekly reports: who sees which, and what they say of a week that nobody was told."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Account, Grant, User
from notifications.models import Report, Subscription
from notifications.report.made import report_of
from notifications.report.planning import plan
from tests.audits.replaying import dated, day, group, look, rule_at
from tests.factories import AccountFactory, GroupFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> dict[str, Any]:
    """Two accounts in groups of their own, each with an issue since the tenth of March."""
    rule_at(day(1, 1), "open", title="Open", expression="Open", score=9)
    made: dict[str, Any] = {}
    for name in ("mine", "theirs"):
        with dated(day(1, 0)):
            account = AccountFactory(name=name)
            made[f"group {name}"] = GroupFactory(name=name)
            account.groups.add(made[f"group {name}"])
        look(account, day(10), group(f"sg-{name}", Open=True))
        told = SubscriptionFactory(name=f"About {name}")
        told.accounts.add(account)
        made[name], made[f"told {name}"] = account, told
    made["told all"] = SubscriptionFactory(name="About all")
    return made


def kept(told: Subscription) -> Report:
    delivery, _ = plan(told, day(15).date(), day(16))
    return report_of(delivery)


def limited(company: dict[str, Any], name: str = "mine") -> Client:
    person: User = UserFactory()
    viewer = Group.objects.get(name="viewer")
    Grant.objects.create(user=person, role=viewer, group=company[f"group {name}"])
    client = Client()
    client.force_login(person)
    return client


def test_only_who_sees_every_account_of_a_report_sees_it(company: dict[str, Any]) -> None:
    reports = {name: kept(company[f"told {name}"]) for name in ("mine", "theirs", "all")}
    client = limited(company)
    listed = client.get("/notifications/report/").context["cl"].result_list
    assert [one.name for one in listed] == ["About mine"]
    status = {
        name: client.get(f"/notifications/report/{one.pk}/change/").status_code
        for name, one in reports.items()
    }
    assert status == {"mine": 200, "theirs": 404, "all": 404}


def test_a_report_stays_hidden_when_its_subscription_is_narrowed_later(
    company: dict[str, Any],
) -> None:
    report = kept(company["told all"])
    company["told all"].accounts.add(company["mine"])
    assert limited(company).get(f"/notifications/report/{report.pk}/change/").status_code == 404


def test_any_week_has_a_page_with_the_numbers_that_would_have_been_sent(
    admin_client: Client, company: dict[str, Any]
) -> None:
    told = company["told mine"]
    address = f"/notifications/subscription/{told.pk}/report/?week=2026-03-12"
    page = admin_client.get(address)
    assert "Nothing was sent for this week" in page.content.decode()
    figures = page.context["report"].figures
    assert not Report.objects.exists()
    report = kept(told)
    assert report.figures["score"] == figures["score"] == {"now": 9, "before": 0}
    moved = admin_client.get(address)
    assert moved.headers["Location"] == f"/notifications/report/{report.pk}/change/"
    shown = admin_client.get(moved.headers["Location"]).content.decode()
    assert report.figures["headline"] in shown
    assert "week=2026-03-08" in shown
    assert "week=2026-03-22" in shown


@pytest.mark.parametrize("asked", ["week=soon", "week=2999-01-01", "week=0001-01-01", "week=%00"])
def test_a_week_that_cannot_be_has_no_page(
    admin_client: Client, company: dict[str, Any], asked: str
) -> None:
    address = f"/notifications/subscription/{company['told mine'].pk}/report/?{asked}"
    assert admin_client.get(address).status_code == 404


def test_weeks_of_foreign_subscriptions_have_no_page(company: dict[str, Any]) -> None:
    client = limited(company)
    for name, status in (("mine", 200), ("theirs", 404), ("all", 404)):
        told = company[f"told {name}"]
        assert told.pk
        address = f"/notifications/subscription/{told.pk}/report/?week=2026-03-12"
        assert client.get(address).status_code == status, name


def test_a_person_is_shown_of_their_own_what_they_may_see(company: dict[str, Any]) -> None:
    client = limited(company)
    person = User.objects.get(pk=client.session["_auth_user_id"])
    own = SubscriptionFactory(name="Mine", owner=person)
    form = client.get(f"/notifications/ownsubscription/{own.pk}/change/").content.decode()
    assert f'href="/notifications/subscription/{own.pk}/report/"' in form
    address = f"/notifications/subscription/{own.pk}/report/?week=2026-03-12"
    assert (
        f"/notifications/ownsubscription/{own.pk}/change/" in client.get(address).content.decode()
    )
    assert client.get(address).context["report"].figures["open"]["now"] == 1
    assert set(kept(own).accounts.all()) == {company["mine"]}
    assert client.get("/notifications/report/").context["cl"].result_count == 1
    assert Account.objects.count() == 2
