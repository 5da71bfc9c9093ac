"""What a policy's statements let somebody do, Deny taken away; no rule calls these.

Statements come as policies.statements() gives them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from audits.functions.actions import Action, every_action, is_everything, meant, spans_services
from audits.functions.wildcards import like_any

Statement = dict[str, Any]

# Every resource there is: *, arn:aws:*, arn:*:*:*:*:*
_ANYTHING = re.compile(r"\*+|arn:\*+|arn:[a-z*-]+(:\*+)+")

# Each is held against every action of AWS. Nobody needs so many, and whoever writes more means to
# keep us busy.
_MOST_SPANNING = 50


def has_effect(statement: Statement, effect: Any) -> bool:
    """Say whether a statement's effect is Allow, or Deny, in any capitals."""
    return str(statement.get("Effect")).lower() == str(effect).lower()


def words(statement: Statement, key: str) -> list[str]:
    """Give Action and NotAction (or Resource ...) as one list, the latter as "not x"."""
    return [*statement.get(key, []), *(f"not {word}" for word in statement.get(f"Not{key}", []))]


def all_actions(statement: Statement) -> bool:
    """Say whether a statement is about every action there is."""
    if "NotAction" in statement:
        return not any(meant(pattern) for pattern in statement["NotAction"])
    return any(map(is_everything, statement["Action"]))


def all_resources(statement: Statement) -> bool:
    """Say whether a statement names every resource there is."""
    return any(_ANYTHING.fullmatch(name) for name in statement.get("Resource", []))


def granting(found: Iterable[Statement]) -> list[Statement]:
    """Give the statements that allow actions."""
    return [one for one in found if has_effect(one, "Allow") and speaks(one)]


def denying(found: Iterable[Statement]) -> list[Statement]:
    """Give the statements that deny actions whatever the circumstances, resource and caller."""
    return [
        one
        for one in found
        if has_effect(one, "Deny")
        and speaks(one)
        and not one.get("Condition")
        and (all_resources(one) or not words(one, "Resource"))
        and "NotPrincipal" not in one
        # A policy of an identity has no principal: it is about whoever has it.
        and ("Principal" not in one or any(who["value"] == "*" for who in one["Principal"]))
    ]


def denying_any(found: Iterable[Statement]) -> list[Statement]:
    """Give the statements that deny actions, whatever else they ask."""
    denies = [one for one in found if has_effect(one, "Deny") and speaks(one)]
    _refuse_too_many(denies)
    return denies


def covers_actions(wide: Statement, narrow: Statement) -> bool:
    """Say whether one statement is about every action that another is about."""
    if "NotAction" in narrow:
        if "NotAction" in wide:
            return all(like_any(name, narrow["NotAction"]) for name in wide["NotAction"])
        return all_actions(wide)
    if "NotAction" in wide:
        return all(not _named([name]) & _named(wide["NotAction"]) for name in narrow["Action"])
    return all(
        like_any(name, wide["Action"]) or _all_named(name, wide) for name in narrow["Action"]
    )


def _all_named(pattern: str, wide: Statement) -> bool:
    """Whether all known actions of a pattern are named by others, one by one."""
    wanted = meant(pattern)
    return bool(wanted) and not is_everything(pattern) and wanted <= _named(wide["Action"])


def touched(deny: Statement, allow: Statement) -> set[str]:
    """Give what a Deny takes from an Allow, as the Deny words it ("not x" for NotAction)."""
    reached = _reached([allow])
    if "NotAction" in deny:
        taken = bool(reached - _named(deny["NotAction"]))
        return set(words(deny, "Action")) if taken else set()
    named = allow.get("Action", [])
    return {
        pattern
        for pattern in deny["Action"]
        if like_any(pattern, named) or meant(pattern) & reached
    }


def permitted(found: list[Statement], asked: Iterable[str]) -> list[str]:
    """Give those actions, or patterns of actions, all of whose meaning is allowed, not denied."""
    allows, denies = granting(found), denying(found)
    names = [*asked]
    wild = any("*" in name or "?" in name for name in names)
    reached = _reached(allows) - _reached(denies) if wild else set()
    return [name for name in names if _permits(allows, denies, reached, name)]


def _permits(
    allows: list[Statement], denies: list[Statement], reached: set[Action], asked: str
) -> bool:
    if "*" not in asked and "?" not in asked:
        return _any_covers(allows, asked) and not _any_covers(denies, asked)
    wanted = meant(asked)
    return bool(wanted) and wanted <= reached


def expanded(found: list[Statement]) -> list[str]:
    """Give the names of all actions that statements are about; unknown ones as worded."""
    about = [one for one in found if speaks(one)]
    names = {action.name for action in _reached(about)}
    worded = {pattern for one in about for pattern in one.get("Action", [])}
    return sorted(names | {pattern for pattern in worded if not meant(pattern)})


def levels(found: list[Statement]) -> dict[tuple[str, str], set[str]]:
    """Give what is allowed by (service, access level); under "*" what spans services, as worded."""
    allows, denies = granting(found), denying(found)
    denied = _reached(denies)
    reached: dict[tuple[str, str], set[str]] = {}
    for statement in allows:
        for said, actions in _spanning(statement):
            for level in _levels_of(actions - denied if denied else actions):
                reached.setdefault(("*", level), set()).update(said)
    for pattern in {pattern for one in allows for pattern in one.get("Action", [])}:
        if ":" in pattern and not spans_services(pattern):
            for action in (meant(pattern) or _unlisted(pattern, denies)) - denied:
                if ("*", action.level) not in reached:
                    service = action.name.partition(":")[0].lower()
                    reached.setdefault((service, action.level), set()).add(action.name)
    return reached


def _unlisted(pattern: str, denies: list[Statement]) -> frozenset[Action]:
    """What no list knows: newer than the list, retired, or misspelt."""
    return frozenset() if _any_covers(denies, pattern) else frozenset({Action(pattern, "unknown")})


def speaks(statement: Statement) -> bool:
    """Say whether a statement is about any actions at all."""
    return "Action" in statement or "NotAction" in statement


def _covers(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not like_any(action, statement["NotAction"])
    return like_any(action, statement["Action"])


def _any_covers(found: Iterable[Statement], action: str) -> bool:
    return any(_covers(statement, action) for statement in found)


def _reached(found: list[Statement]) -> set[Action]:
    _refuse_too_many(found)
    reached: set[Action] = set()
    for statement in found:
        if "NotAction" in statement:
            reached |= every_action() - _named(statement["NotAction"])
        else:
            reached |= _named(statement["Action"])
    return reached


def _spanning(statement: Statement) -> list[tuple[list[str], frozenset[Action]]]:
    """What of an Allow is about more than one service: how it is worded, and what that means."""
    _refuse_too_many([statement])
    if "NotAction" in statement:
        left = every_action() - _named(statement["NotAction"])
        return [(words(statement, "Action") or ["*"], left)]
    wide = [pattern for pattern in statement["Action"] if spans_services(pattern)]
    return [([pattern], meant(pattern)) for pattern in wide]


@lru_cache(maxsize=16)
def _levels_of(actions: frozenset[Action]) -> frozenset[str]:
    return frozenset(action.level for action in actions)


def _named(patterns: Iterable[str]) -> frozenset[Action]:
    return frozenset().union(*map(meant, patterns))


def _refuse_too_many(found: list[Statement]) -> None:
    patterns = {
        pattern for one in found for key in ("Action", "NotAction") for pattern in one.get(key, [])
    }
    if sum(map(spans_services, patterns)) > _MOST_SPANNING:
        raise ValueError(
            f"The policy has more than {_MOST_SPANNING} wildcards in place of services."
        )
