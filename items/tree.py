"""A configuration as lines that fold: what a page writes from the top down."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from items.diffing import CALLED_BY

# Deeper or longer parts begin folded.
OPEN_DEPTH = 2
OPEN_SIZE = 40


@dataclass(frozen=True)
class Line:
    """One step of writing a tree: a part opens, a value stands, or a part closes."""

    what: str
    """open, leaf or close"""
    key: str = ""
    hint: str = ""
    """What an element of a list is called."""
    text: str = ""
    kind: str = ""
    """text, number or none; how the value is painted"""
    size: int = 0
    unfolded: bool = False
    marks: Sequence[Any] = ()


def lines(
    value: Any, key: str = "", depth: int = 0, marks: Callable[[Any], Sequence[Any]] = lambda _: ()
) -> Iterator[Line]:
    """Yield the lines of a value; ``marks`` tells what is to be said of a part."""
    if isinstance(value, dict):
        children = [(str(name), child) for name, child in value.items()]
    elif isinstance(value, list):
        children = [(str(place), child) for place, child in enumerate(value)]
    else:
        yield _leaf(key, value, marks(value))
        return
    if not children:
        yield Line("leaf", key, text="{}" if isinstance(value, dict) else "[]", kind="none")
        return
    if depth:
        said = marks(value)
        unfolded = bool(said) or (depth < OPEN_DEPTH and len(children) <= OPEN_SIZE)
        yield Line("open", key, _hint(value), size=len(children), unfolded=unfolded, marks=said)
    for name, child in children:
        yield from lines(child, name, depth + 1, marks)
    if depth:
        yield Line("close")


def _leaf(key: str, value: Any, said: Sequence[Any]) -> Line:
    if isinstance(value, str):
        return Line("leaf", key, text=value, kind="text", marks=said)
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return Line("leaf", key, text=words[value], kind="none" if value is None else "number")
    return Line("leaf", key, text=str(value), kind="number")


def _hint(value: Any) -> str:
    """Return what an object is called, the first name that says it."""
    if not isinstance(value, dict):
        return ""
    for ending in CALLED_BY:
        for name, one in value.items():
            if name.lower().endswith(ending) and isinstance(one, str) and one:
                return one[:80]
    return ""
