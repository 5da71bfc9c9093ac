"""Ask things by an expression: a condition that chooses them, and columns that show them."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from jmespath.exceptions import JMESPathError

from accounts.models import Account
from audits.bounds import Evaluation, Exceeded, RuleError
from audits.compiling import compiled
from audits.drafts import Draft
from audits.engine import Outcome, parsed
from audits.functions.base import Context, Neighbour, Reader, Unread
from audits.linting import expression_faults, pointed
from audits.lookups import as_compared, values_at
from audits.rulebook import looks_back
from audits.then import Then
from audits.trying import Trial
from audits.world import World
from items.canonical import storable
from items.earlier import before_last_change
from items.fields import canonical_bytes
from items.models import Item
from items.searching import in_force_at

# Things that are read at once.
PORTION = 200
# Seconds after which what was found so far is the answer.
SECONDS = 10.0
MOST_COLUMNS = 20
# What is read of each thing; most are not chosen, and a date is dear to read.
NEEDED = (
    *("id", "account", "technology", "uid", "name", "full_name", "place", "region"),
    *("config", "unread"),
)
ORDER = ("name", "pk")
# A text of a cell beyond this is cut.
LONGEST = 2000
_TITLED = re.compile(r"\s*([\w ,.()%/-]{1,60}?)\s*:\s+(\S.*)")


@dataclass(frozen=True)
class Column:
    """What a table shows of each thing, by an expression."""

    title: str
    path: str


@dataclass(frozen=True)
class Query:
    """A question about things."""

    technology: str
    """Some technologies, commas between; empty: things of every one."""
    condition: str
    """JMESPath; empty: all of them."""
    columns: tuple[Column, ...] = ()

    @property
    def technologies(self) -> tuple[str, ...]:
        """The technologies whose things are asked; empty: every one."""
        return tuple(filter(None, self.technology.split(",")))

    def faults(self) -> list[str]:
        """Return what is wrong with it, each with the line and the place; empty: it can be run."""
        found = []
        if len(self.columns) > MOST_COLUMNS:
            found.append(f"At most {MOST_COLUMNS} columns.")
        texts = [("The condition", self.condition)] if self.condition else []
        texts += [(f"The column {one.title}", one.path) for one in self.columns]
        for name, text in texts:
            for fault in expression_faults("expression", text)[:1]:
                found.append(f"{name}: {pointed(text, fault.place or 0, fault.text)}")
        return found

    @property
    def draft(self) -> Draft:
        """The condition as a rule's text, which chooses what it is true of."""
        # Yes or no: what a condition gives may be too large to be kept as a finding.
        expression = f"({self.condition}) && `true`" if self.condition else "`true`"
        return Draft(technologies=self.technologies, expression=expression)


@dataclass(frozen=True)
class Row:
    """A thing that was chosen."""

    item: Any
    """An item, or a revision of one."""
    cells: Sequence[Any]
    unknown: tuple[str, ...] = ()
    """Why cells are empty that could not be worked out."""


@dataclass
class Answer:
    """What a query came to; the numbers grow while its rows are read."""

    asked: int = 0
    """How many things the condition was asked of."""
    chosen: int = 0
    unknown: int = 0
    """Of how many it could not be said."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Why it could not be said, with how often; the first few."""
    refused: set[int] = field(default_factory=set)
    """The keys of the things of which it does not hold."""
    stopped: bool = False
    """Whether the time was over before the end."""
    last: Any = None
    """The thing that was asked last; the next one follows it by name and key."""


class Closed:
    """Stands for the reader of other items where somebody may not see all of them."""

    def lookup(self, *_: Any, **__: Any) -> list[Any]:
        raise Unread("This expression looks at other items, and you may not see all of them.")

    related = issues = lookup


def columns_of(text: str) -> tuple[Column, ...]:
    """Read columns as a person writes them: a line each, ``Title: expression`` or the latter."""
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _TITLED.fullmatch(line)
        path = (match[2] if match else line).strip()
        found.append(Column(match[1] if match else path[:60], path))
    return tuple(found)


def query(
    asked: Query,
    things: QuerySet[Any],
    seen: frozenset[str] | None,
    answer: Answer,
    moment: datetime | None = None,
    seconds: float = SECONDS,
) -> Iterator[Row]:
    """Yield what the condition chooses among ``things``, which are in the reader's sight.

    ``things`` are items, or with ``moment`` revisions that were in force then. What an
    expression looks up is looked for in accounts with the identifiers ``seen`` only; None: in
    all. ``answer`` counts along. The
    condition is bounded as a rule is; where it gives no answer, that is unknown, and counted.
    """
    draft = asked.draft
    trial = Trial(draft, None)
    reader = _readers(trial, seen, moment)
    back = looks_back(draft) or any(looks_back(Draft(expression=c.path)) for c in asked.columns)
    now = moment or timezone.now()
    end = time.monotonic() + seconds
    rows = things.filter(technology__in=asked.technologies) if asked.technology else things
    rows = rows.only(*NEEDED).order_by(*ORDER)
    read = rows.iterator(chunk_size=PORTION)
    while portion := list(islice(read, PORTION)):
        trial.begin_portion()
        previous = before_last_change(portion) if back and moment is None else {}
        for row in portion:
            if time.monotonic() > end:
                answer.stopped = True
                return
            context = trial.context(row, trial.holds(row), now, previous.get(row.pk), reader(row))
            verdict = trial.judge(row, context)
            answer.asked += 1
            answer.last = row
            if verdict.outcome == Outcome.UNKNOWN:
                answer.unknown += 1
                if verdict.reason in answer.reasons or len(answer.reasons) < 5:
                    answer.reasons[verdict.reason] = answer.reasons.get(verdict.reason, 0) + 1
            elif verdict.outcome == Outcome.FAIL:
                answer.chosen += 1
                row.account = trial.accounts[row.account_id]
                yield _row(asked, row, context)
            else:
                answer.refused.add(row.pk)


def things_in(sight: QuerySet[Item], moment: datetime | None) -> QuerySet[Any]:
    """Return the things in sight that are there, or were at a moment."""
    if moment is None:
        return sight.filter(gone_at=None)
    return in_force_at(sight, moment)


class Beside:
    """Reads other items for somebody who may see some accounts only: what lies there counts.

    What is not found there may lie in an account out of sight, so it is unknown, whether it
    does or not.
    """

    def __init__(self, world: World, seen: frozenset[str]) -> None:
        self._world, self._seen = world, seen
        self._own = world.reader()

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        wanted = as_compared(technology, values)
        every = self._world.find(technology, path, wanted).found
        found = [one for one in every if one.account in self._seen]
        there = {value for one in found for value in values_at(technology, path, one.config)}
        if wanted and not (found if any_of else there.issuperset(wanted)):
            raise Unread("What it looks up may lie in accounts that you may not see.")
        return found

    def related(self, technology: str) -> list[Neighbour]:
        return self._own.related(technology)

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        raise Unread("This expression looks at issues of other items.")


def _readers(
    trial: Trial, seen: frozenset[str] | None, moment: datetime | None
) -> Callable[[Any], Reader]:
    """Return what gives each thing its reader of other items."""
    if moment is not None and seen is not None:
        closed = Closed()
        return lambda _: closed
    if moment is not None:
        then = Then(moment, Account.objects.all())
        return lambda row: then.at(moment, trial.accounts[row.account_id])
    worlds: dict[int, World] = {}

    def reader(row: Any) -> Reader:
        if row.account_id not in worlds:
            account = trial.accounts[row.account_id]
            first = next(iter(worlds.values()), None)
            worlds[row.account_id] = first.beside(account) if first else World(account)
        world = worlds[row.account_id]
        return world.reader() if seen is None else Beside(world, seen)

    return reader


def _row(asked: Query, item: Any, context: Context) -> Row:
    cells, unknown = [], []
    for column in asked.columns:
        value, reason = _value(column.path, context, item.unread)
        cells.append(value)
        if reason:
            unknown.append(f"{column.title}: {reason}")
    return Row(item, cells, tuple(unknown))


def _value(path: str, context: Context, unread: Any) -> tuple[Any, str]:
    """Return what a column's expression gives, or why it gives nothing."""
    try:
        value = compiled(parsed(path))(Evaluation(context), context.config)
    except (JMESPathError, TypeError, ValueError, RuleError, Exceeded, Unread) as error:
        return None, str(storable(str(error)))
    except RecursionError:
        return None, "It is nested too deeply."
    if value is None and path.partition(".")[0].partition("[")[0] in unread:
        return None, "This part could not be read."
    return _kept(value), ""


def _kept(value: Any) -> Any:
    """Return a value that can be written: a long one is cut, as text."""
    if value is None or isinstance(value, (bool, int, float)):
        return storable(value)
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, list) and all(isinstance(one, (str, int, float)) for one in value):
        return ", ".join(str(one) for one in value)[:LONGEST]
    return canonical_bytes(storable(value)).decode()[:LONGEST]
