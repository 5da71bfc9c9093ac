"""The addresses, networks and ranges that a configuration speaks of, as blocks with their path."""

import ipaddress
import re
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import re2

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Path = tuple[str | int, ...]
Span = tuple[bytes, bytes]
"""The first and the last address of a network: 4 or 16 bytes each, in the network's order."""

# As an address, with a mask or without, and as two of them with a hyphen between. An IPv6 address
# has at least two colons; what is no address after all is refused when it is read.
_FOUR = r"\d{1,3}(?:\.\d{1,3}){3}"
_SIX = r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{0,4}|\d{1,3}(?:\.\d{1,3}){3})"
_ONE = rf"(?:{_FOUR}|{_SIX})"
_MASKED = rf"{_ONE}(?:/(?:\d{{1,3}}|{_FOUR}))?"
_WHOLE = re.compile(rf"{_MASKED}|{_ONE} ?- ?{_ONE}")
_BETWEEN = re.compile(r"[\s,;]+")
# The longest text that is read as a list of addresses.
LONGEST = 20_000

# In the serialised text: a value that begins as an address does, or a word for all addresses
# under a key of addresses. Most configurations have none, and are not looked at any further.
_ANY = re2.compile(
    r'"(?:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)'
    r'|(?i:range|ranges|prefix|prefixes|ip|ipv6|block|blocks)":(?:\[[^\]]*)?"(?i:\*|internet|any)"'
)

# Words that mean every address, where the key speaks of addresses. Those that mean the provider's
# own networks (VirtualNetwork) or a list kept elsewhere (pl-...) are no addresses.
_ALL = frozenset({"*", "internet", "any"})
EVERYWHERE: tuple[Span, ...] = (
    (bytes(4), b"\xff" * 4),
    (bytes(16), b"\xff" * 16),
)
_ADDRESS_KEY = re.compile(
    r"(?i)(?:address_?prefix(?:es)?|address_?ranges?|(?:source|destination|remote|local)_?ranges?"
    r"|source_?ip|cidr_?ip(?:v6)?|cidr_?blocks?|ip_?(?:cidr_?)?ranges?)$"
)
# What looks like an address here is none.
_OTHER_KEY = re.compile(r"(?i)version|release|serial|mac_?address|wwn|oid$")
_START = re.compile(r"^(start)(?=ip|address|_ip)", re.IGNORECASE)
_EIGHT_BYTES = re.compile(r"(?:[0-9A-Fa-f]{2}:){7}[0-9A-Fa-f]{2}")


class Block(NamedTuple):
    """A block of addresses as a network has it, and where the configuration speaks of it."""

    first: bytes
    """4 or 16 bytes, in the network's order."""
    last: bytes
    text: str
    """As the configuration writes it; all blocks of a range have the range's text."""
    path: str
    """``Rules[].Ranges[].CidrIp``: without the places in lists, so that it stays."""


class Place(NamedTuple):
    """One text in a configuration that speaks of addresses."""

    spans: tuple[Span, ...]
    text: str
    path: Path


def blocks(config: Any) -> set[Block]:
    """Return every block of addresses that a configuration speaks of, each once a path."""
    if not _ANY.search(orjson.dumps(config)):
        return set()
    return {
        Block(first, last, place.text[:100], path)
        for place in places(config)
        for path in [as_text(place.path)[:500]]
        for first, last in place.spans
    }


def places(config: Any) -> list[Place]:
    """Return each text that is an address, a network, a range or a list of those."""
    found: list[Place] = []
    _walk(config, "", (), found)
    return found


def _walk(value: Any, key: str, path: Path, found: list[Place]) -> None:
    kind = type(value)
    if kind is str:
        read = _read(value, key)
        if read:
            found.append(Place(read, value, path))
    elif kind is dict:
        ends = set()
        for name in value:
            other = _end_of(name)
            together = _between(value[name], value.get(other)) if other else None
            if together:
                found.append(Place(*together, (*path, name)))
                ends |= {name, other}
        for name, one in value.items():
            if name not in ends:
                _walk(one, name, (*path, name), found)
    elif kind is list:
        for number, one in enumerate(value):
            _walk(one, key, (*path, number), found)


@lru_cache(maxsize=4096)
def _end_of(name: str) -> str:
    """Return the key of a range's last address by that of its first; empty: it is none such."""
    start = _START.match(name)
    return f"{'End' if start[1][0].isupper() else 'end'}{name[start.end() :]}" if start else ""


def _between(first: Any, last: Any) -> tuple[tuple[Span, ...], str] | None:
    """Read a range that is written as two values: ``startIpAddress`` and ``endIpAddress``."""
    if not (isinstance(first, str) and isinstance(last, str)):
        return None
    text = f"{first} - {last}"
    found = spans(text)
    return (found, text) if found else None


def _read(text: str, key: str) -> tuple[Span, ...]:
    found = spans(text)
    if found:
        return () if _is_other(key) or _EIGHT_BYTES.fullmatch(text) else found
    return EVERYWHERE if len(text) < 9 and text.lower() in _ALL and _is_of_addresses(key) else ()


@lru_cache(maxsize=4096)
def _is_other(key: str) -> bool:
    return _OTHER_KEY.search(key) is not None


@lru_cache(maxsize=4096)
def _is_of_addresses(key: str) -> bool:
    return _ADDRESS_KEY.search(key) is not None


@lru_cache(maxsize=8192)
def spans(text: str) -> tuple[Span, ...]:
    """Return the first and last addresses of what a text speaks of, as they are stored."""
    return tuple(map(edges, parsed(text)))


def parsed(text: str) -> tuple[Network, ...]:
    """Read an address, a network, a range or a list of those; empty for anything else.

    ``10.4.3.7/16`` is the network that the address is in; ``10.0.0.1-10.0.0.9`` as few
    networks as hold just these addresses.
    """
    if not text or text[0] not in "0123456789abcdefABCDEF: " or not ("." in text or ":" in text):
        return ()
    if _WHOLE.fullmatch(text):
        return _one(text)
    if len(text) > LONGEST:
        return ()
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) < 2 or not all(_WHOLE.fullmatch(part) for part in parts):
        return ()
    found = [_one(part) for part in parts]
    return tuple(dict.fromkeys(one for some in found for one in some)) if all(found) else ()


def _one(text: str) -> tuple[Network, ...]:
    first, hyphen, last = text.partition("-")
    try:
        if not hyphen:
            return (ipaddress.ip_network(text, strict=False),)
        ends = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
        return tuple(ipaddress.summarize_address_range(*ends))
    except (ValueError, TypeError):  # No address; or from one version to the other, or backwards.
        return ()


def edges(network: Network) -> Span:
    """Return the first and the last address of a network as they are stored."""
    return network.network_address.packed, network.broadcast_address.packed


def as_text(path: Path) -> str:
    """Return a path in JMESPath, without the places in lists."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += "[]"
        else:
            text += ("." if text else "") + (step if step.isidentifier() else f'"{step}"')
    return text
