"""The folder that a demo runs in, and the settings that keep it away from everything else."""

import fcntl
import os
import shutil
from pathlib import Path

MARKER = "a-demo-of-vervet"
# Settings of a real installation and of its SDKs, by what they begin with,
PREFIXES = ("VERVET_", "AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_")
# and whole names.
OTHERS = ("ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "SECRET_KEY")


class NoStage(RuntimeError):
    """The folder cannot be used; says why."""


def take(folder: Path) -> int:
    """Empty a folder for a demo and hold it while this process lives; return what holds it.

    Raises NoStage, and touches nothing, where it holds what no demo has put there, or where
    another demo runs in it.
    """
    marker = folder / MARKER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NoStage(f"{folder} is not a folder.")
    if folder.exists() and any(folder.iterdir()) and not marker.is_file():
        raise NoStage(f"{folder} holds something else than a demo; it is not touched.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = os.open(marker, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise NoStage(f"Another demo runs in {folder}: end that one first.") from None
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != marker:
            path.unlink()
    return held


def environment(folder: Path, port: int) -> dict[str, str]:
    """Return this process's environment with the demo's settings in place of all of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIXES) and name not in OTHERS
    }
    return kept | {
        "VERVET_ENV_FILE": os.devnull,
        "VERVET_VAR": str(folder),
        "VERVET_URL": f"http://127.0.0.1:{port}",
        "VERVET_MAIL_FOLDER": str(folder / "mails"),
        "VERVET_LOG_LEVEL": "WARNING",
        "VERVET_GATHERING_TIME": "60",
        "VERVET_SCAN_INTERVAL": "300",
        "VERVET_WORKERS": "2",
        "VERVET_CALL_ATTEMPTS": "3",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DATABASE_URL": f"sqlite:///{folder / 'vervet.sqlite3'}",
        "DEBUG": "false",
    }
