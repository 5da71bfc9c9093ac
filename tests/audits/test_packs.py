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


def _rule(key):
    fields = RULES[key]
    return SimpleNamespace(
        **{**fields, "key": key, "examples": [_example(one) for one in fields["examples"]]}
    )


def _example(fields):
    return SimpleNamespace(**{"context": {}, "identities": None, **fields})


# One test asks all rules: a test for each rule and question was thousands, and mostly overhead.
EVERY = [_rule(key) for key in sorted(RULES)]
CONTROLS = {
    f"{one.fields['name']} {number}": fields["automated"]
    for one in shipped_frameworks(packs)
    for number, fields in one.controls.items()
}
TABLES = {key: fields["rows"] for key, fields in shipped_tables(packs)}


def _wrong(question):
    """Ask every rule; return what is wrong, with the key of the rule before it."""
    return [f"{rule.key}: {fault}" for rule in EVERY for fault in question(rule)]


def _verdicts(rule):
    for example in rule.examples:
        yield example, evaluate(rule, example_context(rule, example.config, example.context))


def _texts(rule, *names):
    return [text for text in (getattr(rule, name) for name in names) if text]


def test_there_are_rules_to_ask():
    assert len(EVERY) == len(RULES) > 400


def test_every_rule_fires_on_one_example_and_keeps_quiet_on_another():
    assert _wrong(lambda rule: failures(rule, rule.examples)) == []


def test_every_rule_may_be_kept():
    assert _wrong(lambda rule: faults(RULES[rule.key]).items()) == []


def test_every_rule_says_why_it_matters_and_what_to_do():
    def unsaid(rule):
        if not rule.title or rule.title.endswith("."):
            yield f"title {rule.title!r}"
        for name in ("rationale", "remediation"):
            if not getattr(rule, name).endswith("."):
                yield f"{name} is no sentence"
        if not rule.references:
            yield "no references"
        yield from (url for url in rule.references if not url.startswith("https://"))

    assert _wrong(unsaid) == []


def test_every_control_that_a_rule_names_exists_and_can_be_told_by_a_configuration():
    def misnamed(rule):
        yield from (control for control in rule.controls if not CONTROLS.get(control))
        if len(rule.controls) != len(set(rule.controls)):
            yield "names a control twice"

    assert _wrong(misnamed) == []


def test_every_rule_is_of_a_technology_that_is_watched():
    known = set(watchers)
    assert _wrong(lambda rule: set(rule.technologies) - known) == []


def test_every_function_that_a_rule_calls_is_total():
    def unsafe(rule):
        said = _texts(rule, "expression", "applies_when", "identity", "extent")
        said = [text for text in said if text != KEPT.get(rule.key)]
        return set().union(*map(functions_called, said)) & set(UNSAFE)

    assert _wrong(unsafe) == []


@pytest.mark.parametrize("key", KEPT)
def test_a_rule_in_the_words_of_others_is_kept_letter_by_letter(key):
    assert RULES[key]["expression"] == KEPT[key]


def test_every_rule_gives_an_answer_where_the_configuration_is_empty():
    def unknown(rule):
        # A table that does not exist makes a verdict unknown: the shipped ones are there.
        verdict = evaluate(rule, example_context(rule, {}, {"tables": TABLES}))
        return [verdict.reason] if verdict.outcome == "unknown" else []

    assert _wrong(unknown) == []


def test_every_table_that_a_rule_reads_ships():
    def missing(rule):
        texts = _texts(rule, "expression", "applies_when")
        return set().union(*map(tables_read, texts)) - set(TABLES)

    assert _wrong(missing) == []


def test_every_rule_gives_an_answer_where_parts_are_null():
    def unknown(rule):
        for example in rule.examples:
            for name in example.config:
                config = {**example.config, name: None}
                verdict = evaluate(rule, example_context(rule, config, example.context))
                if verdict.outcome == "unknown":
                    yield f"{example.name}, {name}: {verdict.reason}"

    assert _wrong(unknown) == []


def test_every_parameter_is_declared_and_used():
    least, most = {"type", "default", "label"}, {"type", "default", "min", "max", "label"}

    def undeclared(rule):
        asked = set()
        for text in _texts(rule, "expression", "applies_when"):
            asked |= set(re.findall(r"param\('(\w+)'\)", text))
        yield from asked ^ set(rule.parameters)
        for name, parameter in rule.parameters.items():
            if not least <= set(parameter) <= most:
                yield f"{name} is declared with {sorted(parameter)}"

    assert _wrong(undeclared) == []


def test_what_a_rule_finds_has_an_identity_apart_from_its_wording():
    def nameless(rule):
        for example, verdict in _verdicts(rule):
            for finding in verdict.findings:
                if isinstance(finding.evidence, (dict, list)) and not rule.identity:
                    yield f"{example.name}: no identity is declared"
                if finding.identity is None:
                    yield f"{example.name}: no identity"
                elif len(canonical_bytes(finding.identity)) >= 1000:
                    yield f"{example.name}: an identity that is long"

    assert _wrong(nameless) == []


def test_no_hole_in_the_notes_stays_empty():
    def empty(rule):
        holes = set(HOLE.findall(rule.notes))
        for example, verdict in _verdicts(rule):
            for finding in verdict.findings:
                for hole in holes:
                    if _at(hole, finding.evidence) is None:
                        yield f"{example.name}: {hole}"

    assert _wrong(empty) == []


def _at(hole, evidence):
    if hole == "it":
        return evidence
    for name in hole.split("."):
        evidence = evidence.get(name) if isinstance(evidence, dict) else None
    return evidence


def test_no_rule_negates_a_path_as_jmespath_never_means_it():
    # !a.b is (!a).b, and is null whatever a is.
    paths = ("subexpression", "index_expression", "filter_projection")

    def negated(rule):
        for text in _texts(rule, "expression", "applies_when"):
            for node in nodes(jmespath.compile(text).parsed):
                if node["type"] in paths and node["children"][0]["type"] == "not_expression":
                    yield text

    assert _wrong(negated) == []


def test_a_key_stands_once():
    keys = [key for key, _ in shipped(packs)]
    assert len(keys) == len(set(keys))


@pytest.mark.django_db
def test_every_shipped_rule_is_taken_in_and_loading_again_changes_nothing():
    loaded = load_packs()
    assert {one.key for one in loaded} >= set(RULES)
    assert [one for one in loaded if one.problems] == []
    assert load_packs() == []
