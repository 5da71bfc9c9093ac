"""Secrets are never stored: an account names where one lies, and it is read when it is used."""

import os
from pathlib import Path

from django.conf import settings

from accounts.types.base import Refused

PATTERN = r"env:VERVET_SECRET_[A-Z0-9_]+|file:/.+"
WANTS = "where the secret lies: env:VERVET_SECRET_NAME or file:/run/secrets/name"

# No secret is larger; a pipe or a device must not keep its reader waiting.
MOST = 1 << 20


def resolved(reference: str) -> str:
    """Return the secret that a reference names; raise Refused where it cannot be read.

    ``env:VERVET_SECRET_NAME`` is a variable of the environment. ``file:/path`` is a file below
    one of ``VERVET_SECRET_FOLDERS``: whoever may edit an account must not be able to have
    any file of the machine, or Vervet's own keys, sent to a provider.
    """
    kind, _, where = reference.partition(":")
    if kind == "env" and where.startswith("VERVET_SECRET_"):
        value = os.environ.get(where, "")
        if not value:
            raise Refused(f"{where} is not set: set it for the console and for the workers.")
        return value
    if kind == "file":
        return secret_file(reference).read_text().strip()
    raise Refused(f"This is no reference to a secret. It must say {WANTS}.")


def secret_file(reference: str) -> Path:
    """Return the file that a reference names; raise Refused where it must not or cannot be read."""
    path = Path(reference.removeprefix("file:")).resolve()
    folders = [Path(folder).resolve() for folder in settings.SECRET_FOLDERS]
    if not any(path.is_relative_to(folder) for folder in folders):
        allowed = ", ".join(map(str, folders))
        raise Refused(
            f"{path} is in none of the folders for secrets ({allowed}). Move it there, or name its "
            "folder in VERVET_SECRET_FOLDERS."
        )
    try:
        if not path.is_file() or path.stat().st_size > MOST:
            raise Refused(f"{path} is not there, or is no file that holds a secret.")
        with path.open():
            return path
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
