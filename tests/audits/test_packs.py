"""Every shipped rule, by its own examples, through the engine as shipped."""

import re
from types import SimpleNamespace

import jmespath
import pytest

from audits import packs
from audits.engine import HOLE, evaluate
from audits.examples import example_context, failures
from audits.linting import faults
from audits.loading import load_packs, shipped
from audits.loading_frameworks import shipped_frameworks
from audits.loading_tables import shipped_tables
from audits.reading import functions_called, nodes, tables_read
from items.canonical import canonical_bytes
from items.watchers import watchers

RULES = dict(shipped(packs))
# Stock functions that raise on null or on another type, with what is total in their place.
UNSAFE = {
    "length": "count",
    "contains": "has",
    "starts_with": "matches",
    "ends_with": "matches",
    "keys": "items",
    "values": "items",
    "to_number": "param",
    "max": "a filter",
    "min": "a filter",
    "sort_by": "identity",
    "merge": "expand",
    "reverse": "identity",
}
# Words of others, kept letter by letter; where they apply guards them.
KEPT = {
    "azure.security.policies.log-collection-off": (
        "contains(value[*].properties.logCollection, 'Off')"
    ),
}


@pytest.fixture(params=sorted(RULES))
def rule(request):
    return _rule(request.param)


def _rule(key):
    fields = RULES[key]
    return SimpleNamespace(
        **{**fields, "key": key, "examples": [_example(one) for one in fields["examples"]]}
    )


def _example(fields):
    return SimpleNamespace(**{"context": {}, "identities": None, **fields})


def _verdicts(rule):
    for example in rule.examples:
        yield example, evaluate(rule, example_context(rule, example.config, example.context))


def test_every_rule_fires_on_one_example_and_keeps_quiet_on_another(rule):
    assert failures(rule, rule.examples) == []


def test_every_rule_may_be_kept(rule):
    assert faults(RULES[rule.key]) == {}


def test_every_rule_says_why_it_matters_and_what_to_do(rule):
    assert rule.title and not rule.title.endswith(".")
    assert rule.rationale.endswith(".") and rule.remediation.endswith(".")
    assert rule.references and all(url.startswith("https://") for url in rule.references)


def test_every_control_that_a_rule_names_exists_and_can_be_told_by_a_configuration(rule):
    named = {
        f"{one.fields['name']} {number}": fields["automated"]
        for one in shipped_frameworks(packs)
        for number, fields in one.controls.items()
    }
    assert [control for control in rule.controls if not named.get(control)] == []
    assert len(rule.controls) == len(set(rule.controls))


def test_every_rule_is_of_a_technology_that_is_watched(rule):
    assert set(rule.technologies) <= set(watchers)


def test_every_function_that_a_rule_calls_is_total(rule):
    said = "" if rule.expression == KEPT.get(rule.key) else rule.expression
    texts = (said, rule.applies_when, rule.identity, rule.extent)
    called = set().union(*(functions_called(text) for text in texts if text))
    assert called & set(UNSAFE) == set()


@pytest.mark.parametrize("key", KEPT)
def test_a_rule_in_the_words_of_others_is_kept_letter_by_letter(key):
    assert RULES[key]["expression"] == KEPT[key]


def test_every_rule_gives_an_answer_where_the_configuration_is_empty(rule):
    # A table that does not exist makes a verdict unknown: the shipped ones are there.
    tables = {key: fields["rows"] for key, fields in shipped_tables(packs)}
    verdict = evaluate(rule, example_context(rule, {}, {"tables": tables}))
    assert verdict.outcome != "unknown", verdict.reason


def test_every_table_that_a_rule_reads_ships(rule):
    texts = (rule.expression, rule.applies_when)
    read = set().union(*(tables_read(text) for text in texts if text))
    assert read <= {key for key, _ in shipped_tables(packs)}


def test_every_rule_gives_an_answer_where_parts_are_null(rule):
    for example in rule.examples:
        for name in example.config:
            config = {**example.config, name: None}
            verdict = evaluate(rule, example_context(rule, config, example.context))
            assert verdict.outcome != "unknown", (example.name, name, verdict.reason)


def test_every_parameter_is_declared_and_used(rule):
    asked = set()
    for text in (rule.expression, rule.applies_when):
        asked |= set(re.findall(r"param\('(\w+)'\)", text))
    assert asked == set(rule.parameters)
    for parameter in rule.parameters.values():
        assert {"type", "default", "label"} <= set(parameter) <= {
            "type", "default", "min", "max", "label",
        }  # fmt: skip


def test_what_a_rule_finds_has_an_identity_apart_from_its_wording(rule):
    for _, verdict in _verdicts(rule):
        for finding in verdict.findings:
            if isinstance(finding.evidence, (dict, list)):
                assert rule.identity
            assert finding.identity is not None
            assert len(canonical_bytes(finding.identity)) < 1000


def test_no_hole_in_the_notes_stays_empty(rule):
    holes = set(HOLE.findall(rule.notes))
    for example, verdict in _verdicts(rule):
        for finding in verdict.findings:
            filled = {hole for hole in holes if _at(hole, finding.evidence) is not None}
            assert filled == holes, example.name


def _at(hole, evidence):
    if hole == "it":
        return evidence
    for name in hole.split("."):
        evidence = evidence.get(name) if isinstance(evidence, dict) else None
    return evidence


def test_no_rule_negates_a_path_as_jmespath_never_means_it(rule):
    # !a.b is (!a).b, and is null whatever a is.
    for text in (rule.expression, rule.applies_when):
        for node in nodes(jmespath.compile(text).parsed) if text else ():
            if node["type"] in ("subexpression", "index_expression", "filter_projection"):
                assert node["children"][0]["type"] != "not_expression"


def test_a_key_stands_once():
    keys = [key for key, _ in shipped(packs)]
    assert len(keys) == len(set(keys))


@pytest.mark.django_db
def test_every_shipped_rule_is_taken_in_and_loading_again_changes_nothing():
    loaded = load_packs()
    assert {one.key for one in loaded} >= set(RULES)
    assert [one for one in loaded if one.problems] == []
    assert load_packs() == []
