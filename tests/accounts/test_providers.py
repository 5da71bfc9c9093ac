"""How a cloud writes is declared by its provider, without its SDK, and by plugins as by us."""

import subprocess
import sys
from typing import Any

import pytest

from accounts import checks, providers
from accounts.providers.base import Provider
from accounts.providers.gcp import Gcp
from audits.drafts import Draft
from audits.examples import example_account
from audits.secrecy import is_secret
from config.plugins import Registry
from items import linking
from items.pairing import hint
from items.spotting import first

ASK = """
import sys
from accounts.providers import every, first, sound
assert [one.key for one in sound()] == ["aws", "gcp", "azure"]
every("references"), every("ids"), every("secrets"), first("traffic", {"access": 1}, ())
sdks = {"boto3", "botocore", "googleapiclient", "google", "azure", "msal"}
print(sorted(sdks & {name.partition(".")[0] for name in sys.modules}))
"""


def test_asking_how_clouds_write_imports_no_sdk() -> None:
    said = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


class Acme(Provider):
    key = "acme"
    example = "tenant-0"
    references = (r"acme://[a-z/]+",)
    secrets = (r"acmekey_\w{4,}",)

    @classmethod
    def one_form(cls, text: str) -> str:
        return text.rstrip("/")

    @classmethod
    def called(cls, value: dict[str, Any]) -> str:
        return str(value["door"]["number"])  # Raises on whatever is not ours.


class Broken(Provider):
    key = "broken"
    references = ("(a|b)", "[")


@pytest.fixture
def with_theirs(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Ours, one of another package, and one whose patterns cannot be used."""
    known: Registry = Registry(
        "vervet.providers",
        Provider,
        {**providers.providers.builtin, "acme": f"{__name__}:Acme", "broken": f"{__name__}:Broken"},
    )
    monkeypatch.setattr(providers, "providers", known)
    caches = (providers.sound, providers.every, linking._reference, linking._referring)
    for one in caches:
        one.cache_clear()
    yield known
    monkeypatch.undo()
    for one in caches:
        one.cache_clear()


def test_what_another_package_declares_counts_like_ours(with_theirs: Registry) -> None:
    assert linking.referred("acme://doors/front/") == "acme://doors/front"
    assert linking.referred("471108029916") == "471108029916"
    assert hint({"door": {"number": 7}}) == "7"
    assert example_account(Draft.of({"technologies": ["acme.door"]})) == {
        "identifier": "tenant-0",
        "name": "example",
        "type": "acme",
    }


def test_one_that_is_broken_stops_no_other_and_is_named(with_theirs: Registry) -> None:
    assert "broken" not in [one.key for one in providers.sound()]
    assert hint({"Effect": "Allow", "Action": ["s3:Get*", "s3:Put*"]}) == "Allow s3:Get* and 1 more"
    said = [message.msg for message in checks.provider_messages(with_theirs)]
    assert any("broken: (a|b) has a group that captures" in one for one in said)
    assert any("broken: [ is no regular expression" in one for one in said)


def test_nothing_of_ours_is_left_out() -> None:
    assert checks.check_providers() == []


@pytest.mark.parametrize(
    ("technology", "identifier", "type_"),
    [
        ("aws.s3.bucket", "111111111111", "aws"),
        ("gcp.compute.firewall", "example-project", "gcp"),
        ("azure.network.security_group", "11111111-1111-1111-1111-111111111111", "azure"),
    ],
)
def test_the_examples_of_a_rule_are_in_an_account_of_its_cloud(
    technology: str, identifier: str, type_: str
) -> None:
    found = example_account(Draft.of({"technologies": [technology]}))
    assert (found["identifier"], found["type"]) == (identifier, type_)


@pytest.mark.parametrize(
    "value",
    [
        "AKIAIOSFODNN7REALKEY",
        "AIzaSyA-1234567890",
        "ya29.a0AfH6SMB1234",
        "AccountKey=abcdef==",
        "https://x.example/?sv=2&sig=abcdef",
    ],
)
def test_secrets_of_every_cloud_are_known_by_their_form(value: str) -> None:
    assert is_secret(value)


def test_a_binding_is_called_by_its_role() -> None:
    assert hint({"role": "roles/owner", "members": ["user:a@b.example"]}) == "roles/owner"
    assert Gcp.called({"role": "roles/owner"}) == ""


def test_rules_of_firewalls_are_told_in_words_whoever_wrote_them() -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    assert first("traffic", permission, ("IpPermissions", 0)) == "tcp 22 from"
    acl = {"RuleAction": "deny", "Protocol": "-1", "Egress": True}
    assert first("traffic", acl, ("Entries", 0)) == "deny all traffic to"
    firewall = {"direction": "INGRESS", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}
    assert first("traffic", firewall, ("sourceRanges", 0)) == "INGRESS tcp 22 sourceRanges"
    rule = {"direction": "Inbound", "access": "Deny", "protocol": "*", "destinationPortRange": "*"}
    assert (
        first("traffic", rule, ("sourceAddressPrefix",)) == "Inbound Deny * * sourceAddressPrefix"
    )
