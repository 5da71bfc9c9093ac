"""Storage accounts: who reaches them, how, and which containers are open to everybody."""

from functools import partial

from accounts.models import Account
from items.paths import read
from items.watchers.azure.base import AzureWatcher, below, diagnostic_settings, listed, setting
from items.watchers.base import Row

VERSION = "2023-05-01"
# What accounts for files or disks only say when they are asked for blobs.
NO_BLOBS = ("FeatureNotSupportedForAccount",)
# The parts that tell what is logged, each of the service that the account's endpoints name so.
LOGGED = {
    "BlobDiagnosticSettings": "blob",
    "QueueDiagnosticSettings": "queue",
    "TableDiagnosticSettings": "table",
}
LOGGING = {
    part: diagnostic_settings(f"{service}Services/default", absent=NO_BLOBS)
    for part, service in LOGGED.items()
}


class StorageAccount(AzureWatcher):
    technology = "azure.storage.account"
    label = "Storage account"

    listing = listed("Microsoft.Storage/storageAccounts", VERSION)
    details = {
        "BlobService": setting("blobServices/default", VERSION, absent=NO_BLOBS),
        "Containers": below("blobServices/default/containers", VERSION, absent=NO_BLOBS),
    }
    others = tuple(LOGGING.values())
    adds = tuple(LOGGING)

    ephemeral = (
        *AzureWatcher.ephemeral,
        "properties.statusOfPrimary",
        "properties.statusOfSecondary",
        "properties.geoReplicationStats",
        # Whoever writes a blob takes and gives back a lease.
        "Containers[].etag",
        "Containers[].properties.lastModifiedTime",
        "Containers[].properties.leaseDuration",
        "Containers[].properties.leaseState",
        "Containers[].properties.leaseStatus",
    )

    def complete(self, account: Account, row: Row) -> None:
        """A service without an endpoint is not there: null, and Azure is not asked about it."""
        super().complete(account, row)
        endpoints = read("properties.primaryEndpoints", row.config)
        for part, call in LOGGING.items():
            if endpoints and LOGGED[part] not in endpoints:
                row.config[part] = None
            else:
                self.fill(row, part, partial(self.read, account, row.place, call, row.config))
