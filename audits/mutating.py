"""Find the parts of a rule that none of its examples would miss: change each, and run them."""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audits.cautions import Node, Written, raw
from audits.drafts import Draft
from audits.engine import Outcome, Verdict, evaluate
from audits.examples import example_context
from audits.functions.base import Context
from audits.library import library
from audits.linting import faults_but_traps
from audits.places import Span, placed
from items.canonical import canonical

MUTANTS = 200
EXAMPLES = 60
SECONDS = 3.0
FIELDS = ("applies_when", "expression")
_SHOWN = 80


@dataclass(frozen=True)
class Unnoticed:
    """A part of a rule that could be otherwise, and no example would tell."""

    place: int
    length: int
    text: str
    field: str = "expression"


@dataclass(frozen=True)
class Mutant:
    """An expression with one part changed."""

    span: Span
    expression: str
    text: str
    """What was done, to end "No example would notice if ..."."""
    left_out: bool = False
    """Whether the part is not there at all, so that nothing in it matters."""


def unnoticed(fields: Mapping[str, Any]) -> list[Unnoticed]:
    """Return what of the expression and of where it applies the examples do not hold in place.

    Nothing where there are no examples or where they do not hold. Takes bounded time: when that
    is over the last of the list says so.
    """
    if faults_but_traps(fields):
        return []
    cases = list(_cases(fields))
    if not cases or not all(case.holds for case in cases):
        return []
    until = time.monotonic() + SECONDS
    found: list[Unnoticed] = []
    for field in FIELDS:
        if not fields.get(field):
            continue
        written = Written(field, placed(fields[field]))
        gone: list[Span] = []
        for count, mutant in enumerate(mutants(written)):
            if count >= MUTANTS or time.monotonic() > until:
                found.append(Unnoticed(0, 0, "There was no time to try every part.", field))
                break
            if any(_lies_in(mutant.span, span) for span in gone):
                continue
            if not _noticed(cases, fields, field, mutant, until):
                said = f"No example would notice if {mutant.text}."
                found.append(Unnoticed(mutant.span.start, mutant.span.length, said, field))
                if mutant.left_out:
                    gone.append(mutant.span)
    return found


def _noticed(
    cases: list["Case"], fields: Mapping[str, Any], field: str, mutant: "Mutant", until: float
) -> bool:
    """Say whether an example fails with the mutant; yes where there is no time to find out."""
    return any(case.notices(fields, field, mutant) or time.monotonic() > until for case in cases)


def _lies_in(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


@dataclass(frozen=True)
class Case:
    """An example, with what the rule says of it as it is."""

    context: Context
    fires: bool
    identities: Any
    verdict: Verdict

    @property
    def holds(self) -> bool:
        return not self._differs(self.verdict)

    def notices(self, fields: Mapping[str, Any], field: str, mutant: Mutant) -> bool:
        """Say whether the example fails with the mutant in the field's place."""
        changed = Draft.of({**fields, field: mutant.expression})
        return self._differs(evaluate(changed, self.context))

    def _differs(self, verdict: Verdict) -> bool:
        if verdict.outcome == Outcome.UNKNOWN or (verdict.outcome == Outcome.FAIL) != self.fires:
            return True
        if self.identities is None:
            return False
        found = canonical([finding.identity for finding in verdict.findings])
        return bool(found != canonical(self.identities))


def _cases(fields: Mapping[str, Any]) -> Iterator[Case]:
    rule = Draft.of(fields)
    for example in (fields.get("examples") or ())[:EXAMPLES]:
        context = example_context(rule, example["config"], example.get("context") or {})
        verdict = evaluate(rule, context)
        yield Case(context, bool(example["fires"]), example.get("identities"), verdict)


# -- what can be changed ------------------------------------------------------------------------


def mutants(written: Written) -> Iterator[Mutant]:
    """Yield the expression with one part changed, for each part; the larger parts first."""
    if written.field == "applies_when":
        everything = Span(0, len(written.found.text))
        yield Mutant(everything, "", "it were left out altogether", left_out=True)
    for node in written.nodes:
        if not _is_wording(written, node):
            yield from CHANGES.get(node["type"], _unchanged)(written, node)


def _unchanged(_: Written, __: Node) -> Iterator[Mutant]:
    yield from ()


def _swapped(written: Written, node: Node, by: str) -> str:
    """Return the text with other words for a node, within its parentheses if it has any."""
    span = written.found.span(node)
    return written.between(span.start, span.end, by)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"`{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}`"


def _clauses(written: Written, node: Node) -> Iterator[Mutant]:
    left, right = node["children"]
    yield _without(written, node, left, right)
    if node["type"] == "or_expression" or _is_asked(written, node) or _is_condition(right):
        yield _without(written, node, right, left)


def _without(written: Written, node: Node, part: Node, rest: Node) -> Mutant:
    said = f"{_short(written.text(part))} were left out"
    changed = _swapped(written, node, written.text(rest))
    return Mutant(written.found.whole(part), changed, said, left_out=True)


# Each sign with its contrary, and with the one that differs from it at the bound alone.
CONTRARY = {"eq": "!=", "ne": "==", "lt": ">=", "gte": "<", "gt": "<=", "lte": ">"}
AT_BOUND = {"lt": "<=", "lte": "<", "gt": ">=", "gte": ">"}


def _comparison(written: Written, node: Node) -> Iterator[Mutant]:
    left, right = map(written.text, node["children"])
    span, shown = written.found.span(node), _short(written.found.written(node))
    contrary = f"{left} {CONTRARY[node['value']]} {right}"
    yield Mutant(span, _swapped(written, node, contrary), f"{shown} were turned round")
    if node["value"] in AT_BOUND:
        bound = f"{left} {AT_BOUND[node['value']]} {right}"
        said = f"{_short(bound)} stood for {shown}: none is just at the bound"
        yield Mutant(span, _swapped(written, node, bound), said)


def _negation(written: Written, node: Node) -> Iterator[Mutant]:
    (inner,) = node["children"]
    said = f"the ! before {_short(written.text(inner))} were left out"
    changed = _swapped(written, node, written.text(inner))
    yield Mutant(written.found.span(node), changed, said)


def _filter(written: Written, node: Node) -> Iterator[Mutant]:
    base, _, condition = node["children"]
    text = written.found.text
    start = text.index("[?", written.found.whole(base).end)
    end = text.index("]", written.found.whole(condition).end) + 1
    said = f"the filter {_short(text[start:end])} were left out"
    yield Mutant(Span(start, end), written.between(start, end, "[*]"), said, left_out=True)


def _call(written: Written, node: Node) -> Iterator[Mutant]:
    """Turn round what a function says that says yes or no."""
    if _is_condition(node):
        said = f"{_short(written.found.written(node))} were turned round"
        changed = _swapped(written, node, f"!{written.found.written(node)}")
        yield Mutant(written.found.span(node), changed, said)


def _literal(written: Written, node: Node) -> Iterator[Mutant]:
    value, span = node["value"], written.found.span(node)
    if not _is_compared(written, node):
        return
    shown = _short(written.found.written(node))
    if isinstance(value, str):
        yield Mutant(span, _swapped(written, node, raw(f"{value}~")), f"{shown} were another text")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        other = _swapped(written, node, f"`{value * 2 + 1}`")
        yield Mutant(span, other, f"{shown} were another number")


def _list(written: Written, node: Node) -> Iterator[Mutant]:
    """Leave out each of several texts that something is looked for among."""
    parts = node["children"]
    if len(parts) < 2 or any(part["type"] != "literal" for part in parts):
        return
    for part in parts:
        others = ", ".join(written.text(other) for other in parts if other is not part)
        said = f"{_short(written.text(part))} were left out of the list"
        changed = _swapped(written, node, f"[{others}]")
        yield Mutant(written.found.span(part), changed, said, left_out=True)


def _is_compared(written: Written, node: Node) -> bool:
    """Say whether a literal is compared with, or given to a function that says yes or no."""
    parent = written.parent(node)
    return parent is not None and (parent["type"] == "comparator" or _is_condition(parent))


def _is_condition(node: Node) -> bool:
    """Say whether a part gives true or false, so that it is no value to be found."""
    if node["type"] == "function_expression":
        function = library().get(node["value"])
        gives = inspect.signature(function.call).return_annotation if function else None
        return gives in (bool, "bool")
    if node["type"] in ("and_expression", "or_expression"):
        return all(map(_is_condition, node["children"]))
    return node["type"] in ("comparator", "not_expression")


def _is_asked(written: Written, node: Node) -> bool:
    """Say whether only the truth of a part matters, not the value that it gives."""
    for above, child in written.above(node):
        kind, place = above["type"], _number(above, child)
        if kind == "not_expression" or (kind, place) in ASKED:
            return True
        if kind == "function_expression":
            return above["value"] in ("if", "empty") and place == 0
        if kind == "expref":
            asking = written.parent(above)
            return asking is not None and asking["value"] in ("any", "all")
        if kind not in ("and_expression", "or_expression") and (kind, place) != ("pipe", 1):
            return False
    return written.field == "applies_when"


def _number(parent: Node, child: Node) -> int:
    # By identity: two equal parts stand in two places.
    return next(number for number, one in enumerate(parent["children"]) if one is child)


ASKED = {("filter_projection", 2), ("and_expression", 0)}


def _is_wording(written: Written, node: Node) -> bool:
    """Say whether a part only words what is found, in an object that the rule gives."""
    for above, child in written.above(node):
        if above["type"] == "filter_projection" and above["children"][2] is child:
            return False
        if above["type"] == "key_val_pair":
            return True
    return False


CHANGES: dict[str, Callable[[Written, Node], Iterator[Mutant]]] = {
    "and_expression": _clauses,
    "or_expression": _clauses,
    "comparator": _comparison,
    "not_expression": _negation,
    "filter_projection": _filter,
    "function_expression": _call,
    "literal": _literal,
    "multi_select_list": _list,
}
