"""Where in a configuration the conditions of an expression look, and with what they compare."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Node = dict[str, Any]
# Steps from the item down: names of fields, and these two.
ELEMENT = 0
TAG = 1
Place = tuple[str | int, ...]
JOINING = ("and_expression", "or_expression", "not_expression")


@dataclass
class Clause:
    """One condition: nothing in it is joined to it by and, or or not."""

    literals: list[Any] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    read: dict[Place, None] = field(default_factory=dict)

    @property
    def functions(self) -> frozenset[str]:
        return frozenset(self.called)

    @property
    def places(self) -> list[Place]:
        """The places that are read, without those above another."""
        whole = list(self.read)
        above = {place[:end] for place in whole for end in range(1, len(place))}
        return [place for place in whole if place not in above]


def clauses(node: Node) -> Iterator[Clause]:
    """Yield each condition of a parsed expression."""
    if node["type"] in JOINING:
        for child in node["children"]:
            yield from clauses(child)
        return
    clause = Clause()
    _ends(node, [()], clause)
    yield clause


def put(config: dict[str, Any], place: Place, value: Any) -> None:
    """Write a value to a place, making what lies above it."""
    here: Any = config
    for step, following in zip(place, [*place[1:], None], strict=True):
        if step == TAG:
            here[:] = [one for one in here if one and one.get("Key") != following]
            here.append({"Key": following, "Value": value})
            return
        key = 0 if step == ELEMENT else step
        if following is None:
            here[key] = deepcopy(value)
            return
        wanted: Any = [{}] if following in (ELEMENT, TAG) else {}
        there = here[key] if step == ELEMENT else here.get(key)
        if type(there) is not type(wanted) or not there:
            here[key] = wanted
        here = here[key]


def _ends(node: Node, at: list[Place], clause: Clause) -> list[Place]:
    """Note what a node reads, asked of what lies at some places; return where its value lies."""
    kind, children = node["type"], node.get("children", [])
    match kind:
        case "field":
            found = [(*place, node["value"]) for place in at]
            clause.read.update(dict.fromkeys(found))
            return found
        case "literal":
            clause.literals.append(node["value"])
            return []
        case "identity" | "current":
            return at
        case "pipe" if _base(children[0])["type"] == "multi_select_list":
            # A list that was made of one value, to filter it.
            return _ends(children[0], at, clause)
        case "subexpression" | "pipe":
            return _ends(children[1], _ends(children[0], at, clause), clause)
        case "index_expression":
            return _ends(children[1], _ends(children[0], at, clause), clause)
        case "index" | "slice":
            return at if _made(at) else _elements(at, clause)
        case "flatten":
            return _elements(_ends(children[0], at, clause), clause)
        case "projection":
            left = _ends(children[0], at, clause)
            if children[0]["type"] != "flatten":
                left = _elements(left, clause)
            return _ends(children[1], left, clause)
        case "filter_projection":
            left = _ends(children[0], at, clause)
            if children[0]["type"] != "multi_select_list":
                left = _elements(left, clause)
            _ends(children[2], left, clause)
            return _ends(children[1], left, clause)
        case "function_expression":
            return _called(node, at, clause)
        case "expref":
            return _ends(children[0], at, clause)
    return [place for child in children for place in _ends(child, at, clause)]


def _called(node: Node, at: list[Place], clause: Clause) -> list[Place]:
    clause.called.add(node["value"])
    first: list[Place] = []
    for number, child in enumerate(node["children"]):
        inside = [(*place, ELEMENT) for place in first] if child["type"] == "expref" else at
        found = _ends(child, inside, clause)
        first = found if number == 0 else first
    if node["value"] == "tags":
        first = [(*place, TAG) for place in first]
    return first


def _elements(at: list[Place], clause: Clause) -> list[Place]:
    found = [(*place, ELEMENT) for place in at if place]
    clause.read.update(dict.fromkeys(found))
    return found


def _base(node: Node) -> Node:
    """Return what an expression begins with."""
    while node["type"] in ("filter_projection", "projection", "subexpression", "index_expression"):
        node = node["children"][0]
    return node


def _made(at: list[Place]) -> bool:
    """Say whether a list is none of the item's: it was made of values by the expression."""
    return not at or at == [()]
