"""Say which actions the statements of a policy are about, wildcards expanded, with their levels."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from audits.functions.actions import Action, every_action, meant
from audits.functions.shapes import listed, texts

# Actions of one statement that are named; of more the services are counted.
MOST = 1500
LEVELS = ("Permissions management", "Write", "Tagging", "Read", "List")


@dataclass(frozen=True)
class Service:
    """What of one service a statement is about."""

    name: str
    levels: list[tuple[str, int]]
    """How many actions of each level of access, the farthest first."""
    actions: list[Action] = field(default_factory=list)
    """By their names; empty where they are too many to be named."""


@dataclass(frozen=True)
class Expanded:
    """One statement, its wildcards expanded."""

    statement: dict[str, Any]
    count: int
    levels: list[tuple[str, int]]
    services: list[Service]
    unknown: list[str]
    """Patterns that mean no known action."""


def expand(policy: Any) -> list[Expanded]:
    """Return the statements of a policy with the known actions that each is about."""
    raw = policy.get("Statement") if isinstance(policy, dict) else None
    return [_expanded(one) for one in listed(raw) if isinstance(one, dict)]


def _expanded(statement: dict[str, Any]) -> Expanded:
    patterns = texts(statement.get("Action"))
    unknown = [pattern for pattern in patterns if not meant(pattern)]
    about = {action for pattern in patterns for action in meant(pattern)}
    if "NotAction" in statement:
        left_out = {a for pattern in texts(statement["NotAction"]) for a in meant(pattern)}
        about |= every_action() - left_out
    by_service: dict[str, list[Action]] = {}
    for action in sorted(about):
        by_service.setdefault(action.name.partition(":")[0], []).append(action)
    services = [
        Service(name, _levels(actions), actions if len(about) <= MOST else [])
        for name, actions in by_service.items()
    ]
    return Expanded(statement, len(about), _levels(about), services, unknown)


def _levels(actions: Any) -> list[tuple[str, int]]:
    counts = Counter(action.level for action in actions)
    return [(level, counts.pop(level)) for level in LEVELS if level in counts] + sorted(
        counts.items()
    )
