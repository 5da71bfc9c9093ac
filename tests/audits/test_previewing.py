"""Who may ask what a text would do, who answers it, and who sees the answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccountGroup, Grant, User
from audits import previewing
from audits.impacting import impact
from audits.models import Preview, Rule
from audits.previewing import ATTEMPTS, Stopped, ask, cancel, prune, take, view
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

IMPACT, BACKTEST = Preview.Kind.IMPACT, Preview.Kind.BACKTEST
TEXT = {"title": "Open", "technologies": ["aws.ec2.security_group"], "expression": "Open"}
TEXT |= {"score": 5}
ANSWER = {"counts": {}, "items": 3, "total": 3}


def somebody(role: str = "rule editor", group: AccountGroup | None = None) -> User:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=group)
    return user


@pytest.fixture
def rule() -> Rule:
    return a_rule("open", **TEXT)


@pytest.fixture
def editor() -> User:
    return somebody()


def asked(by: User, rule: Rule | None = None, kind: str = IMPACT, **fields: Any) -> Preview:
    return ask({**TEXT, **fields}, rule, by, kind)


@pytest.mark.parametrize("role", ["viewer", "reviewer", "operator", "auditor"])
def test_only_who_changes_rules_or_lets_changes_in_may_ask(role: str, rule: Rule) -> None:
    assert asked(somebody("approver"), rule).pk
    with pytest.raises(PermissionDenied):
        asked(somebody(role), rule)
    with pytest.raises(PermissionDenied):
        asked(somebody("rule editor", GroupFactory()), rule)


def test_a_text_that_cannot_be_kept_is_not_tried(editor: User, rule: Rule) -> None:
    with pytest.raises(ValidationError) as refused:
        asked(editor, rule, expression="Ports[?")
    assert "expression" in refused.value.message_dict
    for day in ("yesterday", "2999-01-01", "2026-02-30"):
        with pytest.raises(ValidationError):
            ask(TEXT, rule, editor, BACKTEST, {"since": day})


def test_the_same_question_is_asked_once_and_another_text_takes_its_place(
    editor: User, rule: Rule
) -> None:
    first = asked(editor, rule)
    assert asked(editor, rule).pk == first.pk
    beside = [asked(editor, rule, BACKTEST), asked(editor), asked(somebody(), rule)]
    second = asked(editor, rule, score=6)
    states = dict(Preview.objects.values_list("pk", "state"))
    assert states[first.pk] == "cancelled"
    assert {states[one.pk] for one in [second, *beside]} == {"waiting"}
    assert asked(editor, rule).pk not in states, "the first text again is a new question"


def test_a_question_is_answered_by_one_worker(editor: User, rule: Rule) -> None:
    ItemFactory(config={"Open": True})
    preview = asked(editor, rule)
    held = take(preview.pk)
    assert held
    assert take(preview.pk) is None
    held.finish(held.answer())
    preview.refresh_from_db()
    assert (preview.state, preview.done, preview.total) == ("done", 1, 1)
    assert preview.result["counts"]["new"] == 1
    assert take(preview.pk) is None


def test_a_worker_whose_lease_ran_out_writes_nothing_more(editor: User, rule: Rule) -> None:
    preview = asked(editor, rule)
    sleeper = take(preview.pk)
    assert sleeper
    sleeper.progress(1, 10)
    Preview.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = take(preview.pk)
    assert second
    for write in (sleeper.progress, lambda *_: sleeper.finish(ANSWER), lambda *_: sleeper.fail("")):
        sleeper._signed = 0
        with pytest.raises(Stopped):
            write(2, 10)
    second.finish(ANSWER)
    preview.refresh_from_db()
    assert (preview.state, preview.result) == ("done", ANSWER)


def test_what_ends_every_worker_is_given_up(editor: User, rule: Rule) -> None:
    preview = asked(editor, rule)
    for _ in range(ATTEMPTS):
        assert take(preview.pk)
        Preview.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert take(preview.pk) is None
    preview.refresh_from_db()
    assert preview.state == "failed"
    assert "Given up" in preview.reason


@pytest.mark.parametrize("kind", [IMPACT, BACKTEST])
def test_a_cancelled_question_is_left_at_once(
    kind: str, editor: User, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "SECONDS_A_SIGN", 0)
    account = AccountFactory()
    for _ in range(3):
        ItemFactory(account=account)
    preview = asked(editor, rule, kind)
    held = take(preview.pk)
    assert held
    with pytest.raises(PermissionDenied):
        cancel(preview, somebody())
    assert cancel(preview, editor)
    assert not cancel(preview, editor)
    with pytest.raises(Stopped):
        held.answer()
    preview.refresh_from_db()
    assert (preview.state, preview.result, preview.done) == ("cancelled", None, 0)


def test_what_the_asker_may_not_see_is_a_number_without_a_name(rule: Rule) -> None:
    mine, theirs = AccountFactory(name="seen-shore"), AccountFactory(name="hidden-haven")
    group = GroupFactory()
    mine.groups.add(group)
    ItemFactory(account=mine, config={"Open": "here"}, name="my item")
    for number in range(2):
        ItemFactory(account=theirs, config={"Open": f"secret {number}"}, name="their item")
    ItemFactory(account=theirs, config={"Open": 5}, unread={"Open": "hidden-haven is shut"})
    for answer in (impact, previewing.backtest):
        seen = answer(TEXT, rule, somebody("viewer", group))
        told = str({**seen, "news": []})
        assert "my item" in told
        for word in ("hidden-haven", "their item", "secret"):
            assert word not in told
        what = "new" if "new" in seen["counts"] else "episodes"
        assert seen["counts"][what] == 3
        assert [one["name"] for one in seen["accounts"]] == ["seen-shore"]
        assert seen["hidden"]["accounts"] == 1
        assert seen["hidden"]["counts"][what] == 2
        assert seen["hidden"]["counts"]["unknown"] == 1


def test_an_answer_is_for_who_asked_and_hides_what_is_no_longer_granted(rule: Rule) -> None:
    account = AccountFactory(name="once-ours")
    ItemFactory(account=account, config={"Open": True}, name="an item")
    editor = somebody()
    preview = asked(editor, rule)
    held = take(preview.pk)
    assert held
    held.finish(held.answer())
    preview.refresh_from_db()
    assert view(preview, editor).result["lists"]["new"]
    with pytest.raises(PermissionDenied):
        view(preview, somebody())
    Grant.objects.filter(user=editor).update(group=GroupFactory())
    seen = view(preview, User.objects.get(pk=editor.pk)).result
    assert "once-ours" not in str(seen)
    assert "an item" not in str(seen)
    assert seen["counts"]["new"] == 1


def test_questions_are_kept_for_a_week(editor: User, rule: Rule) -> None:
    old, new = asked(editor, rule), asked(editor, rule, BACKTEST)
    now = timezone.now()
    Preview.objects.filter(pk=old.pk).update(asked_at=now - timedelta(days=8))
    assert prune(now) == 1
    assert Preview.objects.get() == new


@pytest.mark.parametrize("answer", [impact, previewing.backtest])
def test_more_items_cost_no_more_queries(answer: Any, rule: Rule) -> None:
    editor, account = somebody(), AccountFactory()
    assert editor.has_perm("audits.change_rule"), "what is granted is read once a person"

    def queries(items: int) -> int:
        for _ in range(items):
            ItemFactory(account=account, config={"Open": True})
        with CaptureQueriesContext(connection) as made:
            answer(TEXT, rule, editor)
        return len(made)

    few = queries(3)
    assert queries(40) == few
