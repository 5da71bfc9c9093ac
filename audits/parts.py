"""The parts of an expression: what kind each is, and what an explanation says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from audits.engine import truth
from audits.origins import Seen
from audits.wording import described, entries, is_number, samples

Node = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One part of an expression with what it gave."""

    words: str
    """What it does, as a sentence."""
    gave: str = ""
    """What came of it, in a few words."""
    text: str = ""
    """As the expression writes it."""
    place: int = 0
    """Its first character in the expression."""
    asked: int = 1
    """How many things it was asked of; 0: it was not looked at."""
    met: int = 0
    """Of how many it was true, or gave something."""
    passed: int = 0
    """Of how many it was not asked, since another clause had decided."""
    note: str = ""
    """What would surprise: a comparison with nothing, an error."""
    failed: bool = False
    """Here it ended: the whole expression has no answer."""
    parts: tuple["Part", ...] = ()
    """What it is made of, where that has parts of its own."""


def answered(part: Part, given: Sequence[Seen], each: bool) -> Part:
    """Say what a step gave: ``each`` of many, or one value."""
    met = sum(truth(one.value) or is_number(one.value) for one in given)
    if not given:
        return replace(part, gave="not looked at", asked=0)
    if not each:
        return replace(part, gave=described(given[0].value), met=met)
    lists = [one.value for one in given if isinstance(one.value, list)]
    if lists:
        gave = f"{entries(sum(map(len, lists)))} in {len(lists)} of {len(given)}"
    else:
        gave = samples([one.value for one in given]) or f"nothing in {len(given)}"
    return replace(part, gave=gave, asked=len(given), met=met)


def is_path(node: Node) -> bool:
    """Say whether a node is a plain path: names and places, nothing that chooses or builds."""
    kind = node["type"]
    if kind in ("field", "index", "identity", "current"):
        return True
    if kind in ("subexpression", "index_expression", "pipe"):
        return all(is_path(child) for child in node["children"])
    return False


def alike(node: Node) -> list[Node]:
    """Return the parts of ``a && b && c``, which is parsed as (a && b) && c."""
    left, right = node["children"]
    return [*(alike(left) if left["type"] == node["type"] else [left]), right]


def is_it(node: Node) -> bool:
    """Say whether a node is the current value itself."""
    return node["type"] in ("identity", "current")
