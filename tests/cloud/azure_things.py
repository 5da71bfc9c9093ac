"""One of each kind of thing in Azure, in the shape that Microsoft's REST reference shows."""

from typing import Any

from config.demo.azure import Azure
from tests.cloud.azure import SUBSCRIPTION, WEB

HERE = f"/subscriptions/{SUBSCRIPTION}"
Thing = dict[str, Any]


def resource(path: str, properties: Thing, **more: Any) -> tuple[str, Thing]:
    """A resource in the group: its id, and what is at it."""
    own = {"location": "westeurope", "properties": properties}
    return f"{WEB}/providers/{path}", own | more


def child(path: str, properties: Thing, **more: Any) -> tuple[str, Thing]:
    """What has no location of its own."""
    return f"{WEB}/providers/{path}", {"properties": properties} | more


NSG = f"{WEB}/providers/Microsoft.Network/networkSecurityGroups/web"
STORAGE = "Microsoft.Storage/storageAccounts/acmelogs"
VAULT = "Microsoft.KeyVault/vaults/acme"
SQL = "Microsoft.Sql/servers/acme"
POSTGRES = "Microsoft.DBforPostgreSQL/flexibleServers/orders"
MYSQL = "Microsoft.DBforMySQL/flexibleServers/shop"
SITE = "Microsoft.Web/sites/shop"
VM = "Microsoft.Compute/virtualMachines/jump"
WATCHER = "Microsoft.Network/networkWatchers/NetworkWatcher_westeurope"
DIAGNOSTICS = "providers/Microsoft.Insights/diagnosticSettings"
LOGS = [{"category": "AuditEvent", "enabled": True}]

THINGS: list[tuple[str, Thing]] = [
    (WEB, {"location": "westeurope", "tags": {"team": "shop"}, "properties": {}}),
    resource(
        "Microsoft.Network/networkSecurityGroups/web",
        {
            "provisioningState": "Succeeded",
            "resourceGuid": "00000000-0000-0000-0000-000000000000",
            "securityRules": [
                {
                    "id": f"{NSG}/securityRules/https",
                    "name": "https",
                    "etag": 'W/"1"',
                    "properties": {
                        "provisioningState": "Succeeded",
                        "protocol": "Tcp",
                        "sourcePortRange": "*",
                        "destinationPortRange": "443",
                        "sourceAddressPrefix": "Internet",
                        "destinationAddressPrefix": "*",
                        "access": "Allow",
                        "priority": 100,
                        "direction": "Inbound",
                        "sourceAddressPrefixes": [],
                    },
                }
            ],
            "defaultSecurityRules": [],
        },
        etag='W/"1"',
    ),
    resource(
        "Microsoft.Network/virtualNetworks/main",
        {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {
                    "name": "web",
                    "properties": {
                        "addressPrefix": "10.0.1.0/24",
                        "networkSecurityGroup": {"id": NSG},
                    },
                }
            ],
            "enableDdosProtection": False,
        },
    ),
    resource(
        "Microsoft.Network/publicIPAddresses/web",
        {"ipAddress": "198.51.100.7", "publicIPAllocationMethod": "Static"},
        sku={"name": "Standard"},
    ),
    resource(
        "Microsoft.Network/loadBalancers/web",
        {"loadBalancingRules": [{"name": "https", "properties": {"frontendPort": 443}}]},
    ),
    resource(
        "Microsoft.Network/applicationGateways/shop",
        {
            "sslPolicy": {
                "policyType": "Custom",
                "minProtocolVersion": "TLSv1_2",
                "cipherSuites": [
                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                ],
            },
            "webApplicationFirewallConfiguration": {"enabled": True, "firewallMode": "Detection"},
        },
    ),
    resource(WATCHER, {"provisioningState": "Succeeded"}),
    resource(
        f"{WATCHER}/flowLogs/web",
        {
            "targetResourceId": NSG,
            "enabled": True,
            "retentionPolicy": {"days": 90, "enabled": True},
        },
    ),
    resource(
        VM,
        {
            "hardwareProfile": {"vmSize": "Standard_B2s"},
            "osProfile": {
                "computerName": "jump",
                "linuxConfiguration": {"disablePasswordAuthentication": True},
            },
            "storageProfile": {"osDisk": {"osType": "Linux", "managedDisk": {"id": "disk"}}},
            "securityProfile": {"encryptionAtHost": True},
        },
        identity={"type": "SystemAssigned"},
    ),
    resource(
        f"{VM}/extensions/script",
        {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "settings": {"commandToExecute": "curl -u admin:hunter2 https://example.com"},
        },
    ),
    resource(
        "Microsoft.Compute/disks/data",
        {
            "diskState": "Unattached",
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "networkAccessPolicy": "AllowAll",
        },
    ),
    resource("Microsoft.Compute/snapshots/data-1", {"publicNetworkAccess": "Enabled"}),
    resource(
        STORAGE,
        {
            "supportsHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
            "keyCreationTime": {"key1": "2025-01-01T00:00:00Z", "key2": "2025-01-01T00:00:00Z"},
            "primaryEndpoints": {
                service: f"https://acmelogs.{service}.core.windows.net/"
                for service in ("blob", "dfs", "file", "queue", "table", "web")
            },
        },
        kind="StorageV2",
        sku={"name": "Standard_LRS", "tier": "Standard"},
    ),
    child(
        f"{STORAGE}/blobServices/default",
        {"deleteRetentionPolicy": {"enabled": True, "days": 14}},
    ),
    *(
        child(
            f"{STORAGE}/{service}Services/default/{DIAGNOSTICS}/all",
            {"logs": [{"category": "StorageRead", "enabled": True}], "workspaceId": "workspace"},
        )
        for service in ("blob", "queue", "table")
    ),
    child(
        f"{STORAGE}/blobServices/default/containers/insights",
        {"publicAccess": "None", "leaseStatus": "Unlocked", "leaseState": "Available"},
        etag='"0x8D6"',
    ),
    resource(
        VAULT,
        {
            "tenantId": "aaaaaaaa-0000-4000-8000-000000000001",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "vaultUri": "https://acme.vault.azure.net/",
        },
    ),
    child(
        f"{VAULT}/keys/disk",
        {
            "attributes": {"enabled": True, "exp": 1893456000},
            "rotationPolicy": {
                "attributes": {"expiryTime": "P2Y"},
                "lifetimeActions": [
                    {"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "rotate"}}
                ],
            },
        },
    ),
    child(f"{VAULT}/secrets/smtp", {"attributes": {"enabled": True}, "value": "hunter2"}),
    child(
        f"{VAULT}/{DIAGNOSTICS}/audit",
        {"logs": LOGS, "workspaceId": "workspace"},
    ),
    resource(
        SQL,
        {
            "administratorLogin": "sql",
            "administratorLoginPassword": None,
            "version": "12.0",
            "minimalTlsVersion": "1.2",
            "publicNetworkAccess": "Enabled",
        },
        kind="v12.0",
    ),
    child(
        f"{SQL}/firewallRules/AllowAllWindowsAzureIps",
        {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"},
    ),
    child(
        f"{SQL}/auditingSettings/default",
        {"state": "Enabled", "retentionDays": 90, "isAzureMonitorTargetEnabled": True},
    ),
    child(f"{SQL}/administrators/ActiveDirectory", {"administratorType": "ActiveDirectory"}),
    child(f"{SQL}/securityAlertPolicies/default", {"state": "Enabled", "emailAddresses": []}),
    child(f"{SQL}/encryptionProtector/current", {"serverKeyType": "ServiceManaged"}),
    child(
        f"{SQL}/vulnerabilityAssessments/default",
        {
            "storageContainerPath": "https://acmelogs.blob.core.windows.net/scans/",
            "storageContainerSasKey": "sv=2025&sig=hunter2",
            "recurringScans": {"isEnabled": True, "emailSubscriptionAdmins": True, "emails": []},
        },
    ),
    child(f"{SQL}/sqlVulnerabilityAssessments/default", {"state": "Disabled"}),
    resource(f"{SQL}/databases/master", {"status": "Online"}),
    resource(f"{SQL}/databases/shop", {"status": "Online"}),
    child(f"{SQL}/databases/shop/transparentDataEncryption/current", {"state": "Enabled"}),
    resource(POSTGRES, {"version": "15", "network": {"publicNetworkAccess": "Enabled"}}),
    child(f"{POSTGRES}/firewallRules/office", {"startIpAddress": "192.0.2.1"}),
    child(f"{POSTGRES}/configurations/require_secure_transport", {"value": "on"}),
    resource(
        "Microsoft.DBforPostgreSQL/servers/old",
        {"version": "11", "infrastructureEncryption": "Disabled", "sslEnforcement": "Enabled"},
    ),
    resource(MYSQL, {"version": "8.0.21", "network": {"publicNetworkAccess": "Disabled"}}),
    child(f"{MYSQL}/firewallRules/office", {"startIpAddress": "192.0.2.1"}),
    child(f"{MYSQL}/configurations/tls_version", {"value": "TLSv1.2"}),
    resource(
        "Microsoft.DocumentDB/databaseAccounts/carts",
        {"publicNetworkAccess": "Enabled", "ipRules": [], "disableLocalAuth": False},
        kind="GlobalDocumentDB",
    ),
    resource(
        SITE,
        {
            "state": "Running",
            "httpsOnly": True,
            "clientCertEnabled": False,
            "siteConfig": {"appSettings": None, "minTlsVersion": None},
        },
        kind="app,linux",
        location="West Europe",
    ),
    child(
        f"{SITE}/config/web",
        {
            "minTlsVersion": "1.2",
            "ftpsState": "FtpsOnly",
            "http20Enabled": True,
            "publishingUsername": "$shop",
            "appSettings": None,
        },
    ),
    child(f"{SITE}/config/authsettingsV2", {"platform": {"enabled": True}}),
    resource(
        "Microsoft.ContainerService/managedClusters/prod",
        {
            "kubernetesVersion": "1.29.2",
            "enableRBAC": True,
            "apiServerAccessProfile": {"authorizedIPRanges": ["192.0.2.0/24"]},
            "agentPoolProfiles": [{"name": "nodes", "count": 3, "provisioningState": "Succeeded"}],
        },
    ),
    (
        f"{HERE}/providers/Microsoft.Authorization/roleAssignments/"
        "99999999-0000-4000-8000-000000000001",
        {
            "properties": {
                "roleDefinitionId": f"{HERE}/providers/Microsoft.Authorization/roleDefinitions/"
                "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
                "principalId": "99999999-0000-4000-8000-00000000000a",
                "principalType": "User",
                "scope": HERE,
            }
        },
    ),
    (
        f"{HERE}/providers/Microsoft.Authorization/roleDefinitions/"
        "99999999-0000-4000-8000-000000000002",
        {
            "properties": {
                "roleName": "Operators of the shop",
                "type": "CustomRole",
                "permissions": [{"actions": ["*"], "notActions": []}],
                "assignableScopes": [HERE],
            }
        },
    ),
    resource(
        "Microsoft.Insights/activityLogAlerts/policies",
        {
            "enabled": True,
            "scopes": [HERE],
            "condition": {
                "allOf": [
                    {
                        "field": "operationName",
                        "equals": "Microsoft.Authorization/policyAssignments/write",
                    }
                ]
            },
        },
        location="Global",
    ),
    resource(
        "Microsoft.Insights/components/shop",
        {
            "ApplicationId": "shop",
            "Application_Type": "web",
            "InstrumentationKey": "hunter2",
            "ConnectionString": "InstrumentationKey=hunter2;IngestionEndpoint=https://example.com/",
            "WorkspaceResourceId": "workspace",
        },
        kind="web",
    ),
    (
        f"{HERE}/providers/Microsoft.Insights/diagnosticSettings/activity",
        {"properties": {"logs": [{"category": "Administrative", "enabled": True}]}},
    ),
    (
        f"{HERE}/providers/Microsoft.Security/pricings/VirtualMachines",
        {
            "properties": {
                "pricingTier": "Standard",
                "subPlan": "P2",
                "freeTrialRemainingTime": "P30D",
                "enablementTime": "2023-03-01T12:42:42.192195Z",
                "resourcesCoverageStatus": "FullyCovered",
                "extensions": [
                    {
                        "name": "AgentlessVmScanning",
                        "isEnabled": "True",
                        "additionalExtensionProperties": {"ExclusionTags": "[]"},
                    }
                ],
            }
        },
    ),
    (
        f"{HERE}/providers/Microsoft.Security/autoProvisioningSettings/default",
        {"properties": {"autoProvision": "Off"}},
    ),
    (
        f"{HERE}/providers/Microsoft.Security/securityContacts/default",
        {
            "properties": {
                "emails": "soc@example.com",
                "phone": "",
                "alertNotifications": {"state": "On", "minimalSeverity": "High"},
                "notificationsByRole": {"state": "On", "roles": ["Owner"]},
            }
        },
    ),
    (
        f"{HERE}/providers/Microsoft.Security/settings/MCAS",
        {"kind": "DataExportSettings", "properties": {"enabled": True}},
    ),
    (
        f"{HERE}/providers/Microsoft.Security/secureScores/ascScore",
        {
            "properties": {
                "displayName": "ASC score",
                "score": {"max": 39, "current": 23.53, "percentage": 0.6033},
                "weight": 67,
            }
        },
    ),
    (
        f"{HERE}/providers/Microsoft.Security/assessments/21300918-b2e3-0346-785f-c77ff57d243b",
        {
            "properties": {
                "resourceDetails": {"source": "Azure", "id": f"{WEB}/providers/{VM}"},
                "displayName": "Install endpoint protection solution",
                "status": {
                    "code": "Unhealthy",
                    "cause": "",
                    "description": "",
                    "firstEvaluationDate": "2025-01-01T10:00:00.000Z",
                    "statusChangeDate": "2025-02-01T10:00:00.000Z",
                },
                "additionalData": {"linkedWorkspaceId": "workspace"},
            }
        },
    ),
    (
        f"{WEB}/providers/Microsoft.Security/locations/westeurope/jitNetworkAccessPolicies/default",
        {
            "kind": "Basic",
            "location": "westeurope",
            "properties": {
                "provisioningState": "Succeeded",
                "virtualMachines": [
                    {
                        "id": f"{WEB}/providers/{VM}",
                        "ports": [
                            {
                                "number": 22,
                                "protocol": "*",
                                "allowedSourceAddressPrefix": "*",
                                "maxRequestAccessDuration": "PT3H",
                            }
                        ],
                    }
                ],
                "requests": [],
            },
        },
    ),
    (
        f"{HERE}/providers/Microsoft.Security/policies/default",
        {"properties": {"policyLevel": "Subscription", "logCollection": "Off"}},
    ),
]


def fill(azure: Azure) -> None:
    """Put one of each there."""
    for identifier, thing in THINGS:
        azure.put(identifier, thing)
