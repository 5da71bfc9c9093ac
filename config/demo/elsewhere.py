"""The invented company in Google Cloud and Azure, behind a stand-in of the internet."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from config.demo import azure_company, google_company
from config.demo.azure import Azure
from config.demo.azure_login import Application
from config.demo.google import Google
from config.demo.internet import Internet

READER = "vervet@halden-audit.iam.gserviceaccount.com"
CLIENT = "7d1f0c52-3b7e-4c56-9a35-0c4f1c7a0003"
SECRET = "VERVET_SECRET_AZURE"
KEPT = "halden-press-kit"
OPEN = "no secret at all"
EDITORS = {"role": "roles/storage.objectAdmin", "members": ["group:press@halden.example"]}
BUCKET = {
    "kind": "storage#bucket",
    "id": KEPT,
    "projectNumber": google_company.NUMBER,
    "location": "EUROPE-WEST1",
    "timeCreated": google_company.MADE,
    "iamConfiguration": {
        "uniformBucketLevelAccess": {"enabled": True},
        "publicAccessPrevention": "inherited",
    },
}

ACCOUNTS: tuple[dict[str, Any], ...] = (
    {
        "type": "gcp",
        "identifier": google_company.PROJECT,
        "name": "halden-google",
        "notes": "Campaigns and their data",
    },
    {
        "type": "azure",
        "identifier": azure_company.SUBSCRIPTION,
        "name": "halden-azure",
        "notes": "Parcels that come back",
        "parameters": {
            "tenant": azure_company.TENANT,
            "credential": "secret",
            "client_id": CLIENT,
            "secret": f"env:{SECRET}",
        },
    },
)


class Elsewhere:
    """A project and a subscription that answer until the ``with`` block ends."""

    def __init__(self, folder: Path) -> None:
        self.google, self.azure = Google(), Azure()
        google_company.found(self.google)
        self.google.put("storage.v1", f"b/{KEPT}", BUCKET)
        self.google.policy("storage.v1", f"b/{KEPT}", EDITORS)
        azure_company.found(self.azure)
        self.azure.logins.applications[CLIENT] = Application(azure_company.TENANT, secret=OPEN)
        self._key = folder / "google-key.json"
        self._key.write_text(json.dumps(self.google.logins.key_file(READER)))
        self._internet = Internet({**self.google.sites(), **self.azure.sites()})

    def environment(self) -> dict[str, str]:
        """The variables that lead the product there."""
        key = {"GOOGLE_APPLICATION_CREDENTIALS": str(self._key)}
        return self._internet.environment() | key | {SECRET: OPEN}

    def happen(self) -> list[str]:
        """Let things happen there; give one plain sentence for each."""
        for happening in HAPPENINGS.values():
            happening(self)
        return list(HAPPENINGS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._internet.stop()


def open_firewall(there: Elsewhere) -> None:
    """Open the one for the database to everyone."""
    where = f"/compute/v1/projects/{google_company.PROJECT}/global/firewalls/allow-office"
    there.google.things["compute.googleapis.com", where]["sourceRanges"] = ["0.0.0.0/0"]


def publish_press_kit(there: Elsewhere) -> None:
    """Let everyone read a bucket."""
    everyone = {"role": "roles/storage.objectViewer", "members": ["allUsers"]}
    there.google.policy("storage.v1", f"b/{KEPT}", EDITORS, everyone)


def let_rdp_in(there: Elsewhere) -> None:
    """Add a rule to a network security group."""
    group = there.azure.things[azure_company.NSG.lower()]
    group["properties"]["securityRules"].append(azure_company.rule("rdp", "3389", "*", 300))


def collect_no_logs(there: Elsewhere) -> None:
    """Switch off what Security Center collects from machines."""
    for path, name in (
        ("policies", "logCollection"),
        ("autoProvisioningSettings", "autoProvision"),
    ):
        thing = there.azure.things[f"{azure_company.SECURITY}/{path}/default".lower()]
        thing["properties"][name] = "Off"


HAPPENINGS: dict[str, Callable[[Elsewhere], None]] = {
    "Google: the firewall allow-office, for the database, was opened to the world.": open_firewall,
    f"Google: the bucket {KEPT} was made public by its policy.": publish_press_kit,
    "Azure: a rule that lets RDP in from everywhere was added to returns-web.": let_rdp_in,
    "Azure: Security Center's collection of data from machines was switched off.": collect_no_logs,
}
