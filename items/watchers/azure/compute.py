"""Azure's machines and their disks."""

from items.watchers.azure.base import AzureWatcher, below, listed

MACHINES = "2024-07-01"
DISKS = "2024-03-02"


class VirtualMachine(AzureWatcher):
    technology = "azure.compute.virtual_machine"
    label = "Virtual machine"

    listing = listed("Microsoft.Compute/virtualMachines", MACHINES)
    details = {"Extensions": below("extensions", MACHINES)}

    ephemeral = (*AzureWatcher.ephemeral, "Extensions[].properties.provisioningState")
    # Commands, scripts and addresses with keys in them stand where everybody may read them.
    secret = (
        "Extensions[].properties.settings.commandToExecute",
        "Extensions[].properties.settings.fileUris",
        "Extensions[].properties.settings.script",
        "properties.osProfile.customData",
        "properties.userData",
    )


class Disk(AzureWatcher):
    technology = "azure.compute.disk"
    label = "Managed disk"

    listing = listed("Microsoft.Compute/disks", DISKS)

    # The state follows a machine that is stopped and started; ``managedBy`` says whose disk it is.
    ephemeral = (
        *AzureWatcher.ephemeral,
        "properties.diskState",
        "properties.LastOwnershipUpdateTime",
        "properties.propertyUpdatesInProgress",
    )


class Snapshot(AzureWatcher):
    technology = "azure.compute.snapshot"
    label = "Snapshot of a disk"

    listing = listed("Microsoft.Compute/snapshots", DISKS)

    ephemeral = (
        *AzureWatcher.ephemeral,
        "properties.diskState",
        "properties.completionPercent",
    )
