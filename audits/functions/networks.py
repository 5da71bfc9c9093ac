"""What a rule may ask about addresses, networks and ports."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from audits.functions import costs
from audits.functions.base import Context, pure, takes
from audits.functions.firewalls import LAST_PORT, WITH_PORTS, Filter, filters, number
from audits.functions.ranges import (
    Range,
    apart,
    covers_internet,
    network,
    ranged,
    within,
    world,
)
from audits.functions.ranges import overlaps as have_in_common
from audits.functions.shadows import Span, left_over
from audits.functions.shapes import listed

_NOBODY = dict.fromkeys(("group", "group_owner", "prefix_list", "vpc_peering", "service_tag"))


@pure
@takes(costs.several)
def net_rules(context: Context, config: Any) -> list[dict[str, Any]]:
    """Give the rules of a packet filter, one for each remote side and range of ports, in one form.

    Takes a security group, a network ACL, a firewall of a network, a network security group, or a
    list of these (firewalls of one network are judged together).

    direction (ingress, egress); action (allow, deny); protocol (tcp, udp, icmp, icmpv6, all, or a
    number: 50 is ESP); from_port and to_port (null: all); ports as text (22, 20-25, all; type 8 for
    ICMP); traffic, both in words (tcp 22, udp on every port, all traffic); cidr, group,
    group_owner, prefix_list, vpc_peering, service_tag (null where it is not of that kind); targets
    (what behind the filter it is for; null: all); priority and name (null in a security group);
    description.

    left: the ranges of ports that rules before it leave to it (null: all it says), where a rule
    that denies takes from one that allows, and the other way round; shadowed: whether nothing is
    left. One protocol takes nothing from a rule for all protocols.

    world: whether it is the whole internet, alone or with others of the same protocol, ports and
    direction (0.0.0.0/1 and 128.0.0.0/1), and not shadowed.

    Example: net_rules(@)[?world].ports
    On: {"IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}
    Gives: ["all"]
    """
    found = list(filters(config))
    left = left_over(found)
    rules = [_form(one, rest) for one, rest in zip(found, left, strict=True)]
    _mark_world(found, rules)
    return rules


@takes(costs.several)
def is_whole_internet(context: Context, cidr: Any) -> bool:
    """Say whether a CIDR, or a list of them together, holds every public address of IPv4 or IPv6.

    Example: [is_whole_internet(One), is_whole_internet(Both)]
    On: {"One": "::/0", "Both": ["0.0.0.0/1", "128.0.0.0/1"]}
    Gives: [true, true]
    """
    if isinstance(cidr, list):
        return covers_internet([net for net in map(network, cidr) if net is not None])
    found = ranged(cidr)
    return found is not None and found.internet


def is_public_network(context: Context, cidr: Any) -> bool:
    """Say whether a CIDR or address holds any address that is not private.

    Example: is_public_network(CidrIp)
    On: {"CidrIp": "10.0.0.0/7"}
    Gives: true
    """
    found = ranged(cidr)
    return found is not None and not found.private


def is_private_network(context: Context, cidr: Any) -> bool:
    """Say whether all of a CIDR or address is private (RFC 1918, 6598, 4193, loopback, link-local).

    Example: is_private_network(CidrIp)
    On: {"CidrIp": "172.16.5.0/24"}
    Gives: true
    """
    found = ranged(cidr)
    return found is not None and found.private


def prefix_length(context: Context, cidr: Any) -> int | None:
    """Give the length of a CIDR's prefix in bits, of one address 32 or 128; of others null.

    Example: prefix_length(CidrIp) < `16`
    On: {"CidrIp": "198.51.0.0/15"}
    Gives: true
    """
    net = network(cidr)
    return None if net is None else net.prefixlen


def in_networks(context: Context, cidr: Any, networks: Any) -> bool:
    """Say whether all of a CIDR or address lies in one of a list of networks.

    Example: in_networks(CidrIp, param('offices'))
    On: {"CidrIp": "192.0.2.7/32"}
    With: {"parameters": {"offices": ["192.0.2.0/24"]}}
    Gives: true
    """
    net = network(cidr)
    if net is None:
        return False
    return any(outer is not None and within(net, outer) for outer in map(network, listed(networks)))


def overlaps(context: Context, cidr: Any, networks: Any) -> bool:
    """Say whether a CIDR has an address in common with any of a list of networks.

    Example: overlaps(CidrBlock, ['10.0.0.0/8', 'fd00::/8'])
    On: {"CidrBlock": "10.200.0.0/16"}
    Gives: true
    """
    net = network(cidr)
    others = map(network, listed(networks))
    return net is not None and any(have_in_common(net, one) for one in others if one is not None)


@takes(costs.several)
def network_size(context: Context, cidr: Any) -> int | None:
    """Give how many addresses a CIDR, or a list of them together, has; null if it is none.

    Addresses that are in more than one count once. IPv4 and IPv6 are added up.

    Example: network_size(Ranges)
    On: {"Ranges": ["10.0.0.0/24", "10.0.0.128/25", "192.0.2.1"]}
    Gives: 257
    """
    found = [net for net in map(network, listed(cidr)) if net is not None]
    return sum(net.num_addresses for net in apart(found)) if found else None


@takes(costs.product)
def covers_port(context: Context, rule: Any, port: Any) -> bool:
    """Say whether a rule that net_rules() gave is about a port, or any of a list of ports.

    A rule for all protocols covers every port, one for ICMP none. What the rules before it took
    from it does not count.

    Example: net_rules(@)[?covers_port(@, `[22, 3389]`)].ports
    On: {"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 20, "ToPort": 25, "IpRanges": [{}]}]}
    Gives: ["20-25"]
    """
    if not isinstance(rule, dict) or rule.get("protocol") not in WITH_PORTS:
        return False
    spans = _spans_of(rule)
    asked = [one for one in map(number, listed(port)) if one is not None]
    return any(first <= one <= last for one in asked for first, last in spans)


def _form(one: Filter, left: list[Span] | None) -> dict[str, Any]:
    return {
        "direction": one.direction,
        "action": "allow" if one.allow else "deny",
        "protocol": one.protocol,
        "from_port": one.first,
        "to_port": one.last,
        "ports": one.ports,
        "traffic": one.traffic,
        "cidr": one.cidr,
        **_NOBODY,
        **one.about,
        "targets": None if one.targets is None else [*one.targets],
        "priority": one.priority,
        "name": one.name,
        "description": one.description,
        "left": None if left is None else [[*span] for span in left],
        "shadowed": left == [],
        "world": False,
    }


def _mark_world(found: Sequence[Filter], rules: list[dict[str, Any]]) -> None:
    alike: dict[Any, list[tuple[Range, dict[str, Any]]]] = defaultdict(list)
    for one, rule in zip(found, rules, strict=True):
        remote = ranged(one.cidr)
        if remote is not None and not rule["shadowed"]:
            ports = (one.protocol, one.first, one.last)
            alike[one.scope, one.direction, one.allow, ports, one.targets].append((remote, rule))
    for pairs in alike.values():
        if len(pairs) == 1:  # As most are; what is asked of one range is worked out once.
            [(remote, rule)] = pairs
            rule["world"] = remote.internet and not remote.private
            continue
        everybody = world([remote.net for remote, _ in pairs])
        for remote, rule in pairs if everybody else ():
            rule["world"] = remote.net in everybody


def _spans_of(rule: dict[str, Any]) -> list[Span]:
    left = rule.get("left")
    if isinstance(left, list):
        pairs = [[number(edge) for edge in listed(pair)] for pair in left]
        return [
            (pair[0], pair[1])
            for pair in pairs
            if len(pair) == 2 and pair[0] is not None and pair[1] is not None
        ]
    first, last = number(rule.get("from_port")), number(rule.get("to_port"))
    return [(0 if first is None else first, LAST_PORT if last is None else last)]
