"""Call an address that somebody wrote down: never one inside, never another than was checked."""

import json
import socket
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from django.conf import settings
from django.core.exceptions import ValidationError

from notifications.notifiers.base import Later, Never

Address = IPv4Address | IPv6Address
MOST_READ = 1 << 16
PORTS = {"http": 80, "https": 443, "amqp": 5672, "amqps": 5671}
ENCRYPTED = {"http": "https", "amqp": "amqps"}
BUSY = (408, 425, 429)
# IPv4 addresses as networks that speak IPv6 alone write them.
NAT64 = ip_network("64:ff9b::/96")
# Public by its number, and yet answered by the host of a virtual machine.
HOSTS_OF_MACHINES = frozenset({ip_address("168.63.129.16")})


def check_url(
    url: str,
    schemes: Iterable[str] = ("https", "http"),
    such_as: str = "Such as https://hooks.example.com/vervet.",
) -> None:
    """Raise ValidationError on what cannot be the URL of a service."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.username is not None or any(c.isspace() for c in url):
        raise ValidationError(f"Must be a URL. {such_as}")


class Gone(Never):
    """What was asked for is not there, or not for us."""


def post(url: str, body: Any, headers: Mapping[str, str], timeout: int) -> bytes:
    """Post bytes, or anything else as JSON; return the beginning of the answer.

    Raises Later where another attempt may succeed, Never where none will. No message of these
    holds the URL, for it may be a secret.
    """
    return ask("POST", url, body, headers, timeout)


def ask(
    method: str,
    url: str,
    body: Any,
    headers: Mapping[str, str],
    timeout: int,
    most: int = MOST_READ,
) -> bytes:
    """Send bytes, anything else as JSON, or None; return ``most`` bytes of the answer.

    Raises as ``post`` does; Gone where there is no such thing.
    """
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    try:
        check_url(url)
    except ValidationError as error:
        raise Never(error.messages[0]) from error
    parts = urlsplit(url)
    address = resolved_address(parts)
    headers = {**headers, "Host": parts.netloc}
    try:
        answer, said = _ask(method, parts, address, data, headers, timeout, most)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Later(f"{parts.hostname} cannot be reached: {type(error).__name__}") from error
    judge(answer.status, answer.headers, said)
    return said


def resolved_address(parts: SplitResult) -> Address:
    """Return the one address to connect to; raise Never where any of a host's is inside."""
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Later(f"{host} is not known: {error}") from error
    found = [plain(ip_address(str(row[4][0]).partition("%")[0])) for row in rows]
    for address in found:
        allowed = any(address in network for network in settings.NOTIFY_INSIDE)
        if is_inside(address) and not allowed:
            raise Never(f"{host} is inside ({address}). VERVET_NOTIFY_INSIDE can allow that.")
        if parts.scheme in ENCRYPTED and not allowed:
            raise Never(f"{host} must be called by {ENCRYPTED[parts.scheme]}: it is outside.")
    return found[0]


def plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_inside(address: Address) -> bool:
    """Say whether an address is none of the public internet's."""
    teredo = isinstance(address, IPv6Address) and address.teredo is not None
    odd = teredo or address.is_multicast or address.is_reserved
    return odd or not address.is_global or address in HOSTS_OF_MACHINES


def judge(status: int, headers: Mapping[str, str], said: bytes = b"") -> None:
    """Raise what an answer means, unless it means that all was taken."""
    if 200 <= status < 300:
        return
    reason = f"HTTP {status}: {said[:200].decode(errors='replace')}"
    # Some say of who asked too often that it is forbidden.
    limited = "Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0"
    if status in BUSY or status >= 500 or (status == 403 and limited):
        raise Later(reason, wait(headers.get("Retry-After", "")))
    if 300 <= status < 400:
        raise Never(f"HTTP {status}: redirects are not followed. Write the final address.")
    raise (Gone if status in (404, 410) else Never)(reason)


def wait(retry_after: str) -> timedelta:
    """Return how long a Retry-After asks to wait: seconds, or a date."""
    try:
        return timedelta(seconds=min(int(retry_after), 86400))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta()
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(timedelta(), until - datetime.now(UTC))


def _ask(
    method: str,
    parts: SplitResult,
    address: Address,
    data: bytes | None,
    headers: Mapping[str, str],
    timeout: int,
    most: int,
) -> tuple[urllib3.BaseHTTPResponse, bytes]:
    """Call an address, with the name only in TLS and in the Host header."""
    port = parts.port or PORTS[parts.scheme]
    limits: dict[str, Any] = {"timeout": urllib3.Timeout(total=timeout), "retries": False}
    pool: urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        host = parts.hostname
        pool = urllib3.HTTPSConnectionPool(
            str(address), port, assert_hostname=host, server_hostname=host, **limits
        )
    else:
        pool = urllib3.HTTPConnectionPool(str(address), port, **limits)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with pool:
        answer = pool.urlopen(
            method, target, body=data, headers=headers, redirect=False, preload_content=False
        )
        return answer, _beginning(answer, time.monotonic() + timeout, most)


def _beginning(answer: urllib3.BaseHTTPResponse, until: float, most: int) -> bytes:
    """Read what was said, up to a size and a moment."""
    said = b""
    while len(said) < most and time.monotonic() < until:
        more = answer.read1(65536)
        if not more:
            break
        said += more
    return said[:most]
