"""SQL servers: who gets in, what is written down, and how databases are encrypted."""

from functools import partial
from typing import Any

from accounts.models import Account
from items.watchers.azure.base import AzureWatcher, below, listed, setting
from items.watchers.base import Call, Row

VERSION = "2021-11-01"
EXPRESS = "2023-08-01"
DATABASES = below("databases", VERSION)
ENCRYPTION = Call(
    "{id}/transparentDataEncryption/current",
    params={"api-version": VERSION},
    keys={"id": "id"},
    permission="Microsoft.Sql/servers/databases/transparentDataEncryption/read",
)
# Holds logins, no data; Azure encrypts it by itself and lets nobody say so.
SYSTEM = "master"


class Server(AzureWatcher):
    technology = "azure.sql.server"
    label = "SQL server"

    listing = listed("Microsoft.Sql/servers", VERSION)
    details = {
        "FirewallRules": below("firewallRules", VERSION),
        "Auditing": setting("auditingSettings/default", VERSION),
        "Administrators": below("administrators", VERSION),
        "SecurityAlertPolicy": setting("securityAlertPolicies/default", VERSION),
        "EncryptionProtector": setting("encryptionProtector/current", VERSION),
        # Scans for weaknesses: with a storage account, and in the express way without one.
        "VulnerabilityAssessments": below("vulnerabilityAssessments", VERSION),
        "SqlVulnerabilityAssessments": below("sqlVulnerabilityAssessments", EXPRESS),
    }
    others = (DATABASES, ENCRYPTION)
    adds = ("Databases",)

    # How far back a database can be brought moves all the time; one without load goes to sleep.
    ephemeral = (
        *AzureWatcher.ephemeral,
        "Databases[].properties.earliestRestoreDate",
        "Databases[].properties.pausedDate",
        "Databases[].properties.resumedDate",
        "Databases[].properties.status",
    )
    secret = (
        "properties.administratorLoginPassword",
        "Auditing.properties.storageAccountAccessKey",
        "SecurityAlertPolicy.properties.storageAccountAccessKey",
        "VulnerabilityAssessments[].properties.storageAccountAccessKey",
        "VulnerabilityAssessments[].properties.storageContainerSasKey",
    )

    def complete(self, account: Account, row: Row) -> None:
        super().complete(account, row)
        self.fill(row, "Databases", partial(self.databases, account, row))

    def databases(self, account: Account, row: Row) -> list[dict[str, Any]]:
        """Return a server's databases, each with how it is encrypted; null for the system's."""
        found: list[dict[str, Any]] = self.read(account, row.place, DATABASES, row.config)
        for one in found:
            encryption = partial(self.read, account, row.place, ENCRYPTION, one)
            one["TransparentDataEncryption"] = None if one["name"] == SYSTEM else encryption()
        return found
