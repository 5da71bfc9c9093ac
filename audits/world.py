"""What rules may know beside the item: accounts, networks, and other items."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.models import Account, KnownNetwork
from audits.functions.base import Known, Neighbour, Unread
from items.canonical import digest
from items.models import Gap, Item, Slice
from items.paths import read
from items.watchers import watchers

Look = tuple[str, str, str]
"""Technology, path (empty: the whole slice), digest of the value."""


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
        self._slices: dict[str, list[Neighbour]] = {}
        self._unread: dict[tuple[str, bool], str] = {}

    def reader(self) -> "Reading":
        """Return a reader that notes what one rule looks at for one item."""
        return Reading(self)

    def related(self, technology: str) -> list[Neighbour]:
        if technology not in self._slices:
            rows = Item.objects.living().filter(account=self.account, technology=technology)
            self._slices[technology] = neighbours(rows)
        return self._slices[technology]

    def find(self, technology: str, path: str, values: Sequence[str]) -> list[Neighbour]:
        index = self._index(technology, path)
        pks = {pk for value in values for pk in index.get(value, ())}
        return neighbours(Item.objects.filter(pk__in=pks)) if pks else []

    def _index(self, technology: str, path: str) -> dict[str, list[int]]:
        """Map the values at a path to items: values and keys only, never configurations."""
        if (technology, path) not in self._indexes:
            index: dict[str, list[int]] = {}
            rows = Item.objects.living().filter(technology=technology)
            for pk, config in rows.values_list("pk", "config").iterator(chunk_size=500):
                for value in values_at(path, config):
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
        self.looks |= {(technology, path[:300], digest(value)) for value in wanted}
        found = self.world.find(technology, path, wanted)
        have = {value for one in found for value in values_at(path, one.config)}
        if not (have if any_of else set(wanted) <= have):
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


def neighbours(items: QuerySet[Item]) -> list[Neighbour]:
    """Return items as rules may see them."""
    return [
        Neighbour(item.config, item.account.identifier, item.uid, item.name)
        for item in items.select_related("account")
    ]


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
