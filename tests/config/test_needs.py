"""A test that needs what is not there is skipped with the reason, or fails where it is required."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from config.serving import ROOT

NEEDY = """
import pytest

@pytest.mark.needs("browser")
def test_in_a_browser():
    pass

@pytest.mark.needs("postgres")
def test_on_postgres():
    pass
"""
REASONS = {"browser": "there is no Chromium", "postgres": "the suite runs on SQLite"}


@pytest.fixture
def needy() -> Iterator[Path]:
    """A file of tests below our conftest.py."""
    (ROOT / "build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=ROOT / "build") as folder:
        test = Path(folder) / "test_needy.py"
        test.write_text(NEEDY)
        yield test


def outcome(test: Path, **environment: str) -> str:
    """Run needy tests where no browser is to be found, on SQLite; return the closing lines."""
    given = {"VERVET_VAR": str(test.parent), "VERVET_ENV_FILE": os.devnull, "PATH": ""}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(test)],
        cwd=ROOT,
        env={"HOME": os.environ.get("HOME", ""), **given, **environment},
        capture_output=True,
        text=True,
    ).stdout


def test_what_is_missing_skips_or_fails_with_the_reason(needy: Path) -> None:
    skipped = outcome(needy)
    assert "2 skipped" in skipped
    failed = outcome(needy, VERVET_REQUIRE="other,browser,postgres")
    assert "2 errors" in failed
    for need, reason in REASONS.items():
        assert f"needs {need}: {reason}" in skipped
        assert f"{need} is required, but {reason}" in failed
