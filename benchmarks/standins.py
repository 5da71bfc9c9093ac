"""The demo's stand-in of Google Cloud or Azure in a process of its own, with N of one thing.

`python -m benchmarks.standins gcp|azure N FOLDER` prints the variables that lead there, and lives
until its standard input ends.
"""

import json
import sys
from pathlib import Path

import django

django.setup()

from config.demo import azure_company, google_company  # noqa: E402  (They know our watchers.)
from config.demo.elsewhere import Elsewhere  # noqa: E402


def serve(provider: str, size: int, folder: Path) -> None:
    """Print the variables that lead there; change one in a hundred for each line that comes in."""
    with Elsewhere(folder) as there:
        put = {"gcp": put_firewall, "azure": put_group}[provider]
        for number in range(size):
            put(there, number, "443")
        print(json.dumps(there.environment()), flush=True)
        for _ in sys.stdin:
            for number in range(0, size, 100):
                put(there, number, "22")
            print("done", flush=True)


def put_firewall(there: Elsewhere, number: int, port: str) -> None:
    """Put a firewall of Google's there, or put it anew."""
    rule = {
        "id": str(10**18 + number),
        "network": f"{google_company.HERE}/global/networks/main",
        "direction": "INGRESS",
        "priority": 1000,
        "sourceRanges": [f"10.{number // 250 % 250}.{number % 250}.0/24"],
        "allowed": [{"IPProtocol": "tcp", "ports": [port]}],
    }
    path = f"projects/{google_company.PROJECT}/global/firewalls/rule-{number}"
    there.google.put("compute.v1", path, rule)


def put_group(there: Elsewhere, number: int, port: str) -> None:
    """Put a network security group there, or put it anew."""
    source = f"10.{number // 250 % 250}.{number % 250}.0/24"
    properties = {"securityRules": [azure_company.rule("in", port, source, 100)]}
    path = f"{azure_company.GROUP}/providers/Microsoft.Network/networkSecurityGroups/g-{number}"
    there.azure.put(path, {"location": "westeurope", "properties": properties})


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
