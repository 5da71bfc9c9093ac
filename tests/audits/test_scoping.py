"""Of the settings that hold for an item the most specific wins, by itself in each thing it says."""

from itertools import combinations, permutations
from typing import Any

import pytest

from audits.models import RuleSetting, RuleVersion
from audits.scoping import in_force, ranked
from items.models import Item

ITEM = Item(
    account_id=7,
    name="bastion",
    full_name="arn:aws:ec2:eu-west-1:1:security-group/sg-1",
    config={"Tags": [{"Key": "env", "Value": "lab"}]},
)
GROUPS = frozenset({3})
# From the narrowest to the widest.
SCOPES: tuple[dict[str, Any], ...] = (
    {"pattern": "bast*"},
    {"tag": "env=lab"},
    {"account_id": 7},
    {"group_id": 3},
)
ELSEWHERE: tuple[dict[str, Any], ...] = (
    {"pattern": "BAST*"},
    {"pattern": "asti"},
    {"tag": "env=prod"},
    {"tag": "env"},
    {"account_id": 8},
    {"group_id": 4},
)


def setting(pk: int, **fields: Any) -> RuleSetting:
    return RuleSetting(pk=pk, reason="because", **fields)


@pytest.mark.parametrize(("narrow", "wide"), [*combinations(range(len(SCOPES)), 2)])
def test_the_narrower_stands_over_the_wider_whichever_came_first(narrow: int, wide: int) -> None:
    for first, second in ((1, 2), (2, 1)):
        one = setting(first, score=1, **SCOPES[narrow])
        other = setting(second, score=9, **SCOPES[wide])
        for given in permutations((one, other)):
            assert ranked(given, ITEM, GROUPS) == [one, other]


def test_a_full_name_is_a_name_too() -> None:
    named = setting(1, pattern="arn:*:security-group/*", score=1)
    assert ranked([named], ITEM, GROUPS) == [named]


def test_what_is_for_others_does_not_hold() -> None:
    settings = [setting(pk, **scope) for pk, scope in enumerate(ELSEWHERE)]
    assert ranked(settings, ITEM, GROUPS) == []


def test_each_thing_is_taken_from_the_narrowest_that_says_it() -> None:
    version = RuleVersion(score=5)
    held = ranked(
        [
            setting(1, on=False, score=2, parameters={"days": 1, "least": 1}, **SCOPES[3]),
            setting(2, score=3, parameters={"days": 2}, **SCOPES[2]),
            setting(3, on=True, **SCOPES[1]),
            setting(4, parameters={"days": 4}, **SCOPES[0]),
        ],
        ITEM,
        GROUPS,
    )
    now = in_force(version, held)
    assert (now.on, now.score, now.parameters) == (True, 3, {"days": 4, "least": 1})
