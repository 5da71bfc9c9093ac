"""The words between watchers and those who use them: what is asked, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One read of a provider's API, and where in its reply the answer lies."""

    operation: str
    """The SDK's own name: ``describe_security_groups``."""
    answer: str = "@"
    """JMESPath into the reply; of every page of it where there are several."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Sent as they are; the text ``{account}`` becomes the account's identifier."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Sent from the item: the parameter's name to a JMESPath into the item."""
    absent: tuple[str, ...] = ()
    """Error codes that mean "not configured": the answer is null, nothing failed."""
    permission: str = ""
    """What the account must allow, where that is not the operation's own name."""
    service: str = ""
    """Which service answers, where it is not the watcher's."""


@dataclass(frozen=True)
class Refusal:
    """Something that could not be read. What is in it is unknown, not gone."""

    operation: str
    code: str
    reason: str
    permission: str = ""
    place: str = ""
    """Empty: every place."""
    part: str = ""
    """The part of an item; empty: the listing itself."""
    name: str = ""
    """The item that the part belongs to."""


@dataclass(frozen=True)
class Answered:
    """A place whose listing was read to its end: what is not in it is not there."""

    place: str


@dataclass(frozen=True)
class Snapshot:
    """An item as its provider described it just now."""

    place: str
    uid: str
    name: str
    full_name: str
    region: str
    config: dict[str, Any]
    unread: Mapping[str, Refusal] = field(default_factory=dict)
    """Parts that were refused; they are missing in ``config``."""


class ReadError(Exception):
    """The provider refused or failed a call."""

    def __init__(self, operation: str, code: str, reason: str, permission: str = "") -> None:
        super().__init__(f"{operation}: {code}: {reason}")
        self.operation, self.code = operation, code
        self.reason, self.permission = reason, permission

    def refusal(self, place: str = "", part: str = "", name: str = "") -> Refusal:
        """Return what is kept of this error."""
        return Refusal(self.operation, self.code, self.reason, self.permission, place, part, name)
