"""What a rule may ask about addresses, networks and ports."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from audits.functions.base import Context, pure
from audits.functions.ranges import is_internet, is_private, network, within, world
from audits.functions.shapes import listed

_DIRECTIONS = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}

# AWS takes a protocol by its name or by its number (IANA's); one form, so that findings agree.
_PROTOCOLS = {
    "-1": "all",
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "58": "icmpv6",
    "132": "sctp",
}
_WITH_PORTS = ("tcp", "udp", "sctp")
_WITH_TYPES = ("icmp", "icmpv6")

_NO_SOURCE = {
    "cidr": None,
    "group": None,
    "group_owner": None,
    "prefix_list": None,
    "vpc_peering": None,
}
# Where a permission lists its sources, and what each calls what we call otherwise.
_SOURCES = {
    "IpRanges": {"cidr": "CidrIp"},
    "Ipv6Ranges": {"cidr": "CidrIpv6"},
    "UserIdGroupPairs": {
        "group": "GroupId",
        "group_owner": "UserId",
        "vpc_peering": "VpcPeeringConnectionId",
    },
    "PrefixListIds": {"prefix_list": "PrefixListId"},
}


@pure
def net_rules(context: Context, config: Any) -> list[dict[str, Any]]:
    """Give the rules of a security group, one for each source, in one flat form.

    direction (ingress, egress); protocol (tcp, udp, icmp, icmpv6, all, or a number); from_port and
    to_port (null: all); ports as text (22, 20-25, all; type 8 for ICMP); cidr, group, group_owner,
    prefix_list, vpc_peering (null where it is not of that kind); description; and world: whether it
    is the whole internet, alone or with others of the same protocol, ports and direction
    (0.0.0.0/1 and 128.0.0.0/1).

    Example: net_rules(@)[?world].ports
    On: {"IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}
    Gives: ["all"]
    """
    if not isinstance(config, dict):
        return []
    rules = [
        rule
        for direction, key in _DIRECTIONS.items()
        for permission in listed(config.get(key))
        if isinstance(permission, dict)
        for rule in _rules(direction, permission)
    ]
    _mark_world(rules)
    return rules


def is_whole_internet(context: Context, cidr: Any) -> bool:
    """Say whether a CIDR holds every public address of IPv4 or of IPv6.

    Example: is_whole_internet(CidrIpv6)
    On: {"CidrIpv6": "::/0"}
    Gives: true
    """
    net = network(cidr)
    return net is not None and is_internet(net)


def is_public_network(context: Context, cidr: Any) -> bool:
    """Say whether a CIDR or address holds any address that is not private.

    Example: is_public_network(CidrIp)
    On: {"CidrIp": "10.0.0.0/7"}
    Gives: true
    """
    net = network(cidr)
    return net is not None and not is_private(net)


def is_private_network(context: Context, cidr: Any) -> bool:
    """Say whether all of a CIDR or address is private (RFC 1918, 6598, 4193, loopback, link-local).

    Example: is_private_network(CidrIp)
    On: {"CidrIp": "172.16.5.0/24"}
    Gives: true
    """
    net = network(cidr)
    return net is not None and is_private(net)


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


def covers_port(context: Context, rule: Any, port: Any) -> bool:
    """Say whether a rule that net_rules() gave lets a port, or any of a list of ports, through.

    A rule for all protocols covers every port, one for ICMP none.

    Example: net_rules(@)[?covers_port(@, `[22, 3389]`)].ports
    On: {"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 20, "ToPort": 25, "IpRanges": [{}]}]}
    Gives: ["20-25"]
    """
    if not isinstance(rule, dict):
        return False
    ports = [number for number in map(_number, listed(port)) if number is not None]
    if rule.get("protocol") == "all":
        return bool(ports)
    if rule.get("protocol") not in _WITH_PORTS:
        return False
    first, last = _number(rule.get("from_port")), _number(rule.get("to_port"))
    return any((first is None or first <= it) and (last is None or it <= last) for it in ports)


def _rules(direction: str, permission: dict[str, Any]) -> Iterator[dict[str, Any]]:
    protocol = str(permission.get("IpProtocol") or "-1").lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    first, last, ports = _ports(protocol, permission)
    for key, names in _SOURCES.items():
        for source in listed(permission.get(key)):
            if isinstance(source, dict):
                yield {
                    "direction": direction,
                    "protocol": protocol,
                    "from_port": first,
                    "to_port": last,
                    "ports": ports,
                    **_NO_SOURCE,
                    **{ours: source.get(theirs) for ours, theirs in names.items()},
                    "description": source.get("Description"),
                    "world": False,
                }


def _ports(protocol: str, permission: dict[str, Any]) -> tuple[int | None, int | None, str]:
    first, last = _number(permission.get("FromPort")), _number(permission.get("ToPort"))
    if first is None or first < 0:
        return None, None, "all"
    if protocol in _WITH_TYPES:  # FromPort is the type, ToPort the code; -1 any.
        last = None if last is None or last < 0 else last
        return first, last, f"type {first}" + ("" if last is None else f" code {last}")
    # AWS lets all ports through for any protocol but these, whatever the numbers say.
    if protocol not in ("tcp", "udp"):
        return None, None, "all"
    last = first if last is None else last
    if first == 0 and last >= 65_535:
        return None, None, "all"
    return first, last, str(first) if first == last else f"{first}-{last}"


def _mark_world(rules: list[dict[str, Any]]) -> None:
    alike = defaultdict(list)
    for rule in rules:
        net = network(rule["cidr"])
        if net is not None:
            alike[rule["direction"], rule["protocol"], rule["ports"]].append((net, rule))
    for pairs in alike.values():
        everybody = world([net for net, _ in pairs])
        for net, rule in pairs:
            rule["world"] = net in everybody


def _number(x: Any) -> int | None:
    if isinstance(x, bool):
        return None
    if isinstance(x, int):
        return x
    if isinstance(x, float) and x.is_integer():
        return int(x)
    return int(x) if isinstance(x, str) and x.isascii() and x.isdigit() and len(x) < 6 else None
