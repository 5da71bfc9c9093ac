"""API keys: what each may be used for, and from where; never the key."""

from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call


class ApiKey(GcpWatcher):
    technology = "gcp.apikeys.key"
    label = "API key"

    service = "apikeys.v2"
    listing = Call(
        "projects.locations.keys.list",
        "keys",
        params={"parent": "projects/{account}/locations/global", "pageSize": 300},
    )

    id = "uid"
    name = "displayName || uid"
    full_name = "//apikeys.googleapis.com/{name}"

    left_out = "deleteTime"
    ephemeral = ("etag", "updateTime")
    secret = ("keyString",)
