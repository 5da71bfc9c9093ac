"""What one evaluation of an expression may take, counted while it runs."""

from collections.abc import Callable, Collection
from typing import Any

from audits.functions.base import Context

# Some tenths of a second at worst. An element of a list takes as many steps as what is asked of it
# has words, whether or not all of them come to be asked; an element of a list that is built takes
# one. A rule of the shipped packs needs some thousands on a large item.
STEPS = 500_000
# Values that an expression may build, counted as trees: `[@,@]` doubles one with each pipe.
BUILT = 200_000
# Characters of a built text that count as one value.
TEXT = 100


class Exceeded(Exception):
    """The expression asked for more steps or built more values than it may."""


class RuleError(Exception):
    """The expression cannot give an answer on this configuration; says why."""


class Evaluation:
    """One evaluation: the context that it is for, and what it may still take."""

    __slots__ = ("_built", "_paid", "_room", "context", "steps")

    def __init__(self, context: Context, steps: int = STEPS) -> None:
        self.context = context
        self.steps = steps
        self._room = BUILT
        self._built: dict[int, tuple[Any, int]] = {}
        self._paid: set[Any] = set()

    def spend(self, steps: int) -> None:
        """Count steps; raise Exceeded where there are none left."""
        self.steps = left = self.steps - steps
        if left < 0:
            raise Exceeded("it takes too many steps")

    def spend_once(self, key: Any, steps: int) -> None:
        """Count steps for what is kept under a key; they do not depend on who asked first."""
        if key not in self._paid:
            self._paid.add(key)
            self.spend(steps)

    def build(self, size: int) -> None:
        """Count built values; raise Exceeded where there is no room left."""
        self._room = left = self._room - size
        if left < 0:
            raise Exceeded("it builds too many values")

    def weight(self, value: Any) -> int:
        """Return how many values one holds, itself counted; raise Exceeded at more than allowed."""
        if type(value) not in (list, dict):
            return 1
        found = weight(value, self.steps)
        if found > self.steps:
            raise Exceeded("it takes too many steps")
        return found

    def measured(self, value: Any) -> Any:
        """Count a built value as the tree that it is, shared parts each time they stand.

        Returns the value. Parts that were not measured themselves count as one.
        """
        kind = type(value)
        if kind is list:
            parts: Any = value
        elif kind is dict:
            parts = value.values()
        else:
            if kind is str and len(value) > TEXT:
                self.build(len(value) // TEXT)
            return value
        built, size = self._built, 1 + len(value)
        if built:
            size += sum([built[id(one)][1] - 1 for one in parts if id(one) in built])
        built[id(value)] = (value, size)  # Kept, or another value could get its identity.
        self.build(size)
        return value


Part = Callable[[Evaluation, Any], Any]
"""A compiled expression: takes the evaluation and the current value."""


def weight(value: Any, most: int) -> int:
    """Return how many values one holds, itself and each text by its length counted.

    Shared parts count each time they stand. Stops soon after ``most``.
    """
    found, open_ = 0, [value]
    parts: Collection[Any]
    while open_ and found <= most:
        one = open_.pop()
        kind = type(one)
        if kind is dict:
            found += sum(map(len, one))
            parts = one.values()
        elif kind is list:
            parts = one
        else:
            parts = ()
            found += len(one) if kind is str else 0
        found += 1 + len(parts)
        for part in parts:
            kind = type(part)
            if kind is str:
                found += len(part)
            elif kind is dict or kind is list:
                found -= 1  # It counts itself.
                open_.append(part)
    return found
