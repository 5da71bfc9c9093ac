"""What is refused when a rule is kept, and where it points."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits import packs
from audits.linting import DEEPEST, LONGEST, MOST_NODES, every_fault, faults
from audits.loading import EMPTY, shipped
from tests.factories import ItemFactory

SHIPPED = [fields for _, fields in shipped(packs)]
TEXTS = sorted({fields["expression"] for fields in SHIPPED})


def text(**fields):
    plain = {"title": "A rule", "technologies": ["aws.iam.user"], "expression": "Name"}
    return {**EMPTY, **plain, **fields}


def fault(field="expression", **fields):
    return next(one for one in every_fault(text(**fields)) if one.field == field)


def marked(expression):
    found = fault(expression=expression)
    return expression[found.place : found.place + found.length], found.text


def test_a_sound_rule_has_no_faults():
    assert faults(text()) == {}


def test_a_fault_points_with_a_caret_at_the_line():
    said = faults(text(expression="Name &&\n  lenght(Keys)"))["expression"]
    assert (
        said
        == "There is no function lenght(). Did you mean length()?\n  lenght(Keys)\n  ^".replace(
            "length()?", "length?"
        )
    )


@pytest.mark.parametrize(
    ("expression", "at", "says"),
    [
        ("a && lenght(b)", "lenght", "There is no function lenght()."),
        ("f(a) || starts(b)", "f", "There is no function f()."),
        ("length(a) && length(a, b)", "length", "takes 1 arguments, not 2"),
        ("count()", "count", "count() takes 1 arguments, not 0."),
        ("join(',', 'x')", "'x'", "is a list, not a text."),
        ("length(`5`)", "`5`", "not a number."),
        ("abs('x')", "'x'", "is a number, not a text."),
        ("sum(`[1, \"x\"]`)", "`[1, \"x\"]`", "a list with a text in it"),
        ("any(Keys, Status)", "Status", "write & before it"),
        ("sort_by(Keys, Id)", "Id", "write & before it"),
        ("count(&Keys)", "&Keys", "leave the & away"),
        ("matches(Name, '(')", "'('", "Not a regular expression"),
        ("matches(Name, '(?=a)')", "'(?=a)'", "Not a regular expression"),
        ("matches(Name, 'a{1000}{1000}')", "'a{1000}{1000}'", "Not a regular expression"),
        ("lookup('aws.iam.user', 'Keys[', [Name])", "'Keys['", "This is no path"),
        ("param(`5`)", "`5`", "is a text, not a number."),
        ("Name == param('days')", "'days'", "No parameter days is declared."),
        ("a = b", "=", "Write == to compare."),
        ("a and b", "a", "Write && for and."),
        ("a > 5", "5", "Write a number in backticks: `5`."),
        ("a == “x”", "“", "straight quotation marks"),
        ("a == 'x", "'", "has no end"),
        ("a == `x y", "`", "has no end"),
        ("a.", "", "Something is missing here."),
        ("a[?b", "", "Something is missing here."),
        ("a b", "b", "'b' does not belong here."),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_marked_where_it_stands(expression, at, says):
    at_, said = marked(expression)
    assert at_ == at[: len(at_)] and says in said


def test_the_bounds_on_length_nodes_and_depth_hold():
    assert "characters long" in fault(expression="a" * (LONGEST + 1)).text
    assert "parts" in fault(expression=f"[{', '.join(['a'] * (MOST_NODES + 1))}]").text
    assert "deep" in fault(expression="!" * (DEEPEST + 1) + "a").text
    assert "deeply" in fault(expression="(" * 1500 + "a" + ")" * 1500).text


@pytest.mark.parametrize("field", ["applies_when", "identity", "extent"])
def test_the_other_expressions_are_read_as_well(field):
    assert fault(field, **{field: "a ||"}).place == 4


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ([], ""),
        (["days"], "Parameters are an object"),
        ({"days": 5}, "days: write"),
        ({"how many": {}}, "is no name"),
        ({"days": {"type": "whole"}}, "its type is one of integer, number"),
        ({"days": {"type": "Integer"}}, "Did you mean integer?"),
        ({"days": {"type": "integer"}}, "needs a default"),
        ({"days": {"type": "integer", "default": "5"}}, "its default is no integer"),
        ({"days": {"type": "integer", "default": 5.5}}, "no whole number"),
        ({"days": {"type": "integer", "default": True}}, "its default is no integer"),
        ({"days": {"type": "integer", "default": 5, "min": 6}}, "less than 6"),
        ({"days": {"type": "integer", "default": 5, "max": 4}}, "more than 4"),
        ({"days": {"type": "integer", "default": 5, "min": 6, "max": 4}}, "days:"),
        ({"days": {"type": "text", "default": "5", "max": 4}}, "no min and no max"),
        ({"days": {"type": "integer", "default": 5, "maximum": 4}}, "'maximum' means nothing"),
    ],
)
def test_parameters_are_declared_with_kind_default_and_range(parameters, says):
    found = faults(text(parameters=parameters)).get("parameters", "")
    assert says in found and bool(found) == bool(says)


def test_a_declared_parameter_may_be_asked_for_and_the_nearest_is_offered():
    declared = {"max_days": {"type": "integer", "default": 5}}
    assert faults(text(expression="Age > param('max_days')", parameters=declared)) == {}
    said = fault(expression="Age > param('maxdays')", parameters=declared).text
    assert said == "No parameter maxdays is declared. Did you mean max_days?"


@pytest.mark.django_db
def test_a_technology_that_is_nearly_one_is_refused_with_the_nearest():
    said = fault("technologies", technologies=["aws.s3.buckets"]).text
    assert said == "There is no technology aws.s3.buckets. Did you mean aws.s3.bucket?"
    ItemFactory(technology="aws.s3.buckets")
    assert faults(text(technologies=["aws.s3.buckets"])) == {}
    assert faults(text(technologies=["acme.box"])) == {}


def test_where_elements_are_objects_an_identity_is_needed():
    said = fault("identity", expression="Keys[].{id: Id, age: Age}").text
    assert said.endswith("the same issue tomorrow, {age: age, id: id}.")
    keys = {"name": "x", "fires": True, "config": {"Keys": [{"Id": "a"}]}}
    assert "identity" in faults(text(expression="Keys", examples=[keys]))
    assert faults(text(expression="Keys", examples=[keys], identity="Id")) == {}
    assert faults(text(expression="Keys[].Id", examples=[keys])) == {}


def test_the_notes_ask_only_for_what_a_finding_has():
    found = fault("notes", expression="Keys[].{name: Id}", identity="name", notes="It is {nam}.")
    assert (found.place, found.length) == (6, 5)
    assert found.text == "{nam} is nothing that a finding has. Did you mean {name}?"
    assert faults(text(expression="Keys[].{n: Id}", identity="n", notes="{n} {it} {n.x}")) == {}
    assert faults(text(expression="Keys", notes="{anything}")) == {}
    example = {"name": "x", "fires": True, "config": {"Keys": [{"Id": "a"}]}}
    said = faults(text(expression="Keys", identity="Id", notes="{id}", examples=[example]))
    assert "Did you mean {Id}?" in said["notes"]


def test_an_example_whose_world_cannot_be_made_is_a_fault_and_no_failure():
    broken = {"name": "x", "fires": True, "config": {}, "context": {"now": "yesterday"}}
    assert "“x” cannot be run" in faults(text(examples=[broken]))["examples"]


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda fields: fields["title"])
def test_no_shipped_rule_has_a_fault(rule):
    assert faults(rule) == {}


@pytest.mark.parametrize("odd", [None, 5, [], {"a": 1}, "x" * 5000])
@pytest.mark.parametrize("field", [name for name in EMPTY if name not in ("examples",)])
@pytest.mark.django_db
def test_faults_never_raise_whatever_stands_in_a_field(field, odd):
    faults(text(**{field: odd}))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_faults_never_raise_on_any_text_and_take_bounded_time(data):
    expression = data.draw(st.text(max_size=LONGEST) | mutated())
    began = time.process_time()
    faults(text(expression=expression, identity=expression, notes=expression))
    assert time.process_time() - began < 5


def mutated():
    """Shipped expressions of which a part is left out, doubled or replaced."""

    def change(one):
        expression, start, end, what = one
        start, end = sorted((start % len(expression), end % len(expression)))
        part = expression[start:end]
        return (expression[:start] + what.replace("~", part) + expression[end:])[:LONGEST]

    words = [
        "",
        "~~",
        "(~)",
        "!~",
        "[?~]",
        "[~]",
        "~ |",
        "'~'",
        "`~`",
        "&~",
        "{a: ~}",
        "param('~')",
    ]
    place = st.integers(0, 2000)
    return st.tuples(st.sampled_from(TEXTS), place, place, st.sampled_from(words)).map(change)
