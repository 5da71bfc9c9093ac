"""The AWS account itself: its root user, and settings that hold for all of it."""

from functools import partial
from typing import Any

from accounts.models import Account as WatchedAccount
from items.watchers.aws.base import AwsWatcher
from items.watchers.aws.credential_report import CALLS, VOLATILE, credential_report, root_row
from items.watchers.base import Row
from items.watchers.terms import Call

BY_DEFAULT = Call("get_ebs_encryption_by_default", "EbsEncryptionByDefault", service="ec2")
DEFAULT_KEY = Call("get_ebs_default_kms_key_id", "KmsKeyId", service="ec2")
REGIONS = Call("describe_regions", "Regions", service="ec2")

# What of the summary counts things that come and go, and are told of where they do.
COUNTERS = (
    "Groups",
    "InstanceProfiles",
    "MFADevices",
    "MFADevicesInUse",
    "Policies",
    "PolicyVersionsInUse",
    "Providers",
    "Roles",
    "ServerCertificates",
    "Users",
)


class Account(AwsWatcher):
    technology = "aws.account"
    label = "AWS account"

    service = "iam"
    everywhere = True
    listing = Call("get_caller_identity", "[{Account: Account}]", service="sts")
    details = {
        "SummaryMap": Call("get_account_summary", "SummaryMap"),
        "PasswordPolicy": Call(
            "get_account_password_policy", "PasswordPolicy", absent=("NoSuchEntity",)
        ),
        "PublicAccessBlock": Call(
            "get_public_access_block",
            "PublicAccessBlockConfiguration",
            params={"AccountId": "{account}"},
            absent=("NoSuchPublicAccessBlockConfiguration",),
            permission="s3:GetAccountPublicAccessBlock",
            service="s3control",
        ),
    }
    others = (BY_DEFAULT, DEFAULT_KEY, REGIONS, *CALLS)
    adds = ("Root", "EbsEncryption")

    id = "Account"
    name = "Account"
    full_name = "arn:{partition}:iam::{Account}:root"

    ephemeral = (
        *(f"SummaryMap.{name}" for name in COUNTERS),
        *(f"Root.{column}" for column in VOLATILE),
    )

    def complete(self, account: WatchedAccount, row: Row) -> None:
        super().complete(account, row)
        self.fill(row, "Root", lambda: root_row(credential_report(self, account)))
        self.fill(row, "EbsEncryption", partial(self.ebs_encryption, account))

    def ebs_encryption(self, account: WatchedAccount) -> list[dict[str, Any]]:
        """Return the setting of every region; raise ReadError where one refuses."""
        return self.in_threads(partial(self.ebs_encryption_in, account), self.regions(account))

    def ebs_encryption_in(self, account: WatchedAccount, region: str) -> dict[str, Any]:
        """Return a region's setting; its key is asked for only where new disks are encrypted."""
        on = self.read(account, region, BY_DEFAULT, {})
        key = self.read(account, region, DEFAULT_KEY, {}) if on else None
        return {"Region": region, "EbsEncryptionByDefault": on, "KmsKeyId": key}
