"""What the Deny statements of a policy leave of whom its Allow statements let in; no rule calls
these.

A Deny whose condition is negative ("unless he is of our organisation") narrows whom the policy lets
in, as a condition of the Allow would.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from audits.functions.base import Context
from audits.functions.conditions import Condition, escapes
from audits.functions.principals import Who, account_of, who
from audits.functions.reach import (
    Statement,
    all_resources,
    covers_actions,
    speaks,
    touched,
    words,
)
from audits.functions.wildcards import like_any


@dataclass
class Left:
    """What is left of one Allow for one principal."""

    nothing: bool = False
    denied: set[str] = field(default_factory=set)
    """What of its actions is denied in any case, as the Deny words it."""
    unless: list[list[Condition]] = field(default_factory=list)
    """For each Deny that narrows: of what one must hold to escape it."""


def left(
    context: Context, denies: Sequence[Statement], allow: Statement, let_in: Who, federated: bool
) -> Left:
    """Tell what Deny statements leave of an Allow for somebody whom it lets in."""
    found = Left()
    for deny in denies if speaks(allow) else ():
        if not _covers_resources(deny, allow):
            continue
        excepted = _excepted(deny, let_in)
        if excepted is None:
            continue
        if not covers_actions(deny, allow):
            if not deny.get("Condition") and not excepted:
                found.denied |= touched(deny, allow)
            continue
        ways_out = [*excepted, *escapes(context, deny, federated)]
        if not ways_out:
            found.nothing = True
        elif all(way.narrows for way in ways_out):
            found.unless.append(ways_out)
    return found


def _covers_resources(deny: Statement, allow: Statement) -> bool:
    if all_resources(deny) or not words(deny, "Resource"):
        return True
    if "NotResource" in deny or "NotResource" in allow or not allow.get("Resource"):
        return False
    return all(like_any(name, deny.get("Resource", [])) for name in allow["Resource"])


def _excepted(deny: Statement, let_in: Who) -> list[Condition] | None:
    """Who of those let in the Deny leaves alone: nobody, or some; null where it means none."""
    if "NotPrincipal" in deny:
        spared = [who(one["type"], one["value"]) for one in deny["NotPrincipal"]]
        if let_in.kind != "everyone":
            return None if any(_includes(one, let_in) for one in spared) else []
        values = [one.value for one in spared]
        closed = bool(spared) and all(one.kind in ("account", "arn") for one in spared)
        return [Condition("Principal", "", values, kind="arn", narrows=closed)]
    if "Principal" not in deny:
        return []
    named = [who(one["type"], one["value"]) for one in deny["Principal"]]
    return [] if any(_includes(one, let_in) for one in named) else None


def _includes(wide: Who, narrow: Who) -> bool:
    if wide.kind == "everyone" or (wide.kind, wide.value) == (narrow.kind, narrow.value):
        return True
    return wide.root and account_of(wide.value) == account_of(narrow.value)
