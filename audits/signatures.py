"""What may be given to a function: how many arguments, and of which kinds."""

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from jmespath import functions as stock
from jmespath.exceptions import JMESPathError

from audits.functions.base import Context
from audits.functions.lists import matches
from audits.library import Function, library
from audits.nearest import perhaps
from audits.outline import kind
from items.paths import compiled

Node = dict[str, Any]
Wrong = tuple[Node, str]
"""A node, and why it cannot stand there."""
STOCK: dict[str, Any] = stock.Functions.FUNCTION_TABLE
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
# What an expression gives, whatever it is held against; of all others it cannot be told.
KINDS = {
    "expref": "expref",
    "comparator": "boolean",
    "not_expression": "boolean",
    "multi_select_list": "array",
    "multi_select_dict": "object",
}
WORDS = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
    "expref": "an expression with & before it",
}
_NOWHERE = Context(now=datetime(2000, 1, 1, tzinfo=UTC))


def wrong_calls(call: Node) -> Iterator[Wrong]:
    """Yield what is wrong with a call of a function: its name, its arguments."""
    name, given = call["value"], call["children"]
    function = library().get(name)
    if function is None and name not in STOCK:
        yield call, f"There is no function {name}().{perhaps(name, [*library(), *STOCK])}"
        return
    refused = function.refuses(len(given)) if function else _stock_refuses(name, len(given))
    if refused:
        yield call, f"{refused}."
        return
    takes = _takes(function) if function else _stock_takes(name)
    for number, argument in enumerate(given):
        which = f"The {ORDINALS[min(number, 7)]} argument of {name}()"
        wanted = takes[min(number, len(takes) - 1)] if takes else ()
        why = _unfit(argument, wanted)
        if why:
            yield argument, f"{which} {why}"
    if function:
        yield from _wrong_texts(function, given)


def of_kind(node: Node) -> str:
    """Return which kind of value an expression always gives; empty where that is open."""
    return kind(node["value"]) if node["type"] == "literal" else KINDS.get(node["type"], "")


def _unfit(argument: Node, wanted: tuple[str, ...]) -> str:
    given = of_kind(argument)
    kinds = {one.partition("-")[0] for one in wanted}
    if "expref" in kinds and given != "expref" and len(kinds) == 1:
        return "is an expression that is asked of each element: write & before it."
    if given == "expref" and "expref" not in kinds:
        return "is a value: leave the & away."
    if not given or not kinds:
        return ""
    if given not in kinds:
        return f"is {' or '.join(WORDS[one] for one in sorted(kinds))}, not {WORDS[given]}."
    inside = {one.partition("-")[2] for one in wanted if one.startswith("array")} - {""}
    if inside and given == "array" and argument["type"] == "literal":
        others = [one for one in argument["value"] if kind(one) not in inside]
        if others:
            return f"is a list with {WORDS[kind(others[0])]} in it, which it cannot take."
    return ""


def _stock_takes(name: str) -> list[tuple[str, ...]]:
    return [tuple(one["types"]) for one in STOCK[name]["signature"]]


def _stock_refuses(name: str, count: int) -> str:
    signature = STOCK[name]["signature"]
    endless = bool(signature and signature[-1].get("variadic"))
    if count == len(signature) or (endless and count >= len(signature)):
        return ""
    return f"{name}() takes {len(signature)}{' or more' if endless else ''} arguments, not {count}"


def _takes(function: Function) -> list[tuple[str, ...]]:
    """Return the kinds that each parameter takes, as its annotation says; nothing: any."""
    return [_kinds(str(one.annotation)) for one in _parameters(function)]


def _kinds(annotation: str) -> tuple[str, ...]:
    if "Callable" in annotation:
        return ("expref",)
    if annotation in ("str", str(str)):
        return ("string",)
    if annotation == "str | None":
        return ("string", "null")
    return ()


def _parameters(function: Function) -> list[inspect.Parameter]:
    _, *parameters = inspect.signature(function.call).parameters.values()
    return parameters


def _wrong_texts(function: Function, given: list[Node]) -> Iterator[Wrong]:
    """Yield literal texts that the function can do nothing with, told by the parameter's name."""
    for parameter, argument in zip(_parameters(function), given, strict=False):
        judge = TEXTS.get(parameter.name)
        if judge and argument["type"] == "literal" and isinstance(argument["value"], str):
            why = judge(argument["value"])
            if why:
                yield argument, why


def _wrong_regex(text: str) -> str:
    try:
        matches(_NOWHERE, "", text)
    except ValueError as error:
        return str(error)
    return ""


def _wrong_path(text: str) -> str:
    try:
        compiled(text)
    except (JMESPathError, RecursionError):
        return "This is no path: write it as an expression would, Keys[].Id"
    return ""


# RE2 takes no longer than the text is long whatever the pattern: what could explode elsewhere is
# either harmless here or refused as too large.
TEXTS: dict[str, Callable[[str], str]] = {"regex": _wrong_regex, "path": _wrong_path}
