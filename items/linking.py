"""Which things a configuration speaks of by their ids: what a page shows by name, and used by whom.

How references look, each provider declares: ``accounts/providers/``.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any, Protocol

from accounts.providers import sound
from accounts.providers.base import Provider

# A reference longer than this is none that any cloud makes.
LONGEST = 500
# References of one item that are kept.
MOST = 2000


class Named(Protocol):
    """The part of an item by which others speak of it."""

    @property
    def uid(self) -> str: ...

    @property
    def full_name(self) -> str: ...

    @property
    def config(self) -> Any: ...


def referred(text: Any) -> str:
    """Return what a value refers to, in the form in which references are kept; empty: nothing."""
    if not isinstance(text, str) or not 9 < len(text) <= LONGEST:
        return ""
    match = _reference().fullmatch(text)
    return _whose(match).one_form(text) if match else ""


@functools.cache
def _reference() -> re.Pattern[str]:
    """One pattern of all that refers: each value of each item that changed is held to it."""
    forms = ("|".join(one.references) for one in _referring())
    return re.compile("|".join(f"(?P<p{number}>{form})" for number, form in enumerate(forms)))


@functools.cache
def _referring() -> tuple[type[Provider], ...]:
    return tuple(one for one in sound() if one.references)


def _whose(match: re.Match[str]) -> type[Provider]:
    return _referring()[int((match.lastgroup or "p0")[1:])]


def references(config: Any) -> dict[str, str]:
    """Return everything that a configuration refers to, with the path at which it is met first."""
    found: dict[str, str] = {}
    for text, path in _texts(config):
        value = referred(text)
        if value and value not in found:
            found[value] = path[:LONGEST]
            if len(found) == MOST:
                break
    return found


def names_of(item: Named) -> list[str]:
    """Return the forms in which others refer to an item."""
    names = (item.uid, referred(item.full_name) or item.full_name)
    return [name[:LONGEST] for name in dict.fromkeys(names) if name]


def _texts(config: Any) -> Iterator[tuple[str, str]]:
    """Yield each text of a configuration with its path, the topmost first."""
    level = [("", config)]
    while level:
        below: list[tuple[str, Any]] = []
        for path, value in level:
            if isinstance(value, dict):
                for key, one in value.items():
                    if isinstance(one, str):
                        yield one, f"{path}.{key}" if path else key
                    elif isinstance(one, (dict, list)) and one:
                        below.append((f"{path}.{key}" if path else key, one))
            elif isinstance(value, list):
                for one in value:
                    if isinstance(one, str):
                        yield one, f"{path}[]"
                    elif isinstance(one, (dict, list)) and one:
                        below.append((f"{path}[]", one))
            else:
                yield value, path
        level = below
