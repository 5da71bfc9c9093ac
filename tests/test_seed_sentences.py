"""What the ancestor promised for security groups, S3 and IAM: each sentence, done.

Each test is named after its sentence and goes the whole way: an AWS-compatible server, the line,
mails through a real SMTP server, the console's pages.
"""

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

import audits.packs
from accounts.models import Account
from accounts.types import aws as aws_type
from audits.loading import shipped
from audits.models import Issue, Rule
from items.models import Item, Kind
from notifications.sending import send_due
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS, Scan
from tests.factories import AccountFactory, GroupFactory, SubscriptionFactory, a_rule
from tests.items.test_recording import make_group, open_port
from tests.notifications.smtp import Inbox, html_of, text_of

BUCKET, ACCOUNT = "aws.s3.bucket", "aws.account"
USER, ROLE, POLICY = (f"aws.iam.{kind}" for kind in ("user", "role", "policy"))
ALL_ON = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
ALL_OFF = dict.fromkeys(ALL_ON, False)
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
Client_ = Callable[..., Any]


@cache
def pack() -> dict[str, dict[str, Any]]:
    return dict(shipped(audits.packs))


def rule(key: str) -> Rule:
    """Put a shipped rule into force, as it is shipped."""
    return a_rule(key, **pack()[key])


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def aws(cloud: MotoCloud) -> Client_:
    """A client in the account, to fill it with."""
    return lambda service, region="eu-west-1": cloud.client(service, region, "222222222222")


@pytest.fixture
def ec2(aws: Client_) -> Any:
    return aws("ec2")


@pytest.fixture
def s3(aws: Client_, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch, cloud_env: None) -> Any:
    """S3 of the account; its public access block, asked of a host of its own, can be read too."""
    for name, value in faults.environment(account_hosts=True).items():
        monkeypatch.setenv(name, value)
    aws_type._session.cache_clear()
    return aws("s3", "us-east-1")


@pytest.fixture
def iam(aws: Client_) -> Any:
    return aws("iam", "us-east-1")


@pytest.fixture
def told(inbox: Inbox) -> Callable[[], list[Any]]:
    """Send what waits, and return the mails that arrived since the last time."""

    def send() -> list[Any]:
        send_due(now_too=True)
        mails, inbox.mails = inbox.mails, []
        return mails

    return send


def listed(client: Client, **asked: Any) -> list[dict[str, str]]:
    """Return the issues that the console lists, as its export gives them."""
    response = client.get("/audits/issue/", {"export": "csv", **asked})
    return list(csv.DictReader(StringIO(response.getvalue().decode())))


def issues_page(client: Client, **asked: Any) -> str:
    return client.get("/audits/issue/", asked).content.decode()


def item_page(client: Client, item: Item) -> str:
    return client.get(f"/items/item/{item.pk}/change/").content.decode()


def kinds(item: Item) -> list[str]:
    return list(item.history.order_by("history_id").values_list("kind", flat=True))


# -- security groups --------------------------------------------------------------------------


def test_sg1_a_report_of_all_groups_that_are_wide_open(
    ec2: Any, scan: Scan, admin_client: Client
) -> None:
    keys = ["ingress-world-all", "ingress-world-administration", "ingress-world"]
    for key in keys:
        rule(f"{SECURITY_GROUPS}.{key}")
    make_group(ec2, "wide", 22)
    make_group(ec2, "closed")
    scan()
    text = issues_page(admin_client)
    assert "Remote administration is open to the internet" in text
    assert "0.0.0.0/0" in text
    rows = listed(admin_client)
    assert {row["item name"] for row in rows} == {"wide"}
    assert any("0.0.0.0/0" in row["notes"] for row in rows)


def test_sg2_a_mail_when_a_security_group_changes(
    ec2: Any, scan: Scan, told: Callable[[], list[Any]]
) -> None:
    SubscriptionFactory(address="compliance@example.com")
    group = make_group(ec2, "cardholder", 443)
    scan()
    told()
    open_port(ec2, group, 8443, "10.1.0.0/16")
    scan()
    (mail,) = told()
    assert mail["To"] == "compliance@example.com"
    for body in (text_of(mail), html_of(mail)):
        assert "cardholder" in body
        assert "8443" in body
        assert "10.1.0.0/16" in body


def test_sg3_an_alert_when_somebody_adds_the_whole_internet(
    ec2: Any, scan: Scan, told: Callable[[], list[Any]]
) -> None:
    rule(f"{SECURITY_GROUPS}.ingress-world-administration")
    SubscriptionFactory(least_score=7)
    group = make_group(ec2, "web", 443)
    scan()
    told()
    open_port(ec2, group, 22)
    scan()
    (mail,) = told()
    assert "Remote administration is open to the internet: web" in mail["Subject"]
    assert "0.0.0.0/0" in text_of(mail)


def test_sg4_an_address_is_found_in_every_account_by_what_contains_it(
    ec2: Any, cloud: MotoCloud, scan: Scan, admin_client: Client
) -> None:
    other = AccountFactory(identifier="333333333333", name="staging")
    open_port(ec2, make_group(ec2, "holds-it"), 22, "10.1.0.0/16")
    there = cloud.client("ec2", "eu-west-1", "333333333333")
    open_port(there, make_group(there, "is-it"), 22, "10.1.2.3/32")
    open_port(there, make_group(there, "beside-it"), 22, "10.2.0.0/16")
    scan()
    scan(of=other)
    found = admin_client.get("/find/", {"q": "10.1.2.3", "export": "csv"}).getvalue().decode()
    for name in ("holds-it", "is-it", "prod", "staging", "10.1.0.0/16"):
        assert name in found
    assert "10.2.0.0/16" not in found  # Beside it; that group lets out to everywhere, though.
    inside = admin_client.get("/find/", {"q": "10.1.0.0/16", "export": "csv"}).getvalue().decode()
    assert "is-it" in inside
    page = admin_client.get("/find/", {"q": "10.1.2.3"}).content.decode()
    assert "speak of this address" in page


def test_sg5_the_name_is_found_by_the_id(ec2: Any, scan: Scan, admin_client: Client) -> None:
    group = make_group(ec2, "payments-db")
    scan()
    found = admin_client.get("/search/", {"s": group}).content.decode()
    assert "payments-db" in found
    item = Item.objects.get(uid=group)
    assert f"/items/item/{item.pk}/change/" in found
    assert "payments-db" in admin_client.get("/items/item/", {"q": group}).content.decode()


def test_sg6_the_state_of_a_month_ago_is_compared_with_the_present_one(
    ec2: Any, scan: Scan, admin_client: Client
) -> None:
    group = make_group(ec2, "web", 443)
    scan()
    item = Item.objects.get(uid=group)
    item.history.update(history_date=timezone.now() - timedelta(days=40))
    open_port(ec2, group, 22)
    scan()
    month_ago = item.history.filter(history_date__lte=timezone.now() - timedelta(days=30)).get()
    assert [one["FromPort"] for one in month_ago.config["IpPermissions"]] == [443]
    now = item.history.latest("history_id")
    asked = {"old": month_ago.pk, "new": now.pk}
    response = admin_client.get(f"/items/item/{item.pk}/difference/", asked)
    assert response.status_code == 200
    text = response.content.decode()
    assert "tcp 22" in text
    assert "0.0.0.0/0" in text


def test_sg7_the_auditors_of_an_environment_are_mailed_its_changes_directly(
    ec2: Any, scan: Scan, account: Account, told: Callable[[], list[Any]]
) -> None:
    pci = GroupFactory(name="PCI")
    account.groups.add(pci)
    auditor = SubscriptionFactory(address="auditor@example.com", technologies=[SECURITY_GROUPS])
    auditor.groups.add(pci)
    elsewhere = SubscriptionFactory(address="elsewhere@example.com")
    elsewhere.accounts.add(AccountFactory())
    group = make_group(ec2, "cardholder", 443)
    scan()
    told()
    open_port(ec2, group, 1433, "10.0.0.0/8")
    scan()
    (mail,) = told()
    assert mail["To"] == "auditor@example.com"
    assert "1433" in text_of(mail)


def test_sg8_an_alert_when_a_group_is_created(
    ec2: Any, scan: Scan, told: Callable[[], list[Any]]
) -> None:
    SubscriptionFactory()
    scan()
    told()
    make_group(ec2, "brand-new")
    scan()
    (mail,) = told()
    assert "brand-new" in text_of(mail)
    assert "new" in text_of(mail).lower()


def test_sg9_a_group_that_no_longer_exists_is_found_with_its_rules(
    ec2: Any, scan: Scan, admin_client: Client
) -> None:
    group = make_group(ec2, "forgotten", 4444)
    scan()
    ec2.delete_security_group(GroupId=group)
    scan()
    item = Item.objects.get(uid=group)
    assert item.gone_at
    rows = admin_client.get("/items/item/", {"state": "gone", "q": "forgotten"}).context["cl"]
    assert [one.pk for one in rows.result_list] == [item.pk]
    assert "forgotten" in admin_client.get("/search/", {"s": group}).content.decode()
    assert "4444" in item_page(admin_client, item)


# -- buckets ----------------------------------------------------------------------------------


def statement(who: Any, **more: Any) -> dict[str, Any]:
    to = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*"}
    return {"Effect": "Allow", "Principal": who, **to, **more}


def expiry(days: int) -> dict[str, Any]:
    line = {
        "ID": "old",
        "Filter": {"Prefix": ""},
        "Status": "Enabled",
        "Expiration": {"Days": days},
    }
    return {"Rules": [line]}


def make_bucket(s3: Any, name: str = "files") -> None:
    """Make a bucket that nothing but its own policy and access list keeps closed."""
    s3.create_bucket(Bucket=name)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=ALL_OFF)


def test_s3_1_policies_access_lists_and_lifecycles_are_kept_like_source(
    s3: Any, scan: Scan, admin_client: Client
) -> None:
    make_bucket(s3)
    s3.put_bucket_policy(Bucket="files", Policy=document(statement("*", Sid="First")))
    s3.put_bucket_lifecycle_configuration(Bucket="files", LifecycleConfiguration=expiry(30))
    scan(BUCKET)
    s3.put_bucket_policy(Bucket="files", Policy=document(statement("*", Sid="Second")))
    scan(BUCKET)
    s3.put_bucket_acl(Bucket="files", ACL="public-read")
    scan(BUCKET)
    s3.put_bucket_lifecycle_configuration(Bucket="files", LifecycleConfiguration=expiry(60))
    scan(BUCKET)
    item = Item.objects.get(uid="files")
    assert kinds(item) == [Kind.CREATED, *[Kind.CHANGED] * 3]
    past = [one.config for one in item.history.order_by("history_id")]
    assert [one["Policy"]["Statement"][0]["Sid"] for one in past] == ["First", *["Second"] * 3]
    assert [len(one["Acl"]["Grants"]) for one in past] == [1, 1, 2, 2]
    days = [one["Lifecycle"]["Rules"][0]["Expiration"]["Days"] for one in past]
    assert days == [30, 30, 30, 60]
    text = item_page(admin_client, item)
    for part in ("Second", "AllUsers", "60"):
        assert part in text


def test_s3_2_a_report_of_buckets_open_to_everyone_shared_or_conditional(
    s3: Any, scan: Scan, admin_client: Client
) -> None:
    keys = (
        "policy-public",
        "policy-unknown-account",
        "policy-public-conditional-unknown",
        "acl-public",
    )
    for key in keys:
        rule(f"{BUCKET}.{key}")
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    policies = {
        "everyone": statement("*", Sid="Open"),
        "stranger": statement({"AWS": "arn:aws:iam::999999999999:root"}),
        "narrowed": statement("*", Condition=office),
    }
    for name, one in policies.items():
        make_bucket(s3, name)
        s3.put_bucket_policy(Bucket=name, Policy=document(one))
    make_bucket(s3, "listed")
    s3.put_bucket_acl(Bucket="listed", ACL="public-read")
    make_bucket(s3, "private")
    scan(ACCOUNT)
    scan(BUCKET)
    found = {(row["item name"], row["rule key"].rpartition(".")[2]) for row in listed(admin_client)}
    assert found == {
        ("everyone", "policy-public"),
        ("stranger", "policy-unknown-account"),
        ("narrowed", "policy-public-conditional-unknown"),
        ("listed", "acl-public"),
    }
    assert "The bucket policy lets in an unknown account" in issues_page(admin_client)


def test_s3_3_a_mail_when_a_bucket_is_added_or_deleted(
    s3: Any, scan: Scan, told: Callable[[], list[Any]]
) -> None:
    SubscriptionFactory(technologies=[BUCKET])
    scan(BUCKET)
    told()
    make_bucket(s3, "added-bucket")
    scan(BUCKET)
    (mail,) = told()
    assert "added-bucket" in text_of(mail)
    s3.delete_bucket(Bucket="added-bucket")
    scan(BUCKET)
    (mail,) = told()
    assert "added-bucket" in text_of(mail)
    assert "gone" in text_of(mail).lower()


def test_s3_4_a_change_of_a_sensitive_buckets_access_list_or_policy_alerts(
    s3: Any, scan: Scan, told: Callable[[], list[Any]]
) -> None:
    SubscriptionFactory(technologies=[BUCKET])
    make_bucket(s3, "sensitive")
    scan(BUCKET)
    told()
    only = {"AWS": "arn:aws:iam::222222222222:root"}
    s3.put_bucket_policy(Bucket="sensitive", Policy=document(statement(only, Sid="NewReader")))
    scan(BUCKET)
    (mail,) = told()
    assert "sensitive" in text_of(mail)
    assert "NewReader" in text_of(mail)
    s3.put_bucket_acl(Bucket="sensitive", ACL="authenticated-read")
    scan(BUCKET)
    (mail,) = told()
    assert "AuthenticatedUsers" in text_of(mail)


def test_s3_5_bucket_level_encryption_is_tracked(s3: Any, scan: Scan, admin_client: Client) -> None:
    rule(f"{BUCKET}.encryption-none")
    make_bucket(s3)
    s3.delete_bucket_encryption(Bucket="files")
    scan(BUCKET)
    assert [row["item name"] for row in listed(admin_client)] == ["files"]
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket="files", ServerSideEncryptionConfiguration={"Rules": [default]})
    scan(BUCKET)
    assert listed(admin_client) == []
    item = Item.objects.get(uid="files")
    assert kinds(item) == [Kind.CREATED, Kind.CHANGED]
    assert "aws:kms" in item_page(admin_client, item)


def test_s3_6_versioning_is_tracked(s3: Any, scan: Scan, admin_client: Client) -> None:
    rule(f"{BUCKET}.versioning-off")
    make_bucket(s3)
    scan(BUCKET)
    assert [row["item name"] for row in listed(admin_client)] == ["files"]
    s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
    scan(BUCKET)
    assert listed(admin_client) == []
    item = Item.objects.get(uid="files")
    assert item.config["Versioning"]["Status"] == "Enabled"
    assert kinds(item) == [Kind.CREATED, Kind.CHANGED]


def test_s3_7_the_lifecycle_is_tracked(s3: Any, scan: Scan, admin_client: Client) -> None:
    rule(f"{BUCKET}.lifecycle-none")
    make_bucket(s3)
    scan(BUCKET)
    assert [row["item name"] for row in listed(admin_client)] == ["files"]
    s3.put_bucket_lifecycle_configuration(Bucket="files", LifecycleConfiguration=expiry(30))
    scan(BUCKET)
    assert listed(admin_client) == []
    s3.delete_bucket_lifecycle(Bucket="files")
    scan(BUCKET)
    assert [row["item name"] for row in listed(admin_client)] == ["files"]
    assert kinds(Item.objects.get(uid="files")) == [Kind.CREATED, *[Kind.CHANGED] * 2]


def test_s3_8_an_alert_when_a_bucket_becomes_public_since_the_last_check(
    s3: Any, scan: Scan, told: Callable[[], list[Any]]
) -> None:
    for key in ("policy-public", "acl-public"):
        rule(f"{BUCKET}.{key}")
    SubscriptionFactory(least_score=7)
    make_bucket(s3, "by-list")
    make_bucket(s3, "by-policy")
    make_bucket(s3, "blocked")
    s3.put_public_access_block(Bucket="blocked", PublicAccessBlockConfiguration=ALL_ON)
    scan(ACCOUNT)
    scan(BUCKET)
    told()
    s3.put_bucket_acl(Bucket="by-list", ACL="public-read")
    s3.put_bucket_policy(Bucket="by-policy", Policy=document(statement("*")))
    s3.put_bucket_policy(Bucket="blocked", Policy=document(statement("*")))
    scan(BUCKET)
    (mail,) = told()
    assert "The bucket's access list lets in everyone" in text_of(mail)
    assert "The bucket policy lets in everyone" in text_of(mail)
    public = {issue.item.name for issue in Issue.objects.unjustified()}
    assert public == {"by-list", "by-policy"}


# -- identities -------------------------------------------------------------------------------


@pytest.fixture
def people(iam: Any, cloud: MotoCloud) -> dict[str, str]:
    """Users with keys of every kind; each with the id of its key."""
    found = {}

    def key(name: str) -> str:
        iam.create_user(UserName=name)
        found[name] = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        return found[name]

    with cloud.clock(days_ago=120):
        key("old")
        key("put-away")
    key("fresh")
    iam.update_access_key(UserName="put-away", AccessKeyId=found["put-away"], Status="Inactive")
    iam.create_user(UserName="without")
    return found


def keys_of(client: Client, key: str) -> dict[str, str]:
    """Return what the report of one rule says, by user."""
    found = Rule.objects.get(key=key)
    rows = listed(client, rule=found.pk)
    assert issues_page(client, rule=found.pk).count('class="row"') == len(rows)
    return {row["item name"]: row["notes"] for row in rows}


def test_iam1_a_report_of_users_with_active_access_keys(
    people: dict[str, str], scan: Scan, admin_client: Client
) -> None:
    rule(f"{USER}.key-active")
    scan(USER)
    found = keys_of(admin_client, f"{USER}.key-active")
    assert set(found) == {"old", "fresh"}
    assert people["fresh"] in found["fresh"]


def test_iam2_active_keys_not_rotated_for_90_days(
    people: dict[str, str], scan: Scan, admin_client: Client
) -> None:
    rule(f"{USER}.key-not-rotated")
    scan(USER)
    found = keys_of(admin_client, f"{USER}.key-not-rotated")
    assert set(found) == {"old"}
    assert people["old"] in found["old"]


def test_iam3_inactive_keys_to_clean_up(
    people: dict[str, str], scan: Scan, admin_client: Client
) -> None:
    rule(f"{USER}.key-inactive")
    scan(USER)
    found = keys_of(admin_client, f"{USER}.key-inactive")
    assert set(found) == {"put-away"}
    assert people["put-away"] in found["put-away"]


def test_iam4_active_keys_not_used_for_90_days(
    people: dict[str, str], scan: Scan, admin_client: Client
) -> None:
    rule(f"{USER}.key-unused")
    scan(USER)
    found = keys_of(admin_client, f"{USER}.key-unused")
    assert set(found) == {"old"}
    assert "never" in found["old"]


def test_iam5_users_of_the_console_without_a_second_factor(
    iam: Any, scan: Scan, admin_client: Client
) -> None:
    rule(f"{USER}.console-no-mfa")
    for name in ("careless", "careful", "machine"):
        iam.create_user(UserName=name)
    for name in ("careless", "careful"):
        iam.create_login_profile(UserName=name, Password="not-A-secret-1")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="careful")["VirtualMFADevice"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="careful", SerialNumber=device["SerialNumber"], **codes)
    scan(USER)
    assert set(keys_of(admin_client, f"{USER}.console-no-mfa")) == {"careless"}


def test_iam6_an_alert_when_a_role_has_full_administrator_rights(
    iam: Any, scan: Scan, told: Callable[[], list[Any]]
) -> None:
    for key in ("admin-inline", "admin-attached"):
        rule(f"{POLICY}.{key}")
    SubscriptionFactory(least_score=7)
    scan(POLICY)
    scan(ROLE)
    told()
    for name in ("inline", "attached", "harmless"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(TRUST))
    iam.put_role_policy(RoleName="inline", PolicyName="all", PolicyDocument=document(EVERYTHING))
    given = iam.create_policy(PolicyName="everything", PolicyDocument=document(EVERYTHING))
    iam.attach_role_policy(RoleName="attached", PolicyArn=given["Policy"]["Arn"])
    scan(POLICY)
    scan(ROLE)
    body = "".join(text_of(mail) for mail in told())
    found = {(one.item.name, one.rule.key.rpartition(".")[2]) for one in Issue.objects.all()}
    assert found == {("inline", "admin-inline"), ("attached", "admin-attached")}
    for one in Issue.objects.select_related("version", "item"):
        assert one.version.title in body
        assert one.item.name in body


def test_iam7_policies_of_users_and_roles_are_kept_like_source(
    iam: Any, scan: Scan, admin_client: Client
) -> None:
    iam.create_user(UserName="ann")
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=document(TRUST))
    for action in ("s3:GetObject", "s3:PutObject"):
        text = document({"Effect": "Allow", "Action": action, "Resource": "*"})
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=text)
        iam.put_role_policy(RoleName="deployer", PolicyName="own", PolicyDocument=text)
        scan(USER)
        scan(ROLE)
    for name, part in (("ann", "UserPolicyList"), ("deployer", "RolePolicyList")):
        item = Item.objects.get(name=name)
        assert kinds(item) == [Kind.CREATED, Kind.CHANGED]
        documents = [json.dumps(one.config[part]) for one in item.history.order_by("history_id")]
        assert "s3:GetObject" in documents[0]
        assert "s3:PutObject" in documents[1]
        assert "s3:PutObject" in item_page(admin_client, item)
