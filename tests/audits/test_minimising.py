"""A policy said in other words means the same, and is no longer than before."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.expanding import MOST, expand
from audits.functions.actions import Action, actions_of, every_action, meant
from audits.minimising import minimise


def meaning(patterns: list[str]) -> frozenset[Action]:
    return frozenset(action for pattern in patterns for action in meant(pattern))


@pytest.mark.parametrize(
    ("patterns", "short"),
    [
        (["*"], ["*"]),
        (["s3:*", "*:*"], ["*"]),
        (["sqs:*", "sqs:SendMessage"], ["sqs:*"]),
        (sorted(one.name for one in actions_of("sqs").values()), ["sqs:*"]),
        (["odd:Thing", "sqs:SendMessage"], ["sqs:SendMessage", "odd:Thing"]),
        (["s3:*Object"], ["s3:*Object"]),
        ([], []),
    ],
)
def test_the_fewest_words_are_found(patterns: list[str], short: list[str]) -> None:
    assert minimise(patterns) == short


def test_actions_that_begin_alike_become_one_pattern() -> None:
    named = [one.name for one in actions_of("sqs").values() if one.name.startswith("sqs:List")]
    assert minimise(named) == ["sqs:List*"]


NAMES = sorted(
    one.name for service in ("sqs", "sns", "kms", "sts") for one in actions_of(service).values()
)
PATTERNS = st.sampled_from(
    [*NAMES, "sqs:*", "kms:*Key*", "sns:Get*", "s?s:*", "*:List*", "KMS:create*", "odd:*", "sts:?*"]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(PATTERNS, max_size=25))
def test_what_is_meant_stays_the_same_in_no_more_patterns(patterns: list[str]) -> None:
    short = minimise(patterns)
    assert meaning(short) == meaning(patterns)
    assert len(short) <= len(set(patterns))


def test_each_action_is_named_with_its_level() -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": ["iam:PassRole", "s3:GetObject*", "x:Y"]}}
    (one,) = expand(policy)
    assert one.unknown == ["x:Y"]
    assert [service.name for service in one.services] == ["iam", "s3"]
    assert one.services[0].actions == [Action("iam:PassRole", "Permissions management")]
    assert set(one.services[1].actions) == meant("s3:GetObject*")
    assert one.count == 1 + len(meant("s3:GetObject*"))
    assert sum(count for _, count in one.levels) == one.count


def test_of_too_many_actions_the_services_are_counted() -> None:
    (one,) = expand({"Statement": [{"Effect": "Allow", "NotAction": "iam:*"}]})
    assert one.count == len(every_action() - meant("iam:*"))
    assert one.count > MOST
    assert "iam" not in {service.name for service in one.services}
    assert not any(service.actions for service in one.services)


@pytest.mark.parametrize(
    "policy", [None, {}, [], "x", {"Statement": [None, 1, {}, {"Action": {}}]}]
)
def test_no_policy_makes_it_fail(policy: object) -> None:
    assert all(one.count == 0 for one in expand(policy))
