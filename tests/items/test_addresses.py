"""Which addresses a configuration speaks of."""

from typing import Any

import pytest

from items.addresses import blocks, places


def said(config: Any) -> set[tuple[str, str]]:
    return {(block.path, block.text) for block in blocks(config)}


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("10.4.3.7", {("0a040307", "0a040307")}),
        ("10.4.0.0/16", {("0a040000", "0a04ffff")}),
        ("10.4.3.7/16", {("0a040000", "0a04ffff")}),
        ("10.0.0.0/255.255.0.0", {("0a000000", "0a00ffff")}),
        ("10.0.0.1-10.0.0.4", {("0a000001",) * 2, ("0a000002", "0a000003"), ("0a000004",) * 2}),
        ("10.0.0.0 - 10.0.0.1", {("0a000000", "0a000001")}),
        ("10.0.0.0/31, 10.0.0.9", {("0a000000", "0a000001"), ("0a000009",) * 2}),
        ("2001:db8::/126", {("20010db8" + "0" * 24, "20010db8" + "0" * 23 + "3")}),
        ("::1", {("0" * 31 + "1",) * 2}),
    ],
)
def test_addresses_networks_and_ranges_become_blocks(
    text: str, edges: set[tuple[str, str]]
) -> None:
    found = blocks({"It": [text]})
    assert {(one.first.hex(), one.last.hex()) for one in found} == edges
    assert {(one.path, one.text) for one in found} == {("It[]", text)}


@pytest.mark.parametrize(
    "config",
    [
        {"EngineVersion": "8.0.11.2"},
        {"MacAddress": "0a:1b:2c:3d:4e:5f"},
        {"At": "10:20:30"},
        {"Wwn": "00:11:22:33:44:55:66:77"},
        {"Cidr": "10.0.0.300/8"},
        {"Range": "10.0.0.9-10.0.0.1"},
        {"Range": "10.0.0.1-::1"},
        {"Note": "from 10.0.0.1 only"},
        {"PrefixListIds": [{"PrefixListId": "pl-63a5400a"}]},
        {"sourceAddressPrefix": "VirtualNetwork"},
        {"Resource": "*", "Principal": {"AWS": "*"}},
        {"access": "Any"},
        {"Cidr": "", "Other": None, "Number": 10},
    ],
)
def test_what_only_looks_like_an_address_is_none(config: Any) -> None:
    assert blocks(config) == set()
    assert blocks(config | {"Real": "10.0.0.1"}) == blocks({"Real": "10.0.0.1"})


def test_a_word_for_everybody_is_the_whole_internet_only_where_addresses_stand() -> None:
    config = {
        "sourceAddressPrefix": "*",
        "destinationAddressPrefixes": ["VirtualNetwork", "Internet"],
        "protocol": "*",
    }
    assert said(config) == {
        ("sourceAddressPrefix", "*"),
        ("destinationAddressPrefixes[]", "Internet"),
    }
    assert {len(block.first) for block in blocks(config)} == {4, 16}


def test_a_range_that_is_written_as_two_values_is_one_range() -> None:
    config = {"properties": {"startIpAddress": "10.0.0.2", "endIpAddress": "10.0.0.3"}}
    (block,) = blocks(config)
    assert block.text == "10.0.0.2 - 10.0.0.3"
    assert (block.first.hex(), block.last.hex()) == ("0a000002", "0a000003")


def test_the_path_stays_when_something_stands_before() -> None:
    one = {"IpPermissions": [{"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]}
    two = {"IpPermissions": [{"IpRanges": []}, *one["IpPermissions"]]}
    assert blocks(one) == blocks(two)
    assert said(one) == {("IpPermissions[].IpRanges[].CidrIp", "10.0.0.0/8")}
    assert [place.path for place in places(two)] == [("IpPermissions", 1, "IpRanges", 0, "CidrIp")]


def test_a_key_that_is_no_plain_name_is_quoted_in_the_path() -> None:
    config = {"Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}}
    assert said(config) == {('Condition.IpAddress."aws:SourceIp"[]', "10.0.0.0/8")}
