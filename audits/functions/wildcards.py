"""Matching with ``*`` and ``?`` as the clouds mean it; no rule calls these."""

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache

VARIABLE = "${"
"""How a policy begins a value that is only known when a request comes."""


def like(text: str, pattern: str) -> bool:
    """Say whether a text is what a pattern describes, capitals or not."""
    return _compiled(pattern.lower()).match(text.lower()) is not None


def like_any(text: str, patterns: Iterable[str]) -> bool:
    """Say whether a text is what any of the patterns describes."""
    return any(like(text, pattern) for pattern in patterns)


def is_fixed(text: str) -> bool:
    """Say whether a policy's value can mean only one thing: no wildcard, no variable."""
    return bool(text) and "*" not in text and "?" not in text and VARIABLE not in text


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    # fnmatch knows a third wildcard, [...], that no cloud has. What it translates to never
    # goes back over a star, so that a hostile pattern costs no more than length times length.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
