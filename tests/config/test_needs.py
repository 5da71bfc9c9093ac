"""A test that needs what is not there is skipped with the reason, or fails where it is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.serving import ROOT

NEEDY = """
import pytest

@pytest.mark.needs("{need}")
def test_something():
    pass
"""


def outcome(tmp_path: Path, need: str, **environment: str) -> str:
    """Run one needy test where no browser is to be found, on SQLite; return the closing lines."""
    test = tmp_path / "test_needy.py"
    test.write_text(NEEDY.format(need=need))
    command = [sys.executable, "-m", "pytest", f"--config-file={ROOT / 'pyproject.toml'}"]
    done = subprocess.run(
        [*command, "-p", "conftest", "-p", "no:cacheprovider", str(test)],
        cwd=ROOT,
        env={"VERVET_VAR": str(tmp_path), "HOME": os.environ.get("HOME", ""), **environment},
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("need", "reason"), [("browser", "there is no Chromium"), ("postgres", "runs on SQLite")]
)
def test_what_is_missing_skips_or_fails_with_the_reason(
    tmp_path: Path, need: str, reason: str
) -> None:
    skipped = outcome(tmp_path, need, PATH="")
    assert "1 skipped" in skipped
    assert f"needs {need}: " in skipped
    assert reason in skipped
    failed = outcome(tmp_path, need, PATH="", VERVET_REQUIRE="other,browser,postgres")
    assert "1 error" in failed
    assert f"{need} is required, but" in failed
    assert reason in failed
