"""Read variables of the environment; what is malformed is refused, with what it takes."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


def number(name: str, default: int, least: int = 0) -> int:
    """Read a whole number, or say which variable is wrong and what it takes."""
    text = os.environ.get(name, str(default)).strip()
    if not text.isdecimal() or int(text) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least}, not {text!r}.")
    return int(text)


def switch(name: str, default: bool) -> bool:
    """Read yes or no, or say which variable is wrong and what it takes."""
    text = os.environ.get(name, str(default)).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off", ""):
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {text!r}.")


def words(name: str, default: str = "") -> list[str]:
    """Read a list of words, separated by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def address(name: str, text: str, schemes: tuple[str, ...], such_as: str) -> SplitResult:
    """Take the address of a host apart, or say which variable is wrong and what it takes.

    It may hold a password, so it is not repeated.
    """
    try:
        parts = urlsplit(text)
        well = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # A port that is no number, or too high.
        well = False
    if not well:
        raise ImproperlyConfigured(f"{name} must be an address such as {such_as}.")
    return parts


def database(name: str, text: str) -> dict[str, Any]:
    """Return Django's settings of the database at an address, or say what the address takes.

    It may hold a password, so it is not repeated.
    """
    try:
        if text.startswith(("sqlite:///", "postgres://", "postgresql://")):
            found = environ.Env.db_url_config(text)
            if found["NAME"]:
                return dict(found)
    except ValueError:  # A port that is no number.
        pass
    raise ImproperlyConfigured(
        f"{name} must be the address of a database: sqlite:////path/to/file, "
        "or as in postgres://vervet:password@127.0.0.1:5432/vervet."
    )


def kept_secret(folder: Path, name: str) -> str:
    """Return the secret kept in a file of VERVET_VAR; make it on the first run.

    It comes to its name complete: two processes that start at once keep the same one.
    """
    path = folder / name
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = folder / f".{name}-{os.getpid()}"
            with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
            with suppress(FileExistsError):
                path.hardlink_to(fresh)
            fresh.unlink()
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"VERVET_VAR must name a folder that may be written to, not {str(folder)!r}: {error}."
        ) from error
