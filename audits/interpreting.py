"""Stock JMESPath with our functions, in a bounded number of steps.

A parsed expression is compiled, once, into Python functions within functions. That is several
times faster than to walk its tree anew for every item, and means the same.
"""

import operator
from collections.abc import Callable
from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.visitor import _equals, _Expression, _is_comparable

from audits.functions.base import Context, Unread
from audits.library import Function, library

# What one evaluation may take: about a tenth of a second. An element of a list takes as many
# steps as what is asked of it has words, whether or not all of them come to be asked. A rule of
# the shipped packs needs some thousands on a large item.
STEPS = 500_000
# Values that an expression builds are counted as trees: `[@,@]` doubles one with each pipe.
BUILT = 200_000

Node = dict[str, Any]
Ready = Callable[["Interpreter", Any], Any]
"""A compiled expression: takes the evaluation and the current value."""


class Exceeded(Exception):
    """The expression asked for more steps or built more values than it may."""


class RuleError(Exception):
    """The expression cannot give an answer on this configuration; says why."""


class Interpreter:
    """One evaluation: the context that it is for, and what it may still take."""

    def __init__(self, context: Context, steps: int = STEPS) -> None:
        self.context = context
        self.steps = steps
        self._built: dict[int, tuple[Any, int]] = {}
        self._room = BUILT

    def visit(self, expression: Node | Ready, value: Any) -> Any:
        """Evaluate a parsed or a compiled expression."""
        ready = compiled(expression) if isinstance(expression, dict) else expression
        return ready(self, value)

    def spend(self, steps: int) -> None:
        """Count steps; raise Exceeded where there are none left."""
        self.steps -= steps
        if self.steps < 0:
            raise Exceeded("it takes too many steps")

    def measured(self, value: Any) -> Any:
        """Count a built value as the tree that it is, shared parts each time they stand."""
        kind = type(value)
        if kind is list:
            parts: Any = value
        elif kind is dict:
            parts = value.values()
        else:
            if kind is str and len(value) > 100:
                self._take(len(value) // 100)
            return value
        built, size = self._built, 1 + len(value)
        if built:
            size += sum([built[id(one)][1] - 1 for one in parts if id(one) in built])
        built[id(value)] = (value, size)
        self._take(size)
        return value

    def _take(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise Exceeded("it builds too many values")


def compiled(node: Node) -> Ready:
    """Return a parsed expression as a function."""
    return KINDS[node["type"]](node)


def size(node: Node) -> int:
    """Return how many words an expression has."""
    return 1 + sum(size(child) for child in children(node))


def children(node: Node) -> list[Node]:
    return [child for child in node["children"] if isinstance(child, dict)]


def false(value: Any) -> bool:
    """Say what JMESPath takes for false: null, false and what is empty; not 0."""
    return not value and type(value) not in (int, float)


# -- values as they are -------------------------------------------------------------------------


def _current(_node: Node) -> Ready:
    return lambda _run, value: value


def _literal(node: Node) -> Ready:
    literal = node["value"]
    return lambda run, value: literal


def _field(node: Node) -> Ready:
    name = node["value"]
    return lambda run, value: value.get(name) if isinstance(value, dict) else None


def _index(node: Node) -> Ready:
    index = node["value"]

    def at(_run: Interpreter, value: Any) -> Any:
        inside = isinstance(value, list) and -len(value) <= index < len(value)
        return value[index] if inside else None

    return at


def _slice(node: Node) -> Ready:
    part = slice(*node["children"])
    return lambda run, value: run.measured(value[part]) if isinstance(value, list) else None


def _chain(node: Node) -> Ready:
    """`a.b`, `a[0]` and `a | b`: what the first gives is the second's current value."""
    first, *others = map(compiled, node["children"])
    if len(others) == 1:
        (second,) = others
        return lambda run, value: second(run, first(run, value))

    def chain(run: Interpreter, value: Any) -> Any:
        value = first(run, value)
        for other in others:
            value = other(run, value)
        return value

    return chain


# -- comparing ----------------------------------------------------------------------------------

ORDERS = {"lt": operator.lt, "gt": operator.gt, "lte": operator.le, "gte": operator.ge}


def _comparator(node: Node) -> Ready:
    kind = node["value"]
    left, right = map(compiled, node["children"])
    texts = [one["value"] for one in node["children"] if one["type"] == "literal"]
    if kind in ORDERS:
        return _ordered(ORDERS[kind], left, right)
    # Only 0, 1, true and false need care; a text equals nothing but itself.
    if any(isinstance(text, str) for text in texts):
        if kind == "eq":
            return lambda run, value: left(run, value) == right(run, value)
        return lambda run, value: left(run, value) != right(run, value)
    if kind == "eq":
        return lambda run, value: _equals(left(run, value), right(run, value))
    return lambda run, value: not _equals(left(run, value), right(run, value))


def _ordered(order: Callable[[Any, Any], bool], left: Ready, right: Ready) -> Ready:
    def compare(run: Interpreter, value: Any) -> bool | None:
        one, other = left(run, value), right(run, value)
        return order(one, other) if _is_comparable(one) and _is_comparable(other) else None

    return compare


def _or(node: Node) -> Ready:
    parts = _alike(node)

    def either(run: Interpreter, value: Any) -> Any:
        for part in parts:
            found = part(run, value)
            if found or not false(found):
                return found
        return found

    return either


def _and(node: Node) -> Ready:
    parts = _alike(node)

    def every(run: Interpreter, value: Any) -> Any:
        for part in parts:
            found = part(run, value)
            if not found and false(found):
                return found
        return found

    return every


def _alike(node: Node) -> list[Ready]:
    """Give the parts of `a && b && c`, which is written as (a && b) && c."""
    left, right = node["children"]
    first = _alike(left) if left["type"] == node["type"] else [compiled(left)]
    return [*first, compiled(right)]


def _not(node: Node) -> Ready:
    (inner,) = map(compiled, node["children"])
    return lambda run, value: false(inner(run, value))


# -- building -----------------------------------------------------------------------------------


def _multi_select_list(node: Node) -> Ready:
    parts = [compiled(child) for child in node["children"]]

    def build(run: Interpreter, value: Any) -> Any:
        return None if value is None else run.measured([part(run, value) for part in parts])

    return build


def _multi_select_dict(node: Node) -> Ready:
    pairs = [(pair["value"], compiled(pair["children"][0])) for pair in node["children"]]

    def build(run: Interpreter, value: Any) -> Any:
        if value is None:
            return None
        return run.measured({name: part(run, value) for name, part in pairs})

    return build


def _flatten(node: Node) -> Ready:
    (inner,) = map(compiled, node["children"])

    def flatten(run: Interpreter, value: Any) -> Any:
        base = inner(run, value)
        if not isinstance(base, list):
            return None
        flat: list[Any] = []
        for one in base:
            flat.extend(one if isinstance(one, list) else (one,))
        return run.measured(flat)

    return flatten


def _projection(node: Node) -> Ready:
    """`a[*].b`: what is null is left out."""
    base, each = map(compiled, node["children"])
    cost = size(node["children"][1])

    def project(run: Interpreter, value: Any) -> Any:
        elements = base(run, value)
        if not isinstance(elements, list):
            return None
        run.spend(cost * len(elements))
        found = [each(run, one) for one in elements]
        return run.measured([one for one in found if one is not None])

    return project


def _value_projection(node: Node) -> Ready:
    """`a.*.b`"""
    base, each = map(compiled, node["children"])
    cost = size(node["children"][1])

    def project(run: Interpreter, value: Any) -> Any:
        members = base(run, value)
        if not isinstance(members, dict):
            return None
        run.spend(cost * len(members))
        found = [each(run, one) for one in members.values()]
        return run.measured([one for one in found if one is not None])

    return project


def _filter_projection(node: Node) -> Ready:
    """`a[?b].c`"""
    base, each, condition = map(compiled, node["children"])
    cost = size(node["children"][1]) + size(node["children"][2])

    def select(run: Interpreter, value: Any) -> Any:
        elements = base(run, value)
        if not isinstance(elements, list):
            return None
        run.spend(cost * len(elements))
        found = [each(run, one) for one in elements if not false(condition(run, one))]
        return run.measured([one for one in found if one is not None])

    return select


# -- functions ----------------------------------------------------------------------------------

STOCK = Functions()


def _expression(node: Node) -> Ready:
    """`&a`, as JMESPath's own functions take it."""
    reference = _reference(node)
    return lambda run, value: _Expression(lambda _, one: reference(run, None)(one), run)


def _reference(node: Node) -> Ready:
    """`&a`, as our functions take it: a callable of one value."""
    inner, cost = compiled(node["children"][0]), size(node["children"][0])

    def refer(run: Interpreter, _value: Any) -> Callable[[Any], Any]:
        def call(one: Any) -> Any:
            run.spend(cost)
            return inner(run, one)

        return call

    return refer


def _function(node: Node) -> Ready:
    name, given = node["value"], node["children"]
    function = library().get(name)
    ours = function is not None
    call = _callable(name, function, len(given)) if function else _stock(name)
    ready = [
        _reference(one) if ours and one["type"] == "expref" else compiled(one) for one in given
    ]

    def apply(run: Interpreter, value: Any) -> Any:
        arguments = [one(run, value) for one in ready]
        run.spend(1 + sum([len(one) for one in arguments if type(one) in (list, dict)]))
        try:
            answer = call(run.context, *arguments)
        except (Unread, Exceeded, RuleError, JMESPathError, RecursionError):
            raise
        except Exception as error:  # A plugin's function may raise anything: it is unknown then.
            raise RuleError(f"{name}() failed: {error}") from error
        return answer if type(answer) is bool else run.measured(answer)

    return apply


def _stock(name: str) -> Callable[..., Any]:
    return lambda _, *arguments: STOCK.call_function(name, list(arguments))


def _callable(name: str, function: Function, count: int) -> Callable[..., Any]:
    """Return our function, or what says why it cannot be called with so many arguments."""
    fault = function.refuses(count)

    def refuse(*_: Any) -> Any:
        raise RuleError(fault)

    if fault:
        return refuse
    return _kept(name, function.call) if function.pure else function.call


def _kept(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
    """Ask a pure function once for each arguments; objects and lists are told by identity."""

    def call(context: Context, *arguments: Any) -> Any:
        key = (name, *[id(one) if type(one) in (list, dict) else one for one in arguments])
        kept = context.kept.get(key)
        if kept is None:
            # With the arguments, whose identities would be given to others after their end.
            kept = context.kept[key] = ask(context, *arguments), arguments
        return kept[0]

    return call


KINDS: dict[str, Callable[[Node], Ready]] = {
    "current": _current,
    "identity": _current,
    "literal": _literal,
    "field": _field,
    "index": _index,
    "slice": _slice,
    "subexpression": _chain,
    "index_expression": _chain,
    "pipe": _chain,
    "comparator": _comparator,
    "or_expression": _or,
    "and_expression": _and,
    "not_expression": _not,
    "multi_select_list": _multi_select_list,
    "multi_select_dict": _multi_select_dict,
    "flatten": _flatten,
    "projection": _projection,
    "value_projection": _value_projection,
    "filter_projection": _filter_projection,
    "function_expression": _function,
    "expref": _expression,
}
