"""Keep what was just seen: compare it with what is stored, and write the difference."""

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

from items.canonical import digest, durable_digest
from items.comparing import Sameness, compare
from items.gaps import record_gaps
from items.indexing import index_addresses
from items.models import IgnoredName, Item, Kind, Reach, Run, Slice, WatcherSetting
from items.paths import steps
from items.portions import Portion
from items.referring import refer
from items.watchers.base import Snapshot, Watcher
from items.writing import create, insert

# How many rows one statement writes: SQLite takes a bounded number of values.
BATCH = 500


@dataclass
class Changes:
    """What one portion of a look brought, for auditing and telling."""

    run: Run
    created: list[Item] = field(default_factory=list)
    changed: list[Item] = field(default_factory=list)
    gone: list[Item] = field(default_factory=list)
    back: list[Item] = field(default_factory=list)
    completed: list[Item] = field(default_factory=list)
    ignored: list[Item] = field(default_factory=list)
    refreshed: list[Item] = field(default_factory=list)
    """Only values changed that are no change: last-used dates, counters."""
    reached: list[Item] = field(default_factory=list)
    """What of the item could be read has changed."""
    first_looks: frozenset[str] = frozenset()
    """Places that had never been read completely before this look."""
    gaps_changed: bool = False
    last: bool = False

    before: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The configuration that a changed item had, by its key."""

    def items(self) -> list[Item]:
        """Return every item that rules must be run on again, each once."""
        every = (
            self.created
            + self.changed
            + self.gone
            + self.back
            + self.completed
            + self.ignored
            + self.refreshed
            + self.reached
        )
        return list({item.pk: item for item in every}.values())

    def news(self) -> Iterator[tuple[str, Item]]:
        """Yield (kind, item) for what people are told of, first looks left out."""
        told = {
            Kind.CREATED: self.created,
            Kind.CHANGED: self.changed,
            Kind.GONE: self.gone,
            Kind.BACK: self.back,
        }
        for kind, items in told.items():
            for item in items:
                if kind != Kind.CREATED or item.place not in self.first_looks:
                    yield kind, item


class Stored(NamedTuple):
    """What is read of every living item of a slice: never its configuration."""

    pk: int
    digest: str
    whole_digest: str
    unread: dict[str, str]


class Fresh(NamedTuple):
    """A snapshot beside the row that it belongs to, if there is one."""

    snapshot: Snapshot
    stored: Stored | None


def record(run: Run, watcher: Watcher, part: Portion) -> Changes:
    """Write what a portion changes, with history; inside ``run.transaction()``.

    What is missing is gone only where its place answered to the end. With the last portion
    come "gone" and the gaps. Writes nothing for an item that is as it was but when it was
    last seen.
    """
    recorder = _Recorder(run, watcher)
    changes = recorder.changes
    recorder.take(part.snapshots)
    if part.last:
        recorder.miss(part.answered)
        changes.last = True
        changes.gaps_changed = record_gaps(run, part.refusals, part.answered)
        run.gaps = len({(r.place, r.part, r.operation, r.code) for r in part.refusals})
        _note_places(run, part.answered)
        _note_read(run)
    run.found += len(part.snapshots)
    run.created += len(changes.created)
    run.changed += len(changes.changed) + len(changes.back)
    run.gone += len(changes.gone)
    return changes


def _note_places(run: Run, answered: frozenset[str]) -> None:
    places = set(run.slice.places) | answered
    if places != set(run.slice.places):
        run.slice.places = sorted(places)
        run.slice.save(update_fields=["places"])


def _note_read(run: Run) -> None:
    """Note that the slice was read, with its last portion: who looks at it sees both or neither."""
    if run.slice.read_at is None:
        Slice.objects.filter(pk=run.slice.pk).update(read_at=run.started_at)


class _Recorder:
    """The state of recording one portion."""

    def __init__(self, run: Run, watcher: Watcher) -> None:
        self.run, self.watcher, self.now = run, watcher, run.started_at
        self.slice_items = Item.objects.filter(account=run.account, technology=run.technology)
        setting = WatcherSetting.of(run.account, run.technology)
        self.ephemeral = tuple(steps(path) for path in (*watcher.ephemeral, *setting.ephemeral))
        self.patterns = [
            name.pattern for name in IgnoredName.objects.filter(technology=run.technology)
        ]
        self.changes = Changes(run)
        if run.unseen is None:
            run.unseen = self._living()
        self.unseen = run.unseen

    def take(self, snapshots: Iterable[Snapshot]) -> None:
        """Sort snapshots by what they change, and write each kind at once."""
        first = {s.place for s in snapshots} - set(self.run.slice.places)
        self.changes.first_looks = frozenset(first)
        seen, other, new = [], [], []
        for snapshot in snapshots:
            if self._ignored(snapshot.name):
                continue
            row = self.unseen.pop((snapshot.place, snapshot.uid), None)
            if row is None:
                new.append(Fresh(snapshot, None))
            elif self._as_it_was(snapshot, row):
                seen.append(row.pk)
            else:
                other.append(Fresh(snapshot, row))
        for start in range(0, len(other), BATCH):
            seen += self._differ(other[start : start + BATCH])
        self.slice_items.filter(pk__in=seen).update(last_seen=self.now)
        if new:
            self._appear(new)

    def miss(self, answered: frozenset[str]) -> None:
        """Mark what was not seen, in places that answered to the end, as gone."""
        missing = [row.pk for (place, _), row in self.unseen.items() if place in answered]
        gone: list[Item] = []
        for start in range(0, len(missing), BATCH):
            gone += self.slice_items.filter(pk__in=missing[start : start + BATCH])
        for item in gone:
            item.gone_at = item.changed_at = self.now
        self.changes.ignored = [item for item in gone if self._ignored(item.name)]
        self.changes.gone = [item for item in gone if not self._ignored(item.name)]
        self._write(self.changes.gone, Kind.GONE)
        self._write(self.changes.ignored, Kind.IGNORED)

    def _living(self) -> dict[tuple[str, str], Stored]:
        rows = self.slice_items.living().values_list(
            "place", "uid", "pk", "digest", "whole_digest", "unread"
        )
        return {(place, uid): Stored(*rest) for place, uid, *rest in rows.iterator()}

    def _ignored(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.patterns)

    def _as_it_was(self, snapshot: Snapshot, row: Stored) -> bool:
        return (
            not snapshot.unread and not row.unread and row.whole_digest == digest(snapshot.config)
        )

    def _differ(self, fresh: list[Fresh]) -> list[int]:
        """Look closer at items whose digest differs, or of which parts were not read.

        Writes what is to be written; returns the keys of those that are as they were after all.
        """
        same = []
        items = self.slice_items.in_bulk([one.stored.pk for one in fresh if one.stored])
        kinds: dict[Sameness, list[Item]] = {sameness: [] for sameness in Sameness}
        for snapshot, row in fresh:
            assert row is not None  # noqa: S101  (only rows that are stored come here)
            item = items[row.pk]
            reach = {part: refusal.reason for part, refusal in snapshot.unread.items()}
            config = snapshot.config | {
                part: item.config[part] for part in reach if part in item.config
            }
            sameness = compare(self.watcher, self.ephemeral, item.config, config)
            if sameness is Sameness.SAME and item.unread == reach:
                same.append(item.pk)
                continue
            self.changes.before[item.pk] = item.config
            if item.unread != reach:
                self.changes.reached.append(item)
            self._update(item, snapshot, config, reach)
            if sameness in (Sameness.DIFFERENT, Sameness.COMPLETED):
                item.changed_at = self.now
            kinds[sameness].append(item)
        self.changes.changed += kinds[Sameness.DIFFERENT]
        self.changes.completed += kinds[Sameness.COMPLETED]
        self.changes.refreshed += kinds[Sameness.REFRESHED]
        self._write(kinds[Sameness.DIFFERENT], Kind.CHANGED)
        self._write(kinds[Sameness.COMPLETED], Kind.COMPLETED)
        silent = kinds[Sameness.REFRESHED] + kinds[Sameness.SAME]
        self._save(silent)
        self._note_reach(silent)
        return same

    def _appear(self, fresh: list[Fresh]) -> None:
        """Write items that were not there: new ones, and ones that come back."""
        names = {one.snapshot.uid for one in fresh}
        gone = {
            (item.place, item.uid): item
            for item in self.slice_items.exclude(gone_at=None).filter(uid__in=names)
        }
        created = []
        for snapshot, _ in fresh:
            reach = {part: refusal.reason for part, refusal in snapshot.unread.items()}
            item = gone.get((snapshot.place, snapshot.uid))
            if item is None:
                item = Item(
                    account=self.run.account,
                    technology=self.run.technology,
                    place=snapshot.place,
                    uid=snapshot.uid,
                    first_seen=self.now,
                )
                created.append(item)
            else:
                self.changes.back.append(item)
            config = snapshot.config
            item.gone_at, item.changed_at = None, self.now
            self._update(item, snapshot, config, reach)
        create(created)
        self.changes.created += created
        self._note(created, Kind.CREATED)
        refer(created, self.run.account, self.now, new=True)
        index_addresses(created, self.now, self.ephemeral, new=True)
        self._write(self.changes.back, Kind.BACK)

    def _update(
        self, item: Item, snapshot: Snapshot, config: dict[str, Any], reach: dict[str, str]
    ) -> None:
        item.name, item.full_name = snapshot.name[:500], snapshot.full_name[:1000]
        item.region = snapshot.region or item.region
        item.config, item.unread, item.last_seen = config, reach, self.now
        item.digest = durable_digest(config, self.ephemeral)
        item.whole_digest = digest(config)

    def _write(self, items: list[Item], kind: Kind) -> None:
        """Save items that changed for good, and add a revision of each."""
        self._save(items)
        pks = [item.pk for item in items]
        for start in range(0, len(pks), BATCH):
            Item.history.filter(id__in=pks[start : start + BATCH], until=None).update(
                until=self.now
            )
        self._note(items, kind)
        refer(items, self.run.account, self.now)
        index_addresses(items, self.now, self.ephemeral)

    def _save(self, items: list[Item]) -> None:
        """Update many rows in few statements."""
        fields = [f.name for f in Item._meta.concrete_fields if not f.primary_key]
        Item.objects.bulk_create(
            items,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["account", "technology", "place", "uid"],
            update_fields=[f for f in fields if f not in ("account", "technology", "place", "uid")],
        )

    def _note_reach(self, items: list[Item]) -> None:
        """Keep what could be read of items from now on, where no revision says it."""
        reached = {item.pk for item in self.changes.reached}
        rows = [
            Reach(item=item, at=self.now, unread=item.unread)
            for item in items
            if item.pk in reached
        ]
        if rows:
            Reach.objects.bulk_create(rows, batch_size=BATCH)

    def _note(self, items: list[Item], kind: Kind) -> None:
        """Add a revision of each, as it is from now on."""
        records = Item.history.model
        alike = {
            "history_date": self.now,
            "history_type": "+",
            "history_change_reason": None,
            "history_user_id": None,
            "run_id": self.run.pk,
            "kind": str(kind),
            "until": None,
            "actor": None,
        }
        names = [field.attname for field in records._meta.concrete_fields if not field.primary_key]
        own = [name for name in names if name not in alike]
        said, same = attrgetter(*own), tuple(alike.values())
        insert(records, [*own, *alike], [(*said(item), *same) for item in items])
