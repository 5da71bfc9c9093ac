"""Versions in shadow: held against everything like any other, seen, and nothing else follows."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account
from audits.models import (
    BlindSpot,
    Cause,
    Dependency,
    Issue,
    IssueEvent,
    Judged,
    Rule,
    RuleSetting,
    RuleVersion,
    ShadowFinding,
)
from audits.moving import into_shadow, out_of_shadow, put_into_force, retire
from audits.versions import text_of, write_version
from config import pipeline
from config.scheduling import stale_slices
from items.models import Item, Slice
from notifications.models import Line
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS, Scan
from tests.factories import AccountFactory, ItemFactory, SubscriptionFactory, a_rule
from tests.items.test_recording import NO_GROUPS, close_port, make_group, open_port

FIRES = {"name": "open", "fires": True, "config": {"GroupName": "web", "Open": [22]}}
QUIET = {"name": "closed", "fires": False, "config": {"GroupName": "none", "Open": []}}
PORTS = "net_rules(@)[?world && direction == 'ingress'].from_port"
REAL = [
    {
        "name": "open",
        "fires": True,
        "config": {
            "IpPermissions": [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                }
            ]
        },
    },
    {"name": "closed", "fires": False, "config": {"IpPermissions": []}},
]


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", "222222222222")


def next_version(rule: Rule, **fields: Any) -> RuleVersion:
    assert rule.newest
    return write_version(rule, {**text_of(rule.newest), **fields}, reason="next")


def a_new_rule(key: str = "new", **fields: Any) -> RuleVersion:
    """Write a rule that was never in force."""
    version = a_rule(key, **fields).newest
    assert version
    Rule.objects.filter(key=key).update(active=None, state=Rule.State.DRAFT)
    version.rule.refresh_from_db()
    return version


def try_out(version: RuleVersion) -> RuleVersion:
    assert into_shadow(version, None).problems == ()
    version.rule.refresh_from_db()
    return version


def found() -> list[Any]:
    return [row.evidence for row in ShadowFinding.objects.standing().order_by("pk")]


def judge(account: Account) -> None:
    pipeline.judge(account.pk, SECURITY_GROUPS)


# -- over a cloud -----------------------------------------------------------------------------


def test_a_rule_in_shadow_finds_and_opens_nothing_and_tells_nobody(ec2: Any, scan: Scan) -> None:
    SubscriptionFactory()
    version = try_out(a_new_rule(expression=PORTS, identity="@", examples=REAL, score=9))
    assert (version.rule.state, version.rule.active) == (Rule.State.SHADOW, None)
    make_group(ec2, "first", 22)
    scan()
    group = make_group(ec2, "web", 443)
    scan()
    assert found() == [22, 443]
    open_port(ec2, group, 3389)
    scan()
    assert found() == [22, 443, 3389]
    close_port(ec2, group, 443)
    scan()
    assert found() == [22, 3389]
    assert not Issue.objects.exists()
    assert not IssueEvent.objects.exists()
    assert not BlindSpot.objects.exists()
    assert not Line.objects.filter(event__isnull=False).exists()


def test_a_version_in_shadow_stands_beside_the_active_one(
    ec2: Any, scan: Scan, account: Account
) -> None:
    rule = a_rule("open", expression=PORTS, identity="@", examples=REAL)
    group = make_group(ec2, "web", 22)
    scan()
    version = try_out(next_version(rule, expression=f"{PORTS} | [].{{port: @}}", score=9))
    judge(account)
    assert found() == [{"port": 22}]
    rule.refresh_from_db()
    assert (rule.state, rule.active.number, rule.shadow) == ("active", 1, version)
    events = IssueEvent.objects.count()
    open_port(ec2, group, 80)
    scan()
    assert found() == [{"port": 22}, {"port": 80}]
    assert {issue.version.number for issue in Issue.objects.all()} == {1}
    assert IssueEvent.objects.count() == events + 1

    put_into_force(version, None, "It found what it should.")
    assert found() == [], "it is in shadow no more, so nothing stands"
    judge(account)
    assert not ShadowFinding.objects.exists()
    assert not Judged.objects.filter(shadow=True).exists()
    assert {i.version.number for i in Issue.objects.open()} == {2}


def test_what_is_gone_is_found_no_more_in_shadow(ec2: Any, scan: Scan, faults: FaultProxy) -> None:
    try_out(a_new_rule(expression=PORTS, identity="@", examples=REAL))
    make_group(ec2, "web", 22)
    scan()
    assert found() == [22]
    faults.add(operation="DescribeSecurityGroups", body=NO_GROUPS, status=200)
    scan()
    assert not ShadowFinding.objects.exists()


def test_a_changed_item_wakes_what_looked_it_up_in_shadow(
    ec2: Any, scan: Scan, account: Account
) -> None:
    expression = "names(lookup('aws.ec2.vpc', 'VpcId', VpcId))"
    items = {"aws.ec2.vpc": [{"VpcId": "v", "CidrBlock": "10.0.0.0/8"}]}
    examples = [
        {"name": "in", "fires": True, "config": {"VpcId": "v"}, "context": {"items": items}},
        {"name": "out", "fires": False, "config": {"VpcId": "w"}, "context": {"items": items}},
    ]
    rule = a_rule("in", expression="VpcId && 'in a network'", examples=examples)
    scan("aws.ec2.vpc")
    scan()
    try_out(next_version(rule, expression=expression))
    judge(account)
    before = found()
    assert before
    assert Dependency.objects.filter(shadow=True, technology="aws.ec2.vpc").exists()
    a_rule("in", expression="VpcId && 'in any network'")
    judge(account)
    assert Dependency.objects.filter(shadow=True).exists(), "the active one keeps its own"
    assert stale_slices(timezone.now()) == []
    vpc = Item.objects.filter(technology=SECURITY_GROUPS, place="eu-west-1")[0].config["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "shop"}])
    scan("aws.ec2.vpc")
    assert (account.pk, SECURITY_GROUPS) in stale_slices(timezone.now())
    stale = dict(Judged.objects.filter(technology=SECURITY_GROUPS).values_list("shadow", "stale"))
    assert stale == {False: "", True: Cause.CLOUD}
    judge(account)
    assert stale_slices(timezone.now()) == []


def test_what_a_look_found_before_the_first_judging_goes_with_the_trial(
    ec2: Any, scan: Scan, account: Account
) -> None:
    make_group(ec2, "web", 22)
    scan()
    version = try_out(a_new_rule(expression=PORTS, identity="@", examples=REAL))
    make_group(ec2, "shop", 443)
    scan()
    assert found() == [443], "only what changed was held against it yet"
    out_of_shadow(version.rule, None)
    assert stale_slices(timezone.now()) == [(account.pk, SECURITY_GROUPS)]
    judge(account)
    assert not ShadowFinding.objects.exists()


# -- over stored items ------------------------------------------------------------------------


@pytest.fixture
def stored(db: None) -> Account:
    """An account whose security groups were read: one open, one not."""
    account = AccountFactory()
    Slice.objects.create(account=account, technology=SECURITY_GROUPS, read_at=timezone.now())
    ItemFactory(account=account, config={"GroupName": "web", "Open": [22, 80]})
    ItemFactory(account=account, config={"GroupName": "none", "Open": []})
    return account


OPEN = {"expression": "Open", "identity": "@", "examples": [FIRES, QUIET]}


def test_without_an_answer_it_says_why_and_keeps_what_it_found(stored: Account) -> None:
    version = try_out(a_new_rule(**OPEN))
    judge(stored)
    assert found() == [22, 80]
    Item.objects.update(unread={"Open": "AccessDenied"})
    Judged.objects.update(stale=Cause.COVERAGE)
    judge(stored)
    unknown = ShadowFinding.objects.standing().filter(unknown=True)
    assert unknown.count() == 2
    assert {row.notes for row in unknown} == {"Open could not be read: AccessDenied"}
    assert version.findings.filter(unknown=False).count() == 2
    assert not BlindSpot.objects.exists()
    Item.objects.update(unread={})
    Judged.objects.update(stale=Cause.COVERAGE)
    judge(stored)
    assert found() == [22, 80]


def test_settings_hold_in_shadow_too(stored: Account) -> None:
    version = try_out(a_new_rule(**OPEN, score=9))
    RuleSetting.objects.create(rule=version.rule, account=stored, score=2, reason="a lab")
    judge(stored)
    assert {row.score for row in ShadowFinding.objects.all()} == {2}
    since = ShadowFinding.objects.first().since
    RuleSetting.objects.update(score=4)
    judge(stored)
    assert {row.score for row in ShadowFinding.objects.all()} == {4}
    assert ShadowFinding.objects.first().since == since, "it was found then, whatever its score"
    RuleSetting.objects.update(on=False)
    judge(stored)
    assert found() == []


def test_another_version_in_shadow_takes_the_place_of_the_first(stored: Account) -> None:
    first = try_out(a_new_rule(**OPEN))
    judge(stored)
    second = try_out(next_version(first.rule, expression="Open[?@ == `22`]"))
    assert found() == []
    judge(stored)
    assert found() == [22]
    assert set(ShadowFinding.objects.values_list("version", flat=True)) == {second.pk}


def test_a_trial_begun_again_is_run_again(stored: Account) -> None:
    version = try_out(a_new_rule(**OPEN))
    judge(stored)
    out_of_shadow(version.rule, None)
    version.rule.refresh_from_db()
    assert version.rule.state == Rule.State.DRAFT
    try_out(version)
    assert stale_slices(timezone.now()) == [(stored.pk, SECURITY_GROUPS)]
    judge(stored)
    assert found() == [22, 80]


def test_the_end_of_a_trial_clears_what_a_killed_run_left(stored: Account) -> None:
    """The run wrote its first portion, and never came to note that it was run."""
    version = try_out(a_new_rule(**OPEN))
    judge(stored)
    Judged.objects.filter(shadow=True).update(stamp="rule=")
    assert stale_slices(timezone.now()) == [(stored.pk, SECURITY_GROUPS)]
    retire(version.rule, None, "Not needed.")
    judge(stored)
    assert not ShadowFinding.objects.exists()
    assert stale_slices(timezone.now()) == []


def test_retired_and_in_force_again_is_not_in_shadow(stored: Account) -> None:
    rule = a_rule("open", **OPEN)
    try_out(next_version(rule, score=1))
    retire(rule, None, "Not needed.")
    rule.refresh_from_db()
    assert (rule.state, rule.shadow) == (Rule.State.RETIRED, None)


def queries(account: Account) -> int:
    """Count the statements of judging everything again."""
    Judged.objects.update(stale=Cause.COVERAGE)
    judge(account)  # What changes is written now; the next time there is nothing to write.
    Judged.objects.update(stale=Cause.COVERAGE)
    with CaptureQueriesContext(
        connection,
    ) as context:
        judge(account)
    return len(context)


def test_what_is_in_shadow_costs_few_queries_and_nothing_costs_none(stored: Account) -> None:
    rule = a_rule("open", **OPEN)
    alone = queries(stored)
    for n in range(30):
        ItemFactory(account=stored, config={"GroupName": f"g{n}", "Open": [n, n + 1]})
    assert queries(stored) == alone, "not by the item"
    out_of_shadow(try_out(next_version(rule, score=9)).rule, None)
    judge(stored)
    assert queries(stored) == alone, "nothing is in shadow"
    try_out(next_version(rule, score=8))
    one = queries(stored)
    for n in range(3):
        try_out(a_new_rule(f"more{n}", **OPEN))
    assert queries(stored) == one, "not by the rule in shadow"
    assert one - alone <= 3
