"""Say which of some items a saved query shows."""

from collections.abc import Collection

from audits.models import SavedView
from audits.querying import Answer, Query, query
from items.models import Item

# Somebody waits for what is recorded meanwhile.
SECONDS = 5.0


def shown(view: SavedView, items: Collection[int], seen: frozenset[str] | None) -> set[int]:
    """Return the keys of those of ``items`` that a query shows, gone ones as they were last.

    One of which the condition gives no answer, or not in time, is among them: that it is left
    out is never said without knowing. ``seen`` as in ``query()``.
    """
    things = Item.objects.filter(pk__in=items)
    if view.technology:
        things = things.filter(technology=view.technology)
    answer = Answer()
    for _ in query(Query("", view.condition), things, seen, answer, seconds=SECONDS):
        continue  # What it does not show is counted along.
    return set(things.values_list("pk", flat=True)) - answer.refused
