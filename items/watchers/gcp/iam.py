"""Identity and access: service accounts with their keys, custom roles."""

from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call


class ServiceAccount(GcpWatcher):
    technology = "gcp.iam.service_account"
    label = "Service account"

    service = "iam.v1"
    listing = Call(
        "projects.serviceAccounts.list",
        "accounts",
        params={"name": "projects/{account}", "pageSize": 100},
    )
    details = {
        # Google makes and rolls others by itself, every few days; nobody ever holds those.
        "Keys": Call(
            "projects.serviceAccounts.keys.list",
            "keys",
            params={"keyTypes": "USER_MANAGED"},
            keys={"name": "name"},
            permission="iam.serviceAccountKeys.list",
        ),
        "Policy": policy_of("projects.serviceAccounts.getIamPolicy"),
    }

    id = "uniqueId"
    name = "email"
    # By its email others speak of it.
    full_name = "{email}"

    ephemeral = ("etag", "Policy.etag")
    secret = ("Keys[].privateKeyData",)


class Role(GcpWatcher):
    technology = "gcp.iam.role"
    label = "Custom role"

    service = "iam.v1"
    listing = Call(
        "projects.roles.list",
        "roles",
        params={"parent": "projects/{account}", "view": "FULL", "pageSize": 1000},
    )

    id = "name"
    name = "name"
    full_name = "//iam.googleapis.com/{name}"

    left_out = "deleted"
    ephemeral = ("etag",)
