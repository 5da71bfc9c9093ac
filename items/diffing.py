"""Two configurations as differences that a person can read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepdiff import DeepDiff

from items.fields import canonical_bytes

# What elements of a list are called by, the first that tells them all apart.
CALLED_BY = ("id", "arn", "sid", "name", "key", "cidr", "cidrip", "cidripv6", "uri")
LONGEST = 300


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
    fields that together call an element (``{"IpPermissions": ("IpProtocol", "FromPort")}``).
    """
    labels = keys or {}
    before, after = _labelled(old, new, "", labels)
    tree = DeepDiff(before, after, view="tree", verbose_level=2, threshold_to_diff_deeper=0)
    found = []
    for kind, what in KINDS.items():
        for one in tree.get(kind, ()):
            path = tuple(str(step) for step in one.path(output_format="list"))
            found.append(
                Difference(
                    path,
                    what,
                    None if what == "added" else _plain(one.t1),
                    None if what == "removed" else _plain(one.t2),
                )
            )
    return sorted(found, key=lambda one: (one.path, one.what))


def located(
    old: Any, new: Any, path: Sequence[str], keys: Mapping[str, Sequence[str]] | None = None
) -> tuple[tuple[str | int, ...] | None, tuple[str | int, ...] | None]:
    """Return where a difference's path leads in either of the two; None where it leads nowhere.

    Elements of lists, which the path calls by name, are told by their place.
    """
    was: list[str | int] | None = []
    now: list[str | int] | None = []
    name = ""
    for step in path:
        before: Mapping[str, Any]
        after: Mapping[str, Any]
        if isinstance(old, list) and isinstance(new, list):
            calling = _calling([*old, *new], old, new, (keys or {}).get(name))
            before, after = _by_name(old, calling), _by_name(new, calling)
            here: tuple[Any, Any] = (_number(step, before), _number(step, after))
        else:
            before = old if isinstance(old, dict) else {}
            after = new if isinstance(new, dict) else {}
            here, name = (step, step), step
        was = [*was, here[0]] if was is not None and step in before else None
        now = [*now, here[1]] if now is not None and step in after else None
        old, new = before.get(step), after.get(step)
    return tuple(was) if was is not None else None, tuple(now) if now is not None else None


def _number(name: str, elements: Mapping[str, Any]) -> int | None:
    return list(elements).index(name) if name in elements else None


KINDS = {
    "dictionary_item_added": "added",
    "dictionary_item_removed": "removed",
    "values_changed": "changed",
    "type_changes": "changed",
}


class _Elements(dict[str, Any]):
    """A list turned into an object: each element under what it is called by."""


def _labelled(old: Any, new: Any, name: str, keys: Mapping[str, Sequence[str]]) -> tuple[Any, Any]:
    """Turn every list in both into an object, its elements under the same names in both."""
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = {key: _labelled(old.get(key), new.get(key), key, keys) for key in {**old, **new}}
        return (
            {key: pairs[key][0] for key in old},
            {key: pairs[key][1] for key in new},
        )
    if isinstance(old, list) and isinstance(new, list):
        calling = _calling([*old, *new], old, new, keys.get(name))
        one, other = _by_name(old, calling), _by_name(new, calling)
        pairs = {
            key: _labelled(one.get(key), other.get(key), name, keys) for key in {**one, **other}
        }
        return (
            _Elements({key: pairs[key][0] for key in one}),
            _Elements({key: pairs[key][1] for key in other}),
        )
    return old, new


def _calling(
    every: list[Any], old: list[Any], new: list[Any], given: Sequence[str] | None
) -> Sequence[str]:
    """Return the fields that call the elements of a list; none: their whole text does."""
    if given:
        return given
    if not every or not all(isinstance(one, dict) for one in every):
        return ()
    shared = set.intersection(*(set(one) for one in every))
    ranked = sorted(
        (name for name in shared if _rank(name) is not None), key=lambda n: (_rank(n), n)
    )
    for name in ranked:
        if all(_distinct(name, side) for side in (old, new)):
            return (name,)
    return ()


def _rank(name: str) -> int | None:
    low = name.lower()
    for rank, ending in enumerate(CALLED_BY):
        if low.endswith(ending):
            return rank
    return None


def _distinct(name: str, side: list[dict[str, Any]]) -> bool:
    values = [one[name] for one in side]
    return all(isinstance(value, (str, int)) for value in values) and len(set(values)) == len(
        values
    )


def _by_name(elements: list[Any], calling: Sequence[str]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for element in elements:
        if calling and isinstance(element, dict):
            label = called(element, calling)
        else:
            label = shown(element)
        number = 2
        unique = label
        while unique in named:
            unique = f"{label} ({number})"
            number += 1
        named[unique] = element
    return named


def called(element: dict[str, Any], fields: Sequence[str]) -> str:
    """Return what an element of a list is called: its values, a range of numbers as one."""
    values = [element.get(name) for name in fields]
    texts = ["all" if value in ("-1", -1) else str(value) for value in values if value is not None]
    if len(texts) == 3 and texts[1] == texts[2]:
        texts.pop()
    return " ".join(texts) or "all"


def _plain(value: Any) -> Any:
    """Turn labelled lists back into lists."""
    if isinstance(value, _Elements):
        return [_plain(one) for one in value.values()]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def shown(value: Any) -> str:
    """Return a value as short text."""
    if isinstance(value, str):
        text = value
    elif value is None:
        text = "nothing"
    else:
        text = canonical_bytes(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
