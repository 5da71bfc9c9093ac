"""The roles of the invented company, and whom each lets in."""

from typing import Any

from config.demo.cloud import HUB
from config.demo.names import (
    ADMIN,
    AWS,
    DATA,
    EXTERNAL_ID,
    PARTNER,
    PROD,
    STAGING,
    STRANGER,
    own,
    policy,
    root_of,
)

GITHUB = "token.actions.githubusercontent.com"


def trust(kind: str, who: Any, **condition: dict[str, Any]) -> str:
    """A trust policy for one kind of principal."""
    action = {"Federated": "sts:AssumeRoleWithWebIdentity"}.get(kind, "sts:AssumeRole")
    narrowed = {"Condition": condition} if condition else {}
    return policy({"Principal": {kind: who}, "Action": action} | narrowed)


def github(account: str) -> str:
    """GitHub's identity provider, as an account knows it."""
    return f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"


ROLES: list[dict[str, Any]] = [
    *(
        {
            "account": account,
            "name": "Vervet",
            "days": 60,
            "trust": trust("AWS", root_of(HUB), StringEquals={"sts:ExternalId": EXTERNAL_ID}),
            "attached": [AWS + "SecurityAudit", AWS + "job-function/ViewOnlyAccess"],
            "tags": {"team": "security", "owner": "security@halden.example"},
        }
        for account in (PROD, STAGING, DATA)
    ),
    {
        "account": PROD,
        "name": "shop-web",
        "days": 720,
        "trust": trust("Service", "ec2.amazonaws.com"),
        "attached": [own(PROD, "orders-read"), AWS + "AmazonSSMManagedInstanceCore"],
        "profile": True,
        "tags": {"team": "checkout"},
    },
    {
        "account": PROD,
        "name": "thumbnailer",
        "days": 340,
        "trust": trust("Service", "lambda.amazonaws.com"),
        "attached": [AWS + "service-role/AWSLambdaBasicExecutionRole"],
        "inline": {
            "pictures": policy(
                {
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": "arn:aws:s3:::halden-prod-catalogue/*",
                }
            )
        },
        "tags": {"team": "catalogue"},
    },
    {
        "account": PROD,
        "name": "parcel-tracking",
        "days": 450,
        "trust": trust("AWS", root_of(PARTNER), StringEquals={"sts:ExternalId": "northway-halden"}),
        "inline": {
            "labels": policy(
                {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::halden-prod-catalogue/*"}
            )
        },
    },
    {
        "account": PROD,
        "name": "uptime-monitoring",
        "days": 1100,
        "trust": trust("AWS", root_of(STRANGER)),
        "attached": [AWS + "ReadOnlyAccess"],
    },
    {
        "account": PROD,
        "name": "break-glass",
        "days": 640,
        "trust": trust("AWS", root_of(PROD), Bool={"aws:MultiFactorAuthPresent": "true"}),
        "attached": [ADMIN],
        "tags": {"team": "security", "owner": "security@halden.example"},
    },
    {
        "account": STAGING,
        "name": "github-deploy",
        "days": 260,
        "trust": trust(
            "Federated",
            github(STAGING),
            StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"},
            StringLike={f"{GITHUB}:sub": "repo:halden-outfitters/shop:ref:refs/heads/main"},
        ),
        "attached": [own(STAGING, "ci-deploy")],
        "tags": {"team": "platform"},
    },
    {
        "account": STAGING,
        "name": "github-previews",
        "days": 200,
        "trust": trust(
            "Federated", github(STAGING), StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"}
        ),
        "attached": [AWS + "AmazonS3FullAccess"],
    },
    {
        "account": STAGING,
        "name": "prod-fixtures-copy",
        "days": 330,
        "trust": trust("AWS", [root_of(PROD), root_of(DATA)]),
        "inline": {"copy": policy({"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"})},
    },
    {
        "account": DATA,
        "name": "glue-crawler",
        "days": 600,
        "trust": trust("Service", ["glue.amazonaws.com", "lakeformation.amazonaws.com"]),
        "attached": [AWS + "service-role/AWSGlueServiceRole"],
    },
    {
        "account": DATA,
        "name": "notebooks",
        "days": 410,
        "trust": trust("Service", "ec2.amazonaws.com"),
        "attached": [own(DATA, "notebooks-temporary-admin")],
        "profile": True,
    },
    {
        "account": DATA,
        "name": "open-experiment",
        "days": 150,
        "trust": trust("AWS", "*", StringLike={"aws:PrincipalArn": "arn:aws:iam::*:role/etl-*"}),
        "attached": [own(DATA, "lake-readers")],
    },
]
