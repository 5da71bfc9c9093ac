"""An explanation tells what really happened: the engine's answer, in words and numbers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from audits.bounds import Evaluation
from audits.compiling import compiled
from audits.engine import parsed
from audits.explaining import explain
from audits.functions.base import Context
from audits.parts import Part
from audits.suggesting import reach
from audits.tracing import MOST_PARTS, Tracing

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GROUP = {
    "GroupName": "bastion",
    "IpPermissions": [
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "0.0.0.0/0"}],
        },
        {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        },
        {"IpProtocol": "-1", "IpRanges": []},
    ],
}
POLICIES = {"value": [{"properties": {"logCollection": one}} for one in ("On", "Off")]}
SSH = """IpPermissions[?IpProtocol == 'tcp' && FromPort <= `22` && ToPort >= `22`].IpRanges[]
| [?CidrIp == '0.0.0.0/0']"""


def told(expression: str, config: Any, **fields: Any) -> Any:
    return explain({"expression": expression, **fields}, Context(now=NOW, config=config))


def flat(parts: tuple[Part, ...]) -> list[Part]:
    return [one for part in parts for one in (part, *flat(part.parts))]


def test_each_part_says_what_it_gave() -> None:
    parts = told(SSH, GROUP).parts
    assert [(part.words, part.gave) for part in parts] == [
        ("Go through the entries of IpPermissions", "3 entries"),
        (
            "Keep those where IpProtocol is “tcp” and FromPort is at most 22"
            " and ToPort is at least 22",
            "1 of 3",
        ),
        ("Of each, take IpRanges", "2 entries in 1 of 1"),
        ("Keep those where CidrIp is “0.0.0.0/0”", "1 of 2"),
    ]


def test_what_is_decided_already_is_not_looked_at() -> None:
    protocol, start, end = told(SSH, GROUP).parts[1].parts
    assert (protocol.asked, protocol.met, protocol.passed) == (3, 2, 0)
    assert (start.asked, start.met, start.passed) == (2, 1, 1)
    assert (end.asked, end.met, end.passed) == (1, 1, 2)


def test_what_was_found_and_what_was_read_for_it_is_told_by_its_place() -> None:
    explanation = told(SSH, GROUP)
    assert explanation.found == {("IpPermissions", 0, "IpRanges", 1)}
    assert explanation.read == {
        ("IpPermissions", 0, "IpProtocol"),
        ("IpPermissions", 0, "FromPort"),
        ("IpPermissions", 0, "ToPort"),
        ("IpPermissions", 0, "IpRanges", 1, "CidrIp"),
    }


def test_of_a_list_that_holds_a_value_only_that_value_is_marked() -> None:
    explanation = told("contains(value[*].properties.logCollection, 'Off')", POLICIES)
    assert explanation.read == {("value", 1, "properties", "logCollection")}
    assert explanation.parts[0].words == "value[*].properties.logCollection contains “Off”"


def test_nothing_is_marked_where_nothing_is_wrong() -> None:
    explanation = told("IpPermissions[?FromPort == `23`]", GROUP)
    assert not explanation.found | explanation.read


@pytest.mark.parametrize(
    ("expression", "note"),
    [
        ("IpPermissions[?FromPort < `1024`]", "Nothing is there in 1 of 3"),
        ("GroupName == `true`", "It is never true: what is there is a text."),
        ("GroupName > `5`", "A text cannot be above or below a number: “bastion” and 5."),
        ("GroupName[?Id]", "What is there is not a list"),
        ("Nowhere[?Id]", "There is nothing at this path."),
    ],
)
def test_what_would_surprise_is_said(expression: str, note: str) -> None:
    assert any(note in part.note for part in flat(told(expression, GROUP).parts))


def test_where_it_ends_without_an_answer_is_said() -> None:
    parts = told("GroupName && length(Nowhere) > `2`", GROUP).parts
    assert parts[0].words == "GroupName is true or not empty"
    assert parts[-1].failed
    assert "length()" in parts[-1].note


def test_a_rule_that_does_not_apply_is_not_followed_further() -> None:
    explanation = told("GroupName", GROUP, applies_when="Other")
    assert explanation.applies[0].gave == "nothing"
    assert explanation.parts == ()


def test_each_part_knows_its_place_in_the_text() -> None:
    for part in flat(told(SSH, GROUP).parts):
        assert SSH[part.place : part.place + len(part.text)] == part.text


@pytest.mark.parametrize(
    "expression",
    [
        "@|" + "[@,@][]|" * 22 + "@",
        "IpPermissions[]." * 30 + "a",
        "[" * 500 + "@" + "]" * 500,
        " || ".join(f"IpPermissions[?FromPort == `{one}`]" for one in range(300)),
        "a[",
        "nowhere()",
        "root().IpPermissions[].[root().IpPermissions[].[root()]]",
    ],
)
def test_it_ends_whatever_is_asked(expression: str) -> None:
    config = {"IpPermissions": [GROUP] * 300}
    assert len(flat(told(expression, config).parts)) <= MOST_PARTS + 1


def test_long_lists_are_followed_in_bounded_steps() -> None:
    config = {"a": [{"b": [1] * 300}] * 300}
    parts = told("a[].b[][?@ == `1`] | [?@ != `2`]", config).parts
    assert parts[-1].failed
    assert "not explained" in parts[-1].note or "too many" in parts[-1].note


def test_a_list_that_doubles_and_doubles_is_followed_in_bounded_steps() -> None:
    parts = told("@|" + "[@,@][]|" * 22 + "@", GROUP).parts
    assert (parts[-1].failed, parts[-1].note) == (True, "it takes too many steps")


NAMES = st.sampled_from(["a", "b", "c"])
CONFIGS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=15,
)
LEAVES = st.sampled_from(["a", "b", "c", "@", "a.b", "`1`", "'x'", "a[0]", "b[-1]", "a[:2]"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda p: f"({p[0]}) | ({p[1]})"),
        st.tuples(inner, NAMES).map(lambda p: f"({p[0]}).{p[1]}"),
        two.map(lambda p: f"a[?{p[0]}].b[?{p[1]}]"),
        two.map(lambda p: f"({p[0]})[*].[{p[1]}, a]"),
        two.map(lambda p: f"a[].{{x: {p[0]}, y: {p[1]}}}"),
        inner.map(lambda p: f"({p})[].a[*].b"),
        inner.map(lambda p: f"({p}).*.c"),
        inner.map(lambda p: f"!({p})"),
        two.map(lambda p: f"{p[0]} && ({p[1]})"),
        two.map(lambda p: f"{p[0]} || ({p[1]})"),
        two.map(lambda p: f"({p[0]}) == ({p[1]})"),
        two.map(lambda p: f"({p[0]}) <= ({p[1]})"),
        inner.map(lambda p: f"count({p})"),
        two.map(lambda p: f"any({p[0]}, &{p[1]})"),
        two.map(lambda p: f"has({p[0]}, {p[1]})"),
    )


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(LEAVES, _grown, max_leaves=5), st.dictionaries(NAMES, CONFIGS, max_size=3))
@example("count(a[0])", {"a": [None]})
def test_an_explanation_comes_to_the_engines_answer(expression: str, config: Any) -> None:
    context = Context(now=NOW, config=config)
    tracing = Tracing(context)
    given_ = tracing.run(expression)
    try:
        wanted = compiled(parsed(expression))(Evaluation(context), config)
    except (JMESPathError, TypeError, ValueError):
        assert given_ is None
        return
    assert given_ is not None
    assert given_.value == wanted
    explanation = told(expression, config)
    for path in explanation.found | explanation.read:
        assert reach(config, path) is not None
