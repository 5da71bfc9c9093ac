"""How far findings reach: what one extent holds that another did not contain."""

import ipaddress
from collections.abc import Iterable
from typing import Any

# Beyond so many different things their containing one another is not looked for.
MOST_COMPARED = 300


def widened(justified: Iterable[Any], now: Iterable[Any]) -> list[Any]:
    """Return what is in ``now`` and was not contained before; networks by containment."""
    before = list(justified)
    return [one for one in now if not any(contains(old, one) for old in before)]


def contains(outer: Any, inner: Any) -> bool:
    """Say whether one thing justified contains another: equal, or a network within."""
    if outer == inner:
        return True
    if not (isinstance(outer, str) and isinstance(inner, str)):
        return False
    try:
        wide, narrow = ipaddress.ip_network(outer, False), ipaddress.ip_network(inner, False)
    except ValueError:
        return False
    return wide.version == narrow.version and narrow.subnet_of(wide)  # type: ignore[arg-type]


def together(extents: Iterable[Iterable[Any]]) -> list[Any]:
    """Return what several extents reach together, each thing once, without what others contain."""
    found: list[Any] = []
    seen: set[str] = set()
    for one in (one for extent in extents for one in extent):
        if repr(one) not in seen:
            seen.add(repr(one))
            found.append(one)
    if len(found) > MOST_COMPARED:
        return found
    return [
        one
        for place, one in enumerate(found)
        if not any(
            contains(other, one) and (not contains(one, other) or at < place)
            for at, other in enumerate(found)
            if at != place
        )
    ]
