"""Packet filters of three clouds in one form: who comes first decides, and nothing is hidden."""

import json
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.examples import example_context
from audits.functions.networks import covers_port, net_rules
from audits.functions.ranges import PRIVATE, covers_internet, is_internet, is_private, within

WORLD = example_context(None, None, {})
INGRESS_SSH = ("ingress", "allow", "tcp", "22")


def rules(config: Any) -> list[dict[str, Any]]:
    return net_rules(WORLD, config)


def short(config: Any) -> list[tuple[Any, ...]]:
    """Return what is let in of ports from where; what is shadowed is left out."""
    return [
        (rule["direction"], rule["action"], rule["protocol"], rule["ports"], rule["cidr"])
        for rule in rules(config)
        if not rule["shadowed"]
    ]


def acl(*entries: tuple[int, str, str, str]) -> dict[str, Any]:
    """Return a network ACL of (number, action, network, port or all)."""
    return {
        "NetworkAclId": "acl-1",
        "Entries": [
            {
                "RuleNumber": number,
                "RuleAction": action,
                "Protocol": "-1" if port == "all" else "6",
                "Egress": False,
                **({"Ipv6CidrBlock": net} if ":" in net else {"CidrBlock": net}),
                **({} if port == "all" else {"PortRange": _range(port)}),
            }
            for number, action, net, port in entries
        ],
    }


def _range(port: str) -> dict[str, int]:
    first, _, last = port.partition("-")
    return {"From": int(first), "To": int(last or first)}


def nsg(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    usual = {
        "direction": "Inbound",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    }
    named = [
        {"name": f"rule{place}", "properties": {**usual, **entry}}
        for place, entry in enumerate(entries)
    ]
    return {"name": "nsg", "properties": {"securityRules": named, **more}}


def firewall(priority: int = 1000, **fields: Any) -> dict[str, Any]:
    usual = {"name": f"fw-{priority}", "network": "global/networks/default", "direction": "INGRESS"}
    return {**usual, "priority": priority, **fields}


TCP_22 = [{"IPProtocol": "tcp", "ports": ["22"]}]
TCP = [{"IPProtocol": "tcp"}]


# -- AWS network ACLs -----------------------------------------------------------------------------


def test_a_network_acl_allows_and_denies():
    found = rules(acl((100, "allow", "0.0.0.0/0", "22"), (32767, "deny", "0.0.0.0/0", "all")))
    assert [(one["action"], one["name"], one["priority"]) for one in found] == [
        ("allow", "100", 100),
        ("deny", "32767", 32767),
    ]
    assert found[0]["world"] is True


def test_a_lower_number_of_an_acl_comes_first_wherever_it_stands():
    config = acl((200, "allow", "0.0.0.0/0", "22"), (100, "deny", "0.0.0.0/0", "22"))
    allowed = next(one for one in rules(config) if one["action"] == "allow")
    assert (allowed["shadowed"], allowed["world"], allowed["left"]) == (True, False, [])


def test_a_denied_port_is_taken_out_of_a_range():
    config = acl((100, "deny", "0.0.0.0/0", "22"), (200, "allow", "0.0.0.0/0", "20-25"))
    allowed = next(one for one in rules(config) if one["action"] == "allow")
    assert allowed["left"] == [[20, 21], [23, 25]]
    assert [covers_port(WORLD, allowed, port) for port in (21, 22, 23)] == [True, False, True]


def test_two_halves_that_deny_shadow_the_whole():
    config = acl(
        (10, "deny", "0.0.0.0/1", "22"),
        (20, "deny", "128.0.0.0/1", "22"),
        (30, "allow", "0.0.0.0/0", "22"),
    )
    assert [one["shadowed"] for one in rules(config)] == [False, False, True]


def test_half_the_internet_denied_leaves_the_rule_open():
    config = acl((10, "deny", "0.0.0.0/1", "22"), (30, "allow", "0.0.0.0/0", "22"))
    assert [one["world"] for one in rules(config)] == [False, True]


def test_a_deny_of_ipv4_takes_nothing_from_ipv6():
    config = acl((10, "deny", "0.0.0.0/0", "22"), (30, "allow", "::/0", "22"))
    assert [one["world"] for one in rules(config)] == [True, True]


def test_a_later_deny_takes_nothing():
    config = acl((10, "allow", "10.0.0.0/8", "22"), (20, "deny", "10.0.0.0/8", "all"))
    assert [one["shadowed"] for one in rules(config)] == [False, False]


def test_one_protocol_takes_nothing_from_all():
    config = acl((10, "deny", "0.0.0.0/0", "22"), (20, "allow", "0.0.0.0/0", "all"))
    assert covers_port(WORLD, rules(config)[1], 22) is True


# -- GCP ------------------------------------------------------------------------------------------


def test_a_gcp_firewall_without_sources_lets_everybody_in():
    (one,) = rules(firewall(allowed=[{"IPProtocol": "tcp", "ports": ["20-30"]}]))
    assert (one["cidr"], one["ports"], one["world"], one["action"]) == (
        "0.0.0.0/0",
        "20-30",
        True,
        "allow",
    )


def test_a_gcp_firewall_with_source_tags_alone_does_not():
    (one,) = rules(firewall(allowed=TCP_22, sourceTags=["web"]))
    assert (one["cidr"], one["group"], one["world"]) == (None, "web", False)


def test_a_disabled_gcp_firewall_has_no_rules():
    assert rules(firewall(allowed=TCP_22, disabled=True)) == []


def test_egress_of_a_gcp_firewall_goes_to_its_destinations():
    (one,) = rules(firewall(direction="EGRESS", denied=TCP, destinationRanges=["10.0.0.0/8"]))
    assert (one["direction"], one["action"], one["cidr"]) == ("egress", "deny", "10.0.0.0/8")


def test_gcp_firewalls_of_one_network_shadow_each_other():
    everybody = firewall(1000, allowed=TCP_22, sourceRanges=["0.0.0.0/0"])
    stop = firewall(900, denied=TCP, sourceRanges=["0.0.0.0/0"])
    assert short([everybody, stop]) == [("ingress", "deny", "tcp", "all", "0.0.0.0/0")]
    elsewhere = {**stop, "network": "global/networks/other"}
    assert [one["shadowed"] for one in rules([everybody, elsewhere])] == [False, False]


def test_of_two_gcp_firewalls_with_one_priority_the_one_that_denies_wins():
    everybody = firewall(allowed=TCP_22, sourceRanges=["0.0.0.0/0"])
    stop = firewall(denied=TCP, sourceRanges=["0.0.0.0/0"])
    assert [one["shadowed"] for one in rules([everybody, stop])] == [True, False]


@pytest.mark.parametrize(
    ("denied_for", "allowed_for", "shadowed"),
    [
        (None, ["web"], True),
        (["web"], None, False),
        (["web"], ["web"], True),
        (["web"], ["web", "db"], False),
        (["web", "db"], ["web"], True),
    ],
)
def test_a_deny_takes_only_from_what_it_is_for(denied_for, allowed_for, shadowed):
    stop = firewall(900, denied=TCP, targetTags=denied_for)
    everybody = firewall(1000, allowed=TCP_22, targetTags=allowed_for)
    assert rules([everybody, stop])[0]["shadowed"] is shadowed


# -- Azure ----------------------------------------------------------------------------------------


def test_an_nsg_has_one_rule_for_each_source_and_port():
    config = nsg(
        {
            "priority": 100,
            "access": "Allow",
            "sourceAddressPrefix": "",
            "sourceAddressPrefixes": ["192.0.2.0/24", "198.51.100.0/24"],
            "destinationPortRange": "",
            "destinationPortRanges": ["22", "3000-4000"],
        }
    )
    assert len(short(config)) == 4
    assert ("ingress", "allow", "tcp", "3000-4000", "192.0.2.0/24") in short(config)


def test_the_flat_form_that_the_cli_of_azure_prints_is_the_same():
    config = nsg({"priority": 100, "access": "Allow", "destinationPortRange": "22"})
    (named,) = config["properties"]["securityRules"]
    flat = {"name": "nsg", "securityRules": [{"name": "rule0", **named["properties"]}]}
    assert rules(flat) == rules(config)


@pytest.mark.parametrize(
    ("prefix", "world", "tag"),
    [
        ("*", True, None),
        ("Internet", True, "Internet"),
        ("VirtualNetwork", False, "VirtualNetwork"),
        ("0.0.0.0/0", True, None),
        ("10.0.0.0/8", False, None),
        ("2001:db8::/32", False, None),
    ],
)
def test_azures_words_for_networks_are_understood(prefix, world, tag):
    (one,) = rules(nsg({"priority": 100, "access": "Allow", "sourceAddressPrefix": prefix}))
    assert (one["world"], one["service_tag"]) == (world, tag)


@pytest.mark.parametrize("denied", ["*", "Internet"])
@pytest.mark.parametrize("allowed", ["Internet", "8.8.8.0/24"])
def test_a_deny_of_azures_internet_takes_what_is_public(denied, allowed):
    stop = {"priority": 100, "access": "Deny", "protocol": "*", "sourceAddressPrefix": denied}
    let = {"priority": 200, "access": "Allow", "sourceAddressPrefix": allowed}
    assert [one["shadowed"] for one in rules(nsg(let, stop))] == [True, False]


def test_azures_internet_takes_nothing_from_what_is_private():
    stop = {"priority": 100, "access": "Deny", "sourceAddressPrefix": "Internet"}
    let = {"priority": 200, "access": "Allow", "sourceAddressPrefix": "10.0.0.0/7"}
    assert [one["shadowed"] for one in rules(nsg(let, stop))] == [False, False]


@pytest.mark.parametrize("everything", ["*", "0.0.0.0/0"])
def test_where_the_internet_is_denied_a_rule_for_everything_lets_in_only_the_rest(everything):
    stop = {
        "priority": 100,
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefix": "Internet",
        "destinationPortRange": "22",
    }
    let = {
        "priority": 200,
        "access": "Allow",
        "sourceAddressPrefix": everything,
        "destinationPortRange": "20-25",
    }
    found = [one for one in rules(nsg(let, stop)) if one["action"] == "allow"]
    told = [(one["service_tag"], one["world"], one["left"]) for one in found]
    assert told == [
        ("Internet", True, [[20, 21], [23, 25]]),
        ("VirtualNetwork", False, None),
    ]


def test_a_deny_for_some_ports_of_the_sender_takes_nothing():
    stop = {"priority": 100, "access": "Deny", "sourcePortRange": "1024-2048"}
    let = {"priority": 200, "access": "Allow"}
    assert [one["shadowed"] for one in rules(nsg(let, stop))] == [False, False]


def test_a_deny_for_one_destination_takes_nothing_from_all():
    stop = {"priority": 100, "access": "Deny", "destinationAddressPrefix": "10.0.0.4"}
    wide = {"priority": 200, "access": "Allow"}
    narrow = {"priority": 300, "access": "Allow", "destinationAddressPrefix": "10.0.0.4/32"}
    found = {one["priority"]: one["shadowed"] for one in rules(nsg(wide, stop, narrow))}
    assert found == {100: False, 200: False, 300: True}


def test_default_rules_come_last():
    config = nsg(
        {"priority": 4000, "access": "Allow", "destinationPortRange": "443"},
        defaultSecurityRules=[
            {
                "name": "DenyAllInBound",
                "properties": {
                    "priority": 65500,
                    "direction": "Inbound",
                    "access": "Deny",
                    "protocol": "*",
                    "sourceAddressPrefix": "*",
                    "destinationAddressPrefix": "*",
                    "destinationPortRange": "*",
                },
            }
        ],
    )
    assert [one["shadowed"] for one in rules(config)] == [False, False]


def test_a_protocol_for_all_may_have_ports():
    (one,) = rules(
        nsg({"priority": 100, "access": "Allow", "protocol": "*", "destinationPortRange": "22"})
    )
    assert [covers_port(WORLD, one, port) for port in (22, 23)] == [True, False]


# -- whatever is written --------------------------------------------------------------------------

SHAPES = [
    acl((1, "allow", "0.0.0.0/0", "22")),
    firewall(allowed=TCP_22, sourceTags=["a"], targetTags=["b"]),
    nsg({"priority": 1, "access": "Allow"}),
    {"IpPermissions": [{"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
]
odd = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([{}]) | st.just({})


def spoilt(value: Any, data: st.DataObject) -> Any:
    """Return a shape with some of its parts replaced by something odd."""
    if data.draw(st.integers(0, 4)) == 0:
        return data.draw(odd)
    if isinstance(value, dict):
        return {key: spoilt(one, data) for key, one in value.items()}
    return [spoilt(one, data) for one in value] if isinstance(value, list) else value


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_shape_however_spoilt_makes_it_raise(data):
    config = [spoilt(shape, data) for shape in SHAPES]
    for rule in rules(config):
        covers_port(WORLD, rule, 22)
    json.dumps(rules(config))


def test_more_rules_than_can_be_compared_are_said():
    many = [firewall(place % 2000, denied=TCP_22) for place in range(1100)]
    many += [firewall(place % 2000, allowed=TCP_22) for place in range(1100)]
    with pytest.raises(ValueError, match="pairs of rules"):
        rules(many)


# -- whatever is let in is shown ------------------------------------------------------------------

NETS = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9"]
POINTS = ["8.8.8.8", "200.0.0.1", "10.1.1.1", "10.200.1.1"]
PORTS = ["all", "22", "20-25", "0-22", "23-65535"]
entry = st.tuples(st.sampled_from(["allow", "deny"]), st.sampled_from(NETS), st.sampled_from(PORTS))


@settings(max_examples=300, deadline=None)
@given(entries=st.lists(entry, min_size=1, max_size=7))
def test_a_packet_is_let_in_exactly_if_a_rule_with_something_left_lets_it_in(entries):
    """Held against a plain reading, packet by packet; protocols are one here."""
    written = [
        (number, action, net, "0-65535" if ports == "all" else ports)
        for number, (action, net, ports) in enumerate(entries, 1)
    ]
    found = rules(acl(*written))
    for point in POINTS:
        for port in (22, 23, 8080):
            first = next(
                (
                    action
                    for _, action, net, ports in written
                    if ip_address(point) in ip_network(net) and _within(port, ports)
                ),
                "deny",
            )
            shown = any(
                one["action"] == "allow"
                and ip_address(point) in ip_network(one["cidr"])
                and covers_port(WORLD, one, port)
                for one in found
            )
            if first == "allow":
                assert shown, (point, port)
            elif all(net == "0.0.0.0/0" for _, _, net, _ in written):
                assert not shown, (point, port)


def _within(port: int, ports: str) -> bool:
    first, _, last = ports.partition("-")
    return int(first) <= port <= int(last or first)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.sampled_from((4, 6)))
def test_private_is_what_lies_in_a_private_block(address: int, length: int, version: int) -> None:
    kind = IPv4Network if version == 4 else IPv6Network
    beside = PRIVATE[address % len(PRIVATE)]
    first = address if address % 2 or beside.version != version else int(beside.network_address)
    net = kind((first, length if version == 4 else length * 4), strict=False)
    assert is_private(net) == any(within(net, block) for block in PRIVATE)
    assert is_internet(net) == covers_internet([net])


@pytest.mark.parametrize(
    ("permission", "says"),
    [
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}, "tcp 22"),
        ({"IpProtocol": "udp", "FromPort": 1, "ToPort": 53}, "udp 1-53"),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}, "tcp on every port"),
        ({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1}, "icmp type 8"),
        ({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1}, "icmp"),
        ({"IpProtocol": "50"}, "50"),
        ({"IpProtocol": "-1"}, "all traffic"),
    ],
)
def test_what_passes_is_said_in_words(permission: dict[str, Any], says: str) -> None:
    config = {"IpPermissions": [{**permission, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}
    assert [one["traffic"] for one in rules(config)] == [says]
