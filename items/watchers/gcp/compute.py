"""Compute Engine: networks and what may pass them, machines and their disks, load balancers."""

from typing import Any, ClassVar

from items.paths import read, replaced, steps
from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call

PROJECT = {"project": "{account}"}

# Settings of machines that hold no secret; the values of all other metadata are sealed.
# `ssh-keys` are public keys, with the names of those whose they are.
OPEN_METADATA = frozenset(
    (
        "block-project-ssh-keys",
        "disable-legacy-endpoints",
        "enable-guest-attributes",
        "enable-osconfig",
        "enable-oslogin",
        "enable-oslogin-2fa",
        "enable-oslogin-certificates",
        "enable-oslogin-sk",
        "enable-windows-ssh",
        "google-logging-enabled",
        "google-monitoring-enabled",
        "serial-port-enable",
        "serial-port-logging-enable",
        "ssh-keys",
        "sshKeys",
        "VmDnsSetting",
    )
)


def listed(resource: str) -> Call:
    """Return the call that lists what belongs to no zone."""
    return Call(f"{resource}.list", "items", params=PROJECT)


def everywhere(resource: str) -> Call:
    """Return the call that lists what is in all zones and regions."""
    return Call(f"{resource}.aggregatedList", f"items.*.{resource}[]", params=PROJECT)


def image_policy(resource: str) -> Call:
    """Return the call that reads with whom a snapshot or an image is shared."""
    return policy_of(f"{resource}.getIamPolicy", "optionsRequestedPolicyVersion", **PROJECT)


class ComputeWatcher(GcpWatcher):
    service = "compute.v1"

    id = "id"
    name = "name"
    # By its link others speak of it.
    full_name = "{selfLink}"


class WithMetadata(ComputeWatcher):
    """A thing with metadata, in which people put whatever their scripts need."""

    metadata: ClassVar[str]
    """The path of the list of keys and values."""

    def tidy(self, config: dict[str, Any]) -> dict[str, Any]:
        """Seal the values of metadata but those of settings that are known to be no secret."""
        said = read(self.metadata.removesuffix("[]"), config) or ()
        plain = {one.get("key"): one.get("value") for one in said if isinstance(one, dict)}

        def reopened(entry: Any) -> Any:
            key = entry.get("key") if isinstance(entry, dict) else None
            return entry | {"value": plain[key]} if key in OPEN_METADATA else entry

        return replaced(super().tidy(config), steps(self.metadata), reopened)


class Project(WithMetadata):
    technology = "gcp.compute.project"
    label = "Compute Engine settings of the project"

    listing = Call("projects.get", "[@]", params=PROJECT)

    metadata = "commonInstanceMetadata.items[]"
    ephemeral = ("commonInstanceMetadata.fingerprint", "quotas")
    secret = ("commonInstanceMetadata.items[].value",)


class Firewall(ComputeWatcher):
    technology = "gcp.compute.firewall"
    label = "VPC firewall rule"

    listing = listed("firewalls")


class Network(ComputeWatcher):
    technology = "gcp.compute.network"
    label = "VPC network"

    listing = listed("networks")

    ephemeral = ("peerings[].connectionStatus", "peerings[].stateDetails")


class Subnetwork(ComputeWatcher):
    technology = "gcp.compute.subnetwork"
    label = "VPC subnetwork"

    listing = everywhere("subnetworks")

    region = "region"
    ephemeral = ("fingerprint", "utilizationDetails")


class Instance(WithMetadata):
    technology = "gcp.compute.instance"
    label = "Compute Engine instance"

    listing = everywhere("instances")

    region = "zone"
    metadata = "metadata.items[]"
    ephemeral = (
        "fingerprint",
        "labelFingerprint",
        "metadata.fingerprint",
        "tags.fingerprint",
        "networkInterfaces[].fingerprint",
        "cpuPlatform",
        "lastStartTimestamp",
        "lastStopTimestamp",
        "lastSuspendedTimestamp",
        "resourceStatus",
        "statusMessage",
    )
    secret = (
        "metadata.items[].value",
        "disks[].diskEncryptionKey.rawKey",
        "disks[].diskEncryptionKey.rsaEncryptedKey",
        "instanceEncryptionKey.rawKey",
        "instanceEncryptionKey.rsaEncryptedKey",
    )


class Disk(ComputeWatcher):
    technology = "gcp.compute.disk"
    label = "Compute Engine disk"

    listing = everywhere("disks")

    region = "zone || region"
    ephemeral = (
        "labelFingerprint",
        "lastAttachTimestamp",
        "lastDetachTimestamp",
        "resourceStatus",
    )
    secret = ("diskEncryptionKey.rawKey", "diskEncryptionKey.rsaEncryptedKey")


class Snapshot(ComputeWatcher):
    technology = "gcp.compute.snapshot"
    label = "Compute Engine snapshot"

    listing = listed("snapshots")
    details = {"Policy": image_policy("snapshots")}

    ephemeral = (
        "Policy.etag",
        "downloadBytes",
        "labelFingerprint",
        "status",
        "storageBytes",
        "storageBytesStatus",
    )
    secret = ("snapshotEncryptionKey.rawKey", "snapshotEncryptionKey.rsaEncryptedKey")


class Image(ComputeWatcher):
    technology = "gcp.compute.image"
    label = "Compute Engine image"

    listing = listed("images")
    details = {"Policy": image_policy("images")}

    ephemeral = ("Policy.etag", "archiveSizeBytes", "labelFingerprint", "status")
    secret = ("imageEncryptionKey.rawKey", "imageEncryptionKey.rsaEncryptedKey")


class Address(ComputeWatcher):
    technology = "gcp.compute.address"
    label = "Compute Engine address"

    listing = everywhere("addresses")

    region = "region"
    ephemeral = ("labelFingerprint",)


class ForwardingRule(ComputeWatcher):
    technology = "gcp.compute.forwarding_rule"
    label = "Forwarding rule"

    listing = everywhere("forwardingRules")

    region = "region"
    ephemeral = ("fingerprint", "labelFingerprint")


class BackendService(ComputeWatcher):
    technology = "gcp.compute.backend_service"
    label = "Backend service"

    listing = everywhere("backendServices")

    region = "region"
    ephemeral = ("fingerprint",)
    secret = (
        "iap.oauth2ClientSecret",
        "iap.oauth2ClientSecretSha256",
        "securitySettings.awsV4Authentication.accessKey",
    )
    # Of several policies the first that the client knows is taken.
    ordered = ("localityLbPolicies",)


class SslPolicy(ComputeWatcher):
    technology = "gcp.compute.ssl_policy"
    label = "SSL policy"

    listing = everywhere("sslPolicies")

    region = "region"
    ephemeral = ("fingerprint",)


class TargetHttpsProxy(ComputeWatcher):
    technology = "gcp.compute.target_https_proxy"
    label = "Target HTTPS proxy"

    listing = everywhere("targetHttpsProxies")

    region = "region"
    ephemeral = ("fingerprint",)
    # The first is shown to clients that name no host.
    ordered = ("sslCertificates",)


class TargetSslProxy(ComputeWatcher):
    technology = "gcp.compute.target_ssl_proxy"
    label = "Target SSL proxy"

    listing = listed("targetSslProxies")

    ordered = ("sslCertificates",)
