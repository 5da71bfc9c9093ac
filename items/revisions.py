"""The revisions of an item, and what changed between two of them in the terms of its technology."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from items.diffing import Difference, differences
from items.models import Item, Kind
from items.paths import steps, without
from items.watchers import watchers


@dataclass(frozen=True)
class Numbered:
    """A revision without its configuration, numbered from the first one on."""

    key: int
    number: int
    at: datetime
    kind: str
    actor: Any
    run: int | None

    @property
    def word(self) -> str:
        return str(Kind(self.kind).label) if self.kind in Kind.values else "changed"

    @property
    def who(self) -> str:
        """Whose doing it was, as far as that is known."""
        if isinstance(self.actor, dict):
            return str(self.actor.get("who") or self.actor.get("name") or "")
        return str(self.actor or "")

    @property
    def how(self) -> str:
        """From where and by which call it was done, as far as that is known."""
        if not isinstance(self.actor, dict):
            return ""
        place, call = self.actor.get("from"), self.actor.get("event")
        return ", ".join(str(one) for one in (f"from {place}" if place else "", call) if one)


def numbered(item: Item, moment: datetime | None = None) -> list[Numbered]:
    """Return the revisions of an item until a moment, the first one first. One query."""
    rows = item.history.order_by("history_date", "history_id")
    if moment is not None:
        rows = rows.filter(history_date__lte=moment)
    values = rows.values_list("history_id", "history_date", "kind", "actor", "run_id")
    return [
        Numbered(key, number, at, kind or Kind.CHANGED, actor, run)
        for number, (key, at, kind, actor, run) in enumerate(values, 1)
    ]


def configurations(item: Item, keys: set[int]) -> dict[int, Any]:
    """Return the configurations of some revisions of an item, by their keys. One query."""
    rows = item.history.filter(history_id__in=keys)
    return dict(rows.values_list("history_id", "config"))


def element_names(technology: str) -> dict[str, tuple[str, ...]]:
    """Return which fields call an element of a list, by the list's name."""
    return dict(watchers[technology].element_names) if technology in watchers else {}


def what_changed(technology: str, old: Any, new: Any) -> list[Difference]:
    """Return the differences that count as a change; what moves by itself is left out."""
    if technology not in watchers:
        return differences(old, new)
    watcher = watchers[technology]
    ephemeral = [steps(path) for path in watcher.ephemeral]
    return differences(without(old, ephemeral), without(new, ephemeral), watcher.element_names)
