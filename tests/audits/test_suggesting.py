"""What is suggested of a value fires on it; what is suggested of a change, only after it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits.suggesting import Suggestion, fires, never_again, suggest
from items.diffing import differences, located

GROUP = {
    "GroupId": "sg-1",
    "IpPermissions": [
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "0.0.0.0/0"}],
        }
    ],
    "PubliclyAccessible": True,
    "Encrypted": False,
    "Tags": [{"Key": "scope", "Value": "pci"}],
    "Zones": ["a", "b"],
    "odd name": {"it's": 1},
}
NAMES = {"IpPermissions": ("IpProtocol", "FromPort", "ToPort")}


@pytest.mark.parametrize(
    ("path", "expression", "identity"),
    [
        (("PubliclyAccessible",), "PubliclyAccessible", ""),
        (("Encrypted",), "Encrypted == `false`", ""),
        (("GroupId",), "GroupId == 'sg-1'", ""),
        (("odd name", "it's"), '"odd name"."it\'s" == `1`', ""),
        (("Zones", 1), "Zones[?@ == 'b']", ""),
        (("Tags", 0), "Tags[?Key == 'scope']", "Key"),
        (("Tags", 0, "Value"), "Tags[?Value == 'pci']", "Key"),
        (
            ("IpPermissions", 0, "FromPort"),
            "IpPermissions[?FromPort == `22`]",
            "{IpProtocol: IpProtocol, FromPort: FromPort, ToPort: ToPort}",
        ),
        (
            ("IpPermissions", 0, "IpRanges", 1, "CidrIp"),
            "expand(IpPermissions, 'IpRanges')[?IpProtocol == 'tcp' && FromPort == `22`"
            " && ToPort == `22` && CidrIp == '0.0.0.0/0']",
            "{IpProtocol: IpProtocol, FromPort: FromPort, ToPort: ToPort, CidrIp: CidrIp}",
        ),
    ],
)
def test_a_value_is_asked_for_as_an_editor_would(
    path: tuple[Any, ...], expression: str, identity: str
) -> None:
    first = suggest(GROUP, path, NAMES)[0]
    assert (first.expression, first.identity) == (expression, identity)


def test_what_was_added_is_asked_for_and_not_what_was_there() -> None:
    after = {**GROUP, "IpPermissions": [*GROUP["IpPermissions"]]}  # type: ignore[misc]
    after["IpPermissions"].append({"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389})
    (change,) = differences(GROUP, after, NAMES)
    first = never_again(GROUP, after, change, NAMES)[0]
    assert "3389" in first.expression
    assert fires(first, after)
    assert not fires(first, GROUP)


def test_what_was_taken_away_is_missed() -> None:
    before = {"Logging": {"Target": "logs"}}
    (change,) = differences(before, {})
    assert never_again(before, {}, change)[0] == Suggestion("empty(Logging)")


TEXTS = st.text(max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
CONFIGS = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, one in pairs:
        found += paths_of(one, (*path, key))
    return found


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONFIGS)
def test_a_suggestion_fires_on_what_it_was_made_of(config: dict[str, Any]) -> None:
    for path in paths_of(config):
        made = suggest(config, path)
        assert made, path
        assert all(fires(one, config) for one in made)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONFIGS, CONFIGS)
def test_a_suggestion_against_a_change_does_not_fire_before_it(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    for change in differences(before, after):
        made = never_again(before, after, change)
        assert made, change
        for one in made:
            assert fires(one, after)
            assert not fires(one, before)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONFIGS, CONFIGS)
def test_a_difference_is_found_again_where_it_lies(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    for change in differences(before, after):
        was, now = located(before, after, change.path)
        assert (now is None) == (change.what == "removed")
        assert (was is None) == (change.what == "added")
