"""What rules know beside an item: what it was before, what is open elsewhere, other items."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from audits import world as worlds
from audits.engine import evaluate
from audits.examples import example_context
from audits.functions.base import Unread
from audits.models import BlindSpot, Dependency, Issue, Judged
from audits.world import World
from config import pipeline
from config.scheduling import stale_slices
from items.earlier import before_last_change
from items.models import Item, Kind, Slice
from tests.factories import AccountFactory, ItemFactory, a_rule

POLICIES, ROLES = "aws.iam.policy", "aws.iam.role"


@pytest.fixture
def account(db: None) -> Account:
    account = AccountFactory()
    for technology in (POLICIES, ROLES):
        Slice.objects.create(account=account, technology=technology, read_at=timezone.now())
    return account


def policy(account: Account, name: str, **config: Any) -> Item:
    arn = f"arn:aws:iam::{account.identifier}:policy/{name}"
    return ItemFactory(
        account=account,
        technology=POLICIES,
        uid=f"ANPA{name}",
        name=name,
        full_name=arn,
        config={"PolicyId": f"ANPA{name}", "Arn": arn, **config},
    )


def role(account: Account, *attached: Item) -> Item:
    config = {"Attached": [one.config["Arn"] for one in attached]}
    return ItemFactory(account=account, technology=ROLES, config=config)


def judge(account: Account, technology: str) -> None:
    pipeline.judge(account.pk, technology)


# -- what it was before ---------------------------------------------------------------------------


def revise(item: Item, kind: Kind, **config: Any) -> None:
    item.config = {**item.config, **config}
    Item.objects.filter(pk=item.pk).update(config=item.config)
    Item.history.model.objects.create(
        **{field.attname: getattr(item, field.attname) for field in Item._meta.concrete_fields},
        kind=kind,
        history_date=timezone.now() + timedelta(seconds=Item.history.count()),
        history_type="~",
    )


@pytest.fixture
def changing(account: Account) -> Item:
    item = policy(account, "a", size=1)
    Item.history.all().delete()
    revise(item, Kind.CREATED)
    return item


def test_what_never_changed_was_nothing_before(changing: Item) -> None:
    revise(changing, Kind.COMPLETED, more="read")
    assert before_last_change([changing]) == {}


def test_before_the_last_change_stands_what_was_completed_by_then(changing: Item) -> None:
    revise(changing, Kind.COMPLETED, more="read")
    revise(changing, Kind.CHANGED, size=2)
    revise(changing, Kind.COMPLETED, most="read")
    before = before_last_change([changing])[changing.pk]
    assert (before["size"], before["more"]) == (1, "read")
    assert "most" not in before


def test_looking_back_takes_two_queries_for_all(
    changing: Item, account: Account, django_assert_num_queries: Any
) -> None:
    others = [policy(account, f"p{place}") for place in range(5)]
    revise(changing, Kind.CHANGED, size=2)
    with django_assert_num_queries(2):
        before_last_change([changing, *others])


def test_a_rule_on_changes_finds_what_changed_until_the_next_change(
    changing: Item, account: Account
) -> None:
    a_rule(technologies=[POLICIES], expression="changed(&size) && previous().size")
    judge(account, POLICIES)
    assert not Issue.objects.exists()
    revise(changing, Kind.CHANGED, size=2)
    Judged.objects.update(stale="cloud")
    judge(account, POLICIES)
    assert Issue.objects.open().get().evidence == 1
    revise(changing, Kind.CHANGED, name="other")
    Judged.objects.update(stale="cloud")
    judge(account, POLICIES)
    assert not Issue.objects.open().exists()


# -- what is open elsewhere -----------------------------------------------------------------------


@pytest.fixture
def inherited(account: Account) -> None:
    a_rule("bad", technologies=[POLICIES], expression="Bad", score=8)
    a_rule(
        "inherits",
        technologies=[ROLES],
        expression=f"open_issues('{POLICIES}', 'Arn', Attached)[?score >= `5`]",
        identity="[rule, id]",
    )


@pytest.mark.usefixtures("inherited")
def test_what_opens_and_closes_elsewhere_wakes_who_read_it(account: Account) -> None:
    bad, fine = policy(account, "bad", Bad=False), policy(account, "fine")
    holder, other = role(account, bad), role(account, fine)
    judge(account, POLICIES)
    judge(account, ROLES)
    assert stale_slices(timezone.now()) == []
    assert not Issue.objects.exists()

    Item.objects.filter(pk=bad.pk).update(config={**bad.config, "Bad": True})
    Judged.objects.filter(technology=POLICIES).update(stale="cloud")
    judge(account, POLICIES)
    assert stale_slices(timezone.now()) == [(account.pk, ROLES)]
    judge(account, ROLES)
    issue = Issue.objects.get(item=holder)
    assert issue.evidence == {
        "rule": "bad",
        "title": "A rule",
        "score": 8,
        "id": "ANPAbad",
        "name": "bad",
    }
    assert issue.events.get().cause == "cloud"
    assert not Issue.objects.filter(item=other).exists()

    a_rule("bad", score=3)
    judge(account, POLICIES)
    judge(account, ROLES)
    issue.refresh_from_db()
    assert issue.state == "fixed"
    assert issue.events.last().cause == "rule"
    assert stale_slices(timezone.now()) == []


@pytest.mark.usefixtures("inherited")
def test_what_is_open_in_another_account_is_not_told(account: Account) -> None:
    other = AccountFactory()
    Slice.objects.create(account=other, technology=POLICIES, read_at=timezone.now())
    bad = policy(other, "bad", Bad=True)
    judge(other, POLICIES)
    assert Issue.objects.count() == 1
    role(account, bad)
    judge(account, ROLES)
    assert not Issue.objects.filter(item__account=account).exists()


def test_rules_that_read_issues_do_not_read_each_other(account: Account) -> None:
    text = "empty(open_issues('{}', '{}', {}))"
    a_rule("one", technologies=[POLICIES], expression=text.format(ROLES, "Attached[]", "[Arn]"))
    a_rule("two", technologies=[ROLES], expression=text.format(POLICIES, "Arn", "Attached"))
    role(account, policy(account, "a"))
    for _ in range(3):
        judge(account, POLICIES)
        judge(account, ROLES)
    assert Issue.objects.open().count() == 2
    assert stale_slices(timezone.now()) == []


def test_what_could_not_be_read_is_not_free_of_issues(account: Account, inherited: None) -> None:
    holder = role(account, policy(account, "a"))
    config = {"Attached": ["arn:of:something:else"]}
    Item.objects.filter(pk=holder.pk).update(config=config)
    Slice.objects.filter(technology=POLICIES).update(read_at=None)
    judge(account, ROLES)
    assert "has not been read completely" in BlindSpot.objects.get(until=None).reason


# -- other items, within bounds -------------------------------------------------------------------


def test_an_id_is_asked_of_the_index_and_not_by_reading_everything(
    account: Account, django_assert_num_queries: Any
) -> None:
    wanted = [policy(account, f"p{place}") for place in range(3)]
    world = World(account)
    with django_assert_num_queries(1) as asked:
        answer = world.find(POLICIES, "Arn", [wanted[0].config["Arn"]])
    assert [one.uid for one in answer.found] == [wanted[0].uid]
    assert "full_name" in asked.captured_queries[0]["sql"]
    assert world.find(POLICIES, "Arn", [wanted[1].config["Arn"], "nowhere"]).all_there is False


def test_many_questions_are_answered_from_an_index_of_ours(
    account: Account, django_assert_max_num_queries: Any
) -> None:
    for place in range(60):
        policy(account, f"p{place}")
    world = World(account)
    with django_assert_max_num_queries(worlds.SINGLE + 1):
        found = [world.find(POLICIES, "PolicyId", [f"ANPAp{place}"]) for place in range(60)]
    assert all(len(answer.found) == 1 and answer.all_there for answer in found)


def test_both_ways_of_asking_answer_alike(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [policy(account, f"p{place}") for place in range(3)]
    gone = policy(account, "gone")
    Item.objects.filter(pk=gone.pk).update(gone_at=timezone.now())
    questions = [
        [items[0].config["Arn"]],
        [items[1].config["Arn"], "nowhere"],
        [gone.config["Arn"]],
        [],
    ]
    by_column = [World(account).find(POLICIES, "Arn", one) for one in questions]
    monkeypatch.setattr(worlds, "SINGLE", 0)
    assert [World(account).find(POLICIES, "Arn", one) for one in questions] == by_column


@pytest.mark.parametrize(
    ("bound", "expression"),
    [
        ("MOST_RELATED", f"count(related('{POLICIES}')) && Attached"),
        ("MOST_INDEXED", f"count(lookup('{POLICIES}', 'Odd', ['x'])) && Attached"),
    ],
)
def test_too_many_other_items_make_a_rule_unknown(
    account: Account, monkeypatch: pytest.MonkeyPatch, bound: str, expression: str
) -> None:
    monkeypatch.setattr(worlds, bound, 2)
    for place in range(4):
        policy(account, f"p{place}", Odd="x")
    role(account)
    a_rule(technologies=[ROLES], expression=expression)
    judge(account, ROLES)
    assert BlindSpot.objects.filter(until=None).count() == 1
    with pytest.raises(Unread):
        World(account).related(POLICIES) if bound == "MOST_RELATED" else World(account).find(
            POLICIES, "Odd", ["x"]
        )


def test_a_look_at_issues_is_kept_by_path_and_value(account: Account, inherited: None) -> None:
    role(account, policy(account, "a"))
    judge(account, ROLES)
    assert set(Dependency.objects.values_list("path", flat=True)) == {"issues: Arn"}


# -- names ----------------------------------------------------------------------------------------


class Rule:
    applies_when = identity = extent = notes = ""

    def __init__(self, expression: str) -> None:
        self.expression = expression


def selected(expression: str, config: Any, **given: Any) -> list[Any]:
    verdict = evaluate(Rule(expression), example_context(None, config, given))
    assert verdict.outcome != "unknown", verdict.reason
    return [finding.evidence for finding in verdict.findings]


def test_names_nest_and_end_with_their_expression() -> None:
    config = {"A": [{"n": 1, "B": [{"m": 1}, {"m": 2}]}, {"n": 2, "B": [{"m": 2}]}]}
    text = "A[].let('a', @, &B[].let('b', @, &var('a').n == var('b').m && var('b').m))[]"
    assert selected(text, config) == [1, 2]
    assert selected("let('x', A, &let('x', `5`, &var('x')) && count(var('x')))", config) == [2]
    outside = evaluate(Rule("[let('x', A, &@), var('x')]"), example_context(None, config, {}))
    assert "No let()" in outside.reason


def test_a_name_ends_though_its_expression_fails() -> None:
    context = example_context(None, {"A": 1}, {})
    evaluate(Rule("let('x', A, &length(@))"), context)
    assert context.names == {}


def test_one_compiled_rule_serves_many_threads() -> None:
    rule = Rule("Rows[].let('row', @, &root().Rows[?n == var('row').n].n)[]")
    wrong: list[Any] = []

    def run(number: int) -> None:
        config = {"Rows": [{"n": number}] * 20}
        for _ in range(20):
            found = evaluate(rule, example_context(None, config, {})).findings
            if [finding.evidence for finding in found] != [number]:
                wrong.append(found)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_names_of_another_accounts_items_are_not_shown() -> None:
    given = {
        "items": {
            "aws.s3.bucket": [
                {"config": {"Name": "a"}, "uid": "a", "name": "a"},
                {"config": {"Name": "b"}, "uid": "b", "name": "b", "account": "222222222222"},
            ]
        }
    }
    text = "names(lookup('aws.s3.bucket', 'Name', Names))"
    assert selected(text, {"Names": ["a", "b"]}, **given) == [
        {"id": "a", "name": "a"},
        {"id": "", "name": "an item of another account"},
    ]
    assert selected("names(Names)", {"Names": ["a"]}, **given) == []
