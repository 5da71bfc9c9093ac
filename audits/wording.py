"""A parsed expression in words that somebody can follow who does not write expressions."""

import json
import re
from typing import Any

from audits.library import library
from audits.places import Placed

Node = dict[str, Any]

# Longer values are cut where a reader sees them.
LONGEST = 80
SAMPLES = 4
COMPARED = {
    "eq": "is",
    "ne": "is not",
    "lt": "is below",
    "lte": "is at most",
    "gt": "is above",
    "gte": "is at least",
}
# What answers yes or no. Of functions that are not here the docstring's first sentence is shown.
QUESTIONS = {
    "contains": "{0} contains {1}",
    "has": "{0} contains {1}",
    "empty": "{0} is empty or missing",
    "matches": "{0} fits the pattern {1}",
    "glob": "{0} fits {1}",
    "starts_with": "{0} begins with {1}",
    "ends_with": "{0} ends with {1}",
    "any": "for at least one of {0}: {1}",
    "all": "for each of {0}: {1}",
}
VALUES = {
    "count": "the number of {0}",
    "length": "the number of {0}",
    "lower": "{0} in small letters",
    "param": "the parameter {0}",
    "unique": "{0}, each once",
    "keys": "the names in {0}",
    "values": "the values in {0}",
    "root": "the whole configuration",
    "tags": "the tags in {0}",
    "intersection": "what is both in {0} and in {1}",
    "difference": "what is in {0} but not in {1}",
    "expand": "{0} together with each of its {1}",
}


class Wording:
    """Words for the parts of one expression."""

    def __init__(self, placed: Placed) -> None:
        self._placed = placed

    def written(self, node: Node) -> str:
        """Return a part as the expression writes it."""
        return self._placed.written(node) or "@"

    def said(self, node: Node) -> str:
        """Return what a part stands for, as a phrase."""
        kind = node["type"]
        if kind in ("current", "identity"):
            return "it"
        if kind == "literal":
            return brief(node["value"])
        if kind == "comparator":
            return self._compared(node)
        if kind in ("and_expression", "or_expression"):
            return self._both(node)
        if kind == "not_expression":
            return self._negated(node)
        if kind == "function_expression":
            return self._called(node)
        return self.condition(node["children"][0]) if kind == "expref" else self.written(node)

    def condition(self, node: Node) -> str:
        """Return when a part counts as true, as a phrase."""
        if _is_question(node):
            return self.said(node)
        if node["type"] == "function_expression":
            return f"{self.said(node)} gives something"
        return f"{self.said(node)} is true or not empty"

    def does(self, node: Node) -> str:
        """Return what a function is asked for, as a sentence."""
        if node["type"] != "function_expression":
            return f"Put together {self.said(node)}"
        if _is_question(node):
            return self.said(node)
        return about(node["value"]) or f"Take {self.said(node)}"

    def _compared(self, node: Node) -> str:
        left, right = node["children"]
        if right["type"] == "literal" and right["value"] is None:
            return f"{self.said(left)} is {'missing' if node['value'] == 'eq' else 'there'}"
        return f"{self.said(left)} {COMPARED[node['value']]} {self.said(right)}"

    def _both(self, node: Node) -> str:
        word = "and" if node["type"] == "and_expression" else "or"
        mixed = {"and_expression", "or_expression"} - {node["type"]}
        parts = [
            f"({self.condition(one)})" if one["type"] in mixed else self.condition(one)
            for one in node["children"]
        ]
        return f" {word} ".join(parts)

    def _negated(self, node: Node) -> str:
        (inner,) = node["children"]
        if _is_question(inner):
            return f"not: {self.said(inner)}"
        return f"{self.said(inner)} is false, empty or missing"

    def _called(self, node: Node) -> str:
        pattern = QUESTIONS.get(node["value"]) or VALUES.get(node["value"])
        given = [self.said(one) for one in node["children"]]
        if pattern is None or len(given) != pattern.count("{"):
            return self.written(node)
        return pattern.format(*given)


def about(function: str) -> str:
    """Return the first sentence of a function's docstring; nothing where the words say more."""
    found = library().get(function)
    if found is None or function in QUESTIONS or function in VALUES:
        return ""
    return " ".join(found.doc.split("\n\n")[0].split()).split(". ")[0].rstrip(".")


def brief(value: Any) -> str:
    """Return a value as a reader wants it: texts in quotes, cut where it is long."""
    if value is None:
        return "nothing"
    text = f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _is_question(node: Node) -> bool:
    """Say whether a part answers yes or no."""
    if node["type"] != "function_expression":
        return node["type"] in ("comparator", "and_expression", "or_expression", "not_expression")
    found = library().get(node["value"])
    asks = found is not None and found.doc.startswith("Say whether")
    return node["value"] in QUESTIONS or asks


# -- what a part gave ---------------------------------------------------------------------------


def entries(count: int) -> str:
    """Return how many there are, in words."""
    return "1 entry" if count == 1 else f"{count or 'no'} entries"


def described(value: Any) -> str:
    """Return what a value is, without writing out what is in it."""
    if isinstance(value, list):
        scalars = [one for one in value if not isinstance(one, (dict, list))]
        few = f": {samples(value)}" if scalars and len(scalars) == len(value) else ""
        return entries(len(value)) + few
    if isinstance(value, dict):
        return f"{len(value)} parts" if len(value) != 1 else "1 part"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return brief(value)


def samples(values: list[Any]) -> str:
    """Return the first few different values, and how many more there are."""
    different: dict[str, None] = {}
    for value in values:
        if value is not None:
            different.setdefault(described(value)[:40], None)
    shown = list(different)[:SAMPLES]
    more = len(different) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def why_none(bases: list[Any], of: type) -> str:
    """Say why a list has no entries, where it is no list at all."""
    if not bases:
        return ""
    if all(one is None for one in bases):
        return "There is nothing at this path."
    if any(one is not None and not isinstance(one, of) for one in bases):
        wanted = "a list" if of is list else "an object"
        return f"What is there is not {wanted}, so it has no entries."
    return ""


def surprise(node: Node, left: list[Any], right: list[Any]) -> str:
    """Say where a comparison could not be true whatever the values were."""
    if node["value"] in ("eq", "ne"):
        literal = node["children"][1]
        if literal["type"] != "literal" or literal["value"] in (None, ""):
            return ""
        kinds = {type(one) for one in left if one is not None}
        other = type(literal["value"])
        odd = kinds and other not in kinds and not {other, *kinds} <= {int, float}
        return f"It is never {brief(literal['value'])}: {_kind_named(left)}." if odd else ""
    pairs = list(zip(left, right, strict=True))
    nothing = sum(one is None or other is None for one, other in pairs)
    if nothing:
        return f"Nothing is there in {nothing} of {len(pairs)}: compared with nothing, never true."
    return ""


def mixed(left: list[Any], right: list[Any]) -> str:
    """Say where a text would be put in order with a number: that ends an evaluation."""
    for one, other in zip(left, right, strict=True):
        if (is_number(one) and isinstance(other, str)) or (
            isinstance(one, str) and is_number(other)
        ):
            return f"A text cannot be above or below a number: {brief(one)} and {brief(other)}."
    return ""


def _kind_named(values: list[Any]) -> str:
    names = {str: "a text", bool: "yes or no", int: "a number", float: "a number"}
    names |= {list: "a list", dict: "an object"}
    first = next(one for one in values if one is not None)
    return f"what is there is {names.get(type(first), 'something else')}"


def is_number(value: Any) -> bool:
    """Say whether a value is a number; yes and no are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# -- as an expression writes it -------------------------------------------------------------------

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def identifier(name: str) -> str:
    """Return a name as an expression writes it: in quotes where it is no plain word."""
    return name if PLAIN.match(name) else json.dumps(name)


def literal(value: Any) -> str:
    """Return a value as an expression writes it."""
    if isinstance(value, str) and "'" not in value and "\\" not in value:
        return f"'{value}'"
    # Within backticks a backtick would end it: JSON has another way to write one.
    return "`" + json.dumps(value).replace("`", "\\u0060") + "`"
