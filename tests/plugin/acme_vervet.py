"""A small package of somebody else: rule functions that misbehave when a test asks them to."""

import os
import signal
from pathlib import Path
from typing import Any


def die_at(context: Any, name: Any, value: Any = True) -> Any:
    """Give ``value``, or kill this process where the item is called as ACME_DIE_AT says.

    Dies once: the file that ACME_DIED names remembers it.
    """
    died = Path(os.environ.get("ACME_DIED", os.devnull))
    if name == os.environ.get("ACME_DIE_AT") and not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return value
