"""Which parts of several configurations are one and the same: members by their name, elements of
lists by what they are called, or else by what they say."""

import functools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.providers import every, first
from items.fields import canonical_bytes

LONGEST = 300
# More pairs than these are not weighed against each other.
MOST_PAIRS = 10_000
# How much two elements that nothing names must have in common to be one that changed.
ALIKE = 0.4

Step = str | int
Names = Mapping[str, Sequence[str]]
"""For a list, by its name, the fields that together call an element."""


class Absent:
    """Stands where a configuration does not have a part."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True)
class Part:
    """A member or an element, in each of the configurations."""

    label: str
    values: tuple[Any, ...]
    steps: tuple[Step | None, ...]
    """By which name or place each configuration holds it; None: it does not."""
    alone: tuple[bool, ...] = ()
    """Which of the configurations hold without a list what others hold in one."""


def parts(values: Sequence[Any], name: str, names: Names) -> list[Part] | None:
    """Return the parts of the same part of several configurations, those of the last one first.

    ``name`` is what that part is called. None where these are no objects all, and no lists all:
    they can only be compared as a whole.
    """
    there = [value for value in values if value is not ABSENT]
    if there and all(isinstance(value, dict) for value in there):
        return _members(values)
    if there and all(isinstance(value, list) for value in there):
        return _elements(values, names.get(name))
    return None


def opened(values: Sequence[Any]) -> list[Any]:
    """Return what texts say that are JSON, all of them objects or all of them lists.

    Anything else comes back as it is.
    """
    there = [value for value in values if value is not ABSENT]
    if not all(isinstance(one, str) and one.lstrip()[:1] in ("{", "[") for one in there):
        return [*values]
    try:
        read = [value if value is ABSENT else json.loads(value) for value in values]
    except (ValueError, RecursionError):
        return [*values]
    kinds = {type(one) for one in read if one is not ABSENT}
    return read if len(kinds) == 1 and kinds <= {dict, list} else [*values]


def _members(values: Sequence[Any]) -> list[Part]:
    objects = [value if isinstance(value, dict) else {} for value in values]
    ordered = {key: None for one in reversed(objects) for key in one}
    policy = any(name in one for one in objects for name in every("one_or_many"))
    found = []
    for key in ordered:
        row = [one.get(key, ABSENT) for one in objects]
        steps = tuple(key if key in one else None for one in objects)
        lists = _as_lists(row) if policy else row
        alone = tuple(one is not other for one, other in zip(row, lists, strict=True))
        found.append(Part(key, tuple(lists), steps, alone))
    return found


def _as_lists(values: list[Any]) -> list[Any]:
    """Write what a policy may write alone or in a list in a list, if others do.

    Where that would be all the difference it stays: somebody did write it otherwise.
    """
    if not any(isinstance(one, list) for one in values):
        return values
    lists = [[one] if isinstance(one, (str, dict)) else one for one in values]
    written = {canonical_bytes(one) for one in lists if one is not ABSENT}
    return lists if len(written) > 1 else values


def _elements(values: Sequence[Any], given: Sequence[str] | None) -> list[Part]:
    sides = [value if isinstance(value, list) else [] for value in values]
    labelled = labels(sides, given)
    ordered = {label: None for one in reversed(labelled) for label in one}
    return [
        Part(
            label,
            tuple(
                side[places[label]] if label in places else ABSENT
                for side, places in zip(sides, labelled, strict=True)
            ),
            tuple(places.get(label) for places in labelled),
        )
        for label in ordered
    ]


def labels(sides: Sequence[list[Any]], given: Sequence[str] | None) -> list[dict[str, int]]:
    """Return, for each list, the places of its elements by a name that is the same in all."""
    every = [element for side in sides for element in side]
    fields = given or _calling(every, sides)
    if not fields and every and all(isinstance(one, dict) for one in every):
        return _by_content(sides)
    return [_numbered(_label(one, fields) for one in side) for side in sides]


def _label(element: Any, fields: Sequence[str]) -> str:
    return called(element, fields) if fields and isinstance(element, dict) else shown(element)


def _numbered(names: Iterator[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    times: Counter[str] = Counter()
    for place, label in enumerate(names):
        times[label] += 1
        unique = f"{label} ({times[label]})" if times[label] > 1 else label
        while unique in found:
            times[label] += 1
            unique = f"{label} ({times[label]})"
        found[unique] = place
    return found


def _calling(every: list[Any], sides: Sequence[list[Any]]) -> Sequence[str]:
    """Return the field that tells the elements of each list apart; none: nothing does."""
    if not every or not all(isinstance(one, dict) for one in every):
        return ()
    shared = set.intersection(*(set(one) for one in every))
    ranked = sorted((rank, name) for name in shared if (rank := _rank(name)) is not None)
    return next(((name,) for _, name in ranked if all(_distinct(name, side) for side in sides)), ())


def _rank(name: str) -> int | None:
    low = name.lower()
    return next((rank for rank, end in enumerate(calling()) if low.endswith(end)), None)


def _distinct(name: str, side: list[dict[str, Any]]) -> bool:
    values = [one[name] for one in side]
    return all(isinstance(value, (str, int)) for value in values) and len(set(values)) == len(
        values
    )


# -- elements that nothing names -----------------------------------------------------------------

Group = dict[int, int]
"""The places of one element, by the number of the list."""


def _by_content(sides: Sequence[list[dict[str, Any]]]) -> list[dict[str, int]]:
    """Name objects by what they say: equal ones are one, then those that are most alike."""
    texts = [[canonical_bytes(one) for one in side] for side in sides]
    groups: list[Group] = []
    for number, side in enumerate(texts):
        left = [place for place in range(len(side)) if not _join(groups, texts, number, place)]
        left = _join_alike(groups, sides, texts, number, left)
        groups += [{number: place} for place in left]
    named = sorted(
        (
            min(hint(sides[n][p]) or shown(sides[n][p]) for n, p in group.items()),
            sorted(texts[n][p] for n, p in group.items()),
            place,
        )
        for place, group in enumerate(groups)
    )
    by_name = _numbered(label for label, _, _ in named)
    found: list[dict[str, int]] = [{} for _ in sides]
    for label, rank in by_name.items():
        for number, place in groups[named[rank][2]].items():
            found[number][label] = place
    return [dict(sorted(one.items(), key=lambda pair: pair[1])) for one in found]


def _join(groups: list[Group], texts: list[list[bytes]], number: int, place: int) -> bool:
    """Add an element to the group of its equals, if there is one."""
    for group in groups:
        if number not in group and any(
            texts[n][p] == texts[number][place] for n, p in group.items()
        ):
            group[number] = place
            return True
    return False


def _join_alike(
    groups: list[Group],
    sides: Sequence[list[dict[str, Any]]],
    texts: list[list[bytes]],
    number: int,
    left: list[int],
) -> list[int]:
    """Add elements to the groups that they are most alike to; return those that are like none."""
    free = [group for group in groups if number not in group]
    if not left or not free or len(left) * len(free) > MOST_PAIRS:
        return left
    leaves = {place: _leaves(sides[number][place]) for place in left}
    pairs = []
    for group in free:
        n, p = max(group.items())
        others = _leaves(sides[n][p])
        for place in left:
            score = _alike(sides[n][p], others, sides[number][place], leaves[place])
            if score >= ALIKE:
                key = sorted((texts[n][p], texts[number][place]))
                pairs.append((-score, key, place, group))
    taken: set[int] = set()
    for _, _, place, group in sorted(pairs, key=lambda pair: pair[:3]):
        if place not in taken and number not in group:
            group[number] = place
            taken.add(place)
    return [place for place in left if place not in taken]


def _alike(
    one: dict[str, Any], these: frozenset[bytes], other: dict[str, Any], those: frozenset[bytes]
) -> float:
    """Return how much two objects have in common, from 0 to 1; 2 where a name is that of both."""
    for name in every("same_by"):
        own = one.get(name)
        if own and isinstance(own, str) and own == other.get(name):
            return 2.0
    together = len(these | those)
    return len(these & those) / together if together else 1.0


def _leaves(value: Any) -> frozenset[bytes]:
    """Return every single value of a part with the names that lead to it."""
    found: set[bytes] = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(((*path, key), child) for key, child in one.items())
        elif isinstance(one, list):
            waiting.extend((path, child) for child in one)
        else:
            found.add(canonical_bytes([*path, one]))
    return frozenset(found)


# -- names ---------------------------------------------------------------------------------------


@functools.cache
def calling() -> tuple[str, ...]:
    """Return endings of the names by which elements are called, the one that tells most first."""
    return ("id", *every("called_by"), "name", "key", "cidr", "cidrip", "cidripv6", "uri")


def called(element: dict[str, Any], fields: Sequence[str]) -> str:
    """Return what an element of a list is called: its values, a range of numbers as one."""
    values = [element.get(name) for name in fields]
    texts = ["all" if value in ("-1", -1) else str(value) for value in values if value is not None]
    if len(texts) == 3 and texts[1] == texts[2]:
        texts.pop()
    return " ".join(texts) or "all"


def hint(value: Any, fields: Sequence[str] = ()) -> str:
    """Return what an object is called: by the fields of its list, by the first name that says it,
    or as its provider calls it; empty: nothing does."""
    if not isinstance(value, dict):
        return ""
    if fields:
        return called(value, fields)
    for ending in calling():
        for name, one in value.items():
            if name.lower().endswith(ending) and isinstance(one, str) and one:
                return one[:80]
    return first("called", value)[:80]


def shown(value: Any) -> str:
    """Return a value as short text."""
    if isinstance(value, str):
        text = value
    elif value is None:
        text = "nothing"
    else:
        text = canonical_bytes(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
