"""Other items as they were at a moment, for a rule that is tried on the past."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Min, Q, QuerySet

from accounts.models import Account
from audits.functions.base import Neighbour, Unread
from audits.lookups import as_compared, values_at
from audits.world import KEPT, MOST_INDEXED, MOST_RELATED
from items.models import Gap, Item, Kind, Run
from items.recording import BATCH
from items.watchers import watchers

Moments = set[datetime]


class Spell(NamedTuple):
    """From when until when a revision of another item was in force."""

    since: datetime
    until: datetime | None
    revision: int

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class Then:
    """Every other item from a moment on; one for all accounts, few are held."""

    def __init__(self, since: datetime, accounts: Iterable[Account]) -> None:
        self.since = since
        self.accounts = list(accounts)
        self._spells: dict[tuple[str, str], dict[str, list[Spell]]] = {}
        self._slices: dict[tuple[int, str], list[tuple[Spell, Neighbour]]] = {}
        self._found: dict[int, Neighbour] = {}
        self._first_read: dict[str, dict[int, datetime]] = {}
        self._gaps: dict[str, list[tuple[int, datetime, datetime | None]]] = {}

    def at(self, moment: datetime, account: Account) -> "ReadingThen":
        """Return a reader of how it was at a moment, seen from an item of an account."""
        return ReadingThen(self, moment, account)

    def spells(self, technology: str, path: str) -> dict[str, list[Spell]]:
        """Return when each value was at a path of some item."""
        if (technology, path) not in self._spells:
            index: dict[str, list[Spell]] = defaultdict(list)
            held = 0
            rows = self._rows(technology).values_list(
                "history_date", "until", "history_id", "config"
            )
            for since, until, revision, config in rows.iterator(chunk_size=500):
                for value in values_at(technology, path, config):
                    index[value].append(Spell(since, until, revision))
                    held += 1
                if held > MOST_INDEXED:
                    raise Unread(f"{technology} had too many values at {path} to look among them.")
            self._spells[technology, path] = index
        return self._spells[technology, path]

    def neighbours(self, revisions: Sequence[int]) -> list[Neighbour]:
        """Return other items as they stood in revisions."""
        missing = [one for one in revisions if one not in self._found]
        if len(self._found) + len(missing) > 2 * KEPT:
            self._found.clear()
            missing = list(revisions)
        for start in range(0, len(missing), BATCH):
            rows = Item.history.filter(history_id__in=missing[start : start + BATCH])
            self._found |= dict(_neighbours(rows))
        return [self._found[one] for one in revisions if one in self._found]

    def slice(self, account: Account, technology: str) -> list[tuple[Spell, Neighbour]]:
        """Return every revision of a slice; raise Unread where they are too many."""
        key = (account.pk, technology)
        if key not in self._slices:
            rows = self._rows(technology).filter(account_id=account.pk)
            if rows.count() > MOST_RELATED:
                raise Unread(
                    f"The account has had more than {MOST_RELATED} revisions of {technology}."
                )
            spells = {
                revision: Spell(since, until, revision)
                for since, until, revision in rows.values_list(
                    "history_date", "until", "history_id"
                )
            }
            if len(spells) + sum(map(len, self._slices.values())) > MOST_RELATED:
                self._slices.clear()
            self._slices[key] = [(spells[pk], one) for pk, one in _neighbours(rows)]
        return self._slices[key]

    def _rows(self, technology: str) -> QuerySet[Any]:
        """Return the revisions in which something was there, from the moment on."""
        return (
            Item.history.filter(Q(until=None) | Q(until__gt=self.since), technology=technology)
            .exclude(kind__in=(Kind.GONE, Kind.IGNORED))
            .order_by("history_id")
        )

    def unread(self, technology: str, accounts: Iterable[Account], at: datetime) -> set[int]:
        """Return those accounts in which a technology had not been read completely then."""
        if technology not in self._first_read:
            runs = Run.objects.filter(
                technology=technology, kind=Run.Kind.LOOKED, state=Run.State.DONE
            )
            first = runs.order_by().values_list("account_id").annotate(Min("started_at"))
            self._first_read[technology] = dict(first)
            gaps = Gap.objects.filter(technology=technology, part="").exclude(code="NotAsked")
            self._gaps[technology] = list(gaps.values_list("account_id", "since", "until"))
        first_read = self._first_read[technology]
        missing = {
            one.pk for one in accounts if one.pk not in first_read or first_read[one.pk] > at
        }
        gaps_then = {
            account
            for account, since, until in self._gaps[technology]
            if since <= at and (until is None or at < until)
        }
        return missing | (gaps_then & {one.pk for one in accounts})


NOT_LOOKED_UP = "What was open on other items at that time is not looked up."


class ReadingThen:
    """The reader of one rule on one item at one moment; notes when the answers may change."""

    def __init__(self, then: Then, moment: datetime, account: Account) -> None:
        self.then, self.moment, self.account = then, moment, account
        self.moments: Moments = set()
        """When something that was looked at became otherwise, later or before."""

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        wanted = as_compared(technology, values)
        index = self.then.spells(technology, path)
        spells = {value: index.get(value, []) for value in wanted}
        holding = {
            value: [one.revision for one in ones if one.holds(self.moment)]
            for value, ones in spells.items()
        }
        for ones in spells.values():
            self._note(ones)
        found = sorted({revision for ones in holding.values() for revision in ones})
        if not (found if any_of else all(holding.values())):
            self._trust(technology, self._watched(technology))
        return self.then.neighbours(found)

    def related(self, technology: str) -> list[Neighbour]:
        self._trust(technology, [self.account])
        every = self.then.slice(self.account, technology)
        self._note(spell for spell, _ in every)
        return [one for spell, one in every if spell.holds(self.moment)]

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        raise Unread(NOT_LOOKED_UP)

    def _note(self, spells: Iterable[Spell]) -> None:
        for one in spells:
            self.moments.add(one.since)
            if one.until:
                self.moments.add(one.until)

    def _watched(self, technology: str) -> list[Account]:
        """Return the accounts in which it could have been: those that are watched, and were."""
        there = [
            one
            for one in self.then.accounts
            if one.active and not one.third_party and one.created_at <= self.moment
        ]
        if technology in watchers:
            there = [one for one in there if one.type == watchers[technology].account_type]
        return there

    def _trust(self, technology: str, accounts: Sequence[Account]) -> None:
        missing = self.then.unread(technology, accounts, self.moment)
        if missing:
            others = len(missing - {self.account.pk})
            where = ["this account"] * (self.account.pk in missing)
            where += [f"{others} other account{'s' * (others > 1)}"] * bool(others)
            raise Unread(f"{technology} of {' and '.join(where)} had not been read completely.")


def later(moments: Moments, after: datetime, before: datetime) -> datetime | None:
    """Return the first of some moments that lies between two others."""
    ordered = sorted(moments)
    place = bisect_right(ordered, after)
    return ordered[place] if place < len(ordered) and ordered[place] < before else None


def _neighbours(rows: QuerySet[Any]) -> Iterator[tuple[int, Neighbour]]:
    """Yield other items as rules may see them, by their revision."""
    columns = ("history_id", "config", "account__identifier", "uid", "name", "id")
    for row in rows.values_list(*columns).iterator(chunk_size=500):
        yield row[0], Neighbour(*row[1:])
