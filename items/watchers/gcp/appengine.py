"""App Engine: versions of a project's services, and how each address of theirs is served."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Account
from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call

# A project without an application says that there is none.
SERVICES = Call(
    "apps.services.list",
    "services",
    params={"appsId": "{account}", "pageSize": 100},
    absent=("NOT_FOUND",),
)


class Version(GcpWatcher):
    technology = "gcp.appengine.version"
    label = "App Engine version"

    service = "appengine.v1"
    # Only the full view shows handlers.
    listing = Call(
        "apps.services.versions.list",
        "versions",
        params={"appsId": "{account}", "view": "FULL", "pageSize": 100},
        keys={"servicesId": "id"},
    )
    others = (SERVICES,)

    id = "name"
    name = "id"
    full_name = "//appengine.googleapis.com/{name}"

    ephemeral = ("diskUsageBytes",)
    secret = ("buildEnvVariables", "envVariables")

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        """Versions are listed by service; the list of each one's files, often long, is left out."""
        if call is not self.listing:
            yield from super().pages(account, place, call, config)
            return
        for services in super().pages(account, place, SERVICES, {}):
            for service in services or ():
                for versions in super().pages(account, place, call, service):
                    for one in versions:
                        (one.get("deployment") or {}).pop("files", None)
                    yield versions
