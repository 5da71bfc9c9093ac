"""What rules may know beside the item: accounts, networks, and other items."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from accounts.models import Account, KnownNetwork
from audits.functions.base import Known, Neighbour, Unread
from audits.lookups import as_compared, values_at
from audits.models import Issue, ReferenceTable, Rule
from audits.reading import EVERYTHING, functions_called
from items.canonical import digest
from items.models import Gap, Item, Slice
from items.recording import BATCH
from items.watchers import watchers

Look = tuple[str, str, str]
"""Technology, path (empty: the whole slice), digest of the value (ANY: whatever is there)."""

ANY = "*"
ISSUES = "issues: "
"""Stands before the path of a look at what is open on items; no JMESPath begins so."""

# How many other items, and how many answers, are held for the rules of one portion.
KEPT = 1000
# More than these make a rule that asks for them unknown.
MOST_RELATED = 20_000
MOST_INDEXED = 1_000_000
MOST_ISSUES = 1000
# So many looks by the id are asked of the database before a technology is read for an index.
SINGLE = 20
READS_ISSUES = Q(active__expression__contains="open_issues") | Q(
    active__applies_when__contains="open_issues"
)


def known() -> Known:
    """Read whom and what somebody vouched for."""
    accounts = Account.objects.only("type", "identifier", "third_party", "parameters")
    return known_of(list(accounts), KnownNetwork.objects.all())


def known_of(accounts: Sequence[Account], networks: Iterable[KnownNetwork]) -> Known:
    """Return what some accounts and networks come to."""
    return Known(
        accounts={account.identifier: account.whose for account in accounts},
        canonical_ids={
            account.parameters["canonical_id"]: account.identifier
            for account in accounts
            if account.parameters.get("canonical_id")
        },
        networks=tuple((ipaddress.ip_network(network.cidr), network.whose) for network in networks),
    )


def known_stamp(known: Known) -> str:
    """Return a digest that changes when what is known does."""
    networks = sorted((str(network), whose) for network, whose in known.networks)
    return digest([dict(known.accounts), dict(known.canonical_ids), networks])[:12]


def tables(keys: Iterable[str]) -> dict[str, Any]:
    """Read the rows of reference tables by their key; of all where EVERYTHING is among the keys."""
    wanted = set(keys)
    rows = ReferenceTable.objects.values_list("key", "rows")
    if EVERYTHING not in wanted:
        rows = rows.filter(key__in=wanted)
    return dict(rows) if wanted else {}


class Answer(NamedTuple):
    """The items that a lookup found."""

    found: list[Neighbour]
    all_there: bool
    """Whether each of the values is at the path of some item."""


class World:
    """Other items, for the rules of one portion: each answer is read once, few are held.

    An id is asked of the database, by its index. Where one technology is asked often, or by a path
    that is no column, its values are read once into an index of ours.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self._indexes: dict[tuple[str, str], dict[str, list[int]]] = {}
        self._asked: dict[tuple[str, str], int] = defaultdict(int)
        self._found: dict[int, Neighbour] = {}
        self._answers: dict[tuple[str, str, tuple[str, ...]], Answer] = {}
        self._slices: dict[str, list[Neighbour]] = {}
        self._issues: dict[tuple[str, str, tuple[str, ...]], list[dict[str, Any]]] = {}
        self._unread: dict[tuple[str, bool], str] = {}

    def beside(self, account: Account) -> "World":
        """Return the world of another account; what is alike for all is read once for both."""
        other = World(account)
        other._indexes, other._asked = self._indexes, self._asked
        other._found, other._answers = self._found, self._answers
        return other

    def reader(self) -> "Reading":
        """Return a reader that notes what one rule looks at for one item."""
        return Reading(self)

    def related(self, technology: str) -> list[Neighbour]:
        """Return the account's items of a technology; raise Unread where they are too many."""
        if technology not in self._slices:
            rows = Item.objects.living().filter(account=self.account, technology=technology)
            found = [one for _, one in islice(neighbours(rows), MOST_RELATED + 1)]
            if len(found) > MOST_RELATED:
                raise Unread(f"The account has more than {MOST_RELATED} of {technology}.")
            if len(found) + sum(map(len, self._slices.values())) > MOST_RELATED:
                self._slices.clear()
            self._slices[technology] = found
        return self._slices[technology]

    def find(self, technology: str, path: str, values: Sequence[str]) -> Answer:
        """Return the items, in any account, that have one of the values at the path."""
        question = (technology, path, tuple(values))
        if question not in self._answers:
            if len(self._answers) > KEPT:
                self._answers.clear()
            self._answers[question] = self._find(*question)
        return self._answers[question]

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        """Return what is open on such items of this account, less what other readers found."""
        question = (technology, path, tuple(values))
        if question not in self._issues:
            if len(self._issues) > KEPT:
                self._issues.clear()
            mine = [one for one in self.find(*question).found if self._is_mine(one)]
            self._issues[question] = self._open([one.pk for one in mine]) if mine else []
        return self._issues[question]

    def _is_mine(self, one: Neighbour) -> bool:
        return one.account == self.account.identifier

    def _open(self, items: list[int]) -> list[dict[str, Any]]:
        issues = Issue.objects.open().filter(item__in=items, account=self.account)
        rows = issues.exclude(rule__in=self._readers).values_list(
            "rule__key", "version__title", "score", "item__uid", "item__name"
        )
        names = ("rule", "title", "score", "id", "name")
        return [
            dict(zip(names, row, strict=True))
            for row in rows.order_by("-score", "pk")[:MOST_ISSUES].iterator()
        ]

    @cached_property
    def _readers(self) -> list[int]:
        """The rules that read issues themselves: were theirs read, rules could wake each other."""
        texts = Rule.objects.exclude(active=None).values_list(
            "pk", "active__expression", "active__applies_when"
        )
        return [
            pk
            for pk, *written in texts.filter(READS_ISSUES)
            if any("open_issues" in functions_called(one) for one in written if one)
        ]

    def _find(self, technology: str, path: str, values: tuple[str, ...]) -> Answer:
        column = _column(technology, path)
        index = self._indexes.get((technology, path))
        if column and index is None and len(values) <= BATCH and self._asks_once_more(technology):
            rows = Item.objects.living().filter(technology=technology, **{f"{column}__in": values})
            found = [one for _, one in neighbours(rows.order_by("pk"))]
            there = {value for one in found for value in values_at(technology, path, one.config)}
            return Answer(found, there.issuperset(values))
        return self._indexed(self._index(technology, path), values)

    def _asks_once_more(self, technology: str) -> bool:
        self._asked[technology, ""] += 1
        return self._asked[technology, ""] <= SINGLE

    def _indexed(self, index: dict[str, list[int]], values: tuple[str, ...]) -> Answer:
        pks = sorted({pk for value in values for pk in index.get(value, ())})
        missing = [pk for pk in pks if pk not in self._found]
        if missing:
            if len(self._found) > 2 * KEPT:
                self._found.clear()
                missing = pks
            for start in range(0, len(missing), BATCH):
                some = Item.objects.filter(pk__in=missing[start : start + BATCH])
                self._found |= neighbours(some)
        found = [self._found[pk] for pk in pks if pk in self._found]
        return Answer(found, all(value in index for value in values))

    def _index(self, technology: str, path: str) -> dict[str, list[int]]:
        """Map the values at a path to the keys of items, of which some are kept as well."""
        if (technology, path) not in self._indexes:
            index: dict[str, list[int]] = {}
            rows = Item.objects.living().filter(technology=technology)
            held = 0
            for pk, neighbour in neighbours(rows):
                if len(self._found) < KEPT:
                    self._found[pk] = neighbour
                for value in values_at(technology, path, neighbour.config):
                    index.setdefault(value, []).append(pk)
                    held += 1
                if held > MOST_INDEXED:
                    raise Unread(f"{technology} has too many values at {path} to look among them.")
            self._indexes[technology, path] = index
        return self._indexes[technology, path]

    def why_unread(self, technology: str, everywhere: bool) -> str:
        """Say why a technology cannot be trusted to be complete, or return an empty text."""
        key = (technology, everywhere)
        if key not in self._unread:
            self._unread[key] = self._ask_unread(technology, everywhere)
        return self._unread[key]

    def _ask_unread(self, technology: str, everywhere: bool) -> str:
        accounts = Account.objects.watched() if everywhere else [self.account]
        if technology in watchers:
            accounts = [a for a in accounts if a.type == watchers[technology].account_type]
        names = {account.pk: account.name for account in accounts}
        read_at = Slice.objects.filter(
            technology=technology, account__in=names, read_at__isnull=False
        )
        missing = set(names) - set(read_at.values_list("account_id", flat=True))
        gaps = Gap.objects.filter(
            technology=technology, account__in=names, part="", until=None
        ).exclude(code="NotAsked")
        missing |= set(gaps.values_list("account_id", flat=True))
        if not missing:
            return ""
        # Who reads this may not see the others: no name of theirs.
        others = len(missing - {self.account.pk})
        where = ["this account"] * (self.account.pk in missing)
        where += [f"{others} other account{'s' * (others > 1)}"] * bool(others)
        return f"{technology} of {' and '.join(where)} has not been read completely."


class Reading:
    """The reader of one rule on one item; keeps each look."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.looks: set[Look] = set()

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        wanted = as_compared(technology, values)
        if any_of and len(wanted) > 1:  # A look for each name of one thing would be too many.
            self.looks.add((technology, path[:300], ANY))
        else:
            self.looks |= {(technology, path[:300], digest(value)) for value in wanted}
        answer = self.world.find(technology, path, wanted)
        if not (answer.found if any_of else answer.all_there):
            self._trust(technology, everywhere=True)
        return answer.found

    def related(self, technology: str) -> list[Neighbour]:
        self.looks.add((technology, "", digest(self.world.account.pk)))
        self._trust(technology, everywhere=False)
        return self.world.related(technology)

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        look = f"{ISSUES}{path}"[:300]
        wanted = as_compared(technology, values)
        self.looks |= {(technology, look, digest(value)) for value in wanted}
        if not self.world.find(technology, path, wanted).all_there:
            self._trust(technology, everywhere=False)
        return self.world.issues(technology, path, wanted)

    def _trust(self, technology: str, everywhere: bool) -> None:
        reason = self.world.why_unread(technology, everywhere)
        if reason:
            raise Unread(reason)


def neighbours(items: QuerySet[Item]) -> Iterator[tuple[int, Neighbour]]:
    """Yield items by their key, as rules may see them."""
    rows = items.values_list("config", "account__identifier", "uid", "name", "pk")
    for row in rows.iterator(chunk_size=500):
        yield row[-1], Neighbour(*row)


@lru_cache(maxsize=1024)
def _column(technology: str, path: str) -> str:
    """Return the column that holds what is at a path, or an empty text."""
    if technology not in watchers:
        return ""
    watcher = watchers[technology]
    if path == watcher.id:
        return "uid"
    return "full_name" if watcher.full_name == f"{{{path}}}" else ""


def looks_changed(items: Iterable[tuple[Item, Any]], paths: Iterable[str]) -> set[tuple[str, str]]:
    """Return (path, digest) of each value that items have or had at the paths."""
    return {
        (path, digest(value))
        for item, before in items
        for path in paths
        for config in (item.config, before)
        if config is not None
        for value in values_at(item.technology, path.removeprefix(ISSUES), config)
    }
