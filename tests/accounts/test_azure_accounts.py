"""Azure's accounts: every way to log in, who Vervet is there, and what stands below."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.exceptions import ValidationError

from accounts.discovering import discover
from accounts.models import Account
from accounts.types import types
from accounts.types.azure_login import CLOUDS
from accounts.types.base import Refused
from config.demo.azure import MANAGERS, Azure, error
from config.demo.azure_login import Application
from config.demo.internet import Answer, Request, surrounded
from tests.cloud.azure import CLIENT, GIVEN, SUBSCRIPTION, TENANT
from tests.cloud.spoiling import Spoiler, the_internet
from tests.factories import AccountFactory

pytestmark = pytest.mark.usefixtures("azure_env")

AUDIENCE = "https://management.azure.com"
OTHER = "bbbbbbbb-0000-4000-8000-000000000002"
ENDED = "bbbbbbbb-0000-4000-8000-000000000003"


def at(kind: str = "azure", identifier: str = SUBSCRIPTION, **parameters: str) -> Any:
    """An account as it is before it is saved, with its parameters complete."""
    given = types[kind].complete(parameters)
    return SimpleNamespace(
        name="prod", identifier=identifier, parameters=given, calls_per_second=None
    )


def whoami(kind: str = "azure", identifier: str = SUBSCRIPTION, **parameters: str) -> str:
    return types[kind].whoami(at(kind, identifier, **parameters))


# -- ways to log in ---------------------------------------------------------------------------


def test_a_secret_that_is_named_logs_in() -> None:
    assert whoami(**GIVEN) == f"application {CLIENT}, in Production ({SUBSCRIPTION})"


def test_a_secret_that_is_wrong_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERVET_SECRET_AZURE", "the secret's id")
    with pytest.raises(Refused, match="AADSTS7000215: The client secret is wrong"):
        whoami(**GIVEN)


def test_a_tenant_that_is_not_there_is_named() -> None:
    with pytest.raises(Refused, match="There is no such tenant"):
        whoami(**GIVEN | {"tenant": "nowhere.example.com"})


def certificate(common_name: str) -> tuple[bytes, bytes]:
    """A certificate in PEM, and the same with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return signed, private + signed


def test_a_certificate_logs_in_and_another_one_does_not(azure: Azure, tmp_path: Path) -> None:
    public, whole = certificate("vervet")
    azure.logins.applications[CLIENT] = Application(TENANT, certificate=public)
    there = tmp_path / "vervet.pem"
    there.write_bytes(whole)
    given = GIVEN | {"credential": "certificate", "secret": f"file:{there}"}
    assert whoami(**given).startswith(f"application {CLIENT}")
    azure.logins.applications[CLIENT] = Application(TENANT, certificate=certificate("other")[0])
    another = tmp_path / "other.pem"
    another.write_bytes(whole)
    with pytest.raises(Refused, match="upload it there"):
        whoami(**given | {"secret": f"file:{another}"})
    third = tmp_path / "third.pem"
    third.write_bytes(public)
    with pytest.raises(Refused, match="no certificate with its private key"):
        whoami(**given | {"secret": f"file:{third}"})


def test_a_workload_logs_in_by_the_token_that_it_is_given(azure: Azure, tmp_path: Path) -> None:
    azure.logins.applications[CLIENT] = Application(TENANT, federated="a token of the cluster")
    there = tmp_path / "token"
    there.write_text("a token of the cluster")
    given = GIVEN | {"credential": "workload identity", "secret": f"file:{there}"}
    assert whoami(**given).startswith(f"application {CLIENT}")
    with pytest.raises(Refused, match="AZURE_FEDERATED_TOKEN_FILE is not set"):
        whoami(**given | {"secret": ""})
    with surrounded({"AZURE_FEDERATED_TOKEN_FILE": str(there)}):
        assert whoami(**given | {"secret": ""}).startswith(f"application {CLIENT}")


def test_a_managed_identity_asks_the_machine(azure: Azure) -> None:
    def endpoint(request: Request) -> Answer:
        assert request.headers["x-identity-header"] == "only for this machine"
        assert request.query["resource"] == AUDIENCE
        token = azure.logins.issue(request.query.get("client_id", "own"), TENANT, AUDIENCE)
        return Answer({"access_token": token, "expires_on": str(int(time.time()) + 3600)})

    internet = the_internet()
    internet.sites[""] = endpoint  # Asked directly, by no name.
    variables = {
        "IDENTITY_ENDPOINT": f"{internet.address}/msi/token",
        "IDENTITY_HEADER": "only for this machine",
    }
    with surrounded(variables):
        assert whoami(credential="managed identity").startswith("application own")
        given = {"credential": "managed identity", "client_id": CLIENT}
        assert whoami(**given).startswith(f"application {CLIENT}")


def test_the_cli_is_asked_for_a_token(
    azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(json.dumps(printed(azure)))
    az = tmp_path / "az"
    az.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {tmp_path}/token\n')
    az.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert whoami(credential="cli", tenant=TENANT).startswith("application somebody")
    assert f"--tenant {TENANT}" in (tmp_path / "asked").read_text()


def test_the_machines_own_login_is_the_default() -> None:
    variables = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": "a secret of an application",
    }
    with surrounded(variables):
        assert whoami().startswith(f"application {CLIENT}")


def printed(azure: Azure, lasts: int = 3600, **more: Any) -> dict[str, Any]:
    """What ``az account get-access-token`` prints."""
    ends = int(time.time()) + lasts
    return {
        "accessToken": azure.logins.issue("somebody", TENANT, AUDIENCE, lasts),
        "expiresOn": f"{datetime.fromtimestamp(ends, UTC).astimezone():%Y-%m-%d %H:%M:%S.%f}",
        "expires_on": ends,
        "subscription": SUBSCRIPTION,
        "tenant": TENANT,
        "tokenType": "Bearer",
    } | more


def test_a_token_in_a_file_counts_until_it_ends(azure: Azure, tmp_path: Path) -> None:
    there = tmp_path / "token.json"
    given = {"credential": "token", "secret": f"file:{there}"}
    said = printed(azure)
    there.write_text(json.dumps(said))
    ends = f"{datetime.fromtimestamp(said['expires_on'], UTC):%Y-%m-%d %H:%M} UTC"
    assert whoami(**given).startswith(f"application somebody (the token ends at {ends}), in ")

    account = at(**given)
    azure.logins.tokens.clear()  # Azure takes it no more; a new one is in the file.
    there.write_text(json.dumps(printed(azure, 7200)))
    assert "application somebody" in types["azure"].whoami(account)


@pytest.mark.parametrize("older", [False, True])
def test_a_token_that_has_ended_is_refused_with_its_end(
    azure: Azure, tmp_path: Path, older: bool
) -> None:
    there = tmp_path / "token.json"
    said = printed(azure, -60)
    if older:  # Before version 2.54 the CLI told local time only.
        del said["expires_on"]
    there.write_text(json.dumps(said))
    with pytest.raises(Refused, match=r"ended at \d{4}-\d\d-\d\d \d\d:\d\d UTC. Write a new one"):
        whoami(credential="token", secret=f"file:{there}")


@pytest.mark.parametrize("text", ["eyJ0eXAi", "[]", '{"accessToken": "x"}', '{"expires_on": 1}'])
def test_a_file_without_a_token_is_refused(tmp_path: Path, text: str) -> None:
    there = tmp_path / "token.json"
    there.write_text(text)
    with pytest.raises(Refused, match="az account get-access-token"):
        whoami(credential="token", secret=f"file:{there}")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_has_hosts_and_an_audience_of_its_own(azure: Azure, cloud: str) -> None:
    before = len(the_internet().asked)
    assert "Production" in whoami(**GIVEN | {"cloud": cloud})
    hosts = {request.host for request in the_internet().asked[before:]}
    login, manager = CLOUDS[cloud].login, CLOUDS[cloud].manager.removeprefix("https://")
    assert hosts - {"login.microsoft.com"} == {login, manager}
    (token,) = azure.logins.tokens.values()
    assert token["aud"] == MANAGERS[manager]


# -- accounts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"credential": "secret"}, "client_id: the credential 'secret' needs it"),
        ({"credential": "token"}, "secret: the credential 'token' needs it"),
        ({"credential": "password"}, "credential: must be one of"),
        ({"client_id": "vervet"}, "is not a client id"),
        ({"tenant": "acme"}, "is not a tenant"),
        ({"cloud": "moon"}, "cloud: must be one of"),
        ({"credential": "token", "secret": "hunter2"}, "is not where the secret lies"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_kept(given: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        types["azure"].complete(given)


def test_an_identifier_is_a_guid_in_small_letters() -> None:
    for kind in ("azure", "azure.tenant"):
        types[kind].check_identifier(SUBSCRIPTION)
        for wrong in ("prod", SUBSCRIPTION.upper(), f"/subscriptions/{SUBSCRIPTION}"):
            with pytest.raises(ValidationError, match="GUID"):
                types[kind].check_identifier(wrong)


def test_a_disabled_subscription_is_not_entered(azure: Azure) -> None:
    azure.things[f"/subscriptions/{SUBSCRIPTION}"]["state"] = "Disabled"
    with pytest.raises(Refused, match=r"is disabled\. Have its owner enable it"):
        whoami(**GIVEN)


def test_a_proxys_page_is_no_answer(azure_faults: Spoiler) -> None:
    azure_faults.add(path="/subscriptions/*", answer=Answer(b"<html>Log in</html>"))
    with pytest.raises(Refused, match="A proxy on the way"):
        whoami(**GIVEN)


def test_a_missing_role_is_told_with_what_mends_it(azure: Azure) -> None:
    azure.denied.add("Microsoft.Resources/subscriptions")
    with pytest.raises(Refused, match=r"AuthorizationFailed: .* Assign the role as shown here"):
        whoami(**GIVEN)


def test_the_instructions_can_be_copied() -> None:
    said = types["azure"].instructions(at(**GIVEN))
    assert f"sed 's|SCOPE|/subscriptions/{SUBSCRIPTION}|'" in said
    assert f"--assignee {CLIENT} --role Vervet" in said
    tenant = {name: value for name, value in GIVEN.items() if name != "tenant"}
    above = types["azure.tenant"].instructions(at("azure.tenant", TENANT, **tenant))
    assert f"--scope /providers/Microsoft.Management/managementGroups/{TENANT}" in above


# -- what stands below ------------------------------------------------------------------------

ABOVE = {name: value for name, value in GIVEN.items() if name != "tenant"}


@pytest.fixture
def more(azure: Azure) -> Azure:
    """Two subscriptions beside the first; one is switched off."""
    azure.subscription(OTHER, TENANT, "Staging")
    azure.subscription(ENDED, TENANT, "Old", state="Disabled")
    azure.groups["shop"] = [OTHER, ENDED]
    azure.put(
        "/providers/Microsoft.Management/managementGroups/shop",
        {"properties": {"displayName": "The shop"}},
    )
    azure.page_size = 1
    return azure


@pytest.mark.usefixtures("more")
def test_a_tenant_says_who_vervet_is_in_it() -> None:
    said = whoami("azure.tenant", TENANT, **ABOVE)
    assert said == f"application {CLIENT}, in Tenant aaaa ({TENANT})"
    group = {**ABOVE, "management_group": "shop"}
    assert whoami("azure.tenant", TENANT, **group).endswith("in The shop (shop)")


@pytest.mark.django_db
@pytest.mark.usefixtures("more")
@pytest.mark.parametrize(("group", "found"), [("", {SUBSCRIPTION, OTHER}), ("shop", {OTHER})])
def test_the_subscriptions_below_are_found_and_can_be_entered(group: str, found: set[str]) -> None:
    given = types["azure.tenant"].complete({**ABOVE, "management_group": group})
    parent = AccountFactory(type="azure.tenant", identifier=TENANT, name="acme", parameters=given)
    assert discover(parent).found == len(found)
    children = Account.objects.filter(parent=parent)
    assert {child.identifier for child in children} == found
    child = children.get(identifier=OTHER)
    assert (child.name, child.type, child.parameters["tenant"]) == ("Staging", "azure", TENANT)
    assert types["azure"].whoami(child).endswith(f"in Staging ({OTHER})")
    assert discover(parent).new == []


@pytest.mark.django_db
def test_a_refused_list_of_subscriptions_marks_nothing(more: Azure, azure_faults: Spoiler) -> None:
    parent = AccountFactory(
        type="azure.tenant",
        identifier=TENANT,
        name="acme",
        parameters=types["azure.tenant"].complete(ABOVE),
    )
    discover(parent)
    azure_faults.add(path="/subscriptions", page=2, answer=error(403, "AuthorizationFailed", "No"))
    with pytest.raises(Refused, match="Assign the role"):
        discover(parent)
    azure_faults.faults.clear()
    azure_faults.add(path="/subscriptions", answer=Answer({"login": "portal"}))
    with pytest.raises(Refused, match="holds no list"):
        discover(parent)
    assert not Account.objects.exclude(missing_since=None).exists()
