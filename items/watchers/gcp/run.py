"""Cloud Run: services, in every location."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Account
from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call

LOCATIONS = Call(
    "projects.locations.list",
    "locations[].locationId",
    params={"name": "projects/{account}"},
    service="run.v1",
)


class RunService(GcpWatcher):
    technology = "gcp.run.service"
    label = "Cloud Run service"

    service = "run.v2"
    listing = Call("projects.locations.services.list", "services", keys={"parent": "at"})
    details = {"Policy": policy_of("projects.locations.services.getIamPolicy")}
    others = (LOCATIONS,)

    id = "name"
    name = "name"
    full_name = "//run.googleapis.com/{name}"

    ephemeral = (
        "Policy.etag",
        "client",
        "clientVersion",
        "conditions",
        "etag",
        "generation",
        "lastModifier",
        "latestCreatedRevision",
        "latestReadyRevision",
        "observedGeneration",
        "reconciling",
        "template.clientVersion",
        "template.revision",
        "terminalCondition",
        "trafficStatuses",
        "updateTime",
    )
    secret = (
        "buildConfig.environmentVariables",
        "template.containers[].env[].value",
        "template.containers[].buildConfig.buildpacksBuild.environmentVariables",
    )

    def places(self, account: Account) -> list[str]:
        """Cloud Run lists one location at a time."""
        return sorted(self.read(account, "global", LOCATIONS, {}))

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        at = {"at": f"projects/{account.identifier}/locations/{place}"}
        yield from super().pages(account, place, call, at if call is self.listing else config)
