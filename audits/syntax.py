"""A parsed expression: its parts, and how much they are."""

from typing import Any

Node = dict[str, Any]
"""As `jmespath.parser` makes it: type, children, and value where it has one."""

CHAINS = ("subexpression", "index_expression", "pipe")
EQUALITY = ("eq", "ne")
BUILDERS = ("multi_select_list", "multi_select_dict")
# More than any expression needs: three lists in one another of twenty parts each are below.
MANY = 10_000


def size(node: Node) -> int:
    """Return how many words an expression has."""
    return 1 + sum(size(child) for child in children(node))


def children(node: Node) -> list[Node]:
    return [child for child in node["children"] if isinstance(child, dict)]


def may_fail(node: Node) -> bool:
    """Say whether an expression can end in an error on some configuration."""
    kind = node["type"]
    if kind == "function_expression" or (kind == "comparator" and node["value"] not in EQUALITY):
        return True
    if kind == "slice" and node["children"][2] == 0:
        return True
    return any(map(may_fail, children(node)))


def multiplied(node: Node) -> int:
    """Return how often what an expression builds can hold one value, all parts taken together."""
    own = len(node["children"]) if node["type"] in BUILDERS else 1
    for child in children(node):
        own = min(max(own, 1) * multiplied(child), MANY + 1)
    return own


def links(node: Node) -> list[Node]:
    """Give the links of a chain of chains, which is written as (a.b).c, without recursion."""
    found, open_ = [], [node]
    while open_:
        one = open_.pop()
        if one["type"] in CHAINS:
            open_ += reversed(one["children"])
        else:
            found.append(one)
    return found


def clauses(node: Node) -> list[Node]:
    """Give the parts of `a && b && c`, which is written as (a && b) && c."""
    found, one = [], node
    while one["type"] == node["type"]:
        one, last = one["children"]
        found.append(last)
    return [one, *reversed(found)]
