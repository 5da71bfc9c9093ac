"""What items were before they last changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from items.models import Item, Kind

# A completion only adds what was not read before; an item that never changed has no earlier state.
CHANGES = frozenset({Kind.CHANGED, Kind.GONE, Kind.BACK, Kind.IGNORED})


class Keyed(Protocol):
    """An item, or any row that has its key."""

    @property
    def pk(self) -> int: ...


def before_last_change(items: Iterable[Keyed], at: datetime | None = None) -> dict[int, Any]:
    """Return the configuration of each item as it was just before its last change, by key.

    With ``at`` as that was at a moment. An item that never changed is not among them. Two
    queries; only what is asked for is loaded.
    """
    records = Item.history.model._default_manager
    rows = records.filter(id__in=[item.pk for item in items]).order_by("history_date", "history_id")
    if at:
        rows = rows.filter(history_date__lte=at)
    last: dict[int, int] = {}
    earlier: dict[int, int] = {}
    for item, revision, kind in rows.values_list("id", "history_id", "kind"):
        if kind in CHANGES and item in last:
            earlier[item] = last[item]
        last[item] = revision
    wanted = records.filter(history_id__in=earlier.values())
    return dict(wanted.values_list("id", "config"))
