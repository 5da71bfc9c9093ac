"""The invented company at Azure: one subscription, kept as carelessly as the rest."""

from copy import deepcopy
from typing import Any

from config.demo.azure import Azure, Thing

TENANT = "7d1f0c52-3b7e-4c56-9a35-0c4f1c7a0001"
SUBSCRIPTION = "7d1f0c52-3b7e-4c56-9a35-0c4f1c7a0002"
HERE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{HERE}/resourceGroups/returns"
NSG = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/returns-web"
OFFICE = "198.51.100.0/24"
SECURITY = f"{HERE}/providers/Microsoft.Security"


def found(azure: Azure) -> None:
    """Put the subscription there: what is well kept, and what rules are to find."""
    azure.subscription(SUBSCRIPTION, TENANT, "Halden returns")
    azure.put(GROUP, {"location": "westeurope", "tags": {"team": "returns"}, "properties": {}})
    for path, properties, more in deepcopy((*NETWORK, *DATA, *APPS)):
        own = {"location": "westeurope", "properties": properties}
        azure.put(f"{GROUP}/providers/{path}", own | more)
    for path, properties in deepcopy(WATCHING).items():
        azure.put(f"{SECURITY}/{path}", {"properties": properties})


def rule(name: str, port: str, source: str, priority: int) -> Thing:
    """A rule of a network security group that lets something in."""
    return {
        "id": f"{NSG}/securityRules/{name}",
        "name": name,
        "etag": 'W/"1"',
        "properties": {
            "provisioningState": "Succeeded",
            "protocol": "Tcp",
            "sourcePortRange": "*",
            "destinationPortRange": port,
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": "*",
            "access": "Allow",
            "priority": priority,
            "direction": "Inbound",
        },
    }


Part = tuple[str, dict[str, Any], dict[str, Any]]
STORAGE = "Microsoft.Storage/storageAccounts/haldenreturns"
VAULT = "Microsoft.KeyVault/vaults/halden-returns"
SQL = "Microsoft.Sql/servers/halden-returns"
SITE = "Microsoft.Web/sites/halden-returns"

NETWORK: tuple[Part, ...] = (
    (
        "Microsoft.Network/networkSecurityGroups/returns-web",
        {
            "provisioningState": "Succeeded",
            "securityRules": [
                rule("https", "443", "Internet", 100),
                rule("ssh-office", "22", OFFICE, 200),
            ],
            "defaultSecurityRules": [],
        },
        {"etag": 'W/"1"'},
    ),
    (
        "Microsoft.Network/virtualNetworks/returns",
        {"addressSpace": {"addressPrefixes": ["10.60.0.0/16"]}, "enableDdosProtection": False},
        {},
    ),
    (
        "Microsoft.Network/publicIPAddresses/returns",
        {"ipAddress": "203.0.113.201", "publicIPAllocationMethod": "Static"},
        {"sku": {"name": "Standard"}},
    ),
    ("Microsoft.Network/networkWatchers/NetworkWatcher_westeurope", {}, {}),
)
DATA: tuple[Part, ...] = (
    (
        STORAGE,
        {
            "supportsHttpsTrafficOnly": False,
            "minimumTlsVersion": "TLS1_0",
            "allowBlobPublicAccess": True,
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
        },
        {"kind": "StorageV2", "sku": {"name": "Standard_LRS", "tier": "Standard"}},
    ),
    (f"{STORAGE}/blobServices/default", {"deleteRetentionPolicy": {"enabled": False}}, {}),
    (f"{STORAGE}/blobServices/default/containers/labels", {"publicAccess": "Container"}, {}),
    (f"{STORAGE}/blobServices/default/containers/refunds", {"publicAccess": "None"}, {}),
    (
        VAULT,
        {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "enableSoftDelete": True,
            "enableRbacAuthorization": False,
            "accessPolicies": [],
            "vaultUri": "https://halden-returns.vault.azure.net/",
        },
        {},
    ),
    (f"{VAULT}/secrets/parcel-api", {"attributes": {"enabled": True}}, {}),
    (
        SQL,
        {"version": "12.0", "minimalTlsVersion": "1.0", "publicNetworkAccess": "Enabled"},
        {"kind": "v12.0"},
    ),
    (
        f"{SQL}/firewallRules/everyone",
        {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"},
        {},
    ),
    (f"{SQL}/auditingSettings/default", {"state": "Disabled", "retentionDays": 0}, {}),
    (f"{SQL}/securityAlertPolicies/default", {"state": "Disabled", "emailAddresses": []}, {}),
    (f"{SQL}/encryptionProtector/current", {"serverKeyType": "ServiceManaged"}, {}),
    (f"{SQL}/databases/returns", {"status": "Online"}, {}),
    (f"{SQL}/databases/returns/transparentDataEncryption/current", {"state": "Disabled"}, {}),
)
APPS: tuple[Part, ...] = (
    (SITE, {"state": "Running", "httpsOnly": False, "clientCertEnabled": False}, {"kind": "app"}),
    (
        f"{SITE}/config/web",
        {"minTlsVersion": "1.0", "ftpsState": "AllAllowed", "http20Enabled": False},
        {},
    ),
    (f"{SITE}/config/authsettingsV2", {"platform": {"enabled": False}}, {}),
)
WATCHING: dict[str, dict[str, Any]] = {
    "pricings/VirtualMachines": {"pricingTier": "Free"},
    "pricings/StorageAccounts": {"pricingTier": "Standard"},
    "autoProvisioningSettings/default": {"autoProvision": "On"},
    "securityContacts/default": {"emails": "", "alertNotifications": {"state": "Off"}},
    "policies/default": {"policyLevel": "Subscription", "logCollection": "On"},
}
