"""Accounts and networks that the tables of the invented company have in common."""

import json
from typing import Any

PROD = "210987654321"
STAGING = "321098765432"
DATA = "432109876543"
PARTNER = "654321098765"
STRANGER = "987650123456"  # Nobody remembers whose.

EXTERNAL_ID = "halden-vervet-7Q2M"

# Documentation ranges (RFC 5737 and RFC 3849): they can be nobody's.
OFFICE = "198.51.100.0/24"
OFFICE_V6 = "2001:db8:44::/48"
PARTNER_NETWORK = "203.0.113.0/25"
WORLD = "0.0.0.0/0"
WORLD_V6 = "::/0"

# Managed by AWS.
AWS = "arn:aws:iam::aws:policy/"
ADMIN = AWS + "AdministratorAccess"


def own(account: str, name: str) -> str:
    """The ARN of a policy that the account made itself."""
    return f"arn:aws:iam::{account}:policy/{name}"


def root_of(account: str) -> str:
    """The principal that stands for a whole account."""
    return f"arn:aws:iam::{account}:root"


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def policy(*statements: dict[str, Any]) -> str:
    """A policy document; every statement allows unless it says otherwise."""
    allowing = [{"Effect": "Allow"} | statement for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowing})
