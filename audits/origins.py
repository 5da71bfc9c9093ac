"""Where a value came from that an expression is working on: its place in the configuration."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Seen:
    """A value on its way through an expression, with where it came from, if that is known."""

    value: Any
    path: Path | None = None
    inside: tuple["Seen", ...] | None = None
    """The elements of a list that was put together on the way."""


Group = tuple[Seen, ...] | None
"""The elements of one list; None: it is none."""


class Origin:
    """The configuration that values come from."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._places: dict[int, Path] | None = None

    def elements(self, one: Seen) -> tuple[Seen, ...]:
        """Return the elements of a list, or the members of an object, with their places."""
        if one.inside is not None:
            return one.inside
        if isinstance(one.value, dict):
            pairs: Iterable[tuple[str | int, Any]] = one.value.items()
        else:
            pairs = enumerate(one.value)
        if one.path is None:
            return tuple(Seen(value, self.place(value)) for _, value in pairs)
        return tuple(Seen(value, (*one.path, key)) for key, value in pairs)

    def place(self, value: Any) -> Path | None:
        """Return where a part of the configuration lies that a function handed through."""
        if not isinstance(value, (dict, list)) or not value:
            return None
        if self._places is None:
            self._places = dict(_places(self._config))
        return self._places.get(id(value))


def regrouped(every: list[Group], given: list[Seen]) -> Iterator[Seen]:
    """Put answers, one for each element, back into the lists; what is null is left out."""
    answers = iter(given)
    for group in every:
        if group is None:
            yield Seen(None)
        else:
            kept = [next(answers) for _ in group]
            yield put_together([one for one in kept if one.value is not None])


def put_together(elements: list[Seen]) -> Seen:
    """Return a list that is made of values on their way."""
    return Seen([one.value for one in elements], None, tuple(elements))


def under(path: Path, roots: set[Path]) -> bool:
    """Say whether a path lies under one of the roots, or is one."""
    return any(path[:length] in roots for length in range(len(path) + 1))


def _places(value: Any, path: Path = ()) -> Iterator[tuple[int, Path]]:
    """Yield each object and list of a configuration with where it lies."""
    waiting = [(value, path)]
    while waiting:
        one, where = waiting.pop()
        if not isinstance(one, (dict, list)):
            continue
        yield id(one), where
        pairs = one.items() if isinstance(one, dict) else enumerate(one)
        waiting.extend((child, (*where, key)) for key, child in pairs)
