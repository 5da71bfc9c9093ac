"""How a compiled expression calls functions: JMESPath's own and those of the library."""

from collections.abc import Callable
from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.visitor import _Expression

from audits.bounds import TEXT, Evaluation, Exceeded, Part, RuleError
from audits.functions import costs
from audits.functions.base import Unread
from audits.library import library

STOCK = Functions()
Answer = Callable[..., Any]
"""Takes the evaluation and the arguments."""


def caller(name: str, count: int) -> Answer:
    """Return what calls a function with ``count`` arguments."""
    function = library().get(name)
    if function is None:
        return QUICK.get((name, count)) or _guarded(name, _stock(name), STOCK_TAKES.get(name))
    fault = function.refuses(count)
    if fault:
        return _refusing(fault)
    kept = name if function.pure else ""
    return _guarded(name, function.call, function.takes, kept)


def takes_callables(name: str) -> bool:
    """Say whether ``&a`` is given to a function as a callable; else as JMESPath gives it."""
    return name in library()


def as_callable(part: Part, cost: int) -> Callable[[Evaluation], Callable[[Any], Any]]:
    """Return what makes ``&a`` for functions of the library."""

    def refer(run: Evaluation) -> Callable[[Any], Any]:
        def call(one: Any) -> Any:
            run.spend(cost)
            return part(run, one)

        return call

    return refer


def as_expression(part: Part, cost: int) -> Callable[[Evaluation], _Expression]:
    """Return what makes ``&a`` for JMESPath's own functions, which visit it."""
    refer = as_callable(part, cost)
    return lambda run: _Expression(None, _Visited(run, refer(run)))


class _Visited:
    """Stands for JMESPath's interpreter in what its functions are given."""

    def __init__(self, run: Evaluation, call: Callable[[Any], Any]) -> None:
        self.run = run
        self.call = call

    def visit(self, _: Any, value: Any) -> Any:
        found = self.call(value)
        if type(found) is str and len(found) > TEXT:  # Likely to be compared: sort_by(), max_by().
            self.run.spend(costs.ordering(self.run.context, [found]))
        return found


def _guarded(
    name: str, call: Callable[..., Any], takes: Callable[..., int] | None, kept: str = ""
) -> Answer:
    """Count what a call takes and builds; let it fail in no way but as a RuleError.

    ``kept`` is the name under which answers are kept for the rules on one item.
    """

    def apply(run: Evaluation, *arguments: Any) -> Any:
        steps = 1
        for one in arguments:
            kind = type(one)
            if kind is list or kind is dict:
                steps += len(one)
            elif kind is str and len(one) > TEXT:
                steps += len(one) // TEXT
        run.spend(steps)
        try:
            if kept:
                answer = _kept(kept, call, takes, run, arguments)
            else:
                if takes:
                    run.spend(takes(run.context, *arguments))
                answer = call(run.context, *arguments)
        except (Unread, Exceeded, RuleError, JMESPathError, RecursionError):
            raise
        except Exception as error:  # A plugin's function may raise anything: it is unknown then.
            raise RuleError(f"{name}() failed: {error}") from error
        kind = type(answer)
        return run.measured(answer) if kind is list or kind is dict or kind is str else answer

    return apply


def _kept(
    name: str,
    call: Callable[..., Any],
    takes: Callable[..., int] | None,
    run: Evaluation,
    arguments: tuple[Any, ...],
) -> Any:
    """Ask a pure function once for each arguments; objects and lists are told by identity."""
    key = (name, *[_told_by(one) for one in arguments])
    kept = run.context.kept.get(key)
    cost = kept[2] if kept else takes(run.context, *arguments) if takes else 0
    run.spend_once(key, cost)
    if kept is None:
        # With the arguments, whose identities would be given to others after their end.
        kept = run.context.kept[key] = call(run.context, *arguments), arguments, cost
    return kept[0]


def _stock(name: str) -> Callable[..., Any]:
    return lambda _, *arguments: STOCK.call_function(name, list(arguments))


def _refusing(fault: str) -> Answer:
    """Return what says why a function cannot be called with so many arguments."""

    def refuse(*_: Any) -> Any:
        raise RuleError(fault)

    return refuse


def _told_by(argument: Any) -> Any:
    kind = type(argument)
    if kind is list or kind is dict:
        return id(argument)
    return (argument,) if kind is bool else argument  # For Python 1 and true are one key.


# -- what rules call most, without the way through JMESPath's checks where the types are right ----


# Of JMESPath's own, what looks deeper or builds more than its arguments' first level.
STOCK_TAKES: dict[str, Callable[..., int]] = {
    "join": costs.joining,
    "max": costs.ordering,
    "min": costs.ordering,
    "sort": costs.ordering,
    "to_number": costs.characters,
    "to_string": costs.whole,
}


def _contains(run: Evaluation, subject: Any, search: Any) -> Any:
    if type(subject) is list:
        each = 1 + len(search) // TEXT if type(search) is str else run.weight(search)
        run.spend(1 + len(subject) * each)
        return search in subject
    if type(subject) is str and type(search) is str:
        if len(subject) > TEXT:
            run.spend(len(subject) // TEXT)
        return search in subject
    return STOCK.call_function("contains", [subject, search])


def _starts_with(_: Evaluation, text: Any, start: Any) -> Any:
    if type(text) is str and type(start) is str:
        return text.startswith(start)
    return STOCK.call_function("starts_with", [text, start])


def _ends_with(_: Evaluation, text: Any, end: Any) -> Any:
    if type(text) is str and type(end) is str:
        return text.endswith(end)
    return STOCK.call_function("ends_with", [text, end])


def _length(_: Evaluation, value: Any) -> Any:
    if type(value) in (list, dict, str):
        return len(value)
    return STOCK.call_function("length", [value])


_ANY_TO_STRING = _guarded("to_string", _stock("to_string"), STOCK_TAKES["to_string"])
_ANY_JOIN = _guarded("join", _stock("join"), STOCK_TAKES["join"])


def _to_string(run: Evaluation, value: Any) -> Any:
    kind = type(value)
    if kind is str or (kind is int and value.bit_length() < 64):
        run.spend(1)
        return run.measured(str(value))
    return _ANY_TO_STRING(run, value)


def _join(run: Evaluation, glue: Any, texts: Any) -> Any:
    if type(glue) is str and type(texts) is list and all(type(one) is str for one in texts):
        run.spend(1 + len(texts) + costs.joining(run.context, glue, texts))
        return run.measured(glue.join(texts))
    return _ANY_JOIN(run, glue, texts)


QUICK: dict[tuple[str, int], Answer] = {
    ("contains", 2): _contains,
    ("starts_with", 2): _starts_with,
    ("ends_with", 2): _ends_with,
    ("length", 1): _length,
    ("to_string", 1): _to_string,
    ("join", 2): _join,
}
