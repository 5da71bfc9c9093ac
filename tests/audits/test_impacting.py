"""What a text would change is what it does change once it is put into force and judged."""

from collections import Counter
from random import Random
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Account
from audits.answers import Impact
from audits.impacting import impact
from audits.models import BlindSpot, Coverage, Issue, Judged, Rule, RuleSetting
from audits.reviewing import justify
from config import pipeline
from items.models import Item
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

SECURITY_GROUPS = "aws.ec2.security_group"
BUCKETS = "aws.s3.bucket"
TECHNOLOGIES = (SECURITY_GROUPS, BUCKETS)
FIRST = {
    "technologies": list(TECHNOLOGIES),
    "expression": "Ports[?open]",
    "identity": "[port, cidr]",
    "extent": "[cidr]",
    "notes": "{port} from {cidr}",
    "score": 6,
    "parameters": {"least": {"type": "number", "default": 100}},
}
EDITS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "another score": {"score": 9},
    "narrower": {"expression": "Ports[?open && port > `100`]"},
    "wider": {"expression": "Ports[]"},
    "nothing is found": {"expression": "Ports[?port == `1`]"},
    "an identity that moves": {"identity": "join('/', [to_string(port), cidr])"},
    "an identity that merges": {"identity": "port"},
    "an identity of nothing": {"identity": "Missing"},
    "an identity that fails": {"identity": "length(port)"},
    "another shape": {"expression": "Ports[?open].port", "identity": "", "extent": ""},
    "a wider extent": {"extent": "[cidr, name]"},
    "only where it applies": {"applies_when": "Env == 'prod'"},
    "one technology less": {"technologies": [SECURITY_GROUPS]},
    "unknown in places": {"expression": "Ports[?open && length(Env) > `0`]"},
    "unknown for want of a type": {"applies_when": "length(Env) > `0`"},
    "by a parameter": {"expression": "Ports[?port > param('least')]"},
    "all at once": {
        "expression": "Ports[?port > param('least')]",
        "identity": "port",
        "extent": "[cidr, name]",
        "applies_when": "Env",
        "score": 3,
    },
}


def ports(chance: Random) -> list[dict[str, Any]]:
    return [
        {
            "port": chance.choice((22, 80, 443, 3389)),
            "cidr": chance.choice(("10.0.0.0/8", "0.0.0.0/0")),
            "open": chance.random() < 0.6,
            "name": f"n{number}",
        }
        for number in range(chance.randrange(5))
    ]


def config(chance: Random) -> dict[str, Any]:
    return {"Env": chance.choice(("prod", "test", None, 7)), "Ports": ports(chance)}


@pytest.fixture
def editor(db: None) -> Any:
    return UserFactory(is_superuser=True)


def judge_all() -> None:
    for account in Account.objects.all():
        for technology in TECHNOLOGIES:
            pipeline.judge(account.pk, technology)


def lived(seed: int, editor: Any) -> Rule:
    """Make two accounts in which a rule has been at work: open, fixed and justified issues."""
    chance = Random(seed)
    rule = a_rule("ports", **FIRST)
    for _ in range(2):
        account = AccountFactory()
        for technology in TECHNOLOGIES:
            for _ in range(6):
                ItemFactory(account=account, technology=technology, config=config(chance))
    judge_all()
    for issue in Issue.objects.order_by("pk"):
        if chance.random() < 0.4:
            scope = "item" if chance.random() < 0.3 else "issue"
            justify([issue], editor, "It is meant so.", scope=scope)
    for item in Item.objects.order_by("pk"):
        if chance.random() < 0.4:
            closed = [{**one, "open": False} for one in item.config["Ports"]]
            item.config = chance.choice((config(chance), {**item.config, "Ports": closed}))
            item.save()
    Judged.objects.update(stale="cloud")
    judge_all()
    return rule


def stands() -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in Issue.objects.values()}


def what_happened(before: dict[int, dict[str, Any]], lapses: int) -> dict[str, int]:
    """Count what became of issues since they stood so, from the rows alone."""
    counts: Counter[str] = Counter()
    for pk, now in stands().items():
        was = before.get(pk)
        counts["after"] += 0 if now["fixed_at"] or now["justified"] else now["score"]
        if was is None:
            counts["new"] += 1
            counts["covered"] += now["justified"]
            continue
        counts["before"] += 0 if was["fixed_at"] or was["justified"] else was["score"]
        counts["moved"] += was["fingerprint"] != now["fingerprint"]
        if was["fixed_at"]:
            counts["reopened"] += now["fixed_at"] is None
            counts["covered"] += now["fixed_at"] is None and now["justified"]
        elif now["fixed_at"]:
            counts["closes"] += 1
        else:
            counts["stays"] += 1
            counts["lost"] += now["unknown"]
            counts["rescored"] += was["score"] != now["score"]
        if not now["fixed_at"]:
            counts["uncovered"] += was["justified"] and not now["justified"]
    counts["lapses"] = Coverage.objects.filter(why_ended="lapsed").count() - lapses
    counts["unknown"] = BlindSpot.objects.filter(until=None).exclude(item=None).count()
    return {name: count for name, count in counts.items() if count}


def foreseen(seen: Impact) -> dict[str, int]:
    asked = ("new", "reopened", "closes", "stays", "rescored", "moved", "lost", "covered")
    asked += ("uncovered", "lapses", "unknown", "before", "after")
    return {name: seen["counts"][name] for name in asked if seen["counts"].get(name)}


@pytest.mark.parametrize("seed", range(2))
def test_what_is_foreseen_of_an_edit_is_what_happens(
    seed: int, editor: Any, subtests: pytest.Subtests
) -> None:
    rule = lived(seed, editor)
    group = GroupFactory()
    first, second = Account.objects.order_by("pk")
    second.groups.add(group)
    RuleSetting.objects.create(rule=rule, account=first, score=8, reason="here")
    RuleSetting.objects.create(rule=rule, group=group, parameters={"least": 400}, reason="here")
    off = Item.objects.filter(account=second).first()
    assert off
    RuleSetting.objects.create(rule=rule, pattern=off.name, on=False, reason="not here")
    judge_all()
    for edit, fields in EDITS.items():
        with subtests.test(edit), transaction.atomic():
            edited({**FIRST, **fields}, rule, editor)
            transaction.set_rollback(True)


def edited(fields: dict[str, Any], rule: Rule, editor: Any) -> None:
    """Look ahead over a rule's new text, put it into force, and compare."""
    before = stands()
    lapsed = Coverage.objects.filter(why_ended="lapsed").count()
    seen = impact(fields, rule, editor)
    assert stands() == before, "looking ahead writes nothing"

    a_rule(rule.key, **fields)
    judge_all()
    assert foreseen(seen) == what_happened(before, lapsed)
    assert (
        seen["items"]
        == seen["total"]
        == Item.objects.filter(technology__in=fields["technologies"]).count()
    )
    verdicts = ("fails", "passes", "exempt", "off", "unknown")
    assert sum(seen["counts"].get(name, 0) for name in verdicts) == seen["items"]
