"""Wheels that tests build and install, offline, as their users do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
NO_SOURCES = shutil.ignore_patterns(
    ".*", "__pycache__", "build", "dist", "node_modules", "*.egg-info", "var", "venv"
)


def built(project: Path, folder: Path) -> Path:
    """Build the wheel of a project in a copy of it, which leaves nothing behind in the original."""
    copy = folder / "sources"
    shutil.copytree(project, copy, ignore=NO_SOURCES)
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(folder)]
    ran([*PIP, "wheel", *options, str(copy)])
    shutil.rmtree(copy)
    (wheel,) = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, folder: Path) -> Path:
    """Install a wheel alone into a folder, to be put onto the path of a new process."""
    options = ["--no-index", "--no-deps", "--no-compile", "--target", str(folder)]
    ran([*PIP, "install", *options, str(wheel)])
    return folder


def ran(command: list[str], **options: object) -> str:
    """Run a command to its end; return what it said, or fail with it."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def away_from_here(*path: Path, **more: str) -> dict[str, str]:
    """Return an environment that knows nothing of this tree but the folders that are named."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VERVET_", "DJANGO_", "PYTHON")) and name != "DATABASE_URL"
    }
    joined = os.pathsep.join(map(str, path))
    return kept | {"PYTHONPATH": joined, "VERVET_ENV_FILE": os.devnull} | more
