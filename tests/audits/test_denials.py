"""What a Deny leaves of whom an Allow lets in; and who members of Google's policies are."""

from typing import Any

import pytest

from audits.examples import example_context
from audits.functions.entities import whose
from audits.functions.policies import allowed, bindings, grants, terms

OURS = "222222222222"
WORLD = example_context(
    None,
    None,
    {
        "known_accounts": {
            OURS: "ours",
            "corp.example": "ours",
            "corp.example:web": "ours",
            "our-long-project-name": "ours",
            "their-project": "third party",
            "organizations/123456789012": "ours",
        },
        "items": {
            "gcp.project": [
                {"account": "our-long-project-name", "config": {"name": "projects/415104041262"}},
                {"account": "their-project", "config": {"name": "projects/415104041263"}},
            ],
            "gcp.organization": [
                {
                    "account": "organizations/123456789012",
                    "config": {"displayName": "watched.example"},
                }
            ],
        },
    },
)
READ = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/*",
}


def deny(**fields: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", **fields}


def left(allow: dict[str, Any], *denies: dict[str, Any]) -> list[tuple[str, bool]]:
    policy = {"Statement": [allow, *denies]}
    return [(entry["whose"], entry["narrowed"]) for entry in grants(WORLD, policy)]


def test_what_is_denied_to_everyone_lets_nobody_in():
    assert left(READ, deny()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"Action": "s3:PutObject"},
        {"NotAction": "s3:GetObject", "Action": None},
        {"Resource": "arn:aws:s3:::other/*"},
        {"NotResource": "arn:aws:s3:::b/*", "Resource": None},
        {"Principal": {"AWS": OURS}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"Null": {"aws:PrincipalOrgID": "true"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}},
        {"Condition": {"StringNotEquals": {"aws:UserAgent": "me"}}},
        {"Condition": {"StringNotLike": {"aws:PrincipalArn": "*"}}},
        {"Condition": {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}},
        {"Condition": {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}},
        {"Condition": {"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}}},
        {
            "Condition": {
                "StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"},
                "Bool": {"aws:SecureTransport": "false"},
            }
        },
    ],
)
def test_a_deny_that_leaves_everyone_a_way_takes_nothing(fields):
    other = {key: value for key, value in deny(**fields).items() if value is not None}
    assert left(READ, other) == [("everyone", False)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}, "organisation"),
        ({"StringNotEqualsIfExists": {"aws:PrincipalAccount": OURS}}, "ours"),
        ({"StringNotEquals": {"aws:PrincipalAccount": [OURS, "999999999999"]}}, "unknown"),
        ({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OURS}:role/*"}}, "ours"),
        ({"NotIpAddress": {"aws:SourceIp": "8.8.8.0/24"}}, "unknown"),
        (
            {
                "StringNotEqualsIfExists": {"aws:PrincipalAccount": OURS},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
            "service",
        ),
    ],
)
def test_a_deny_unless_narrows_as_the_condition_would(condition, expected):
    assert left(READ, deny(Condition=condition)) == [(expected, True)]


def test_a_deny_of_everyone_but_some_narrows_to_these():
    spared = {"AWS": [f"arn:aws:iam::{OURS}:root", f"arn:aws:iam::{OURS}:role/app"]}
    other = {key: value for key, value in deny(NotPrincipal=spared).items() if key != "Principal"}
    assert left(READ, other) == [("ours", True)]
    named = {**READ, "Principal": {"AWS": f"arn:aws:iam::{OURS}:role/app"}}
    assert left(named, other) == [("ours", False)]
    assert left({**READ, "Principal": {"AWS": "999999999999"}}, other) == []


def test_a_deny_of_an_account_denies_its_roles():
    role = {**READ, "Principal": {"AWS": f"arn:aws:iam::{OURS}:role/app"}}
    assert left(role, deny(Principal={"AWS": f"arn:aws:iam::{OURS}:root"})) == []
    assert left(role, deny(Principal={"AWS": f"arn:aws:iam::{OURS}:role/other"})) != []


def test_what_is_denied_in_part_is_named():
    allow = {**READ, "Action": ["s3:GetObject", "s3:PutObject"]}
    (entry,) = grants(WORLD, {"Statement": [allow, deny(Action="s3:Put*")]})
    assert entry["denied"] == ["s3:Put*"]
    (entry,) = grants(WORLD, {"Statement": [allow, deny(Action="sqs:*")]})
    assert entry["denied"] == []


def test_every_listed_action_denied_one_by_one_is_nothing():
    allow = {**READ, "Action": "sqs:AddPerm*"}
    assert left(allow, deny(Action="sqs:AddPermission")) == []


def test_the_way_out_of_a_deny_is_worded_as_a_condition():
    condition = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    (entry,) = grants(WORLD, {"Statement": [READ, deny(Condition=condition)]})
    assert terms(WORLD, entry) == "aws:SourceIp IpAddress 192.0.2.0/24"
    assert terms(WORLD, READ) == "no condition"


def test_a_policy_that_would_keep_us_busy_is_refused():
    spanning = [f"s{place}*:Get*" for place in range(60)]
    with pytest.raises(ValueError, match="wildcards in place of services"):
        left(READ, deny(Action=spanning))


def test_of_a_list_the_allowed_ones_are_given():
    policy = {"Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    asked = ["iam:PassRole", "s3:GetObject", None, 5]
    assert allowed(WORLD, policy, asked) == ["iam:PassRole"]


@pytest.mark.parametrize(
    ("member", "kind", "said"),
    [
        ("allUsers", "everyone", "everyone"),
        ("allAuthenticatedUsers", "everyone", "everyone"),
        ("user:ada@corp.example", "user", "ours"),
        ("user:ada@CORP.example", "user", "ours"),
        ("group:all@gmail.com", "group", "unknown"),
        ("domain:corp.example", "domain", "ours"),
        ("serviceAccount:app@222222222222.iam.gserviceaccount.com", "service account", "ours"),
        ("serviceAccount:app@my-project.iam.gserviceaccount.com", "service account", "unknown"),
        ("serviceAccount:1-compute@developer.gserviceaccount.com", "service account", "unknown"),
        ("serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com", "service", "service"),
        ("principalSet://iam.googleapis.com/projects/1/x/*", "federated", "federated"),
        ("deleted:user:ada@corp.example?uid=123", "user", "ours"),
        (
            "serviceAccount:415104041262-compute@developer.gserviceaccount.com",
            "service account",
            "ours",
        ),
        (
            "serviceAccount:415104041263@cloudbuild.gserviceaccount.com",
            "service account",
            "third party",
        ),
        ("serviceAccount:app@web.corp.example.iam.gserviceaccount.com", "service account", "ours"),
        ("serviceAccount:their-project.svc.id.goog[shop/app]", "service account", "third party"),
        ("ada@corp.example", "user", "ours"),
        ("app@their-project.iam.gserviceaccount.com", "service account", "third party"),
        ("user:ada@watched.example", "user", "ours"),
        ("domain:watched.example", "domain", "ours"),
        ("projectOwner:my-project", "project", "unknown"),
        ("nonsense", "unknown", "unknown"),
    ],
)
def test_members_of_googles_policies_are_judged(member, kind, said):
    policy = {"bindings": [{"role": "roles/viewer", "members": [member]}]}
    (entry,) = bindings(WORLD, policy)
    assert (entry["kind"], entry["whose"]) == (kind, said)
    assert entry["deleted"] is member.startswith("deleted:")


def test_what_is_known_by_a_name_of_its_own_is_told():
    assert whose(WORLD, "corp.example") == "ours"
    assert whose(WORLD, "6f1c2f3e-0000-4000-8000-000000000000") == "unknown"
