"""What is read for the first time, cannot be read, or can be read again: no change, never gone."""

import json
from typing import Any

import pytest

from accounts.types import aws
from audits.models import BlindSpot, Cause, Issue
from config import pipeline
from items.canonical import digest
from items.models import Gap, Item, Kind, Slice
from notifications.models import Line
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS, Scan
from tests.factories import SubscriptionFactory, a_rule
from tests.items.test_recording import REGIONS, kinds, thousand_groups

BUCKETS = "aws.s3.bucket"
PUBLIC = {
    "Statement": {
        "Sid": "everyone",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::shop/*",
    }
}


@pytest.fixture
def s3(cloud: MotoCloud) -> Any:
    return cloud.client("s3", "us-east-1", "222222222222")


@pytest.fixture
def public_rule() -> Any:
    return a_rule(
        "public",
        technologies=[BUCKETS],
        expression="grants(Policy)[?kind == 'everyone']",
        identity="sid",
        score=10,
    )


def make_bucket(s3: Any, name: str, policy: dict | None = None) -> None:
    s3.create_bucket(Bucket=name)
    if policy:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def told_of_changes() -> int:
    return Line.objects.exclude(revision=None).count()


def test_a_shuffled_answer_is_no_change(scan: Scan, faults: FaultProxy) -> None:
    body = thousand_groups(0)
    rows = body.split("<item><ownerId>")
    shuffled = rows[0] + "".join("<item><ownerId>" + row for row in reversed(rows[1:-1]))
    head, tail = rows[-1].split("</item></securityGroupInfo>")
    shuffled += "<item><ownerId>" + head + "</item></securityGroupInfo>" + tail
    two = "<item><cidrIp>0.0.0.0/0</cidrIp></item><item><cidrIp>10.0.0.0/8</cidrIp></item>"
    other = "<item><cidrIp>10.0.0.0/8</cidrIp></item><item><cidrIp>0.0.0.0/0</cidrIp></item>"
    one = "<item><cidrIp>0.0.0.0/0</cidrIp></item>"
    for region in REGIONS[1:]:
        faults.add(
            operation="DescribeSecurityGroups", region=region, status=200, body=NO_GROUPS_IN_XML
        )
    first = faults.add(operation="DescribeSecurityGroups", status=200, body=body.replace(one, two))
    scan()
    faults.faults.remove(first)
    faults.add(operation="DescribeSecurityGroups", status=200, body=shuffled.replace(one, other))
    run = scan()
    assert (run.found, run.changed, run.gone, run.created) == (250, 0, 0, 0)


NO_GROUPS_IN_XML = (
    '<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<requestId>r</requestId><securityGroupInfo/></DescribeSecurityGroupsResponse>"
)


def test_a_refused_detail_leaves_the_last_known_value_and_an_unknown_verdict(
    s3: Any, scan: Scan, faults: FaultProxy, public_rule: Any
) -> None:
    SubscriptionFactory()
    make_bucket(s3, "shop", PUBLIC)
    make_bucket(s3, "other", None)
    scan(BUCKETS)
    told = Line.objects.count()
    refusal = faults.add(operation="GetBucketPolicy", resource="shop")
    s3.put_bucket_versioning(Bucket="other", VersioningConfiguration={"Status": "Enabled"})
    run = scan(BUCKETS)
    assert (run.changed, run.gone, run.gaps) == (1, 0, 1), "the other bucket is up to date"
    item = Item.objects.get(name="shop")
    assert item.config["Policy"]["Statement"]["Sid"] == "everyone"
    assert list(item.unread) == ["Policy"]
    assert kinds(item) == [Kind.CREATED]
    gap = Gap.objects.get(until=None)
    assert (gap.part, gap.names, gap.permission) == ("Policy", ["shop"], "s3:GetBucketPolicy")
    issue = Issue.objects.get()
    assert (issue.state, issue.unknown) == ("open", True)
    assert "Policy" in BlindSpot.objects.get(until=None).reason
    assert Line.objects.count() == told + 1, "of the other bucket only"
    faults.faults.remove(refusal)
    scan(BUCKETS)
    assert not Gap.objects.filter(until=None).exists()
    assert not BlindSpot.objects.filter(until=None).exists()
    issue.refresh_from_db()
    assert (issue.state, issue.unknown) == ("open", False)
    assert kinds(Item.objects.get(name="shop")) == [Kind.CREATED]


def test_a_refused_head_of_one_bucket_hides_nothing_else(
    s3: Any, scan: Scan, faults: FaultProxy, public_rule: Any
) -> None:
    make_bucket(s3, "shop", PUBLIC)
    scan(BUCKETS)
    aws._session.cache_clear()
    for operation in ("HeadBucket", "GetBucketLocation"):
        faults.add(operation=operation, resource="shop")
    run = scan(BUCKETS)
    assert (run.gone, run.changed) == (0, 0)
    item = Item.objects.get(name="shop")
    assert "Policy" not in item.unread
    assert item.region == "us-east-1"
    assert Gap.objects.filter(until=None).exists()


def test_a_part_read_for_the_first_time_is_told_only_by_the_issue_it_brings_to_light(
    s3: Any, scan: Scan, faults: FaultProxy, public_rule: Any
) -> None:
    SubscriptionFactory()
    make_bucket(s3, "shop", PUBLIC)
    refusal = faults.add(operation="GetBucketPolicy", resource="shop")
    scan(BUCKETS)
    assert not Issue.objects.exists()
    assert "Policy" not in Item.objects.get().config
    faults.faults.remove(refusal)
    Line.objects.all().delete()
    scan(BUCKETS)
    assert kinds(Item.objects.get()) == [Kind.CREATED, Kind.COMPLETED]
    assert told_of_changes() == 0
    issue = Issue.objects.get()
    assert issue.events.get().cause == Cause.COVERAGE
    assert Line.objects.get().event == issue.events.get()


def test_a_release_that_reads_one_more_detail_is_told_to_nobody(s3: Any, scan: Scan) -> None:
    SubscriptionFactory()
    make_bucket(s3, "shop", PUBLIC)
    scan(BUCKETS)
    Line.objects.all().delete()
    item = Item.objects.get()
    older = {key: value for key, value in item.config.items() if key != "Encryption"}
    Item.objects.update(config=older, digest=digest(older), whole_digest=digest(older))
    run = scan(BUCKETS)
    assert (run.changed, kinds(Item.objects.get())) == (0, [Kind.CREATED, Kind.COMPLETED])
    assert not Line.objects.exists()


def test_another_digest_key_is_no_change_of_every_secret(
    cloud: MotoCloud, scan: Scan, settings: Any
) -> None:
    ec2 = cloud.client("ec2", "eu-west-1", "222222222222")
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, UserData="password=hunter2")
    scan("aws.ec2.instance")
    item = Item.objects.get()
    assert "hunter2" not in json.dumps(item.config)
    assert "aHVudGVy" not in json.dumps(item.config)
    sealed = item.config["UserData"]
    settings.DIGEST_KEY = "another key"
    scan("aws.ec2.instance")
    item.refresh_from_db()
    assert item.config["UserData"] != sealed
    assert Kind.CHANGED not in kinds(item)


def test_a_first_look_is_one_line_a_run(s3: Any, scan: Scan, public_rule: Any) -> None:
    SubscriptionFactory()
    for number in range(5):
        make_bucket(s3, f"shop{number}", PUBLIC)
    run = scan(BUCKETS)
    assert Issue.objects.count() == 5
    line = Line.objects.get()
    assert (line.run, line.event, line.revision) == (run, None, None)
    make_bucket(s3, "later")
    scan(BUCKETS)
    assert told_of_changes() == 1, "what comes after the first look is news"


def test_what_waits_for_another_technology_is_judged_when_that_is_read(
    cloud: MotoCloud, scan: Scan, account: Any
) -> None:
    iam = cloud.client("iam", "us-east-1", "222222222222")
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument='{"Statement": []}')
    iam.attach_role_policy(
        RoleName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    a_rule(
        technologies=["aws.iam.role"],
        expression=(
            "lookup('aws.iam.policy', 'Arn', AttachedManagedPolicies[].PolicyArn)"
            "[?full_admin(Document)].Arn"
        ),
    )
    scan("aws.iam.role")
    assert (
        "aws.iam.policy of this account"
        in BlindSpot.objects.get(until=None, item__name="admin").reason
    )
    scan("aws.iam.policy")
    pipeline.judge(account.pk, "aws.iam.role")
    assert Issue.objects.get().evidence == "arn:aws:iam::aws:policy/AdministratorAccess"
    assert not BlindSpot.objects.filter(until=None).exists()


def test_places_read_are_remembered(scan: Scan) -> None:
    scan()
    assert set(Slice.objects.get(technology=SECURITY_GROUPS).places) == set(REGIONS)


def test_a_rule_that_looks_up_its_own_technology_is_judged_once_that_is_read(
    s3: Any, scan: Scan, account: Any, settings: Any
) -> None:
    settings.PORTION = 1  # Only with the last portion is the slice read.
    a_rule(
        technologies=[BUCKETS],
        expression="!lookup('aws.s3.bucket', 'Name', 'no-such-bucket') && Name",
    )
    make_bucket(s3, "shop")
    make_bucket(s3, "site")
    scan(BUCKETS)
    assert BlindSpot.objects.filter(until=None).count() == 1
    pipeline.judge(account.pk, BUCKETS)
    assert not BlindSpot.objects.filter(until=None).exists()
    assert {issue.events.get().cause for issue in Issue.objects.all()} == {Cause.COVERAGE}
    assert Issue.objects.count() == 2
