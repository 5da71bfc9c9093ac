"""Which parts of a configuration an expression reads, told from its text alone."""

import functools
from collections.abc import Iterator
from typing import Any

import jmespath

from audits.library import library

Node = dict[str, Any]
Chain = tuple[str, ...]
EVERYTHING = "*"


@functools.lru_cache(maxsize=2048)
def parts_read(expression: str) -> frozenset[str]:
    """Return the first names that an expression reads of the item; EVERYTHING where unclear."""
    return frozenset(_read(jmespath.compile(expression).parsed, True))


@functools.lru_cache(maxsize=2048)
def functions_called(expression: str) -> frozenset[str]:
    """Return the names of the functions that an expression calls."""
    return frozenset(
        node["value"]
        for node in nodes(jmespath.compile(expression).parsed)
        if node["type"] == "function_expression"
    )


def reads_time(expression: str) -> bool:
    """Say whether the answer may change as time passes."""
    table = library()
    return any(name in table and table[name].reads_time for name in functions_called(expression))


def reads_past(expression: str) -> bool:
    """Say whether it looks at the item as it was before its last change."""
    table = library()
    return any(name in table and table[name].reads_past for name in functions_called(expression))


@functools.lru_cache(maxsize=2048)
def tables_read(expression: str) -> frozenset[str]:
    """Return the keys of the reference tables that it reads; EVERYTHING where that is not said."""
    found = set()
    for node in nodes(jmespath.compile(expression).parsed):
        if node["type"] == "function_expression" and node["value"] == "table":
            named = [one for one in node["children"] if one["type"] == "literal"]
            found |= {str(one["value"]) for one in named} or {EVERYTHING}
    return frozenset(found)


def nodes(node: Node) -> Iterator[Node]:
    """Yield every node of a parsed expression."""
    yield node
    for child in node.get("children", []):
        if isinstance(child, dict):
            yield from nodes(child)


@functools.lru_cache(maxsize=4096)
def chains_read(expression: str) -> frozenset[Chain]:
    """Return how an expression's parts are gone into, as far as plain names tell: ("State",
    "Name"). EVERYTHING by itself where any part may be read."""
    parts = parts_read(expression)
    if EVERYTHING in parts:
        return frozenset({(EVERYTHING,)})
    found = _chains(jmespath.compile(expression).parsed)
    return frozenset(chain for chain in found if chain[0] in parts)


def _chains(node: Node) -> set[Chain]:
    chain = _plain(node)
    if chain:
        return {chain}
    children = (child for child in node.get("children", []) if isinstance(child, dict))
    return set().union(*(_chains(child) for child in children))


def _plain(node: Node) -> Chain:
    """Return the names of ``a.b.c``; nothing where it is anything else."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return ()
    left, right = map(_plain, node["children"])
    return left + right if left and right else ()


def _is_root(node: Node) -> bool:
    return node["type"] == "function_expression" and node["value"] == "root"


def _read(node: Node, at_root: bool) -> set[str]:
    """Collect what is read, where ``at_root`` says that the current value is the whole item."""
    kind, children = node["type"], [c for c in node.get("children", []) if isinstance(c, dict)]
    if kind == "field":
        return {node["value"]} if at_root else set()
    if kind in ("current", "identity"):
        return {EVERYTHING} if at_root else set()
    if kind == "function_expression":
        return _read_call(node, children, at_root)
    if kind == "expref":
        return _read(children[0], False)
    if kind in ("subexpression", "pipe", "index_expression"):
        return _read_chain(children, at_root)
    if kind in ("projection", "value_projection", "filter_projection"):
        left, *others = children
        return _read(left, at_root).union(*(_read(other, False) for other in others))
    return set().union(*(_read(child, at_root) for child in children))


def _read_chain(children: list[Node], at_root: bool) -> set[str]:
    """Read ``a.b`` or ``a | b``: what follows stays at the root only while nothing was chosen."""
    found: set[str] = set()
    for place, child in enumerate(children):
        whole = _is_root(child) or (at_root and child["type"] == "current")
        if whole and place + 1 < len(children):
            at_root = True
            continue
        found |= _read(child, at_root)
        at_root = False
    return found


def _read_call(node: Node, children: list[Node], at_root: bool) -> set[str]:
    found = set().union(*(_read(child, at_root) for child in children))
    function = library().get(node["value"])
    if function and function.asks_item:
        inner = [child["children"][0] for child in children if child["type"] == "expref"]
        found = found.union(*(_read(child, True) for child in inner))
    if function and function.reads_everything:
        found.add(EVERYTHING)
    return found
