"""Stock JMESPath with our functions, in a bounded number of steps."""

from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter, _Expression

from audits.functions.base import Context, Unread
from audits.library import library

# A rule of the shipped packs needs a few hundred steps on a large item. Beyond these, one
# evaluation ends: about a tenth of a second.
STEPS = 100_000
# Values that an expression builds are counted as trees: `[@,@]` doubles one with each pipe.
BUILT = 200_000


class Exceeded(Exception):
    """The expression asked for more steps or built more values than it may."""


class RuleError(Exception):
    """The expression cannot give an answer on this configuration; says why."""


class Interpreter(TreeInterpreter):
    """Evaluates one expression, once, for one context."""

    def __init__(self, context: Context, steps: int = STEPS) -> None:
        super().__init__()
        self.context = context
        self.steps = steps
        self._built: dict[int, tuple[Any, int]] = {}
        self._room = BUILT

    def visit(self, node: dict[str, Any], value: Any) -> Any:
        self.steps -= 1
        if self.steps < 0:
            raise Exceeded("it takes too many steps")
        return super().visit(node, value)

    # -- what builds values is measured -----------------------------------------------------

    def visit_multi_select_list(self, node: dict[str, Any], value: Any) -> Any:
        return self._measured(super().visit_multi_select_list(node, value))

    def visit_multi_select_dict(self, node: dict[str, Any], value: Any) -> Any:
        return self._measured(super().visit_multi_select_dict(node, value))

    def visit_flatten(self, node: dict[str, Any], value: Any) -> Any:
        return self._measured(super().visit_flatten(node, value))

    def visit_projection(self, node: dict[str, Any], value: Any) -> Any:
        return self._measured(super().visit_projection(node, value))

    def visit_value_projection(self, node: dict[str, Any], value: Any) -> Any:
        return self._measured(super().visit_value_projection(node, value))

    def visit_filter_projection(self, node: dict[str, Any], value: Any) -> Any:
        return self._measured(super().visit_filter_projection(node, value))

    def visit_slice(self, node: dict[str, Any], value: Any) -> Any:
        return self._measured(super().visit_slice(node, value))

    def _measured(self, value: Any) -> Any:
        """Count a built value as the tree that it is, shared parts each time they stand."""
        if type(value) is list:
            parts: Any = value
        elif type(value) is dict:
            parts = value.values()
        else:
            if type(value) is str:
                self._take(len(value) // 100)
            return value
        built = self._built
        size = 1 + sum(built[id(one)][1] if id(one) in built else 1 for one in parts)
        built[id(value)] = (value, size)
        self._take(size)
        return value

    def _take(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise Exceeded("it builds too many values")

    # -- functions --------------------------------------------------------------------------

    def visit_function_expression(self, node: dict[str, Any], value: Any) -> Any:
        name = node["value"]
        function = library().get(name)
        arguments = [self.visit(child, value) for child in node["children"]]
        self.steps -= sum(len(one) for one in arguments if type(one) in (list, dict))
        if function is None:
            return self._measured(self._functions.call_function(name, arguments))
        fault = function.refuses(len(arguments))
        if fault:
            raise RuleError(fault)
        plain = [_callable(one) if isinstance(one, _Expression) else one for one in arguments]
        try:
            return self._measured(function.call(self.context, *plain))
        except (Unread, Exceeded, RuleError, JMESPathError, RecursionError):
            raise
        except Exception as error:  # A plugin's function may raise anything: it is unknown then.
            raise RuleError(f"{name}() failed: {error}") from error


def _callable(expression: _Expression) -> Any:
    return lambda value: expression.visit(expression.expression, value)
