"""What earlier rules of a packet filter leave to a later one; no rule calls these."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from ipaddress import collapse_addresses
from itertools import pairwise
from typing import Any

from audits.functions.firewalls import LAST_PORT, WITH_PORTS, Filter
from audits.functions.ranges import (
    PRIVATE,
    IPv4Network,
    IPv6Network,
    Network,
    network,
    overlaps,
    within,
)

# Each rule is held against those before it. A group may have 1,000 rules; whoever lists
# thousands of networks in each cannot be judged in a bearable time.
_MOST_PAIRS = 1_000_000
# And each piece between the ports that others begin or end at, against those others.
_MOST_PIECES = 1_000_000

Span = tuple[int, int]


def left_over(filters: Sequence[Filter]) -> list[list[Span] | None]:
    """Give for each rule the ports that earlier rules of the other kind leave to it.

    Null: all that it says. A rule that is met first decides; one that denies takes from one that
    allows and the other way round, what agrees takes nothing. Raises ValueError for too many.
    """
    if all(one.scope is None for one in filters):
        return [None] * len(filters)
    before: dict[Any, list[Filter]] = defaultdict(list)
    for one in filters:
        if one.scope is not None and not one.partly:
            before[one.scope, one.direction, one.allow].append(one)
    pairs = sum(len(before[one.scope, one.direction, not one.allow]) for one in filters)
    if pairs > _MOST_PAIRS:
        raise ValueError(f"There are more than {_MOST_PAIRS} pairs of rules to compare.")
    left, pieces = [], 0
    for one in filters:
        takers = _takers(one, before[one.scope, one.direction, not one.allow])
        pieces += len(takers) * len(_edges(one, takers)) if takers else 0
        if pieces > _MOST_PIECES:
            raise ValueError("There are too many rules with ports that partly overlap to compare.")
        left.append(_left(one, takers))
    return left


def span(one: Filter) -> Span:
    """Give the ports of a rule as two numbers; of protocols without ports, all of them."""
    if one.first is None or one.protocol not in WITH_PORTS:
        return 0, LAST_PORT
    return one.first, LAST_PORT if one.last is None else one.last


def _takers(one: Filter, others: Iterable[Filter]) -> list[Filter]:
    return [other for other in others if other.order < one.order and _may_take(other, one)]


def _edges(one: Filter, takers: Iterable[Filter]) -> list[int]:
    """Where the ports of a rule, or of one that takes from it, begin or have ended."""
    first, last = span(one)
    edges = {first, last + 1}
    for taker in takers:
        low, high = span(taker)
        edges |= {edge for edge in (low, high + 1) if first < edge <= last}
    return sorted(edges)


def _left(one: Filter, takers: list[Filter]) -> list[Span] | None:
    if not takers:
        return None
    first, last = span(one)
    left: list[Span] = []
    for low, beyond in pairwise(_edges(one, takers)):
        here = [taker for taker in takers if span(taker)[0] <= low <= span(taker)[1]]
        if not _take_all(here, one):
            joins = left and left[-1][1] == low - 1
            left[-1:] = [(left[-1][0], beyond - 1)] if joins else [*left[-1:], (low, beyond - 1)]
    return None if left == [(first, last)] else left


def _may_take(taker: Filter, one: Filter) -> bool:
    same_kind = taker.protocol in ("all", one.protocol)
    if one.protocol not in WITH_PORTS and (taker.first, taker.last) != (one.first, one.last):
        same_kind = same_kind and taker.first is None  # types of ICMP
    return same_kind and _behind(taker.targets, one.targets)


def _behind(wide: tuple[str, ...] | None, narrow: tuple[str, ...] | None) -> bool:
    """Whether all that one rule is for, the other is for as well."""
    if wide is None:
        return True
    if narrow is None:
        return False
    return all(name in wide or _inside(name, wide) for name in narrow)


def _inside(name: str, wide: tuple[str, ...]) -> bool:
    net = network(name)
    if net is None:
        return False
    return any(outer is not None and within(net, outer) for outer in map(network, wide))


def _take_all(takers: list[Filter], one: Filter) -> bool:
    """Whether the remote side of a rule is wholly among those of others."""
    if any(taker.anywhere or _same_remote(taker, one) for taker in takers):
        return True
    net = network(one.cidr)
    if net is None or one.anywhere or one.about:
        return False
    if any(taker.about and taker.cidr for taker in takers) and not any(
        overlaps(net, block) for block in PRIVATE
    ):
        return True  # A tag of the internet: all that is public.
    nets = [found for taker in takers if not taker.about and (found := network(taker.cidr))]
    return any(within(net, other) for other in nets) or _together(net, nets)


def _same_remote(taker: Filter, one: Filter) -> bool:
    return taker.about == one.about and taker.cidr == one.cidr and taker.anywhere == one.anywhere


def _together(net: Network, others: list[Network]) -> bool:
    if len(others) < 2:
        return False
    if isinstance(net, IPv4Network):
        four = [other for other in others if isinstance(other, IPv4Network)]
        return any(net.subnet_of(whole) for whole in collapse_addresses(four))
    six = [other for other in others if isinstance(other, IPv6Network)]
    return any(net.subnet_of(whole) for whole in collapse_addresses(six))
