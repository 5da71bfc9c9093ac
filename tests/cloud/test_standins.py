"""The stand-in server keeps what it promises, so that the product's tests may believe it."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError

from config.demo.access import Access
from config.demo.cloud import HUB, REGIONS, Cloud, canonical_id
from config.demo.company import ACCOUNTS, found
from config.demo.happenings import happen
from config.demo.names import DATA, PROD, STAGING
from tests.cloud.server import MotoCloud, cloud

__all__ = ["cloud"]  # Fixtures.

ONE, TWO, THREE = "111111111111", "222222222222", "333333333333"


def answers(port: int) -> bool:
    """Whether anybody listens on a port of loopback."""
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


# The server


def test_accounts_are_separate(cloud: MotoCloud):
    for account in (ONE, TWO, THREE):
        cloud.client("iam", account=account).create_user(UserName=f"user-{account}")
    for account in (ONE, TWO, THREE):
        users = cloud.client("iam", account=account).list_users()["Users"]
        assert [user["Arn"] for user in users] == [f"arn:aws:iam::{account}:user/user-{account}"]
    assert cloud.client("sts").get_caller_identity()["Account"] == HUB


def test_its_environment_points_an_unmodified_boto3_at_it(
    cloud: MotoCloud, monkeypatch: pytest.MonkeyPatch
):
    for name, value in cloud.environment(account_hosts=True).items():
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    assert session.client("sts").get_caller_identity()["Account"] == HUB
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        session.client("s3control").get_public_access_block(AccountId=HUB)


def test_a_key_made_with_the_clock_back_is_old(cloud: MotoCloud):
    iam = cloud.client("iam", account=ONE)
    iam.create_user(UserName="jenkins")
    with cloud.clock(days_ago=200):
        iam.create_access_key(UserName="jenkins")
    iam.create_access_key(UserName="jenkins")
    keys = iam.list_access_keys(UserName="jenkins")["AccessKeyMetadata"]
    assert [(datetime.now(UTC) - key["CreateDate"]).days for key in keys] == [200, 0]


@pytest.mark.parametrize("service", ["ec2", "s3"])
def test_machines_and_buckets_follow_the_clock_too(cloud: MotoCloud, service: str):
    client = cloud.client(service, account=ONE)
    with cloud.clock(days_ago=90):
        if service == "s3":
            client.create_bucket(Bucket="old")
            made = client.list_buckets()["Buckets"][0]["CreationDate"]
        else:
            machine = client.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
            made = machine["Instances"][0]["LaunchTime"]
    assert (datetime.now(UTC) - made).days == 90


def test_the_credential_report_begins_with_root(cloud: MotoCloud):
    cloud.root(ONE, mfa_active="false", access_key_1_active="true")
    iam = cloud.client("iam", account=ONE)
    iam.create_user(UserName="anna")
    iam.generate_credential_report()
    report = iam.get_credential_report()["Content"].decode().splitlines()
    root, anna = csv.DictReader(report)
    assert (root["user"], root["arn"]) == ("<root_account>", f"arn:aws:iam::{ONE}:root")
    assert (root["mfa_active"], root["access_key_1_active"]) == ("false", "true")
    assert anna["user"] == "anna"
    assert None not in root.values()
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (0, 1)


def test_an_untouched_root_is_well_kept(cloud: MotoCloud):
    summary = cloud.client("iam", account=TWO).get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (1, 0)


def test_each_account_has_a_canonical_user_of_its_own(cloud: MotoCloud):
    for account in (ONE, TWO):
        s3 = cloud.client("s3", account=account)
        s3.create_bucket(Bucket=f"bucket-{account}")
        owner = canonical_id(account)
        assert s3.list_buckets()["Owner"]["ID"] == owner
        acl = s3.get_bucket_acl(Bucket=f"bucket-{account}")
        assert acl["Owner"]["ID"] == acl["Grants"][0]["Grantee"]["ID"] == owner


def test_few_regions_are_enabled(cloud: MotoCloud):
    regions = cloud.client("ec2", account=ONE).describe_regions()["Regions"]
    assert {region["RegionName"] for region in regions} == set(REGIONS)


def test_s3_control_answers_through_the_server_as_proxy(cloud: MotoCloud):
    control = cloud.client("s3control", account=ONE)
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        control.get_public_access_block(AccountId=ONE)


def test_reset_forgets_everything(cloud: MotoCloud):
    cloud.client("iam", account=ONE).create_user(UserName="anna")
    cloud.root(ONE, mfa_active="false")
    cloud.clock(days_ago=200)
    cloud.reset()
    iam = cloud.client("iam", account=ONE)
    assert iam.list_users()["Users"] == []
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1
    made = iam.create_user(UserName="anna")["User"]["CreateDate"]
    assert (datetime.now(UTC) - made).days == 0


# Its end


def test_the_server_ends_when_its_input_closes():
    server = Cloud()
    server.process.stdin.close()
    assert server.process.wait(timeout=5) == 0
    server.process.stdout.close()


def test_the_server_ends_on_sigterm():
    server = Cloud()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=5) == 0
    server.stop()


def test_the_server_ends_when_its_parent_is_killed():
    # The parent forks, as workers do: the fork keeps the pipe open, and must not matter.
    program = """
import os, time
from config.demo.cloud import Cloud
cloud = Cloud()
if os.fork() == 0:
    time.sleep(20)
    os._exit(0)
print(cloud.port, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True
    )
    port = int(parent.stdout.readline())
    assert answers(port)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not answers(port)
    parent.stdout.close()


# The company


def test_the_company_is_founded_and_things_happen_to_it(cloud: MotoCloud):
    found(cloud)
    told = happen(cloud)
    assert len(told) == 7
    access = Access(cloud)
    groups = access.client(PROD, "ec2", "eu-west-1").describe_security_groups()["SecurityGroups"]
    by_name = {group["GroupName"]: group for group in groups}
    ports = [rule["FromPort"] for rule in by_name["web-public"]["IpPermissions"]]
    assert sorted(ports) == [22, 443, 3389]
    assert "migration-2024" not in by_name
    [from_app, from_staging] = by_name["orders-database"]["IpPermissions"][0]["UserIdGroupPairs"]
    assert (from_app["UserId"], from_staging["UserId"]) == (PROD, STAGING)
    status = access.client(DATA, "s3").get_bucket_policy_status(Bucket="halden-customer-segments")
    assert status["PolicyStatus"]["IsPublic"]
    buckets = access.client(STAGING, "s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["halden-staging-fixtures"]
    keys = access.client(STAGING, "iam").list_access_keys(UserName="jenkins")["AccessKeyMetadata"]
    assert [(datetime.now(UTC) - key["CreateDate"]).days for key in keys] == [120, 200]


def test_every_account_of_the_company_has_the_role_to_assume(cloud: MotoCloud):
    found(cloud)
    for account in ACCOUNTS:
        role = cloud.client("iam", account=account.identifier).get_role(RoleName="Vervet")["Role"]
        assert role["Arn"] == account.role
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{HUB}:root"}
        wanted = {"StringEquals": {"sts:ExternalId": account.external_id}}
        assert statement["Condition"] == wanted
