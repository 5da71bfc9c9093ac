"""Secret Manager: secrets, and who may read them; never what they hold."""

from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call


class Secret(GcpWatcher):
    technology = "gcp.secretmanager.secret"
    label = "Secret"

    service = "secretmanager.v1"
    listing = Call(
        "projects.secrets.list",
        "secrets",
        params={"parent": "projects/{account}", "pageSize": 1000},
    )
    details = {"Policy": policy_of("projects.secrets.getIamPolicy")}

    id = "name"
    name = "name"
    full_name = "//secretmanager.googleapis.com/{name}"

    ephemeral = ("etag", "Policy.etag", "rotation.nextRotationTime")
