"""A configuration as lines that fold: what a page writes from the top down."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from items.diffing import CALLED_BY, called

# Parts that are deeper or longer than this begin folded.
OPEN_DEPTH = 4
OPEN_SIZE = 30

Marks = Callable[[Any], Sequence[Any]]
Names = Mapping[str, Sequence[str]]


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
    size: str = ""
    unfolded: bool = False
    marks: Sequence[Any] = ()


def lines(
    value: Any,
    marks: Marks = lambda _: (),
    names: Names | None = None,
) -> Iterator[Line]:
    """Yield the lines of a configuration from the top down.

    ``marks`` tells what is to be said of a part; ``names`` which fields call an element of a
    list, by the list's name.
    """
    yield from _lines(value, "", "", 0, marks, names or {})


def _lines(
    value: Any, key: str, hint: str, depth: int, marks: Marks, names: Names
) -> Iterator[Line]:
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
        size = f"{len(children)} {'in the list' if isinstance(value, list) else 'parts'}"
        yield Line("open", key, hint, size=size, unfolded=unfolded, marks=said)
    for name, child in children:
        called_by = names.get(key, ()) if isinstance(value, list) else ()
        yield from _lines(child, name, _hint(child, called_by), depth + 1, marks, names)
    if depth:
        yield Line("close")


def _leaf(key: str, value: Any, said: Sequence[Any]) -> Line:
    if isinstance(value, str):
        return Line("leaf", key, text=value, kind="text", marks=said)
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return Line("leaf", key, text=words[value], kind="none" if value is None else "number")
    return Line("leaf", key, text=str(value), kind="number")


def _hint(value: Any, called_by: Sequence[str]) -> str:
    """Return what an object is called: by its list, or by the first name that says it."""
    if not isinstance(value, dict):
        return ""
    if called_by:
        return called(value, called_by)
    for ending in CALLED_BY:
        for name, one in value.items():
            if name.lower().endswith(ending) and isinstance(one, str) and one:
                return one[:80]
    return ""
