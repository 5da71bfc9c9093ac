"""Carry Cloud Custodian's policies over: value filters, joined by and, or and not.

Written from its documentation (https://cloudcustodian.io/docs/filters.html). True is not 1 here,
as in JSON; in Python, and so in Custodian, it is.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from audits.carrying import phrases
from audits.carrying.custodian_resources import SHAPES, Shape
from audits.carrying.outcome import (
    Carried,
    Left,
    Outcome,
    Untold,
    apart,
    key_of,
    links,
    plain,
    text,
)
from audits.reading import EVERYTHING, functions_called, parts_read
from audits.signatures import STOCK

TOOL = "custodian"
SCORES = {"critical": 9, "high": 7, "medium": 5, "moderate": 5, "low": 2, "info": 0}
SIGNS = {
    **dict.fromkeys(("gt", "greater-than"), ">"),
    **dict.fromkeys(("ge", "gte"), ">="),
    **dict.fromkeys(("lt", "less-than"), "<"),
    **dict.fromkeys(("le", "lte"), "<="),
}
KNOWN = {"type", "key", "value", "op", "value_type"}
VARIABLE = re.compile(r"\{[a-z_]+\}")
# Words of a policy that say what else is to be done, or when; they do not narrow what it is about.
TOLD_OF = {"actions": "what it does to resources", "mode": "when it runs"}
PLAIN = {"name", "resource", "filters", "description", "comment", "comments", "metadata", "tags"}


def carry(documents: list[Any], file: str) -> list[Outcome]:
    """Return what becomes of each policy in a file's documents."""
    found: list[Outcome] = []
    for document in documents:
        policies = document.get("policies") if isinstance(document, dict) else None
        if not isinstance(policies, list):
            found.append(Left(file, "it has no list of policies"))
            continue
        found += [_policy(one, file) for one in policies]
    return apart(found)


def _policy(policy: Any, file: str) -> Outcome:
    if not isinstance(policy, dict) or not isinstance(policy.get("name"), str):
        return Left(file, "a policy without a name")
    name = policy["name"]
    try:
        return _carried(name, policy)
    except Untold as reason:
        return Left(name, str(reason))


def _carried(name: str, policy: dict[str, Any]) -> Carried:
    shape = _shape(policy.get("resource"))
    other = sorted(policy.keys() - PLAIN - TOLD_OF.keys())
    if other:
        raise Untold(f"it says {', '.join(other)}, which narrows it in ways that are not read")
    filters = policy.get("filters")
    if not isinstance(filters, list) or not filters:
        raise Untold("it has no filters: it would find every resource")
    reader = _Reader(shape)
    expression = reader.every(filters)
    notes = [f"left out: {what} ({word})" for word, what in TOLD_OF.items() if policy.get(word)]
    metadata = policy.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    score = SCORES.get(str(metadata.get("severity", "")).lower())
    if score is None:
        notes.append("score 5: it says no severity")
    said = plain(policy.get("description") or policy.get("comment") or policy.get("comments"))
    fields = text(
        said.split("\n")[0].rstrip(".") or name,
        phrases.laid_out(expression),
        shape.technology,
        5 if score is None else score,
        rationale=said,
        references=links(metadata.get("references", [])),
    )
    return Carried(name, key_of(TOOL, name), fields, (*notes, *reader.notes))


def _shape(resource: Any) -> Shape:
    name = str(resource)
    provider, _, kind = name.rpartition(".")
    if provider not in ("", "aws"):
        raise Untold(f"nothing here watches {name}")
    if kind not in SHAPES:
        raise Untold(f"nothing here watches {name}, or it is not known to be held alike")
    return SHAPES[kind]


class _Reader:
    """Turns the filters of one policy into one expression."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.notes: dict[str, None] = {}

    def every(self, filters: Any) -> str:
        return phrases.every([self.one(one) for one in self._list(filters)])

    def _list(self, filters: Any) -> list[Any]:
        if not isinstance(filters, list) or not filters:
            raise Untold("and, or and not take a list of filters")
        return filters

    def one(self, given: Any) -> str:
        if isinstance(given, str):
            raise Untold(f"the filter {given} looks beyond a value")
        if not isinstance(given, dict) or not given:
            raise Untold(f"{json.dumps(given)[:60]} is no filter")
        if len(given) == 1 and "type" not in given:
            ((word, value),) = given.items()
            match word.lower():
                case "and":
                    return self.every(value)
                case "or":
                    return phrases.some([self.one(one) for one in self._list(value)])
                case "not":
                    return phrases.no(self.every(value))
            return self._value({"key": word, "value": value})
        if given.get("type") != "value":
            raise Untold(f"the filter {given.get('type')} looks beyond a value")
        return self._value(given)

    def _value(self, given: dict[str, Any]) -> str:
        other = sorted(given.keys() - KNOWN)
        if other:
            raise Untold(f"a value filter says {', '.join(other)}, which is not read")
        if "value" not in given or not isinstance(given.get("key"), str):
            kind = given.get("value_type", "")
            raise Untold(f"a value filter without key and value {kind}".rstrip())
        value, op, kind = given["value"], given.get("op"), given.get("value_type")
        if any(isinstance(one, str) and VARIABLE.search(one) for one in _texts(value)):
            raise Untold(f"{value} holds a variable that Custodian fills in")
        path = self.path(given["key"])
        if kind is not None:
            return self._converted(path, value, op, str(kind))
        special = SPECIAL.get(value) if isinstance(value, str) else None
        if special and op is None:
            return special(path)
        return self._compared(path, value, str(op or "eq"))

    def _compared(self, path: str, value: Any, op: str) -> str:
        if op in SIGNS:
            return phrases.compares(path, SIGNS[op], value)
        if op in ("regex", "regex-case"):
            if phrases.ascii_only(value):
                self.notes[r"\w, \d, \s and \b know ASCII alone here"] = None
            return phrases.matches(path, value, any_case=op == "regex")
        found = OPERATORS.get(op)
        if found is None:
            raise Untold(f"the operator {op} is not known here")
        return found(path, value)

    def _converted(self, path: str, value: Any, op: str | None, kind: str) -> str:
        match kind:
            case "size":
                return self._measured(f"count({path})", value, op or "eq")
            case "integer":
                return self._measured(phrases.whole_number(path), value, op or "eq")
            case "swap":
                return _swapped(path, value, op)
            case "normalize":
                return _normalized(path, value, op)
            case "age" | "expiration":
                return _aged(path, value, op, kind)
            case "cidr_size":
                return self._measured(f"(prefix_length({path}) || `0`)", value, op or "eq")
        raise Untold(f"value_type {kind} compares in a way that is not carried over")

    def _measured(self, number: str, value: Any, op: str) -> str:
        if op in SIGNS:
            return phrases.measured(number, SIGNS[op], value)
        return self._compared(number, value, op)

    def path(self, key: str) -> str:
        """Return a key's path in our technology's shape."""
        if key.startswith("tag:"):
            return f"tags({self.shape.tags}).{phrases.name(key[4:])}"
        if not any(one in key for one in ".[("):
            key = phrases.name(key)
        try:
            read = parts_read(key)
            called = functions_called(key)
        except (JMESPathError, RecursionError) as error:
            raise Untold(f"its key {key!r} cannot be read") from error
        strange = sorted(one for one in called if one not in STOCK)
        if strange:
            raise Untold(f"its key calls {strange[0]}(), a function of Custodian's own")
        for old, new in self.shape.renamed.items():
            if key == old or key.startswith(f"{old}."):
                return new + key[len(old) :]
        for part in sorted(read):
            self._known(part)
        parsed = jmespath.compile(key).parsed
        loose = ("pipe", "or_expression", "and_expression", "not_expression", "comparator")
        return f"({key})" if parsed["type"] in loose else key

    def _known(self, part: str) -> None:
        if part == EVERYTHING:
            raise Untold("its key reads the whole resource")
        if part in self.shape.unlike:
            raise Untold(f"{part}: {self.shape.unlike[part]}")
        if part not in self.shape.same:
            raise Untold(f"{part} is not known to be held alike in {self.shape.technology}")


def _texts(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value]


def _is_one_of(path: str, value: Any) -> str:
    if isinstance(value, str):  # A text is searched for what the resource has.
        return phrases.every(
            [phrases.typed(path, "string"), f"contains({phrases.literal(value)}, {path})"]
        )
    if not isinstance(value, list):
        raise Untold("the operator in takes a list")
    values = [one for one in value if one is not None]  # What is missing is never in a list.
    return phrases.in_list(path, values)


def _is_none_of(path: str, value: Any) -> str:
    if isinstance(value, str):
        within = phrases.no(f"contains({phrases.literal(value)}, {path})")
        return phrases.every([phrases.typed(path, "string"), within])
    return phrases.no(_is_one_of(path, value))


def _intersects(path: str, value: Any) -> str:
    if not isinstance(value, list):
        raise Untold("the operator intersect takes a list")
    both = f"count(intersection({path}, {phrases.literal(value)})) > `0`"
    return phrases.every([phrases.typed(path, "array"), both])


def _swapped(path: str, value: Any, op: str | None) -> str:
    match op:
        case "in":
            return phrases.holds(path, value)
        case "not-in" | "ni":
            kinds = ("array", "object", "null", *(["string"] if isinstance(value, str) else []))
            within = phrases.no(phrases.holds(path, value))
            return phrases.every([phrases.typed(path, *kinds), within])
    raise Untold(f"value_type swap with the operator {op}")


def _normalized(path: str, value: Any, op: str | None) -> str:
    values = value if isinstance(value, list) else [value]
    match op:
        case None | "eq" | "equal" if not isinstance(value, list):
            return phrases.stripped(path, values)
        case "ne" | "not-equal" if not isinstance(value, list):
            return phrases.no(phrases.stripped(path, values))
        case "in" if isinstance(value, list):
            return phrases.stripped(path, values)
        case "not-in" | "ni" if isinstance(value, list):
            return phrases.no(phrases.stripped(path, values))
    raise Untold(f"value_type normalize with the operator {op}")


def _aged(path: str, value: Any, op: str | None, kind: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Untold(f"value_type {kind} with a value that is no number of days")
    if op not in SIGNS:
        raise Untold(f"value_type {kind} with the operator {op}, which is true for one instant")
    function = "age_days" if kind == "age" else "days_until"
    return phrases.measured(f"{function}({path})", SIGNS[op], value)


SPECIAL: dict[str, Callable[[str], str]] = {
    "absent": lambda path: f"{path} == `null`",
    "present": lambda path: f"{path} != `null`",
    # Nought is nothing in Python; in JMESPath it is something.
    "not-null": lambda path: f"({path} && {path} != `0`)",
    "empty": lambda path: phrases.no(f"({path} && {path} != `0`)"),
}
OPERATORS: dict[str, Callable[[str, Any], str]] = {
    **dict.fromkeys(("eq", "equal"), phrases.equals),
    **dict.fromkeys(("ne", "not-equal"), lambda path, value: f"{path} != {phrases.literal(value)}"),
    "in": _is_one_of,
    **dict.fromkeys(("ni", "not-in"), _is_none_of),
    "contains": phrases.holds,
    "glob": phrases.globs,
    "intersect": _intersects,
}
