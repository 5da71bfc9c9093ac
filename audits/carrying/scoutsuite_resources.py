"""Where ScoutSuite's resources are held here, and by which path each of their keys is read.

ScoutSuite renames and rebuilds much of what the API says. Only what is named here is carried
over; the right side is an expression over our technology that gives what the left one holds.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Resource:
    """A path of ScoutSuite's whose elements are items of ours."""

    technology: str
    keys: dict[str, str]
    """What their keys are here. A key below one of these is read below it."""
    only_where_set: tuple[str, ...] = ()
    """Keys that are missing there where they are null here; for "withKey"."""
    notes: tuple[str, ...] = field(default=())


def same(*names: str) -> dict[str, str]:
    """Return keys that are called alike."""
    return {name: name for name in names}


POLICY = "PasswordPolicy"
REPORT = "CredentialReport"


def date(column: str) -> str:
    """Return a date of the credential report, null where the report has words instead."""
    path = f"{REPORT}.{column}"
    return f"([{path}][?@ != 'N/A' && @ != 'no_information'] | [0])"


RESOURCES: dict[str, Resource] = {
    "iam.users.id": Resource(
        "aws.iam.user",
        {
            "id": "UserId",
            "name": "UserName",
            "arn": "Arn",
            **same("CreateDate", "Path", "MFADevices", "LoginProfile", "AccessKeys"),
            "inline_policies_count": "count(UserPolicyList)",
        },
        only_where_set=("LoginProfile",),
    ),
    "iam.groups.id": Resource(
        "aws.iam.group",
        {
            "id": "GroupId",
            "name": "GroupName",
            "arn": "Arn",
            **same("CreateDate", "Path"),
            "users": "Users",
            "inline_policies_count": "count(GroupPolicyList)",
        },
    ),
    "iam.roles.id": Resource(
        "aws.iam.role",
        {
            "id": "RoleId",
            "name": "RoleName",
            "arn": "Arn",
            "path": "Path",
            "create_date": "CreateDate",
            "inline_policies_count": "count(RolePolicyList)",
        },
    ),
    "iam.password_policy": Resource(
        "aws.account",
        {
            "MinimumPasswordLength": f"({POLICY}.MinimumPasswordLength || '1')",
            **{
                key: f"({POLICY}.{ours} || `false`)"
                for key, ours in {
                    "RequireUppercaseCharacters": "RequireUppercaseCharacters",
                    "RequireLowercaseCharacters": "RequireLowercaseCharacters",
                    "RequireNumbers": "RequireNumbers",
                    "RequireSymbols": "RequireSymbols",
                }.items()
            },
            "PasswordReusePrevention": f"({POLICY}.PasswordReusePrevention != `null`)",
            "PreviousPasswordPrevented": f"{POLICY}.PasswordReusePrevention",
            "ExpirePasswords": f"({POLICY}.MaxPasswordAge != `null`)",
            "MaxPasswordAge": f"{POLICY}.MaxPasswordAge",
        },
    ),
    "iam.credential_reports.id": Resource(
        "aws.iam.user",
        {
            **{
                column: f"{REPORT}.{column}"
                for column in (
                    "user",
                    "arn",
                    "password_enabled",
                    "mfa_active",
                    "access_key_1_active",
                    "access_key_2_active",
                    "cert_1_active",
                    "cert_2_active",
                )
            },
            **{
                column: date(column)
                for column in (
                    "password_last_used",
                    "password_last_changed",
                    "access_key_1_last_used_date",
                    "access_key_1_last_rotated",
                    "access_key_2_last_used_date",
                    "access_key_2_last_rotated",
                )
            },
        },
        notes=("it is held against users; the root user is judged with its account here",),
    ),
    "s3.buckets.id": Resource(
        "aws.s3.bucket",
        {
            "name": "Name",
            "region": "BucketRegion",
            **same("CreationDate"),
            "logging": "if(Logging, join('/', [Logging.TargetBucket || '', "
            "Logging.TargetPrefix || '']), 'Disabled')",
            "versioning_status_enabled": "(Versioning.Status == 'Enabled')",
            "version_mfa_delete_enabled": "(Versioning.MFADelete == 'Enabled')",
            "web_hosting_enabled": "(Website.IndexDocument != `null`)",
            "default_encryption_enabled": "(Encryption != `null`)",
            "public_access_block_configuration": "PublicAccessBlock",
        },
    ),
    "ec2.regions.id.vpcs.id.instances.id": Resource(
        "aws.ec2.instance",
        {
            "id": "InstanceId",
            **same(
                "KeyName", "LaunchTime", "InstanceType", "State", "IamInstanceProfile", "SubnetId"
            ),
            "monitoring_enabled": "(Monitoring.State == 'enabled')",
        },
        only_where_set=("KeyName", "IamInstanceProfile", "SubnetId"),
    ),
    "ec2.regions.id.vpcs.id.security_groups.id": Resource(
        "aws.ec2.security_group",
        {"id": "GroupId", "name": "GroupName", "description": "Description", "owner_id": "OwnerId"},
    ),
}
# Paths that a rule may well have, and why it cannot be carried over.
REBUILT = {
    "ec2.regions.id.vpcs.id.security_groups.id.rules": "ScoutSuite rebuilds a group's rules; "
    "net_rules() gives them here, in another shape",
    "iam.policies": "ScoutSuite takes policies apart by statement; statements() does so here",
    "s3.buckets.id.grantees": "ScoutSuite rebuilds grants; they are in Acl here",
    "s3.buckets.id.policy": "ScoutSuite walks through statements; statements(Policy) does so here",
}
