"""Keep which addresses items speak of, from when until when, beside their revisions."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from django.db import transaction

from items.addresses import Block, blocks
from items.models import Address, Item, Kind, WatcherSetting
from items.paths import steps, without
from items.watchers import watchers
from items.writing import insert

Steps = tuple[str, ...]
"""A path as ``items.paths.steps()`` gives it."""

# How many rows one statement writes, and of how many items the rows are read at once.
BATCH = 500
COLUMNS = ("item_id", "since", "until", *Block._fields)
# Items whose past is read in one transaction.
AT_ONCE = 100
ABSENT = (Kind.GONE, Kind.IGNORED)


def index_addresses(
    items: Iterable[Item], now: datetime, ephemeral: tuple[Steps, ...], new: bool = False
) -> None:
    """Note what items speak of since ``now``, and what they have ceased to speak of.

    Call it in the transaction that writes the items' revisions. ``new``: nothing was noted of
    them, or all of it was closed. What is gone speaks of nothing. What is said at a path in
    ``ephemeral`` is not noted: it moves without a revision.
    """
    every = list(items)
    for start in range(0, len(every), BATCH):
        some = every[start : start + BATCH]
        said = {
            item.pk: set() if item.gone_at else blocks(without(item.config, ephemeral))
            for item in some
        }
        if not new:
            _close(said, now)
        rows = [(pk, now, None, *block) for pk, found in said.items() for block in sorted(found)]
        insert(Address, COLUMNS, rows)


def _close(said: dict[int, set[Block]], now: datetime) -> None:
    """Close what is not said any more, and take what is said already out of ``said``."""
    noted = Address.objects.filter(item__in=said, until=None)
    ended = []
    for pk, item, first, last, text, path in noted.values_list(
        "pk", "item_id", "first", "last", "text", "path"
    ):
        block = Block(bytes(first), bytes(last), text, path)
        if block in said[item]:
            said[item].discard(block)
        else:
            ended.append(pk)
    for start in range(0, len(ended), BATCH):
        Address.objects.filter(pk__in=ended[start : start + BATCH]).update(until=now)


def _row(item: int, block: Block, since: datetime, until: datetime | None = None) -> Address:
    return Address(item_id=item, since=since, until=until, **block._asdict())


def index_history(after: int = 0) -> Iterator[tuple[int, int]]:
    """Note what every item said in each of its revisions, in place of what was noted of it.

    Yields the key of the last item that is done and how many rows it came to so far. Each step
    is a transaction of its own: what was broken off goes on ``after`` that key, and what is done
    twice is the same.
    """
    written = 0
    while True:
        with transaction.atomic():
            # Held until the commit: a scan that changes one of them notes its addresses after us.
            items = Item.objects.filter(pk__gt=after).order_by("pk").select_for_update()
            found = list(items.only("pk", "technology", "account_id")[:AT_ONCE])
            if not found:
                return
            rows = [row for item in _pasts(found) for row in item]
            Address.objects.filter(item__in=found).delete()
            Address.objects.bulk_create(rows, batch_size=BATCH)
        after, written = found[-1].pk, written + len(rows)
        yield after, written


def _pasts(items: list[Item]) -> Iterator[list[Address]]:
    """Yield the rows of each item, from its revisions."""
    technology = {item.pk: item.technology for item in items}
    ephemeral = {name: _ephemeral(name) for name in set(technology.values())}
    records = Item.history.model._default_manager
    revisions = records.filter(id__in=technology).order_by("id", "history_date", "history_id")
    lines = revisions.values_list("id", "history_date", "kind", "config").iterator(chunk_size=200)
    for pk, some in groupby(lines, key=lambda line: line[0]):
        done: list[Address] = []
        open_: dict[Block, Address] = {}
        for _, at, kind, config in some:
            said = set()
            if kind not in ABSENT:
                said = blocks(without(config, ephemeral[technology[pk]]))
            for block in open_.keys() - said:
                open_[block].until = at
                done.append(open_.pop(block))
            for block in sorted(said - open_.keys()):
                open_[block] = _row(pk, block, at)
        yield [*done, *open_.values()]


def _ephemeral(technology: str) -> tuple[Steps, ...]:
    """Return what is no change in any account, by the watcher and the settings of all."""
    given = watchers[technology].ephemeral if technology in watchers else ()
    settings = WatcherSetting.objects.filter(technology=technology, account=None)
    more = [path for setting in settings for path in setting.ephemeral]
    return tuple(steps(path) for path in (*given, *more))
