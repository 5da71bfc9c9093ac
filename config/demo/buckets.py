"""The buckets of the invented company: a table, and what fills it in."""

from collections.abc import Callable
from typing import Any

from config.demo.access import Access
from config.demo.cloud import canonical_id
from config.demo.names import (
    DATA,
    PARTNER,
    PARTNER_NETWORK,
    PROD,
    STAGING,
    STRANGER,
    policy,
    root_of,
    tag_list,
)

Row = dict[str, Any]

CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
AES = {"SSEAlgorithm": "AES256"}
KMS = {
    "SSEAlgorithm": "aws:kms",
    "KMSMasterKeyID": f"arn:aws:kms:eu-west-1:{PROD}:key/6f0f5c1e-8d3b-4a0e-9c57-2f1f0d7b6a34",
}
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_IN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"


def objects(bucket: str) -> str:
    """Everything in a bucket."""
    return f"arn:aws:s3:::{bucket}/*"


def only_encrypted(bucket: str) -> Row:
    """The statement that refuses plain HTTP."""
    return {
        "Sid": "OnlyEncrypted",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", objects(bucket)],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def group(uri: str, permission: str) -> Row:
    """A grant to one of the groups that AWS predefines."""
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def user(identifier: str, permission: str) -> Row:
    """A grant to a canonical user."""
    return {"Grantee": {"Type": "CanonicalUser", "ID": identifier}, "Permission": permission}


BUCKETS: list[Row] = [
    {
        "account": PROD,
        "region": "eu-west-1",
        "name": "halden-prod-access-logs",
        "days": 1100,
        "encryption": AES,
        "grants": [group(LOG_DELIVERY, "WRITE"), group(LOG_DELIVERY, "READ_ACP")],
        "lifecycle": {"ID": "a-year", "days": 365},
        "tags": {"team": "platform"},
    },
    {
        "account": PROD,
        "region": "eu-west-1",
        "name": "halden-prod-invoices",
        "days": 1080,
        "closed": True,
        "owned": "BucketOwnerEnforced",
        "encryption": KMS,
        "versioning": True,
        "lifecycle": {"ID": "ten-years", "days": 3650},
        "logging": "halden-prod-access-logs",
        "policy": [only_encrypted("halden-prod-invoices")],
        "tags": {"team": "payments", "owner": "priya.raman@halden.example", "data": "personal"},
    },
    {
        "account": PROD,
        "region": "eu-west-1",
        "name": "halden-www",
        "days": 1300,
        "website": True,
        "policy": [
            {
                "Sid": "Website",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": objects("halden-www"),
            }
        ],
        "tags": {"team": "marketing"},
    },
    {
        "account": PROD,
        "region": "us-east-1",
        "name": "halden-prod-catalogue",
        "days": 900,
        "encryption": AES,
        "cors": ["https://www.halden.example", "*"],
        "policy": [
            {
                "Sid": "Northway",
                "Principal": {"AWS": root_of(PARTNER)},
                "Action": ["s3:GetObject"],
                "Resource": objects("halden-prod-catalogue"),
                "Condition": {"IpAddress": {"aws:SourceIp": PARTNER_NETWORK}},
            }
        ],
        "tags": {"team": "catalogue"},
    },
    {
        "account": PROD,
        "region": "eu-central-1",
        "name": "halden-prod-exports",
        "days": 780,
        "versioning": True,
        "policy": [
            {
                "Principal": {"AWS": [f"arn:aws:iam::{STRANGER}:user/etl", root_of(DATA)]},
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::halden-prod-exports", objects("halden-prod-exports")],
            }
        ],
        "tags": {"team": "payments", "data": "personal"},
    },
    {
        "account": STAGING,
        "region": "eu-central-1",
        "name": "halden-staging-fixtures",
        "days": 330,
        "grants": [
            user(canonical_id(PROD), "READ"),
            user(canonical_id(STRANGER), "FULL_CONTROL"),
        ],
        "tags": {"team": "checkout"},
    },
    {
        "account": STAGING,
        "region": "eu-central-1",
        "name": "halden-staging-builds-old",
        "days": 860,
        "versioning": True,
        "tags": {"team": "platform"},
    },
    {
        "account": DATA,
        "region": "us-east-1",
        "name": "halden-data-lake",
        "days": 700,
        "closed": True,
        "encryption": AES,
        "versioning": True,
        "policy": [
            only_encrypted("halden-data-lake"),
            {
                "Sid": "OurOrganisation",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": objects("halden-data-lake"),
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-4h7k2m9q1z"}},
            },
        ],
        "tags": {"team": "analytics", "owner": "ines.duarte@halden.example"},
    },
    {
        "account": DATA,
        "region": "us-east-1",
        "name": "halden-data-scratch",
        "days": 410,
        "grants": [group(SIGNED_IN, "READ")],
        "tags": {"team": "analytics", "owner": "leon.hartmann@halden.example"},
    },
    {
        "account": DATA,
        "region": "us-east-1",
        "name": "halden-customer-segments",
        "days": 190,
        "encryption": AES,
        "tags": {"team": "analytics", "data": "personal"},
    },
    {
        "account": DATA,
        "region": "ap-southeast-2",
        "name": "halden-conference-demo",
        "days": 520,
        "grants": [group(ALL_USERS, "READ")],
    },
]


def fill(access: Access) -> None:
    """Make the buckets, and shut staging to the public as a whole."""
    access.client(STAGING, "s3control").put_public_access_block(
        AccountId=STAGING, PublicAccessBlockConfiguration=CLOSED
    )
    for row in BUCKETS:
        s3 = access.client(row["account"], "s3", row["region"])
        with access.cloud.clock(row["days"]):
            make_bucket(s3, row)
        for part, configure in PARTS.items():
            if part in row:
                configure(s3, row["name"], row[part])
        if "grants" in row:
            grant(s3, row)


def make_bucket(s3: Any, row: Row) -> None:
    """Make a bucket where it belongs."""
    how = {"CreateBucketConfiguration": {"LocationConstraint": row["region"]}}
    s3.create_bucket(Bucket=row["name"], **(how if row["region"] != "us-east-1" else {}))


def grant(s3: Any, row: Row) -> None:
    """Give a bucket an ACL: its owner everything, and the grants of the table."""
    owner = canonical_id(row["account"])
    grants = [user(owner, "FULL_CONTROL"), *row["grants"]]
    s3.put_bucket_acl(
        Bucket=row["name"], AccessControlPolicy={"Owner": {"ID": owner}, "Grants": grants}
    )


def close(s3: Any, bucket: str, _: bool) -> None:
    """Shut a bucket to the public."""
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=CLOSED)


def own(s3: Any, bucket: str, how: str) -> None:
    """Say whose the objects are."""
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": how}]}
    )


def encrypt(s3: Any, bucket: str, how: Row) -> None:
    """Encrypt what is put."""
    rules = [{"ApplyServerSideEncryptionByDefault": how}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def version(s3: Any, bucket: str, _: bool) -> None:
    """Keep old versions."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def expire(s3: Any, bucket: str, rule: Row) -> None:
    """Let objects end after some days."""
    whole = {
        "ID": rule["ID"],
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": rule["days"]},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [whole]})


def log(s3: Any, bucket: str, target: str) -> None:
    """Write down each access."""
    enabled = {"TargetBucket": target, "TargetPrefix": f"{bucket}/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})


def serve(s3: Any, bucket: str, _: bool) -> None:
    """Make a website of a bucket."""
    pages = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=pages)


def share(s3: Any, bucket: str, origins: list[str]) -> None:
    """Let pages of other sites read a bucket."""
    rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": origins, "MaxAgeSeconds": 3000}]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})


def permit(s3: Any, bucket: str, statements: list[Row]) -> None:
    """Give a bucket its policy."""
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(*statements))


def tag(s3: Any, bucket: str, tags: dict[str, str]) -> None:
    """Tag a bucket."""
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(tags)})


# What a row may ask for beside its place and age.
PARTS: dict[str, Callable[[Any, str, Any], None]] = {
    "closed": close,
    "owned": own,
    "encryption": encrypt,
    "versioning": version,
    "lifecycle": expire,
    "logging": log,
    "website": serve,
    "cors": share,
    "policy": permit,
    "tags": tag,
}
