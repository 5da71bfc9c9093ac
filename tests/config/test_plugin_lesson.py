"""The lesson on plugins is run as it stands, from an empty folder to a tested package."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.serving import ROOT
from tests.packages import away_from_here

LESSON = (ROOT / "docs" / "plugins.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\S+/\S+)\n")
SHIM = '#!/bin/sh\nexec "{python}" {runs} "$@"\n'


def script() -> str:
    """Return the whole lesson as one shell script: files are written where they are shown."""
    lines = ["set -eu", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for language, text in BLOCK.findall(LESSON):
        named = FILE.match(text)
        if language == "sh":
            lines.append(text)
        elif named:
            lines.append(f"cat > {named[1]} <<'END_OF_FILE'\n{text}END_OF_FILE")
        else:
            assert language == "toml", "a block that nothing runs"
    return "\n".join(lines)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder of commands as a newcomer has them: vervet, python, pip."""
    folder = tmp_path / "bin"
    folder.mkdir()
    runs = {"vervet": str(ROOT / "manage.py"), "python": "", "pip": "-m pip"}
    for name, what in runs.items():
        (folder / name).write_text(SHIM.format(python=sys.executable, runs=what))
        (folder / name).chmod(0o755)
    return folder


def test_the_lesson_works_from_start_to_finish(tmp_path: Path, bin_folder: Path) -> None:
    work, site = tmp_path / "work", tmp_path / "site"
    work.mkdir()
    kept = max(
        ROOT.glob("build/migrated-*.sqlite3"), default=None, key=lambda at: at.stat().st_mtime
    )
    if kept:  # What is not yet migrated there the lesson migrates.
        shutil.copy(kept, tmp_path / "vervet.sqlite3")
    environment = away_from_here(
        ROOT,
        site,
        PATH=f"{bin_folder}:/usr/bin:/bin",
        VERVET_VAR=str(tmp_path / "var"),
        DATABASE_URL=f"sqlite:///{tmp_path / 'vervet.sqlite3'}",
        PIP_TARGET=str(site),
        PIP_NO_INDEX="1",
        PIP_NO_DEPS="1",
    )
    done = subprocess.run(
        ["bash", "-c", script()],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "Eiger" in done.stdout
    assert done.stdout.count("\nOK\n") == 2, "both suites of tests passed"
    with closing(sqlite3.connect(tmp_path / "vervet.sqlite3")) as database:
        found = database.execute("select score from audits_issue").fetchall()
        assert found == [(8,)], "the room without a lock"


def test_a_new_plugin_overwrites_nothing_and_has_a_name_that_python_takes(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is there already"):
        call_command("startplugin", "hotel", to=tmp_path)
    with pytest.raises(CommandError, match="a word of small letters"):
        call_command("startplugin", "my-hotel", to=tmp_path / "new")
    assert [*tmp_path.iterdir()] == []
