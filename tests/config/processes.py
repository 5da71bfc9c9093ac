"""Commands of ours in processes of their own, and whatever they leave behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.demo.stage import environment
from config.serving import ROOT

MANAGE = [sys.executable, str(ROOT / "manage.py")]


@contextmanager
def started(folder: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command of ours with ``folder`` for its files; in the end nothing of it is left."""
    process = subprocess.Popen(
        [*MANAGE, *command],
        env=environment(folder, 8000),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_hear_ctrl_c,
    )
    try:
        yield process
    finally:
        process.kill()
        for one in left_of(folder):
            os.kill(one, 9)
        process.communicate()


def _hear_ctrl_c() -> None:
    """Undo what a shell does to a suite in the background: that ignores it, with all it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours to its end."""
    return subprocess.run(
        [*MANAGE, *command],
        env=environment(folder, 8000),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def line_with(process: "subprocess.Popen[str]", text: str) -> str:
    """Read what a process says up to the line that holds a text; fail with all where none does."""
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if text in line:
            return line
    raise AssertionError(f"{text!r} was not said, but: {''.join(said)}")


def left_of(folder: Path) -> list[int]:
    """Return the processes whose environment names a folder for its files."""
    mark = f"VERVET_VAR={folder}\0".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            held = mark in path.joinpath("environ").read_bytes() + b"\0"
        except OSError:
            continue
        if held and path.joinpath("cmdline").read_bytes():  # Empty: it is dead, but not buried.
            found.append(int(path.name))
    return found


def within(seconds: float, true: Callable[[], object]) -> bool:
    """Wait until something is true; say whether it became so in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
