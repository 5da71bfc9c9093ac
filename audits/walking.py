"""Hold a text against the past of items, one revision after the other."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q

from audits.drafts import Draft
from audits.engine import Outcome, Verdict
from audits.episodes import BEFORE, FIRST, MOVES, OFF, OTHERS, TIME, Episode, Story, Turn, alike
from audits.functions.base import NoReader
from audits.reading import functions_called
from audits.rulebook import depends_on_time
from audits.scoping import InForce
from audits.then import Moments, Then, later
from audits.trying import Trial
from items.earlier import CHANGES
from items.models import Item, Kind

# Rows of history read at once.
ROWS = 500
# So often within one revision a text is asked again because what it looks up changed.
MOMENTS = 40
LOOKS = frozenset({"lookup", "related", "open_issues"})
DAY = timedelta(days=1)
COLUMNS = (
    *("history_id", "id", "account_id", "technology", "uid", "name", "full_name", "region"),
    *("config", "unread", "whole_digest", "history_date", "until", "kind", "run_id", "actor"),
)


class Revised(NamedTuple):
    """What is read of a revision."""

    revision: int
    pk: int
    account_id: int
    technology: str
    uid: str
    name: str
    full_name: str
    region: str
    config: Any
    unread: dict[str, str]
    whole_digest: str
    since: datetime
    until: datetime | None
    kind: str
    run: int | None
    actor: Any


def revisions(pks: Sequence[int], since: datetime | None) -> Iterator[Revised]:
    """Yield the revisions of some items, item by item, the oldest first; a few rows at a time.

    With ``since`` only those that were in force at that moment or later. No cursor stays open,
    so that something may be written in between.
    """
    rows = Item.history.filter(id__in=pks).order_by("id", "history_id")
    if since:
        rows = rows.filter(Q(until=None) | Q(until__gt=since))
    item, last = 0, 0
    while True:
        after = Q(id__gt=item) | Q(id=item, history_id__gt=last)
        some = list(rows.filter(after, id__gte=item).values_list(*COLUMNS)[:ROWS])
        for row in some:
            yield Revised(*row)
        if len(some) < ROWS:
            return
        last, item = some[-1][:2]


class Past:
    """A text, and the time in which it is asked."""

    def __init__(self, draft: Draft, trial: Trial, since: datetime, now: datetime) -> None:
        self.trial, self.since, self.now = trial, since, now
        self.then = Then(since, trial.accounts.values())
        texts = [text for text in (draft.expression, draft.applies_when) if text]
        self.looks = any(functions_called(text) & LOOKS for text in texts)
        self.reads_time = depends_on_time(draft)
        self.asked = 0
        self.cut = 0
        """Revisions within which it was not asked each time that it should."""

    def ask(
        self, row: Revised, holds: InForce, at: datetime, previous: Any
    ) -> tuple[Verdict, Moments]:
        """Return the verdict at a moment, and when what it looked up became otherwise."""
        self.asked += 1
        if not self.looks:
            context = self.trial.context(row, holds, at, previous, NoReader())
            return self.trial.judge(row, context), set()
        reader = self.then.at(at, self.trial.accounts[row.account_id])
        context = self.trial.context(row, holds, at, previous, reader)
        return self.trial.judge(row, context), reader.moments

    def within(
        self, row: Revised, holds: InForce, previous: Any, turn: Turn, end: datetime
    ) -> Iterator[tuple[Turn, Verdict]]:
        """Yield each moment, from ``turn`` until ``end``, at which the answer may be another."""
        for _ in range(MOMENTS):
            verdict, moments = self.ask(row, holds, turn.at, previous)
            yield turn, verdict
            next_one = later(moments, turn.at, end)
            if self.reads_time:
                yield from self._days(row, holds, previous, turn.at, verdict, next_one or end)
            if next_one is None:
                return
            turn = Turn(next_one, OTHERS)
        self.cut += 1

    def _days(
        self,
        row: Revised,
        holds: InForce,
        previous: Any,
        start: datetime,
        first: Verdict,
        end: datetime,
    ) -> Iterator[tuple[Turn, Verdict]]:
        """Yield the midnights between two moments on which the answer became another."""
        midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        count = (end - midnight - timedelta(microseconds=1)) // DAY
        if count < 1:
            return

        def ask(day: int) -> Verdict:
            return self.ask(row, holds, midnight + day * DAY, previous)[0]

        waiting = [(0, first, count, ask(count))]
        while waiting:
            early, before, late, after = waiting.pop()
            if alike(before, after):
                continue
            if late - early == 1:
                yield Turn(midnight + late * DAY, TIME), after
                continue
            middle = (early + late) // 2
            between = ask(middle)
            waiting += [(middle, between, late, after), (early, before, middle, between)]


class Walk:
    """One item on its way through its revisions."""

    def __init__(self, past: Past, pk: int, first_runs: set[int]) -> None:
        self.past, self.pk = past, pk
        self.story = Story()
        self.ended: list[Episode] = []
        self.reason = ""
        """Why there was no answer at some moment."""
        self.off = False
        self.last: Revised | None = None
        self._previous: Any = None
        self._first_runs = first_runs

    def take(self, row: Revised) -> None:
        """Go through the next revision."""
        before, self.last = self.last, row
        if before and row.kind in CHANGES:
            self._previous = before.config
        end = row.until or self.past.now
        if end <= self.past.since:
            return
        turn = self._turn(row, before)
        holds = self.past.trial.holds(row)
        gone = row.kind in (Kind.GONE, Kind.IGNORED)
        self.off = self.off or not holds.on
        if gone or not holds.on:
            self.ended += self.story.close(turn if gone else Turn(turn.at, OFF))
            return
        for moment, verdict in self.past.within(row, holds, self._previous, turn, end):
            self._see(verdict, holds.score, moment)

    def _turn(self, row: Revised, before: Revised | None) -> Turn:
        if row.since < self.past.since:
            return Turn(self.past.since, BEFORE, row.revision, run=row.run, actor=row.actor)
        first = row.kind == Kind.CREATED and row.run in self._first_runs
        return Turn(
            row.since,
            FIRST if first else row.kind,
            row.revision,
            before.revision if before else None,
            row.run,
            row.actor,
        )

    def finish(self, present: Revised | None) -> None:
        """End with the item as it is now, where that differs from its last revision."""
        if present is None:
            return
        holds = self.past.trial.holds(present)
        if holds.on:
            now = self.past.now
            verdict, _ = self.past.ask(present, holds, now, self._previous)
            self._see(verdict, holds.score, Turn(now, MOVES))

    def _see(self, verdict: Verdict, score: int, turn: Turn) -> None:
        if verdict.outcome is Outcome.UNKNOWN:
            self.reason = verdict.reason
        self.ended += self.story.see(verdict, score, turn)

    def episodes(self) -> list[Episode]:
        """Return everything that was found, ended or not."""
        return [*self.ended, *self.story.open.values()]
