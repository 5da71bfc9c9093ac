"""Storage accounts: who reaches them, how, and which containers are open to everybody."""

from items.watchers.azure.base import AzureWatcher, below, listed, setting

VERSION = "2023-05-01"
# What accounts for files or disks only say when they are asked for blobs.
NO_BLOBS = ("FeatureNotSupportedForAccount",)


class StorageAccount(AzureWatcher):
    technology = "azure.storage.account"
    label = "Storage account"

    listing = listed("Microsoft.Storage/storageAccounts", VERSION)
    details = {
        "BlobService": setting("blobServices/default", VERSION, absent=NO_BLOBS),
        "Containers": below("blobServices/default/containers", VERSION, absent=NO_BLOBS),
    }

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
