"""Cloud Monitoring: who is alerted, and of what."""

from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call


class AlertPolicy(GcpWatcher):
    technology = "gcp.monitoring.alert_policy"
    label = "Alert policy"

    service = "monitoring.v3"
    listing = Call(
        "projects.alertPolicies.list",
        "alertPolicies",
        params={"name": "projects/{account}", "pageSize": 1000},
    )

    id = "name"
    name = "displayName"
    full_name = "//monitoring.googleapis.com/{name}"

    ephemeral = ("mutationRecord",)
