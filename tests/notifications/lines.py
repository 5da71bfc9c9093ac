"""The clouds behind the proxy for the internet, as the whole line needs them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import Account
from config.demo.azure import Azure
from config.demo.google import Google
from tests.cloud import azure as azure_side
from tests.cloud import google as google_side

GROUPS = "azure.network.security_group"
TYPE = "Microsoft.Network/networkSecurityGroups"
FIREWALL = "gcp.compute.firewall"


def group(azure: Azure, name: str, *ports: str) -> None:
    rules = [
        {
            "id": f"{azure_side.WEB}/providers/{TYPE}/{name}/securityRules/{port}",
            "name": port,
            "properties": {
                "protocol": "Tcp",
                "sourceAddressPrefix": "*",
                "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": port,
                "access": "Allow",
                "priority": 100 + number,
                "direction": "Inbound",
            },
        }
        for number, port in enumerate(ports)
    ]
    azure.put(
        f"{azure_side.WEB}/providers/{TYPE}/{name}",
        {"location": "westeurope", "properties": {"securityRules": rules}},
    )


def firewall(google: Google, name: str, *ports: str) -> None:
    project = f"projects/{google_side.PROJECT}"
    rule = {
        "network": f"https://www.googleapis.com/compute/v1/{project}/global/networks/vpc",
        "direction": "INGRESS",
        "priority": 1000,
        "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{"IPProtocol": "tcp", "ports": list(ports)}],
        "id": name.rpartition("-")[2].zfill(19),
    }
    google.put("compute.v1", f"{project}/global/firewalls/{name}", rule)


@dataclass
class Cloud:
    """One account, and what is done to it."""

    account: Account
    technology: str
    open: Callable[..., None]
    """Opens ports of the thing of a name to the world."""
    remove: Callable[[str], None]
    away: set[Any]
    """What its provider does not answer for now;"""
    service: Any
    """put there, all of the technology is refused,"""
    mended: str
    """and a gap names this command."""


def in_azure(azure: Azure, account: Account) -> Cloud:
    return Cloud(
        account,
        GROUPS,
        open=lambda name, *ports: group(azure, name, *ports),
        remove=lambda name: azure.remove(f"{azure_side.WEB}/providers/{TYPE}/{name}"),
        away=azure.unregistered,
        service=(azure_side.SUBSCRIPTION, "Microsoft.Network"),
        mended="az provider register",
    )


def in_google(google: Google, account: Account) -> Cloud:
    path = f"projects/{google_side.PROJECT}/global/firewalls"
    return Cloud(
        account,
        FIREWALL,
        open=lambda name, *ports: firewall(google, name, *ports),
        remove=lambda name: google.remove("compute.v1", f"{path}/{name}"),
        away=google.disabled,
        service=(google_side.PROJECT, "compute.googleapis.com"),
        mended="gcloud services enable",
    )
