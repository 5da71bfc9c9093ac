"""Cloud Storage: buckets, with everything that says who may read and write them."""

from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call


class Bucket(GcpWatcher):
    technology = "gcp.storage.bucket"
    label = "Cloud Storage bucket"

    service = "storage.v1"
    # The projection brings the ACLs, which take the permission to read policies.
    listing = Call(
        "buckets.list",
        "items",
        params={"project": "{account}", "projection": "full", "maxResults": 1000},
        permission="storage.buckets.list storage.buckets.getIamPolicy",
    )
    details = {
        "Policy": policy_of("buckets.getIamPolicy", "optionsRequestedPolicyVersion", "bucket")
    }

    id = "id"
    name = "name"
    region = "location"
    full_name = "//storage.googleapis.com/{name}"

    ephemeral = (
        "etag",
        "metageneration",
        "updated",
        "acl[].etag",
        "defaultObjectAcl[].etag",
        "Policy.etag",
    )
    # The first that fits is the one that counts.
    ordered = ("cors",)
