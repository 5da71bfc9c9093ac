"""The verdicts of a past moment, made again, are those that were noted then."""

from datetime import datetime

import pytest

from accounts.models import Account
from audits.engine import Outcome
from audits.evidence.recomputing import Check, recompute
from audits.models import FormerFingerprint, Rule, RuleSetting, RuleVersion
from audits.then import NOT_LOOKED_UP
from items.models import WatcherSetting
from tests.audits.evidence.story import Finding, Story, Truth
from tests.audits.replaying import GROUPS, dated, day, group, judge, look, rule_at
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db

STEPS = 40
ALLOWED = {"parameters": {"fine": {"type": "text", "default": ""}}}


def again(truth: Truth) -> list[Check]:
    rules = Rule.objects.values_list("pk", flat=True)
    every = recompute(truth.moment, sorted(truth.watched), rules)
    return [check for checks in every.run() for check in checks]


def failing(checks: list[Check]) -> set[Finding]:
    return {
        (check.item.pk, check.version.rule_id, finding.fingerprint)
        for check in checks
        for finding in check.verdict.findings
    }


def unknown(checks: list[Check]) -> set[tuple[int, int]]:
    return {
        (check.item.pk, check.version.rule_id)
        for check in checks
        if check.verdict.outcome == Outcome.UNKNOWN
    }


def told(truth: Truth) -> set[Finding]:
    """Return what was open and had an answer: where a rule has none, issues stay as they are."""
    return {finding for finding in truth.open if finding[:2] not in truth.blind}


@pytest.mark.parametrize("seed", [1, 5])
def test_what_is_found_again_is_what_was_open_then(seed: int) -> None:
    story = Story(seed).live(STEPS)
    deeds = "\n".join(story.done)
    seen = {"findings": 0, "accepted": 0, "blind": 0, "differences": 0}
    for truth in story.truths:
        checks = again(truth)
        where = f"{truth.moment}, settled: {truth.settled}\n{deeds}"
        different = {(one.item.pk, one.version.rule_id) for one in checks if one.difference}
        if truth.settled:
            assert [one for one in checks if one.difference] == [], where
        assert {one for one in failing(checks) if one[:2] not in different} == {
            one for one in told(truth) if one[:2] not in different and asked(one, checks)
        }, where
        seen["findings"] += len(failing(checks))
        seen["accepted"] += sum(check.noted.accepted for check in checks)
        seen["blind"] += len(unknown(checks))
        seen["differences"] += len(different)
        if truth.settled:
            assert failing(checks) == told(truth), where
            assert unknown(checks) == truth.blind, where
            accepted = {
                (one.item.pk, one.version.rule_id, issue.fingerprint)
                for one in checks
                for issue in one.noted.issues
                if issue.justification
            }
            assert accepted == truth.accepted, where
        assert not [one for one in checks if one.difference.startswith("Nothing that")], where
    assert all(seen.values()), f"the story has everything in it: {seen}"


def asked(finding: Finding, checks: list[Check]) -> bool:
    return any((one.item.pk, one.version.rule_id) == finding[:2] for one in checks)


def one_check(at: datetime, account: Account) -> Check:
    every = recompute(at, [account.pk], Rule.objects.values_list("pk", flat=True))
    ((check,),) = list(every.run())
    return check


@pytest.fixture
def account() -> Account:
    with dated(day(1, 0)):
        return AccountFactory()


def test_what_moves_without_being_noted_is_not_made_up(account: Account) -> None:
    WatcherSetting.objects.create(technology=GROUPS, ephemeral=["Use.Last"])
    rule_at(day(1, 1), "idle", expression="Use.Last == 'never'")
    look(account, day(1), group("a", Use={"Last": "never", "By": "x"}))
    look(account, day(3), group("a", Use={"Last": "today", "By": "x"}))
    look(account, day(5), group("a", Use={"Last": "later", "By": "x"}))
    assert one_check(day(2), account).verdict.outcome == Outcome.FAIL, "nothing was read since"
    between = one_check(day(4), account)
    assert between.verdict.outcome == Outcome.UNKNOWN
    assert between.difference == between.verdict.reason
    assert "What stood in Use.Last then is not kept" in between.difference
    assert one_check(day(6), account).verdict.outcome == Outcome.PASS, "it is what is stored"
    rule_at(day(7), "idle", expression="Use.By == 'x'")
    judge(account, day(7))
    look(account, day(9), group("a", Use={"Last": "again", "By": "x"}))
    assert one_check(day(8), account).verdict.outcome == Outcome.FAIL, "what it reads is kept"


def test_what_was_open_on_others_is_not_made_up(account: Account) -> None:
    rule_at(day(1, 1), "reader", expression=f"empty(open_issues('{GROUPS}', 'GroupId', GroupId))")
    look(account, day(1), group("a"))
    check = one_check(day(2), account)
    assert (check.verdict.outcome, check.difference) == (Outcome.UNKNOWN, NOT_LOOKED_UP)


def test_a_function_that_is_no_longer_there_gives_no_answer(account: Account) -> None:
    rule = rule_at(day(1, 1), "plugin", expression="GroupId")
    look(account, day(1), group("a"))
    RuleVersion.objects.filter(pk=rule.active_id).update(expression="from_a_plugin(GroupId)")
    check = one_check(day(2), account)
    assert check.verdict.outcome == Outcome.UNKNOWN
    assert "from_a_plugin" in check.difference


def test_a_part_that_could_be_read_again_without_a_change_is_read(account: Account) -> None:
    rule_at(day(1, 1), "tagless", expression="empty(Tags)")
    look(account, day(1), group("a", Tags=["x"]))
    look(account, day(3), group("a", ("Tags",)))
    look(account, day(5), group("a", Tags=["x"]))
    outcomes = [one_check(day(number), account).verdict.outcome for number in (2, 4, 6)]
    assert outcomes == [Outcome.PASS, Outcome.UNKNOWN, Outcome.PASS]


def test_an_issue_answers_to_what_it_was_known_by(account: Account) -> None:
    rule_at(day(1, 1), "open", expression="Open", identity="Port")
    look(account, day(1), group("a", Open=[{"Port": 22, "By": "x"}]))
    rule_at(day(3), "open", identity="[Port, By]")
    judge(account, day(3))
    assert FormerFingerprint.objects.count() == 1
    for number in (2, 4):
        check = one_check(day(number), account)
        assert (check.verdict.outcome, check.difference) == (Outcome.FAIL, "")


def test_each_difference_has_its_reason(account: Account) -> None:
    rule_at(day(1, 1), "open", expression="Open[?@ != param('fine')]", **ALLOWED)
    look(account, day(1), group("a", Open=["22"]))
    with dated(day(2)):
        RuleSetting.objects.create(
            rule=Rule.objects.get(), account=account, parameters={"fine": "22"}, reason="test"
        )
    check = one_check(day(3), account)
    assert check.verdict.outcome == Outcome.PASS
    assert check.noted.outcome == Outcome.FAIL
    assert check.difference.startswith("A setting of the rule changed at 2026-03-02T12:00")
    judge(account, day(4))
    rule_at(day(5), "open", expression="Open")
    check = one_check(day(6), account)
    assert check.difference == "Version 2 had not been run on the whole slice yet."
    assert one_check(day(4, 13), account).difference == ""
