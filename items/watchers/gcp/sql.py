"""Cloud SQL: instances, with all their settings and flags."""

from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call


class SqlInstance(GcpWatcher):
    technology = "gcp.sql.instance"
    label = "Cloud SQL instance"

    service = "sqladmin.v1"
    listing = Call("instances.list", "items", params={"project": "{account}"})

    id = "name"
    name = "name"
    region = "region"
    full_name = "//cloudsql.googleapis.com/projects/{account}/instances/{name}"

    # What grows, what Google offers or plans.
    ephemeral = (
        "etag",
        "availableMaintenanceVersions",
        "currentDiskSize",
        "maintenanceVersion",
        "outOfDiskReport",
        "scheduledMaintenance",
        "settings.settingsVersion",
        "upgradableDatabaseVersions",
    )
    secret = (
        "rootPassword",
        "onPremisesConfiguration.clientKey",
        "onPremisesConfiguration.password",
        "replicaConfiguration.mysqlReplicaConfiguration.clientKey",
        "replicaConfiguration.mysqlReplicaConfiguration.password",
    )
