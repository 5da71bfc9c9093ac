"""S3: the shape of a bucket, where it is asked about, and what stays unknown."""

import json
from typing import Any

from items.watchers.aws.s3 import Bucket
from tests.cloud.faults import FaultProxy
from tests.items.conftest import Aws, Fetch

BUCKET = "aws.s3.bucket"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::full/*",
        }
    ],
}
BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
LISTING = (
    '<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets><Bucket>'
    "<Name>plain</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate>"
    "<BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>"
)


def make_bucket(aws: Aws, name: str, region: str = "us-east-1") -> Any:
    """Make a bucket with nothing configured; return the client of its region."""
    s3 = aws("s3", region)
    where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **({} if region == "us-east-1" else where))
    return s3


def test_what_a_bucket_does_not_configure_is_null_and_nothing_is_unread(
    aws: Aws, fetch: Fetch
) -> None:
    make_bucket(aws, "plain")
    found = fetch(BUCKET).named("plain")
    config = dict(found.config)
    assert (found.uid, found.place, found.region) == ("plain", "global", "us-east-1")
    assert (found.full_name, found.unread) == ("arn:aws:s3:::plain", {})
    assert config.pop("CreationDate").endswith("+00:00")
    (grant,) = config.pop("Acl")["Grants"]
    assert (grant["Permission"], grant["Grantee"]["Type"]) == ("FULL_CONTROL", "CanonicalUser")
    assert config == {
        "Name": "plain",
        "BucketRegion": "us-east-1",
        "Policy": None,
        "PolicyStatus": None,
        "PublicAccessBlock": None,
        "OwnershipControls": None,
        "Encryption": None,
        "Versioning": {},
        "Lifecycle": None,
        "Logging": None,
        "Cors": None,
        "Website": None,
        "Replication": None,
        "Tags": None,
        "Notification": {},
    }


def test_what_a_bucket_configures_is_kept_in_the_words_of_s3(aws: Aws, fetch: Fetch) -> None:
    s3 = make_bucket(aws, "full", "eu-west-1")
    make_bucket(aws, "logs", "eu-west-1").put_bucket_acl(Bucket="logs", ACL="log-delivery-write")
    s3.put_bucket_policy(Bucket="full", Policy=json.dumps(POLICY))
    s3.put_public_access_block(Bucket="full", PublicAccessBlockConfiguration=BLOCK)
    ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket="full", OwnershipControls=ownership)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket="full", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket="full", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_logging(
        Bucket="full",
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "full/"}},
    )
    tags = [{"Key": "data", "Value": "internal"}]
    s3.put_bucket_tagging(Bucket="full", Tagging={"TagSet": tags})
    config = fetch(BUCKET).config("full")
    assert config["BucketRegion"] == "eu-west-1"
    assert config["Policy"] == POLICY
    assert config["PolicyStatus"] == {"IsPublic": False}
    assert config["PublicAccessBlock"] == BLOCK
    assert config["OwnershipControls"] == ownership
    assert config["Encryption"]["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "AES256"
    }
    assert config["Versioning"]["Status"] == "Enabled"
    assert config["Logging"]["TargetBucket"] == "logs"
    assert config["Tags"] == tags


def test_rules_of_which_the_first_that_fits_counts_keep_their_order(aws: Aws, fetch: Fetch) -> None:
    s3 = make_bucket(aws, "shared")
    origins = ["https://b.example", "https://a.example", "https://c.example"]
    rules = [{"AllowedOrigins": [one], "AllowedMethods": ["GET"]} for one in origins]
    s3.put_bucket_cors(Bucket="shared", CORSConfiguration={"CORSRules": rules})
    kept = fetch(BUCKET).config("shared")["Cors"]["CORSRules"]
    assert [one["AllowedOrigins"] for one in kept] == [[one] for one in origins]


def test_a_setting_that_is_refused_is_unread_and_the_others_are_read(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_bucket(aws, "closed")
    make_bucket(aws, "open")
    assert len(Bucket.details) == 14
    for part, call in Bucket.details.items():
        faults.reset()
        operation = "".join(word.title() for word in call.operation.split("_"))
        faults.add(operation=operation, resource="closed")
        found = fetch(BUCKET)
        assert found.unread() == {part: {"closed"}}
        refusal = found.named("closed").unread[part]
        assert (refusal.code, refusal.operation) == ("AccessDenied", operation)
        assert refusal.permission in Bucket.permissions()
        assert {*Bucket.details, "BucketRegion"} - found.config("closed").keys() == {part}
        assert found.answered == {"global"}


def test_each_setting_is_asked_in_the_region_of_its_bucket(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_bucket(aws, "here")
    make_bucket(aws, "there", "eu-west-1")
    fetch(BUCKET)
    asked = {
        region: {one.region for one in faults.asked if name in one.values}
        for name, region in (("here", "us-east-1"), ("there", "eu-west-1"))
    }
    assert asked["us-east-1"] == {"us-east-1"}
    assert asked["eu-west-1"] == {"us-east-1", "eu-west-1"}  # The first tells where it is.
    elsewhere = [one for one in faults.asked if "there" in one.values]
    assert {one.operation for one in elsewhere if one.region == "us-east-1"} == {
        "GetBucketLocation"
    }
    assert faults.calls["GetBucketLocation"] == 2


def test_a_region_that_the_listing_tells_is_not_asked_for(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_bucket(aws, "plain", "eu-west-1")
    faults.add(operation="ListBuckets", status=200, body=LISTING)
    found = fetch(BUCKET).named("plain")
    assert (found.region, found.unread) == ("eu-west-1", {})
    assert faults.calls["GetBucketLocation"] == 0
    assert {one.region for one in faults.asked if "plain" in one.values} == {"eu-west-1"}


def test_a_bucket_whose_region_is_refused_is_there_with_its_settings(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_bucket(aws, "plain", "eu-west-1")
    faults.add(operation="GetBucketLocation")
    found = fetch(BUCKET)
    assert found.unread() == {"BucketRegion": {"plain"}}
    assert found.named("plain").unread["BucketRegion"].permission == "s3:GetBucketLocation"
    assert found.named("plain").region == ""
    assert found.answered == {"global"}


def test_a_bucket_that_goes_between_two_calls_is_gone_and_no_refusal(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_bucket(aws, "going")
    make_bucket(aws, "staying")
    faults.add(operation="GetBucketAcl", resource="going", code="NoSuchBucket", status=404)
    found = fetch(BUCKET)
    assert [one.name for one in found.snapshots] == ["staying"]
    assert (found.refusals, found.answered) == ([], {"global"})


def test_a_refused_list_of_buckets_is_a_refusal_and_names_its_odd_permission(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    make_bucket(aws, "plain")
    faults.add(operation="ListBuckets")
    found = fetch(BUCKET)
    (refusal,) = found.refusals
    assert (refusal.place, refusal.permission) == ("global", "s3:ListAllMyBuckets")
    assert (found.snapshots, found.answered) == ([], set())
