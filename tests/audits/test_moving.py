"""Who moves a rule, when, why, and with whose yes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from accounts.models import Grant, User
from audits.approving import approve, refuse, why_not, withdraw
from audits.editing import Saved, Then, restore, save_version
from audits.models import Proposal, Rule, RuleVersion
from audits.moving import into_shadow, out_of_shadow, put_into_force, retire
from audits.versions import text_of
from tests.factories import RULE, GroupFactory, UserFactory

pytestmark = pytest.mark.django_db

EXAMPLES = [
    {"name": "open", "fires": True, "config": {"Open": True}},
    {"name": "closed", "fires": False, "config": {"Open": False}},
]
TEXT = {**RULE, "expression": "Open", "examples": EXAMPLES}
KEY = "ours.open"


@pytest.fixture
def ines() -> User:
    return UserFactory(username="ines")


def approver(name: str) -> User:
    user: User = UserFactory(username=name)
    Grant.objects.create(user=user, role=Group.objects.get(name="approver"))
    return user


@pytest.fixture
def omar() -> User:
    return approver("omar")


@pytest.fixture
def second_person(settings: Any) -> None:
    settings.SECOND_PERSON = True


def rule() -> Rule:
    return Rule.objects.select_related("active", "shadow").get(key=KEY)


def first(by: User, then: Then = Then.FORCE, **fields: Any) -> Saved:
    return save_version(KEY, {**TEXT, **fields}, by, "It is needed.", then)


def edit(by: User, then: Then = Then.FORCE, reason: str = "Narrower.", **fields: Any) -> Saved:
    newest = rule().newest
    assert newest
    return save_version(rule(), {**text_of(newest), **fields}, by, reason, then, seen=newest.number)


def waiting() -> Proposal:
    return Proposal.objects.get(answer="")


def in_force(by: User) -> RuleVersion:
    """Make a rule of which the first version is in force, without asking anybody."""
    version = first(by, Then.DRAFT).version
    Rule.objects.update(active=version, state=Rule.State.ACTIVE)
    return version


# -- without a second person ------------------------------------------------------------------


def test_a_version_goes_from_draft_to_shadow_to_force(ines: User) -> None:
    draft = first(ines, Then.DRAFT)
    assert (rule().state, draft.active) == (Rule.State.DRAFT, False)
    assert into_shadow(draft.version, ines).done
    assert (rule().state, rule().shadow) == (Rule.State.SHADOW, draft.version)
    assert put_into_force(draft.version, ines).done
    assert (rule().state, rule().active, rule().shadow) == ("active", draft.version, None)
    assert retire(rule(), ines, "Nobody needs it.").done
    assert (rule().state, rule().active) == (Rule.State.RETIRED, draft.version)


@pytest.mark.parametrize("move", [into_shadow, put_into_force])
@pytest.mark.parametrize(
    ("examples", "says"),
    [
        ([], "no example that fires"),
        (EXAMPLES[:1], "no example that does not fire"),
        ([{**EXAMPLES[0], "fires": False}, EXAMPLES[1]], "should not fire"),
    ],
)
def test_what_its_examples_do_not_carry_stays_a_draft(
    ines: User, move: Callable[..., Any], examples: list[Any], says: str
) -> None:
    version = first(ines, Then.DRAFT, examples=examples).version
    moved = move(version, ines, "Try.")
    assert not moved.done
    assert says in "\n".join(moved.problems)
    assert (rule().state, rule().active, rule().shadow) == (Rule.State.DRAFT, None, None)


def test_a_rule_in_force_is_changed_and_retired_only_with_a_reason(ines: User) -> None:
    first(ines)
    with pytest.raises(ValidationError, match="say why"):
        edit(ines, reason=" ", score=1)
    draft = edit(ines, Then.DRAFT, score=1).version
    with pytest.raises(ValidationError, match="say why"):
        put_into_force(draft, ines, "")
    with pytest.raises(ValidationError, match="Say why"):
        retire(rule(), ines, " ")
    assert rule().active.number == 1  # type: ignore[union-attr]


def test_the_history_tells_who_moved_which_pointer_and_the_whole_reason(ines: User) -> None:
    first(ines)
    reason = "Because of the audit. " * 20
    edit(ines, reason=reason.strip()[:500], score=2)
    last = Rule.history.first()
    assert (last.history_user, last.active.number) == (ines, 2)
    assert last.history_change_reason == reason.strip()[:500]


def test_what_is_so_already_is_not_done_again(ines: User) -> None:
    saved = first(ines)
    rows = Rule.history.count()
    assert put_into_force(saved.version, ines).done
    out_of_shadow(rule(), ines)
    draft = edit(ines, Then.SHADOW, score=3).version
    assert into_shadow(draft, ines).done
    retire(rule(), ines, "Enough.")
    retire(rule(), ines, "Enough.")
    assert Rule.history.count() == rows + 2


def test_what_is_in_force_needs_no_trial(ines: User) -> None:
    saved = first(ines)
    with pytest.raises(ValidationError, match="needs no trial"):
        into_shadow(saved.version, ines)


def test_a_trial_of_a_retired_rule_ends_in_retirement(ines: User) -> None:
    saved = first(ines)
    retire(rule(), ines, "Enough.")
    into_shadow(saved.version, ines)
    assert rule().state == Rule.State.SHADOW
    out_of_shadow(rule(), ines)
    assert rule().state == Rule.State.RETIRED


def test_another_version_in_force_leaves_the_trial_alone(ines: User) -> None:
    first(ines)
    tried = edit(ines, Then.SHADOW, expression="Open && `true`").version
    edit(ines, score=1)
    assert (rule().active.number, rule().shadow) == (3, tried)  # type: ignore[union-attr]


def test_an_earlier_version_is_restored_as_a_new_one(ines: User) -> None:
    first(ines)
    edit(ines, expression="Open || Wide", score=9)
    saved = restore(rule(), 1, ines, "It was better.")
    assert (saved.version.number, saved.active) == (3, True)
    assert text_of(saved.version) == text_of(rule().versions.get(number=1))
    assert saved.version.reason == "Version 1 restored: It was better."
    assert saved.version.author == ines


def test_a_version_of_another_rule_is_not_restored(ines: User) -> None:
    first(ines)
    with pytest.raises(ValidationError, match="no version 7"):
        restore(rule(), 7, ines, "It was better.")
    with pytest.raises(ValidationError, match="Say why"):
        restore(rule(), 1, ines, "")


def test_a_new_rule_that_may_not_come_into_force_is_not_left_behind(
    ines: User, second_person: None
) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        save_version(KEY, TEXT, ines, "", Then.FORCE)
    assert not Rule.objects.exists()


# -- with a second person ---------------------------------------------------------------------


def test_a_change_waits_until_another_person_lets_it_in(
    ines: User, omar: User, second_person: None
) -> None:
    in_force(ines)
    saved = edit(ines, score=9)
    assert (saved.active, saved.proposal) == (False, waiting())
    assert rule().active.number == 1  # type: ignore[union-attr]
    assert approve(waiting(), omar).done
    version = rule().active
    assert version
    assert (version.number, version.approved_by) == (2, omar)
    answered = Proposal.objects.get()
    assert (answered.answer, answered.answered_by, answered.by) == ("approved", omar, ines)
    last = Rule.history.first()
    assert (last.history_user, last.history_change_reason) == (omar, "Narrower.")


def test_no_superuser_lets_in_what_they_wrote(second_person: None) -> None:
    root = UserFactory(is_superuser=True)
    in_force(root)
    edit(root, score=9)
    with pytest.raises(PermissionDenied, match="You asked for it"):
        approve(waiting(), root)
    assert rule().active.number == 1  # type: ignore[union-attr]


def test_neither_who_wrote_nor_who_moved_a_version_lets_it_in(
    ines: User, omar: User, second_person: None
) -> None:
    author, trier, asker, other = omar, approver("tara"), approver("ali"), approver("ona")
    in_force(ines)
    draft = edit(author, Then.DRAFT, score=9).version
    into_shadow(draft, trier)
    out_of_shadow(rule(), ines)
    put_into_force(draft, asker, "It found enough.")
    assert "You wrote it" in why_not(waiting(), author)
    assert "You tried it" in why_not(waiting(), trier)
    assert "You asked for it" in why_not(waiting(), asker)
    put_into_force(draft, ines, "I ask now.")
    assert "You tried it or asked for it" in why_not(waiting(), asker)
    for one in (author, trier, asker):
        with pytest.raises(PermissionDenied):
            approve(waiting(), one)
        with pytest.raises(PermissionDenied):
            refuse(waiting(), one, "No.")
    assert why_not(waiting(), other) == ""
    assert approve(waiting(), other).done


@pytest.mark.parametrize("role", ["viewer", "reviewer", "rule editor", "operator", "auditor"])
def test_only_approvers_let_in(ines: User, second_person: None, role: str) -> None:
    in_force(ines)
    edit(ines, score=9)
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name=role))
    with pytest.raises(PermissionDenied):
        approve(waiting(), user)


def test_an_approver_of_some_accounts_answers_nothing_that_touches_all(
    ines: User, second_person: None
) -> None:
    in_force(ines)
    edit(ines, score=9)
    user = UserFactory()
    role = Group.objects.get(name="approver")
    Grant.objects.create(user=user, role=role, group=GroupFactory())
    with pytest.raises(PermissionDenied, match="Approvers of all accounts"):
        approve(waiting(), user)


def test_a_refused_change_stays_a_draft_with_the_reason(
    ines: User, omar: User, second_person: None
) -> None:
    in_force(ines)
    edit(ines, score=9)
    with pytest.raises(ValidationError, match="Say why not"):
        refuse(waiting(), omar, "")
    refuse(waiting(), omar, "It misses IPv6.")
    answered = Proposal.objects.get()
    assert (answered.answer, answered.because) == ("refused", "It misses IPv6.")
    assert (rule().active.number, rule().newest.number) == (1, 2)  # type: ignore[union-attr]


def test_what_was_answered_is_not_answered_again(
    ines: User, omar: User, second_person: None
) -> None:
    in_force(ines)
    edit(ines, score=9)
    stale = waiting()
    approve(stale, omar)
    rows = Rule.history.count()
    with pytest.raises(ValidationError, match="it was approved by omar"):
        approve(Proposal.objects.get(), omar)
    with pytest.raises(ValidationError, match="it was approved by omar"):
        refuse(Proposal.objects.get(), approver("ona"), "No.")
    assert Rule.history.count() == rows


def test_a_later_question_stands_for_the_earlier(
    ines: User, omar: User, second_person: None
) -> None:
    in_force(ines)
    edit(ines, score=9)
    earlier = waiting()
    edit(ines, score=8)
    assert waiting().version.score == 8  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="it was replaced"):
        approve(earlier, omar)
    withdraw(waiting(), ines, "Not yet.")
    assert set(Proposal.objects.values_list("answer", flat=True)) == {"replaced", "withdrawn"}


def test_retiring_waits_too_but_not_of_what_decides_nothing(
    ines: User, omar: User, second_person: None
) -> None:
    version = in_force(ines)
    assert not retire(rule(), ines, "Nobody needs it.").done
    assert (rule().state, waiting().version) == (Rule.State.ACTIVE, None)
    approve(waiting(), omar)
    assert rule().state == Rule.State.RETIRED
    into_shadow(version, ines)
    assert retire(rule(), ines, "No more.").done


def test_restoring_waits_too(ines: User, omar: User, second_person: None) -> None:
    in_force(ines)
    edit(ines, score=9)
    approve(waiting(), omar)
    saved = restore(rule(), 1, ines, "It was better.")
    assert (saved.active, saved.proposal) == (False, waiting())
    assert rule().active.number == 2  # type: ignore[union-attr]
    approve(waiting(), omar)
    assert rule().active.number == 3  # type: ignore[union-attr]


def test_an_approval_runs_the_examples_again(ines: User, omar: User, second_person: None) -> None:
    in_force(ines)
    saved = edit(ines, score=9)
    saved.version.examples.update(fires=True)
    moved = approve(waiting(), omar)
    assert moved.problems
    assert rule().active.number == 1  # type: ignore[union-attr]
    assert waiting()


def test_a_trial_needs_nobody(ines: User, second_person: None) -> None:
    in_force(ines)
    assert edit(ines, Then.SHADOW, score=9).moved.done
    assert rule().shadow.number == 2  # type: ignore[union-attr]


# -- at once ----------------------------------------------------------------------------------


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Call all at once, each with a connection of its own; return results and errors."""

    def one(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (ValidationError, PermissionDenied) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once_let_in_once(settings: Any) -> None:
    settings.SECOND_PERSON = True
    ines, omar, ona = UserFactory(username="ines"), approver("omar"), approver("ona")
    in_force(ines)
    edit(ines, score=9)
    rows, proposal = Rule.history.count(), waiting().pk
    said = together(
        *(lambda by=by: approve(Proposal.objects.get(pk=proposal), by) for by in (omar, ona))
    )
    assert sorted(type(one).__name__ for one in said) == ["Moved", "ValidationError"]
    assert Rule.history.count() == rows + 1


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_at_once_one_is_told() -> None:
    ines, ali = UserFactory(username="ines"), UserFactory(username="ali")
    first(ines)
    row, text = rule(), text_of(rule().newest)  # type: ignore[arg-type]
    said = together(
        *(
            lambda by=by, score=score: save_version(
                row, {**text, "score": score}, by, "Mine.", Then.FORCE, seen=1
            )
            for score, by in ((1, ines), (2, ali))
        )
    )
    assert sorted(type(one).__name__ for one in said) == ["Saved", "ValidationError"]
    assert rule().versions.count() == 2
