"""The table of every function that a rule may call, ours and those of plugins, by name."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from jmespath.functions import Functions

from audits.functions import functions

STOCK = frozenset(Functions.FUNCTION_TABLE)


@dataclass(frozen=True)
class Function:
    """One function of the rule language."""

    name: str
    call: Callable[..., Any]
    least: int
    """How many arguments it takes at least, the context not counted."""
    most: int | None
    reads_time: bool
    reads_everything: bool
    reads_past: bool
    asks_item: bool
    pure: bool
    takes: Callable[..., int] | None
    """What a call takes beyond its arguments' first level."""
    doc: str

    def refuses(self, count: int) -> str:
        """Say why ``count`` arguments are not right, or return an empty text."""
        if count < self.least or (self.most is not None and count > self.most):
            wants = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
            return f"{self.name}() takes {wants} arguments, not {count}"
        return ""


@functools.cache
def library() -> dict[str, Function]:
    """Load every module of functions; where two claim one name, the first keeps it.

    JMESPath's own come first: a rule means by their names what everybody means.
    """
    table: dict[str, Function] = {}
    for key in functions:
        if key in functions:
            for one in functions_of(functions[key]):
                if one.name not in STOCK:
                    table.setdefault(one.name, one)
    return table


def clashes() -> list[str]:
    """Say which functions are left out: their name is taken, or they take no context."""
    seen = dict.fromkeys(STOCK, "JMESPath")
    found = []
    for module in functions.values():
        for one in functions_of(module):
            first = seen.setdefault(one.name, module.__name__)
            if first != module.__name__:
                found.append(f"{one.name}() of {module.__name__} is left out: {first} has it")
        found += [
            f"{name}() of {module.__name__} is left out: its first parameter must be context"
            for name, value in vars(module).items()
            if _is_public(name, value, module) and not _takes_context(value)
        ]
    return found


def functions_of(module: ModuleType) -> list[Function]:
    """Return the public functions that a module itself defines and whose first is the context."""
    return [
        _function(name, value)
        for name, value in vars(module).items()
        if _is_public(name, value, module) and _takes_context(value)
    ]


def _is_public(name: str, value: object, module: ModuleType) -> bool:
    own = inspect.isfunction(value) and value.__module__ == module.__name__
    return own and not name.startswith("_")


def _takes_context(value: Callable[..., Any]) -> bool:
    return next(iter(inspect.signature(value).parameters), "") == "context"


def _function(name: str, call: Callable[..., Any]) -> Function:
    _, *parameters = inspect.signature(call).parameters.values()
    endless = any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters)
    plain = [one for one in parameters if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    return Function(
        name=name.removesuffix("_"),
        call=call,
        least=sum(one.default is inspect.Parameter.empty for one in plain),
        most=None if endless else len(plain),
        reads_time=getattr(call, "reads_time", False),
        reads_everything=getattr(call, "reads_everything", False),
        reads_past=getattr(call, "reads_past", False),
        asks_item=getattr(call, "asks_item", False),
        pure=getattr(call, "pure", False),
        takes=getattr(call, "takes", None),
        doc=inspect.getdoc(call) or "",
    )
