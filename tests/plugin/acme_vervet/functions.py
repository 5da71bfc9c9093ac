"""Functions for rules; one kills its process when a test asks for it."""

import os
import signal
from pathlib import Path
from typing import Any


def weak_lock(context: Any, lock: Any) -> bool:
    """Whether a lock can be picked: its security is below 3, or not told.

    Example: weak_lock(Lock)
    On: {"Lock": {"Security": 1}}
    Gives: true
    """
    return not isinstance(lock, dict) or not (lock.get("Security") or 0) >= 3


def die_at(context: Any, name: Any, value: Any = True) -> Any:
    """Give ``value``, or kill this process where the item is called as ACME_DIE_AT says.

    Dies once: the file that ACME_DIED names remembers it.
    """
    died = Path(os.environ.get("ACME_DIED", os.devnull))
    if name == os.environ.get("ACME_DIE_AT") and not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return value
