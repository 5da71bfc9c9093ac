"""Which parts of a rule no example would miss."""

import time

import pytest

from audits import mutating, packs
from audits.cautions import Written
from audits.loading import EMPTY, shipped
from audits.mutating import mutants, unnoticed
from audits.places import placed

SHIPPED = dict(shipped(packs))


def text(expression, *examples, **fields):
    plain = {"title": "A rule", "technologies": ["aws.iam.user"], "expression": expression}
    return {**EMPTY, **plain, "examples": list(examples), **fields}


def example(fires, identities=None, **config):
    given = {"name": "x", "fires": fires, "config": config}
    return given if identities is None else {**given, "identities": identities}


def said(*args, **fields):
    return [
        one.text.removeprefix("No example would notice if ")
        for one in unnoticed(text(*args, **fields))
    ]


EXPRESSION = "Keys[?Status == 'Active' && Age > `90`].Id"
OLD, NEW = {"Id": "a", "Status": "Active", "Age": 91}, {"Id": "b", "Status": "Active", "Age": 9}
AT_BOUND, OFF = {**OLD, "Age": 90}, {**OLD, "Status": "Inactive"}


def test_examples_that_hold_every_part_leave_nothing_unnoticed():
    quiet = example(False, Keys=[NEW, AT_BOUND, OFF])
    assert said(EXPRESSION, example(True, Keys=[OLD]), quiet) == []


@pytest.mark.parametrize(
    ("missing", "part"),
    [
        (OFF, "`Status == 'Active'` were left out."),
        (AT_BOUND, "`Age >= `90`` stood for `Age > `90``: none is just at the bound."),
    ],
)
def test_a_part_that_no_example_needs_is_told_in_plain_words(missing, part):
    quiet = [one for one in (NEW, AT_BOUND, OFF) if one is not missing]
    assert said(EXPRESSION, example(True, Keys=[OLD]), example(False, Keys=quiet)) == [part]


def test_what_is_told_is_marked_in_the_text():
    (found,) = unnoticed(
        text(EXPRESSION, example(True, Keys=[OLD]), example(False, Keys=[NEW, AT_BOUND]))
    )
    assert EXPRESSION[found.place : found.place + found.length] == "Status == 'Active'"
    assert found.field == "expression"


@pytest.mark.parametrize(
    ("expression", "fires", "quiet", "part"),
    [
        ("Ks[?On].Id", {"Ks": [{"On": 1, "Id": "a"}]}, {}, "the filter `[?On]` were left out."),
        ("Name && !Mfa", {"Name": "a"}, {}, "`!Mfa` were left out."),
        ("Name && !Mfa && Name", {"Name": "a"}, {"Mfa": True}, "`Name && !Mfa` were left out."),
        ("A || B", {"A": 1}, {}, "`B` were left out."),
        ("has(['a', 'b'], Kind)", {"Kind": "a"}, {"Kind": "c"}, "`'b'` were left out of the list."),
        ("State != 'off'", {"State": "on"}, {"State": "off"}, ""),
        ("has(Names, 'x') == has(Others, 'x')", {}, {"Names": ["x"]}, "`'x'` were another text."),
    ],
)  # fmt: skip
def test_each_kind_of_part_is_tried(expression, fires, quiet, part):
    found = said(expression, example(True, **fires), example(False, **quiet))
    assert part in found if part else found == []


def test_where_it_applies_is_tried_as_well():
    holds = [example(True, Name="a", State="on"), example(False, State="on")]
    (found,) = unnoticed(text("Name", *holds, applies_when="State == 'on'"))
    assert (found.field, found.place, found.length) == ("applies_when", 0, 13)
    assert found.text == "No example would notice if it were left out altogether."
    holds.append(example(False, Name="a", State="off"))
    assert unnoticed(text("Name", *holds, applies_when="State == 'on'")) == []


def test_what_only_words_a_finding_is_not_tried_nor_is_the_value_itself():
    rule = "Name && {name: Name || 'none', kind: Kind == 'x'}"
    holds = [example(True, Name="a"), example(False, Name="")]
    assert said(rule, *holds, identity="name") == []


def test_identities_hold_what_the_verdict_alone_would_not():
    keys = {"Keys": [{"Id": "a", "On": True}, {"Id": "b", "On": False}]}
    assert said("Keys[?On].Id", example(True, **keys), example(False)) != []
    assert said("Keys[?On].Id", example(True, ["a"], **keys), example(False)) == []


def test_nothing_is_told_where_examples_are_missing_or_do_not_hold():
    assert unnoticed(text("Name == 'a'")) == []
    assert unnoticed(text("Name == 'a'", example(True, Name="b"))) == []
    assert unnoticed(text("Name ==", example(True, Name="b"))) == []


def test_a_part_within_one_that_may_be_left_out_is_not_told_again():
    rule = "Name && (A == 'x' || B == 'y')"
    found = said(rule, example(True, Name="n", A="x"), example(False, A="x"))
    assert "`(A == 'x' || B == 'y')` were left out." in found
    assert not any("B" in one and "A" not in one for one in found)


@pytest.mark.parametrize("key", SHIPPED)
def test_every_mutant_of_a_shipped_rule_can_be_read_and_differs(key):
    for field in ("expression", "applies_when"):
        expression = SHIPPED[key][field]
        if not expression:
            continue
        written = Written(field, placed(expression))
        for mutant in mutants(written):
            if mutant.expression:  # Else all of where it applies was left out.
                assert placed(mutant.expression).tree != written.found.tree
            assert 0 <= mutant.span.start < mutant.span.end <= len(expression)


def test_when_the_time_is_over_that_is_said(monkeypatch):
    monkeypatch.setattr(mutating, "MUTANTS", 1)
    found = unnoticed(text(EXPRESSION, example(True, Keys=[OLD]), example(False, Keys=[NEW])))
    assert found[-1].text == "There was no time to try every part."


def test_the_slowest_shipped_rule_takes_bounded_time():
    began = time.process_time()
    unnoticed(SHIPPED["aws.iam.policy.passrole-any"])
    assert time.process_time() - began < 8
