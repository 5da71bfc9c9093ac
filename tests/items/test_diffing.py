"""Differences that a person can read: named, ordered, and complete."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from items.diffing import Difference, differences

PORTS = {"Rules": ("Protocol", "From", "To")}


def said(old: Any, new: Any, **names: Any) -> list[tuple[str, str]]:
    return [(one.where, one.what) for one in differences(old, new, names or None)]


def test_an_element_is_called_by_its_id_not_by_its_place() -> None:
    old = {"Users": [{"UserId": "a", "On": True}, {"UserId": "b", "On": True}]}
    new = {"Users": [{"UserId": "b", "On": False}, {"UserId": "c", "On": True}]}
    assert said(old, new) == [
        ("Users › a", "removed"),
        ("Users › b › On", "changed"),
        ("Users › c", "added"),
    ]


def test_fields_that_are_named_call_an_element_together() -> None:
    old = {"Rules": [{"Protocol": "tcp", "From": 443, "To": 443, "Text": "a"}]}
    new = {
        "Rules": [
            {"Protocol": "tcp", "From": 22, "To": 22},
            {"Protocol": "tcp", "From": 443, "To": 443, "Text": "b"},
            {"Protocol": "-1"},
        ]
    }
    found = differences(old, new, PORTS)
    assert [(one.where, one.what) for one in found] == [
        ("Rules › all", "added"),
        ("Rules › tcp 22", "added"),
        ("Rules › tcp 443 › Text", "changed"),
    ]


def test_a_moved_element_is_no_difference() -> None:
    assert said({"a": [1, 2, 3]}, {"a": [3, 1, 2]}) == []


def test_a_doubled_element_is_one() -> None:
    assert said({"a": ["x"]}, {"a": ["x", "x"]}) == [("a › x (2)", "added")]


def test_a_value_that_becomes_a_list_is_a_change() -> None:
    found = differences({"a": "x"}, {"a": ["x"]})
    assert found == [Difference(("a",), "changed", "x", ["x"])]


def test_what_is_shown_is_bounded() -> None:
    (one,) = differences({"a": ""}, {"a": "x" * 10_000})
    assert len(one.after) < 400


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "Name", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(["id", "Name", "x"]), values, max_size=3)


@given(objects)
def test_what_is_equal_has_no_difference(value: Any) -> None:
    assert differences(value, value) == []


@given(objects, objects)
def test_differences_are_turned_round_by_turning_the_question(old: Any, new: Any) -> None:
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    there = sorted((one.path, turned[one.what]) for one in differences(old, new))
    assert there == sorted((one.path, one.what) for one in differences(new, old))
