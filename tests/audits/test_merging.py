"""A pack's correction of rules that editors changed, tried, asked about, or retired."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group

from accounts.models import Grant, User
from audits.approving import approve, refuse, why_not
from audits.editing import Saved, Then, save_version
from audits.loading import load_folder
from audits.models import Proposal, RuleVersion
from audits.moving import put_into_force, retire
from audits.versions import text_of
from tests.audits.test_loading import Pack, rule
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


class Folder(Pack):
    """A pack in a folder: it is merged as an installed one is, without the shipped ones beside."""

    def load(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(one.what, one.fields) for one in load_folder(self.folder, "acme")]


@pytest.fixture
def pack(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def ines() -> User:
    return UserFactory(username="ines")


@pytest.fixture
def omar() -> User:
    user: User = UserFactory(username="omar")
    Grant.objects.create(user=user, role=Group.objects.get(name="approver"))
    return user


@pytest.fixture
def second_person(settings: Any) -> None:
    settings.SECOND_PERSON = True


def edit(by: User, then: Then, **fields: Any) -> Saved:
    newest = rule().newest
    assert newest
    text = {**text_of(newest), **fields}
    return save_version(rule(), text, by, "Ours.", then, seen=newest.number)


def said(version: RuleVersion | None) -> tuple[Any, ...]:
    assert version
    return version.score, version.notes


def waiting() -> Proposal:
    return Proposal.objects.get(answer="")


def test_a_draft_does_not_keep_a_correction_from_what_is_in_force(pack: Folder, ines: User) -> None:
    pack.ship(notes="first")
    pack.load()
    edit(ines, Then.DRAFT, score=2)
    pack.ship(notes="second")
    assert pack.load() == [("updated", ("notes",))]
    assert said(rule().active) == (5, "second")
    newest = rule().newest
    assert newest
    assert said(newest) == (2, "second"), "the draft follows, and is still what is edited next"
    assert newest.author == ines
    assert pack.load() == []


def test_a_draft_that_already_says_what_is_shipped_stays_the_newest(
    pack: Folder, ines: User
) -> None:
    pack.ship(notes="first")
    pack.load()
    edit(ines, Then.DRAFT, notes="ours")
    pack.ship(notes="second")
    pack.load()
    assert said(rule().active) == (5, "second")
    assert said(rule().newest) == (5, "ours")


def test_what_is_in_shadow_is_corrected_and_stays_in_shadow(pack: Folder, ines: User) -> None:
    pack.ship(notes="first")
    pack.load()
    edit(ines, Then.SHADOW, score=2)
    pack.ship(notes="second")
    pack.load()
    assert said(rule().active) == (5, "second")
    assert said(rule().shadow) == (2, "second")
    assert rule().state == "active"


def test_what_waits_is_corrected_and_goes_on_waiting(
    pack: Folder, ines: User, omar: User, second_person: None
) -> None:
    pack.ship(notes="first")
    pack.load()
    edit(ines, Then.FORCE, score=2)
    pack.ship(notes="second")
    assert pack.load() == [("waiting", ("notes",))]
    assert said(rule().active) == (5, "second"), "what is wholly shipped comes into force"
    assert (said(waiting().version), waiting().by) == ((2, "second"), ines)
    assert why_not(waiting(), ines)
    approve(waiting(), omar)
    assert said(rule().active) == (2, "second")


def test_a_correction_of_what_an_editor_changed_waits_for_a_second_person(
    pack: Folder, ines: User, omar: User, second_person: None
) -> None:
    pack.ship(notes="first")
    pack.load()
    edit(ines, Then.FORCE, score=2)
    approve(waiting(), omar)
    pack.ship(notes="second")
    pack.load()
    assert said(rule().active) == (2, "first")
    assert (said(waiting().version), waiting().by) == ((2, "second"), None)
    assert pack.load() == [], "it is asked once"
    refuse(waiting(), omar, "We say it otherwise.")
    assert pack.load() == []
    assert said(rule().active) == (2, "first")


def test_a_wish_to_retire_outlasts_a_correction(
    pack: Folder, ines: User, second_person: None
) -> None:
    pack.ship(notes="first")
    pack.load()
    retire(rule(), ines, "Nobody needs it.")
    pack.ship(notes="second")
    pack.load()
    assert said(rule().active) == (5, "second")
    assert (waiting().version, waiting().by, waiting().reason) == (None, ines, "Nobody needs it.")


@pytest.mark.parametrize("ships", ["first", "second"])
def test_what_an_editor_retired_stays_retired(pack: Folder, ines: User, ships: str) -> None:
    pack.ship(notes="first")
    pack.load()
    retire(rule(), ines, "Nobody needs it.")
    pack.ship(notes=ships)
    pack.load()
    assert rule().state == "retired"
    pack.ship_nothing()
    pack.load()
    pack.ship(notes=ships)
    pack.load()
    assert rule().state == "retired", "its pack did not retire it, so its pack does not bring it"


def test_what_came_back_is_corrected_too(pack: Folder) -> None:
    pack.ship(notes="first")
    pack.load()
    pack.ship_nothing()
    pack.load()
    pack.ship(notes="second")
    assert pack.load() == [("back", ()), ("updated", ("notes",))]
    assert (rule().state, said(rule().active)) == ("active", (5, "second"))


def test_a_rule_that_left_its_pack_is_ours_when_an_editor_takes_it_up(
    pack: Folder, ines: User
) -> None:
    pack.ship()
    pack.load()
    pack.ship_nothing()
    pack.load()
    version = rule().active
    assert version
    put_into_force(version, ines, "We need it.")
    assert pack.load() == []
    assert (rule().state, rule().pack) == ("active", "")


def test_a_correction_mends_a_shipped_rule_that_its_examples_did_not_carry(pack: Folder) -> None:
    pack.ship(expression="!Open")
    pack.load()
    assert rule().state == "draft"
    pack.ship(expression="Open")
    pack.load()
    assert (rule().state, rule().active.number) == ("active", 2)  # type: ignore[union-attr]


def test_a_correction_that_its_examples_do_not_carry_leaves_what_decides(pack: Folder) -> None:
    pack.ship()
    pack.load()
    pack.ship(expression="!Open")
    done = load_folder(pack.folder, "acme")
    assert done[0].problems
    assert rule().active.number == 1  # type: ignore[union-attr]
