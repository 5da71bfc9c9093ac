"""Cloud Logging: where logs go, and what is counted in them."""

from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call

PARENT = {"parent": "projects/{account}", "pageSize": 1000}


class Sink(GcpWatcher):
    technology = "gcp.logging.sink"
    label = "Log sink"

    service = "logging.v2"
    listing = Call("projects.sinks.list", "sinks", params=PARENT)

    id = "name"
    name = "name"
    full_name = "//logging.googleapis.com/projects/{account}/sinks/{name}"

    ephemeral = ("updateTime", "exclusions[].updateTime")


class Metric(GcpWatcher):
    technology = "gcp.logging.metric"
    label = "Log metric"

    service = "logging.v2"
    listing = Call(
        "projects.metrics.list", "metrics", params=PARENT, permission="logging.logMetrics.list"
    )

    id = "name"
    name = "name"
    full_name = "//logging.googleapis.com/projects/{account}/metrics/{name}"

    ephemeral = ("updateTime",)
