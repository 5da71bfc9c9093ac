"""What revisions changed: the configuration of each, and the one that stood before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from items.models import Item


@dataclass(frozen=True)
class Changed:
    """A revision beside what stood before it."""

    before: Any
    """None: it is the first."""
    after: Any
    actor: Any
    earlier: int | None
    """The key of the revision before."""


def what_stood_before(revisions: Iterable[int]) -> dict[int, Changed]:
    """Return, by the keys of revisions, what each changed. Two queries."""
    records = Item.history.model._default_manager
    wanted = set(revisions)
    items = records.filter(history_id__in=wanted).values("id")
    rows = records.filter(id__in=items).order_by("history_date", "history_id")
    last: dict[int, int] = {}
    earlier: dict[int, int | None] = {}
    for item, revision in rows.values_list("id", "history_id"):
        if revision in wanted:
            earlier[revision] = last.get(item)
        last[item] = revision
    loaded = wanted | {revision for revision in earlier.values() if revision}
    found = {
        revision: (config, actor)
        for revision, config, actor in records.filter(history_id__in=loaded).values_list(
            "history_id", "config", "actor"
        )
    }
    return {
        revision: Changed(found[before][0] if before else None, *found[revision], before)
        for revision, before in earlier.items()
    }
