"""A configuration as lines that fold: what a page writes from the top down."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from items.diffing import CALLED_BY, called

# Parts that are deeper or longer than this begin folded.
OPEN_DEPTH = 4
OPEN_SIZE = 30

Path = tuple[str | int, ...]
"""Names of members and places in lists, from the top down."""
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
    path: Path = ()


def lines(
    value: Any,
    marks: Marks = lambda _: (),
    names: Names | None = None,
    to: Collection[Path] = (),
) -> Iterator[Line]:
    """Yield the lines of a configuration from the top down.

    ``marks`` tells what is to be said of a part; ``names`` which fields call an element of a
    list, by the list's name. What leads ``to`` a path is unfolded.
    """
    leading = {path[:length] for path in to for length in range(len(path))}
    yield from _Writing(marks, names or {}, leading).lines(value, "", "", ())


@dataclass(frozen=True)
class _Writing:
    """What holds for every line of one tree."""

    marks: Marks
    names: Names
    leading: Collection[Path]

    def lines(self, value: Any, key: str, hint: str, path: Path) -> Iterator[Line]:
        if isinstance(value, dict):
            children: list[tuple[str | int, Any]] = [*value.items()]
        elif isinstance(value, list):
            children = [*enumerate(value)]
        else:
            yield _leaf(key, value, self.marks(value), path)
            return
        if not children:
            text = "{}" if isinstance(value, dict) else "[]"
            yield Line("leaf", key, text=text, kind="none", path=path)
            return
        if path:
            said = self.marks(value)
            short = len(path) < OPEN_DEPTH and len(children) <= OPEN_SIZE
            unfolded = bool(said) or short or path in self.leading
            size = f"{len(children)} {'in the list' if isinstance(value, list) else 'parts'}"
            yield Line("open", key, hint, size=size, unfolded=unfolded, marks=said, path=path)
        for name, child in children:
            called_by = self.names.get(key, ()) if isinstance(value, list) else ()
            yield from self.lines(child, str(name), _hint(child, called_by), (*path, name))
        if path:
            yield Line("close")


def _leaf(key: str, value: Any, said: Sequence[Any], path: Path) -> Line:
    if isinstance(value, str):
        return Line("leaf", key, text=value, kind="text", marks=said, path=path)
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        kind = "none" if value is None else "number"
        return Line("leaf", key, text=words[value], kind=kind, marks=said, path=path)
    return Line("leaf", key, text=str(value), kind="number", marks=said, path=path)


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
