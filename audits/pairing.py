"""Two texts of a rule side by side, field by field and line by line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from audits.packing import ORDER, readable

# Beyond this, finding which lines answer to which takes longer than anybody reads.
MOST_LINES = 600
# Of a longer line it is only said that it differs.
LONGEST_LINE = 500
WORD = re.compile(r"\w+|\s+|[^\w\s]")

Parts = list[tuple[str, bool]]
"""A line in pieces, each with whether the other side lacks it."""


@dataclass(frozen=True)
class Line:
    """A line of either text, and whether the other one has it."""

    left: str | None
    right: str | None
    differs: bool

    @property
    def parts(self) -> tuple[Parts, Parts]:
        """Both sides in pieces; where nothing answers to a line, it is one."""
        left, right = self.left or "", self.right or ""
        both = self.left is not None and self.right is not None
        if not (self.differs and both) or max(len(left), len(right)) > LONGEST_LINE:
            return [(left, False)], [(right, False)]
        return _words(left, right)


@dataclass(frozen=True)
class Pair:
    """A field in both texts."""

    name: str
    left: Any
    right: Any

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    @property
    def differs(self) -> bool:
        return bool(self.left != self.right)

    @property
    def lines(self) -> list[Line]:
        """Both values as lines, those that answer to each other side by side."""
        left, right = _split(self.left), _split(self.right)
        if len(left) + len(right) > MOST_LINES:
            left, right = _cut(left), _cut(right)
        return list(_aligned(left, right))


def pairs(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Pair]:
    """Return every field of two whole texts, in the order in which a pack writes them."""
    return [Pair(name, left[name], right[name]) for name in ORDER]


def _split(value: Any) -> list[str]:
    text = readable(value)
    return text.split("\n") if text else []


def _cut(lines: list[str]) -> list[str]:
    half = MOST_LINES // 2
    return lines if len(lines) <= half else [*lines[:half], f"and {len(lines) - half} lines more"]


def _aligned(left: list[str], right: list[str]) -> Iterator[Line]:
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        for step in range(max(i2 - i1, j2 - j1)):
            yield Line(
                left[i1 + step] if i1 + step < i2 else None,
                right[j1 + step] if j1 + step < j2 else None,
                what != "equal",
            )


def _words(left: str, right: str) -> tuple[Parts, Parts]:
    """Cut two lines into words; where hardly one is common, nothing is marked in them."""
    ours, theirs = WORD.findall(left), WORD.findall(right)
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    if matcher.ratio() < 0.2:
        return [(left, False)], [(right, False)]
    found: tuple[Parts, Parts] = ([], [])
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        for parts, words in zip(found, (ours[i1:i2], theirs[j1:j2]), strict=True):
            if words:
                parts.append(("".join(words), what != "equal"))
    return found
