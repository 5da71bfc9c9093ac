"""Rules of packet filters, as each cloud writes them, in one form; no rule calls these.

AWS's security groups and network ACLs, GCP's firewalls, Azure's network security groups.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from audits.functions.shapes import listed, texts

LAST_PORT = 65_535

# AWS and GCP take a protocol by its name or by its number (IANA's); one form, so that findings
# agree. "*" and "any" are Azure's words.
_PROTOCOLS = {
    "-1": "all",
    "*": "all",
    "any": "all",
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "58": "icmpv6",
    "132": "sctp",
    "esp": "50",
    "ah": "51",
}
WITH_PORTS = ("tcp", "udp", "sctp", "all")
_WITH_TYPES = ("icmp", "icmpv6")

# What Azure calls everything, and everything but its own networks.
_AZURE_ANY = ("*", "any", "0.0.0.0/0")
_AZURE_INTERNET = "internet"
_AZURE_WITHIN = "VirtualNetwork"
# A network security group hangs in a virtual network: this is everything behind it.
_AZURE_BEHIND = ("*", "any", "virtualnetwork")


About = Mapping[str, Any]

_NOTHING: About = {}


@dataclass(slots=True, eq=False)
class Filter:
    """One rule for one remote side and one range of ports."""

    direction: str
    allow: bool
    protocol: str
    first: int | None = None
    last: int | None = None
    cidr: str | None = None
    anywhere: bool = False
    """Whether every address of every version is meant, known or not."""
    about: About = field(default_factory=dict)
    """Further keys of the form: the remote group, its owner, a prefix list ..."""
    targets: tuple[str, ...] | None = None
    """What of that which is behind the filter it is for; null: all."""
    priority: int | None = None
    name: str | None = None
    description: str | None = None
    scope: Hashable = None
    """Filters of one scope stand in one order; null: nothing here takes from another."""
    partly: bool = False
    """Whether it only meets part of what its form says (some ports of the sender)."""

    @property
    def ports(self) -> str:
        """The ports as a person writes them: 22, 20-25, all; type 8 for ICMP."""
        if self.first is None:
            return "all"
        if self.protocol in _WITH_TYPES:
            return f"type {self.first}" + ("" if self.last is None else f" code {self.last}")
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def traffic(self) -> str:
        """What passes, as a person says it: tcp 22, udp on every port, all traffic."""
        if self.protocol == "all":
            return "all traffic" if self.first is None else f"everything on {self.ports}"
        if self.first is not None:
            return f"{self.protocol} {self.ports}"
        every = self.protocol in WITH_PORTS
        return f"{self.protocol} on every port" if every else self.protocol

    @property
    def order(self) -> tuple[int, bool]:
        # GCP: of two with one priority the one that denies comes first.
        return (self.priority or 0, self.allow)


def filters(config: Any) -> Iterator[Filter]:
    """Yield the rules of a configuration, or of a list of them, in one form."""
    for place, one in enumerate(listed(config)):
        if isinstance(one, dict):
            for knows, read in _FORMS:
                if knows(one):
                    yield from read(one, place)


def number(x: Any) -> int | None:
    """Give a whole number that is written as one or as text; null for anything else."""
    if isinstance(x, bool):
        return None
    if isinstance(x, int):
        return x
    if isinstance(x, float) and x.is_integer():
        return int(x)
    return int(x) if isinstance(x, str) and x.isascii() and x.isdigit() and len(x) < 6 else None


def _protocol(x: Any) -> str:
    name = str(x if isinstance(x, (str, int)) and x != "" else "-1").lower()
    return _PROTOCOLS.get(name, name)


def _range(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """A range of ports; two nulls where it is all of them."""
    if first is None or first < 0:
        return None, None
    last = first if last is None else last
    return (None, None) if first == 0 and last >= LAST_PORT else (first, last)


def _types(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """A type and a code of ICMP; -1 means any."""
    if first is None or first < 0:
        return None, None
    return first, None if last is None or last < 0 else last


def _spans(written: Any) -> list[tuple[int | None, int | None]]:
    """Ranges as GCP and Azure write them: "22", "20-30", "*"; all of them where none is written."""
    found: list[tuple[int | None, int | None]] = []
    for text in texts(written):
        first, dash, last = text.partition("-")
        low, high = number(first.strip()), number(last.strip() if dash else first.strip())
        if text.strip() == "*":
            found.append((None, None))
        elif low is not None and high is not None:
            found.append(_range(low, high))
    return found if listed(written) else [(None, None)]


# -- AWS: security groups -------------------------------------------------------------------------

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


def _security_group(config: dict[str, Any], _: int) -> Iterator[Filter]:
    for direction, key in _DIRECTIONS.items():
        for permission in listed(config.get(key)):
            if isinstance(permission, dict):
                yield from _permission(direction, permission)


def _permission(direction: str, permission: dict[str, Any]) -> Iterator[Filter]:
    protocol = _protocol(permission.get("IpProtocol"))
    first, last = number(permission.get("FromPort")), number(permission.get("ToPort"))
    if protocol in _WITH_TYPES:
        first, last = _types(first, last)
    # AWS lets all ports through for any protocol but these, whatever the numbers say.
    elif protocol not in ("tcp", "udp"):
        first, last = None, None
    else:
        first, last = _range(first, last)
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


# -- AWS: network ACLs ----------------------------------------------------------------------------


def _network_acl(config: dict[str, Any], place: int) -> Iterator[Filter]:
    for entry in listed(config.get("Entries")):
        if not isinstance(entry, dict):
            continue
        protocol = _protocol(entry.get("Protocol"))
        ports, types = entry.get("PortRange"), entry.get("IcmpTypeCode")
        first, last = None, None
        if protocol in _WITH_TYPES and isinstance(types, dict):
            first, last = _types(number(types.get("Type")), number(types.get("Code")))
        elif protocol in ("tcp", "udp") and isinstance(ports, dict):
            first, last = _range(number(ports.get("From")), number(ports.get("To")))
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


# -- GCP: firewalls -------------------------------------------------------------------------------


def _gcp_firewall(config: dict[str, Any], _: int) -> Iterator[Filter]:
    if config.get("disabled") is True:
        return
    ingress = str(config.get("direction") or "INGRESS").upper() != "EGRESS"
    near, far = (
        ("destinationRanges", "sourceRanges") if ingress else ("sourceRanges", "destinationRanges")
    )
    targets = [*texts(config.get("targetTags")), *texts(config.get("targetServiceAccounts"))]
    targets += texts(config.get(near))
    groups = [*texts(config.get("sourceTags")), *texts(config.get("sourceServiceAccounts"))]
    networks: list[str] = texts(config.get(far))
    if not networks and not (ingress and groups):
        networks = ["0.0.0.0/0"]
    priority = number(config.get("priority"))
    for action in ("allowed", "denied"):
        for one in listed(config.get(action)):
            if not isinstance(one, dict):
                continue
            protocol = _protocol(one.get("IPProtocol"))
            for first, last in _spans(one.get("ports")):
                remotes: list[tuple[str | None, About]] = [(cidr, _NOTHING) for cidr in networks]
                remotes += [(None, {"group": group}) for group in groups if ingress]
                for cidr, about in remotes:
                    yield Filter(
                        "ingress" if ingress else "egress",
                        action == "allowed",
                        protocol,
                        first,
                        last,
                        cidr,
                        about=about,
                        targets=tuple(targets) or None,
                        priority=1000 if priority is None else priority,
                        name=config.get("name"),
                        description=config.get("description"),
                        scope=("gcp", str(config.get("network"))),
                    )


# -- Azure: network security groups ---------------------------------------------------------------


def _azure_group(config: dict[str, Any], place: int) -> Iterator[Filter]:
    properties = _properties(config)
    rules = [
        rule
        for key in ("securityRules", "defaultSecurityRules")
        for rule in listed(properties.get(key))
        if isinstance(rule, dict)
    ]
    in_two = any(_denies_the_internet(_properties(rule)) for rule in rules)
    for rule in rules:
        yield from _azure_rule(rule, _properties(rule), ("azure", place), in_two)


def _denies_the_internet(said: dict[str, Any]) -> bool:
    remotes = [*_side(said, "source"), *_side(said, "destination")]
    return not _allows(said) and any(one.lower() == _AZURE_INTERNET for one in remotes)


def _allows(said: dict[str, Any]) -> bool:
    return str(said.get("access")).lower() == "allow"


def _azure_rule(
    rule: dict[str, Any], said: dict[str, Any], scope: Hashable, in_two: bool
) -> Iterator[Filter]:
    """``in_two``: what lets everything in is told as the internet and the rest, each for itself,
    so that a rule that denies the internet takes the one and leaves the other."""
    inbound = str(said.get("direction")).lower() != "outbound"
    far, near = ("source", "destination") if inbound else ("destination", "source")
    behind = [one for one in _side(said, near) if one.lower() not in _AZURE_BEHIND]
    behind_all = len(behind) < len(_side(said, near))
    behind += _asgs(said, near)
    from_ports = _spans(_one_or_many(said, "sourcePortRange"))
    for first, last in _spans(_one_or_many(said, "destinationPortRange")):
        for cidr, anywhere, about in _azure_remotes(said, far, in_two and _allows(said)):
            yield Filter(
                "ingress" if inbound else "egress",
                _allows(said),
                _protocol(said.get("protocol")),
                first,
                last,
                cidr,
                anywhere,
                about,
                targets=None if behind_all or not behind else tuple(behind),
                priority=number(said.get("priority")),
                name=rule.get("name"),
                description=said.get("description"),
                scope=scope,
                partly=(None, None) not in from_ports,
            )


def _azure_remotes(
    said: dict[str, Any], side: str, in_two: bool
) -> Iterator[tuple[str | None, bool, About]]:
    for prefix in _side(said, side):
        word = prefix.lower()
        if in_two and word in _AZURE_ANY:
            yield "0.0.0.0/0", False, {"service_tag": "Internet"}
            yield None, False, {"service_tag": _AZURE_WITHIN}
        elif word in ("*", "any"):
            yield "0.0.0.0/0", True, _NOTHING
        elif word == _AZURE_INTERNET:
            yield "0.0.0.0/0", False, {"service_tag": prefix}
        elif word[:1].isdigit() or ":" in word:
            yield prefix, False, _NOTHING
        else:
            yield None, False, {"service_tag": prefix}
    for group in _asgs(said, side):
        yield None, False, {"group": group}


def _properties(one: dict[str, Any]) -> dict[str, Any]:
    """What Azure's REST answers have under properties, and what its CLI prints flat."""
    inner = one.get("properties")
    return inner if isinstance(inner, dict) else one


def _one_or_many(said: dict[str, Any], key: str) -> list[str]:
    return [one for one in [*texts(said.get(key)), *texts(said.get(f"{key}s"))] if one]


def _side(said: dict[str, Any], side: str) -> list[str]:
    prefix = f"{side}AddressPrefix"
    return [*filter(None, texts(said.get(prefix))), *filter(None, texts(said.get(f"{prefix}es")))]


def _asgs(said: dict[str, Any], side: str) -> list[str]:
    groups = listed(said.get(f"{side}ApplicationSecurityGroups"))
    return [str(one.get("id")) for one in groups if isinstance(one, dict)]


def _has(*keys: str) -> Callable[[dict[str, Any]], bool]:
    return lambda config: any(key in config for key in keys)


def _is_azure(config: dict[str, Any]) -> bool:
    return _has("securityRules", "defaultSecurityRules")(_properties(config))


_FORMS: tuple[
    tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any], int], Iterator[Filter]]], ...
] = (
    (_has(*_DIRECTIONS.values()), _security_group),
    (_has("Entries"), _network_acl),
    (_has("allowed", "denied"), _gcp_firewall),
    (_is_azure, _azure_group),
)
