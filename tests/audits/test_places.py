"""Where the parts of an expression stand in its text."""

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from audits import packs
from audits.loading import shipped
from audits.places import placed

# What is no expression of its own; it stands with what it cannot be without.
PARTS = {"identity", "index", "slice", "flatten", "key_val_pair"}
SHIPPED = sorted(
    {
        fields[name]
        for _, fields in shipped(packs)
        for name in ("expression", "applies_when", "identity", "extent")
        if fields[name]
    }
)
WORDS = [
    *("a", "b", "Ports", '"x-y"', "@", "*", "[]", "[*]", "[0]", "[-1]", "[1:2]", "[::2]", "[?a]"),
    *("[?", "]", "(", ")", ".", ",", "|", "||", "&&", "!", "==", "!=", "<", ">=", "&", "{a: b}"),
    *("{", "}", ":", "`1`", "'x'", "`[1, 2]`", "f(a)", "length(", "[a, b]", " ", "\n", "\t", "-3"),
]


def expressions():
    """Texts of which many are expressions."""
    atom = st.sampled_from(
        ["a", "b.c", '"x-y"', "@", "*", "[]", "[*]", "`1`", "'it'", "[0]", "f()"]
    )

    def grow(inner):
        pair = st.tuples(inner, inner)
        return st.one_of(
            st.tuples(
                inner, st.sampled_from(["[]", "[*]", "[0]", "[1:]", "[::-1]", ".*", ".x"])
            ).map("".join),
            st.tuples(pair, st.sampled_from([" || ", "&&", " | ", " == ", " <", ">= "])).map(
                lambda one: one[0][0] + one[1] + one[0][1]
            ),
            inner.map(lambda one: f"( {one} )"),
            inner.map(lambda one: f"!{one}"),
            inner.map(lambda one: f"f({one}, &{one})"),
            inner.map(lambda one: f"a.[{one}, b]"),
            inner.map(lambda one: f'{{k: {one} , "l":(c)}}'),
            pair.map(lambda one: f"{one[0]}[? {one[1]}]"),
            pair.map(lambda one: f"({one[0]}).x[?{one[1]} ].y.z"),
        )

    return st.recursive(atom, grow, max_leaves=8)


def stock(text):
    return jmespath.compile(text).parsed


def assert_sound(text):
    found = placed(text)
    assert found.tree == stock(text)
    for node in found.nodes():
        span = found.span(node)
        assert 0 <= span.start <= span.end <= len(text)
        outer = found.whole(node)
        assert outer.start <= span.start and span.end <= outer.end
        written = found.written(node)
        assert written == written.strip()
        if node["type"] not in PARTS and not _before_a_slice(node):
            assert stock(written) == node, (text, written, node)
            assert stock(text[outer.start : outer.end]) == node
            assert found.replaced(node, text[outer.start : outer.end]) == text
        elif node["type"] == "identity":
            assert written == ""
        elif node["type"] in ("flatten", "index", "slice"):
            assert written.endswith("]")
        elif node["type"] == "key_val_pair":
            assert stock(f"{{{written}}}")["children"] == [node]


def _before_a_slice(node):
    return node["type"] == "index_expression" and node["children"][-1]["type"] == "slice"


@pytest.mark.parametrize("text", SHIPPED)
def test_each_part_of_a_shipped_rule_stands_where_its_text_means_it(text):
    assert_sound(text)


@given(expressions())
@settings(max_examples=300, deadline=None)
def test_the_text_at_a_place_parses_to_the_part_that_stands_there(text):
    try:
        stock(text)
    except JMESPathError:
        return
    assert_sound(text)


@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join) | st.text(max_size=60))
@settings(max_examples=700, deadline=None)
def test_a_text_is_refused_exactly_where_jmespath_refuses_it(text):
    try:
        stock(text)
    except JMESPathError as error:
        with pytest.raises(type(error)):
            placed(text)
        return
    assert_sound(text)


def test_a_long_chain_is_walked_without_end_of_the_stack():
    text = " | ".join(["a"] * 900)
    assert sum(1 for _ in placed(text).nodes()) == 1799


def test_the_smallest_part_at_a_character_is_found():
    found = placed("Keys[?Status == 'Active'].Id")
    assert found.at(7)["value"] == "Status"
    assert found.at(17) == {"type": "literal", "children": [], "value": "Active"}
    assert found.at(27)["value"] == "Id"


def test_parentheses_belong_to_the_whole_of_a_part_and_not_to_its_text():
    found = placed("a && ((b || c)) && d")
    either = next(node for node in found.nodes() if node["type"] == "or_expression")
    assert found.written(either) == "b || c"
    assert found.replaced(either, "e") == "a && e && d"


def test_a_literal_at_the_very_end_is_not_cut():
    # JMESPath's lexer gives a literal's length for its end, one less at the end of the text.
    for text in ("a == 'xyz'", "a == `12`", 'a."q r"', "a=='xyz' "):
        found = placed(text)
        right = found.tree["children"][1]
        assert stock(found.written(right)) == right
