"""What a rule's function is given beside its arguments: the moment, the item and its world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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


class NoReader:
    """A world without other items."""

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        return []

    def related(self, technology: str) -> list[Neighbour]:
        return []


@dataclass(frozen=True)
class Known:
    """Accounts and networks that somebody vouched for: each is "ours" or "third party"."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    canonical_ids: Mapping[str, str] = field(default_factory=dict)
    """S3's own ids of accounts, to account identifiers."""
    networks: tuple[tuple[IPv4Network | IPv6Network, str], ...] = ()


@dataclass(frozen=True)
class Context:
    """What one evaluation of one rule on one item may know. Shared by nobody."""

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
    """The configuration before the last change, or null."""
    tables: Mapping[str, Any] = field(default_factory=dict)
    reader: Reader = field(default_factory=NoReader)
    kept: dict[Any, Any] = field(default_factory=dict)
    """Answers of pure functions, which the rules on one item share."""


def pure(function: Function) -> Function:
    """Mark a function that looks at its arguments alone and is dear.

    The rules on one item share its answers; nobody may change them.
    """
    function.pure = True  # type: ignore[attr-defined]
    return function


def reads_time(function: Function) -> Function:
    """Mark a function whose answer changes as time passes."""
    function.reads_time = True  # type: ignore[attr-defined]
    return function


def reads_everything(function: Function) -> Function:
    """Mark a function that may read any part of the configuration."""
    function.reads_everything = True  # type: ignore[attr-defined]
    return function
