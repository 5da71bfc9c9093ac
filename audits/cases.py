"""The stored items on which a text is tried while it is checked: few, and in bounded time."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone

from audits.drafts import Draft
from audits.functions.base import Context, Neighbour, Reader, Unread
from audits.occurring import accounts_seen, sampled
from audits.reading import reads_past
from audits.trying import Trial
from audits.world import World
from items.earlier import before_last_change
from items.models import Item

ITEMS = 150
SECONDS = 4.0
MOST_OTHERS = 5000
"""Items of another technology that are looked through for a check."""


def cases(draft: Draft, user: Any = None, most: int = ITEMS) -> Iterator[tuple[Item, Context]]:
    """Yield stored items of the text's technologies with what the text would be told of them.

    Only those that ``user`` may see, where one is given. Ends when the time for it is up, so
    that nobody waits for long.
    """
    accounts = accounts_seen(user)
    until = time.monotonic() + SECONDS
    worlds: dict[int, World] = {}
    counted: dict[str, bool] = {}
    trial, now = Trial(draft, rule=None), timezone.now()
    texts = (draft.expression, draft.applies_when)
    past = any(reads_past(text) for text in texts if text)
    for technology in draft.technologies:
        items = list(sampled(technology, most // len(draft.technologies), accounts))
        earlier = before_last_change(items) if past else {}
        for item in items:
            if time.monotonic() > until:
                return
            account = trial.accounts[item.account_id]
            if item.account_id not in worlds:
                other = next(iter(worlds.values()), None)
                worlds[item.account_id] = other.beside(account) if other else World(account)
            reader = Few(worlds[item.account_id].reader(), counted)
            holds = trial.holds(item)
            yield item, trial.context(item, holds, now, earlier.get(item.pk), reader)


class Few:
    """A reader of other items that refuses to look through many."""

    def __init__(self, reader: Reader, counted: dict[str, bool]) -> None:
        self._reader = reader
        self._counted = counted
        """Whether there are too many of a technology; shared by the readers of all items."""

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        self._refuse_many(technology)
        return self._reader.lookup(technology, path, values, any_of)

    def related(self, technology: str) -> list[Neighbour]:
        self._refuse_many(technology)
        return self._reader.related(technology)

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        self._refuse_many(technology)
        return self._reader.issues(technology, path, values)

    def _refuse_many(self, technology: str) -> None:
        if technology not in self._counted:
            others = Item.objects.filter(technology=technology)
            self._counted[technology] = others[MOST_OTHERS:].exists()
        if self._counted[technology]:
            raise Unread(f"{technology} has too many items to be looked through here.")
