"""The fault proxy spoils what a test names, as the service would, and nothing else."""

import time

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from config.demo.cloud import HUB
from tests.cloud.asking import asked
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud, client_at, cloud, faults

__all__ = ["cloud", "faults"]  # Fixtures.

ONE, TWO = "111111111111", "222222222222"


def refusal(call, **how) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**how)
    return caught.value.response["Error"]["Code"]


def test_a_refused_operation_is_refused_and_nothing_else(faults: FaultProxy, cloud: MotoCloud):
    cloud.client("s3", account=ONE).create_bucket(Bucket="letters")
    cloud.client("s3", account=ONE).create_bucket(Bucket="parcels")
    s3 = client_at(faults.endpoint, "s3", account=ONE)
    faults.add(operation="GetBucketPolicy", resource="letters")
    assert refusal(s3.get_bucket_policy, Bucket="letters") == "AccessDenied"
    assert refusal(s3.get_bucket_policy, Bucket="parcels") == "NoSuchBucketPolicy"
    assert refusal(s3.get_bucket_policy_status, Bucket="letters") == "NoSuchBucketPolicy"
    assert s3.get_bucket_acl(Bucket="letters")["Grants"]
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["letters", "parcels"]
    assert faults.calls["GetBucketPolicy"] == 2
    assert faults.calls["ListBuckets"] == 1


@pytest.mark.parametrize(
    ("service", "method", "params", "code"),
    [
        ("ec2", "describe_security_groups", {}, "UnauthorizedOperation"),
        ("iam", "get_account_authorization_details", {}, "AccessDenied"),
        ("s3", "list_buckets", {}, "AccessDenied"),
        ("s3control", "get_public_access_block", {"AccountId": ONE}, "AccessDenied"),
        ("kms", "list_keys", {}, "AccessDeniedException"),
        ("lambda", "list_functions", {}, "AccessDeniedException"),
        ("route53", "list_hosted_zones", {}, "AccessDenied"),
    ],
)
def test_each_protocol_refuses_in_its_own_words(
    faults: FaultProxy, service: str, method: str, params: dict, code: str
):
    client = client_at(faults.endpoint, service, account=ONE)
    operation = client.meta.method_to_api_mapping[method]
    fault = faults.add(operation=operation, message="Not <you> & me")
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**params)
    error = caught.value.response
    assert (error["Error"]["Code"], error["Error"]["Message"]) == (code, "Not <you> & me")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert fault.met == 1
    faults.reset()
    try:  # Without the fault the answer, whichever it is, is the server's.
        getattr(client, method)(**params)
    except ClientError as answer:
        assert answer.response["Error"]["Code"].startswith("NoSuch")


S3_OPERATIONS = [
    "get_bucket_acl",
    "get_bucket_cors",
    "get_bucket_encryption",
    "get_bucket_lifecycle_configuration",
    "get_bucket_location",
    "get_bucket_logging",
    "get_bucket_notification_configuration",
    "get_bucket_ownership_controls",
    "get_bucket_policy",
    "get_bucket_policy_status",
    "get_bucket_replication",
    "get_bucket_tagging",
    "get_bucket_versioning",
    "get_bucket_website",
    "get_public_access_block",
    "list_objects_v2",
]


@pytest.mark.parametrize("method", S3_OPERATIONS)
def test_the_parts_of_a_bucket_are_told_apart(faults: FaultProxy, method: str):
    s3 = client_at(faults.endpoint, "s3", account=ONE)
    operation = s3.meta.method_to_api_mapping[method]
    faults.add(operation=operation, code="SlowDown", status=503)
    assert refusal(getattr(s3, method), Bucket="letters") == "SlowDown"
    assert faults.calls == {operation: 1, "AssumeRole": 1}


def test_a_head_request_is_refused_by_its_status(faults: FaultProxy):
    s3 = client_at(faults.endpoint, "s3")
    faults.add(operation="HeadBucket")
    assert refusal(s3.head_bucket, Bucket="letters") == "403"
    assert refusal(s3.list_objects_v2, Bucket="letters") == "NoSuchBucket"


def test_a_fault_is_kept_to_its_region_and_account(faults: FaultProxy):
    faults.add(operation="DescribeVpcs", region="eu-west-1", account=TWO)

    def vpcs(region: str, account: str):
        return client_at(faults.endpoint, "ec2", region, account).describe_vpcs

    assert refusal(vpcs("eu-west-1", TWO)) == "UnauthorizedOperation"
    assert vpcs("eu-west-1", ONE)()["Vpcs"]
    assert vpcs("us-east-1", TWO)()["Vpcs"]
    assert {(call.region, call.account) for call in faults.asked} >= {
        ("eu-west-1", ONE),
        ("eu-west-1", TWO),
        ("us-east-1", HUB),
    }


def test_a_fault_ends_after_its_times(faults: FaultProxy):
    ec2 = client_at(faults.endpoint, "ec2", account=ONE)
    faults.add(operation="DescribeVpcs", code="RequestLimitExceeded", status=503, times=2)
    assert refusal(ec2.describe_vpcs) == "RequestLimitExceeded"
    assert refusal(ec2.describe_vpcs) == "RequestLimitExceeded"
    assert ec2.describe_vpcs()["Vpcs"]


def test_boto3_gets_over_throttling_by_itself(faults: FaultProxy):
    retries = {"total_max_attempts": 3, "mode": "standard"}
    ec2 = client_at(faults.endpoint, "ec2", account=ONE, retries=retries)
    faults.add(operation="DescribeVpcs", code="RequestLimitExceeded", status=503, times=1)
    assert ec2.describe_vpcs()["Vpcs"]
    assert faults.calls["DescribeVpcs"] == 2


def test_a_delay_is_waited_for_and_then_answered(faults: FaultProxy):
    ec2 = client_at(faults.endpoint, "ec2", account=ONE)
    faults.add(operation="DescribeVpcs", delay=0.4)
    before = time.monotonic()
    assert ec2.describe_vpcs()["Vpcs"]
    assert time.monotonic() - before >= 0.4


def test_a_delay_beyond_the_time_limit_is_a_time_out(faults: FaultProxy):
    ec2 = client_at(faults.endpoint, "ec2", account=ONE, read_timeout=0.3)
    ec2.describe_vpcs()
    faults.add(operation="DescribeVpcs", delay=1.5)
    with pytest.raises(ReadTimeoutError):
        ec2.describe_vpcs()


@pytest.mark.parametrize("length", [0, 40])
def test_a_cut_answer_breaks_off_after_so_many_bytes(faults: FaultProxy, length: int):
    ec2 = client_at(faults.endpoint, "ec2", account=ONE)
    fault = faults.add(operation="DescribeVpcs", cut=length)
    with pytest.raises(ResponseParserError):
        ec2.describe_vpcs()
    assert fault.met == 1
    faults.reset()
    assert ec2.describe_vpcs()["Vpcs"]


def test_boto3_takes_a_cut_list_of_buckets_for_an_empty_one(faults: FaultProxy, cloud: MotoCloud):
    """Why the product must hold each answer's length against what was announced."""
    cloud.client("s3", account=ONE).create_bucket(Bucket="letters")
    faults.add(operation="ListBuckets", cut=0)
    answer = client_at(faults.endpoint, "s3", account=ONE).list_buckets()
    assert "Buckets" not in answer
    assert int(answer["ResponseMetadata"]["HTTPHeaders"]["content-length"]) > 0


def test_an_answer_may_be_no_xml_at_all(faults: FaultProxy):
    ec2 = client_at(faults.endpoint, "ec2", account=ONE)
    faults.add(operation="DescribeVpcs", status=502, body="<html>Bad gateway")
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502


@pytest.fixture
def groups(faults: FaultProxy, cloud: MotoCloud) -> list[str]:
    """The names of six IAM groups, given two a page."""
    iam = cloud.client("iam", account=ONE)
    names = [f"group-{number}" for number in range(6)]
    for name in names:
        iam.create_group(GroupName=name)
    faults.paginate("ListGroups", 2)
    return names


def read_groups(endpoint: str, **config) -> list[str]:
    """The names of the groups and, at the end, the code of what broke."""
    names = []
    try:
        pages = client_at(endpoint, "iam", account=ONE, **config).get_paginator("list_groups")
        for page in pages.paginate():
            names += [group["GroupName"] for group in page["Groups"]]
    except ClientError as refused:
        names.append(refused.response["Error"]["Code"])
    return names


def test_a_middle_page_alone_is_broken(faults: FaultProxy, groups: list[str]):
    fault = faults.add(operation="ListGroups", page=2)
    assert read_groups(faults.endpoint) == [*groups[:2], "AccessDenied"]
    assert read_groups(faults.endpoint) == [*groups[:2], "AccessDenied"]
    fault.page = 3
    assert read_groups(faults.endpoint) == [*groups[:4], "AccessDenied"]
    fault.page = 4
    assert read_groups(faults.endpoint) == groups


def test_a_repeated_request_is_the_same_page(faults: FaultProxy, groups: list[str]):
    faults.add(operation="ListGroups", page=2, code="Throttling", status=400, times=1)
    retries = {"total_max_attempts": 2, "mode": "standard"}
    assert read_groups(faults.endpoint, retries=retries) == groups
    assert faults.calls["ListGroups"] == 4


def test_lists_of_ec2_are_given_by_pages_too(faults: FaultProxy, cloud: MotoCloud):
    ec2 = cloud.client("ec2", account=ONE)
    for number in range(4):
        ec2.create_security_group(GroupName=f"group-{number}", Description="one of some")
    straight = ec2.describe_security_groups()["SecurityGroups"]
    faults.paginate("DescribeSecurityGroups", 2)
    pages = client_at(faults.endpoint, "ec2", account=ONE).get_paginator("describe_security_groups")
    assert pages.paginate().build_full_result()["SecurityGroups"] == straight
    assert faults.calls["DescribeSecurityGroups"] == 3


def test_one_answer_with_several_lists_is_cut_across_them(faults: FaultProxy, cloud: MotoCloud):
    iam = cloud.client("iam", account=ONE)
    for number in range(3):
        iam.create_user(UserName=f"user-{number}")
        iam.create_group(GroupName=f"group-{number}")
    faults.paginate("GetAccountAuthorizationDetails", 2)
    client = client_at(faults.endpoint, "iam", account=ONE)
    pages = client.get_paginator("get_account_authorization_details").paginate(
        Filter=["User", "Group"]
    )
    details = pages.build_full_result()
    assert [len(details[f"{kind}DetailList"]) for kind in ("User", "Group")] == [3, 3]
    assert faults.calls["GetAccountAuthorizationDetails"] == 3


def test_the_values_of_a_json_request_name_its_resource():
    call = asked(
        "POST",
        "http://127.0.0.1:1/",
        {"X-Amz-Target": "TrentService.GetKeyPolicy"},
        b'{"KeyId": "k-1", "Deep": [{"NextToken": "t-2"}]}',
    )
    assert (call.operation, call.form, call.token) == ("GetKeyPolicy", "json", "t-2")
    assert call.values == {"k-1", "t-2"}
