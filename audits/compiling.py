"""Stock JMESPath as one Python function an expression, in a bounded number of steps.

A parsed expression is written down as Python source and compiled, once. What it means is what
`jmespath.visitor.TreeInterpreter` gives; what it takes is counted in `audits.bounds`. Three things
make it fast: what needs no statement becomes part of one Python expression; projections behind one
another run as one loop, without the lists between them; and where a list is only asked whether it
is empty, its first element ends the loop, if no error can come behind it.
"""

from collections.abc import Callable
from typing import Any

from audits.bounds import Part
from audits.calling import as_callable, as_expression, caller, takes_callables
from audits.comparing import NUMBERS, ordered, same
from audits.source import LONGEST, Text
from audits.syntax import MANY, Node, clauses, links, may_fail, multiplied, size

# Python refuses source that is nested much deeper; what lies deeper becomes a function of its own.
DEEPEST = 8
FUSED = 4

PROJECTIONS = ("projection", "filter_projection", "value_projection")
LOOPS = (*PROJECTIONS, "flatten")
ORDERS = {"lt": "<", "gt": ">", "lte": "<=", "gte": ">="}
BOOLEAN = ("comparator", "not_expression")

Body = Callable[[str], None]
"""Writes what is done with each element, whose name it is given."""


def compiled(node: Node) -> Part:
    """Return a parsed expression as a function of the evaluation and the current value.

    The function raises JMESPathError, TypeError, ValueError, RuleError, Unread or Exceeded.
    """
    return Source(measures=multiplied(node) > MANY).function(node)


class Source(Text):
    """The source of one expression, and of the functions that it calls."""

    def __init__(self, measures: bool, split: set[int] | None = None) -> None:
        super().__init__({"_same": same, "_ordered": ordered, "_numbers": NUMBERS})
        self.measures = measures
        self._fused = 0
        # Clauses that did not become one Python expression: trying that again at each level
        # would double the work with each.
        self._split: set[int] = set() if split is None else split

    def function(self, node: Node, asked: bool = False) -> Part:
        """Compile a node; ``asked``: only whether its value is true, as True or False."""
        if not asked:
            self.line(f"return {self._value(node, 'v')}")
        elif node["type"] in LOOPS:
            # An error behind the first element is the answer all the same.
            end = "found = True" if may_fail(node) else "return True"
            self.line("found = False")
            self._each(node, "v", 1, lambda _: self.line(end), lambda: None)
            self.line("return found")
        else:
            self.line(f"return True if {self._truth(node, 'v')} else False")
        return self.made()

    def _inner(self, node: Node, asked: bool = False) -> Part:
        return Source(self.measures, self._split).function(node, asked)

    # -- values ----------------------------------------------------------------------------------

    def _value(self, node: Node, v: str) -> str:
        """Return code for the value of a node where ``v`` is current; it may stand once only."""
        if self.depth > DEEPEST and node["children"]:
            return self._apart(node, v)
        code = WRITERS[node["type"]](self, node, v)
        return code if len(code) < LONGEST else self.named(code)

    def _apart(self, node: Node, v: str) -> str:
        """Return code that calls a function of the node's own."""
        return f"{self.constant(self._inner(node))}(run, {v})"

    def _current(self, node: Node, v: str) -> str:
        return v

    def _literal(self, node: Node, v: str) -> str:
        return self.constant(node["value"])

    def _field(self, node: Node, v: str) -> str:
        return self._if_is("dict", v, lambda t: f"{t}.get({node['value']!r})")

    def _index(self, node: Node, v: str) -> str:
        at = node["value"]
        inside = f"> {at}" if at >= 0 else f">= {-at}"
        return self._if_is("list", v, lambda t: f"({t}[{at}] if len({t}) {inside} else None)")

    def _if_is(self, kind: str, v: str, code: Callable[[str], str]) -> str:
        """Return code for what is asked of a value of one type, else null."""
        if v.isidentifier():
            return f"({code(v)} if type({v}) is {kind} else None)"
        t = self.name()
        return f"({code(t)} if type({t} := {v}) is {kind} else None)"

    def _slice(self, node: Node, v: str) -> str:
        t = self.named(v)
        part = self.constant(slice(*node["children"]))
        return self._built(f"({t}[{part}] if type({t}) is list else None)")

    def _built(self, code: str) -> str:
        return f"run.measured({code})" if self.measures else code

    def _chain(self, node: Node, v: str) -> str:
        """`a.b`, `a[0]` and `a | b`: what the first gives is the second's current value."""
        for part in links(node):
            if not v.isidentifier() and part["type"] not in ("field", "index"):
                v = self.named(v)
            v = self._value(part, v)
        return v

    def _comparator(self, node: Node, v: str) -> str:
        kind = node["value"]
        left, right = node["children"]
        if kind in ORDERS:
            return self._order(ORDERS[kind], left, right, v)
        if left["type"] == "literal":
            left, right = right, left
        one = self._value(left, v)
        sign, no = ("==", "") if kind == "eq" else ("!=", "not ")
        if right["type"] == "literal":
            wanted = right["value"]
            if wanted is None or isinstance(wanted, bool):
                return f"({one} is {no}{wanted})"
            # Only 0, 1, true and false need care; anything else equals nothing but its like.
            if wanted not in (0, 1):
                return f"({one} {sign} {self.written(wanted)})"
        return f"({no}_same(run, {self.named(one)}, {self._value(right, v)}))"

    def _order(self, sign: str, left: Node, right: Node, v: str) -> str:
        one = self._value(left, v)
        if right["type"] == "literal" and type(right["value"]) in NUMBERS:
            t, other = self.name(), self.written(right["value"])
            slow = f"_ordered(run, {sign!r}, {t}, {other})"
            return f"({t} {sign} {other} if type({t} := {one}) in _numbers else {slow})"
        one = self.named(one)
        return f"_ordered(run, {sign!r}, {one}, {self._value(right, v)})"

    def _either(self, node: Node, v: str) -> str:
        return self._sequence(node, v, "{t} if {truth} else {right}", "if not {truth}:")

    def _every(self, node: Node, v: str) -> str:
        return self._sequence(node, v, "{right} if {truth} else {t}", "if {truth}:")

    def _sequence(self, node: Node, v: str, short: str, guard: str) -> str:
        """`a || b` and `a && b`: the right is looked at only where the left leaves it open."""
        first, *others = clauses(node)
        value = self._value(first, v)
        for other in others:
            t = self.name()
            self.depth += 1
            right, needs = self.with_lines(self._value, other, v)
            self.depth -= 1
            if needs:
                self.line(f"{t} = {value}")
                self.line(guard.format(truth=_true(t, t)))
                self.lines(needs)
                self.line(f"    {t} = {right}")
                value = t
            else:
                value = f"({short.format(t=t, truth=_true(t, f'({t} := {value})'), right=right)})"
                if len(value) > LONGEST:
                    value = self.named(value)
        return value

    def _not(self, node: Node, v: str) -> str:
        return f"(not {self._truth(node['children'][0], v)})"

    # -- building --------------------------------------------------------------------------------

    def _select_list(self, node: Node, v: str) -> str:
        return self._select(v, node["children"], "[{}]", [""] * len(node["children"]))

    def _select_dict(self, node: Node, v: str) -> str:
        pairs = node["children"]
        parts = [pair["children"][0] for pair in pairs]
        return self._select(v, parts, "{{{}}}", [f"{pair['value']!r}: " for pair in pairs])

    def _select(self, v: str, parts: list[Node], brackets: str, heads: list[str]) -> str:
        """`[a, b]` and `{x: a, y: b}`: nothing of null, else one value for each part."""
        built, needs = [], []
        self.depth += 1
        for part, head in zip(parts, heads, strict=True):
            code, lines = self.with_lines(self._value, part, v)
            needs += lines
            built.append(head + code)
        self.depth -= 1
        made = self._built(brackets.format(", ".join(built)))
        if not needs:
            return f"(None if {v} is None else {made})"
        result = self.name()
        self.line(f"{result} = None")
        self.line(f"if {v} is not None:")
        self.lines(needs)
        self.line(f"    {result} = {made}")
        return result

    def _list(self, node: Node, v: str) -> str:
        """A projection or a flattening, as the list that it gives."""
        found = self.name()
        self.line(f"{found} = None")
        self._each(
            node,
            v,
            1,
            lambda one: self.line(f"{found}.append({one})"),
            lambda: self.line(f"{found} = []"),
        )
        return self._built(found)

    def _each(self, node: Node, v: str, cost: int, body: Body, start: Callable[[], None]) -> None:
        """Write the loops in which ``body`` meets each element of the list that a node gives.

        ``cost`` is what the body takes in steps; ``start`` writes what is done once it is sure
        that there is a list.
        """
        kind = node["type"]
        if kind not in LOOPS or self._fused == FUSED:
            apart = self._apart if kind in LOOPS else self._value
            base = self.named(apart(node, v))
            with self.block(f"if type({base}) is list:"):
                start()
                self._loop(base, cost, body)
            return
        self._fused += 1
        if kind == "flatten":
            self._each(
                node["children"][0],
                v,
                1,
                lambda one: self._loop(f"{one} if type({one}) is list else ({one},)", cost, body),
                start,
            )
        else:
            self._project(node, v, cost, body, start)
        self._fused -= 1

    def _project(
        self, node: Node, v: str, cost: int, body: Body, start: Callable[[], None]
    ) -> None:
        kind = node["type"]
        base, each, *condition = node["children"]
        cost += size(each) + sum(map(size, condition))

        def one_by_one(element: str) -> None:
            depth = self.depth
            for clause in condition:
                self._guard(clause, element)
            value = self.named(self._value(each, element))
            with self.block(f"if {value} is not None:"):
                body(value)
            self.depth = depth

        if kind == "value_projection":
            members = self.named(self._value(base, v))
            with self.block(f"if type({members}) is dict:"):
                start()
                self._loop(f"{members}.values()", cost, one_by_one)
        else:
            self._each(base, v, cost, one_by_one, start)

    def _loop(self, elements: str, cost: int, body: Body) -> None:
        elements, one = self.named(elements), self.name()
        self.line(f"run.spend({cost} * len({elements}))")
        with self.block(f"for {one} in {elements}:"):
            body(one)

    def _guard(self, condition: Node, element: str) -> None:
        """Open an `if` for each clause; whoever calls closes them by setting the depth back."""
        parts = clauses(condition) if condition["type"] == "and_expression" else [condition]
        for clause in parts[: DEEPEST - 2]:
            self.line(f"if {self._truth(clause, element)}:")
            self.depth += 1
        for clause in parts[DEEPEST - 2 :]:
            self.line(f"if not ({self._truth(clause, element)}): continue")

    # -- conditions ------------------------------------------------------------------------------

    def _truth(self, node: Node, v: str) -> str:
        """Return code that Python holds for true where JMESPath does so of the node's value."""
        kind = node["type"]
        if kind in BOOLEAN:
            return self._value(node, v)
        if kind in LOOPS:
            return f"{self.constant(self._inner(node, asked=True))}(run, {v})"
        if kind in ("and_expression", "or_expression"):
            joined = self._joined(node, v, " and " if kind == "and_expression" else " or ")
            if joined:
                return joined
        t = self.name()
        return _true(t, f"({t} := {self._value(node, v)})")

    def _joined(self, node: Node, v: str, word: str) -> str:
        """Return all clauses in one Python expression; nothing where one needs statements."""
        if id(node) in self._split:
            return ""
        codes: list[str] = []
        before = self.here()
        for clause in clauses(node):
            code, needs = self.with_lines(self._truth, clause, v)
            if needs and codes:
                self._split.add(id(node))
                self.taken_back(before)
                return ""
            self.lines(needs)
            codes.append(code)
        return f"({word.join(codes)})"

    # -- functions -------------------------------------------------------------------------------

    def _call(self, node: Node, v: str) -> str:
        name, given = node["value"], node["children"]
        refer = as_callable if takes_callables(name) else as_expression
        codes = []
        for one in given:
            if one["type"] == "expref":
                codes.append(self._reference(one, refer))
            else:
                codes.append(self._value(one, v))
        answer = self.constant(caller(name, len(given)))
        return f"{answer}({', '.join(['run', *codes])})"

    def _expression(self, node: Node, v: str) -> str:
        return self._reference(node, as_expression)

    def _reference(self, node: Node, refer: Callable[[Part, int], Any]) -> str:
        (inner,) = node["children"]
        return f"{self.constant(refer(self._inner(inner), size(inner)))}(run)"


def _true(t: str, first: str) -> str:
    """Return code for JMESPath's truth of what ``first`` names ``t``: also 0 is true."""
    return f"({first} or {t} == 0 and {t} is not False)"


WRITERS: dict[str, Callable[[Source, Node, str], str]] = {
    "current": Source._current,
    "identity": Source._current,
    "literal": Source._literal,
    "field": Source._field,
    "index": Source._index,
    "slice": Source._slice,
    "subexpression": Source._chain,
    "index_expression": Source._chain,
    "pipe": Source._chain,
    "comparator": Source._comparator,
    "or_expression": Source._either,
    "and_expression": Source._every,
    "not_expression": Source._not,
    "multi_select_list": Source._select_list,
    "multi_select_dict": Source._select_dict,
    "flatten": Source._list,
    "projection": Source._list,
    "value_projection": Source._list,
    "filter_projection": Source._list,
    "function_expression": Source._call,
    "expref": Source._expression,
}
