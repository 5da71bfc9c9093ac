"""Say whether a stored configuration and a fresh one differ, under today's specification."""

import enum
from typing import Any

from items.canonical import key_id, seals
from items.fields import canonical_bytes
from items.paths import replaced, steps, without
from items.watchers.base import Watcher


class Sameness(enum.Enum):
    """How a fresh configuration stands to the stored one."""

    SAME = "same"
    REFRESHED = "refreshed"
    """Only ephemeral values differ."""
    COMPLETED = "completed"
    """Nothing changed out there; we know more of it, or hold it to other rules, than before."""
    DIFFERENT = "different"


def compare(
    watcher: Watcher,
    ephemeral: tuple[tuple[str, ...], ...],
    stored: dict[str, Any],
    fresh: dict[str, Any],
) -> Sameness:
    """Compare under today's ephemeral, secret and order rules.

    A part (a key that the watcher adds) which the stored one lacks was never read; that it
    is there now is no change. Nor is a secret whose digest was made with another key.
    """
    if _equal(stored, fresh):
        return Sameness.SAME
    if _equal(without(stored, ephemeral), without(fresh, ephemeral)):
        return Sameness.REFRESHED
    added = parts(watcher) - set(stored)
    old = without(watcher.tidy(stored), ephemeral)
    new = without({name: fresh[name] for name in fresh if name not in added}, ephemeral)
    for path in map(steps, watcher.secret):
        if _sealed_otherwise(old, path):
            old, new = without(old, [path]), without(new, [path])
    return Sameness.COMPLETED if _equal(old, new) else Sameness.DIFFERENT


def parts(watcher: Watcher) -> set[str]:
    """Return the keys that the watcher adds to what the listing says."""
    return {*watcher.details, *watcher.json_text, *watcher.adds}


def _equal(one: Any, other: Any) -> bool:
    return canonical_bytes(one) == canonical_bytes(other)


def _sealed_otherwise(config: Any, path: tuple[str, ...]) -> bool:
    """Say whether a secret at the path was sealed with a key that is not today's."""
    found: list[str] = []
    replaced(config, path, lambda value: found.extend(seals(value)))
    return any(not seal.startswith(f"digest:{key_id()}:") for seal in found)
