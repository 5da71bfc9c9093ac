"""What many configurations look like, put together: names, kinds of values, how often, which."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from audits.secrecy import is_secret

Value = str | int | float | bool

# An object with more names than this is a map, whose names are data.
MEMBERS = 300
DEEPEST = 16
ELEMENTS = 100
"""Of a list that many are looked at, from its whole length."""
VALUES = 40
LONGEST = 80
"""A text that is longer is no value to be compared with."""
BUDGET = 400_000
"""Values that are looked at in all."""
PLACES = 3000
"""Places that are told apart."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def kind(value: Any) -> str:
    """Name what a value is, as JMESPath's type() does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


@dataclass
class Outline:
    """What stands at one place of many configurations."""

    items: int = 0
    """Configurations that have anything but null here."""
    kinds: Counter[str] = field(default_factory=Counter)
    members: dict[str, "Outline"] = field(default_factory=dict)
    element: "Outline | None" = None
    values: Counter[tuple[str, Value]] = field(default_factory=Counter)
    """By kind and value, since True is 1."""
    more: bool = False
    """Other values stand here, too."""
    map: bool = False
    """The members' names are too many to be names of fields."""
    _last: int = -1

    def note(self, value: Any, item: int, name: str) -> None:
        """Note a value of an item, under the name of its field; of secrets only their kind."""
        here = kind(value)
        self.kinds[here] += 1
        if here != "null" and self._last != item:
            self._last, self.items = item, self.items + 1
        if here not in ("string", "number", "boolean"):
            return
        if (here, value) in self.values:
            self.values[here, value] += 1
        elif here == "string" and (len(value) > LONGEST or is_secret(value, name)):
            self.more = True
        elif len(self.values) < VALUES:
            self.values[here, value] += 1
        else:
            self.more = True

    def take_values(self, other: "Outline | None") -> None:
        """Take another outline's values for one's own, all the way down; none where it has none."""
        self.more = self.more or bool(self.values)
        self.values = Counter(other.values) if other else Counter()
        for name, member in self.members.items():
            member.take_values(other.members.get(name) if other else None)
        if self.element:
            self.element.take_values(other.element if other else None)

    @property
    def plain_values(self) -> tuple[Value, ...]:
        """The values, the most frequent first."""
        return tuple(value for (_, value), _ in self.values.most_common())


def outline_of(configs: Iterable[Any]) -> tuple[Outline, int]:
    """Put configurations together; return the outline, and how many there were room for."""
    root, count, drawing = Outline(), 0, _Drawing()
    for count, config in enumerate(configs, 1):
        drawing.draw(root, config, count)
        if drawing.room <= 0:
            break
    return root, count


class _Drawing:
    def __init__(self) -> None:
        self.room = BUDGET
        self.places = PLACES

    def draw(self, into: Outline, value: Any, item: int, deep: int = 0, name: str = "") -> None:
        self.room -= 1
        into.note(value, item, name)
        if deep >= DEEPEST or self.room <= 0:
            into.map = into.map or isinstance(value, (dict, list))
        elif isinstance(value, dict):
            self._members(into, value, item, deep)
        elif isinstance(value, list):
            into.element = into.element or Outline()
            for one in spread(value, ELEMENTS):
                self.draw(into.element, one, item, deep + 1, name)

    def _members(self, into: Outline, value: dict[str, Any], item: int, deep: int) -> None:
        for name, one in value.items():
            if name not in into.members:
                if len(into.members) >= MEMBERS or self.places <= 0:
                    into.map = True
                    continue
                self.places -= 1
                into.members[name] = Outline()
            self.draw(into.members[name], one, item, deep + 1, name)


def spread(values: list[Any], most: int) -> list[Any]:
    """Return at most so many of a list, from its beginning to its end."""
    if len(values) <= most:
        return values
    return [values[place * len(values) // most] for place in range(most)]


def quoted(name: str) -> str:
    """Return a name as an expression writes it, in quotation marks where it needs them."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def walk(outline: Outline, path: str = "") -> Iterator[tuple[str, Outline]]:
    """Yield every path below an outline, `Keys[].Status`, with what stands there."""
    for name in sorted(outline.members):
        below = f"{path}.{quoted(name)}" if path else quoted(name)
        yield below, outline.members[name]
        yield from walk(outline.members[name], below)
    if outline.element:
        yield f"{path}[]", outline.element
        yield from walk(outline.element, f"{path}[]")
