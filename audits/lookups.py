"""By which texts rules find other items: what stands at a path, in the form it is compared in."""

from collections.abc import Iterable
from typing import Any

from accounts.providers import provider_of
from items.paths import read


def values_at(technology: str, path: str, config: Any) -> list[str]:
    """Return the texts that an item of a technology has at a path, as they are compared."""
    value = read(path, config)
    return as_compared(technology, value if isinstance(value, list) else [value])


def as_compared(technology: str, values: Iterable[Any]) -> list[str]:
    """Return the texts among values; in small letters where the cloud tells no capitals apart."""
    found = [one for one in values if isinstance(one, str)]
    return [one.lower() for one in found] if provider_of(technology).any_capitals else found
