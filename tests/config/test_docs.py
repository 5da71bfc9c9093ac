"""The documents say what is so: every setting, command, target, link, role and permission."""

import ast
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands

from config.roles import ROLES
from config.serving import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
UNITS = sorted(ROOT.glob("deploy/systemd/*"))
OPERATING = (ROOT / "docs" / "operating.md").read_text()
PERMISSIONS = (ROOT / "docs" / "permissions.md").read_text()
READERS = ("number", "switch", "words", "get", "db_url", "email_url")
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \|", re.MULTILINE)

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def settings_read() -> Iterator[tuple[str, object]]:
    """Yield each variable that the settings read, with its default where that is written there."""
    tree = ast.parse((ROOT / "config" / "settings.py").read_text())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        name = getattr(node.args[0], "value", None)
        if called in READERS and isinstance(name, str) and name.isupper():
            rest = [*node.args[1:], *(word.value for word in node.keywords if word.arg != "least")]
            yield name, rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
    yield "SECRET_KEY", None  # Asked for with `in`.


def test_every_setting_is_in_the_table_and_the_table_holds_no_other() -> None:
    read = {name for name, _ in settings_read()}
    assert len(read) > 20
    assert {name for name, _ in ROW.findall(OPERATING)} == read


def test_the_tables_defaults_are_the_settings_defaults() -> None:
    told = dict(ROW.findall(OPERATING))
    for name, default in settings_read():
        if isinstance(default, str | int) and default != "":
            assert told[name] == f"`{str(default).lower() if default is False else default}`", name


@page
def test_every_command_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"(?:manage\.py|^vervet) ([a-z]+)", page.read_text(), re.MULTILINE))
    assert named <= {*get_commands()}


@page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w./-]+):", makefile, re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([\w./-]+)", page.read_text(), re.MULTILINE)
    assert set(named) <= targets


@page
def test_every_link_within_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        path, _, heading = target.partition("#")
        there = (page.parent / path) if path else page
        assert there.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE)
            assert heading in [anchor(title) for title in titles], target


def anchor(title: str) -> str:
    """Return a heading's name in links, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_the_policy_in_the_documents_is_the_one_that_is_derived() -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```", PERMISSIONS, re.MULTILINE | re.DOTALL)
    derived = StringIO()
    call_command("printpermissions", "aws", stdout=derived)
    assert json.loads(shown) == json.loads(derived.getvalue())


def test_every_role_is_in_the_table() -> None:
    table = PERMISSIONS.partition("| Role | May |")[2]
    assert re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE) == list(ROLES)


def test_the_first_page_is_one_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_run_what_exists(unit: Path) -> None:
    text = unit.read_text()
    assert set(re.findall(r"manage\.py ([a-z]+)", text)) <= {*get_commands()}
    for other in re.findall(r"vervet-[a-z]+\.service", text):
        assert (unit.parent / other).exists()
    for page in re.findall(r"file:///opt/vervet/(\S+)", text):
        assert (ROOT / page).exists()
