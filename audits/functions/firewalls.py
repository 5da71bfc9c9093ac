"""Rules of packet filters, as each cloud writes them, in one form; no rule calls these.

Each kind is read by a class of its own, in the folder of its provider.
"""

import functools
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from audits.functions.shapes import listed, texts
from config.plugins import Registry

LAST_PORT = 65_535

# A protocol is written by its name or by its number (IANA's); one form, so that findings agree.
_PROTOCOLS = {
    "-1": "all",
    "*": "all",
    "any": "all",
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "58": "icmpv6",
    "132": "sctp",
    "esp": "50",
    "ah": "51",
}
WITH_PORTS = ("tcp", "udp", "sctp", "all")
WITH_TYPES = ("icmp", "icmpv6")


About = Mapping[str, Any]

NOTHING: About = {}


@dataclass(slots=True, eq=False)
class Filter:
    """One rule for one remote side and one range of ports."""

    direction: str
    allow: bool
    protocol: str
    first: int | None = None
    last: int | None = None
    cidr: str | None = None
    anywhere: bool = False
    """Whether every address of every version is meant, known or not."""
    about: About = field(default_factory=dict)
    """Further keys of the form: the remote group, its owner, a prefix list ..."""
    targets: tuple[str, ...] | None = None
    """What of that which is behind the filter it is for; null: all."""
    priority: int | None = None
    name: str | None = None
    description: str | None = None
    scope: Hashable = None
    """Filters of one scope stand in one order; null: nothing here takes from another."""
    partly: bool = False
    """Whether it only meets part of what its form says (some ports of the sender)."""

    @property
    def ports(self) -> str:
        """The ports as a person writes them: 22, 20-25, all; type 8 for ICMP."""
        if self.first is None:
            return "all"
        if self.protocol in WITH_TYPES:
            return f"type {self.first}" + ("" if self.last is None else f" code {self.last}")
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def traffic(self) -> str:
        """What passes, as a person says it: tcp 22, udp on every port, all traffic."""
        if self.protocol == "all":
            return "all traffic" if self.first is None else f"everything on {self.ports}"
        if self.first is not None:
            return f"{self.protocol} {self.ports}"
        every = self.protocol in WITH_PORTS
        return f"{self.protocol} on every port" if every else self.protocol

    @property
    def order(self) -> tuple[int, bool]:
        # Of two with one priority the one that denies comes first, where there may be two.
        return (self.priority or 0, self.allow)


class Reader:
    """How one kind of packet filter is read. Functions only; never instantiated."""

    @classmethod
    def knows(cls, config: dict[str, Any]) -> bool:
        """Say whether a configuration is of this kind, by its names."""
        raise NotImplementedError

    @classmethod
    def read(cls, config: dict[str, Any], place: int) -> Iterator[Filter]:
        """Yield its rules; ``place`` tells it apart from others of one list."""
        raise NotImplementedError


readers: Registry[type[Reader]] = Registry(
    "vervet.firewalls",
    base=Reader,
    builtin={
        "aws.ec2.security_group": "audits.functions.aws.firewalls:SecurityGroup",
        "aws.ec2.network_acl": "audits.functions.aws.firewalls:NetworkAcl",
        "gcp.compute.firewall": "audits.functions.gcp.firewalls:Firewall",
        "azure.network.security_group": "audits.functions.azure.firewalls:SecurityGroup",
    },
)


@functools.cache
def _readers() -> tuple[type[Reader], ...]:
    return tuple(readers.values())


def has_any(config: dict[str, Any], *names: str) -> bool:
    """Say whether a configuration has a member of one of the names."""
    return any(name in config for name in names)


def filters(config: Any) -> Iterator[Filter]:
    """Yield the rules of a configuration, or of a list of them, in one form."""
    for place, one in enumerate(listed(config)):
        if isinstance(one, dict):
            for reader in _readers():
                if reader.knows(one):
                    yield from reader.read(one, place)


def number(x: Any) -> int | None:
    """Give a whole number that is written as one or as text; null for anything else."""
    if isinstance(x, bool):
        return None
    if isinstance(x, int):
        return x
    if isinstance(x, float) and x.is_integer():
        return int(x)
    return int(x) if isinstance(x, str) and x.isascii() and x.isdigit() and len(x) < 6 else None


def protocol_of(x: Any) -> str:
    """A protocol in the one form: its name where it has ports or types, else its number."""
    name = str(x if isinstance(x, (str, int)) and x != "" else "-1").lower()
    return _PROTOCOLS.get(name, name)


def ports_of(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """A range of ports; two nulls where it is all of them."""
    if first is None or first < 0:
        return None, None
    last = first if last is None else last
    return (None, None) if first == 0 and last >= LAST_PORT else (first, last)


def types_of(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """A type and a code of ICMP; -1 means any."""
    if first is None or first < 0:
        return None, None
    return first, None if last is None or last < 0 else last


def spans(written: Any) -> list[tuple[int | None, int | None]]:
    """Ranges as texts: "22", "20-30", "*"; all of them where none is written."""
    found: list[tuple[int | None, int | None]] = []
    for text in texts(written):
        first, dash, last = text.partition("-")
        low, high = number(first.strip()), number(last.strip() if dash else first.strip())
        if text.strip() == "*":
            found.append((None, None))
        elif low is not None and high is not None:
            found.append(ports_of(low, high))
    return found if listed(written) else [(None, None)]
