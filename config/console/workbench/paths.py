"""The paths that items really have, as help for what is being written at the cursor."""

import re
from dataclasses import dataclass
from typing import Any

from audits.occurring import Found, paths
from audits.wording import brief, literal

# The words before the cursor that make one path; a bracket that is still open ends it.
PATH = re.compile(r"(?:[\w.]|\"[^\"\n]*\"|\[(?:\*|-?\d+|)\])*\Z")
SHOWN = 8


@dataclass(frozen=True)
class Offer:
    """One path that can be inserted at the cursor."""

    path: str
    insert: str
    often: str
    values: tuple[tuple[str, str], ...]
    """Values that stand there: as they are shown, and as an expression writes them."""


def offers(technologies: list[str], user: Any, text: str, place: int) -> tuple[list[Offer], int]:
    """Return the paths that fit at the cursor, the most frequent first, and of how many items.

    Within a filter these are the paths of the list's elements.
    """
    begun = PATH.search(text[:place])
    word = begun[0].replace("[*]", "[]") if begun else ""
    base = _base(text[: place - len(begun[0]) if begun else place])
    found: dict[str, tuple[float, Found]] = {}
    looked = 0
    for technology in technologies[:3]:
        known = paths(technology, user)
        looked += known.items
        for one in known.paths:
            if one.path.startswith(base) and one.path != base:
                share = max(one.share, found.get(one.path, (0.0,))[0])
                found[one.path] = (share, one)
    fitting = [
        (_rank(path[len(base) :], word), -share, path, one)
        for path, (share, one) in found.items()
        if _fits(path[len(base) :], word)
    ]
    return [
        _offer(path, path[len(base) :].lstrip("."), -share, one)
        for _, share, path, one in sorted(fitting, key=lambda row: row[:3])[:SHOWN]
    ], looked


def _base(before: str) -> str:
    """Return the path of the list in whose filter the cursor stands; nothing outside of one."""
    depth = 0
    for place in range(len(before) - 1, 0, -1):
        if before[place] == "]":
            depth += 1
        elif before[place] == "[":
            if depth:
                depth -= 1
            elif before[place : place + 2] == "[?":
                begun = PATH.search(before[:place])
                list_ = begun[0].replace("[*]", "[]") if begun else ""
                outer = _base(before[: place - len(list_)]) if list_ else ""
                return f"{outer}{list_}[]." if list_ else ""
    return ""


def _fits(path: str, word: str) -> bool:
    """Say whether a path begins like the word, or has a member that does."""
    low, wanted = path.lower(), word.lower()
    last = wanted.replace("[]", "").rpartition(".")[2]
    return low.startswith(wanted) or (len(last) > 1 and last in low)


def _rank(path: str, word: str) -> int:
    return 0 if path.lower().startswith(word.lower()) else 1


def _offer(path: str, insert: str, share: float, found: Found) -> Offer:
    often = "all" if share >= 1 else "< 1 %" if share < 0.01 else f"{share:.0%}"
    values = tuple((brief(value), literal(value)) for value in found.values[:3])
    return Offer(path, insert, often, values)
