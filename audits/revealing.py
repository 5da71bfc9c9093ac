"""Tell whether a rule would show what another item holds, from its text alone.

An issue is read by everyone who may see its item; what was looked up may belong to somebody else.
So it may decide, but of it only names() may be shown. What is followed here is where a value can
come from: whatever is made of a looked-up configuration counts as part of it, but yes, no and how
many.
"""

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import jmespath

from audits.library import library

Node = dict[str, Any]

SOURCES = frozenset({"lookup", "related"})
# They say something about what they are given, and show nothing of it.
_TELLING = frozenset({"names", "count", "length", "contains", "starts_with", "ends_with", "type"})
# JMESPath's own that give elements of a list; the expression only orders or chooses them.
_CHOOSING = frozenset({"sort_by", "max_by", "min_by"})
# What they give is of the first list.
_OF_THE_FIRST = frozenset({"intersection", "difference"})
_ANY_NAME = "*"


@functools.lru_cache(maxsize=2048)
def reveals(expression: str) -> bool:
    """Say whether what an expression selects may hold a part of an item that it looked up.

    Raises JMESPathError where the expression does not parse.
    """
    return _foreign(jmespath.compile(expression).parsed, False, {})


def _foreign(node: Node, current: bool, names: Mapping[str, bool]) -> bool:
    """Say it of a part, where ``current`` says it of the value that the part is asked of."""
    kind = node["type"]
    children = [child for child in node["children"] if isinstance(child, dict)]
    if kind in ("current", "identity", "field", "index", "slice"):
        return current
    if kind in ("literal", "comparator", "not_expression", "expref"):
        return False
    if kind in ("subexpression", "index_expression", "pipe"):
        for child in children:
            current = _foreign(child, current, names)
        return current
    if kind == "and_expression":  # Gives the left part only where that is empty.
        return _foreign(children[1], current, names)
    if kind in ("projection", "value_projection", "filter_projection"):
        return _foreign(children[1], _foreign(children[0], current, names), names)
    if kind == "function_expression":
        return _foreign_call(node["value"], children, current, names)
    return any(_foreign(child, current, names) for child in children)


def _foreign_call(name: str, given: list[Node], current: bool, names: Mapping[str, bool]) -> bool:
    if name in SOURCES:
        return True
    if name in _TELLING or _says_yes_or_no(name):
        return False
    plain = [one for one in given if one["type"] != "expref"]
    asked = [one["children"][0] for one in given if one["type"] == "expref"]
    if name == "let" and len(plain) == 2 and asked:
        value = _foreign(plain[1], current, names)
        called = plain[0]["value"] if plain[0]["type"] == "literal" else _ANY_NAME
        return _foreign(asked[0], value, {**names, str(called): value})
    if name == "var":
        called = plain[0]["value"] if plain and plain[0]["type"] == "literal" else None
        return names.get(str(called), any(names.values())) or names.get(_ANY_NAME, False)
    if name == "if":
        plain = plain[1:]
    if name in _OF_THE_FIRST:
        plain = plain[:1]
    found = any(_foreign(one, current, names) for one in plain)
    if name in _CHOOSING:
        return found
    return any(_foreign(one, found, names) for one in asked) or (found and name != "map")


def _says_yes_or_no(name: str) -> bool:
    function = library().get(name)
    return function is not None and inspect.signature(function.call).return_annotation is bool
