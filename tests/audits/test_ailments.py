"""Each ailment of a rule is found where it is, and nowhere else."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Grant, User
from audits import ailments
from audits.ailments import Ailment, Examination
from audits.linting import faults
from audits.models import BlindSpot, Effort, Issue, Rule
from audits.reviewing import justify
from audits.traits import joined, traits
from items.models import Item
from tests.audits.replaying import dated, group, judge, look
from tests.factories import AccountFactory, GroupFactory, IssueFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

OPEN = {"expression": "Open", "identity": "@"}


@pytest.fixture
def account() -> Account:
    return AccountFactory(name="prod")


@pytest.fixture
def editor() -> User:
    return UserFactory(is_superuser=True)


def found(user: Any) -> set[tuple[str, str]]:
    keys = dict(Rule.objects.values_list("pk", "key"))
    return {(keys[one.rule], one.ailment.value) for one in Examination.by(user).found}


def ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)


def test_a_rule_that_found_nothing_for_90_days_is_silent(account: Account, editor: User) -> None:
    for key, began in (("old", 91), ("young", 89), ("speaks", 200), ("spoke", 200), ("long", 200)):
        with dated(ago(began)):
            rule = a_rule(key, expression="Never")
        if key in ("speaks", "spoke", "long"):
            ended = {"speaks": None, "spoke": ago(89), "long": ago(91)}[key]
            IssueFactory(version=rule.active, fixed_at=ended, opened_at=ago(150))
    assert found(editor) == {("old", "silent"), ("long", "silent")}


def test_a_break_in_force_begins_the_90_days_anew(editor: User) -> None:
    with dated(ago(200)):
        rule = a_rule("broken off", expression="Never")
    for state, days in ((Rule.State.RETIRED, 100), (Rule.State.ACTIVE, 10)):
        with dated(ago(days)):
            rule.state = state
            rule.save()
    assert found(editor) == set()
    with dated(ago(300)):
        a_rule("edited", expression="Never")
    with dated(ago(1)):
        a_rule("edited", expression="Nothing")
    assert found(editor) == {("edited", "silent")}, "another version is no break"


def test_a_rule_of_which_nearly_everything_is_justified_is_told(
    account: Account, editor: User
) -> None:
    for key, every, accepted in (("most", 10, 9), ("some", 10, 8), ("few", 4, 4)):
        rule = a_rule(key)
        issues = [IssueFactory(version=rule.active) for _ in range(every)]
        justify(issues[:accepted], editor, "It is meant.")
    assert found(editor) == {("most", "accepted")}


def test_a_rule_that_fails_is_told_apart_from_one_that_cannot_read(
    account: Account, editor: User
) -> None:
    a_rule("fails", expression="sort(Mixed)")
    a_rule("blind", expression="Tags[?Key == 'a']")
    a_rule("well", expression="Open[]")
    look(account, ago(1), group("a", ("Tags",), Mixed=[1, "a"], Open=[]))
    assert found(editor) == {("fails", "broken"), ("blind", "blind")}
    assert BlindSpot.objects.filter(rule__key="fails", reason__startswith="The rule failed")
    look(account, ago(0), group("a", Mixed=[1, 2], Open=[], Tags=[]))
    assert found(editor) == set()


def test_what_a_rule_takes_is_kept_by_version_and_a_slow_one_told(
    account: Account, editor: User
) -> None:
    rule = a_rule("dear", expression="Open[?@ == '99'].to_string(@)")
    look(account, ago(3), *(group(f"g{n}", Open=["1", "2", "3"]) for n in range(60)))
    effort = Effort.objects.get()
    assert (effort.items, effort.rule) == (60, rule)
    assert effort.steps > 60
    assert 0 < effort.seconds < 5
    look(account, ago(2), *(group(f"g{n}", Open=["22"]) for n in range(60)))
    assert Effort.objects.get().items == 120
    assert found(editor) == set()
    Effort.objects.update(seconds=120 * ailments.SLOW_SECONDS)
    assert found(editor) == {("dear", "slow")}
    Effort.objects.update(seconds=0, steps=120 * ailments.SLOW_STEPS)
    assert found(editor) == {("dear", "slow")}
    a_rule("dear", expression="Open[?@ == '22']")
    assert found(editor) == set(), "what an older version took says nothing"
    judge(account, ago(0))
    assert Effort.objects.get().items == 60


def test_what_accepted_items_share_is_offered_as_a_condition(
    account: Account, editor: User, admin_client: Client
) -> None:
    rule = a_rule("open", applies_when="GroupId", **OPEN)
    lab = [{"Key": "it's", "Value": "a `lab`\\"}]
    items = [group(f"lab-{n}", Open=["22"], Tags=lab, Vpc="v1") for n in range(9)]
    items += [group("web-1", Open=["22"], Tags=[], Vpc="v1")]
    items += [group(f"db-{n}", Open=[], Tags=[], Vpc="v1") for n in range(9)]
    look(account, ago(1), *items)
    Item.objects.update(name=F("uid"))
    meant = Issue.objects.filter(item__uid__startswith="lab")
    justify(meant, editor, "A laboratory.")
    offered = Examination.by(editor).traits_of(rule.pk)
    assert [one.words for one in offered] == ["name begins with lab-", "tag it's is a `lab`\\"]
    trait = offered[1]
    assert (trait.accepted, trait.of, trait.failing, trait.rest) == (9, 9, 0, 0)
    condition = joined("GroupId", trait.applies_when)
    text = {"technologies": ["aws.ec2.security_group"], "score": 1, "expression": "Open"}
    assert faults({**text, "applies_when": condition}) == {}

    page = admin_client.get("/rules/health/")
    (group_of,) = [one for one in page.context["groups"] if one["count"]]
    (row,) = group_of["rows"]
    bench = admin_client.get(row["traits"][1]["bench"])
    assert bench.context["form"]["applies_when"].value() == condition

    a_rule("open", applies_when=condition)
    judge(account, ago(0))
    assert set(Issue.objects.open().values_list("item__uid", flat=True)) == {"web-1"}


def test_names_and_accounts_in_common_are_found_and_what_all_have_is_not(
    account: Account, editor: User
) -> None:
    other = AccountFactory(name="lab", identifier="999999999999")
    look(account, ago(1), *(group(f"app.{n}", Same="x", Number=str(n)) for n in range(6)))
    look(other, ago(1), *(group(f"tmp.{n}", Same="x", Number=str(n)) for n in range(6)))
    rows = Item.objects.select_related("account")
    rows.update(name=F("uid"))
    accepted, rest = list(rows.filter(account=other)), list(rows.filter(account=account))
    offered = {one.words: one.applies_when for one in traits(accepted, [], rest)}
    assert offered == {
        "account lab": "account().identifier != '999999999999'",
        "name begins with tmp.": "!matches(item().name, '^tmp[.]')",
    }


def test_the_page_and_the_list_show_the_same_rules(account: Account, admin_client: Client) -> None:
    empty = admin_client.get("/rules/health/")
    assert "No rule is in force" in empty.content.decode()
    a_rule("well", expression="Open[]")
    assert "Nothing speaks against any" in admin_client.get("/rules/health/").content.decode()
    with dated(ago(100)):
        silent = a_rule("silent", expression="Never")
    blind = a_rule("blind", expression="Tags")
    look(account, ago(1), group("a", ("Tags",)))
    page = admin_client.get("/rules/health/")
    shown = {one["ailment"]: [row["rule"] for row in one["rows"]] for one in page.context["groups"]}
    assert shown[Ailment.SILENT] == [silent]
    assert shown[Ailment.BLIND] == [blind]
    for ailment in Ailment:
        rules = admin_client.get(f"/audits/rule/?health={ailment.value}")
        assert list(rules.context["cl"].result_list) == shown[ailment] or not shown[ailment]
    assert "The rule" not in admin_client.get("/audits/rule/?health=nonsense").content.decode()


def test_nobody_learns_of_what_is_not_granted(account: Account, editor: User) -> None:
    mine = GroupFactory()
    account.groups.add(mine)
    hidden = AccountFactory(name="hidden-haven")
    a_rule("blind", expression="Tags")
    look(hidden, ago(1), group("a", ("Tags",)))
    look(account, ago(1), group("b", Tags=[]))
    user = UserFactory()
    client = Client()
    client.force_login(user)
    assert client.get("/rules/health/").status_code == 403
    Grant.objects.create(user=user, role=Group.objects.get(name="rule editor"), group=mine)
    assert found(editor) == {("blind", "blind")}
    page = client.get("/rules/health/")
    assert page.context["ailing"] == 0
    assert "hidden-haven" not in page.content.decode()


def test_the_page_asks_a_bounded_number_of_questions(
    account: Account, editor: User, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        rule = a_rule(f"rule{number}", **OPEN)
        justify([IssueFactory(version=rule.active) for _ in range(5)], editor, "Meant.")
    admin_client.get("/rules/health/")
    with django_assert_max_num_queries(35):
        page = admin_client.get("/rules/health/")
    assert page.context["ailing"] == 12
