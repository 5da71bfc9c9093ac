"""Bringing packs in: nothing an editor did is undone, nothing is written twice."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from audits.loading import load_packs, packs, shipped
from audits.models import Rule, RuleVersion
from audits.moving import activate
from audits.versions import write_version

pytestmark = pytest.mark.django_db

EXAMPLES = [
    {"name": "open", "fires": True, "config": {"Open": True}},
    {"name": "closed", "fires": False, "config": {"Open": False}},
]


class Pack:
    """A pack of somebody else, its file written anew by each test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ship(self, **fields: Any) -> None:
        rule = {"key": "open", "title": "Open", "expression": "Open", "examples": EXAMPLES}
        text = {"technology": "acme.box", "rules": [{**rule, **fields}]}
        (self.folder / "acme.box.yaml").write_text(yaml.safe_dump(text))

    def ship_nothing(self) -> None:
        (self.folder / "acme.box.yaml").write_text("technology: acme.box\nrules: []\n")


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pack]:
    package = tmp_path / "acme_pack"
    package.mkdir()
    (package / "__init__.py").touch()
    info = tmp_path / "acme_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-pack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vervet.packs]\nacme = acme_pack\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    _forget()
    yield Pack(package)
    sys.modules.pop("acme_pack", None)
    _forget()


@pytest.fixture(autouse=True)
def alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside somebody else's pack leave out ours, which take long and are loaded in test_packs."""
    if "pack" in request.fixturenames:
        monkeypatch.setattr(packs, "builtin", {})


def _forget() -> None:
    packs.__dict__.pop("_entries", None)
    packs._loaded.clear()


def rule() -> Rule:
    return Rule.objects.get(key="acme.box.open")


def test_loading_twice_writes_nothing(pack: Pack) -> None:
    pack.ship()
    assert "acme.box.open" in [one.key for one in load_packs()]
    counts = Rule.history.count(), RuleVersion.objects.count()
    assert load_packs() == []
    assert (Rule.history.count(), RuleVersion.objects.count()) == counts


def test_a_dry_run_writes_nothing(pack: Pack) -> None:
    pack.ship()
    assert load_packs(dry_run=True)
    assert not Rule.objects.exists()


def test_a_new_rule_is_active_when_its_examples_hold(pack: Pack) -> None:
    pack.ship()
    load_packs()
    assert (rule().state, rule().active.number, rule().pack) == ("active", 1, "acme")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"examples": EXAMPLES[:1]}, "no example that does not fire"),
        ({"examples": EXAMPLES[1:]}, "no example that fires"),
        ({"expression": "!Open"}, "should fire"),
        ({"expression": "Open["}, "Something is missing"),
    ],
)
def test_a_rule_that_its_examples_do_not_carry_stays_a_draft(
    pack: Pack, fields: dict, says: str
) -> None:
    pack.ship(**fields)
    done = {one.key: one for one in load_packs()}
    assert says in "\n".join(done["acme.box.open"].problems)
    assert (rule().state, rule().active) == ("draft", None)


def test_what_an_editor_changed_stays_and_the_rest_follows_the_pack(pack: Pack) -> None:
    pack.ship(score=5, notes="first")
    load_packs()
    ours = {**rule().active.values(), "score": 2, "examples": EXAMPLES}
    activate(write_version(rule(), ours, "We can bear it."))
    pack.ship(score=9, notes="second")
    done = {one.key: one for one in load_packs()}
    assert done["acme.box.open"].fields == ("notes",)
    assert (rule().active.score, rule().active.notes, rule().active.number) == (2, "second", 3)
    assert rule().shipped["score"] == 9, "what is shipped is known beside what is ours"
    assert load_packs() == []


def test_a_correction_of_what_an_editor_changed_is_only_noted(pack: Pack) -> None:
    pack.ship(score=5)
    load_packs()
    ours = {**rule().active.values(), "score": 2, "examples": EXAMPLES}
    activate(write_version(rule(), ours, "We can bear it."))
    pack.ship(score=9)
    assert [one.what for one in load_packs()] == ["kept"]
    assert (rule().active.score, rule().versions.count()) == (2, 2)


def test_a_rule_that_left_its_pack_is_retired_and_comes_back(pack: Pack) -> None:
    pack.ship()
    load_packs()
    pack.ship_nothing()
    assert [one.what for one in load_packs()] == ["retired"]
    assert rule().state == "retired"
    pack.ship()
    assert [one.what for one in load_packs()] == ["back"]
    assert rule().state == "active"


def test_a_rule_of_the_admin_has_no_pack_and_is_left_alone(pack: Pack) -> None:
    pack.ship()
    Rule.objects.create(key="ours", state="active")
    load_packs()
    assert Rule.objects.get(key="ours").state == "active"


def test_a_broken_file_names_itself(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "builtin", {"vervet": "audits.packs"})
    _forget()
    (pack.folder / "acme.box.yaml").write_text("technology: [")
    module = ModuleType("acme_pack")
    module.__path__ = [str(pack.folder)]
    done = load_packs()
    assert {one.what for one in done} == {"new", "left out"}, "other packs come in"
    (left_out,) = [one for one in done if one.what == "left out"]
    assert left_out.key == "acme"
    assert "acme.box.yaml" in left_out.problems[0]


def test_a_misspelt_field_is_refused(pack: Pack) -> None:
    pack.ship(expresion="Open")
    (left_out,) = [one for one in load_packs() if one.what == "left out"]
    assert "unknown fields: expresion" in left_out.problems[0]


def test_a_pack_that_cannot_be_read_any_more_keeps_its_rules(pack: Pack) -> None:
    pack.ship()
    load_packs()
    (pack.folder / "acme.box.yaml").write_text("technology: [")
    assert [one.what for one in load_packs()] == ["left out"]
    assert (rule().retired_by_pack, rule().state) == (False, "active")


def test_every_shipped_key_stands_once() -> None:
    keys = [key for key, _ in shipped(packs["vervet"])]
    assert len(keys) == len(set(keys)) > 100
