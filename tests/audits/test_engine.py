"""The engine's promises: four verdicts, identity, bounds, and agreement with stock JMESPath."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from audits.bounds import STEPS, Evaluation, RuleError, weight
from audits.compiling import Source, compiled
from audits.engine import EVIDENCE, Outcome, Verdict, evaluate, notes, truth
from audits.functions.base import Context
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
    verdict = judge("@", {"a": "x" * (EVIDENCE + 1)})
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


ODD = ("", "x", "yy", "1", "é", "\N{GRINNING FACE}", "\ud800", 0.0, -0.0, 1.0, -2.5, 2**70, 10**400)
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(ODD)
configs = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "d e"]), inner, max_size=4)
    ),
    max_leaves=30,
)
LEAVES = ("a", "b", "c", '"d e"', "@", "`1`", "`0`", "`true`", "`null`", "'x'", "''", "`[1]`",
          "`[]`", '`{"a": 1}`', "`1.0`", "`-0.0`", "`[1, true]`", '`"1"`',
           "a < `2`", "b >= `0`", "*", "a[]", "@.*", "a[::0]")  # fmt: skip
SHAPES = (
    "({}).a", "({})[]", "({})[*].b", "({}).*.c", "({})[0]", "({})[-1]", "({})[::-1]", "({})[1:3].a",
    "({})[?{}]", "({})[?{}].a", "({})[?{}][].b", "a[].b[?{}].c[]", "a[*].b[].c.*", "*.a[].b[?{}]",
    "a[*].[{}, {}]", "a[].{{x: {}, y: {}}}", "a[?{} && {}]", "[*].a[?b[?{}]]", "({}) | {}",
    "({} || {})", "({} && {})", "(a || {} || {})", "(a && !b && {})", "!({})", "[{}, {}]",
    "{{x: {}, y: {}}}", "({}) == ({})", "({}) != ({})", "({}) > ({})", "({}) <= ({})",
    "contains({}, {})", "starts_with({}, {})", "ends_with({}, {})", "not_null({}, {})",
    "length({})", "map(&({}), {})", "sort_by({}, &({}))", "max_by({}, &({}))", "keys({})",
    "to_string({})", "type({})", "to_array({})[]", "reverse({})", "a[?b[?{}]]", "a[?!({})].b",
    "min_by({}, &({}))", "values({})", "to_number({})", "sum({})", "avg({})", "max({})", "min({})",
    "sort({})", "merge({}, {})", "join({}, {})", "abs({})", "ceil({})", "floor({})",
    "({})[::-2].b", "({}) | [?{}] | [0]", "`1` == ({})", "nonsense({})",
)  # fmt: skip


@st.composite
def expressions(draw: Any, depth: int = 3) -> str:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return str(draw(st.sampled_from(LEAVES)))
    shape: str = draw(st.sampled_from(SHAPES))
    parts = [draw(expressions(depth - 1)) for _ in range(shape.count("{}"))]
    return shape.format(*parts)


def evaluated(expression: str, config: Any, measures: bool | None = None) -> Any:
    tree = jmespath.compile(expression).parsed
    part = compiled(tree) if measures is None else Source(measures).function(tree)
    return part(Evaluation(Context(now=NOW, config=config)), config)


def said(answer: Any) -> str:
    """Give an answer as text: 1, 1.0 and true are equal to Python."""
    return json.dumps(answer, default=lambda one: type(one).__name__)


@given(expressions(), configs, st.sampled_from([None, True]))
def test_a_compiled_expression_agrees_with_stock_jmespath(
    expression: str, config: Any, measures: bool | None
) -> None:
    try:
        wanted: Any = jmespath.search(expression, config)
    except (JMESPathError, TypeError, ValueError, OverflowError):
        with pytest.raises((JMESPathError, TypeError, ValueError, RuleError)):
            evaluated(expression, config, measures)
    else:
        assert said(evaluated(expression, config, measures)) == said(wanted)


@given(expressions(), configs)
def test_the_truth_of_an_expression_is_that_of_its_value(expression: str, config: Any) -> None:
    tree = jmespath.compile(expression).parsed
    asked = Source(measures=False).function(tree, asked=True)
    run = Evaluation(Context(now=NOW, config=config))
    try:
        wanted = jmespath.search(expression, config)
    except (JMESPathError, TypeError, ValueError, OverflowError):
        with pytest.raises((JMESPathError, TypeError, ValueError, RuleError)):
            asked(run, config)
    else:
        assert asked(run, config) is truth(wanted)


def test_where_an_element_is_asked_for_an_error_behind_it_is_not_lost() -> None:
    config = {"a": [{"b": ["x", 5]}, {"b": ["x"]}]}
    assert judge("a[?b[?length(@) == `1`]]", config).outcome == Outcome.UNKNOWN
    assert judge("a[?b[?@ < 'z']]", config).outcome == Outcome.UNKNOWN
    assert judge("a[1:] | [?b[?length(@) == `1`]].b[]", config).outcome == Outcome.FAIL


@pytest.mark.parametrize("broken", ["a[", "!" * 3000 + "a", "'", "nonsense("])
def test_what_cannot_be_read_is_unknown_for_an_item_with_an_unread_part_too(broken: str) -> None:
    for fields in ({"expression": broken}, {"expression": "a", "applies_when": broken}):
        verdict = judge(config={}, unread={"Policy": "denied"}, **fields)
        assert (verdict.outcome, bool(verdict.reason)) == (Outcome.UNKNOWN, True)


@given(expressions(), configs)
def test_the_engine_never_raises(expression: str, config: Any) -> None:
    verdict = judge(expression, config)
    assert (verdict.outcome == Outcome.FAIL) == bool(verdict.findings)
    assert (verdict.outcome == Outcome.UNKNOWN) == bool(verdict.reason)


@given(expressions(), configs, st.integers(0, 60))
def test_an_evaluation_never_takes_more_steps_than_it_has(
    expression: str, config: Any, steps: int
) -> None:
    context = Context(now=NOW, config=config)
    verdict = evaluate(rule(expression), context, steps=steps)
    assert verdict.steps <= steps
    whole = evaluate(rule(expression), context)
    if verdict.outcome != Outcome.UNKNOWN:
        assert verdict == whole


@pytest.mark.parametrize(
    "expression",
    [
        "a[].b[].c[].a[].b[].c[].a[].b",
        "a[*].b[*].c[*].a[*].b[*].c[*].a",
        "a[?b[?c[?a[?b[?c[?a[?b]]]]]]]",
        "[[[[[[[[[[[[a[*].b]]]]]]]]]]]]",
        "a" + " || b" * 100,
        "a" + " && b" * 100,
        "@" + " | @" * 200,
        "a[?" + " && ".join(f"b != `{n}`" for n in range(60)) + "]",
        "a[?" + " || ".join(f"c[?b == `{n}`]" for n in range(20)) + "]",
        "(" * 30 + "a[*]" + ").b" * 30,
        "[" + ", ".join(["a[*].b"] * 100) + "]",
        "!" * 30 + "a",
        "!(a && " * 18 + "b == c" + ")" * 18,
        "!(a && " * 60 + "(a[*].b == c)" + ")" * 60,
        "a[?!(b && " * 12 + "(c[] == a)" + ")]" * 12,
        "a[*].{" + ", ".join(f"k{n}: b[?c == `{n}`]" for n in range(20)) + "}",
    ],
)
def test_long_and_deep_expressions_agree_with_stock_jmespath(expression: str) -> None:
    inner: Any = {"a": 1, "b": 2, "c": 3}
    for _ in range(3):
        inner = {"a": [inner, {"b": 1}], "b": [inner], "c": [inner, 2]}
    assert evaluated(expression, inner) == jmespath.search(expression, inner)


def test_large_equal_values_are_not_compared_without_end() -> None:
    config = {"a": [[n] for n in range(3000)], "b": [[n] for n in range(3000)]}
    verdict = judge("a[?root().a == root().b]", config)
    assert verdict.outcome == Outcome.UNKNOWN
    assert "too many steps" in verdict.reason
    assert judge("a == b", config).outcome == Outcome.FAIL


def test_a_small_finding_that_holds_one_large_value_many_times_is_unknown() -> None:
    many = ", ".join(["@"] * 90)
    verdict = judge(f"[[{many}] | [{many}]]", {"a": "x" * 900})
    assert (verdict.outcome, "too large" in verdict.reason) == (Outcome.UNKNOWN, True)


def plain_weight(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(len(key) + plain_weight(one) for key, one in value.items())
    if isinstance(value, list):
        return 1 + sum(map(plain_weight, value))
    return 1 + (len(value) if isinstance(value, str) else 0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda one: st.lists(one) | st.dictionaries(st.text(max_size=5), one),
    )
)
def test_a_weight_counts_every_value_and_every_character(value: Any) -> None:
    assert weight(value, 1_000_000) == plain_weight(value)


@pytest.mark.parametrize("array", [["a", "b"], ["a"], [], ["a", 1], "ab", None, {"a": "b"}])
@pytest.mark.parametrize("glue", [", ", "", 7, None])
def test_join_says_what_stock_says(array: Any, glue: Any) -> None:
    verdict = judge("[join(glue, array)]", {"glue": glue, "array": array})
    try:
        expected = jmespath.search("join(glue, array)", {"glue": glue, "array": array})
    except JMESPathError:
        assert verdict.outcome == Outcome.UNKNOWN
    else:
        found = verdict.findings[0].evidence if verdict.findings else ""
        assert found == expected


@pytest.mark.parametrize("value", ["text", 7, -(2**80), True, None, 1.5, [1, "a"], {"a": None}])
def test_to_string_says_what_stock_says(value: Any) -> None:
    (finding,) = judge("to_string(value)", {"value": value}).findings
    assert finding.evidence == jmespath.search("to_string(value)", {"value": value})


MANY = list(range(5000))
TEXT = "a" * 200_000
POLICY = {
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": f"*:Get{number}*", "Resource": "*"}
        for number in range(40)
    ]
}
LEFT = {"protocol": "tcp", "left": [[1, 2]] * 5000}
WIDE = {"children": MANY, **{str(number): number for number in range(3000)}}


@pytest.mark.parametrize(
    "bomb",
    [
        "many[?has([`1`], root())]",
        "many[?unique([root()])]",
        "many[?difference([root()], [root()])]",
        "many[?sorted([root()])[0].z]",
        "many[?changed(&root())]",
        "join(text, map(&to_string(@), many))",
        "joined(text, many)",
        "many[?matches(root().text, '(b|c)+d.*e')]",
        "glob(text, join('', ['*', text, 'b']))",
        "many[?contains(root().text, 'b')]",
        "many[?count(split(root().text, 'b')) == `2`]",
        "many[?from_json(root().text)]",
        "many[?arn(root().arn)]",
        "many[?whose(root().text) == 'ours']",
        "many[?length(to_string(root())) == `1`]",
        "many[?count(grants(root().policy)) == `1`]",
        "many[?statements([root().policy])[0].a]",
        "many[?actions([root().policy]) == `1`]",
        "allowed(policy, many[].join('', ['s3:', to_string(@)]))",
        "many[?net_rules([root().many])]",
        "many[?network_size(root().many) == `1`]",
        "many[?covers_port(root().left, root().many)]",
        "many[?bindings(root().roles)]",
        "expand(wide, 'children')[?z]",
        "many[?root().text == root().like]",
        "many[?root().text < root().like]",
        "many[?contains([root().like], root().text)]",
        "sort(many[].[root().text, root().like][])[?z]",
        "max(many[].root().text)",
        "sort_by(many, &root().text)[?z]",
        "max_by(many, &root().text)",
        "many[?to_number(root().text)]",
    ],
)
def test_what_a_function_does_in_depth_is_bounded_too(bomb: str) -> None:
    config = {
        "many": MANY,
        "text": TEXT,
        "like": TEXT[:-1] + "b",
        "arn": "arn:" + "a:" * 100_000,
        "policy": POLICY,
        "left": LEFT,
        "wide": WIDE,
        "roles": {"bindings": [{"role": "r", "members": [f"user:{one}@x" for one in MANY]}]},
    }
    context = Context(now=NOW, config=config, previous={**config, "text": "b"})
    verdict = evaluate(rule(bomb), context)
    assert verdict.outcome == Outcome.UNKNOWN
    assert "it takes too many steps" in verdict.reason


def test_what_a_verdict_takes_does_not_depend_on_who_asked_before() -> None:
    context = Context(now=NOW, config=POLICY)
    first, second = (evaluate(rule("grants(@)[?a] || actions(@)[?a]"), context) for _ in range(2))
    assert first.steps == second.steps


@pytest.mark.parametrize(
    ("expression", "config", "kept"),
    [
        ("from_base64(a)", {"a": "YQBi"}, "a\N{REPLACEMENT CHARACTER}b"),
        ("{a: to_number('1e999')}", {}, {"a": "inf"}),
        ("to_number('nan')", {}, "nan"),
        ("from_json(a)", {"a": '"\\ud800"'}, "\N{REPLACEMENT CHARACTER}"),
        ("[from_json(a)]", {"a": "9" * 30}, "9" * 30),
    ],
)
def test_a_finding_holds_nothing_that_a_database_refuses(
    expression: str, config: Any, kept: Any
) -> None:
    (found,) = judge(expression, config, notes="{it}").findings
    assert found.evidence == found.identity == kept
    assert "\0" not in found.notes


def test_why_a_verdict_is_unknown_holds_nothing_that_a_database_refuses() -> None:
    assert "a\N{REPLACEMENT CHARACTER}b" in judge("abs(a)", {"a": "a\0b"}).reason


@pytest.mark.parametrize("given", ["&a", "not_null(&a)", "[&a]", "{x: [&a]}", "to_array(&a)"])
def test_an_expression_is_no_finding(given: str) -> None:
    verdict = judge(given, {"a": 1}, identity="`1`")
    assert (verdict.outcome, "an & is too many" in verdict.reason) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize("depth", [300, 900])
def test_what_is_too_deep_to_be_kept_is_unknown(depth: int) -> None:
    config = {"a": "[" * depth + "]" * depth}
    verdict = judge("{a: from_json(a), b: 'x'}", config, identity="b")
    assert verdict.outcome == Outcome.UNKNOWN
