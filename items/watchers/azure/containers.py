"""Kubernetes on Azure."""

from items.watchers.azure.base import AzureWatcher, diagnostic_settings, listed


class Cluster(AzureWatcher):
    technology = "azure.aks.cluster"
    label = "AKS cluster"
    element_names = {"properties.agentPoolProfiles": ("name",)}

    listing = listed("Microsoft.ContainerService/managedClusters", "2024-05-01")
    details = {"DiagnosticSettings": diagnostic_settings()}

    # The autoscaler's own doing.
    ephemeral = (
        *AzureWatcher.ephemeral,
        "properties.agentPoolProfiles[].count",
        "properties.agentPoolProfiles[].eTag",
        "properties.agentPoolProfiles[].provisioningState",
        "eTag",
    )
    secret = (
        "properties.servicePrincipalProfile.secret",
        "properties.windowsProfile.adminPassword",
    )
