"""S3: buckets, with everything that says who may read and write them."""

from functools import partial
from typing import Any

from accounts.models import Account
from accounts.types.aws import AwsSession
from items.watchers.aws.base import AwsWatcher
from items.watchers.base import Row
from items.watchers.terms import Call


def setting(operation: str, answer: str = "@", permission: str = "", absent: str = "") -> Call:
    """Return the call that reads one setting of a bucket; S3 names permissions by no rule."""
    return Call(
        operation,
        answer,
        keys={"Bucket": "Name"},
        absent=(absent,) if absent else (),
        permission=permission,
    )


LOCATION = setting("get_bucket_location", "LocationConstraint")
# Names from before regions had theirs; us-east-1 has none at all.
FIRST_REGIONS = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}


class Bucket(AwsWatcher):
    technology = "aws.s3.bucket"
    label = "S3 bucket"

    service = "s3"
    everywhere = True
    # S3 tells the buckets' regions, and answers page by page, only where a limit is asked for.
    listing = Call(
        "list_buckets",
        "Buckets",
        params={"MaxBuckets": 1000},
        permission="s3:ListAllMyBuckets",
    )
    details = {
        "Acl": setting("get_bucket_acl"),
        "Policy": setting("get_bucket_policy", "Policy", absent="NoSuchBucketPolicy"),
        "PolicyStatus": setting(
            "get_bucket_policy_status", "PolicyStatus", absent="NoSuchBucketPolicy"
        ),
        "PublicAccessBlock": setting(
            "get_public_access_block",
            "PublicAccessBlockConfiguration",
            permission="s3:GetBucketPublicAccessBlock",
            absent="NoSuchPublicAccessBlockConfiguration",
        ),
        "OwnershipControls": setting(
            "get_bucket_ownership_controls",
            "OwnershipControls",
            absent="OwnershipControlsNotFoundError",
        ),
        "Encryption": setting(
            "get_bucket_encryption",
            "ServerSideEncryptionConfiguration",
            permission="s3:GetEncryptionConfiguration",
            absent="ServerSideEncryptionConfigurationNotFoundError",
        ),
        "Versioning": setting("get_bucket_versioning"),
        "Lifecycle": setting(
            "get_bucket_lifecycle_configuration",
            permission="s3:GetLifecycleConfiguration",
            absent="NoSuchLifecycleConfiguration",
        ),
        "Logging": setting("get_bucket_logging", "LoggingEnabled"),
        "Cors": setting(
            "get_bucket_cors", permission="s3:GetBucketCORS", absent="NoSuchCORSConfiguration"
        ),
        "Website": setting("get_bucket_website", absent="NoSuchWebsiteConfiguration"),
        "Replication": setting(
            "get_bucket_replication",
            "ReplicationConfiguration",
            permission="s3:GetReplicationConfiguration",
            absent="ReplicationConfigurationNotFoundError",
        ),
        "Tags": setting("get_bucket_tagging", "TagSet", absent="NoSuchTagSet"),
        "Notification": setting(
            "get_bucket_notification_configuration", permission="s3:GetBucketNotification"
        ),
    }
    others = (LOCATION,)
    adds = ("BucketRegion",)

    id = "Name"
    name = "Name"
    region = "BucketRegion"
    full_name = "arn:{partition}:s3:::{Name}"

    gone_codes = ("NoSuchBucket",)
    json_text = {"Policy": "Policy"}
    # S3 moves the date whenever the bucket's settings are changed.
    ephemeral = ("CreationDate",)
    # In both the first rule that fits is the one that counts.
    ordered = ("Cors.CORSRules", "Website.RoutingRules")

    def complete(self, account: Account, row: Row) -> None:
        """Learn the region first; where it cannot be learnt, S3 may still lead the way."""
        if not row.config.get("BucketRegion"):
            self.fill(row, "BucketRegion", partial(self.location, account, row))
        super().complete(account, row)

    def location(self, account: Account, row: Row) -> str:
        """Ask for the region of one bucket."""
        name = self.read(account, row.place, LOCATION, row.config)
        return FIRST_REGIONS.get(name) or str(name)

    def region_asked(self, session: AwsSession, place: str, config: dict[str, Any]) -> str:
        """Only a bucket's own region answers for all of its settings."""
        return str(config.get("BucketRegion") or session.home)
