"""Find what a question asks for: places that speak of addresses, and things, now or at a moment."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import Length, RowNumber

from items.asking import Addressed, Question
from items.bounding import TooLong, at_most
from items.models import Address, Item, Kind
from items.terms import Test, condition, test

NOW, GONE, OLDER = "now", "gone", "older"
IS, HOLDS, INSIDE = 1, 2, 3
ABSENT = (Kind.GONE, Kind.IGNORED)
# Of what must be read thing by thing, no more are counted and shown.
MOST_READ = 5000
# Of what answers a text as of a moment, so many are named by their keys in what is asked next.
MOST_NAMED = 20000
# A text that more things have is not counted, unasked, in what is gone and was once: there it
# stands in ten times as many revisions.
MANY = 2000
# Seconds for which things are read one by one where all of the answer is wanted.
LONGEST = 60
# Rows read at once, where each is asked.
AT_ONCE = 500


@dataclass(frozen=True)
class Chosen:
    """What of the answer is to be shown; empty: everything."""

    how: Sequence[int] = ()
    accounts: Sequence[int] = ()
    technologies: Sequence[str] = ()
    also: Sequence[str] = ()
    """gone, older: looked in beside what is there now."""


class Counted(NamedTuple):
    """How many places, or things, there are of one kind."""

    scope: str
    how: int
    account: int
    technology: str
    n: int


@dataclass(frozen=True)
class Hit:
    """One thing that was found, or one place in it."""

    item: Item
    scope: str
    config: Any
    """As it was when it answered the question."""
    how: int = 0
    path: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """When it ceased to be so; null: it still is, or was at the moment that is asked for."""


@dataclass
class Found:
    """An answer: its counts, and what of it is to be shown."""

    counts: list[Counted] = field(default_factory=list)
    places: int = 0
    """How many places, or things, answer the question and the choice."""
    items: int = 0
    hits: list[Hit] = field(default_factory=list)
    stopped: str = ""
    """Why not everything was read; empty: everything was."""


class Source(NamedTuple):
    """Rows that answer the question, and which of their columns is the item."""

    scope: str
    rows: QuerySet[Any]
    item: str


class Search:
    """One question asked of the things that ``sight`` holds, now or as of a moment.

    Whatever comes out of it, counts as well, is of things in ``sight``.
    """

    def __init__(
        self,
        question: Question,
        sight: QuerySet[Item],
        moment: datetime | None = None,
        until: float | None = None,
    ) -> None:
        self.question, self.sight, self.moment = question, sight, moment
        self.until = time.monotonic() + 10 if until is None else until
        self.stopped = ""
        self.others = [term for term in question.terms if not isinstance(term, Addressed)]
        self.tests = [one for one in map(test, self.others) if one]
        self._sources: dict[str, Source] = {}

    @property
    def is_dear(self) -> bool:
        """Whether things must be read one by one to answer it."""
        return bool(self.tests)

    # -- the rows ---------------------------------------------------------------------------

    def source(self, scope: str) -> Source:
        """Return the rows of one scope: what is there, is gone, or was once."""
        if scope not in self._sources:
            about = self.question.address
            make = self._things if about is None else lambda scope: self._places(about, scope)
            self._sources[scope] = make(scope)
        return self._sources[scope]

    def _places(self, about: Addressed, scope: str) -> Source:
        how, matches = _standing(about)
        rows = Address.objects.annotate(size=Length("first")).filter(matches, self._when(scope))
        items: QuerySet[Any] = self._narrowed(self.sight, "pk") if self.others else self.sight
        if items.query.has_filters():  # Else every address is in sight: asking costs a third more.
            rows = rows.filter(item__in=items.order_by().values("pk"))
        rows = rows.annotate(how=how, technology=F("item__technology"), account=F("item__account"))
        return Source(scope, rows, "item_id")

    def _when(self, scope: str) -> Q:
        moment = self.moment
        if moment is None:
            went = Q(until=F("item__gone_at"))
            conditions = {
                NOW: Q(until=None),
                GONE: went,
                OLDER: Q(until__isnull=False) & (~went | Q(item__gone_at=None)),
            }
            return conditions[scope]
        if scope == NOW:
            return Q(since__lte=moment) & (Q(until=None) | Q(until__gt=moment))
        left = _records().filter(
            _as_of(moment), id=OuterRef("item_id"), history_date=OuterRef("until"), kind__in=ABSENT
        )
        gone = Exists(left)
        return Q(until__lte=moment) & (Q(gone) if scope == GONE else ~Q(gone))

    def _things(self, scope: str) -> Source:
        nothing = Value(0, output_field=IntegerField())
        if self.moment is None and scope != OLDER:
            there = Q(gone_at=None) if scope == NOW else Q(gone_at__isnull=False)
            rows = self._narrowed(self.sight.filter(there).order_by(), "pk")
            return Source(scope, rows.annotate(how=nothing), "pk")
        rows = self._once() if scope == OLDER else self._then(scope)
        return Source(scope, rows.annotate(how=nothing), "id")

    def _then(self, scope: str) -> QuerySet[Any]:
        """Return what was there, or was gone, at the moment that is asked for."""
        assert self.moment is not None  # noqa: S101
        absent = Q(kind__in=ABSENT)
        rows = self._revisions().filter(_as_of(self.moment), absent if scope == GONE else ~absent)
        return self._narrowed(rows, "id")

    def _once(self) -> QuerySet[Any]:
        """Return the newest revision that answers, of what does not answer any more."""
        over = Q(until__isnull=False) if self.moment is None else Q(until__lte=self.moment)
        rows = self._revisions().filter(over)
        for scope in (NOW, GONE):
            still = self.source(scope)
            rows = rows.exclude(id__in=still.rows.order_by().values(still.item))
        rows = self._narrowed(rows, "id")
        return _records().filter(pk__in=_newest(rows))

    def _revisions(self) -> QuerySet[Any]:
        return _records().filter(id__in=self.sight.order_by().values("pk")).order_by()

    def _narrowed(self, rows: QuerySet[Any], key: str) -> QuerySet[Any]:
        """Keep the rows of which every other term holds.

        What was read to answer is named by its keys: no text is looked through again for each
        count.
        """
        holding = rows
        for term in self.others:
            holding = holding.filter(condition(term, key, self.moment))
        if self.tests:
            return rows.filter(pk__in=self._asked(holding))
        if self.moment is None or not self.others:
            return holding
        keys = list(holding.order_by().values_list("pk", flat=True)[: MOST_NAMED + 1])
        if len(keys) > MOST_NAMED:
            return holding
        return holding.model._default_manager.filter(pk__in=keys).order_by()

    def _asked(self, rows: QuerySet[Any]) -> list[int]:
        """Ask each thing, for as long as there is time; return the keys of those that answer."""
        found: list[int] = []
        # Their keys first: read in order by a cursor, PostgreSQL looks through every text.
        keys = list(rows.order_by().values_list("pk", flat=True))
        keys.sort()
        for start in range(0, len(keys), AT_ONCE):
            if time.monotonic() > self.until:
                self.stopped = f"There was time to read {start:,} of them only."
                break
            some = rows.model._default_manager.filter(pk__in=keys[start : start + AT_ONCE])
            read = some.order_by("pk").values_list("pk", "config")
            found += [pk for pk, config in read if _holds(self.tests, config)]
            if len(found) >= MOST_READ:
                self.stopped = f"Only the first {MOST_READ:,} that were found are counted."
                return found[:MOST_READ]
        return found

    # -- what is told of them ---------------------------------------------------------------

    def counts(self, scopes: Iterable[str]) -> list[Counted]:
        """Count what answers by scope, way of matching, account and technology."""
        found = []
        for scope in scopes:
            rows = self.source(scope).rows.order_by()
            lines = rows.values_list("how", "account", "technology").annotate(n=Count("pk"))
            found += [Counted(scope, *line) for line in lines]
        return found

    def chosen(self, chosen: Chosen) -> list[Source]:
        """Return the rows of what is to be shown, by scope."""
        sources = []
        for scope in (NOW, *(one for one in (GONE, OLDER) if one in chosen.also)):
            source = self.source(scope)
            rows = source.rows
            if chosen.how:
                rows = rows.filter(how__in=chosen.how)
            if chosen.accounts:
                rows = rows.filter(account__in=chosen.accounts)
            if chosen.technologies:
                rows = rows.filter(technology__in=chosen.technologies)
            sources.append(source._replace(rows=rows))
        return sources

    def items(self, sources: Sequence[Source]) -> int:
        """Count the things that rows are of."""
        first, *rest = [source.rows.order_by().values_list(source.item) for source in sources]
        if not rest:
            return first.distinct().count()
        return first.union(*rest).count()

    def few(self, sources: Sequence[Source], each: int) -> list[Hit]:
        """Return the first hits of each technology."""
        rows: list[tuple[Source, Any]] = []
        for source in sources:
            number = Window(
                RowNumber(), partition_by=[F("technology")], order_by=self._order(source)
            )
            # Only their keys are sorted with all the others; what is told of them is read apart.
            first = source.rows.order_by().annotate(number=number).filter(number__lte=each)
            keys = list(first.values_list("pk", flat=True))
            told_of = source.rows.filter(pk__in=keys).order_by("technology", *self._order(source))
            rows += [(source, row) for row in self._read(source, told_of)]
        told: dict[str, int] = {}
        kept = []
        for source, row in rows:
            told[row["technology"]] = told.get(row["technology"], 0) + 1
            if told[row["technology"]] <= each:
                kept.append((source, row))
        return self._hits(kept)

    def slice(self, sources: Sequence[Source], start: int, size: int) -> list[Hit]:
        """Return some hits of all, by account."""
        kept: list[tuple[Source, Any]] = []
        for source in sources:
            count = source.rows.count()
            if start < count and len(kept) < size:
                rows = source.rows.order_by("account", *self._order(source))
                some = self._read(source, rows[start : start + size - len(kept)])
                kept += [(source, row) for row in some]
            start = max(0, start - count)
        return self._hits(kept)

    def _order(self, source: Source) -> list[str]:
        if self.question.address:
            return ["how", "-first", "last", "item__name", "pk"]
        return ["name", "pk"]

    def _read(self, source: Source, rows: QuerySet[Any]) -> list[Any]:
        if self.question.address:
            fields = ["item_id", "how", "path", "text", "since", "until"]
        else:
            fields = [source.item, "how", *(["history_date", "until"] * (source.item == "id"))]
        return list(rows.values("pk", "technology", *fields))

    def _hits(self, rows: Sequence[tuple[Source, Any]]) -> list[Hit]:
        items = Item.objects.select_related("account").in_bulk(
            {row[source.item] for source, row in rows}
        )
        configs = self._configs(rows)
        hits = []
        for source, row in rows:
            item = items[row[source.item]]
            about = (item.pk, row.get("since") or row.get("history_date"))
            hits.append(
                Hit(
                    item=item,
                    scope=source.scope,
                    config=configs.get(about, item.config),
                    how=row["how"],
                    path=row.get("path", ""),
                    text=row.get("text", ""),
                    since=about[1],
                    until=row.get("until") if source.scope == OLDER else None,
                )
            )
        return hits

    def _configs(self, rows: Sequence[tuple[Source, Any]]) -> dict[tuple[int, datetime], Any]:
        """Read what things were like then, where that is not what they are."""
        wanted = {
            (row[source.item], row.get("since") or row.get("history_date"))
            for source, row in rows
            if source.scope == OLDER or self.moment is not None
        }
        if not wanted:
            return {}
        records = _records().filter(
            id__in={item for item, _ in wanted}, history_date__in={at for _, at in wanted}
        )
        lines = records.order_by("history_id").values_list("id", "history_date", "config")
        return {(item, at): config for item, at, config in lines}


def search(
    question: Question,
    sight: QuerySet[Item],
    chosen: Chosen,
    moment: datetime | None = None,
    each: int = 4,
    page: tuple[int, int] | None = None,
    until: float | None = None,
    look_further: bool = True,
) -> Found:
    """Answer a question from the things in ``sight``; nothing of what is not there is counted.

    Gives the first ``each`` hits of every technology, or with ``page`` (start, size) a part of
    them all. ``until``: the monotonic moment after which no further thing is read.
    ``look_further``: count what is gone and what was once, even where it is not shown, unless
    it is what most things have.
    """
    asked = Search(question, sight, moment, until)
    scopes = [NOW, *(s for s in (GONE, OLDER) if s in chosen.also or look_further)]
    if asked.is_dear:
        scopes = [NOW, *chosen.also]
    sources = asked.chosen(chosen)
    found = Found(counts=asked.counts(scopes[:1]))
    if question.address is None and sum(one.n for one in found.counts) > MANY:
        scopes = [NOW, *chosen.also]
    found.counts += asked.counts(scopes[1:])
    found.places = sum(
        one.n
        for one in found.counts
        if (one.scope == NOW or one.scope in chosen.also)
        and (not chosen.how or one.how in chosen.how)
        and (not chosen.accounts or one.account in chosen.accounts)
        and (not chosen.technologies or one.technology in chosen.technologies)
    )
    # Of a text there is one place in each thing, as long as only one moment is asked.
    one_each = question.address is None and len(sources) == 1
    found.items = found.places if one_each else asked.items(sources)
    found.hits = asked.slice(sources, *page) if page else asked.few(sources, each)
    found.stopped = asked.stopped
    return found


def every_hit(
    question: Question,
    sight: QuerySet[Item],
    chosen: Chosen,
    moment: datetime | None = None,
    seconds: float = LONGEST,
) -> Iterator[Hit]:
    """Yield every hit of a question among the things in ``sight``, some at a time.

    Raises TooLong after those that were found in ``seconds``, where there may be more.
    """
    with at_most(seconds) as end:
        asked = Search(question, sight, moment, until=end)
        sources = asked.chosen(chosen)
        start = 0
        while some := asked.slice(sources, start, AT_ONCE):
            yield from some
            start += AT_ONCE
            if time.monotonic() > end:
                raise TooLong(f"It takes longer than {seconds:g} seconds.")
        if asked.stopped:
            raise TooLong(asked.stopped)


def in_force_at(sight: QuerySet[Item], moment: datetime) -> QuerySet[Any]:
    """Return the revisions in which things in ``sight`` were there at a moment."""
    there = ~Q(kind__in=ABSENT)
    return _records().filter(_as_of(moment), there, id__in=sight.order_by().values("pk")).order_by()


def _records() -> Any:
    return Item.history.model._default_manager


def _as_of(moment: datetime) -> Q:
    return Q(history_date__lte=moment) & (Q(until=None) | Q(until__gt=moment))


def _newest(records: QuerySet[Any]) -> Any:
    """Return the key of each item's newest among the revisions."""
    number = Window(
        RowNumber(), partition_by=[F("id")], order_by=[F("history_date").desc(), F("pk").desc()]
    )
    return records.order_by().annotate(age=number).filter(age=1).values("pk")


def _holds(tests: Iterable[Test], config: Any) -> bool:
    return all(holds(config) for holds in tests)


def _standing(about: Addressed) -> tuple[Case, Q]:
    """Return how a block stands to the network that is asked for, and which ones do so."""
    first, last = about.first, about.last
    exact = Q(first=first, last=last)
    # Blocks are networks, so one that holds another begins where a wider network would: few
    # places, each found by the index.
    wider = Q(first__in=_beginnings(first, last), last__gte=last)
    inside = Q(first__gte=first, first__lte=last, last__lte=last, size=len(first))
    how = Case(
        When(exact, then=IS), When(wider, then=HOLDS), default=INSIDE, output_field=IntegerField()
    )
    return how, wider | inside


def _beginnings(first: bytes, last: bytes) -> list[bytes]:
    """Return where each network begins that holds all addresses from first to last."""
    number, end, bits = int.from_bytes(first), int.from_bytes(last), 8 * len(first)
    found = {
        begin
        for length in range(bits + 1)
        for begin in [number >> (bits - length) << (bits - length)]
        if begin | ((1 << (bits - length)) - 1) >= end
    }
    return sorted(one.to_bytes(len(first)) for one in found)
