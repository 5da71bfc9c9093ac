"""One form for equal configurations: what a cloud sent, made into JSON that can be compared."""

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from items.fields import canonical_bytes
from items.paths import replaced, without

SEAL = re.compile(r"digest:[0-9a-f]{6}:[0-9a-f]{32}")
SURROGATES = range(0xD800, 0xE000)


def canonical(value: Any) -> Any:
    """Return ``value`` as JSON with every list in one order; duplicates are kept.

    Dates become ISO text, bytes base64. NUL, lone surrogates and NaN, which PostgreSQL
    refuses, are replaced.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() and "\0" not in value else _storable(value)
    if kind is dict:
        return {
            canonical(key) if type(key) is str else str(key): canonical(one)
            for key, one in value.items()
        }
    if kind is list:
        return in_order([canonical(one) for one in value])
    if kind is bool or value is None:
        return value
    if kind is int:
        return value if abs(value) < 2**63 else str(value)
    if kind is float:
        return value if math.isfinite(value) else str(value)
    return canonical(_plain(value))


def storable(value: Any) -> Any:
    """Return JSON with each list in the order it has, as both databases keep it.

    NUL, lone surrogates and numbers that JSON does not know are replaced as by ``canonical``.
    """
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _storable(value)
    if isinstance(value, dict):
        return {storable(key): storable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [storable(one) for one in value]
    return canonical(value)


def kept_order(value: Any) -> Any:
    """Return ``value`` as ``canonical()`` does, its own list left in the order it has."""
    if isinstance(value, list):
        return [canonical(one) for one in value]
    return canonical(value)


def in_order(values: list[Any]) -> list[Any]:
    """Sort a list of anything by its canonical text."""
    if len(values) < 2:
        return values
    if all(type(one) is str for one in values):
        return sorted(values)
    return sorted(values, key=canonical_bytes)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat()  # SDKs give the server's own zone.
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, (tuple, set, frozenset)):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def _storable(text: str) -> str:
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if one == "\0" or ord(one) in SURROGATES else one
        for one in text
    )


def digest(config: Any) -> str:
    """Return 32 hexadecimal digits that equal configurations share."""
    return hashlib.blake2b(canonical_bytes(config), digest_size=16).hexdigest()


def durable_digest(config: Any, ephemeral: tuple[tuple[str, ...], ...]) -> str:
    """Return the digest of the part that counts as a change."""
    return digest(without(config, ephemeral))


def sealed(config: Any, secret: tuple[tuple[str, ...], ...]) -> Any:
    """Return ``config`` with a keyed digest in the place of each secret value."""
    for path in secret:
        config = replaced(config, path, seal)
    return config


def seal(value: Any) -> Any:
    """Return the keyed digest of a secret: a change shows, the value does not.

    What is sealed already stays as it is.
    """
    if isinstance(value, dict):
        return {key: seal(one) for key, one in value.items()}
    if value is None or is_sealed(value):
        return value
    mac = hmac.new(settings.DIGEST_KEY.encode(), canonical_bytes(value), hashlib.sha256)
    return f"digest:{key_id()}:{mac.hexdigest()[:32]}"


def is_sealed(value: Any) -> bool:
    return isinstance(value, str) and SEAL.fullmatch(value) is not None


def seals(value: Any) -> Iterator[str]:
    """Yield the sealed values in ``value``."""
    if isinstance(value, dict):
        for one in value.values():
            yield from seals(one)
    elif is_sealed(value):
        yield value


def key_id() -> str:
    """Return a few characters that tell one digest key from another."""
    return hashlib.sha256(b"id" + settings.DIGEST_KEY.encode()).hexdigest()[:6]
