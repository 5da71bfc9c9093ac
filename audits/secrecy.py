"""Tell what looks like a secret, so that it is not shown where it is not needed."""

import functools
import re
from typing import Any

from accounts.providers import every
from items.canonical import is_sealed

# Names under which secrets are kept. `HttpTokens: required` and `PasswordLastUsed: 2026-..` are
# none: so what stands there must look like one, too.
_NAMES = re.compile(
    r"(pass(word|wd|phrase)|secret|token|private_?key|api_?key|credential|connection_?string"
    r"|shared_?key|account_?key|auth_?key|signature|user_?data)",
    re.IGNORECASE,
)
# A condition's key, token.actions.githubusercontent.com:sub, names no field.
_FIELD = re.compile(r"[\w-]+")
_HARMLESS = (
    r"[A-Za-z]{0,24}|\d{1,8}|[A-Za-z]+(?:[ _-][A-Za-z]+){1,4}",  # a word, a number, some words
    r"\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]*)?",  # a moment
)
_FORMS = (
    r"-----BEGIN [A-Z ]*(?:PRIVATE KEY|CERTIFICATE)",
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",  # a JSON web token
    r"\b(?:gh[opsru]_|github_pat_|glpat-|xox[abeoprs]-|sk_live_|rk_live_)[\w.-]{10,}",
    r"://[^/\s:@]+:[^/\s@]+@",  # a name and a password in an address
    r"\b(?:Password|pwd)=[^;&\s]{6,}",
)
_DENSE = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,}")
_SORTS = tuple(map(re.compile, (r"[a-z]", r"[A-Z]", r"\d")))


def is_secret(value: Any, name: str = "") -> bool:
    """Say whether a text looks like a password, key or token; ``name`` is what it stands under.

    Errs to the safe side: a random id of 24 characters or more is one, too.
    """
    if not isinstance(value, str) or not value:
        return False
    if is_sealed(value) or _forms().search(value):
        return True
    if _FIELD.fullmatch(name) and _NAMES.search(name) and not _harmless().fullmatch(value):
        return True
    if _HEXADECIMAL.fullmatch(value):
        return True
    return bool(_DENSE.fullmatch(value)) and all(sort.search(value) for sort in _SORTS)


@functools.cache
def _harmless() -> re.Pattern[str]:
    return re.compile("|".join((*_HARMLESS, *every("harmless"))))


@functools.cache
def _forms() -> re.Pattern[str]:
    return re.compile("|".join((*_FORMS, *every("secrets"))), re.IGNORECASE)
