"""Rules of other tools: what is carried over gives the same answer, the rest is named with why.

The two small evaluators below say what ScoutSuite's conditions and Cloud Custodian's filters
mean, each in its tool's own shape of a resource; ours is asked in our shape.
"""

import fnmatch
import json
import operator
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jmespath
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits.carrying import custodian, phrases, scoutsuite
from audits.carrying.custodian_resources import SHAPES
from audits.carrying.exampling import MARK, examples
from audits.carrying.outcome import Carried, Left, key_of, plain, text
from audits.carrying.over import from_custodian, from_scoutsuite
from audits.carrying.scoutsuite_resources import RESOURCES
from audits.engine import Outcome, evaluate
from audits.examples import example_context
from audits.linting import faults
from audits.loading import complete
from audits.unpacking import unpacked
from items.watchers import watchers

DATA = Path(__file__).parent.parent / "data" / "carrying"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BLANK_RULE = {"applies_when": "", "identity": "", "extent": "", "notes": "", "parameters": {}}
many = settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def fires(expression: str, config: Any) -> bool:
    rule = SimpleNamespace(expression=expression, **BLANK_RULE)
    verdict = evaluate(rule, example_context(rule, config, {}))
    assert verdict.outcome != Outcome.UNKNOWN, (expression, config, verdict.reason)
    return verdict.outcome == Outcome.FAIL


# -- Cloud Custodian ---------------------------------------------------------------------------

ORDER = {
    "gt": operator.gt,
    "greater-than": operator.gt,
    "ge": operator.ge,
    "gte": operator.ge,
    "lt": operator.lt,
    "less-than": operator.lt,
    "le": operator.le,
    "lte": operator.le,
}


def custodian_says(given: Any, resource: dict[str, Any]) -> bool:
    """Say whether a filter keeps a resource, as Custodian's documentation has it."""
    if isinstance(given, list):
        return all(custodian_says(one, resource) for one in given)
    if len(given) == 1:
        ((word, value),) = given.items()
        if word == "or":
            return any(custodian_says(one, resource) for one in value)
        if word == "and":
            return custodian_says(value, resource)
        if word == "not":
            return not custodian_says(value, resource)
        given = {"key": word, "value": value}
    key, wanted, op, kind = (given.get(name) for name in ("key", "value", "op", "value_type"))
    if key.startswith("tag:"):
        pairs = resource.get("Tags") or []
        found = next((tag["Value"] for tag in pairs if tag["Key"] == key[4:]), None)
    else:
        found = jmespath.search(key, resource)
    if kind == "size":
        found = len(found) if isinstance(found, (str, list, dict)) else 0
    elif kind == "integer":
        found = int(str(found)) if re.fullmatch(r"\s*[+-]?[0-9]+\s*", str(found)) else 0
    elif kind == "normalize":
        found = found.strip().lower() if isinstance(found, str) else found
    elif kind in ("age", "expiration"):
        try:
            moment = datetime.fromisoformat(found)
        except (TypeError, ValueError):
            return False
        days = (NOW - moment) if kind == "age" else (moment - NOW)
        return bool(ORDER[op](days, timedelta(wanted)))
    if op in ("in", "not-in", "ni") and found is None:
        found = ()  # What is missing is in no list, not even in one that holds null.
    if kind == "swap":
        found, wanted = wanted, found
    elif op is None and wanted in ("absent", "present", "not-null", "empty"):
        return {
            "absent": found is None,
            "present": found is not None,
            "not-null": bool(found),
            "empty": not found,
        }[wanted]
    return _operator(op or "eq", found, wanted)


def _operator(op: str, found: Any, wanted: Any) -> bool:
    try:
        if op in ORDER:
            if isinstance(found, bool):
                return False  # True is not 1 here.
            return bool(ORDER[op](found, wanted))
        match op:
            case "eq" | "equal":
                return same(found, wanted)
            case "ne" | "not-equal":
                return not same(found, wanted)
            case "in":
                return within(found, wanted)
            case "not-in" | "ni":
                return not within(found, wanted)
            case "contains":
                return within(wanted, found)
            case "glob":
                return isinstance(found, str) and fnmatch.fnmatchcase(found, wanted)
            case "regex":
                return isinstance(found, str) and bool(re.match(wanted, found, re.IGNORECASE))
            case "regex-case":
                return isinstance(found, str) and bool(re.match(wanted, found))
            case "intersect":
                return isinstance(found, list) and any(
                    same(one, other) for one in found for other in wanted
                )
    except TypeError:
        return False
    raise AssertionError(op)


def same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def within(one: Any, whole: Any) -> bool:
    """Say ``one in whole`` as Python does, but that true is not 1."""
    if isinstance(whole, (list, tuple)):
        return any(same(one, part) for part in whole)
    if isinstance(whole, dict) and not isinstance(one, str):
        return False
    return bool(one in whole)


WORDS = [
    "",
    "a",
    "A",
    "ab",
    "abc",
    " a ",
    "a\n",
    "x.y",
    "5",
    "-3",
    "0",
    " 7",
    "true",
    "None",
    "*",
    "[a]",
    "it's",
    "\\",
    "t3.micro",
]
WORD = st.sampled_from(WORDS)
NUMBER = st.integers(-3, 9) | st.sampled_from([1.5, 90, 91])
DATE = st.integers(-200, 200).map(lambda days: (NOW - timedelta(days, 5)).isoformat())
# The API says dates; what else might stand there, each tool reads in a way of its own.
WHEN = DATE | st.sampled_from([None, "", "a", "N/A"])
ATOM = st.none() | st.booleans() | NUMBER | WORD | DATE
VALUE = ATOM | st.lists(ATOM, max_size=3) | st.dictionaries(WORD, ATOM, max_size=2)
RESOURCE = st.fixed_dictionaries(
    {},
    optional={
        "State": st.fixed_dictionaries({"Name": VALUE}) | st.none(),
        "KeyName": VALUE,
        "LaunchTime": WHEN,
        "SecurityGroups": st.lists(st.fixed_dictionaries({"GroupId": WORD}), max_size=3),
        "Tags": st.lists(
            st.fixed_dictionaries({"Key": st.sampled_from(["Owner", "x y"]), "Value": WORD}),
            max_size=2,
            unique_by=lambda tag: tag["Key"],
        ),
    },
)
PATH = st.sampled_from(
    [
        "State.Name",
        "KeyName",
        "SecurityGroups[].GroupId",
        "SecurityGroups[0].GroupId",
        "tag:Owner",
        "tag:x y",
    ]
)
PATTERN = st.sampled_from(
    ["a", "^a$", "a|b", "[a-c]+$", "(?:ab)?c", ".*", "x\\.y", "t[0-9]\\.", "A", "$", "a\\Z", "[$]"]
)
GLOB = st.sampled_from(
    ["*", "a*", "?", "[ab]*", "[!a]*", "x.y", "A", "[", "[]a]", "", "\\", "[[]a]"]
)


def flt(**parts: Any) -> Any:
    return st.fixed_dictionaries({"type": st.just("value"), "key": PATH, **parts})


OP = st.sampled_from
FILTER = st.one_of(
    flt(value=OP(["absent", "present", "not-null", "empty"])),
    st.builds(lambda key, value: {key: value}, PATH, ATOM),
    flt(value=ATOM | st.lists(ATOM, max_size=2), op=OP(["eq", "ne", "equal", "not-equal"])),
    flt(value=NUMBER | WORD, op=OP(list(ORDER))),
    flt(value=st.lists(ATOM, max_size=3) | WORD, op=OP(["in", "not-in", "ni"])),
    flt(value=ATOM, op=st.just("contains")),
    flt(value=st.lists(ATOM, max_size=3), op=st.just("intersect")),
    flt(value=PATTERN, op=OP(["regex", "regex-case"])),
    flt(value=GLOB, op=st.just("glob")),
    flt(value=NUMBER, op=OP([*ORDER, "eq", "ne"]), value_type=OP(["size", "integer"])),
    flt(value=ATOM, op=OP(["in", "not-in"]), value_type=st.just("swap")),
    flt(
        value=st.lists(WORD, min_size=1, max_size=3),
        op=OP(["in", "not-in"]),
        value_type=st.just("normalize"),
    ),
    flt(value=WORD, op=OP(["eq", "ne"]), value_type=st.just("normalize")),
    flt(
        key=st.just("LaunchTime"),
        value=st.integers(-90, 90),
        op=OP(list(ORDER)),
        value_type=OP(["age", "expiration"]),
    ),
)
FILTERS = st.lists(
    st.recursive(
        FILTER,
        lambda inner: st.builds(
            lambda word, ones: {word: ones},
            OP(["or", "and", "not"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=4,
    ),
    min_size=1,
    max_size=3,
)


@given(FILTERS)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_every_example_that_is_made_says_what_the_rule_and_custodian_say(filters: Any) -> None:
    policy = {"name": "x", "resource": "ec2", "filters": filters}
    (one,) = custodian.carry([{"policies": [policy]}], "x.yaml")
    if isinstance(one, Carried):
        for example in examples(one.fields):
            assert fires(one.fields["expression"], example["config"]) == example["fires"]
            assert custodian_says(filters, example["config"]) == example["fires"]


@pytest.mark.parametrize(
    ("expression", "fires_on", "quiet_on"),
    [
        ("State.Name == 'off'", {"State": {"Name": "off"}}, {"State": {"Name": "x"}}),
        ("Logging == `null`", {"Logging": None}, {"Logging": "x"}),
        ("count(Keys) > `2`", {"Keys": [{}, {}, {}]}, {"Keys": [{}, {}]}),
        (
            "tags(Tags).Owner == 'me' && !(Name && Name != `0`)",
            {"Tags": [{"Key": "Owner", "Value": "me"}], "Name": None},
            {"Tags": [{"Key": "Owner", "Value": "x"}], "Name": None},
        ),
        (
            "any(Keys, &Status == 'Active' && Age > `3`)",
            {"Keys": [{"Status": "Active", "Age": 4}]},
            None,
        ),
        ("prefix_length(Range) <= `8`", {"Range": "10.0.0.0/8"}, {"Range": "10.0.0.0/9"}),
    ],
)
def test_examples_are_small_and_differ_in_one_value(
    expression: str, fires_on: Any, quiet_on: Any
) -> None:
    made = examples(text("x", expression, "aws.ec2.instance", 5))
    assert [one["fires"] for one in made] == [True, False]
    assert made[0]["config"] == fires_on
    assert quiet_on is None or made[1]["config"] == quiet_on
    assert made == examples(text("x", expression, "aws.ec2.instance", 5))


@pytest.mark.parametrize(
    ("value", "lacks"),
    [
        ({"key": "KeyName", "op": "in", "value": []}, "no example that fires could be made"),
        (
            {"key": "KeyName", "op": "not-in", "value": []},
            "no example that does not fire could be made",
        ),
    ],
)
def test_an_example_that_could_not_be_made_is_named(tmp_path: Path, value: Any, lacks: str) -> None:
    policy = {"name": "x", "resource": "ec2", "filters": [{"type": "value", **value}]}
    (tmp_path / "x.yaml").write_text(json.dumps({"policies": [policy]}))
    (one,) = from_custodian([tmp_path / "x.yaml"])
    assert isinstance(one, Carried)
    assert lacks in one.notes


@given(FILTERS, RESOURCE)
@many
def test_a_policy_that_is_carried_over_finds_what_custodian_finds(
    filters: Any, resource: dict[str, Any]
) -> None:
    policy = {"name": "x", "resource": "ec2", "filters": filters}
    (one,) = custodian.carry([{"policies": [policy]}], "x.yaml")
    if isinstance(one, Carried):
        says = custodian_says(filters, resource)
        assert fires(one.fields["expression"], resource) == says, one.fields["expression"]


@pytest.mark.parametrize(
    "given",
    [
        {"KeyName": "absent"},
        {"type": "value", "key": "KeyName", "op": "not-in", "value": ["a", None]},
        {"type": "value", "key": "KeyName", "op": "regex", "value": "(P|g)rod$"},
        {"type": "value", "key": "LaunchTime", "op": "gt", "value_type": "age", "value": 30},
        {"type": "value", "key": "tag:x y", "value_type": "normalize", "value": "a"},
        {
            "type": "value",
            "key": "SecurityGroups[].GroupId",
            "value_type": "swap",
            "op": "in",
            "value": "a",
        },
        {"type": "value", "key": "SecurityGroups", "value_type": "size", "op": "ge", "value": 2},
        {"not": [{"KeyName": "present"}, {"or": [{"State.Name": "running"}]}]},
    ],
)
def test_what_the_documentation_shows_is_carried_over(given: Any) -> None:
    policy = {"name": "x", "resource": "aws.ec2", "filters": [given]}
    (one,) = custodian.carry([{"policies": [policy]}], "x.yaml")
    assert isinstance(one, Carried), one
    assert faults(one.fields) == {}


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"resource": "gcp.instance"}, "nothing here watches gcp.instance"),
        ({"resource": "aws.sqs"}, "nothing here watches aws.sqs"),
        ({"filters": []}, "it would find every resource"),
        ({"query": [{"a": "b"}]}, "it says query"),
        ({"filters": ["encrypted"]}, "the filter encrypted looks beyond a value"),
        ({"filters": [{"type": "metrics"}]}, "the filter metrics looks beyond a value"),
        ({"filters": [{"type": "value", "key": "KeyName", "value_from": {}}]}, "value_from"),
        (
            {"filters": [{"type": "value", "key": "KeyName", "value": "a", "value_regex": "(a)"}]},
            "value_regex",
        ),
        (
            {"filters": [{"type": "value", "value_type": "resource_count", "value": 2}]},
            "resource_count",
        ),
        ({"filters": [{"KeyName": "{account_id}"}]}, "a variable that Custodian fills in"),
        ({"filters": [{"UserData": "x"}]}, "kept as a digest only"),
        ({"filters": [{"Shoes": "x"}]}, "Shoes is not known to be held alike"),
        ({"filters": [{"type": "value", "key": "KeyName[", "value": "x"}]}, "cannot be read"),
        (
            {"filters": [{"type": "value", "key": "keys(@)", "value": "x"}]},
            "reads the whole resource",
        ),
        (
            {"filters": [{"type": "value", "key": "split(KeyName, '-')", "value": "x"}]},
            "calls split()",
        ),
        (
            {"filters": [{"type": "value", "key": "KeyName", "op": "mod", "value": 2}]},
            "the operator mod",
        ),
        (
            {"filters": [{"type": "value", "key": "KeyName", "op": "regex", "value": "(a)\\1"}]},
            "needs what RE2 has not",
        ),
        (
            {
                "filters": [
                    {
                        "type": "value",
                        "key": "LaunchTime",
                        "op": "eq",
                        "value_type": "age",
                        "value": 3,
                    }
                ]
            },
            "true for one instant",
        ),
        (
            {
                "filters": [
                    {"type": "value", "key": "KeyName", "value_type": "normalize", "value": "ABC"}
                ]
            },
            "never true",
        ),
    ],
)
def test_what_custodian_says_otherwise_is_left_out_with_the_reason(policy: Any, says: str) -> None:
    whole = {"name": "x", "resource": "ec2", "filters": [{"KeyName": "absent"}], **policy}
    (one,) = custodian.carry([{"policies": [whole]}], "x.yaml")
    assert isinstance(one, Left), one
    assert says in one.reason


@pytest.mark.parametrize("kind", SHAPES)
def test_what_is_said_to_be_held_alike_is_in_a_technology_that_is_watched(kind: str) -> None:
    shape = SHAPES[kind]
    assert shape.technology in watchers
    assert not set(shape.same) & set(shape.unlike)


# -- ScoutSuite --------------------------------------------------------------------------------


def scoutsuite_says(conditions: list[Any], values: dict[str, Any]) -> bool:
    """Say whether conditions are met; what cannot be tested is not met."""
    join = all if conditions[0] == "and" else any
    return join(_condition(one, values) for one in conditions[1:])


def _condition(given: list[Any], values: dict[str, Any]) -> bool:
    if given[0] in ("and", "or"):
        return scoutsuite_says(given, values)
    where, test, wanted = given
    try:
        return _test(values.get(where.rpartition(".")[2]), test, wanted)
    except (TypeError, ValueError, AttributeError):
        return False


def _test(b: Any, test: str, a: Any) -> bool:
    listed, texts = (b if isinstance(b, list) else [b]), (a if isinstance(a, list) else [a])
    match test:
        case "equal":
            return str(a) == str(b)
        case "lessThan":
            return whole(b) < int(a)
        case "lessOrEqual":
            return whole(b) <= int(a)
        case "moreThan":
            return whole(b) > int(a)
        case "moreOrEqual":
            return whole(b) >= int(a)
        case "empty":
            return b in ({}, [], [None]) and isinstance(b, (dict, list))
        case "null":
            return b is None or b == "None"
        case "true":
            return str(b).lower() == "true"
        case "false" | "notTrue":
            return str(b).lower() == "false"
        case "lengthLessThan":
            return len(b) < int(a)
        case "lengthMoreThan":
            return len(b) > int(a)
        case "lengthEqual":
            return len(b) == int(a)
        case "withKey":
            return within(a, b)
        case "withoutKey":
            return not within(a, b)
        case "containString":
            return isinstance(b, str) and a in b
        case "containAtLeastOneOf":
            return any(str(one) in texts for one in listed)
        case "containAtLeastOneDifferentFrom":
            return any(bool(one) and not within(one, texts) for one in listed)
        case "containNoneOf":
            return not any(within(one, texts) for one in listed)
        case "match":
            return any(re.match(one, str(b)) for one in texts if plain_value(b))
        case "olderThan":
            return (NOW - datetime.fromisoformat(b)).days > int(a[0])
        case "newerThan":
            return (NOW - datetime.fromisoformat(b)).days < int(a[0])
    positive = {"notEqual": "equal", "notEmpty": "empty", "notNull": "null"}
    positive |= {"notContainString": "containString", "notMatch": "match"}
    return not _test(b, positive[test], a)


def whole(value: Any) -> int:
    """Return int(value) where ScoutSuite's numbers are whole, or texts of such."""
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    return int(value)


def plain_value(value: Any) -> bool:
    # A number, a list or an object is searched there as Python writes it; here it is not.
    return value is None or isinstance(value, (bool, str))


SCOUT_ATOM = st.none() | st.booleans() | st.integers(-3, 9) | WORD | DATE
SCOUT_VALUE = (
    SCOUT_ATOM | st.lists(SCOUT_ATOM, max_size=3) | st.dictionaries(WORD, SCOUT_ATOM, max_size=2)
)
SCOUT = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("KeyName", "State", "InstanceType"), SCOUT_VALUE),
        "LaunchTime": WHEN,
    },
)
BASE = "ec2.regions.id.vpcs.id.instances.id"
WHERE = st.sampled_from([f"{BASE}.{key}" for key in ("KeyName", "State", "InstanceType")])
SOME_TEXTS = st.lists(WORD.filter(lambda word: word != "None"), min_size=1, max_size=3)


def condition(test: Any, value: Any, where: Any = WHERE) -> Any:
    return st.tuples(where, OP(test if isinstance(test, list) else [test]), value).map(list)


CONDITION = st.one_of(
    condition(["equal", "notEqual"], WORD | st.booleans() | st.integers(-3, 9) | st.just("True")),
    condition(["lessThan", "lessOrEqual", "moreThan", "moreOrEqual"], st.integers(-3, 9).map(str)),
    condition(["empty", "notEmpty", "null", "notNull", "true", "false", "notTrue"], st.just("")),
    condition(["lengthLessThan", "lengthMoreThan", "lengthEqual"], st.integers(0, 4).map(str)),
    condition(["withKey", "withoutKey", "containString"], WORD),
    condition(["containAtLeastOneOf", "containNoneOf"], SOME_TEXTS),
    condition("containAtLeastOneDifferentFrom", SOME_TEXTS),
    condition(["match", "notMatch"], st.lists(PATTERN, min_size=1, max_size=2)),
    condition(
        ["olderThan", "newerThan"],
        st.integers(-90, 90).map(lambda days: [str(days), "days"]),
        st.just(f"{BASE}.LaunchTime"),
    ),
)
CONDITIONS = st.recursive(
    st.tuples(OP(["and", "or"]), CONDITION).map(list),
    lambda inner: st.builds(
        lambda word, ones: [word, *ones],
        OP(["and", "or"]),
        st.lists(inner | CONDITION, min_size=1, max_size=3),
    ),
    max_leaves=5,
)


@given(CONDITIONS, SCOUT)
@many
def test_a_rule_that_is_carried_over_flags_what_scoutsuite_flags(
    conditions: Any, values: dict[str, Any]
) -> None:
    rule = {"description": "x", "path": BASE, "conditions": conditions}
    (one,) = scoutsuite.carry({"x": rule})
    if isinstance(one, Carried):
        expression = one.fields["expression"]
        assert fires(expression, values) == scoutsuite_says(conditions, values), expression


@pytest.mark.parametrize(
    ("name", "config", "found"),
    [
        ("password-too-short-1", {"PasswordPolicy": None}, True),
        ("password-too-short-1", {"PasswordPolicy": {"MinimumPasswordLength": 14}}, False),
        ("password-too-short-2", {"PasswordPolicy": {"MinimumPasswordLength": 8}}, False),
        ("password-too-short-2", {"PasswordPolicy": {"MinimumPasswordLength": 7}}, True),
        (
            "key-idle",
            {
                "CredentialReport": {
                    "access_key_1_active": "true",
                    "access_key_1_last_used_date": "N/A",
                }
            },
            True,
        ),
        (
            "key-idle",
            {
                "CredentialReport": {
                    "access_key_1_active": "true",
                    "access_key_1_last_used_date": "2026-05-01T00:00:00+00:00",
                }
            },
            False,
        ),
        (
            "key-idle",
            {
                "CredentialReport": {
                    "access_key_1_active": "false",
                    "access_key_1_last_used_date": "N/A",
                }
            },
            False,
        ),
    ],
)
def test_a_ruleset_gives_levels_and_arguments(name: str, config: Any, found: bool) -> None:
    outcomes = from_scoutsuite([DATA / "scoutsuite"], DATA / "ruleset.json")
    rules = {one.key: one.fields for one in outcomes if isinstance(one, Carried)}
    assert sorted(rules) == [
        "scoutsuite.key-idle",
        "scoutsuite.password-too-short-1",
        "scoutsuite.password-too-short-2",
    ]
    assert rules["scoutsuite.password-too-short-1"]["title"] == "Passwords may be shorter than 14"
    assert [one["score"] for one in rules.values()] == [7, 4, 7]
    assert fires(rules[f"scoutsuite.{name}"]["expression"], config) is found


@pytest.mark.parametrize(
    ("key", "config", "found"),
    [
        ("user-log-in-without-device", {"LoginProfile": {"UserName": "a"}, "MFADevices": []}, True),
        ("user-log-in-without-device", {"LoginProfile": None, "MFADevices": []}, False),
        (
            "user-log-in-without-device",
            {"LoginProfile": {"UserName": "a"}, "MFADevices": [{"SerialNumber": "x"}]},
            False,
        ),
        ("bucket-without-versions", {"Name": "data", "Versioning": {}, "Logging": None}, True),
        ("bucket-without-versions", {"Name": "logs-1", "Versioning": {}, "Logging": None}, False),
        (
            "bucket-without-versions",
            {"Name": "data", "Versioning": {"Status": "Enabled"}, "Logging": None},
            False,
        ),
        (
            "bucket-without-versions",
            {"Name": "data", "Versioning": {}, "Logging": {"TargetBucket": "b"}},
            False,
        ),
        ("reuse-allowed", {"PasswordPolicy": None}, True),
        ("reuse-allowed", {"PasswordPolicy": {"PasswordReusePrevention": 24}}, False),
        ("reuse-allowed", {"PasswordPolicy": {"PasswordReusePrevention": 2}}, True),
    ],
)
def test_renamed_keys_are_read_where_they_are_here(key: str, config: Any, found: bool) -> None:
    rules = {one.name: one for one in from_scoutsuite([DATA / "scoutsuite"])}
    one = rules[key]
    assert isinstance(one, Carried), one
    assert fires(one.fields["expression"], config) is found


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"path": "sqs.regions.id.queues.id"}, "is not held here"),
        ({"path": f"{BASE.rpartition('.instances')[0]}.security_groups.id.rules.id"}, "rebuilds"),
        ({"conditions": []}, "do not begin with and or or"),
        ({"conditions": ["and", ["this", "equal"]]}, "is no condition"),
        ({"conditions": ["and", ["_INCLUDE_(a.json)", "", ""]]}, "includes another file"),
        (
            {"conditions": ["and", [f"{BASE}.KeyName", "equal", "_GET_VALUE_AT_(x)"]]},
            "another resource",
        ),
        (
            {"conditions": ["and", [f"{BASE}.KeyName", "equal", "_ARG_0_"]], "arg_names": ["Key"]},
            "takes an argument (Key)",
        ),
        (
            {"conditions": ["and", [f"{BASE}.KeyName", "containAction", "x"]]},
            "the test containAction",
        ),
        ({"conditions": ["and", [f"{BASE}.secrets", "empty", ""]]}, "secrets in aws.ec2.instance"),
        ({"conditions": ["and", [f"{BASE}.State.id.x", "empty", ""]]}, "goes through the elements"),
        ({"conditions": ["and", ["iam.users.id.name", "empty", ""]]}, "is not a part of"),
        ({"conditions": ["and", [f"{BASE}.", "withKey", "KmsKey"]]}, "is not told from whether"),
        (
            {"conditions": ["and", [f"{BASE}.LaunchTime", "olderThan", ["2", "hours"]]]},
            "days are carried over",
        ),
        ({"conditions": ["and", [f"{BASE}.KeyName", "lessThan", "many"]]}, "no whole number"),
    ],
)
def test_what_scoutsuite_says_otherwise_is_left_out_with_the_reason(rule: Any, says: str) -> None:
    good = ["and", [f"{BASE}.KeyName", "null", ""]]
    whole_rule = {"description": "x", "path": BASE, "conditions": good, **rule}
    (one,) = scoutsuite.carry({"x": whole_rule})
    assert isinstance(one, Left), one
    assert says in one.reason


@pytest.mark.parametrize("base", RESOURCES)
def test_every_key_of_a_resource_is_an_expression_over_what_is_watched(base: str) -> None:
    resource = RESOURCES[base]
    assert resource.technology in watchers
    assert set(resource.only_where_set) <= set(resource.keys)
    for path in resource.keys.values():
        assert not fires(f"({path}) == 'nothing of that kind'", {})


# -- the command -------------------------------------------------------------------------------


def test_the_report_names_every_rule_and_the_folder_can_be_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(DATA / "custodian.yaml")
    call_command("importrules", "custodian", file, "--to", str(tmp_path))
    said = capsys.readouterr().out
    outcomes = from_custodian([DATA / "custodian.yaml"])
    assert len(outcomes) == 13
    for one in outcomes:
        word = "carried over" if isinstance(one, Carried) else "left out"
        assert f"{word}: {one.name}" in said
    assert "4 of 13 rules are carried over" in said
    assert "4 have examples that were made of their own conditions" in said
    written = unpacked((tmp_path / "custodian.yaml").read_bytes(), "custodian.yaml")
    for rule in written:
        names = [one["name"] for one in complete(rule.fields)["examples"]]
        assert names == [f"{word}; {MARK}" for word in ("fires", "does not fire")]
    assert {one.key for one in written} == {one.key for one in outcomes if isinstance(one, Carried)}
    with pytest.raises(CommandError, match="is there already"):
        call_command("importrules", "custodian", file, "--to", str(tmp_path))


@pytest.mark.parametrize(
    ("tool", "text", "says"),
    [
        ("scoutsuite", "{", "rules.json: Expecting"),
        ("custodian", "a: [", "rules.json, line"),
        ("custodian", "a: &a [*a]", "stands for nothing"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, tool: str, text: str, says: str
) -> None:
    (tmp_path / "rules.json").write_text(text)
    with pytest.raises(CommandError, match=re.escape(says)):
        call_command("importrules", tool, str(tmp_path / "rules.json"))


def test_rules_of_one_name_get_keys_of_their_own() -> None:
    policy = {"name": "Same name!", "resource": "ec2", "filters": [{"KeyName": "absent"}]}
    found = custodian.carry([{"policies": [policy, policy]}], "x.yaml")
    keys = [one.key for one in found if isinstance(one, Carried)]
    assert keys == ["custodian.same-name", "custodian.same-name-2"]


def test_prose_is_plain_text() -> None:
    assert plain("<p>One &amp; <b>two</b></p><ul><li>three</li></ul>") == "One & two\nthree"
    assert key_of("custodian", "!!") == "custodian.rule"


@given(st.text() | st.sampled_from(WORDS))
def test_a_literal_is_the_value_it_stands_for(value: str) -> None:
    assert jmespath.search(phrases.literal(value), {}) == value
    assert jmespath.search(phrases.literal([value, 1, None]), {}) == [value, 1, None]


@given(st.text(min_size=1))
def test_a_name_is_the_key_it_stands_for(key: str) -> None:
    assert jmespath.search(phrases.name(key), {key: 5}) == 5


def test_an_expression_laid_out_says_the_same() -> None:
    one = "(a == '(' && (b || c) && contains(`[\"&& (\"]`, d))"
    laid = phrases.laid_out(one)
    assert laid.split("\n") == ["a == '('", "  && (b || c)", '  && contains(`["&& ("]`, d)']
    assert jmespath.compile(laid).parsed == jmespath.compile(one).parsed


def test_the_fixtures_are_json() -> None:
    assert all(json.loads(one.read_text()) for one in (DATA / "scoutsuite").glob("*.json"))
