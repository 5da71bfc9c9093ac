"""Find the part of a configuration that an issue speaks of."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from items.fields import canonical_bytes
from items.pairing import called

Path = tuple[str | int, ...]

# Places of one issue that are shown, and of one value that are looked at.
MOST = 10
MOST_PLACES = 500
# Values of an object that a function made up by which its part is sought.
MOST_VALUES = 60
# Parts that stand for an issue about the item itself.
FEW = 3


class Places:
    """Where every part and value of one configuration lies."""

    def __init__(self, config: Any, names: Mapping[str, Sequence[str]] | None = None) -> None:
        self._config = config
        self._names = names or {}

    def of(self, evidence: Any, reads: Collection[str] = ()) -> list[Path]:
        """Return the narrowest parts that an issue's evidence is, or stands for.

        Evidence is a part of the configuration, one of its values, or an object that a function
        made of a part. ``reads`` are the names at the top that its rule reads: they decide among
        equals, and stand for evidence that is no part of anything.
        """
        found = self._equal(evidence) or self._like(evidence)
        preferred = [path for path in found if path[0] in reads]
        if found:
            return (preferred or found)[:MOST]
        there: list[Path] = [(name,) for name in sorted(reads) if name in self._config]
        return there if len(there) <= FEW else []

    # -- evidence that is a part ------------------------------------------------------------

    def _equal(self, evidence: Any) -> list[Path]:
        if isinstance(evidence, (dict, list)):
            return self._wholes.get(canonical_bytes(evidence), []) if evidence else []
        if evidence is None or isinstance(evidence, bool) or evidence == "":
            return []
        found = self._values.get(_plain(evidence), [])
        return [path for path in found if len(found) <= MOST or path]

    @cached_property
    def _wholes(self) -> dict[bytes, list[Path]]:
        found: dict[bytes, list[Path]] = defaultdict(list)
        for path, value in _walk(self._config):
            if path and isinstance(value, (dict, list)) and value:
                found[canonical_bytes(value)].append(path)
        return found

    @cached_property
    def _values(self) -> dict[str, list[Path]]:
        """Places by value; an element of a list lies at what it is called by, too."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path, value in _walk(self._config):
            if isinstance(value, dict):
                fields = self._called_by(path)
                if fields:
                    for word in called(value, fields).split():
                        found[word.lower()].append(path)
            elif not (isinstance(value, (bool, list)) or value in (None, "")):
                found[_plain(value)].append(path)
        return found

    def _called_by(self, path: Path) -> Sequence[str]:
        if not path or not isinstance(path[-1], int):
            return ()
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        return self._names.get(name, ())

    # -- evidence that a function made ------------------------------------------------------

    def _like(self, evidence: Any) -> list[Path]:
        """Return the deepest parts that hold most of what the evidence says."""
        if not isinstance(evidence, (dict, list)):
            return []
        values = sorted({_plain(one) for _, one in _walk(evidence) if _telling(one)})
        holders: dict[Path, set[str]] = defaultdict(set)
        for value in values[:MOST_VALUES]:
            places = self._values.get(value, ())
            if len(places) <= MOST_PLACES:
                for place in places:
                    for length in range(1, len(place) + 1):
                        holders[place[:length]].add(value)
        holders = _in_direction(holders, evidence)
        if not holders:
            return []
        most = max(map(len, holders.values()))
        best = [path for path, held in holders.items() if len(held) == most]
        deepest = _deepest(best)
        return _unique(self._narrowed(path, holders) for path in deepest[: MOST + 1])

    def _narrowed(self, path: Path, holders: Mapping[Path, set[str]]) -> Path:
        """Go down to the one element that holds what no other one beside it does."""
        while True:
            elements = [
                (len(held), one)
                for one, held in holders.items()
                if _is_element_of(one, path) and isinstance(self._at(one), dict)
            ]
            elements.sort(key=lambda pair: -pair[0])
            if not elements or (len(elements) > 1 and elements[0][0] == elements[1][0]):
                return self._whole(path)
            path = elements[0][1]

    def _whole(self, path: Path) -> Path:
        """Return the object of which a place is one of the values."""
        inside = isinstance(self._at(path), (dict, list))
        holds = not inside and len(path) > 1 and isinstance(path[-2], int)
        return path[:-1] if holds else path

    def _at(self, path: Path) -> Any:
        value = self._config
        for step in path:
            value = value[step]
        return value


def _walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every part and value with its path, from the top down."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, one = waiting.pop()
        yield path, one
        if isinstance(one, dict):
            waiting += [((*path, key), child) for key, child in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [((*path, n), one[n]) for n in reversed(range(len(one)))]


def _plain(value: Any) -> str:
    return str(value).lower()


def _telling(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""


def _in_direction(holders: dict[Path, set[str]], evidence: Any) -> dict[Path, set[str]]:
    """Leave out the lists of the other direction: some say it in their names only."""
    direction = evidence.get("direction") if isinstance(evidence, dict) else None
    if direction not in ("ingress", "egress"):
        return holders
    lists = [path[0] for path in holders if "egress" in str(path[0]).lower()]
    if not lists:
        return holders
    return {
        path: held
        for path, held in holders.items()
        if (path[0] in lists) == (direction == "egress")
    }


def _deepest(paths: Sequence[Path]) -> list[Path]:
    """Leave out what only leads to another of the paths."""
    leading = {path[:length] for path in paths for length in range(len(path))}
    return sorted((path for path in paths if path not in leading), key=str)


def _is_element_of(one: Path, part: Path) -> bool:
    """Say whether a path leads to an element of the nearest list within a part."""
    beyond = one[len(part) :]
    return (
        one[: len(part)] == part
        and len(beyond) > 1
        and isinstance(beyond[-1], int)
        and not any(isinstance(step, int) for step in beyond[:-1])
    )


def _unique(paths: Iterable[Path]) -> list[Path]:
    return list(dict.fromkeys(paths))
