"""What was found, in one line of a list: its offending part is kept, the rest may be cut."""

from collections.abc import Iterable
from typing import Any

LONGEST = 160
VALUES = 6


def brief(notes: str, evidence: Any, extent: Any) -> tuple[str, list[Any]]:
    """Return a short text about a finding and the words in it that are to be marked.

    The text is what the rule says, or else the plain values of what was found. What is marked is
    the finding's extent, or else the finding itself where it is a plain value.
    """
    words = list(extent) if isinstance(extent, list) else []
    if not words and _plain(evidence):
        words = [evidence]
    text = " ".join((notes or _values(evidence)).split())
    return _cut(text, words), words


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""


def _values(evidence: Any) -> str:
    if isinstance(evidence, dict):
        pairs = [(name, one) for name, one in evidence.items() if _plain(one)]
        return ", ".join(f"{name} {one}" for name, one in pairs[:VALUES])
    if isinstance(evidence, list):
        return ", ".join(str(one) for one in evidence if _plain(one))
    return str(evidence) if _plain(evidence) else ""


def _cut(text: str, words: Iterable[Any]) -> str:
    """Shorten a text to what stands around the first word that is marked in it."""
    if len(text) <= LONGEST:
        return text
    places = [text.find(str(word)) for word in words if 0 < len(str(word)) < LONGEST]
    first = min((place for place in places if place >= 0), default=0)
    start = 0 if first < LONGEST // 2 else first - LONGEST // 4
    end = start + LONGEST
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
