"""Pub/Sub: topics, and who may publish and subscribe."""

from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call


class Topic(GcpWatcher):
    technology = "gcp.pubsub.topic"
    label = "Pub/Sub topic"

    service = "pubsub.v1"
    listing = Call(
        "projects.topics.list", "topics", params={"project": "projects/{account}", "pageSize": 1000}
    )
    details = {"Policy": policy_of("projects.topics.getIamPolicy")}

    id = "name"
    name = "name"
    full_name = "//pubsub.googleapis.com/{name}"

    ephemeral = ("Policy.etag",)
