"""How rules stood on items at a moment: what passed, failed, was accepted, had no answer.

What is counted is a *check*: one rule on one item. Nothing is judged here: it is read from what
was noted when it was judged, so that a past day says what was known on that day.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import Account
from audits.models import (
    BlindSpot,
    Coverage,
    Exemption,
    Issue,
    IssueEvent,
    Rule,
    RuleVersion,
    Tenure,
    What,
)
from items.models import Item, Kind
from items.recalling import living_at
from items.watchers import watchers

# Who asks for a moment that is no longer ago asks for now.
NOW = timedelta(minutes=1)
OPENING = (What.OPENED, What.REOPENED)


class Cell(NamedTuple):
    """One rule in one slice."""

    rule: int
    account: int
    technology: str


@dataclass
class Tally:
    """How many checks stood how."""

    passed: int = 0
    failed: int = 0
    """An issue was open and not justified."""
    accepted: int = 0
    """Every open issue was justified."""
    unknown: int = 0
    """The rule had no answer, or had not been run yet."""
    exempt: int = 0
    """The rule does not apply to the item, or was switched off there."""
    unread: int = 0
    """Slices of which part could not be listed, or that were not read at all."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def answered(self) -> int:
        return self.passed + self.failed + self.accepted

    @property
    def silent(self) -> int:
        """Checks without an answer; an unread slice counts as one, for nobody knows its items."""
        return self.unknown + self.unread

    @property
    def rate(self) -> float | None:
        """The share of answered checks that passed; None where none was answered."""
        return self.passed / self.answered if self.answered else None

    @property
    def coverage(self) -> float | None:
        """The share of checks that were answered; None where there was nothing to ask."""
        asked = self.answered + self.silent
        return self.answered / asked if asked else None


@dataclass(frozen=True)
class InForce:
    """The version of a rule that was in force at a moment."""

    rule: int
    version: int
    number: int
    title: str
    technologies: tuple[str, ...]


@dataclass
class Standing:
    """Every check at a moment, counted by rule and slice."""

    moment: datetime
    rules: dict[int, InForce]
    accounts: dict[int, str]
    """Those that were watched, by key: their type."""
    cells: dict[Cell, Tally] = field(default_factory=dict)
    not_run: set[Cell] = field(default_factory=set)
    """Where the version in force had not been run on the whole slice."""

    def of(self, rules: Iterable[int]) -> Tally:
        """Return the sum of some rules, each counted once."""
        wanted = set(rules)
        return sum(
            (tally for cell, tally in self.cells.items() if cell.rule in wanted), start=Tally()
        )

    def by_rule(self) -> dict[int, Tally]:
        """Return the sum of each rule that was in force."""
        found: dict[int, Tally] = {rule: Tally() for rule in self.rules}
        for cell, tally in self.cells.items():
            found[cell.rule] += tally
        return found


def standing(moment: datetime, accounts: Sequence[int], rules: Iterable[int]) -> Standing:
    """Return how the rules that were in force stood on what the accounts held.

    ``accounts`` are those that the asker may see; of these the ones that were watched then
    count. A handful of queries, however many items there are.
    """
    watched = watched_at(moment, accounts)
    found = Standing(moment, rules_at(moment, rules), watched)
    _place(found)
    if found.cells:
        _count_issues(found)
        _count_spots(found)
        _count_exemptions(found)
        _count_the_rest(found, _alive(found), _run(found))
    return found


def watched_at(moment: datetime, accounts: Sequence[int]) -> dict[int, str]:
    """Return which of the accounts were watched at a moment, with their type."""
    rows = Account.history.filter(id__in=accounts, history_date__lte=moment)
    states: dict[int, str] = {}
    for pk, kind, active, archived, third in rows.order_by(
        "history_date", "history_id"
    ).values_list("id", "type", "active", "archived_at", "third_party"):
        if active and not archived and not third:
            states[pk] = kind
        else:
            states.pop(pk, None)
    return states


def rules_at(moment: datetime, rules: Iterable[int]) -> dict[int, InForce]:
    """Return the version of each rule that was in force at a moment."""
    rows = Rule.history.filter(id__in=list(rules), history_date__lte=moment)
    versions: dict[int, int] = {}
    for pk, state, active in rows.order_by("history_date", "history_id").values_list(
        "id", "state", "active_id"
    ):
        if state == Rule.State.ACTIVE and active:
            versions[pk] = active
        else:
            versions.pop(pk, None)
    texts = RuleVersion.objects.filter(pk__in=list(versions.values())).values_list(
        "rule_id", "pk", "number", "title", "technologies"
    )
    return {rule: InForce(rule, pk, no, title, tuple(on)) for rule, pk, no, title, on in texts}


# -- what is counted, as rows -------------------------------------------------------------------


def at(moment: datetime) -> Q:
    """Keep what had begun and had not ended."""
    return Q(since__lte=moment) & (Q(until=None) | Q(until__gt=moment))


def open_issues(moment: datetime) -> QuerySet[Issue]:
    """Return the issues that were open at a moment.

    An issue's row tells of its last opening; only where that was later, its events are asked.
    """
    last = IssueEvent.objects.filter(
        issue=OuterRef("pk"), at__lte=moment, what__in=(*OPENING, What.FIXED)
    ).order_by("-at", "-pk")
    by_row = Q(opened_at__lte=moment) & (Q(fixed_at=None) | Q(fixed_at__gt=moment))
    return Issue.objects.alias(was=Subquery(last.values("what")[:1])).filter(
        by_row | Q(opened_at__gt=moment, was__in=OPENING)
    )


def uncovered(moment: datetime) -> Q:
    """Say of an issue whether nobody had justified it at a moment."""
    return ~Q(Exists(Coverage.objects.filter(at(moment), issue=OuterRef("pk"))))


def failing(moment: datetime) -> QuerySet[Issue]:
    """Return the issues that were open and not justified at a moment."""
    return open_issues(moment).filter(uncovered(moment))


def alive(moment: datetime) -> QuerySet[Any]:
    """Return the revisions of what was there at a moment, one an item."""
    return Item.history.filter(
        Q(until=None) | Q(until__gt=moment), history_date__lte=moment
    ).exclude(kind__in=(Kind.GONE, Kind.IGNORED))


# -- counting -----------------------------------------------------------------------------------


def _place(found: Standing) -> None:
    """Give every rule a cell in each slice that should be read for it."""
    kinds = {name: watchers[name].account_type for name in watchers if name in watchers}
    for rule in found.rules.values():
        for technology in rule.technologies:
            for account, kind in found.accounts.items():
                if kinds.get(technology) == kind:
                    found.cells[Cell(rule.rule, account, technology)] = Tally()


def _here(found: Standing, prefix: str = "") -> Q:
    return Q(**{"rule__in": list(found.rules), f"{prefix}account__in": list(found.accounts)})


def _counted(found: Standing, rows: QuerySet[Any], prefix: str = "") -> Iterator[Any]:
    """Yield (tally, row) of counts grouped by rule and slice, where the slice is counted."""
    for row in rows:
        cell = Cell(row["rule_id"], row[f"{prefix}account_id"], row[f"{prefix}technology"])
        if cell in found.cells:
            yield found.cells[cell], row


def _count_issues(found: Standing) -> None:
    rows = (
        open_issues(found.moment)
        .filter(_here(found))
        .order_by()
        .values("rule_id", "account_id", "technology")
        .annotate(
            broken=Count("item", distinct=True, filter=uncovered(found.moment)),
            every=Count("item", distinct=True),
        )
    )
    for tally, row in _counted(found, rows):
        tally.failed = row["broken"]
        tally.accepted = row["every"] - row["broken"]


def _count_spots(found: Standing) -> None:
    same = {"rule": OuterRef("rule"), "item": OuterRef("item")}
    broken = Q(Exists(failing(found.moment).filter(**same)))
    known = Q(Exists(open_issues(found.moment).filter(**same)))
    of_item = Q(item__isnull=False)
    rows = (
        BlindSpot.objects.filter(at(found.moment), _here(found))
        .order_by()
        .values("rule_id", "account_id", "technology")
        .annotate(
            places=Count("pk", filter=~of_item),
            blind=Count("pk", filter=of_item & ~broken),
            justified=Count("pk", filter=of_item & ~broken & known),
        )
    )
    for tally, row in _counted(found, rows):
        tally.unread += row["places"]
        tally.unknown += row["blind"]
        tally.accepted -= row["justified"]


def _count_exemptions(found: Standing) -> None:
    rows = Exemption.objects.filter(at(found.moment), _here(found)).order_by()
    counted = rows.values("rule_id", "account_id", "technology").annotate(n=Count("pk"))
    for tally, row in _counted(found, counted):
        tally.exempt = row["n"]


def _alive(found: Standing) -> dict[tuple[int, str], int]:
    technologies = {cell.technology for cell in found.cells}
    # Of now the items themselves tell it: they are a tenth of their revisions.
    now = found.moment >= timezone.now() - NOW
    rows = Item.objects.living() if now else living_at(found.moment)
    here = rows.filter(account__in=list(found.accounts), technology__in=list(technologies))
    grouped = here.order_by().values_list("account_id", "technology")
    return {(account, name): n for account, name, n in grouped.annotate(n=Count("id"))}


def _run(found: Standing) -> set[Cell]:
    rows = Tenure.objects.filter(
        at(found.moment),
        version__in=[rule.version for rule in found.rules.values()],
        account__in=list(found.accounts),
    )
    return {Cell(*row) for row in rows.values_list("version__rule", "account", "technology")}


def _count_the_rest(found: Standing, living: dict[tuple[int, str], int], run: set[Cell]) -> None:
    """What is left passed, where the rule was run; else nobody knows."""
    for cell, tally in found.cells.items():
        items = living.get((cell.account, cell.technology), 0)
        rest = max(0, items - tally.answered - tally.unknown - tally.exempt)
        if cell in run:
            tally.passed = rest
        else:
            found.not_run.add(cell)
            tally.unknown += rest
            tally.unread += not (items or tally.unread)


# -- the items behind a number ------------------------------------------------------------------

Kept = Callable[[datetime, int], Q]


def items_of(found: Standing, rule: int, state: str) -> QuerySet[Item]:
    """Return the items that one number of a rule counts; ``state`` is a field of ``Tally``."""
    cells = [cell for cell in found.cells if cell.rule == rule]
    places: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for cell in cells:
        places[cell.technology, cell not in found.not_run].append(cell.account)
    kept = Q(pk__in=[])
    for (technology, run), accounts in places.items():
        here = Q(technology=technology, account__in=accounts)
        kept |= here & _counts(found.moment, rule, state, run)
    there = alive(found.moment).filter(id=OuterRef("pk"))
    return Item.objects.filter(kept, Exists(there)).order_by("account__name", "technology", "pk")


def _counts(moment: datetime, rule: int, state: str, run: bool) -> Q:
    of_item = {"rule": rule, "item": OuterRef("pk")}
    broken = Q(Exists(failing(moment).filter(**of_item)))
    opened = Q(Exists(open_issues(moment).filter(**of_item)))
    blind = Q(Exists(BlindSpot.objects.filter(at(moment), **of_item)))
    exempt = Q(Exists(Exemption.objects.filter(at(moment), **of_item)))
    answered = opened & ~blind
    rest = ~opened & ~blind & ~exempt
    match state:
        case "failed":
            return broken
        case "accepted":
            return answered & ~broken
        case "unknown":
            return blind & ~broken if run else (blind & ~broken) | rest
        case "exempt":
            return exempt
        case _:
            return rest if run else Q(pk__in=[])
