"""Two configurations as differences that a person can read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from items.fields import canonical_bytes
from items.pairing import ABSENT, Names, Step, called, calling, opened, parts, shown

__all__ = ["Difference", "called", "calling", "differences", "located", "shown"]


@dataclass(frozen=True)
class Difference:
    """One thing that was added, removed or changed."""

    path: tuple[str, ...]
    """Names from the top down; elements of lists are called by their id, not their place."""
    what: str
    """added, removed or changed"""
    old: Any = None
    new: Any = None

    @property
    def where(self) -> str:
        return " › ".join(self.path)

    @property
    def before(self) -> str:
        return shown(self.old)

    @property
    def after(self) -> str:
        return shown(self.new)


def differences(
    old: Any, new: Any, keys: Mapping[str, Sequence[str]] | None = None
) -> list[Difference]:
    """Return how ``new`` differs from ``old``, in the order of the paths.

    Lists are compared by what their elements are called: ``keys`` may name, for a list, the
    fields that together call an element (``{"Rules": ("Protocol", "FromPort")}``).
    Elements that nothing calls are matched by what they say; text that is JSON is
    opened.
    """
    found = _compared(old, new, (), "", keys or {})
    return sorted(found, key=lambda one: (one.path, one.what))


def located(
    old: Any, new: Any, path: Sequence[str], keys: Mapping[str, Sequence[str]] | None = None
) -> tuple[tuple[Step, ...] | None, tuple[Step, ...] | None]:
    """Return where a difference's path leads in either of the two; None where it leads nowhere.

    Elements of lists, which the path calls by name, are told by their place. A path that goes
    on within a text leads to the text.
    """
    ways: list[list[Step] | None] = [[], []]
    pair: tuple[Any, ...] = (old, new)
    name = ""
    alone: tuple[bool, ...] = (False, False)
    for label in path:
        part = next((p for p in parts(pair, name, keys or {}) or () if p.label == label), None)
        if part is None:
            if opened(pair) != [*pair]:
                break
            return None, None
        for side, step in enumerate(part.steps):
            way = ways[side]
            if way is None or step is None:
                ways[side] = None
            elif not alone[side]:
                way.append(step)
        name = _list_name(pair[0], name, label)
        pair, alone = part.values, part.alone or (False, False)
    was, now = (tuple(way) if way is not None else None for way in ways)
    return was, now


def _compared(
    old: Any, new: Any, path: tuple[str, ...], name: str, names: Names
) -> Iterator[Difference]:
    """Yield every difference between what two configurations hold at a path."""
    if _same(old, new):
        return
    inside = parts((old, new), name, names)
    if inside is None:
        yield from _in_texts(old, new, path, name, names)
        return
    for part in inside:
        was, now = part.values
        where = (*path, part.label)
        if was is ABSENT:
            yield Difference(where, "added", None, now)
        elif now is ABSENT:
            yield Difference(where, "removed", was, None)
        else:
            yield from _compared(was, now, where, _list_name(old, name, part.label), names)


def _in_texts(
    old: Any, new: Any, path: tuple[str, ...], name: str, names: Names
) -> Iterator[Difference]:
    """Compare what cannot be taken apart, but for texts that are JSON."""
    was, now = opened((old, new))
    found = [] if was is old else list(_compared(was, now, path, name, names))
    yield from found or [Difference(path, "changed", old, new)]


def _list_name(whole: Any, name: str, label: str) -> str:
    """Return by which name the fields are known that call the elements of a part."""
    return name if isinstance(whole, list) else label


def _same(old: Any, new: Any) -> bool:
    # 1 and true are equal to Python.
    return type(old) is type(new) and canonical_bytes(old) == canonical_bytes(new)
