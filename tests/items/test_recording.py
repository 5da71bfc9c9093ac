"""What a second look writes, and what it does not."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audits.models import BlindSpot, Cause, Issue, IssueEvent
from config.demo.cloud import REGIONS
from items.models import Gap, IgnoredName, Item, Kind, Run, WatcherSetting
from notifications.models import Line
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS, Scan
from tests.factories import SubscriptionFactory, a_rule

TO_ALL = "0.0.0.0/0"


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", "222222222222")


def open_port(ec2: Any, group: str, port: int, cidr: str = TO_ALL) -> None:
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{"CidrIp": cidr}],
            }
        ],
    )


def close_port(ec2: Any, group: str, port: int) -> None:
    ec2.revoke_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=TO_ALL
    )


def make_group(ec2: Any, name: str, *ports: int) -> str:
    group = ec2.create_security_group(GroupName=name, Description=name)["GroupId"]
    for port in ports:
        open_port(ec2, group, port)
    return group


def kinds(item: Item) -> list[str]:
    return list(item.history.order_by("history_id").values_list("kind", flat=True))


def test_a_first_look_creates_what_is_there(ec2: Any, scan: Scan) -> None:
    group = make_group(ec2, "web", 443)
    run = scan()
    item = Item.objects.get(uid=group)
    assert (item.name, item.region, item.place) == ("web", "eu-west-1", "eu-west-1")
    assert item.full_name == f"arn:aws:ec2:eu-west-1:222222222222:security-group/{group}"
    assert item.config["IpPermissions"][0]["FromPort"] == 443
    assert (run.state, run.created, run.gaps) == (Run.State.DONE, Item.objects.count(), 0)
    assert kinds(item) == [Kind.CREATED]


def thousand_groups(number: int) -> str:
    """An answer of EC2 with a quarter of a thousand groups, in the provider's own form."""
    rows = "".join(
        f"<item><ownerId>222222222222</ownerId><groupId>sg-{number}-{n}</groupId>"
        f"<groupName>g{n}</groupName><groupDescription>g</groupDescription>"
        "<vpcId>vpc-1</vpcId><ipPermissions><item><ipProtocol>tcp</ipProtocol>"
        f"<fromPort>{n}</fromPort><toPort>{n}</toPort><groups/><ipRanges><item>"
        "<cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item></ipPermissions>"
        "<ipPermissionsEgress/></item>"
        for n in range(250)
    )
    return (
        '<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>r</requestId><securityGroupInfo>{rows}</securityGroupInfo>"
        "</DescribeSecurityGroupsResponse>"
    )


def test_an_unchanged_slice_of_a_thousand_costs_twelve_queries_and_no_history(
    scan: Scan, faults: FaultProxy
) -> None:
    for number, region in enumerate(REGIONS):
        faults.add(
            operation="DescribeSecurityGroups",
            region=region,
            body=thousand_groups(number),
            status=200,
        )
    a_rule(expression="net_rules(@)[?world].cidr")
    SubscriptionFactory()
    scan()
    before = Item.history.count(), Line.objects.count()
    assert (Item.objects.count(), Issue.objects.count()) == (1000, 1000)
    with CaptureQueriesContext(connection) as queries:
        run = scan()
    assert (run.found, run.changed, run.created) == (1000, 0, 0)
    assert (Item.history.count(), Line.objects.count()) == before
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]


def test_a_change_is_kept_beside_what_was(ec2: Any, scan: Scan) -> None:
    group = make_group(ec2, "web", 443)
    scan()
    open_port(ec2, group, 22)
    run = scan()
    item = Item.objects.get(uid=group)
    assert run.changed == 1
    assert kinds(item) == [Kind.CREATED, Kind.CHANGED]
    created, changed = item.history.order_by("history_id")
    assert len(created.config["IpPermissions"]) == 1
    assert len(changed.config["IpPermissions"]) == 2
    assert (created.until, changed.until) == (run.started_at, None)


def test_what_is_gone_is_marked_and_comes_back_with_its_history(
    ec2: Any, scan: Scan, faults: FaultProxy
) -> None:
    group = make_group(ec2, "web", 443)
    scan()
    everything = faults.add(operation="DescribeSecurityGroups", body=NO_GROUPS, status=200)
    assert scan().gone == Item.objects.count()
    item = Item.objects.get(uid=group)
    assert item.gone_at is not None
    faults.faults.remove(everything)
    scan()
    item.refresh_from_db()
    assert item.gone_at is None
    assert kinds(item) == [Kind.CREATED, Kind.GONE, Kind.BACK]


NO_GROUPS = (
    '<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<requestId>r</requestId><securityGroupInfo/></DescribeSecurityGroupsResponse>"
)


def test_a_refused_region_hides_what_it_holds_and_removes_nothing(
    ec2: Any, scan: Scan, faults: FaultProxy
) -> None:
    rule = a_rule(expression="net_rules(@)[?world && direction == 'ingress']", identity="ports")
    group = make_group(ec2, "web", 22)
    elsewhere = faults_client(faults, "us-east-1")
    scan()
    opened = Issue.objects.open().count()
    refusal = faults.add(operation="DescribeSecurityGroups", region="eu-west-1")
    other = make_group(elsewhere, "other", 3389)
    run = scan()
    assert (run.gone, run.changed, run.gaps) == (0, 0, 1)
    assert Item.objects.get(uid=group).gone_at is None
    assert Item.objects.filter(uid=other).exists(), "the other regions are up to date"
    assert Issue.objects.open().count() == opened + 1
    gap = Gap.objects.get(until=None)
    assert (gap.place, gap.part, gap.code) == ("eu-west-1", "", "UnauthorizedOperation")
    assert gap.permission == "ec2:DescribeSecurityGroups"
    spot = BlindSpot.objects.get(until=None)
    assert (spot.item, spot.rule) == (None, rule)
    assert "eu-west-1" in spot.reason
    faults.faults.remove(refusal)
    scan()
    assert not Gap.objects.filter(until=None).exists()
    assert not BlindSpot.objects.filter(until=None).exists()


def faults_client(faults: FaultProxy, region: str) -> Any:
    from tests.cloud.server import client_at

    return client_at(faults.endpoint, "ec2", region, "222222222222")


@pytest.mark.parametrize(
    ("fault", "code", "permission"),
    [
        ({"operation": "AssumeRole"}, "AccessDenied", "sts:AssumeRole"),
        ({"operation": "DescribeRegions"}, "UnauthorizedOperation", "ec2:DescribeRegions"),
        ({"operation": "AssumeRole", "cut": 20}, None, ""),
    ],
)
def test_an_account_that_lets_nobody_in_is_unknown_not_empty(
    ec2: Any, scan: Scan, faults: FaultProxy, fault: dict, code: str | None, permission: str
) -> None:
    from accounts.types import aws

    a_rule(expression="net_rules(@)[?world && direction == 'ingress']", identity="ports")
    make_group(ec2, "web", 22)
    scan()
    events, history = IssueEvent.objects.count(), Item.history.count()
    aws._session.cache_clear()
    faults.add(**fault)
    run = scan()
    assert (run.found, run.gone, run.gaps) == (0, 0, 1)
    assert Item.objects.living().count() == Item.objects.count()
    assert Issue.objects.open().count() == 1
    assert (IssueEvent.objects.count(), Item.history.count()) == (events, history)
    gap = Gap.objects.get(until=None)
    assert gap.place == ""
    assert code is None or (gap.code, gap.permission) == (code, permission)
    assert BlindSpot.objects.filter(until=None).count() == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"code": "RequestLimitExceeded", "status": 503},
        {"cut": 100},
        {"body": "<html>Internal Server Error</html>", "status": 200},
        {"delay": 3.5},
    ],
    ids=["throttled", "cut off", "garbage", "timeout"],
)
def test_an_answer_that_fails_is_a_gap(
    ec2: Any, scan: Scan, faults: FaultProxy, fault: dict, settings: Any
) -> None:
    settings.CALL_TIMEOUT = 2
    make_group(ec2, "web", 22)
    scan()
    from accounts.types import aws

    aws._session.cache_clear()
    faults.add(operation="DescribeSecurityGroups", region="eu-west-1", **fault)
    run = scan()
    assert (run.gone, run.gaps) == (0, 1)
    assert Gap.objects.get(until=None).place == "eu-west-1"


def test_what_came_before_a_broken_page_is_recorded_and_the_rest_is_not_gone(
    ec2: Any, scan: Scan, faults: FaultProxy
) -> None:
    groups = [make_group(ec2, f"web{n}") for n in range(4)]
    scan()
    faults.paginate("DescribeSecurityGroups", 2)
    faults.add(operation="DescribeSecurityGroups", region="eu-west-1", page=2)
    for group in groups:
        open_port(ec2, group, 22)
    run = scan()
    assert run.changed == sum(
        len(item.config["IpPermissions"]) for item in Item.objects.filter(uid__in=groups)
    )
    assert 0 < run.changed < 4
    assert run.gone == 0
    assert run.gaps == 1


def test_a_region_that_is_no_longer_asked_is_a_gap(
    ec2: Any, scan: Scan, faults: FaultProxy, cloud: MotoCloud
) -> None:
    from accounts.types import aws

    group = make_group(ec2, "web", 22)
    scan()
    aws._session.cache_clear()
    faults.add(operation="DescribeRegions", body=ONE_REGION, status=200)
    run = scan()
    assert run.gone == 0
    assert Item.objects.get(uid=group).gone_at is None
    assert "eu-west-1" in Gap.objects.filter(until=None, code="NotAsked").values_list(
        "place", flat=True
    )


ONE_REGION = (
    '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<regionInfo><item><regionName>us-east-1</regionName></item></regionInfo>"
    "</DescribeRegionsResponse>"
)


def test_a_path_declared_ephemeral_in_the_admin_is_told_to_nobody(ec2: Any, scan: Scan) -> None:
    SubscriptionFactory()
    group = make_group(ec2, "web", 443)
    scan()
    lines = Line.objects.count()
    WatcherSetting.objects.create(technology=SECURITY_GROUPS, ephemeral=["Tags"])
    ec2.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "b"}])
    run = scan()
    item = Item.objects.get(uid=group)
    assert item.config["Tags"] == [{"Key": "a", "Value": "b"}], "it is kept"
    assert (run.changed, kinds(item), Line.objects.count()) == (0, [Kind.CREATED], lines)


def test_ignored_names_are_not_recorded_and_not_told_as_gone(ec2: Any, scan: Scan) -> None:
    a_rule(expression="net_rules(@)[?world && direction == 'ingress']", identity="ports")
    group = make_group(ec2, "scratch-1", 22)
    scan()
    IgnoredName.objects.create(
        technology=SECURITY_GROUPS, pattern="scratch-*", reason="made by tests"
    )
    make_group(ec2, "scratch-2", 22)
    run = scan()
    assert (run.gone, run.created) == (0, 0)
    assert kinds(Item.objects.get(uid=group)) == [Kind.CREATED, Kind.IGNORED]
    event = IssueEvent.objects.last()
    assert (event.what, event.cause) == ("fixed", Cause.SETTING)
    IgnoredName.objects.all().delete()
    scan()
    assert kinds(Item.objects.get(uid=group))[-1] == Kind.BACK
