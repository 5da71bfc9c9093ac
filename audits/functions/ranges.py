"""Networks as sets of addresses: private, public, the whole internet; no rule calls these."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import NamedTuple, TypeVar

Network = IPv4Network | IPv6Network
OneVersion = TypeVar("OneVersion", IPv4Network, IPv6Network)

PRIVATE = tuple(
    ip_network(block)
    for block in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # between a carrier and its customers; used inside VPCs as well
        "127.0.0.0/8",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)

# Of each private block: the length of its prefix, of the rest of an address, and the prefix.
_PRIVATE = {
    version: [
        (
            block.prefixlen,
            block.max_prefixlen - block.prefixlen,
            int(block.network_address) >> block.max_prefixlen - block.prefixlen,
        )
        for block in PRIVATE
        if block.version == version
    ]
    for version in (4, 6)
}

# What no packet from the internet can come from (IANA's special-purpose registries). Leaving
# these out of a list of ranges does not make the list any less "everybody".
_UNROUTED_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_ALL_4 = IPv4Network("0.0.0.0/0")
_ALL_6 = IPv6Network("::/0")
# All public IPv6 addresses so far are in this one block.
_UNROUTED_6 = tuple(_ALL_6.address_exclude(IPv6Network("2000::/3")))

# Addresses of IPv4 as IPv6 writes them: ::ffff:10.0.0.1 is nobody but 10.0.0.1.
_MAPPED = IPv6Network("::ffff:0:0/96")

_MOST_OF_THE_INTERNET = {4: 2**31, 6: 2**125}
# One network that is the whole internet has no longer prefix.
_LONGEST = 3


@lru_cache(maxsize=8192)
def _network(text: str) -> Network | None:
    try:
        net = ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    if isinstance(net, IPv6Network) and within(net, _MAPPED):
        four = int(net.network_address) & 0xFFFFFFFF
        return IPv4Network((four, net.prefixlen - _MAPPED.prefixlen))
    return net


class Range(NamedTuple):
    """A network and what is asked of it most, worked out once for each text."""

    net: Network
    internet: bool
    """Whether it holds every public address of its version."""
    private: bool
    """Whether none of its addresses can be met on the internet."""


@lru_cache(maxsize=8192)
def _ranged(text: str) -> Range | None:
    net = _network(text)
    return None if net is None else Range(net, is_internet(net), is_private(net))


def ranged(value: object) -> Range | None:
    """Read an address or a CIDR with what is asked of it most; null for anything else."""
    return _ranged(value) if isinstance(value, str) else None


def network(value: object) -> Network | None:
    """Read an address or a CIDR, host bits or not; null for anything else."""
    return _network(value) if isinstance(value, str) else None


def within(inner: Network, outer: Network) -> bool:
    """Say whether every address of one network is in the other."""
    if inner.version != outer.version or inner.prefixlen < outer.prefixlen:
        return False
    rest = outer.max_prefixlen - outer.prefixlen
    return int(inner.network_address) >> rest == int(outer.network_address) >> rest


def overlaps(one: Network, other: Network) -> bool:
    """Say whether two networks have an address in common."""
    return within(one, other) or within(other, one)


def is_private(net: Network) -> bool:
    """Say whether no address of a network can be met on the internet."""
    length, first = net.prefixlen, int(net.network_address)
    return any(
        length >= shortest and first >> rest == start
        for shortest, rest, start in _PRIVATE[net.version]
    )


def _size(net: Network) -> int:
    # The property of the library makes an object of the last address first.
    return 1 << net.max_prefixlen - net.prefixlen


def covers_internet(networks: Collection[Network]) -> bool:
    """Say whether networks together hold every public address of IPv4, or every one of IPv6."""
    four = [net for net in networks if isinstance(net, IPv4Network)]
    six = [net for net in networks if isinstance(net, IPv6Network)]
    return _covers(four, _UNROUTED_4, _ALL_4) or _covers(six, _UNROUTED_6, _ALL_6)


def is_internet(net: Network) -> bool:
    """Say whether a network holds every public address of IPv4, or every one of IPv6."""
    return net.prefixlen <= _LONGEST and covers_internet([net])


def world(networks: Collection[Network]) -> set[Network]:
    """Give those of the networks that alone or together are the whole internet.

    What lies inside a wider one of them adds nothing and is not among them.
    """
    found: set[Network] = set()
    for version in (4, 6):
        alike = [net for net in networks if net.version == version]
        if sum(map(_size, alike)) < _MOST_OF_THE_INTERNET[version]:
            continue
        widest = _widest(alike)
        if covers_internet(widest):
            found.update(net for net in widest if not is_private(net))
    return found


def apart(networks: Iterable[Network]) -> list[Network]:
    """Give the same addresses in as few networks as may be, none of which overlap."""
    found = list(networks)
    four = [net for net in found if isinstance(net, IPv4Network)]
    six = [net for net in found if isinstance(net, IPv6Network)]
    return [*collapse_addresses(four), *collapse_addresses(six)]


def _covers(found: list[OneVersion], unrouted: tuple[OneVersion, ...], all_: OneVersion) -> bool:
    if all_ in found:
        return True
    if sum(map(_size, found)) < _MOST_OF_THE_INTERNET[all_.version]:
        return False
    return list(collapse_addresses([*found, *unrouted])) == [all_]


def _widest(networks: Iterable[Network]) -> list[Network]:
    widest: list[Network] = []
    for net in sorted(set(networks), key=lambda net: (int(net.network_address), net.prefixlen)):
        if not (widest and within(net, widest[-1])):
            widest.append(net)
    return widest
