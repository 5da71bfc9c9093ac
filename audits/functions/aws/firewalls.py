"""AWS's packet filters: security groups and network ACLs."""

from collections.abc import Iterator
from typing import Any

from audits.functions.firewalls import (
    WITH_TYPES,
    Filter,
    Reader,
    has_any,
    number,
    ports_of,
    protocol_of,
    types_of,
)
from audits.functions.shapes import listed

_DIRECTIONS = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}
# Where a permission lists its sources, and what each calls what we call otherwise.
_RANGES = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6"}
_PEERS = {
    "UserIdGroupPairs": {
        "group": "GroupId",
        "group_owner": "UserId",
        "vpc_peering": "VpcPeeringConnectionId",
    },
    "PrefixListIds": {"prefix_list": "PrefixListId"},
}


class SecurityGroup(Reader):
    @classmethod
    def knows(cls, config: dict[str, Any]) -> bool:
        return has_any(config, *_DIRECTIONS.values())

    @classmethod
    def read(cls, config: dict[str, Any], place: int) -> Iterator[Filter]:
        for direction, key in _DIRECTIONS.items():
            for permission in listed(config.get(key)):
                if isinstance(permission, dict):
                    yield from _permission(direction, permission)


def _permission(direction: str, permission: dict[str, Any]) -> Iterator[Filter]:
    protocol = protocol_of(permission.get("IpProtocol"))
    first, last = number(permission.get("FromPort")), number(permission.get("ToPort"))
    if protocol in WITH_TYPES:
        first, last = types_of(first, last)
    # AWS lets all ports through for any protocol but these, whatever the numbers say.
    elif protocol not in ("tcp", "udp"):
        first, last = None, None
    else:
        first, last = ports_of(first, last)
    said = (direction, True, protocol, first, last)
    for key, name in _RANGES.items():
        for source in listed(permission.get(key)):
            if isinstance(source, dict):
                yield Filter(*said, source.get(name), description=source.get("Description"))
    for key, names in _PEERS.items():
        for source in listed(permission.get(key)):
            if isinstance(source, dict):
                about = {ours: source.get(theirs) for ours, theirs in names.items()}
                yield Filter(*said, about=about, description=source.get("Description"))


class NetworkAcl(Reader):
    @classmethod
    def knows(cls, config: dict[str, Any]) -> bool:
        return "Entries" in config

    @classmethod
    def read(cls, config: dict[str, Any], place: int) -> Iterator[Filter]:
        for entry in listed(config.get("Entries")):
            if not isinstance(entry, dict):
                continue
            protocol = protocol_of(entry.get("Protocol"))
            ports, types = entry.get("PortRange"), entry.get("IcmpTypeCode")
            first, last = None, None
            if protocol in WITH_TYPES and isinstance(types, dict):
                first, last = types_of(number(types.get("Type")), number(types.get("Code")))
            elif protocol in ("tcp", "udp") and isinstance(ports, dict):
                first, last = ports_of(number(ports.get("From")), number(ports.get("To")))
            rule = number(entry.get("RuleNumber"))
            yield Filter(
                "egress" if entry.get("Egress") else "ingress",
                str(entry.get("RuleAction")).lower() == "allow",
                protocol,
                first,
                last,
                entry.get("CidrBlock") or entry.get("Ipv6CidrBlock"),
                priority=rule,
                name=None if rule is None else str(rule),
                scope=("acl", place),
            )
