"""Watch an expression at work: what each part of it was asked of, and what it gave.

Slow, and only for checking a text: verdicts come from ``audits.engine``. Parts that a run would
leave out, what follows `a &&` where a is false, are run in vain: nobody is told of their
failures or kinds, but whether the names in them exist is learnt.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from audits.functions.base import Context, Unread
from audits.library import Function, library
from audits.outline import Outline, kind

Node = dict[str, Any]
STEPS = 60_000
"""Parts that are run, and elements that are made, for one item."""
ROOM = 600_000
"""The same for all items: about two seconds."""
NAMES = 300


class Enough(Exception):
    """The expression takes too many steps to be watched further on this item."""


class Unknown(Exception):
    """A part cannot be told here: another item would have to be read."""


@dataclass
class Seen:
    """What was seen of one part of an expression."""

    on: Counter[str] = field(default_factory=Counter)
    """Kinds of the values that it was asked of."""
    found: int = 0
    """How often a field was there, null or not, of the objects that it was asked of."""
    at_root: int = 0
    """How often the item itself has a field of this name, where the object has none."""
    names: Counter[str] = field(default_factory=Counter)
    """What the objects have that a field was asked of."""
    within: int = 0
    """How often it was asked of a list whose elements have it."""
    gave: Outline = field(default_factory=Outline)
    failed: Counter[str] = field(default_factory=Counter)
    """Why a call or comparison gave no answer."""


class Observer:
    """What was seen of an expression's parts over many items; by the identity of the node."""

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self.seen: defaultdict[int, Seen] = defaultdict(Seen)
        self.items = 0
        self.room = ROOM

    def of(self, node: Node) -> Seen:
        """Return what was seen of a node of the tree."""
        return self.seen[id(node)]

    def watch(self, context: Context, value: Any) -> Any:
        """Run the expression on a value; return what it gives, None where it does not."""
        if self.room <= 0:
            return None
        self.items += 1
        run = _Run(self, context)
        try:
            return run.visit(self.tree, value)
        except (Enough, Unknown, JMESPathError, RecursionError, TypeError, ValueError):
            return None
        finally:
            self.room -= STEPS - run.steps


class _Run(TreeInterpreter):
    """JMESPath's own interpreter, with a note of each step."""

    def __init__(self, observer: Observer, context: Context) -> None:
        super().__init__()
        self.observer, self.context = observer, context
        self.steps = STEPS
        self.vain = 0

    def visit(self, node: Node, *args: Any, **kwargs: Any) -> Any:
        self._spend(1)
        value = args[0] if args else None
        given = super().visit(node, *args, **kwargs)
        if isinstance(given, list):
            self._spend(len(given))
        elif isinstance(given, str):
            self._spend(len(given) // 100)
        if node["type"] == "field":
            self._note_field(node, value)
        if not self.vain and node["type"] != "expref":
            seen = self.observer.seen[id(node)]
            seen.on[kind(value)] += 1
            seen.gave.note(given, self.observer.items, "")
        return given

    def _spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise Enough

    def _note_field(self, node: Node, value: Any) -> None:
        seen, name = self.observer.seen[id(node)], node["value"]
        if self.vain:
            seen.on[kind(value)] += 1
        if isinstance(value, list):
            seen.within += any(isinstance(one, dict) and name in one for one in value)
        if not isinstance(value, dict):
            return
        if name in value:
            seen.found += 1
            return
        if len(seen.names) < NAMES:
            seen.names.update(list(value)[:NAMES])
        config = self.context.config
        if value is not config and isinstance(config, dict) and name in config:
            seen.at_root += 1

    @contextmanager
    def _in_vain(self) -> Any:
        self.vain += 1
        try:
            yield
        finally:
            self.vain -= 1

    def _try(self, node: Node, value: Any) -> None:
        """Run a part that would be left out."""
        with self._in_vain():
            try:
                self.visit(node, value)
            except (Unknown, JMESPathError, TypeError, ValueError):
                return

    def visit_and_expression(self, node: Node, value: Any) -> Any:
        left, right = node["children"]
        given = self.visit(left, value)
        if self._is_false(given):
            self._try(right, value)
            return given
        return self.visit(right, value)

    def visit_or_expression(self, node: Node, value: Any) -> Any:
        left, right = node["children"]
        given = self.visit(left, value)
        if self._is_false(given):
            return self.visit(right, value)
        self._try(right, value)
        return given

    def visit_filter_projection(self, node: Node, value: Any) -> Any:
        left, right, condition = node["children"]
        base = self.visit(left, value)
        if not isinstance(base, list):
            return None
        chosen = []
        for one in base:
            if self._is_false(self.visit(condition, one)):
                self._try(right, one)
            else:
                given = self.visit(right, one)
                if given is not None:
                    chosen.append(given)
        return chosen

    def visit_comparator(self, node: Node, value: Any) -> Any:
        try:
            return super().visit_comparator(node, value)
        except TypeError:
            self._note_failure(node, "a number cannot be compared with a text")
            return None

    def visit_function_expression(self, node: Node, value: Any) -> Any:
        function = library().get(node["value"])
        try:
            if function is None:
                return super().visit_function_expression(node, value)
            return self._call(function, node, value)
        except Unread as error:
            raise Unknown from error
        except (Enough, Unknown, RecursionError):
            raise
        except Exception as error:  # As in judging: a plugin's function may raise anything.
            self._note_failure(node, str(error))
            return None

    def _call(self, function: Function, node: Node, value: Any) -> Any:
        given = [
            self._callable(one) if one["type"] == "expref" else self.visit(one, value)
            for one in node["children"]
        ]
        return function.call(self.context, *given)

    def _callable(self, node: Node) -> Callable[[Any], Any]:
        (inner,) = node["children"]
        return lambda one: self.visit(inner, one)

    def _note_failure(self, node: Node, why: str) -> None:
        if not self.vain:
            self.observer.seen[id(node)].failed[why] += 1
