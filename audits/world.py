"""What rules may know beside the item: accounts, networks, and other items."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.models import Account, KnownNetwork
from audits.functions.base import Known, Neighbour, Unread
from items.canonical import digest
from items.models import Gap, Item, Slice
from items.paths import read
from items.watchers import watchers

Look = tuple[str, str, str]
"""Technology, path (empty: the whole slice), digest of the value (ANY: whatever is there)."""

ANY = "*"
# How many other items are held for the rules of one portion.
KEPT = 1000


def known() -> Known:
    """Read whom and what somebody vouched for."""
    accounts = list(Account.objects.only("type", "identifier", "third_party", "parameters"))
    networks = [
        (ipaddress.ip_network(network.cidr), network.whose)
        for network in KnownNetwork.objects.all()
    ]
    return Known(
        accounts={account.identifier: account.whose for account in accounts},
        canonical_ids={
            account.parameters["canonical_id"]: account.identifier
            for account in accounts
            if account.parameters.get("canonical_id")
        },
        networks=tuple(networks),
    )


def known_stamp(known: Known) -> str:
    """Return a digest that changes when what is known does."""
    networks = sorted((str(network), whose) for network, whose in known.networks)
    return digest([dict(known.accounts), dict(known.canonical_ids), networks])[:12]


class World:
    """Other items, for the rules of one portion: each answer is read once."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._indexes: dict[tuple[str, str], dict[str, list[int]]] = {}
        self._found: dict[int, Neighbour] = {}
        self._answers: dict[tuple[str, str, tuple[str, ...]], list[Neighbour]] = {}
        self._slices: dict[str, list[Neighbour]] = {}
        self._unread: dict[tuple[str, bool], str] = {}

    def reader(self) -> "Reading":
        """Return a reader that notes what one rule looks at for one item."""
        return Reading(self)

    def related(self, technology: str) -> list[Neighbour]:
        if technology not in self._slices:
            rows = Item.objects.living().filter(account=self.account, technology=technology)
            self._slices[technology] = [one for _, one in neighbours(rows)]
        return self._slices[technology]

    def find(self, technology: str, path: str, values: Sequence[str]) -> list[Neighbour]:
        question = (technology, path, tuple(values))
        if question not in self._answers:
            self._answers[question] = self._find(*question)
        return self._answers[question]

    def _find(self, technology: str, path: str, values: Sequence[str]) -> list[Neighbour]:
        index = self._index(technology, path)
        pks = sorted({pk for value in values for pk in index.get(value, ())})
        missing = [pk for pk in pks if pk not in self._found]
        if missing:
            if len(self._found) > 2 * KEPT:
                self._found.clear()
                missing = pks
            self._found |= neighbours(Item.objects.filter(pk__in=missing))
        return [self._found[pk] for pk in pks]

    def has(self, technology: str, path: str, values: Sequence[str]) -> bool:
        """Say whether each of the values is at the path of some item."""
        index = self._index(technology, path)
        return all(value in index for value in values)

    def _index(self, technology: str, path: str) -> dict[str, list[int]]:
        """Map the values at a path to the keys of items, of which some are kept as well."""
        if (technology, path) not in self._indexes:
            index: dict[str, list[int]] = {}
            rows = Item.objects.living().filter(technology=technology)
            for pk, neighbour in neighbours(rows):
                if len(self._found) < KEPT:
                    self._found[pk] = neighbour
                for value in values_at(path, neighbour.config):
                    index.setdefault(value, []).append(pk)
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
        wanted = [value for value in values if isinstance(value, str)]
        if any_of and len(wanted) > 1:  # A look for each name of one thing would be too many.
            self.looks.add((technology, path[:300], ANY))
        else:
            self.looks |= {(technology, path[:300], digest(value)) for value in wanted}
        found = self.world.find(technology, path, wanted)
        if not (found if any_of else self.world.has(technology, path, wanted)):
            self._trust(technology, everywhere=True)
        return found

    def related(self, technology: str) -> list[Neighbour]:
        self.looks.add((technology, "", digest(self.world.account.pk)))
        self._trust(technology, everywhere=False)
        return self.world.related(technology)

    def _trust(self, technology: str, everywhere: bool) -> None:
        reason = self.world.why_unread(technology, everywhere)
        if reason:
            raise Unread(reason)


def neighbours(items: QuerySet[Item]) -> Iterator[tuple[int, Neighbour]]:
    """Yield items by their key, as rules may see them."""
    rows = items.values_list("pk", "config", "account__identifier", "uid", "name")
    for pk, *seen in rows.iterator(chunk_size=500):
        yield pk, Neighbour(*seen)


def values_at(path: str, config: Any) -> list[str]:
    """Return the texts that a configuration has at a path."""
    value = read(path, config)
    every = value if isinstance(value, list) else [value]
    return [one for one in every if isinstance(one, str)]


def looks_changed(items: Iterable[tuple[Item, Any]], paths: Iterable[str]) -> set[tuple[str, str]]:
    """Return (path, digest) of each value that items have or had at the paths."""
    return {
        (path, digest(value))
        for item, before in items
        for path in paths
        for config in (item.config, before)
        if config is not None
        for value in values_at(path, config)
    }
