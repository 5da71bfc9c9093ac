"""Cloud Run functions, of both generations."""

from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call


class Function(GcpWatcher):
    technology = "gcp.functions.function"
    label = "Cloud Run function"

    service = "cloudfunctions.v2"
    listing = Call(
        "projects.locations.functions.list",
        "functions",
        params={"parent": "projects/{account}/locations/-", "pageSize": 1000},
    )
    details = {"Policy": policy_of("projects.locations.functions.getIamPolicy")}

    id = "name"
    name = "name"
    full_name = "//cloudfunctions.googleapis.com/{name}"

    ephemeral = (
        "Policy.etag",
        "buildConfig.build",
        "buildConfig.sourceToken",
        "serviceConfig.revision",
        "state",
        "stateMessages",
        "updateTime",
        "upgradeInfo",
    )
    secret = (
        "buildConfig.environmentVariables",
        "serviceConfig.environmentVariables",
        "upgradeInfo.buildConfig.environmentVariables",
        "upgradeInfo.serviceConfig.environmentVariables",
    )
