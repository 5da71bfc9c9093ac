"""A configuration as lines that fold: what a page writes from the top down."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from items.pairing import hint

# Parts that are deeper or longer than this begin folded.
OPEN_DEPTH = 6
OPEN_SIZE = 30
# Lines after which parts are left out until somebody opens them, and parts of one that are
# written at once.
MOST = 1200
CHILDREN = 200
# A folded part of more lines than this is left out, too.
LATER = 60

Path = tuple[str | int, ...]
"""Names of members and places in lists, from the top down."""
Marks = Mapping[Path, Sequence[Any]]
Names = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Line:
    """One step of writing a tree: a part opens, a value stands, or a part closes."""

    what: str
    """open, leaf, more or close"""
    key: str = ""
    hint: str = ""
    """What an element of a list is called."""
    text: str = ""
    kind: str = ""
    """text, number or none; how the value is painted"""
    size: str = ""
    unfolded: bool = False
    later: bool = False
    """The parts within are left out until somebody opens it."""
    marks: Sequence[Any] = ()
    path: Path = ()
    start: int = 0
    """Of a line "more": which of the parts is the first that is left out, and how many are."""
    count: int = 0


def lines(
    value: Any,
    marks: Marks | None = None,
    names: Names | None = None,
    to: Collection[Path] = (),
    within: Path | None = None,
    start: int = 0,
    whole: bool = False,
) -> Iterator[Line]:
    """Yield the lines of a configuration from the top down.

    ``marks`` tells what is to be said of a part; ``names`` which fields call an element of a
    list, by the list's name. What leads ``to`` a path, or to a mark, is unfolded. Of a large
    configuration parts are left out: a line that opens says so (``later``), and one "more"
    tells how many elements follow. What was left out is asked for by ``within`` and ``start``;
    ``whole`` leaves out nothing.
    """
    marks = marks or {}
    leading = {path[:length] for path in (*to, *marks) for length in range(len(path))}
    writing = _Writing(marks, names or {}, leading, {*to, *marks}, whole)
    part = value
    for step in within or ():
        part = part[step]
    yield from writing.children(part, within or (), start)


def reached(value: Any, path: Path) -> bool:
    """Say whether a path leads anywhere in a configuration."""
    for step in path:
        inside = isinstance(value, dict) and step in value
        if not inside and not (
            isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)
        ):
            return False
        value = value[step]
    return True


@dataclass
class _Writing:
    """What holds for every line of one tree, and how many lines there were."""

    marks: Marks
    names: Names
    leading: Collection[Path]
    ends: Collection[Path] = ()
    whole: bool = False
    written: int = field(default=0)

    @property
    def _crowded(self) -> bool:
        return self.written > MOST and not self.whole

    def children(self, value: Any, path: Path, start: int = 0) -> Iterator[Line]:
        """Write the parts of a part, from one of them on."""
        if not isinstance(value, (dict, list)) or not value:
            yield self._leaf(str(path[-1]) if path else "", value, path)
            return
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        called_by = self.names.get(name, ()) if isinstance(value, list) else ()
        pairs: list[tuple[str | int, Any]] = (
            [*value.items()] if isinstance(value, dict) else [*enumerate(value)]
        )
        crowded = self._crowded
        left_out = 0
        for place in range(start, len(pairs)):
            key, child = pairs[place]
            here = (*path, key)
            room = self.whole or (place < start + CHILDREN and not crowded)
            if not (room or here in self.leading or here in self.ends):
                left_out += 1
                continue
            if left_out:
                yield Line("more", path=path, start=place - left_out, count=left_out)
                left_out = 0
            yield from self._part(child, str(key), hint(child, called_by), here)
        if left_out:
            yield Line("more", path=path, start=len(pairs) - left_out, count=left_out)

    def _part(self, value: Any, key: str, called: str, path: Path) -> Iterator[Line]:
        if not isinstance(value, (dict, list)) or not value:
            yield self._leaf(key, value, path)
            return
        self.written += 1
        said = self.marks.get(path, ())
        leads = path in self.leading
        short = len(path) < OPEN_DEPTH and len(value) <= OPEN_SIZE
        unfolded = bool(said) or leads or (short and not self._crowded)
        later = not (unfolded or self.whole) and _longer(value, 0 if self._crowded else LATER)
        if said and not leads and self._crowded:
            unfolded, later = False, True
        parts = "1 part" if len(value) == 1 else f"{len(value)} parts"
        size = f"{len(value)} in the list" if isinstance(value, list) else parts
        yield Line(
            "open", key, called, size=size, unfolded=unfolded, later=later, marks=said, path=path
        )
        if not later:
            yield from self.children(value, path)
        yield Line("close")

    def _leaf(self, key: str, value: Any, path: Path) -> Line:
        self.written += 1
        said = self.marks.get(path, ())
        if isinstance(value, str):
            return Line("leaf", key, text=value, kind="text", marks=said, path=path)
        if isinstance(value, (dict, list)):
            text = "{}" if isinstance(value, dict) else "[]"
            return Line("leaf", key, text=text, kind="none", marks=said, path=path)
        words = {None: "null", True: "true", False: "false"}
        if value is None or isinstance(value, bool):
            kind = "none" if value is None else "number"
            return Line("leaf", key, text=words[value], kind=kind, marks=said, path=path)
        return Line("leaf", key, text=str(value), kind="number", marks=said, path=path)


def _longer(value: Any, than: int) -> bool:
    """Say whether a part has more parts and values, at all depths, than a number."""
    waiting, count = [value], 0
    while waiting:
        one = waiting.pop()
        inside = one.values() if isinstance(one, dict) else one
        count += len(one)
        if count > than:
            return True
        waiting += [child for child in inside if isinstance(child, (dict, list))]
    return False
