"""Traps in calls of JMESPath's own functions, of which many give no answer on null."""

import re
from collections.abc import Callable, Iterator

from audits.cautions import Node, Trap, Watched, Written, is_text, raw
from audits.misreadings import LISTS

PATHS = (*LISTS, "field", "subexpression", "index_expression")
_SPECIAL = re.compile(r"([.^$*+?{}\[\]|()\\])")
Mend = Callable[[Written, Node, set[str]], str]
"""Takes a call and the kinds of its first argument; gives what to write in its place."""


def _named(name: str) -> Mend:
    """Call another function with the same arguments."""

    def mend(written: Written, call: Node, _: set[str]) -> str:
        return f"{name}({', '.join(map(written.text, call['children']))})"

    return mend


def _within(form: str) -> Mend:
    """Ask for a text in a text, in our words; ``form`` is a pattern with it in it."""

    def mend(written: Written, call: Node, kinds: set[str]) -> str:
        whole, part = call["children"]
        if form == "~" and "string" not in kinds:
            return f"has({written.text(whole)}, {written.text(part)})"
        if not is_text(part):
            return ""
        pattern = form.replace("~", _SPECIAL.sub(r"\\\1", part["value"]))
        return f"matches({written.text(whole)}, {raw(pattern)})"

    return mend


def _emptied(written: Written, call: Node, _: set[str]) -> str:
    """Give a list even where there is none."""
    given = list(map(written.text, call["children"]))
    place = EMPTIED[call["value"]]
    given[place] = f"not_null({given[place]}, `[]`)"
    return f"{call['value']}({', '.join(given)})"


# JMESPath's own that fail on null, with what does not in their place.
SAFER: dict[str, Mend] = {
    "length": _named("count"),
    "join": _named("joined"),
    "sort": _named("sorted"),
    "contains": _within("~"),
    "starts_with": _within("^~"),
    "ends_with": _within("~$"),
}
# Those that are asked of what is often missing: warned of before they fail.
OFTEN = ("length", "contains", "starts_with", "ends_with")
# What stands right in these is asked of something else than what stands left.
ELSEWHERE = (*LISTS, "subexpression", "index_expression", "pipe")
# Where in their arguments those have a list that are well with an empty one.
EMPTIED = {"map": 1} | dict.fromkeys(
    ("sort_by", "sum", "avg", "reverse", "max", "min", "max_by", "min_by"), 0
)


def may_fail(watched: Watched, call: Node) -> Iterator[Trap]:
    """length(), contains() and their like give no answer on null."""
    written, name, given = watched.written, call["value"], call["children"]
    failed = watched.stored.of(call).failed
    seen = sum(watched.stored.of(call).gave.kinds.values())
    kinds = watched.kinds(given[0]) if given else set()
    if failed:
        mend = SAFER.get(name) or (_emptied if name in EMPTIED else None)
        why = failed.most_common(1)[0][0].partition("\n")[0][:200]
        said = f"{name}() gave no answer {failed.total()} of {seen} times: {why}"
        yield written.trap(call, said, _mended(written, call, kinds, mend))
    elif name in OFTEN and given[0]["type"] in PATHS and not _guarded(watched, call):
        said = f"{name}() gives no answer where {written.text(given[0])} is missing."
        yield written.trap(call, said, _mended(written, call, kinds, SAFER[name]))


def _mended(written: Written, call: Node, kinds: set[str], mend: Mend | None) -> str:
    by = mend(written, call, kinds) if mend else ""
    return written.found.replaced(call, by) if by else ""


def _guarded(watched: Watched, call: Node) -> bool:
    """Say whether the call is only asked where its first argument is there."""
    asked = call["children"][0]
    return any(
        left in (asked, _listed(asked))
        for one in _conditions(watched, call)
        for left in _conjuncts(one)
    )


def _conditions(watched: Watched, call: Node) -> Iterator[Node]:
    """Yield what must be so where the call is asked, as far as that is of the same value."""
    for above, child in watched.written.above(call):
        if above["type"] in ELSEWHERE and above["children"][0] is not child:
            return
        if above["type"] == "expref":
            return
        if above["type"] == "and_expression" and above["children"][1] is child:
            yield above["children"][0]
    if watched.applies:
        yield watched.applies


def _conjuncts(node: Node) -> Iterator[Node]:
    if node["type"] == "and_expression":
        for child in node["children"]:
            yield from _conjuncts(child)
    else:
        yield node


def _listed(node: Node) -> Node:
    """The list of which a part takes each element: where that is a list, this is one."""
    while node["type"] in ("projection", "filter_projection"):
        node = node["children"][0]
    return node
