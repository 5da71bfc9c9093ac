"""Traps that are told from an expression's text alone: JMESPath reads it as nobody means it."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from audits.cautions import Node, Trap, Written
from audits.library import library
from audits.places import Span

Check = Callable[[Written, Node], Iterator[Trap]]
# What goes on from what stands left of it.
CHAINS = (
    "subexpression",
    "index_expression",
    "projection",
    "value_projection",
    "filter_projection",
    "flatten",
)
LISTS = ("projection", "value_projection", "filter_projection")
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_NAME = re.compile(r'"[A-Za-z_][A-Za-z0-9_]*"')


def misreadings(written: Written) -> Iterator[Trap]:
    """Yield the traps in an expression that no data are needed for."""
    for node in written.nodes:
        for check in CHECKS.get(node["type"], ()):
            yield from check(written, node)


def _negated_path(written: Written, node: Node) -> Iterator[Trap]:
    """`!a.b` is (!a).b: true and false have no b."""
    parent = written.parent(node)
    if parent and parent["type"] == "not_expression":
        return
    top = node
    for above, child in written.above(node):
        if above["type"] not in CHAINS or above["children"][0] is not child:
            break
        top = above
    odd, inner = _negations(node)
    path = written.text(inner) + _rest(written, node, top)
    compared = written.parent(top)
    if compared and (compared["type"] != "comparator" or compared["children"][0] is not top):
        compared = None
    bare = written.found.whole(top) == written.found.span(top)
    if compared and bare and (top is not node or _never_boolean(compared["children"][1])):
        right = written.text(compared["children"][1])
        said = f"{path} {SIGNS[compared['value']]} {right}"
        mend = written.found.replaced(compared, f"!({said})" if odd else said)
        text = f"The ! belongs to {written.text(inner)} alone, not to the comparison."
        yield written.trap(compared, text, mend, blocks=True)
    elif top is not node:
        mend = written.found.replaced(top, f"{'' if odd else '!'}empty({path})")
        text = f"This is read as (!{written.text(inner)}){_rest(written, node, top)}: always null."
        yield written.trap(top, text, mend, blocks=True)


def _negations(node: Node) -> tuple[bool, Node]:
    """Return whether the signs turn the meaning round, and what stands behind them."""
    odd = False
    while node["type"] == "not_expression":
        odd, node = not odd, node["children"][0]
    return odd, node


def _rest(written: Written, node: Node, top: Node) -> str:
    """Return the text of ``top`` that follows ``node``."""
    return written.found.text[written.found.whole(node).end : written.found.span(top).end]


def _never_boolean(node: Node) -> bool:
    return node["type"] == "literal" and not isinstance(node["value"], bool)


def _name_for_text(written: Written, node: Node) -> Iterator[Trap]:
    """`Status == "Active"` reads a field of the name Active."""
    if not _NAME.fullmatch(written.found.written(node)) or not _is_operand(written, node):
        return
    mend = written.found.replaced(node, f"'{node['value']}'")
    text = f'"{node["value"]}" is the name of a field; a text stands in single quotes.'
    yield written.trap(node, text, mend)


def _is_operand(written: Written, node: Node) -> bool:
    parent = written.parent(node)
    if parent is None:
        return False
    return parent["type"] == "comparator" or (
        parent["type"] == "function_expression" and parent["children"][0] is not node
    )


def _bare_word(written: Written, node: Node) -> Iterator[Trap]:
    """`Encrypted == true` reads a field of the name true."""
    word = written.found.written(node)
    if word not in ("true", "false", "null"):
        return
    parent = written.parent(node)
    if parent and parent["type"] in CHAINS and parent["children"][0] is not node:
        return
    mend = written.found.replaced(node, f"`{word}`")
    yield written.trap(node, f"{word} is the name of a field; write `{word}` in backticks.", mend)


def _list_compared(written: Written, node: Node) -> Iterator[Trap]:
    """`Keys[].Status == 'Active'` compares a list with a text."""
    left, right = node["children"]
    single = right["type"] == "literal" and not isinstance(right["value"], (list, dict))
    if left["type"] not in LISTS or not single or right["value"] is None:
        return
    sign = node["value"]
    asked = f"any({written.text(left)}, &@ {SIGNS['eq' if sign == 'ne' else sign]} "
    mend = written.found.replaced(
        node, f"{'!' if sign == 'ne' else ''}{asked}{written.text(right)})"
    )
    always = "always true" if sign == "ne" else "never true"
    yield written.trap(node, f"The left side is a list, so that this is {always}.", mend)


def _or_text(written: Written, node: Node) -> Iterator[Trap]:
    """`Status == 'a' || 'b'` is true of everything."""
    left, right = node["children"]
    while left["type"] == "or_expression":
        left = left["children"][0]
    if left["type"] != "comparator" or left["value"] not in ("eq", "ne"):
        return
    if right["type"] != "literal" or not right["value"] or right["value"] is True:
        return
    same = f"{written.text(left['children'][0])} {SIGNS[left['value']]} {written.text(right)}"
    text = f"{written.text(right)} alone is always true: compare it, too."
    yield written.trap(right, text, written.found.replaced(right, same))


def _missing_comma(written: Written, node: Node) -> Iterator[Trap]:
    """`f(a b)` is taken for f(a, b)."""
    for one, other in pairwise(node["children"]):
        end, start = written.found.whole(one).end, written.found.whole(other).start
        if "," not in written.found.text[end:start]:
            mend = written.between(end, start, ", ")
            yield written.trap_at(Span(end, start), "A comma is missing here.", mend)


_LOST = "with it a new issue begins, and what was said of the old one is lost."
# What is in a finding today and is another tomorrow, by the name of the field.
_CHANGING = tuple(
    (re.compile(form), what)
    for form, what in (
        (r"(?i)(description|message|comment|reason|remark|explanation|details?)$", "is prose"),
        (r"(?i)^(age|days?|count|total|score|size)$", "is a count"),
        (r"[a-z](Age|Days|Count|Total|Score|Size)$|_(age|days|count|total|score)$", "is a count"),
        (
            r"(?i)last_?(used|modified|login|seen|updated|changed)|(updated|modified)_?(at|date)$",
            "is a moment that moves on",
        ),
    )
)
_COUNTS = ("count", "length", "sum", "avg")


def unlasting(written: Written) -> Iterator[Trap]:
    """Yield what an identity should not have: ages, counts and prose change, the issue does not."""
    table = library()
    for node in written.nodes:
        name = node.get("value")
        if node["type"] == "field":
            what = next((what for form, what in _CHANGING if form.search(str(name))), "")
            if what:
                yield written.trap(node, f"{name} {what}: {_LOST}")
        elif node["type"] == "function_expression" and name in _COUNTS:
            yield written.trap(node, f"A count changes: {_LOST}")
        elif node["type"] == "function_expression" and name in table and table[name].reads_time:
            yield written.trap(node, f"An age changes every day: {_LOST}")


CHECKS: dict[str, tuple[Check, ...]] = {
    "not_expression": (_negated_path,),
    "field": (_name_for_text, _bare_word),
    "comparator": (_list_compared,),
    "or_expression": (_or_text,),
    "function_expression": (_missing_comma,),
    "multi_select_dict": (_missing_comma,),
}
