"""Azure's networks: who may reach what, and what watches over it."""

from items.watchers.azure.base import AzureWatcher, below, diagnostic_settings, listed

VERSION = "2024-05-01"


def of_each(*lists: str) -> tuple[str, ...]:
    """Return what Azure moves by itself in each element of lists below ``properties``."""
    return tuple(
        f"properties.{name}[].{field}"
        for name in lists
        for field in ("etag", "properties.provisioningState")
    )


class SecurityGroup(AzureWatcher):
    technology = "azure.network.security_group"
    label = "Network security group"
    element_names = {
        "properties.securityRules": ("name",),
        "properties.defaultSecurityRules": ("name",),
    }

    listing = listed("Microsoft.Network/networkSecurityGroups", VERSION)

    ephemeral = (*AzureWatcher.ephemeral, *of_each("securityRules", "defaultSecurityRules"))


class VirtualNetwork(AzureWatcher):
    technology = "azure.network.virtual_network"
    label = "Virtual network"
    element_names = {"properties.subnets": ("name",)}

    listing = listed("Microsoft.Network/virtualNetworks", VERSION)

    # In a subnet stand all addresses that machines take there as they come and go.
    ephemeral = (
        *AzureWatcher.ephemeral,
        *of_each("subnets", "virtualNetworkPeerings"),
        "properties.subnets[].properties.ipConfigurations",
    )


class PublicAddress(AzureWatcher):
    technology = "azure.network.public_address"
    label = "Public IP address"

    listing = listed("Microsoft.Network/publicIPAddresses", VERSION)


class LoadBalancer(AzureWatcher):
    technology = "azure.network.load_balancer"
    label = "Load balancer"

    listing = listed("Microsoft.Network/loadBalancers", VERSION)
    details = {"DiagnosticSettings": diagnostic_settings()}

    ephemeral = (
        *AzureWatcher.ephemeral,
        *of_each(
            "frontendIPConfigurations",
            "backendAddressPools",
            "loadBalancingRules",
            "inboundNatRules",
            "outboundRules",
            "probes",
        ),
    )


class ApplicationGateway(AzureWatcher):
    technology = "azure.network.application_gateway"
    label = "Application gateway"

    listing = listed("Microsoft.Network/applicationGateways", VERSION)
    details = {"DiagnosticSettings": diagnostic_settings()}

    ephemeral = (
        *AzureWatcher.ephemeral,
        *of_each(
            "gatewayIPConfigurations",
            "frontendIPConfigurations",
            "frontendPorts",
            "backendAddressPools",
            "backendHttpSettingsCollection",
            "httpListeners",
            "requestRoutingRules",
            "sslCertificates",
        ),
        "properties.operationalState",
    )
    # The first suite that both sides know is taken.
    ordered = ("properties.sslPolicy.cipherSuites",)


class Watcher(AzureWatcher):
    technology = "azure.network.watcher"
    label = "Network watcher"

    listing = listed("Microsoft.Network/networkWatchers", VERSION)
    details = {"FlowLogs": below("flowLogs", VERSION)}

    ephemeral = (
        *AzureWatcher.ephemeral,
        "FlowLogs[].etag",
        "FlowLogs[].properties.provisioningState",
    )
