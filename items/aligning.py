"""Several configurations beside each other, line by line, what is one thing in one line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from items.fields import canonical_bytes
from items.pairing import ABSENT, Names, opened, parts

# Lines that are written at most, and characters of one cell.
MOST = 2000
LONGEST = 2000


class Cell(NamedTuple):
    """What one configuration says in a line."""

    text: str
    there: bool = True


@dataclass(frozen=True)
class Row:
    """One line: what it is about, and what each configuration says there."""

    depth: int
    label: str
    cells: tuple[Cell, ...]
    """Without text: what it says follows in deeper lines, or an upper one said that it has none."""
    differs: bool
    opens: bool = False


def aligned(
    values: Sequence[Any], names: Names | None = None, every: bool = False
) -> tuple[list[Row], bool]:
    """Return configurations as lines, and whether there were more than can be written.

    Lines that are the same in all are left out, but for those that lead to others; ``every``
    keeps them.
    """
    rows: list[Row] = []
    for row in _rows(tuple(values), 0, "", names or {}, every):
        if len(rows) == MOST:
            return rows, True
        rows.append(row)
    return rows, False


def _rows(
    values: tuple[Any, ...], depth: int, name: str, names: Names, every: bool
) -> Iterator[Row]:
    listed = any(isinstance(value, list) for value in values)
    for part in parts(values, name, names) or ():
        differs = _differ(part.values)
        if not (differs or every):
            continue
        inside = tuple(opened(part.values))
        if _opens(inside):
            cells = _cells(values, inside, lambda _: "")
            yield Row(depth, part.label, cells, ABSENT in inside, opens=True)
            below = name if listed else part.label
            yield from _rows(inside, depth + 1, below, names, every)
        else:
            yield Row(depth, part.label, _cells(values, part.values, _text), differs)


def _opens(values: Sequence[Any]) -> bool:
    """Say whether what stands here is taken apart: objects all, or lists all, not all empty."""
    there = [value for value in values if value is not ABSENT]
    return any(there) and any(all(isinstance(one, kind) for one in there) for kind in (dict, list))


def _differ(values: Sequence[Any]) -> bool:
    """Say whether there are two that differ; 1 and true do."""
    texts = {None if value is ABSENT else canonical_bytes(value) for value in values}
    return len(texts) > 1


def _cells(
    around: Sequence[Any], values: Sequence[Any], text: Callable[[Any], str]
) -> tuple[Cell, ...]:
    """Write what each says; of what is not there only the topmost part is said to be missing."""
    return tuple(
        Cell("" if whole is ABSENT else "not there", there=False)
        if value is ABSENT
        else Cell(text(value))
        for whole, value in zip(around, values, strict=True)
    )


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else canonical_bytes(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
