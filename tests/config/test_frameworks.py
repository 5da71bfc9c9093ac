"""The pages of frameworks: how controls stood, on any day, for whom, and nothing that runs."""

import csv
import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AccountGroup, Grant, User
from audits.loading_frameworks import load_frameworks
from audits.models import Control, Framework, Issue
from tests.audits.replaying import dated, day, group, judge, justify_at, look, rule_at
from tests.factories import AccountFactory, GroupFactory, UserFactory

pytestmark = pytest.mark.django_db

OPEN = {"expression": "Open", "identity": "@", "controls": ["House 1"], "title": "Open"}
TAGLESS = {"expression": "empty(Tags)", "controls": ["House 1", "House 2"], "title": "Tagless"}


@pytest.fixture
def house() -> Framework:
    framework = Framework.objects.create(key="house", name="House", title="The rules of the house")
    for order, (number, automated) in enumerate(
        {"1": True, "2": True, "3": True, "4": False}.items()
    ):
        Control.objects.create(
            framework=framework,
            number=number,
            title=f"Control {number}",
            section="Doors",
            order=order,
            automated=automated,
        )
    return framework


@pytest.fixture
def account(house: Framework) -> Account:
    """An account that was in order on the first day, and less so on the third."""
    with dated(day(1, 0)):
        account = AccountFactory(name="prod")
    rule_at(day(1, 1), "open", **OPEN)
    rule_at(day(1, 1), "tagless", **TAGLESS)
    look(account, day(1), group("a", Open=[], Tags=["x"]), group("b", Open=[], Tags=["x"]))
    look(account, day(3), group("a", Open=["22"], Tags=["x"]), group("b", Open=[]))
    return account


def states(client: Client, query: str = "") -> dict[str, str]:
    response = client.get(f"/frameworks/house/{query}")
    assert response.status_code == 200
    rows = [row for _, rows in response.context["sections"] for row in rows]
    return {row["control"].number: row["state"].label for row in rows}


def test_a_page_says_how_controls_stood_on_its_day(account: Account, admin_client: Client) -> None:
    untold = {"3": "not watched", "4": "people must look"}
    assert states(admin_client, "?day=2026-03-01") == {"1": "pass", "2": "pass", **untold}
    assert states(admin_client, "?day=2026-03-03") == {"1": "fail", "2": "fail", **untold}
    nothing = {"1": "not watched", "2": "not watched"}
    assert states(admin_client, "?day=2026-02-01") == nothing | untold


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-31", "2999-01-01", "0001-01-01", "\0"])
def test_what_is_no_past_day_means_now(account: Account, admin_client: Client, text: str) -> None:
    response = admin_client.get("/frameworks/house/", {"day": text})
    assert response.context["asked"].day.now
    assert response.context["summary"]["failing"] == 2


def test_a_check_counts_once_in_the_framework_however_many_controls_it_has(
    account: Account, admin_client: Client
) -> None:
    response = admin_client.get("/frameworks/house/?day=2026-03-03")
    tally = response.context["summary"]["tally"]
    assert (tally.passed, tally.failed) == (2, 2)


def test_each_number_leads_to_as_many_checks(account: Account, admin_client: Client) -> None:
    justify_at(day(4), Issue.objects.get(item__uid="a"), UserFactory(is_superuser=True))
    for query in ("?day=2026-03-01", "?day=2026-03-03", "?day=2026-03-05", ""):
        response = admin_client.get(f"/frameworks/house/{query}")
        rows = [row for _, rows in response.context["sections"] for row in rows]
        numbers = [one for row in rows for one in row["numbers"] if one["count"]]
        assert numbers
        for number in numbers:
            page = admin_client.get(number["link"])
            assert page.context["total"] == number["count"], number
            assert len(page.context["checks"]) == number["count"]
            for rule in page.context["rules"]:
                for one in rule["numbers"]:
                    assert len(admin_client.get(one["link"]).context["checks"]) == one["count"]


def test_many_checks_are_shown_page_after_page(house: Framework, admin_client: Client) -> None:
    with dated(day(1, 0)):
        account = AccountFactory()
    rule_at(day(1, 1), "open", **OPEN)
    rule_at(day(1, 1), "tagless", **TAGLESS)
    look(account, day(1), *(group(f"g{n:03}", Open=["22"]) for n in range(60)))
    seen: list[Any] = []
    address = "/frameworks/house/control/1/?state=failed"
    while address:
        context = admin_client.get(address).context
        seen += [(check.rule.rule, check.item.pk) for check in context["checks"]]
        address = context["older"]
    assert len(seen) == len(set(seen)) == 120


def test_two_days_are_compared(account: Account, admin_client: Client) -> None:
    look(account, day(5), group("a", Open=[], Tags=["x"]), group("b", Open=[]))
    worse = admin_client.get("/frameworks/house/?day=2026-03-03&with=2026-03-01").context["moves"]
    assert [(one["control"].number, one["better"]) for one in worse] == [("1", False), ("2", False)]
    back = admin_client.get("/frameworks/house/?day=2026-03-01&with=2026-03-03").context["moves"]
    assert {one["better"] for one in back} == {True}
    begun = admin_client.get("/frameworks/house/?day=2026-03-03&with=2026-02-01").context["moves"]
    assert [one["better"] for one in begun] == [None, None], "what was not watched got no worse"
    text = admin_client.get("/frameworks/house/?day=2026-03-03&with=2026-03-05").content.decode()
    assert "No control stands differently." in text


def test_a_rule_that_was_not_run_on_everything_lets_no_control_pass(
    account: Account, admin_client: Client
) -> None:
    look(account, day(5), group("a", Open=[], Tags=["x"]), group("b", Open=[], Tags=["x"]))
    assert states(admin_client)["1"] == "pass"
    rule_at(day(6), "open", title="Wider")
    assert states(admin_client)["1"] == "no answer"
    page = admin_client.get("/frameworks/house/control/1/?state=unknown")
    assert page.context["total"] == 2
    assert "not run everywhere yet" in page.content.decode()
    judge(account, day(7))
    assert states(admin_client)["1"] == "pass"


def test_the_table_for_a_spreadsheet_holds_no_formula(
    account: Account, admin_client: Client
) -> None:
    evil = '=HYPERLINK("http://evil","x")'
    Control.objects.filter(number="1").update(title=evil, section="@SUM(1)")
    Account.objects.update(name="+cmd|' /C calc'!A0")
    response = admin_client.get(
        f"/frameworks/house/?export=csv&day=2026-03-03&account={account.pk}"
    )
    assert "house-2026-03-03.csv" in response["Content-Disposition"]
    rows = list(csv.DictReader(StringIO(response.getvalue().decode())))
    assert [row["control"] for row in rows] == ["1", "2", "3", "4"]
    assert (rows[0]["state"], rows[0]["failed"], rows[0]["passed"]) == ("fail", "2", "2")
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if re.match(r"[=+\-@\t\r\n]", cell)]
    assert f"'{evil}" in cells


def test_every_shipped_control_has_a_page(admin_client: Client) -> None:
    load_frameworks()
    Control.objects.filter(number="AC-1").update(number="a/b ?#%..")
    for framework in Framework.objects.prefetch_related("controls"):
        page = admin_client.get(f"/frameworks/{framework.key}/")
        rows = [row for _, rows in page.context["sections"] for row in rows]
        assert len(rows) == framework.controls.count()
        for row in (rows[0], rows[-1]):
            assert admin_client.get(row["link"]).context["control"] == row["control"]


def viewer(of: AccountGroup) -> Client:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=of)
    client = Client()
    client.force_login(user)
    return client


def test_nobody_counts_what_is_not_granted(account: Account) -> None:
    mine, theirs = GroupFactory(name="mine"), GroupFactory(name="their secret group")
    with dated(day(1, 0)):
        other = AccountFactory(name="hidden-haven")
    other.groups.add(theirs)
    look(other, day(2), group("z", Open=["1"], Tags=["x"]))
    account.groups.add(mine)
    client = viewer(theirs)
    response = client.get("/frameworks/house/?day=2026-03-05")
    assert response.context["summary"]["tally"].failed == 1
    assert "prod" not in response.content.decode()
    response = viewer(mine).get(f"/frameworks/house/control/1/?account={other.pk}")
    assert response.context["line"].tally.failed == 2
    assert "hidden-haven" not in response.content.decode()
    assert "secret group" not in response.content.decode()
    stranger = Client()
    stranger.force_login(UserFactory())
    for page in ("", "house/", "house/?export=csv", "house/control/1/"):
        assert stranger.get(f"/frameworks/{page}").status_code == 403
    assert viewer(mine).get("/frameworks/none/").status_code == 404
    assert viewer(mine).get("/frameworks/house/control/9/").status_code == 404


def test_accounts_and_groups_filter_what_is_counted(account: Account, admin_client: Client) -> None:
    with dated(day(1, 0)):
        other = AccountFactory(name="other")
    team = GroupFactory()
    other.groups.add(team)
    look(other, day(3), group("z", Open=["1"], Tags=["x"]))
    for query, failed in (("", 3), (f"account={account.pk}", 2), (f"group={team.pk}", 1)):
        response = admin_client.get(f"/frameworks/house/?day=2026-03-03&{query}")
        assert response.context["summary"]["tally"].failed == failed
    kept = admin_client.get(f"/frameworks/?day=2026-03-03&group={team.pk}")
    assert f"group={team.pk}" in kept.context["rows"][0]["link"]


def test_the_pages_of_nothing_say_what_fills_them(admin_client: Client, admin_user: User) -> None:
    assert "manage.py loadpacks" in admin_client.get("/frameworks/").content.decode()
    Framework.objects.create(key="house", name="House", title="The rules of the house")
    assert "No account was watched then" in admin_client.get("/frameworks/").content.decode()
    assert "No account was watched" in admin_client.get("/frameworks/house/").content.decode()


@pytest.mark.parametrize("page", ["", "house/", "house/control/1/"])
def test_pages_ask_a_bounded_number_of_questions(
    account: Account, admin_client: Client, page: str, django_assert_max_num_queries: Any
) -> None:
    with dated(day(1, 0)):
        for _ in range(5):
            look(AccountFactory(), day(1), *(group(f"g{n}", Open=["1"]) for n in range(10)))
    yesterday = timezone.localdate() - timedelta(days=1)
    admin_client.get(f"/frameworks/{page}")
    with django_assert_max_num_queries(26):
        admin_client.get(f"/frameworks/{page}?day={yesterday}")
