"""The invented company: its accounts, its partners, its networks; `found()` puts it in a cloud."""

from dataclasses import dataclass

from config.demo import buckets, networks, people
from config.demo.access import Access
from config.demo.cloud import Cloud, canonical_id
from config.demo.names import (
    DATA,
    EXTERNAL_ID,
    OFFICE,
    OFFICE_V6,
    PARTNER,
    PARTNER_NETWORK,
    PROD,
    STAGING,
)


@dataclass(frozen=True)
class CompanyAccount:
    """An account that Vervet watches, as an operator would enter it."""

    identifier: str
    name: str
    group: str
    purpose: str
    external_id: str = EXTERNAL_ID

    @property
    def role(self) -> str:
        """The role to assume from the hub account."""
        return f"arn:aws:iam::{self.identifier}:role/Vervet"

    @property
    def canonical_id(self) -> str:
        """The account's canonical S3 user."""
        return canonical_id(self.identifier)


@dataclass(frozen=True)
class KnownNetwork:
    """A network that an operator would enter as known."""

    cidr: str
    name: str
    ours: bool


ACCOUNTS = (
    CompanyAccount(PROD, "halden-prod", "Production", "The web shop and its payments"),
    CompanyAccount(STAGING, "halden-staging", "Engineering", "Builds and rehearsals"),
    CompanyAccount(DATA, "halden-data", "Analytics", "The data lake and its experiments"),
)
# Known, but not ours: the firm that ships the parcels.
PARTNERS = {PARTNER: "Northway Logistics"}
NETWORKS = (
    KnownNetwork(OFFICE, "Head office", ours=True),
    KnownNetwork(OFFICE_V6, "Head office, IPv6", ours=True),
    KnownNetwork(PARTNER_NETWORK, "Northway Logistics", ours=False),
)


def found(cloud: Cloud) -> None:
    """Fill the three accounts as a careless company would; takes a few seconds.

    One call after the other: moto's threads race when they write at the same time.
    """
    access = Access(cloud)
    people.settle(access)
    networks.lay(access)
    buckets.fill(access)
