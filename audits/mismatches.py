"""Traps that show on real items: names that nothing has, lists taken for objects, other kinds."""

import re
from collections.abc import Callable, Iterator

from audits.cautions import Node, Trap, Watched, Written, is_text, raw
from audits.misreadings import LISTS
from audits.nearest import nearest, plain
from audits.observing import Seen
from audits.outline import quoted
from audits.unsafe_calls import may_fail

# Of values more than these it is not known which there are.
FEW = 12
# Fields whose current value is the item; the others are asked of what the rule selects.
OF_ITEMS = ("applies_when", "expression")
ORDERS = ("lt", "lte", "gt", "gte")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def mismatches(watched: Watched) -> Iterator[Trap]:
    """Yield the traps in an expression that stored items show."""
    for node in watched.written.nodes:
        for check in CHECKS.get(node["type"], ()):
            yield from check(watched, node)


# -- names --------------------------------------------------------------------------------------


def _dead_name(watched: Watched, node: Node) -> Iterator[Trap]:
    """A field that no item has, on objects or on lists."""
    seen, written = watched.stored.of(node), watched.written
    if seen.on["array"] and not seen.found:
        yield from _asked_of_lists(watched, node, seen)
    elif seen.on["array"] and seen.within:
        yield from _one_or_many(watched, node)
    elif seen.on["object"] and not seen.found:
        known_here = bool(watched.own.of(node).found)
        name, place = node["value"], written.found.span(node).start
        # Who writes both names means two things: Action and NotAction.
        others = [one for one in seen.names if one not in written.names]
        guess = nearest(name, others, alike=0.9 if known_here else 0.7)
        if seen.at_root:
            mend = written.between(place, place, "root().")
            text = f"The elements have no {name}; the item itself has: write root().{name}."
            yield written.trap(node, text, mend)
        elif guess:
            mend = written.found.replaced(node, quoted(guess[0]))
            yield written.trap(node, f"{_none(watched, name)} Did you mean {guess[0]}?", mend)
        elif not (known_here or written.field not in OF_ITEMS or _may_be_missing(watched, node)):
            last = f".{quoted(name)}"
            there = [one for one in watched.paths if f".{one}".endswith(last)][:2]
            hint = f" There is {' and '.join(there)}." if there else ""
            yield written.trap(node, _none(watched, name) + hint)


# What is asked for in these is expected to be missing from some.
CHOICES = ("or_expression", "multi_select_list")
CHOOSING = ("not_null", "empty", "if")


def _may_be_missing(watched: Watched, node: Node) -> bool:
    """Say whether a name is one of several that may be there, or asked for to be absent."""
    compared = False
    for above, child in watched.written.above(node):
        kind = above["type"]
        if kind in CHOICES:
            return True
        if kind == "filter_projection" and above["children"][2] is child:
            return False
        compared = compared or kind == "comparator"
        called = kind == "function_expression" and above["value"] in CHOOSING
        if not compared and (kind == "not_expression" or called):
            return True
    return False


def _none(watched: Watched, name: str) -> str:
    return f"Of {watched.many} looked at none has {name} here."


def _asked_of_lists(watched: Watched, node: Node, seen: Seen) -> Iterator[Trap]:
    written = watched.written
    text, place = written.found.text, written.found.span(node).start
    before = text[:place].rstrip()
    if not seen.within:
        return
    filtered = _filters(written, node)
    if filtered:
        # `a[?b].c[?d]` asks d of each c as a whole; behind a pipe, of their elements.
        parent, whole = written.parent(filtered), written.found.whole(filtered)
        end = written.found.whole(filtered["children"][0]).end
        mend = f"{text[whole.start : end]}[] | {text[end : whole.end]}"
        alone = parent is None or parent["type"] in ("pipe", "function_expression")
        mend = written.between(whole.start, whole.end, mend if alone else f"({mend})")
    elif before.endswith("."):
        mend = written.between(len(before) - 1, len(before) - 1, "[]")
    else:
        mend = written.between(place, place, "[].")
    said = f"{node['value']} is asked of a list: write [] to ask each element."
    yield written.trap(node, said, mend)


def _filters(written: Written, node: Node) -> Node | None:
    """Return the filter whose elements a name in its condition is asked of, itself and no more."""
    for above, child in written.above(node):
        if above["type"] == "filter_projection" and above["children"][2] is child:
            return above if above["children"][0]["type"] != "identity" else None
        goes_on = above["type"] in (*LISTS, "subexpression", "index_expression", "pipe")
        if above["type"] == "expref" or (goes_on and above["children"][0] is not child):
            return None
    return None


def _one_or_many(watched: Watched, node: Node) -> Iterator[Trap]:
    """One object or a list of them, as the item's writer liked."""
    written, parent = watched.written, watched.written.parent(node)
    mend = ""
    if parent and parent["type"] == "subexpression" and parent["children"][1] is node:
        start = written.found.span(parent).start
        left = written.text(parent["children"][0])
        mend = written.between(start, written.found.span(node).start, f"[{left}][].")
    said = f"In some items {node['value']} is asked of a list, in others of one object."
    yield written.trap(node, said, mend)


def _no_list(watched: Watched, node: Node) -> Iterator[Trap]:
    """`a[]`, `a[*]`, `a[?b]` where a is an object."""
    base, written = node["children"][0], watched.written
    if base["type"] in ("identity", "flatten"):
        return
    kinds = watched.stored.of(base).gave.kinds
    if not kinds["object"]:
        return
    name, whole = written.text(base), written.found.whole(base)
    said = f"{name} is an object{' in some items' if kinds['array'] else ''}, no list."
    if node["type"] != "filter_projection" and not kinds["array"]:
        after = written.found.text.index("]", whole.end) + 1
        yield written.trap(base, said, written.between(whole.end, after, ""))
    else:
        flat = "" if node["type"] == "flatten" or not kinds["array"] else "[]"
        yield written.trap(base, said, written.between(whole.start, whole.end, f"[{name}]{flat}"))


def _of_each(watched: Watched, node: Node) -> Iterator[Trap]:
    """`a[].b[0]` takes the first of each b, not the first of all."""
    on = watched.stored.of(node).on
    inside = any(
        above["type"] in LISTS and above["children"][1] is child
        for above, child in watched.written.above(node)
    )
    if inside and not on["array"] and (on["string"] or on["object"] or on["number"]):
        start = watched.written.found.span(node).start
        said = "Each element is asked for its part, not the list: write | before the bracket."
        yield watched.written.trap(node, said, watched.written.between(start, start, " | "))


# -- kinds of values ----------------------------------------------------------------------------


def _other_kinds(watched: Watched, node: Node) -> Iterator[Trap]:
    """A number compared with a text, true with 'true': never equal, or no answer at all."""
    left, right = node["children"]
    one, other = watched.kinds(left), watched.kinds(right)
    if not one or not other or one & other:
        return
    value, literal = (right, left) if left["type"] == "literal" else (left, right)
    written = watched.written
    what = " and ".join(sorted(watched.kinds(value)))
    if literal["type"] != "literal":
        said = f"{_word(one)} is compared with {_word(other)}."
        yield written.trap(node, said)
        return
    if node["value"] in ORDERS:
        result = "gives no answer"
    else:
        result = "is always true" if node["value"] == "ne" else "is never true"
    said = f"{written.text(value)} is {_word({what})} in the stored items: this {result}."
    yield written.trap(node, said, _alike(watched, node, value, literal))


def _word(kinds: set[str]) -> str:
    words = {
        "string": "a text",
        "array": "a list",
        "object": "an object",
        "boolean": "true or false",
    }
    return " or ".join(words.get(one, f"a {one}") for one in sorted(kinds))


def _alike(watched: Watched, node: Node, value: Node, literal: Node) -> str:
    """Return the expression with both sides of one kind, where it is plain how."""
    written, given = watched.written, literal["value"]
    kinds, text = watched.kinds(value), str(given).lower()
    if isinstance(given, str) and kinds == {"boolean"} and text in ("true", "false"):
        return written.found.replaced(literal, f"`{text}`")
    if isinstance(given, str) and kinds == {"number"} and _NUMBER.fullmatch(given):
        return written.found.replaced(literal, f"`{given}`")
    if kinds == {"array"} and node["value"] in ("eq", "ne"):
        asked = f"has({written.text(value)}, {written.text(literal)})"
        return written.found.replaced(node, asked if node["value"] == "eq" else f"!{asked}")
    if kinds != {"string"} or isinstance(given, (str, list, dict)) or given is None:
        return ""
    texts = [str(one) for one in watched.stored.of(value).gave.plain_values]
    if node["value"] in ORDERS:
        if texts and all(map(_NUMBER.fullmatch, texts)):
            return written.found.replaced(value, f"to_number({written.text(value)})")
        return ""
    return written.found.replaced(literal, raw(next((t for t in texts if t.lower() == text), text)))


def _no_such_value(watched: Watched, node: Node) -> Iterator[Trap]:
    """`State == 'Active'` where all that stands there is 'active'."""
    left, right = node["children"]
    value, literal = (right, left) if left["type"] == "literal" else (left, right)
    if node["value"] not in ("eq", "ne") or not is_text(literal) or value["type"] == "literal":
        return
    gave = watched.stored.of(value).gave
    texts = [str(one) for one in gave.plain_values]
    wanted = literal["value"]
    if watched.kinds(value) != {"string"} or gave.more or len(texts) > FEW or wanted in texts:
        return
    near = next((one for one in texts if plain(one) == plain(wanted)), "")
    if not near and ("string", wanted) not in watched.own.of(value).gave.values:
        near = next((one for one in texts if _slip(one, wanted)), "")
    if near:
        mend = watched.written.found.replaced(literal, raw(near))
        said = f"No stored item has {raw(wanted)} there; some have {raw(near)}."
        yield watched.written.trap(literal, said, mend)


def _slip(one: str, other: str) -> bool:
    """Say whether two words differ by one letter left out, added, changed or swapped."""
    if min(len(one), len(other)) < 5 or abs(len(one) - len(other)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return not (one[-1] + other[-1]).isdigit()
    a, b = one[start:], other[start:]
    if a[0].isdigit() or b[0].isdigit():  # TLSv1.1 and TLSv1.2 are two things.
        return False
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _zero_is_true(watched: Watched, node: Node) -> Iterator[Trap]:
    """`count(Keys) && ...`: JMESPath takes 0 for true."""
    condition = node["children"][2 if node["type"] == "filter_projection" else 0]
    gave = watched.stored.of(condition).gave
    always = condition["type"] == "function_expression"
    if watched.kinds(condition) != {"number"} or condition["type"] == "literal":
        return
    if always or ("number", 0) in gave.values:
        written = watched.written
        said = f"{written.text(condition)} is a number, and 0 counts as true."
        more = f"{written.text(condition)} > `0`"
        by = f"({more})" if node["type"] == "not_expression" else more
        yield written.trap(condition, said, written.found.replaced(condition, by))


CHECKS: dict[str, tuple[Callable[[Watched, Node], Iterator[Trap]], ...]] = {
    "field": (_dead_name,),
    "flatten": (_no_list,),
    "projection": (_no_list,),
    "filter_projection": (_no_list, _zero_is_true),
    "index": (_of_each,),
    "comparator": (_other_kinds, _no_such_value),
    "and_expression": (_zero_is_true,),
    "not_expression": (_zero_is_true,),
    "function_expression": (may_fail,),
}
