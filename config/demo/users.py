"""The users of the invented company, their groups, policies and passwords.

`days` is how old something is, `used` how many days ago; what never happened is not said.
"""

from typing import Any

from config.demo.names import ADMIN, AWS, DATA, PROD, STAGING, own, policy

POLICIES: list[dict[str, Any]] = [
    {
        "account": PROD,
        "name": "orders-read",
        "days": 610,
        "document": policy(
            {
                "Action": ["dynamodb:GetItem", "dynamodb:Query"],
                "Resource": f"arn:aws:dynamodb:eu-west-1:{PROD}:table/orders",
            }
        ),
    },
    {
        "account": PROD,
        "name": "developers-nearly-everything",
        "days": 820,
        "document": policy(
            {"NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}
        ),
    },
    {
        "account": STAGING,
        "name": "ci-deploy",
        "days": 505,
        "document": policy(
            {"Action": ["lambda:*", "ecs:*", "ecr:*"], "Resource": "*"},
            {"Sid": "PassAnything", "Action": "iam:PassRole", "Resource": "*"},
        ),
    },
    {
        "account": DATA,
        "name": "lake-readers",
        "days": 700,
        "document": policy(
            {
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::halden-data-lake", "arn:aws:s3:::halden-data-lake/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            }
        ),
    },
    {
        "account": DATA,
        "name": "notebooks-temporary-admin",
        "days": 410,
        "document": policy({"Sid": "UntilLaunch", "Action": "*", "Resource": "*"}),
    },
]

GROUPS: list[dict[str, Any]] = [
    {
        "account": PROD,
        "name": "platform-engineers",
        "days": 900,
        "attached": [AWS + "PowerUserAccess", AWS + "IAMReadOnlyAccess"],
    },
    {
        "account": PROD,
        "name": "developers",
        "days": 820,
        "attached": [own(PROD, "developers-nearly-everything")],
    },
    {"account": PROD, "name": "support", "days": 640, "attached": [AWS + "ReadOnlyAccess"]},
    {"account": PROD, "name": "contractors-2023", "days": 1000, "attached": []},
    {
        "account": STAGING,
        "name": "engineers",
        "days": 880,
        "attached": [ADMIN],
    },
    {
        "account": DATA,
        "name": "analysts",
        "days": 700,
        "attached": [own(DATA, "lake-readers"), AWS + "AmazonAthenaFullAccess"],
        "inline": {
            "own-password": policy(
                {"Action": "iam:ChangePassword", "Resource": "arn:aws:iam::*:user/${aws:username}"}
            )
        },
    },
]

USERS: list[dict[str, Any]] = [
    {
        "account": PROD,
        "name": "anna.lindqvist",
        "days": 900,
        "console": True,
        "mfa": True,
        "groups": ["platform-engineers"],
        "keys": [{"days": 30, "used": 1}],
        "tags": {"team": "platform", "owner": "anna.lindqvist@halden.example"},
    },
    {
        "account": PROD,
        "name": "tomasz.wrona",
        "days": 860,
        "console": True,
        "groups": ["platform-engineers"],
        "attached": [ADMIN],
        "keys": [{"days": 400, "used": 12}, {"days": 560, "used": 410, "status": "Inactive"}],
        "tags": {"team": "platform", "owner": "tomasz.wrona@halden.example"},
    },
    {
        "account": PROD,
        "name": "priya.raman",
        "days": 420,
        "console": True,
        "mfa": True,
        "groups": ["developers"],
        "tags": {"team": "checkout", "owner": "priya.raman@halden.example"},
    },
    {
        "account": PROD,
        "name": "jonas.berg",
        "days": 300,
        "console": True,
        "groups": ["support"],
        "tags": {"team": "support"},
    },
    {
        "account": PROD,
        "name": "svc-payments-export",
        "path": "/service/",
        "days": 780,
        "keys": [{"days": 400, "used": 2}, {"days": 30}],
        "inline": {
            "export": policy(
                {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::halden-prod-exports/*"},
                {"Action": "kms:*", "Resource": "*"},
            )
        },
        "tags": {"team": "payments"},
    },
    {
        "account": STAGING,
        "name": "jenkins",
        "path": "/service/",
        "days": 880,
        "attached": [own(STAGING, "ci-deploy")],
        "keys": [{"days": 120, "used": 0}],
        "tags": {"team": "platform"},
    },
    {
        "account": STAGING,
        "name": "marek.novak",
        "days": 520,
        "console": True,
        "groups": ["engineers"],
        "keys": [{"days": 120}],
    },
    {
        "account": DATA,
        "name": "ines.duarte",
        "days": 690,
        "console": True,
        "mfa": True,
        "groups": ["analysts"],
        "keys": [{"days": 30, "used": 3}],
        "tags": {"team": "analytics", "owner": "ines.duarte@halden.example"},
    },
    {
        "account": DATA,
        "name": "leon.hartmann",
        "days": 380,
        "console": True,
        "groups": ["analysts"],
        "attached": [own(DATA, "notebooks-temporary-admin")],
        "keys": [{"days": 120, "used": 100}],
        "tags": {"team": "analytics"},
    },
    {
        "account": DATA,
        "name": "svc-tableau",
        "path": "/service/",
        "days": 655,
        "keys": [{"days": 400, "used": 1}],
        "inline": {
            "athena": policy({"Action": ["athena:*", "glue:Get*", "s3:*"], "Resource": "*"})
        },
    },
]

PASSWORDS: list[dict[str, Any]] = [
    {
        "account": PROD,
        "MinimumPasswordLength": 16,
        "RequireSymbols": True,
        "RequireNumbers": True,
        "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True,
        "AllowUsersToChangePassword": True,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 24,
    },
    {"account": STAGING, "MinimumPasswordLength": 6, "AllowUsersToChangePassword": True},
]
