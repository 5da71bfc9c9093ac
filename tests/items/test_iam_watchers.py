"""IAM and the account: the shape of what is fetched, and how few calls it takes."""

import json
from base64 import b64encode
from typing import Any

import pytest

from config.demo.cloud import REGIONS
from items.watchers.aws import credential_report
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.items.conftest import IDENTIFIER, Aws, Fetch

USER, ROLE, GROUP, POLICY = (f"aws.iam.{kind}" for kind in ("user", "role", "group", "policy"))
ACCOUNT = "aws.account"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
GENERATED = (
    '<GenerateCredentialReportResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
    "<GenerateCredentialReportResult><State>{}</State></GenerateCredentialReportResult>"
    "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    "</GenerateCredentialReportResponse>"
)
REPORT = (
    '<GetCredentialReportResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
    "<GetCredentialReportResult><Content>{}</Content></GetCredentialReportResult>"
    "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    "</GetCredentialReportResponse>"
)


@pytest.fixture
def iam(aws: Aws) -> Any:
    return aws("iam")


def create_policy(iam: Any, name: str, document: dict[str, Any] = DOCUMENT) -> str:
    """Make a policy of the account's own; return its ARN."""
    text = json.dumps(document)
    return iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]


# -- users ------------------------------------------------------------------------------------


def test_a_user_holds_policies_groups_keys_devices_and_how_it_logs_in(
    iam: Any, fetch: Fetch
) -> None:
    iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "web"}])
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(UserName="ann", GroupName="staff")
    iam.put_user_policy(UserName="ann", PolicyName="read", PolicyDocument=json.dumps(DOCUMENT))
    iam.attach_user_policy(UserName="ann", PolicyArn=READ_ONLY)
    iam.create_login_profile(UserName="ann", Password="a long Passw0rd!")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="ann",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    found = fetch(USER).named("ann")
    config = found.config
    assert found.uid == config["UserId"]
    assert found.full_name == config["Arn"] == "arn:aws:iam::222222222222:user/ann"
    assert (found.place, found.region, found.unread) == ("global", "global", {})
    assert config["GroupList"] == ["staff"]
    assert config["UserPolicyList"] == [{"PolicyName": "read", "PolicyDocument": DOCUMENT}]
    assert config["AttachedManagedPolicies"] == [
        {"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY}
    ]
    assert config["Tags"] == [{"Key": "team", "Value": "web"}]
    (listed,) = config["AccessKeys"]
    assert (listed["AccessKeyId"], listed["Status"]) == (key["AccessKeyId"], "Active")
    assert listed["LastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    assert config["LoginProfile"]["PasswordResetRequired"] is False
    assert [one["SerialNumber"] for one in config["MFADevices"]] == [device["SerialNumber"]]
    assert config["CredentialReport"]["user"] == "ann"
    assert config["CredentialReport"]["access_key_1_active"] == "true"


def test_a_user_with_nothing_has_null_and_empty_lists(iam: Any, fetch: Fetch) -> None:
    iam.create_user(UserName="ann")
    config = fetch(USER).config("ann")
    assert (config["LoginProfile"], config["MFADevices"], config["AccessKeys"]) == (None, [], [])


def test_the_last_use_of_a_key_is_asked_for_only_where_the_report_is_older(
    iam: Any, cloud: MotoCloud, fetch: Fetch, faults: FaultProxy
) -> None:
    iam.create_user(UserName="ann")
    with cloud.clock(days_ago=10):
        iam.create_access_key(UserName="ann")
    fetch(USER)
    assert faults.calls["GetAccessKeyLastUsed"] == 0
    report = b64encode(iam.get_credential_report()["Content"]).decode()
    faults.add(operation="GetCredentialReport", status=200, body=REPORT.format(report))
    newer = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    keys = fetch(USER).config("ann")["AccessKeys"]
    assert [one["LastUsed"] for one in keys] == [{"ServiceName": "N/A", "Region": "N/A"}] * 2
    (asked,) = (one for one in faults.asked if one.operation == "GetAccessKeyLastUsed")
    assert newer in asked.values


@pytest.mark.parametrize(
    ("made", "known"),
    [
        (("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"), 2),
        (("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00"), 0),
        (("2026-01-01T00:00:00+00:00", "N/A"), 1),
        (("N/A", "garbage"), 0),
    ],
)
def test_two_keys_of_one_moment_cannot_be_told_apart_by_the_report(
    made: tuple[str, str], known: int
) -> None:
    row = {f"access_key_{n}_last_rotated": text for n, text in enumerate(made, start=1)}
    row["access_key_1_last_used_date"] = "2026-03-01T00:00:00+00:00"
    row |= {"access_key_1_last_used_service": "s3", "access_key_1_last_used_region": "eu-west-1"}
    uses = credential_report.last_uses(row)
    assert len(uses) == known
    if known == 2:
        assert [*uses.values()] == [
            {
                "LastUsedDate": "2026-03-01T00:00:00+00:00",
                "ServiceName": "s3",
                "Region": "eu-west-1",
            },
            {"ServiceName": "N/A", "Region": "N/A"},
        ]


def test_a_refused_report_leaves_only_what_it_alone_can_tell_unread(
    iam: Any, fetch: Fetch, faults: FaultProxy
) -> None:
    iam.create_user(UserName="ann")
    iam.create_access_key(UserName="ann")
    faults.add(operation="GenerateCredentialReport")
    found = fetch(USER)
    assert found.unread() == {"CredentialReport": {"ann"}}
    refusal = found.named("ann").unread["CredentialReport"]
    assert refusal.permission == "iam:GenerateCredentialReport"
    (key,) = found.config("ann")["AccessKeys"]
    assert key["LastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    assert faults.calls["GetAccessKeyLastUsed"] == 1


def test_a_report_is_waited_for_until_it_is_complete(
    iam: Any, fetch: Fetch, faults: FaultProxy
) -> None:
    iam.create_user(UserName="ann")
    body = GENERATED.format("INPROGRESS")
    faults.add(operation="GenerateCredentialReport", status=200, body=body, times=2)
    assert fetch(USER).config("ann")["CredentialReport"]["user"] == "ann"


def test_a_report_that_is_never_ready_is_unread_and_waited_for_no_longer(
    iam: Any, fetch: Fetch, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credential_report, "PAUSES", (0.01, 0.01))
    iam.create_user(UserName="ann")
    body = GENERATED.format("INPROGRESS")
    faults.add(operation="GenerateCredentialReport", status=200, body=body)
    found = fetch(USER)
    assert found.named("ann").unread["CredentialReport"].code == "ReportInProgress"
    assert faults.calls["GenerateCredentialReport"] == 2


def test_a_report_that_is_no_report_is_unread(iam: Any, fetch: Fetch, faults: FaultProxy) -> None:
    iam.create_user(UserName="ann")
    faults.add(operation="GetCredentialReport", status=200, body="<html></html>")
    assert fetch(USER).unread() == {"CredentialReport": {"ann"}}


def test_the_report_of_a_deleted_user_is_not_taken_for_that_of_a_namesake() -> None:
    rows = [{"user": "ann", "user_creation_time": "2026-01-01T00:00:00+00:00"}]
    before, after = (
        ("ann", credential_report.moment(f"2026-0{month}-01T00:00:00.5+00:00")) for month in (1, 2)
    )
    known = credential_report.users_rows(rows)
    assert before in known
    assert after not in known


def test_a_refused_part_of_one_user_is_unread_there_and_read_elsewhere(
    iam: Any, fetch: Fetch, faults: FaultProxy
) -> None:
    for name in ("ann", "bob"):
        iam.create_user(UserName=name)
        iam.create_access_key(UserName=name)
    faults.add(operation="ListAccessKeys", resource="ann")
    faults.add(operation="GetLoginProfile", resource="bob")
    found = fetch(USER)
    assert found.unread() == {"AccessKeys": {"ann"}, "LoginProfile": {"bob"}}
    assert found.named("ann").unread["AccessKeys"].permission == "iam:ListAccessKeys"


def test_a_user_who_goes_between_two_calls_is_gone(
    iam: Any, fetch: Fetch, faults: FaultProxy
) -> None:
    iam.create_user(UserName="ann")
    faults.add(operation="ListMFADevices", code="NoSuchEntity", status=404)
    found = fetch(USER)
    assert (found.snapshots, found.refusals, found.answered) == ([], [], {"global"})


def test_all_pages_of_users_are_read(iam: Any, fetch: Fetch, faults: FaultProxy) -> None:
    for number in range(3):
        iam.create_user(UserName=f"user{number}")
    faults.paginate("GetAccountAuthorizationDetails", 2)
    assert len(fetch(USER).snapshots) == 3
    assert faults.calls["GetAccountAuthorizationDetails"] == 2


# -- roles, groups, policies ------------------------------------------------------------------


def test_a_role_holds_its_trust_and_takes_no_call_of_its_own(
    iam: Any, fetch: Fetch, faults: FaultProxy
) -> None:
    for name in ("web", "worker"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="web", PolicyName="read", PolicyDocument=json.dumps(DOCUMENT))
    iam.attach_role_policy(RoleName="web", PolicyArn=READ_ONLY)
    found = fetch(ROLE).named("web")
    assert found.uid == found.config["RoleId"]
    assert found.full_name == "arn:aws:iam::222222222222:role/web"
    assert found.config["AssumeRolePolicyDocument"] == TRUST
    assert found.config["RolePolicyList"] == [{"PolicyName": "read", "PolicyDocument": DOCUMENT}]
    assert found.config["AttachedManagedPolicies"][0]["PolicyArn"] == READ_ONLY
    iam_calls = {one.operation for one in faults.asked if one.service == "iam"}
    assert iam_calls == {"GetAccountAuthorizationDetails"}
    assert faults.calls["GetAccountAuthorizationDetails"] == 1


def test_a_group_names_its_users(iam: Any, fetch: Fetch, faults: FaultProxy) -> None:
    for name in ("staff", "empty"):
        iam.create_group(GroupName=name)
    for name in ("bob", "ann"):
        iam.create_user(UserName=name)
        iam.add_user_to_group(UserName=name, GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="read", PolicyDocument=json.dumps(DOCUMENT))
    found = fetch(GROUP)
    assert found.config("staff")["Users"] == ["ann", "bob"]
    assert found.config("empty")["Users"] == []
    assert found.config("staff")["GroupPolicyList"][0]["PolicyDocument"] == DOCUMENT
    assert found.named("staff").uid == found.config("staff")["GroupId"]
    assert faults.calls["GetAccountAuthorizationDetails"] == 2


def test_a_policy_holds_its_default_version_and_whom_it_is_attached_to(
    iam: Any, fetch: Fetch, faults: FaultProxy
) -> None:
    arn = create_policy(iam, "read", DOCUMENT | {"Id": "first"})
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(DOCUMENT), SetAsDefault=True)
    user = iam.create_user(UserName="ann")["User"]
    role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    group = iam.create_group(GroupName="staff")["Group"]
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    iam.attach_role_policy(RoleName="web", PolicyArn=arn)
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    unused = create_policy(iam, "unused")
    found = fetch(POLICY)
    config = found.at(arn)
    assert config["Document"] == DOCUMENT
    assert len(config["PolicyVersionList"]) == 2
    assert config["Entities"] == {
        "PolicyUsers": [{"UserName": "ann", "UserId": user["UserId"]}],
        "PolicyGroups": [{"GroupName": "staff", "GroupId": group["GroupId"]}],
        "PolicyRoles": [{"RoleName": "web", "RoleId": role["RoleId"]}],
    }
    assert found.at(unused)["Entities"] == {
        "PolicyUsers": [],
        "PolicyGroups": [],
        "PolicyRoles": [],
    }
    assert faults.calls["GetAccountAuthorizationDetails"] == 2


def test_a_policy_of_aws_is_an_item_only_where_it_is_used(iam: Any, fetch: Fetch) -> None:
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=READ_ONLY)
    found = fetch(POLICY)
    assert [one.full_name for one in found.snapshots] == [READ_ONLY]
    assert found.at(READ_ONLY)["Document"]["Statement"]


def test_where_users_and_roles_are_refused_policies_are_there_without_their_entities(
    iam: Any, fetch: Fetch, faults: FaultProxy
) -> None:
    arn = create_policy(iam, "read")
    faults.add(operation="GetAccountAuthorizationDetails", resource="Role")
    found = fetch(POLICY)
    assert [{*one.unread} for one in found.snapshots] == [{"Entities"}]
    assert found.at(arn)["Document"] == DOCUMENT
    assert found.answered == {"global"}


# -- the account ------------------------------------------------------------------------------


def test_the_account_is_one_item_with_its_root_user_and_its_settings(
    iam: Any, aws: Aws, fetch: Fetch, account_hosts: None
) -> None:
    iam.update_account_password_policy(MinimumPasswordLength=14)
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    }
    aws("s3control").put_public_access_block(
        AccountId=IDENTIFIER, PublicAccessBlockConfiguration=block
    )
    (found,) = fetch(ACCOUNT).snapshots
    assert (found.uid, found.place, found.region) == (IDENTIFIER, "global", "global")
    assert (found.full_name, found.unread) == (f"arn:aws:iam::{IDENTIFIER}:root", {})
    config = found.config
    assert config["Account"] == IDENTIFIER
    assert config["SummaryMap"]["AccountMFAEnabled"] == 1
    assert config["PasswordPolicy"]["MinimumPasswordLength"] == 14
    assert config["Root"]["user"] == "<root_account>"
    assert config["Root"]["mfa_active"] == "true"
    assert config["PublicAccessBlock"] == block
    assert config["EbsEncryption"] == [
        {"Region": region, "EbsEncryptionByDefault": False, "KmsKeyId": None}
        for region in sorted(REGIONS)
    ]


def test_what_an_account_does_not_configure_is_null(fetch: Fetch, account_hosts: None) -> None:
    (found,) = fetch(ACCOUNT).snapshots
    assert (found.config["PasswordPolicy"], found.config["PublicAccessBlock"]) == (None, None)


@pytest.mark.parametrize(
    ("operation", "part", "needed"),
    [
        ("GetAccountSummary", "SummaryMap", "iam:GetAccountSummary"),
        ("GetAccountPasswordPolicy", "PasswordPolicy", "iam:GetAccountPasswordPolicy"),
        ("GetPublicAccessBlock", "PublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("GetCredentialReport", "Root", "iam:GetCredentialReport"),
        ("GetEbsEncryptionByDefault", "EbsEncryption", "ec2:GetEbsEncryptionByDefault"),
    ],
)
def test_a_refused_part_of_the_account_is_unread_and_the_others_are_read(
    fetch: Fetch,
    faults: FaultProxy,
    account_hosts: None,
    operation: str,
    part: str,
    needed: str,
) -> None:
    faults.add(operation=operation, region="eu-west-1" if part == "EbsEncryption" else None)
    found = fetch(ACCOUNT)
    assert found.unread() == {part: {IDENTIFIER}}
    assert found.snapshots[0].unread[part].permission == needed
    assert found.answered == {"global"}


def test_the_default_key_is_asked_for_only_where_new_disks_are_encrypted(
    aws: Aws, fetch: Fetch, faults: FaultProxy, account_hosts: None
) -> None:
    aws("ec2", "eu-west-1").enable_ebs_encryption_by_default()
    key = "arn:aws:kms:eu-west-1:222222222222:key/1"
    faults.add(
        operation="GetEbsDefaultKmsKeyId",
        status=200,
        body='<GetEbsDefaultKmsKeyIdResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>1</requestId><kmsKeyId>{key}</kmsKeyId></GetEbsDefaultKmsKeyIdResponse>",
    )
    (found,) = fetch(ACCOUNT).snapshots
    by_region = {one["Region"]: one for one in found.config["EbsEncryption"]}
    assert by_region["eu-west-1"] == {
        "Region": "eu-west-1",
        "EbsEncryptionByDefault": True,
        "KmsKeyId": key,
    }
    assert faults.calls["GetEbsDefaultKmsKeyId"] == 1
