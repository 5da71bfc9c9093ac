"""Two texts of a rule side by side, field by field and line by line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from audits.packing import ORDER, readable

# Beyond this, finding which lines answer to which takes longer than anybody reads.
MOST_LINES = 600


@dataclass(frozen=True)
class Line:
    """A line of either text, and whether the other one has it."""

    left: str | None
    right: str | None
    differs: bool


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
        left, right = readable(self.left).split("\n"), readable(self.right).split("\n")
        if len(left) + len(right) > MOST_LINES:
            left, right = _cut(left), _cut(right)
        return list(_aligned(left, right))


def pairs(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Pair]:
    """Return every field of two whole texts, in the order in which a pack writes them."""
    return [Pair(name, left[name], right[name]) for name in ORDER]


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
