"""What an issue speaks of is marked where it stands, as narrowly as can be told."""

from typing import Any

import pytest

from audits.functions.base import Context
from audits.functions.networks import net_rules
from audits.functions.policies import grants, statements
from audits.locating import MOST, Places
from items.watchers.aws.ec2 import SecurityGroup
from tests.factories import NOW

NAMES = SecurityGroup.element_names
GROUP: dict[str, Any] = {
    "GroupId": "sg-1",
    "IpPermissions": [
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "IpRanges": [{"CidrIp": "10.4.0.0/16"}, {"CidrIp": "0.0.0.0/0", "Description": "!"}],
        },
        {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        },
    ],
    "IpPermissionsEgress": [
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    ],
}
POLICY: dict[str, Any] = {
    "Policy": {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:a"},
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": "arn:a",
            },
        ]
    }
}


def context(config: Any) -> Context:
    return Context(now=NOW, config=config)


def test_evidence_that_is_a_part_is_that_part() -> None:
    evidence = GROUP["IpPermissions"][0]["IpRanges"][1]
    assert Places(GROUP).of(evidence) == [("IpPermissions", 0, "IpRanges", 1)]


def test_evidence_that_is_a_value_is_where_the_value_stands() -> None:
    assert Places(GROUP).of("sg-1") == [("GroupId",)]
    assert Places({"A": {"B": 5}, "C": [{"D": 7}]}).of(7) == [("C", 0, "D")]


def test_of_equal_parts_those_count_that_the_rule_reads() -> None:
    places = Places({"A": {"x": "y"}, "B": {"x": "y"}})
    assert places.of({"x": "y"}) == [("A",), ("B",)]
    assert places.of({"x": "y"}, reads={"B"}) == [("B",)]


@pytest.mark.parametrize(
    ("direction", "protocol", "port", "cidr", "path"),
    [
        ("ingress", "tcp", 22, "0.0.0.0/0", ("IpPermissions", 0, "IpRanges", 1)),
        ("ingress", "tcp", 22, "10.4.0.0/16", ("IpPermissions", 0, "IpRanges", 0)),
        ("ingress", "tcp", 443, "0.0.0.0/0", ("IpPermissions", 1, "IpRanges", 0)),
        ("egress", "tcp", 22, "0.0.0.0/0", ("IpPermissionsEgress", 0, "IpRanges", 0)),
        ("egress", "all", None, "0.0.0.0/0", ("IpPermissionsEgress", 1, "IpRanges", 0)),
    ],
)
def test_a_rule_of_a_packet_filter_is_the_range_that_it_was_made_of(
    direction: str, protocol: str, port: int | None, cidr: str, path: Any
) -> None:
    (rule,) = (
        one
        for one in net_rules(context(GROUP), GROUP)
        if (one["direction"], one["protocol"], one["from_port"], one["cidr"])
        == (direction, protocol, port, cidr)
    )
    assert Places(GROUP, NAMES).of(rule) == [path]


def test_a_grant_is_the_statement_that_gives_it() -> None:
    everyone, ours = grants(context(POLICY), POLICY["Policy"])
    assert Places(POLICY).of(everyone) == [("Policy", "Statement", 0)]
    assert Places(POLICY).of(ours) == [("Policy", "Statement", 1)]


def test_a_statement_in_one_form_is_the_statement_as_it_is_written() -> None:
    second = statements(context(POLICY), POLICY["Policy"])[1]
    assert Places(POLICY).of(second) == [("Policy", "Statement", 1)]


def test_an_issue_about_the_item_itself_is_at_what_its_rule_reads() -> None:
    places = Places({"Encryption": None, "Name": "b"})
    assert places.of(True, reads={"Encryption"}) == [("Encryption",)]
    assert places.of(True, reads={"*"}) == []
    assert places.of({"made": "up"}, reads={"Name"}) == [("Name",)]


def test_no_issue_is_shown_everywhere() -> None:
    config = {"L": [{"n": n, "x": {"same": "y"}} for n in range(100)]}
    assert len(Places(config).of({"same": "y"})) == MOST
    assert len(Places(config).of("y")) == MOST
    assert len(Places(config).of({"other": "y"})) <= MOST + 1


def test_nothing_in_a_configuration_makes_it_fail() -> None:
    for config in ({}, {"": ""}, {"a": [[], {}, [[1]]]}, {"a": None, "b": True}):
        for evidence in (
            None,
            True,
            "",
            0,
            1,
            [],
            {},
            [[1]],
            {"a": [None]},
            {"direction": "egress"},
        ):
            assert all(Places(config).of(evidence))
