"""Cloud KMS: key rings and keys, in every location."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Account
from items.watchers.gcp.base import GcpWatcher, policy_of
from items.watchers.terms import Call

LOCATIONS = Call(
    "projects.locations.list", "locations[].locationId", params={"name": "projects/{account}"}
)
RINGS = Call(
    "projects.locations.keyRings.list", "keyRings", params={"pageSize": 1000}, keys={"parent": "at"}
)


class KmsWatcher(GcpWatcher):
    service = "cloudkms.v1"
    id = "name"
    name = "name"
    full_name = "//cloudkms.googleapis.com/{name}"

    def places(self, account: Account) -> list[str]:
        """KMS lists one location at a time."""
        return sorted(self.read(account, "global", LOCATIONS, {}))

    def rings(self, account: Account, place: str) -> Iterator[Any]:
        """Yield the pages of a location's key rings."""
        at = {"at": f"projects/{account.identifier}/locations/{place}"}
        yield from super().pages(account, place, RINGS, at)


class KeyRing(KmsWatcher):
    technology = "gcp.kms.key_ring"
    label = "KMS key ring"

    listing = RINGS
    details = {"Policy": policy_of("projects.locations.keyRings.getIamPolicy")}
    others = (LOCATIONS,)

    ephemeral = ("Policy.etag",)

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        if call is RINGS:
            yield from self.rings(account, place)
        else:
            yield from super().pages(account, place, call, config)


class Key(KmsWatcher):
    technology = "gcp.kms.key"
    label = "KMS key"

    listing = Call(
        "projects.locations.keyRings.cryptoKeys.list",
        "cryptoKeys",
        params={"pageSize": 1000},
        keys={"parent": "name"},
    )
    details = {"Policy": policy_of("projects.locations.keyRings.cryptoKeys.getIamPolicy")}
    others = (LOCATIONS, RINGS)

    # A rotation is no change of the key: it does what `rotationPeriod` says.
    ephemeral = (
        "Policy.etag",
        "nextRotationTime",
        "primary.name",
        "primary.createTime",
        "primary.generateTime",
    )

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        """Keys are listed by key ring."""
        if call is not self.listing:
            yield from super().pages(account, place, call, config)
            return
        for rings in self.rings(account, place):
            for ring in rings:
                yield from super().pages(account, place, call, ring)
