"""What an expression's findings look like, told from its text; and what the notes ask of them."""

from collections.abc import Iterator
from typing import Any

from audits.engine import HOLE

Node = dict[str, Any]


def holes(notes: str) -> Iterator[tuple[str, int]]:
    """Yield each path that the notes fill in, and where its brace stands."""
    for match in HOLE.finditer(notes):
        yield match[1], match.start()


def names_given(node: Node) -> set[str] | None:
    """Return the names that the elements of an answer can have; None where that is open.

    Empty where they are no objects.
    """
    if node["type"] in ("comparator", "not_expression"):
        return set()
    read = READERS.get(node["type"])
    return read(node) if read else None


def _pairs(node: Node) -> set[str] | None:
    return {pair["value"] for pair in node["children"]}


def _literal(node: Node) -> set[str] | None:
    value = node["value"]
    every = value if isinstance(value, list) else [value]
    return {name for one in every if isinstance(one, dict) for name in one}


def _last(node: Node) -> set[str] | None:
    """`a && b` gives b, or what is no finding."""
    return names_given(node["children"][-1])


def _any(node: Node) -> set[str] | None:
    """`a || b`, `[a, b]`: either."""
    found = [names_given(child) for child in node["children"]]
    return None if None in found else set[str]().union(*(one for one in found if one is not None))


def _each(node: Node) -> set[str] | None:
    """`a[].b`, `a[?c].b`: what each element gives."""
    left, right = node["children"][:2]
    if right["type"] != "identity":
        return names_given(right)
    return names_given(left) if left["type"] != "identity" else None


def _flat(node: Node) -> set[str] | None:
    return names_given(node["children"][0])


def _piped(node: Node) -> set[str] | None:
    left, right = node["children"]
    return names_given(left) if _chooses(right) else names_given(right)


def _chooses(node: Node) -> bool:
    """Say whether an expression only leaves elements out: `[?a]`, `[]`, `[0]`."""
    if node["type"] in ("filter_projection", "projection"):
        left, right = node["children"][:2]
        return right["type"] == "identity" and _chooses(left)
    if node["type"] in ("flatten", "index_expression"):
        return _chooses(node["children"][0])
    return node["type"] in ("identity", "current")


READERS = {
    "multi_select_dict": _pairs,
    "multi_select_list": _any,
    "literal": _literal,
    "and_expression": _last,
    "or_expression": _any,
    "projection": _each,
    "value_projection": _each,
    "filter_projection": _each,
    "flatten": _flat,
    "pipe": _piped,
    "subexpression": _last,
}
