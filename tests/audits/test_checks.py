"""What is left out of the language is named, with the reason."""

from pathlib import Path

import pytest

from audits import checks, library
from audits.functions import functions
from audits.functions.actions import listed_at
from config.plugins import Registry

MODULE = """
def length(context, x):
    \"\"\"Give something else than JMESPath does.\"\"\"

def has(context, x):
    \"\"\"Give something else than ours does.\"\"\"

def forgetful():
    return 1

def cost_centre(context, tags):
    \"\"\"Give the cost centre.\"\"\"
"""


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of functions, one of them its own and two whose names are taken."""
    info = tmp_path / "acme_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[vervet.functions]\nacme = acme_words\nbroken = acme_no_such\n"
    )
    (tmp_path / "acme_words.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    found: Registry = Registry("vervet.functions", functions.base, functions.builtin)
    monkeypatch.setattr(library, "functions", found)
    monkeypatch.setattr(checks, "functions", found)


@pytest.mark.usefixtures("theirs")
def test_a_taken_name_is_left_out_and_named() -> None:
    table = library.library.__wrapped__()
    assert "cost_centre" in table
    assert "length" not in table
    assert table["has"].call.__module__ == "audits.functions.lists"
    said = [message.msg for message in checks.check_functions()]
    assert any("length() of acme_words is left out: JMESPath has it" in one for one in said)
    assert any("has() of acme_words is left out: audits.functions.lists" in one for one in said)
    assert "forgetful" not in table
    assert any("forgetful() of acme_words is left out: its first" in one for one in said)
    assert any("acme_no_such" in one and "does not load" in one for one in said)


def test_nothing_of_ours_is_left_out() -> None:
    assert checks.check_functions() == []


def test_an_old_list_of_actions_is_warned_of() -> None:
    assert [*checks.age_messages(checks.OLDEST_DAYS)] == []
    (warning,) = checks.age_messages(200)
    assert "200 days old" in warning.msg
    assert listed_at().year >= 2026
