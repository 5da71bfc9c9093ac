"""The engine's promises: four verdicts, identity, bounds, and agreement with stock JMESPath."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from audits.engine import EVIDENCE_BYTES, Outcome, Verdict, evaluate, notes
from audits.functions.base import Context
from audits.interpreting import STEPS, Interpreter
from audits.reading import EVERYTHING, parts_read

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def rule(expression: str, **fields: str) -> Any:
    texts = {"applies_when": "", "identity": "", "extent": "", "notes": ""}
    return SimpleNamespace(expression=expression, **{**texts, **fields})


def judge(expression: str, config: Any, unread: dict[str, str] | None = None, **f: str) -> Verdict:
    return evaluate(rule(expression, **f), Context(now=NOW, config=config), unread)


@pytest.mark.parametrize("nothing", ["null", "false", '""', "[]", "{}"])
def test_what_is_empty_is_no_finding(nothing: str) -> None:
    assert judge(f"`{nothing}`", {}).outcome == Outcome.PASS


@pytest.mark.parametrize("something", ["true", "0", '"text"', '{"a": 1}'])
def test_any_other_value_is_one_finding(something: str) -> None:
    verdict = judge(f"`{something}`", {})
    assert (verdict.outcome, len(verdict.findings)) == (Outcome.FAIL, 1)


def test_a_list_gives_one_finding_for_each_element_that_is_not_empty() -> None:
    verdict = judge("a", {"a": [1, None, "x", [], {"y": 2}, False]})
    assert [finding.evidence for finding in verdict.findings] == [1, "x", {"y": 2}]


def test_elements_of_one_identity_are_one_finding() -> None:
    config = {"a": [{"id": 1, "age": 4}, {"id": 1, "age": 5}, {"id": 2, "age": 4}]}
    verdict = judge("a", config, identity="id")
    assert [finding.identity for finding in verdict.findings] == [1, 2]


def test_a_fingerprint_does_not_depend_on_what_is_not_identity() -> None:
    one = judge("a", {"a": [{"id": 1, "age": 4}]}, identity="id", notes="{age}")
    other = judge("a", {"a": [{"age": 900, "id": 1}]}, identity="id", notes="older: {age}")
    assert one.findings[0].fingerprint == other.findings[0].fingerprint


def test_a_rule_does_not_apply_where_its_condition_gives_nothing() -> None:
    assert judge("a", {"a": 1}, applies_when="b").outcome == Outcome.NOT_APPLICABLE
    assert judge("a", {"a": 1, "b": 1}, applies_when="b").outcome == Outcome.FAIL


@pytest.mark.parametrize(
    ("expression", "config"),
    [
        ("length(a)", {}),
        ("abs(a)", {"a": "x"}),
        ("nonsense(a)", {}),
        ("count(a, b)", {}),
        ("param(`1`)", {}),
    ],
)
def test_an_error_is_unknown_with_the_reason(expression: str, config: Any) -> None:
    verdict = judge(expression, config)
    if verdict.outcome != Outcome.PASS:
        assert verdict.outcome == Outcome.UNKNOWN
        assert verdict.reason


def test_a_rule_that_reads_an_unread_part_is_unknown() -> None:
    unread = {"Policy": "denied"}
    assert judge("Policy.a", {}, unread).outcome == Outcome.UNKNOWN
    assert "denied" in judge("Policy.a", {}, unread).reason
    assert judge("Acl.a", {}, unread).outcome == Outcome.PASS
    assert judge("Acl.a", {}, unread, applies_when="Policy").outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("Policy.Statement", {"Policy"}),
        ("a[?b == c].d", {"a"}),
        ("@.a", {"a"}),
        ("root().a.b", {"a"}),
        ("a[?b == root().c]", {"a", "c"}),
        ("a | b", {"a"}),
        ("@ | a", {"a"}),
        ("{x: a, y: b}", {"a", "b"}),
        ("[a, b][].c", {"a", "b"}),
        ("any(a, &b)", {"a"}),
        ("net_rules(@)", {EVERYTHING}),
        ("*.a", {EVERYTHING}),
        ("root()", {EVERYTHING}),
        ("keys(@)", {EVERYTHING}),
        ("!a && b || c", {"a", "b", "c"}),
        ("a.*.b", {"a"}),
    ],
)
def test_what_an_expression_reads_is_told_from_its_text(expression: str, read: set) -> None:
    assert parts_read(expression) == read


DOUBLING = "@" + "|[@,@][]" * 22
NESTED = "@" + "|[@,@]" * 60


@pytest.mark.parametrize(
    "bomb",
    [
        DOUBLING,
        NESTED,
        "a" + "[].[@,@][]" * 20,
        "[" * 300 + "a" + "]" * 300,
        "!" * 3000 + "a",
        "map(&map(&map(&map(&[@,@], root().b), root().b), root().b), root().b)",
        "join('', b) | [@,@] | join('', @)" + " | [@,@,@,@] | join('', @)" * 20,
    ],
)
def test_a_bomb_is_unknown_within_the_bound(bomb: str) -> None:
    config = {"a": [1, 2, 3], "b": [str(n) for n in range(100)]}
    verdict = judge(bomb, config)
    assert verdict.outcome == Outcome.UNKNOWN
    assert verdict.reason
    assert verdict.steps <= STEPS + len(config["b"])


def test_a_rule_that_returns_a_whole_account_is_unknown() -> None:
    verdict = judge("@", {"a": "x" * (EVIDENCE_BYTES + 1)})
    assert (verdict.outcome, verdict.reason) == (
        Outcome.UNKNOWN,
        "The rule was stopped: what it selects is too large to be shown.",
    )


def test_what_is_filled_into_notes_is_not_read_again() -> None:
    element = {"name": "{secret} ${aws:username}", "secret": "s", "ports": [22, 3389], "on": True}
    assert notes("{name}: {ports}, {on}, {missing}", element) == (
        "{secret} ${aws:username}: 22, 3389, yes, none"
    )
    assert notes("{it} open", "22") == "22 open"


names = st.sampled_from(["a", "b", "c"])
configs = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", "yy", "1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3),
    max_leaves=25,
)
literals = st.sampled_from(["`1`", "`true`", "`null`", "'x'", "`[1]`", "`0`"])
expressions = st.recursive(
    names | literals | st.just("@"),
    lambda e: st.one_of(
        st.builds("{}.{}".format, names, names),
        st.builds("{}[]".format, names),
        st.builds("{}[*].{}".format, names, names),
        st.builds("{}[?{}]".format, names, e),
        st.builds("({}) | {}".format, e, e),
        st.builds("({} || {})".format, e, e),
        st.builds("({} && {})".format, e, e),
        st.builds("!({})".format, e),
        st.builds("[{}, {}]".format, e, e),
        st.builds("({}) == ({})".format, e, e),
        st.builds("({}) > ({})".format, e, e),
        st.builds("*.{}".format, names),
        st.builds("length({})".format, e),
        st.builds("keys({})".format, e),
        st.builds("contains({}, {})".format, e, e),
        st.builds("{}[0:2]".format, names),
    ),
    max_leaves=8,
)


@given(expressions, configs)
def test_the_interpreter_agrees_with_stock_jmespath(expression: str, config: Any) -> None:
    try:
        wanted: Any = jmespath.search(expression, config)
    except (JMESPathError, TypeError):
        assert judge(expression, config).outcome in (Outcome.UNKNOWN, Outcome.FAIL, Outcome.PASS)
        return
    got = Interpreter(Context(now=NOW, config=config)).visit(
        jmespath.compile(expression).parsed, config
    )
    assert got == wanted


@given(expressions, configs)
def test_the_engine_never_raises(expression: str, config: Any) -> None:
    verdict = judge(expression, config)
    assert (verdict.outcome == Outcome.FAIL) == bool(verdict.findings)
    assert (verdict.outcome == Outcome.UNKNOWN) == bool(verdict.reason)
