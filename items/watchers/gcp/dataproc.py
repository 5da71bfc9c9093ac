"""Dataproc: clusters, in every region."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Account
from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call

REGIONS = Call(
    "regions.list", "items[].name", params={"project": "{account}"}, service="compute.v1"
)
# Old clusters are in none.
NO_REGION = "global"


class Cluster(GcpWatcher):
    technology = "gcp.dataproc.cluster"
    label = "Dataproc cluster"

    service = "dataproc.v1"
    listing = Call(
        "projects.regions.clusters.list",
        "clusters",
        params={"projectId": "{account}", "pageSize": 200},
        keys={"region": "at"},
    )
    others = (REGIONS,)

    id = "clusterUuid"
    name = "clusterName"
    full_name = (
        "//dataproc.googleapis.com/projects/{account}/regions/{place}/clusters/{clusterName}"
    )

    # Steps on the way from one state to another, and the autoscaler's own doing.
    ephemeral = (
        "metrics",
        "status",
        "statusHistory",
        "config.secondaryWorkerConfig.instanceNames",
        "config.secondaryWorkerConfig.instanceReferences",
        "config.secondaryWorkerConfig.numInstances",
        "config.workerConfig.instanceNames",
        "config.workerConfig.instanceReferences",
        "config.workerConfig.numInstances",
    )
    secret = ("config.gceClusterConfig.metadata",)

    def places(self, account: Account) -> list[str]:
        """Dataproc lists one region at a time."""
        return sorted({NO_REGION, *self.read(account, NO_REGION, REGIONS, {})})

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        at = {"at": place} if call is self.listing else config
        yield from super().pages(account, place, call, at)
