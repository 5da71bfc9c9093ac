"""Azure's packet filter: network security groups."""

from collections.abc import Hashable, Iterator
from typing import Any

from audits.functions.firewalls import (
    NOTHING,
    About,
    Filter,
    Reader,
    has_any,
    number,
    protocol_of,
    spans,
)
from audits.functions.shapes import listed, texts

# What Azure calls everything, and everything but its own networks.
_ANY = ("*", "any", "0.0.0.0/0")
_INTERNET = "internet"
_WITHIN = "VirtualNetwork"
# A network security group hangs in a virtual network: this is everything behind it.
_BEHIND = ("*", "any", "virtualnetwork")


class SecurityGroup(Reader):
    @classmethod
    def knows(cls, config: dict[str, Any]) -> bool:
        return has_any(_properties(config), "securityRules", "defaultSecurityRules")

    @classmethod
    def read(cls, config: dict[str, Any], place: int) -> Iterator[Filter]:
        properties = _properties(config)
        rules = [
            rule
            for key in ("securityRules", "defaultSecurityRules")
            for rule in listed(properties.get(key))
            if isinstance(rule, dict)
        ]
        in_two = any(_denies_the_internet(_properties(rule)) for rule in rules)
        for rule in rules:
            yield from _filters(rule, _properties(rule), ("azure", place), in_two)


def _denies_the_internet(said: dict[str, Any]) -> bool:
    remotes = [*_side(said, "source"), *_side(said, "destination")]
    return not _allows(said) and any(one.lower() == _INTERNET for one in remotes)


def _allows(said: dict[str, Any]) -> bool:
    return str(said.get("access")).lower() == "allow"


def _filters(
    rule: dict[str, Any], said: dict[str, Any], scope: Hashable, in_two: bool
) -> Iterator[Filter]:
    """``in_two``: what lets everything in is told as the internet and the rest, each for itself,
    so that a rule that denies the internet takes the one and leaves the other."""
    inbound = str(said.get("direction")).lower() != "outbound"
    far, near = ("source", "destination") if inbound else ("destination", "source")
    behind = [one for one in _side(said, near) if one.lower() not in _BEHIND]
    behind_all = len(behind) < len(_side(said, near))
    behind += _asgs(said, near)
    from_ports = spans(_one_or_many(said, "sourcePortRange"))
    for first, last in spans(_one_or_many(said, "destinationPortRange")):
        for cidr, anywhere, about in _remotes(said, far, in_two and _allows(said)):
            yield Filter(
                "ingress" if inbound else "egress",
                _allows(said),
                protocol_of(said.get("protocol")),
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


def _remotes(
    said: dict[str, Any], side: str, in_two: bool
) -> Iterator[tuple[str | None, bool, About]]:
    for prefix in _side(said, side):
        word = prefix.lower()
        if in_two and word in _ANY:
            yield "0.0.0.0/0", False, {"service_tag": "Internet"}
            yield None, False, {"service_tag": _WITHIN}
        elif word in ("*", "any"):
            yield "0.0.0.0/0", True, NOTHING
        elif word == _INTERNET:
            yield "0.0.0.0/0", False, {"service_tag": prefix}
        elif word[:1].isdigit() or ":" in word:
            yield prefix, False, NOTHING
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
