"""Guess what somebody meant who wrote a name that is none."""

import difflib
import re
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], most: int = 1, alike: float = 0.7) -> list[str]:
    """Return the known names that are most like a word, the most alike first.

    Capitals, dashes and underscores count for nothing.
    """
    by_look: dict[str, str] = {}
    for name in known:
        by_look.setdefault(plain(name), name)
    return [by_look[one] for one in difflib.get_close_matches(plain(word), by_look, most, alike)]


def plain(word: str) -> str:
    """Return a word without what people forget: capitals, dashes, underscores, blanks."""
    return re.sub(r"[-_ ]", "", word[:200].lower())


def perhaps(word: str, known: Iterable[str]) -> str:
    """Return a question to end a sentence with, or nothing: `` Did you mean x?``"""
    found = nearest(word, known)
    return f" Did you mean {found[0]}?" if found else ""
