"""Azure's networks: who may reach what, and what watches over it."""

from items.watchers.azure.base import AzureWatcher, listed

VERSION = "2024-05-01"


class SecurityGroup(AzureWatcher):
    technology = "azure.network.security_group"
    label = "Network security group"
    element_names = {
        "properties.securityRules": ("name",),
        "properties.defaultSecurityRules": ("name",),
    }

    listing = listed("Microsoft.Network/networkSecurityGroups", VERSION)

    ephemeral = (
        *AzureWatcher.ephemeral,
        "properties.securityRules[].etag",
        "properties.securityRules[].properties.provisioningState",
        "properties.defaultSecurityRules[].etag",
        "properties.defaultSecurityRules[].properties.provisioningState",
    )
