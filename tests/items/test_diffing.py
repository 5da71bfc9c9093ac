"""Differences that a person can read: named, ordered, and complete."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from items.diffing import Difference, differences, located

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


# -- policies, and text that is JSON -------------------------------------------------------------


def statement(action: Any, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: Any) -> dict[str, Any]:
    return {"Policy": {"Version": "2012-10-17", "Statement": [*statements]}}


def test_a_statement_without_a_sid_is_known_by_what_it_says() -> None:
    old = policy(statement(["s3:GetObject", "s3:ListBucket"], "arn:a"), statement("sqs:*", "arn:b"))
    new = policy(statement("sqs:*", "arn:b"), statement(["s3:GetObject", "s3:PutObject"], "arn:a"))
    where = "Policy › Statement › Allow s3:GetObject and 1 more › Action"
    assert said(old, new) == [
        (f"{where} › s3:ListBucket", "removed"),
        (f"{where} › s3:PutObject", "added"),
    ]


def test_a_statement_with_a_sid_stays_itself_whatever_it_says() -> None:
    old = policy(statement("s3:GetObject", Sid="Read"), statement("sqs:*", "arn:b"))
    new = policy(statement("ec2:*", "arn:x", Sid="Read"), statement("sqs:*", "arn:b"))
    assert said(old, new) == [
        ("Policy › Statement › Read › Action", "changed"),
        ("Policy › Statement › Read › Resource", "changed"),
    ]


def test_a_statement_alone_is_compared_with_one_in_a_list() -> None:
    alone = {"Statement": statement("s3:GetObject")}
    listed = {"Statement": [statement("s3:GetObject"), statement("sqs:SendMessage", "arn:b")]}
    (one,) = differences(alone, listed)
    assert (one.where, one.what) == ("Statement › Allow sqs:SendMessage", "added")
    assert located(alone, listed, one.path) == (None, ("Statement", 1))
    (other,) = differences(
        {"Statement": statement("a:b")}, {"Statement": [statement(["a:b", "a:c"])]}
    )
    assert located(
        {"Statement": statement("a:b")}, {"Statement": [statement(["a:b", "a:c"])]}, other.path
    ) == (None, ("Statement", 0, "Action", 1))


def test_a_policy_that_is_only_written_otherwise_is_said_to_be() -> None:
    alone, listed = policy(statement("a:b")), policy(statement(["a:b"]))
    assert said(alone, listed) == [("Policy › Statement › Allow a:b › Action", "changed")]


def test_json_in_a_text_is_opened() -> None:
    old = {"Document": '{"Statement": [{"Sid": "A", "Effect": "Allow"}], "Id": 1}'}
    new = {"Document": '{"Id":1,"Statement":[{"Sid":"A","Effect":"Deny"}]}'}
    (one,) = differences(old, new)
    assert (one.where, one.old, one.new) == (
        "Document › Statement › A › Effect",
        "Allow",
        "Deny",
    )
    assert located(old, new, one.path) == (("Document",), ("Document",))


def test_json_that_is_only_written_otherwise_is_a_changed_text() -> None:
    assert said({"a": '{"b": 1}'}, {"a": '{ "b": 1 }'}) == [("a", "changed")]


def test_true_is_not_one() -> None:
    assert said({"a": {"b": True}}, {"a": {"b": 1}}) == [("a › b", "changed")]
