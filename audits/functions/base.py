"""What a rule's function is given beside its arguments: the moment, the item and its world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Protocol, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class Unread(Exception):
    """What the rule asked for could not be read, so its verdict is unknown; says why."""


@dataclass(frozen=True)
class Neighbour:
    """Another item, as a rule may see it."""

    config: dict[str, Any]
    account: str
    """The account's identifier with its provider."""
    uid: str
    name: str
    pk: int = 0


class Reader(Protocol):
    """Reads other items for a rule and notes each look, so that a change there wakes the rule."""

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        """Give the items of any account whose ``path`` has one of ``values``.

        Raises Unread where one that is not found may lie in what was not read; with
        ``any_of``, where the values are names for one thing, only if none is found.
        """
        ...

    def related(self, technology: str) -> list[Neighbour]:
        """Give all items of a technology in the item's own account; raise Unread."""
        ...

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        """Give what is open on items of the item's own account whose ``path`` has a value.

        Raises Unread as ``lookup`` does.
        """
        ...


class NoReader:
    """A world without other items."""

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        return []

    def related(self, technology: str) -> list[Neighbour]:
        return []

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        return []


@dataclass(frozen=True)
class Known:
    """Accounts and networks that somebody vouched for: each is "ours" or "third party"."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    canonical_ids: Mapping[str, str] = field(default_factory=dict)
    """Further ids by which a provider names accounts, to their identifiers."""
    networks: tuple[tuple[IPv4Network | IPv6Network, str], ...] = ()

    def claims(self, net: IPv4Network | IPv6Network) -> set[str]:
        """Return what was said of all networks that hold a whole network."""
        first, length = int(net.network_address), net.prefixlen
        found: set[str] = set()
        for shortest, rest, starts in self._by_length[net.version]:
            if shortest > length:
                break
            found.update(starts.get(first >> rest, ()))
        return found

    @cached_property
    def _by_length(self) -> Mapping[int, list[tuple[int, int, dict[int, set[str]]]]]:
        """By version, the shortest prefix first: its length, that of the rest, what is claimed.

        A company knows hundreds of networks and asks of each address in turn: a look for each
        length of a prefix takes the place of one for each network.
        """
        made: dict[int, dict[int, dict[int, set[str]]]] = {4: {}, 6: {}}
        for net, whose in self.networks:
            rest = net.max_prefixlen - net.prefixlen
            starts = made[net.version].setdefault(net.prefixlen, {})
            starts.setdefault(int(net.network_address) >> rest, set()).add(whose)
        return {
            version: [(n, (32 if version == 4 else 128) - n, by[n]) for n in sorted(by)]
            for version, by in made.items()
        }


@dataclass
class Context:
    """What one evaluation of one rule on one item may know. Shared by nobody; never changed.

    Not frozen: that doubles what it takes to make one, and one is made for each evaluation.
    """

    now: datetime
    config: Any = None
    """The whole configuration that is judged."""
    account: Mapping[str, Any] = field(default_factory=dict)
    """identifier, name, type."""
    item: Mapping[str, Any] = field(default_factory=dict)
    """technology, uid, name, full_name, region."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    previous: Any = None
    """The configuration before the last change, or null; completions are no changes."""
    tables: Mapping[str, Any] = field(default_factory=dict)
    """The rows of reference tables by their key."""
    reader: Reader = field(default_factory=NoReader)
    kept: dict[Any, Any] = field(default_factory=dict)
    """Answers of pure functions, which the rules on one item share."""
    names: dict[str, Any] = field(default_factory=dict)
    """What let() gave a name, while its expression is asked."""
    given: dict[int, Neighbour] = field(default_factory=dict)
    """The other items that were looked up, by the identity of their configuration."""


def pure(function: Function) -> Function:
    """Mark a function that looks at its arguments alone and is dear.

    The rules on one item share its answers; nobody may change them.
    """
    function.pure = True  # type: ignore[attr-defined]
    return function


def takes(cost: Callable[..., int]) -> Callable[[Function], Function]:
    """Mark a function with what a call takes beyond its arguments' first level, in steps.

    ``cost`` is given what the function is given, before it.
    """

    def mark(function: Function) -> Function:
        function.takes = cost  # type: ignore[attr-defined]
        return function

    return mark


def reads_time(function: Function) -> Function:
    """Mark a function whose answer changes as time passes."""
    function.reads_time = True  # type: ignore[attr-defined]
    return function


def reads_past(function: Function) -> Function:
    """Mark a function that looks at the item as it was before its last change."""
    function.reads_past = True  # type: ignore[attr-defined]
    return function


def asks_item(function: Function) -> Function:
    """Mark a function that asks its expression of the whole item, not of its arguments."""
    function.asks_item = True  # type: ignore[attr-defined]
    return function


def reads_everything(function: Function) -> Function:
    """Mark a function that may read any part of the configuration."""
    function.reads_everything = True  # type: ignore[attr-defined]
    return function


def expression_of(function: str, e: Any) -> Callable[[Any], Any]:
    """Give an argument that is an expression; raise ValueError where its & was forgotten."""
    if not callable(e):
        raise ValueError(f"The last argument of {function}() is an expression: write & before it.")
    return e
