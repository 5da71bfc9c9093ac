"""What is counted for a past day is what was true on that day."""

from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Account
from audits.engine import Outcome, evaluate
from audits.functions.base import Context
from audits.models import Coverage, Issue, Rule, RuleSetting
from audits.standing import Tally, items_of, standing
from items.models import Item
from items.watchers.base import Refusal
from tests.audits.replaying import (
    GROUPS,
    PLACE,
    dated,
    day,
    group,
    judge,
    justify_at,
    look,
    rule_at,
    withdraw_at,
)
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.django_db

STATES = ("passed", "failed", "accepted", "unknown", "exempt")
OPEN = {"expression": "Open", "identity": "@", "applies_when": "Internal != `true`"}
TAGLESS = {"expression": "empty(Tags)"}


@pytest.fixture
def account() -> Account:
    with dated(day(1, 0)):
        return AccountFactory(name="prod")


@pytest.fixture
def reviewer() -> Any:
    return UserFactory(is_superuser=True)


def count(account: Account, number: int) -> dict[str, Tally]:
    """Return what is counted for the end of a day, by rule."""
    rules = dict(Rule.objects.values_list("pk", "key"))
    found = standing(day(number, 23), [account.pk], rules)
    return {rules[pk]: tally for pk, tally in found.by_rule().items()}


def truth(account: Account) -> dict[str, Counter[str]]:
    """Ask each rule in force of each living item, and each finding whether it is justified."""
    found: dict[str, Counter[str]] = {}
    for rule in Rule.objects.filter(state=Rule.State.ACTIVE):
        counts = found[rule.key] = Counter()
        off = RuleSetting.objects.filter(rule=rule, on=False).values_list("pattern", flat=True)
        for item in Item.objects.living().filter(account=account, technology=GROUPS):
            counts[_verdict(rule, item, item.name in off)] += 1
    return found


def _verdict(rule: Rule, item: Item, off: bool) -> str:
    if off:
        return "exempt"
    assert rule.active
    verdict = evaluate(rule.active, Context(now=day(1), config=item.config), item.unread)
    open_issues = Issue.objects.filter(rule=rule, item=item, fixed_at=None)
    covered = Coverage.objects.filter(issue__in=open_issues, until=None).values("issue").distinct()
    if open_issues.count() > covered.count():
        return "failed"
    if verdict.outcome == Outcome.UNKNOWN:
        return "unknown"
    if verdict.outcome == Outcome.NOT_APPLICABLE:
        return "exempt"
    assert (verdict.outcome == Outcome.FAIL) == open_issues.exists()
    return "accepted" if verdict.findings else "passed"


def history(account: Account, reviewer: Any) -> dict[int, dict[str, Counter[str]]]:
    """Live through twelve days; return what was true at the end of each."""
    true: dict[int, dict[str, Counter[str]]] = {}
    bad, good = {"Open": ["22"], "Tags": ["x"]}, {"Open": [], "Tags": ["x"]}

    rule_at(day(1, 1), "open", controls=["X 1"], **OPEN)
    look(account, day(1), group("a", **bad), group("b", **good), group("i", Internal=True, **bad))
    true[1] = truth(account)

    rule_at(day(2, 1), "tagless", **TAGLESS)
    judge(account, day(2))
    look(account, day(2, 13), group("a", **good), group("b", **bad), group("i", **bad), group("c"))
    true[2] = truth(account)

    justify_at(day(3), Issue.objects.get(rule__key="open", item__uid="b"), reviewer)
    true[3] = truth(account)

    # A second finding beside the justified one; a part that cannot be read any more.
    worse = {"Open": ["22", "23"], "Tags": ["x"]}
    look(
        account,
        day(4),
        group("a", **good),
        group("b", **worse),
        group("i", unread=("Tags",), Open=["22"]),
        group("c", unread=("Tags",)),
    )
    true[4] = truth(account)

    look(account, day(5), group("a", **good), group("b", **bad), group("i", **bad), group("c"))
    true[5] = truth(account)

    withdraw_at(day(6), Issue.objects.get(rule__key="open", item__uid="b", fixed_at=None), reviewer)
    true[6] = truth(account)

    look(account, day(7), group("a", **bad), group("b", **good), group("i", **bad))  # c is gone
    true[7] = truth(account)

    look(account, day(8), group("a", **good), group("b", **bad), group("c", **good), group("i"))
    true[8] = truth(account)

    with dated(day(9, 1)):
        RuleSetting.objects.create(
            rule=Rule.objects.get(key="open"), pattern="name of b", on=False, reason="test"
        )
    judge(account, day(9))
    true[9] = truth(account)

    RuleSetting.objects.all().delete()
    rule_at(day(10, 1), "open", expression="Open[?@ != '22']", applies_when="")
    judge(account, day(10))
    true[10] = truth(account)

    with dated(day(11, 1)):
        rule = Rule.objects.get(key="tagless")
        rule.state = Rule.State.RETIRED
        rule.save()
    judge(account, day(11))
    true[11] = truth(account)

    look(account, day(12))  # Everything is gone.
    true[12] = truth(account)
    return true


def test_every_past_day_says_what_was_true_on_it(account: Account, reviewer: Any) -> None:
    true = history(account, reviewer)
    seen = {number: count(account, number) for number in true}
    for number, rules in true.items():
        assert set(seen[number]) == set(rules), f"rules in force on day {number}"
        for key, counts in rules.items():
            counted = asdict(seen[number][key])
            assert counted.pop("unread") == 0
            assert counted == {state: counts[state] for state in STATES}, (number, key)
    every = Counter(state for rules in true.values() for c in rules.values() for state in +c)
    assert set(every) == set(STATES), "the story has every state in it"


def test_every_number_counts_the_items_that_it_leads_to(account: Account, reviewer: Any) -> None:
    true = history(account, reviewer)
    rules = dict(Rule.objects.values_list("pk", "key"))
    for number in true:
        found = standing(day(number, 23), [account.pk], rules)
        for rule, tally in found.by_rule().items():
            for state in STATES:
                items = items_of(found, rule, state)
                assert items.count() == getattr(tally, state), (number, rules[rule], state)


def test_a_rule_that_was_not_run_yet_passes_nothing(account: Account) -> None:
    rule_at(day(1, 1), "open", **OPEN)
    look(account, day(1), group("a", Open=["22"]), group("b", Open=[]))
    rule_at(day(2), "open", title="Another text")
    rule_at(day(2), "tagless", **TAGLESS)
    assert count(account, 2) == {"open": Tally(failed=1, unknown=1), "tagless": Tally(unknown=2)}
    judge(account, day(3))
    assert count(account, 2) == {"open": Tally(failed=1, unknown=1), "tagless": Tally(unknown=2)}
    assert count(account, 3) == {"open": Tally(failed=1, passed=1), "tagless": Tally(failed=2)}
    found = standing(day(2), [account.pk], Rule.objects.values_list("pk", flat=True))
    for rule, tally in found.by_rule().items():
        assert items_of(found, rule, "unknown").count() == tally.unknown


def test_a_place_that_cannot_be_listed_is_without_an_answer(account: Account) -> None:
    rule_at(day(1, 1), "open", **OPEN)
    look(account, day(1), group("a", Open=[]))
    look(account, day(2), Refusal("Describe", "Denied", "no", place=PLACE), answers=False)
    look(account, day(3), group("a", Open=[]))
    assert count(account, 1) == {"open": Tally(passed=1)}
    assert count(account, 2) == {"open": Tally(passed=1, unread=1)}
    assert count(account, 3) == {"open": Tally(passed=1)}


def test_an_account_that_was_never_read_is_without_an_answer(account: Account) -> None:
    rule_at(day(1, 1), "open", technologies=[GROUPS, "aws.ec2.vpc"], **OPEN)
    assert count(account, 1) == {"open": Tally(unread=2)}
    look(account, day(2))
    assert count(account, 2) == {"open": Tally(unread=1)}
    assert count(account, 1)["open"].coverage == 0


def test_an_account_counts_only_while_it_is_watched(account: Account) -> None:
    rule_at(day(1, 1), "open", **OPEN)
    look(account, day(2), group("a", Open=["22"]))
    with dated(day(3)):
        account.archive()
    assert count(account, 2) == {"open": Tally(failed=1)}
    assert count(account, 3) == {"open": Tally()}
    before = standing(day(1, 0) - timedelta(hours=1), [account.pk], [])
    assert before.accounts == {}


def test_a_rule_counts_only_while_it_is_in_force(account: Account) -> None:
    rule_at(day(3), "open", **OPEN)
    look(account, day(4), group("a", Open=["22"]))
    assert count(account, 2) == {}
    assert count(account, 4) == {"open": Tally(failed=1)}


def test_the_number_of_questions_does_not_grow(
    account: Account, django_assert_max_num_queries: Any
) -> None:
    rules = [rule_at(day(1, 1), f"rule{n}", **OPEN).pk for n in range(12)]
    others = []
    with dated(day(1, 0)):
        others = [AccountFactory() for _ in range(4)]
    for one in (account, *others):
        look(one, day(1), *(group(f"g{n}", Open=["22"]) for n in range(20)))
    with django_assert_max_num_queries(8):
        found = standing(day(1, 23), [account.pk, *(one.pk for one in others)], rules)
    assert found.of(rules) == Tally(failed=12 * 5 * 20)
