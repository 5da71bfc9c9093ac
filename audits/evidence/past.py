"""The items of a slice as they stood at a moment, with what of them is not kept."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple

from django.db.models import Max

from audits.reading import EVERYTHING, Chain, chains_read
from audits.standing import alive
from items.models import Item, Reach, Run, WatcherSetting
from items.paths import steps
from items.watchers import watchers

BATCH = 500
MOVES = "then is not kept: it moves without a change being noted."
COLUMNS = (
    *("history_id", "id", "account_id", "technology", "place", "uid", "name", "full_name"),
    *("region", "config", "unread", "digest", "whole_digest", "history_date", "until"),
)


class Stood(NamedTuple):
    """An item as it stood."""

    revision: int
    pk: int
    account_id: int
    technology: str
    place: str
    uid: str
    name: str
    full_name: str
    region: str
    config: Any
    unread: dict[str, str]
    digest: str
    whole_digest: str
    since: datetime
    until: datetime | None
    moved: bool = False
    """Values that count as no change may have been others than are kept."""


class PastSlice:
    """One technology of one account at a moment."""

    def __init__(self, account: int, technology: str, moment: datetime) -> None:
        self.account, self.technology, self.moment = account, technology, moment
        self.moving = moving(technology)
        looks = Run.objects.filter(
            account=account, technology=technology, kind=Run.Kind.LOOKED
        ).order_by()
        self._last_look = looks.filter(started_at__lte=moment).aggregate(at=Max("started_at"))["at"]
        self._later_look = looks.filter(started_at__gt=moment).exists()

    def hidden(self, texts: Iterable[str]) -> list[str]:
        """Return the paths that some expressions may read and whose past is not kept."""
        read = {chain for text in texts if text for chain in chains_read(text)}
        return [
            path
            for begins, path in self.moving.items()
            if any(
                chain == (EVERYTHING,) or chain[: len(begins)] == begins[: len(chain)]
                for chain in read
            )
        ]

    def batches(self) -> Iterator[list[Stood]]:
        """Yield the items that were there, by key; a few queries for each 500."""
        rows = alive(self.moment).filter(account=self.account, technology=self.technology)
        last = 0
        while True:
            found = rows.filter(id__gt=last).order_by("id").values_list(*COLUMNS)[:BATCH]
            batch = [Stood(*row) for row in found]
            if batch:
                yield self._mend(batch)
            if len(batch) < BATCH:
                return
            last = batch[-1].pk

    def _mend(self, batch: Sequence[Stood]) -> list[Stood]:
        """Put in what became otherwise without a revision, as far as it is kept."""
        pks = [one.pk for one in batch]
        reaches: dict[int, Reach] = {}
        for reach in Reach.objects.filter(item__in=pks, at__lte=self.moment).order_by("at", "pk"):
            reaches[reach.item_id] = reach
        mended = []
        for one in batch:
            later = reaches.get(one.pk)
            unread = later.unread if later and later.at > one.since else one.unread
            mended.append(one._replace(unread=unread))
        return self._with_moved(mended) if self.moving else mended

    def _with_moved(self, batch: list[Stood]) -> list[Stood]:
        """Take moving values from what is stored where nothing was read since; else say so."""
        newest = Item.objects.filter(pk__in=[one.pk for one in batch if one.until is None])
        present = {
            pk: rest for pk, *rest in newest.values_list("pk", "whole_digest", "config").iterator()
        }
        found = []
        for one in batch:
            digest, config = present.get(one.pk, (None, None))
            if self._last_look is None or self._last_look <= one.since:
                found.append(one)
            elif digest is not None and not self._later_look:
                found.append(one._replace(config=config, whole_digest=digest))
            else:
                found.append(one._replace(moved=digest != one.whole_digest))
        return found


def moving(technology: str) -> dict[Chain, str]:
    """Return the paths that move without a change being kept, now or ever, by their beginning."""
    paths = set(watchers[technology].ephemeral) if technology in watchers else set()
    for setting in WatcherSetting.history.filter(technology=technology):
        paths |= set(setting.ephemeral)
    return {_beginning(path): path for path in sorted(paths)}


def _beginning(path: str) -> Chain:
    """Return the names of a path up to the first list."""
    return tuple(takewhile(lambda step: step != "[]", steps(path)))
