"""The invented company at Google Cloud: an organisation, a folder, a project with all kinds."""

from typing import Any

from config.demo.google import Google

ORGANIZATION = "organizations/440011223344"
FOLDER = "folders/550011223344"
PROJECT = "halden-prod"
NUMBER = "100000000000"
OWNER = "user:ann@halden.example"
DEPLOYER = f"deployer@{PROJECT}.iam.gserviceaccount.com"
COMPUTE = "https://www.googleapis.com/compute/v1"
HERE = f"{COMPUTE}/projects/{PROJECT}"
REGION, ZONE = "europe-west1", "europe-west1-b"
MADE = "2025-03-01T01:02:03Z"
KEY = f"projects/{PROJECT}/locations/{REGION}/keyRings/main/cryptoKeys/disks"


def found(google: Google) -> None:
    """Put the company there: what is well kept, and what rules are to find."""
    _tree(google)
    _network(google)
    _machines(google)
    _balancers(google)
    _identities(google)
    _data(google)
    _watching(google)
    _code(google)


def _tree(google: Google) -> None:
    manager = "cloudresourcemanager.v3"
    google.put(manager, ORGANIZATION, {"displayName": "halden.example", "state": "ACTIVE"})
    google.put(
        manager, FOLDER, {"displayName": "Production", "state": "ACTIVE", "parent": ORGANIZATION}
    )
    google.project(PROJECT, FOLDER, displayName="Halden production", labels={"env": "prod"})
    google.policy(manager, ORGANIZATION, _binding("roles/resourcemanager.organizationAdmin", OWNER))
    google.policy(manager, FOLDER, _binding("roles/viewer", "group:staff@halden.example"))
    google.policy(
        manager,
        f"projects/{PROJECT}",
        _binding("roles/owner", OWNER, f"serviceAccount:{DEPLOYER}"),
        _binding("roles/editor", "user:contractor@gmail.com"),
        auditConfigs=[{"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ"}]}],
    )
    for service in ("compute.googleapis.com", "storage.googleapis.com"):
        google.put(
            "serviceusage.v1",
            f"projects/{PROJECT}/services/{service}",
            {
                "name": f"projects/{NUMBER}/services/{service}",
                "parent": f"projects/{NUMBER}",
                "state": "ENABLED",
                "config": {"name": service, "title": service},
            },
        )
    google.put(
        "essentialcontacts.v1",
        f"projects/{PROJECT}/contacts/1",
        {
            "email": "billing@halden.example",
            "notificationCategorySubscriptions": ["BILLING"],
            "languageTag": "en",
            "validationState": "VALID",
            "validateTime": MADE,
        },
    )
    for parent in (f"projects/{PROJECT}", ORGANIZATION, FOLDER):
        google.put(
            "orgpolicy.v2",
            f"{parent}/policies/iam.disableServiceAccountKeyCreation",
            {"spec": {"rules": [{"enforce": True}], "updateTime": MADE, "etag": "CLS"}},
        )
    google.put(
        "compute.v1",
        f"projects/{PROJECT}",
        {
            "kind": "compute#project",
            "name": PROJECT,
            "defaultServiceAccount": f"{NUMBER}-compute@developer.gserviceaccount.com",
            "commonInstanceMetadata": {
                "kind": "compute#metadata",
                "fingerprint": "a1=",
                "items": [
                    {"key": "enable-oslogin", "value": "TRUE"},
                    {"key": "api-token", "value": "swordfish"},
                ],
            },
            "quotas": [{"metric": "NETWORKS", "limit": 5, "usage": 1}],
        },
    )


def _network(google: Google) -> None:
    network = f"{HERE}/global/networks/main"
    _compute(google, "global/networks/main", {"autoCreateSubnetworks": False, "mtu": 1460})
    _compute(google, "global/networks/legacy", {"IPv4Range": "10.240.0.0/16"})
    _compute(
        google,
        f"regions/{REGION}/subnetworks/web",
        {"network": network, "ipCidrRange": "10.1.0.0/20", "privateIpGoogleAccess": False},
    )
    for name, port, sources in (
        ("allow-ssh", "22", ["0.0.0.0/0"]),
        ("allow-web", "443", ["0.0.0.0/0"]),
        ("allow-office", "5432", ["203.0.113.0/24"]),
    ):
        _compute(
            google,
            f"global/firewalls/{name}",
            {
                "network": network,
                "direction": "INGRESS",
                "priority": 1000,
                "disabled": False,
                "sourceRanges": sources,
                "allowed": [{"IPProtocol": "tcp", "ports": [port]}],
                "logConfig": {"enable": False},
            },
        )


def _machines(google: Google) -> None:
    _compute(
        google,
        f"zones/{ZONE}/instances/web-1",
        {
            "status": "RUNNING",
            "machineType": f"{HERE}/zones/{ZONE}/machineTypes/e2-small",
            "canIpForward": True,
            "fingerprint": "f1=",
            "lastStartTimestamp": MADE,
            "metadata": {
                "fingerprint": "m1=",
                "items": [
                    {"key": "startup-script", "value": "export TOKEN=swordfish"},
                    {"key": "serial-port-enable", "value": "1"},
                ],
            },
            "networkInterfaces": [
                {
                    "network": f"{HERE}/global/networks/main",
                    "networkIP": "10.1.0.2",
                    "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "natIP": "198.51.100.7"}],
                }
            ],
            "serviceAccounts": [
                {
                    "email": f"{NUMBER}-compute@developer.gserviceaccount.com",
                    "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
                }
            ],
            "shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": True},
        },
    )
    _compute(google, f"zones/{ZONE}/disks/web-1", {"sizeGb": "10", "status": "READY"})
    _compute(
        google,
        "global/snapshots/web-1",
        {"status": "READY", "diskSizeGb": "10", "sourceDisk": f"{HERE}/zones/{ZONE}/disks/web-1"},
    )
    _compute(google, "global/images/base", {"status": "READY", "diskSizeGb": "10"})
    google.policy(
        "compute.v1",
        f"projects/{PROJECT}/global/images/base",
        _binding("roles/compute.imageUser", "allAuthenticatedUsers"),
    )
    _compute(
        google,
        f"regions/{REGION}/addresses/nat",
        {"address": "198.51.100.8", "addressType": "EXTERNAL", "status": "RESERVED"},
    )


def _balancers(google: Google) -> None:
    _compute(
        google,
        "global/sslPolicies/old",
        {"profile": "COMPATIBLE", "minTlsVersion": "TLS_1_0", "fingerprint": "s1="},
    )
    proxy = {"sslPolicy": f"{HERE}/global/sslPolicies/old"}
    _compute(google, "global/targetHttpsProxies/web", proxy)
    _compute(google, "global/targetSslProxies/web", proxy)
    _compute(
        google,
        "global/backendServices/web",
        {"protocol": "HTTP", "logConfig": {"enable": False}, "iap": {"enabled": False}},
    )
    _compute(
        google,
        "global/forwardingRules/web",
        {
            "IPAddress": "198.51.100.9",
            "IPProtocol": "TCP",
            "loadBalancingScheme": "EXTERNAL",
            "portRange": "443-443",
            "target": f"{HERE}/global/targetHttpsProxies/web",
        },
    )


def _identities(google: Google) -> None:
    account = f"projects/{PROJECT}/serviceAccounts/{DEPLOYER}"
    google.put(
        "iam.v1",
        account,
        {"email": DEPLOYER, "projectId": PROJECT, "uniqueId": "110022003300440055001"},
    )
    google.put(
        "iam.v1",
        f"{account}/keys/0a1b2c",
        {
            "keyType": "USER_MANAGED",
            "keyOrigin": "GOOGLE_PROVIDED",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "validAfterTime": "2024-01-01T00:00:00Z",
            "validBeforeTime": "9999-12-31T23:59:59Z",
        },
    )
    google.policy("iam.v1", account, _binding("roles/iam.serviceAccountTokenCreator", OWNER))
    google.put(
        "iam.v1",
        f"projects/{PROJECT}/roles/ops",
        {"title": "Ops", "stage": "GA", "includedPermissions": ["compute.instances.setMetadata"]},
    )
    google.put(
        "apikeys.v2",
        f"projects/{PROJECT}/locations/global/keys/k1",
        {"uid": "k1", "displayName": "Maps", "createTime": "2024-01-01T00:00:00Z"},
    )
    ring = KEY.partition("/cryptoKeys/")[0]
    google.put("cloudkms.v1", ring, {"createTime": MADE})
    google.put(
        "cloudkms.v1",
        KEY,
        {
            "purpose": "ENCRYPT_DECRYPT",
            "createTime": MADE,
            "primary": {"name": f"{KEY}/cryptoKeyVersions/1", "state": "ENABLED"},
        },
    )
    google.policy("cloudkms.v1", KEY, _binding("roles/cloudkms.admin", "allAuthenticatedUsers"))


def _data(google: Google) -> None:
    google.put(
        "storage.v1",
        "b/halden-invoices",
        {
            "kind": "storage#bucket",
            "id": "halden-invoices",
            "projectNumber": NUMBER,
            "location": "EUROPE-WEST1",
            "timeCreated": MADE,
            "updated": MADE,
            "etag": "CAE=",
            "metageneration": "1",
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": False},
                "publicAccessPrevention": "inherited",
            },
            "acl": [
                {"kind": "storage#bucketAccessControl", "entity": "allUsers", "role": "READER"}
            ],
            "defaultObjectAcl": [{"entity": "allUsers", "role": "READER"}],
            "cors": [{"origin": ["*"], "method": ["GET", "DELETE"]}],
        },
    )
    google.policy(
        "storage.v1", "b/halden-invoices", _binding("roles/storage.objectViewer", "allUsers")
    )
    google.put(
        "sqladmin.v1",
        f"projects/{PROJECT}/instances/orders",
        {
            "kind": "sql#instance",
            "project": PROJECT,
            "region": REGION,
            "databaseVersion": "POSTGRES_16",
            "state": "RUNNABLE",
            "etag": "e1",
            "settings": {
                "tier": "db-g1-small",
                "settingsVersion": "3",
                "backupConfiguration": {"enabled": False},
                "databaseFlags": [{"name": "log_connections", "value": "off"}],
                "ipConfiguration": {
                    "ipv4Enabled": True,
                    "requireSsl": False,
                    "authorizedNetworks": [{"value": "0.0.0.0/0", "name": "all"}],
                },
            },
        },
    )
    google.put(
        "bigquery.v2",
        f"projects/{PROJECT}/datasets/sales",
        {
            "kind": "bigquery#dataset",
            "id": f"{PROJECT}:sales",
            "datasetReference": {"projectId": PROJECT, "datasetId": "sales"},
            "location": "EU",
            "etag": "b1",
            "lastModifiedTime": "1700000000000",
            "access": [{"role": "READER", "specialGroup": "allAuthenticatedUsers"}],
        },
    )
    for table, type_ in (("orders", "TABLE"), ("by_day", "VIEW")):
        about = {"projectId": PROJECT, "datasetId": "sales", "tableId": table}
        google.put(
            "bigquery.v2",
            f"projects/{PROJECT}/datasets/sales/tables/{table}",
            {"id": f"{PROJECT}:sales.{table}", "tableReference": about, "type": type_},
        )
    google.put("pubsub.v1", f"projects/{PROJECT}/topics/orders", {"labels": {"team": "shop"}})
    google.policy(
        "pubsub.v1",
        f"projects/{PROJECT}/topics/orders",
        _binding("roles/pubsub.publisher", "allUsers"),
    )
    google.put(
        "secretmanager.v1",
        f"projects/{PROJECT}/secrets/stripe",
        {
            "name": f"projects/{NUMBER}/secrets/stripe",
            "createTime": MADE,
            "replication": {"automatic": {}},
        },
    )


def _watching(google: Google) -> None:
    google.put(
        "logging.v2",
        f"projects/{PROJECT}/sinks/archive",
        {"destination": "storage.googleapis.com/halden-logs", "filter": "", "createTime": MADE},
    )
    google.put(
        "logging.v2",
        f"projects/{PROJECT}/metrics/owners",
        {"filter": 'protoPayload.methodName="SetIamPolicy"', "createTime": MADE},
    )
    google.put(
        "monitoring.v3",
        f"projects/{PROJECT}/alertPolicies/123",
        {"displayName": "Owner changes", "enabled": True, "combiner": "OR"},
    )
    google.put(
        "dns.v1",
        f"projects/{PROJECT}/managedZones/public",
        {
            "kind": "dns#managedZone",
            "id": "4001",
            "dnsName": "halden.example.",
            "visibility": "public",
            "dnssecConfig": {"state": "off"},
        },
    )
    google.put(
        "dns.v1",
        f"projects/{PROJECT}/policies/log",
        {
            "kind": "dns#policy",
            "id": "4002",
            "enableLogging": True,
            "networks": [{"networkUrl": f"{HERE}/global/networks/main"}],
        },
    )


def _code(google: Google) -> None:
    google.put(
        "container.v1",
        f"projects/{PROJECT}/locations/{REGION}/clusters/shop",
        {
            "name": "shop",
            "id": "c1",
            "location": REGION,
            "status": "RUNNING",
            "legacyAbac": {"enabled": True},
            "masterAuth": {"clusterCaCertificate": "LS0t"},
            "nodePools": [{"name": "one", "config": {"metadata": {"token": "swordfish"}}}],
        },
    )
    google.put("appengine.v1", f"apps/{PROJECT}/services/default", {"id": "default"})
    google.put(
        "appengine.v1",
        f"apps/{PROJECT}/services/default/versions/v1",
        {
            "id": "v1",
            "runtime": "python312",
            "env": "standard",
            "servingStatus": "SERVING",
            "createTime": MADE,
            "diskUsageBytes": "1024",
            "envVariables": {"PASSWORD": "swordfish"},
            "handlers": [
                {
                    "urlRegex": ".*",
                    "securityLevel": "SECURE_OPTIONAL",
                    "script": {"scriptPath": "auto"},
                }
            ],
            "deployment": {"files": {"main.py": {"sha1Sum": "2c1"}}},
        },
    )
    google.put(
        "dataproc.v1",
        f"projects/{PROJECT}/regions/{REGION}/clusters/nightly",
        {
            "projectId": PROJECT,
            "clusterName": "nightly",
            "clusterUuid": "9a1f0a52-0000-4000-8000-000000000001",
            "status": {"state": "RUNNING", "stateStartTime": MADE},
            "config": {
                "gceClusterConfig": {"metadata": {"token": "swordfish"}},
                "workerConfig": {"numInstances": 2},
            },
        },
    )
    run = f"projects/{PROJECT}/locations/{REGION}"
    google.put(
        "cloudfunctions.v2",
        f"{run}/functions/thumbs",
        {
            "environment": "GEN_2",
            "state": "ACTIVE",
            "updateTime": MADE,
            "buildConfig": {"runtime": "python312", "entryPoint": "main"},
            "serviceConfig": {
                "ingressSettings": "ALLOW_ALL",
                "environmentVariables": {"PASSWORD": "swordfish"},
            },
        },
    )
    google.policy(
        "cloudfunctions.v2",
        f"{run}/functions/thumbs",
        _binding("roles/cloudfunctions.invoker", "allUsers"),
    )
    google.put(
        "run.v2",
        f"{run}/services/shop",
        {
            "uid": "r1",
            "etag": "r1",
            "generation": "4",
            "ingress": "INGRESS_TRAFFIC_ALL",
            "updateTime": MADE,
            "template": {
                "containers": [
                    {"image": "shop:1", "env": [{"name": "PASSWORD", "value": "swordfish"}]}
                ]
            },
        },
    )
    google.policy("run.v2", f"{run}/services/shop", _binding("roles/run.invoker", "allUsers"))


def _compute(google: Google, path: str, thing: dict[str, Any]) -> None:
    google.put("compute.v1", f"projects/{PROJECT}/{path}", thing)


def _binding(role: str, *members: str) -> dict[str, Any]:
    return {"role": role, "members": list(members)}
