"""IAM: users, roles, groups and policies. One call answers for most of what they are."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any

from accounts.models import Account
from items.watchers.aws.base import AwsWatcher
from items.watchers.aws.credential_report import (
    CALLS,
    VOLATILE,
    credential_report,
    last_uses,
    moment,
    users_rows,
)
from items.watchers.base import Row
from items.watchers.terms import Call

Config = dict[str, Any]


def authorization_details(answer: str, *kinds: str) -> Call:
    """Return the call that describes everything of some kinds at once, policies included."""
    params = {"Filter": list(kinds), "MaxItems": 1000}
    return Call("get_account_authorization_details", answer, params=params)


def of_user(operation: str, answer: str, absent: tuple[str, ...] = ()) -> Call:
    """Return the call that reads one thing of a user."""
    return Call(operation, answer, keys={"UserName": "UserName"}, absent=absent)


ACCESS_KEYS = of_user("list_access_keys", "AccessKeyMetadata")
LAST_USED = Call(
    "get_access_key_last_used",
    "AccessKeyLastUsed",
    keys={"AccessKeyId": "AccessKeyId"},
    absent=("NoSuchEntity",),
)


class User(AwsWatcher):
    technology = "aws.iam.user"
    label = "IAM user"

    service = "iam"
    everywhere = True
    listing = authorization_details("UserDetailList", "User")
    details = {
        "MFADevices": of_user("list_mfa_devices", "MFADevices"),
        "LoginProfile": of_user("get_login_profile", "LoginProfile", absent=("NoSuchEntity",)),
    }
    others = (ACCESS_KEYS, LAST_USED, *CALLS)
    adds = ("AccessKeys", "CredentialReport")

    id = "UserId"
    name = "UserName"
    full_name = "{Arn}"

    gone_codes = ("NoSuchEntity",)
    ephemeral = (
        "AccessKeys[].LastUsed",
        *(f"CredentialReport.{column}" for column in VOLATILE),
    )

    def spread(self, account: Account, place: str, rows: list[Row]) -> None:
        """One report tells of all users."""
        self.share(rows, "CredentialReport", partial(self.report, account), name_and_creation)

    def report(self, account: Account) -> Mapping[Any, dict[str, str]]:
        """Return the credential report's rows, by name and moment of creation."""
        return users_rows(credential_report(self, account))

    def complete(self, account: Account, row: Row) -> None:
        self.fill(row, "AccessKeys", partial(self.access_keys, account, row))
        super().complete(account, row)

    def access_keys(self, account: Account, row: Row) -> list[Config]:
        """Return a user's keys with their last use, asked for only where the report has none."""
        known = last_uses(row.config.get("CredentialReport"))
        keys = self.read(account, row.place, ACCESS_KEYS, row.config)
        for key in keys:
            use = known.get(moment(key["CreateDate"]))
            key["LastUsed"] = use or self.read(account, row.place, LAST_USED, key)
        return keys


def name_and_creation(config: Config) -> tuple[Any, Any]:
    return config.get("UserName"), moment(config.get("CreateDate"))


class Role(AwsWatcher):
    technology = "aws.iam.role"
    label = "IAM role"

    service = "iam"
    everywhere = True
    listing = authorization_details("RoleDetailList", "Role")

    id = "RoleId"
    name = "RoleName"
    full_name = "{Arn}"

    ephemeral = ("RoleLastUsed", "InstanceProfileList[].Roles[].RoleLastUsed")


MEMBERS = authorization_details("UserDetailList", "User")


class Group(AwsWatcher):
    technology = "aws.iam.group"
    label = "IAM group"

    service = "iam"
    everywhere = True
    listing = authorization_details("GroupDetailList", "Group")
    others = (MEMBERS,)
    adds = ("Users",)

    id = "GroupId"
    name = "GroupName"
    full_name = "{Arn}"

    def spread(self, account: Account, place: str, rows: list[Row]) -> None:
        """Users name their groups; no group need be asked."""
        members = partial(self.members, account, place)
        self.share(rows, "Users", members, lambda group: group.get("GroupName"), otherwise=list)

    def members(self, account: Account, place: str) -> Mapping[str, list[str]]:
        """Return the names of each group's users."""
        found: dict[str, list[str]] = defaultdict(list)
        for user in self.read(account, place, MEMBERS, {}):
            for group in user.get("GroupList") or []:
                found[group].append(user["UserName"])
        return found


ATTACHED = authorization_details(
    "[UserDetailList, GroupDetailList, RoleDetailList][] | [?@]", "User", "Group", "Role"
)


class Policy(AwsWatcher):
    technology = "aws.iam.policy"
    label = "IAM policy"

    service = "iam"
    everywhere = True
    listing = authorization_details("Policies", "LocalManagedPolicy", "AWSManagedPolicy")
    others = (ATTACHED,)
    adds = ("Entities",)

    # The API promises neither id nor name of a policy, and compatible servers leave them out.
    id = "PolicyId"
    name = "PolicyName"
    full_name = "{Arn}"

    # What AWS offers to everybody is the account's own concern only where it is used there.
    left_out = (
        "contains(Arn, ':iam::aws:policy/') && AttachmentCount == `0`"
        " && (PermissionsBoundaryUsageCount || `0`) == `0`"
    )
    json_text = {"Document": "PolicyVersionList[?IsDefaultVersion].Document | [0]"}
    # `Entities`, and the boundaries of users and roles, say it with names.
    ephemeral = ("AttachmentCount", "PermissionsBoundaryUsageCount")

    def spread(self, account: Account, place: str, rows: list[Row]) -> None:
        """Users, groups and roles name their policies; no policy need be asked."""
        attached = partial(self.entities, account, place)
        self.share(rows, "Entities", attached, lambda policy: policy.get("Arn"), no_entities)

    def entities(self, account: Account, place: str) -> Mapping[str, Config]:
        """Return what each policy is attached to, as ListEntitiesForPolicy answers."""
        found: dict[str, Config] = defaultdict(no_entities)
        for one in self.read(account, place, ATTACHED, {}):
            kind = next(kind for kind in ("User", "Group", "Role") if f"{kind}Id" in one)
            who = {name: one[name] for name in (f"{kind}Name", f"{kind}Id")}
            for policy in one.get("AttachedManagedPolicies") or []:
                found[policy["PolicyArn"]][f"Policy{kind}s"].append(who)
        return found


def no_entities() -> Config:
    return {"PolicyUsers": [], "PolicyGroups": [], "PolicyRoles": []}
