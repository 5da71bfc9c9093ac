"""Settles users, groups, roles, policies and root users in the invented company's accounts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from config.demo.access import Access
from config.demo.names import DATA, PROD, STAGING, tag_list
from config.demo.roles import GITHUB, ROLES
from config.demo.users import GROUPS, PASSWORDS, POLICIES, USERS

Row = dict[str, Any]


def settle(access: Access) -> None:
    """Make everybody and everything that may act."""
    for password in PASSWORDS:
        rules = {key: value for key, value in password.items() if key != "account"}
        access.client(password["account"], "iam").update_account_password_policy(**rules)
    set_roots(access)
    for make, rows in (
        (make_policy, POLICIES),
        (make_group, GROUPS),
        (make_user, USERS),
        (make_role, ROLES),
    ):
        for row in rows:
            with access.cloud.clock(row["days"]):
                make(access.client(row["account"], "iam"), row)
    for user in USERS:
        for key in user.get("keys", []):
            make_key(access, user["account"], user["name"], **key)


def set_roots(access: Access) -> None:
    """Keep production's root user well, staging's without a second factor, data's with a key."""
    access.cloud.root(PROD, user_creation_time=ago(1900), password_last_used=ago(410))
    access.cloud.root(
        STAGING,
        user_creation_time=ago(1500),
        password_last_used=ago(35),
        mfa_active="false",
    )
    access.cloud.root(
        DATA,
        user_creation_time=ago(1240),
        password_last_used=ago(9),
        access_key_1_active="true",
        access_key_1_last_rotated=ago(1239),
        access_key_1_last_used_date=ago(4),
        access_key_1_last_used_region="us-east-1",
        access_key_1_last_used_service="s3",
    )


def ago(days: float) -> str:
    """A moment as the credential report writes it."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def make_policy(iam: Any, row: Row) -> None:
    """Make a policy of the account's own."""
    iam.create_policy(PolicyName=row["name"], PolicyDocument=row["document"])


def make_group(iam: Any, row: Row) -> None:
    """Make a group with its policies; its users join when they are made."""
    name = row["name"]
    iam.create_group(GroupName=name)
    for arn in row["attached"]:
        iam.attach_group_policy(GroupName=name, PolicyArn=arn)
    for title, document in row.get("inline", {}).items():
        iam.put_group_policy(GroupName=name, PolicyName=title, PolicyDocument=document)


def make_user(iam: Any, row: Row) -> None:
    """Make a user with policies, groups, password and second factor."""
    name, tags = row["name"], tag_list(row.get("tags", {}))
    iam.create_user(UserName=name, Path=row.get("path", "/"), Tags=tags)
    for arn in row.get("attached", []):
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
    for title, document in row.get("inline", {}).items():
        iam.put_user_policy(UserName=name, PolicyName=title, PolicyDocument=document)
    for group in row.get("groups", []):
        iam.add_user_to_group(UserName=name, GroupName=group)
    if row.get("console"):
        iam.create_login_profile(UserName=name, Password="correct Horse 7 battery")
    if row.get("mfa"):
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        iam.enable_mfa_device(
            UserName=name,
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )


def make_role(iam: Any, row: Row) -> None:
    """Make a role with its policies and, where machines take it, its instance profile."""
    name, tags = row["name"], tag_list(row.get("tags", {}))
    if GITHUB in row["trust"]:
        know_github(iam)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=row["trust"], Tags=tags)
    for arn in row.get("attached", []):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    for title, document in row.get("inline", {}).items():
        iam.put_role_policy(RoleName=name, PolicyName=title, PolicyDocument=document)
    if row.get("profile"):
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def know_github(iam: Any) -> None:
    """Let the account trust GitHub's tokens, once."""
    if not iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.create_open_id_connect_provider(
            Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["6" * 40]
        )


def make_key(
    access: Access,
    account: str,
    user: str,
    *,
    days: float,
    used: float | None = None,
    status: str = "Active",
) -> None:
    """Make an access key that is some days old and was last used later."""
    iam = access.client(account, "iam")
    with access.cloud.clock(days):
        key = iam.create_access_key(UserName=user)["AccessKey"]
    if used is not None:
        with access.cloud.clock(used):
            access.use(key)
    if status != "Active":
        iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status=status)
