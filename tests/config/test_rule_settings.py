"""What a setting decides is said where it counts; nobody saves one without seeing its reach."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Account, Grant, User
from audits.models import Issue, Rule, RuleSetting
from tests.audits.replaying import day, group, judge, look
from tests.factories import AccountFactory, GroupFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

ADD = "/audits/rulesetting/add/"
DAYS = {"days": {"type": "integer", "default": 90, "min": 1, "max": 400, "label": "Days"}}


@pytest.fixture
def account() -> Account:
    account = AccountFactory(name="prod")
    account.groups.add(GroupFactory(name="Finance"))
    return account


@pytest.fixture
def rule(account: Account) -> Rule:
    """A rule that found something on one of three groups; one of them is a laboratory's."""
    rule = a_rule("open", title="Open", score=7, expression="Open", identity="@", parameters=DAYS)
    look(
        account,
        day(1),
        group("a", Open=["22"]),
        group("b", Open=[]),
        group("c", Open=[], Tags=[{"Key": "env", "Value": "lab"}]),
    )
    return rule


def given(rule: Rule, **more: Any) -> dict[str, Any]:
    empty = {"pattern": "", "tag": "", "account": "", "group": "", "on": "unknown", "score": ""}
    return {"rule": rule.pk, **empty, "parameters": "{}", "reason": "Few people", **more}


def send(client: Client, setting: dict[str, Any], address: str = ADD) -> tuple[Any, Any]:
    """Send a setting; return the answer, and what it says of the reach."""
    response = client.post(address, setting)
    form = response.context and response.context["adminform"].form
    return response, form and form.touched


def test_a_setting_is_kept_only_after_its_reach_was_shown(rule: Rule, admin_client: Client) -> None:
    setting = given(rule, pattern="name of *", score=4)
    response, touched = send(admin_client, setting)
    assert (touched.judged, touched.items, touched.issues) == (3, 3, 1)
    assert "It holds for 3 of the 3 items" in response.content.decode()
    assert not RuleSetting.objects.exists()
    seen = response.context["adminform"].form["looked_at"].value()
    _, touched = send(
        admin_client, {**setting, "tag": "", "pattern": "name of a", "looked_at": seen}
    )
    assert touched.items == 1, "another scope is looked at anew"
    response, _ = send(admin_client, {**setting, "looked_at": seen})
    assert response.status_code == 302
    assert RuleSetting.objects.get().score == 4


@pytest.mark.parametrize(
    ("scope", "items"),
    [
        ({"tag": "env=lab"}, 1),
        ({"tag": "env=prod"}, 0),
        ({"pattern": "arn:?"}, 3),
        ({"pattern": "nothing*"}, 0),
    ],
)
def test_the_reach_is_told_as_rules_are_run(
    rule: Rule, admin_client: Client, scope: dict[str, str], items: int
) -> None:
    response, touched = send(admin_client, given(rule, score=1, **scope))
    assert touched.items == items
    assert ("It holds for nothing" in response.content.decode()) == (items == 0)


def test_a_narrower_setting_is_said_to_stand_over_a_wider_one(
    rule: Rule, account: Account, admin_client: Client
) -> None:
    RuleSetting.objects.create(rule=rule, pattern="name of a", score=1, reason="one")
    _, touched = send(admin_client, given(rule, account=account.pk, score=4))
    assert (touched.items, touched.narrower) == (3, 1)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ('{"day": 3}', "no parameter day. Did you mean days?"),
        ('{"days": "3"}', "is no integer"),
        ('{"days": 3.5}', "is no whole number"),
        ('{"days": 0}', "is less than 1"),
        ('{"days": 401}', "is more than 400"),
        ("[1]", "Parameters are an object"),
    ],
)
def test_parameters_are_held_to_what_the_rule_declares(
    rule: Rule, admin_client: Client, parameters: str, says: str
) -> None:
    response, touched = send(admin_client, given(rule, pattern="x", parameters=parameters))
    assert touched is None
    assert says in " ".join(response.context["adminform"].form.errors["parameters"])


def test_a_setting_that_says_nothing_is_refused(rule: Rule, admin_client: Client) -> None:
    response, _ = send(admin_client, given(rule, pattern="x"))
    assert "Say what is to hold" in response.content.decode()


def test_an_issue_says_which_setting_decided_and_why(
    rule: Rule, account: Account, admin_client: Client, admin_user: User
) -> None:
    finance = account.groups.get()
    for scope, score in (({"group": finance.pk}, 4), ({"account": account.pk}, 5)):
        response, _ = send(admin_client, given(rule, score=score, **scope))
        seen = response.context["adminform"].form["looked_at"].value()
        send(admin_client, given(rule, score=score, **scope, looked_at=seen))
    RuleSetting.objects.create(
        rule=rule, group=finance, parameters={"days": 30}, reason="They asked"
    )
    issue = Issue.objects.get()
    address = f"/audits/issue/{issue.pk}/change/"
    assert "the next judging makes the score 5" in admin_client.get(address).content.decode()
    judge(account, day(2))
    response = admin_client.get(address)
    score, days = response.context["settled"]["decisions"]
    assert score["what"] == "Score 5 instead of 7"
    assert (score["kind"], score["scope"], score["reason"]) == ("account", "prod", "Few people")
    assert score["by"] == admin_user
    assert score["over"] == [("account group", "Finance")]
    assert days["what"] == "Days: 30 instead of 90"
    text = response.content.decode()
    assert "Narrower than account group Finance" in text
    assert "because “They asked”" in text
    assert "the next judging" not in text


def test_among_equals_the_issue_says_that_the_higher_score_won(
    rule: Rule, account: Account, admin_client: Client
) -> None:
    issue = Issue.objects.get()
    RuleSetting.objects.create(rule=rule, account=account, score=1, reason="quiet")
    for score, pattern in ((8, issue.item.name), (3, "*")):
        RuleSetting.objects.create(rule=rule, pattern=pattern, score=score, reason="by name")
    page = admin_client.get(f"/audits/issue/{issue.pk}/change/").content.decode()
    assert "Score 8 instead of 7" in page
    assert "Narrower than account prod." in page
    assert "Scored higher than name *." in page


def test_a_rule_that_is_switched_off_says_so_until_the_issue_is_closed(
    rule: Rule, account: Account, admin_client: Client
) -> None:
    RuleSetting.objects.create(rule=rule, account=account, on=False, reason="Not here")
    issue = Issue.objects.get()
    address = f"/audits/issue/{issue.pk}/change/"
    assert "The rule is switched off here" in admin_client.get(address).content.decode()
    judge(account, day(2))
    assert "switched off" not in admin_client.get(address).content.decode()


def test_a_setting_that_never_held_for_anything_is_shown_as_such(
    rule: Rule, account: Account, admin_client: Client
) -> None:
    dead = RuleSetting.objects.create(rule=rule, pattern="typo-*", score=1, reason="x")
    live = RuleSetting.objects.create(rule=rule, pattern="name of a", score=1, reason="x")
    judge(account, day(2))
    found = admin_client.get("/audits/rulesetting/?matched=nothing").context["cl"].result_list
    assert list(found) == [dead]
    page = f"/audits/rulesetting/{dead.pk}/change/"
    assert "It has held for nothing so far" in admin_client.get(page).content.decode()
    live.refresh_from_db()
    assert live.matched_at == day(2)
    change = f"/audits/rulesetting/{live.pk}/change/"
    response, _ = send(admin_client, given(rule, pattern="name of z", score=1), change)
    seen = response.context["adminform"].form["looked_at"].value()
    send(admin_client, given(rule, pattern="name of z", score=1, looked_at=seen), change)
    live.refresh_from_db()
    assert (live.pattern, live.matched_at) == ("name of z", None)


def test_only_the_reason_is_changed_without_ado(rule: Rule, admin_client: Client) -> None:
    setting = RuleSetting.objects.create(rule=rule, pattern="x", score=1, reason="old")
    address = f"/audits/rulesetting/{setting.pk}/change/"
    response, _ = send(admin_client, given(rule, pattern="x", score=1, reason="new"), address)
    assert response.status_code == 302


def test_the_reach_counts_only_what_the_editor_may_see(rule: Rule, account: Account) -> None:
    other = AccountFactory(name="hidden-haven")
    other.groups.add(GroupFactory())
    look(other, day(1), group("z", Open=["1"]))
    user = UserFactory()
    finance = account.groups.get()
    Grant.objects.create(user=user, role=Group.objects.get(name="rule editor"), group=finance)
    client = Client()
    client.force_login(user)
    response, touched = send(client, given(rule, group=finance.pk, score=1))
    assert (touched.judged, touched.items, touched.issues) == (3, 3, 1)
    assert "hidden-haven" not in response.content.decode()
