"""Kubernetes Engine: clusters and their node pools."""

from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call


class Cluster(GcpWatcher):
    technology = "gcp.gke.cluster"
    label = "Kubernetes cluster"

    service = "container.v1"
    listing = Call(
        "projects.locations.clusters.list",
        "clusters",
        params={"parent": "projects/{account}/locations/-"},
    )

    id = "id || selfLink"
    name = "name"
    region = "location"
    full_name = "//container.googleapis.com/projects/{account}/locations/{location}/clusters/{name}"

    # Steps on the way from one state to another, and what follows from how many nodes there are.
    ephemeral = (
        "etag",
        "conditions",
        "currentNodeCount",
        "databaseEncryption.lastOperationErrors",
        "instanceGroupUrls",
        "labelFingerprint",
        "maintenancePolicy.resourceVersion",
        "maintenancePolicy.disruptionBudget",
        "nodePools[].conditions",
        "nodePools[].etag",
        "nodePools[].instanceGroupUrls",
        "nodePools[].status",
        "nodePools[].updateInfo",
        "status",
        "statusMessage",
    )
    secret = (
        "masterAuth.clientKey",
        "masterAuth.password",
        "nodeConfig.metadata",
        "nodePools[].config.metadata",
    )
