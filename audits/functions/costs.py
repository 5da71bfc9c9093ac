"""What a call takes beyond looking at the first level of its arguments, in steps; no rule calls
these.

A function that goes deeper, or builds more than it is given, declares one of these by ``takes``. It
is asked before the call, so that what passes the bound is never begun.
"""

from typing import Any

from audits.functions.base import Context
from audits.functions.shapes import listed

# Characters of a text that are looked through in one step.
TEXT = 100
# A wildcard in place of a service is held against every action there is.
_SPANNING = 10_000


def size(value: Any) -> int:
    """Give how many values one holds, itself counted; long texts count more."""
    found, open_ = 0, [value]
    while open_:
        one = open_.pop()
        kind = type(one)
        if kind is dict:
            found += 1
            open_ += one.values()
        elif kind is list:
            found += 1
            open_ += one
        else:
            found += 1 + (len(one) // TEXT if kind is str else 0)
    return found


def whole(context: Context, *arguments: Any) -> int:
    """For what looks at each value in what it is given."""
    return size([*arguments])


def several(context: Context, *arguments: Any) -> int:
    """For what does more with each value than look at it: reads a network, a member."""
    return 10 * size([*arguments])


def both_states(context: Context, *_: Any) -> int:
    """For what holds the item as it was against the item as it is."""
    return 0 if context.previous is None else size([context.config, context.previous])


def characters(context: Context, text: Any, *_: Any) -> int:
    """For what makes values of a text."""
    return len(text) // 8 if isinstance(text, str) else 0


def searching(context: Context, text: Any, pattern: Any) -> int:
    """For what holds a text against a pattern, at worst each character against each."""
    if isinstance(text, str) and isinstance(pattern, str):
        return len(text) * len(pattern) // TEXT
    return 0


def joining(context: Context, between: Any, values: Any) -> int:
    """For one text with another between each two values of a list."""
    if not isinstance(values, list):
        return 0
    separators = len(between) * len(values) if isinstance(between, str) else 0
    return (separators + sum([len(one) for one in values if type(one) is str])) // TEXT


def ordering(context: Context, values: Any, *_: Any) -> int:
    """For what compares long texts with one another, each with some."""
    if not isinstance(values, list):
        return 0
    return 10 * sum([len(one) // TEXT for one in values if type(one) is str])


def pairing(context: Context, parents: Any, key: Any) -> int:
    """For each parent with each of its children, written out."""
    if not isinstance(key, str):
        return 0
    whole_ = [one for one in listed(parents) if isinstance(one, dict)]
    return 2 * sum([len(one) * (1 + len(listed(one.get(key)))) for one in whole_])


def product(context: Context, one: Any, other: Any) -> int:
    """For each value of one held against each of another."""
    return size(one) * size(other) // 4


def reading_policy(context: Context, policy: Any, *_: Any) -> int:
    """For what a policy's statements are about, their wildcards expanded."""
    return 4 * size(policy) + _SPANNING * _spanning(policy)


def asking_policy(context: Context, policy: Any, asked: Any) -> int:
    """For each of several actions held against each statement."""
    return reading_policy(context, policy) + size(policy) * size(asked) // 4


def weighing_policy(context: Context, policy: Any) -> int:
    """For each Allow held against each Deny."""
    found = size(policy)
    return 4 * found + found * found // 2000


def _spans(text: str) -> bool:
    service, colon, _ = text.partition(":")
    return bool(colon) and ("*" in service or "?" in service) and bool(text.strip("*:"))


def _spanning(value: Any) -> int:
    """Count texts that begin with a wildcard, and what is said by NotAction."""
    found, open_ = 0, [value]
    while open_:
        one = open_.pop()
        if type(one) is dict:
            found += "NotAction" in one
            open_ += [part for name, part in one.items() if name not in ("Resource", "Condition")]
        elif type(one) is list:
            open_ += one
        elif type(one) is str:
            found += _spans(one)
    return found
