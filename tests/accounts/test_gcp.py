"""Google Cloud's accounts: every way to log in, who Vervet is there, and what stands below."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.discovering import discover
from accounts.models import Account
from accounts.types import types
from accounts.types.base import Refused
from accounts.types.gcp_session import connect, login
from config.demo.google import Google
from config.demo.google_company import FOLDER, ORGANIZATION, found
from config.demo.google_login import POOL
from config.demo.internet import Answer
from items.watchers import watchers
from tests.cloud.google import PROJECT, READER
from tests.cloud.spoiling import Spoiler
from tests.factories import AccountFactory, GroupFactory

AUDITOR = "auditor@acme-prod.iam.gserviceaccount.com"


def project(**parameters: str) -> Account:
    return Account(name="prod", type="gcp", identifier=PROJECT, parameters=parameters)


def whoami(account: Account) -> str:
    return types[account.type].whoami(account)


@pytest.fixture
def secrets(google_env: None, tmp_path: Path) -> Path:
    """The folder of secrets; nothing is found by default."""
    return tmp_path


def kept(folder: Path, name: str, info: Any) -> str:
    (folder / name).write_text(json.dumps(info))
    return f"file:{folder / name}"


# -- who Vervet is ----------------------------------------------------------------------------


def test_the_default_credential_is_taken_where_none_is_named(google_env: None) -> None:
    assert whoami(project()) == f"{READER}, in Acme prod (projects/100000000000)"


def test_a_key_is_read_where_its_reference_says(
    google: Google, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = google.logins.key_file(AUDITOR)
    assert whoami(project(credential=kept(secrets, "key.json", key))).startswith(AUDITOR)
    monkeypatch.setenv("VERVET_SECRET_GOOGLE", json.dumps(key))
    assert whoami(project(credential="env:VERVET_SECRET_GOOGLE")).startswith(AUDITOR)


def test_a_key_that_is_replaced_is_a_login_of_its_own(google: Google, secrets: Path) -> None:
    reference = kept(secrets, "key.json", google.logins.key_file(AUDITOR))
    first = login({"credential": reference})
    assert login({"credential": reference}) is first
    kept(secrets, "key.json", google.logins.key_file("other@acme-prod.iam.gserviceaccount.com"))
    assert login({"credential": reference}) is not first


def test_another_service_account_is_impersonated(google: Google, google_env: None) -> None:
    google.logins.accounts.add(AUDITOR)
    with pytest.raises(Refused, match=r"iam\.serviceAccounts\.getAccessToken"):
        whoami(project(impersonate=AUDITOR))
    google.logins.impersonators.add((READER, AUDITOR))
    assert whoami(project(impersonate=AUDITOR)).startswith(f"{AUDITOR}, in Acme prod")


@pytest.mark.parametrize("email", ["", AUDITOR])
def test_a_workload_of_another_cloud_needs_no_key(
    google: Google, secrets: Path, email: str
) -> None:
    (secrets / "subject").write_text(google.logins.subject)
    google.logins.impersonators.add((f"principal:{POOL}", AUDITOR))
    info = google.logins.federation_file(str(secrets / "subject"), email)
    said = whoami(project(credential=kept(secrets, "federation.json", info)))
    assert said.endswith("in Acme prod (projects/100000000000)")
    (secrets / "subject").write_text("another machine")
    google.logins.tokens.clear()
    with pytest.raises(Refused, match="rejected by the attribute condition"):
        whoami(project(credential=kept(secrets, "federation.json", info | {"a": 1})))


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ("no json", "is no JSON"),
        (["a list"], "is no JSON"),
        ({"type": "magic"}, "of type 'magic'"),
        ({"type": "service_account", "private_key": "swordfish"}, "is not complete"),
        (
            {"type": "external_account", "credential_source": {"executable": {"command": "id"}}},
            "runs no executable",
        ),
    ],
)
def test_what_is_no_credential_is_refused_and_not_repeated(
    secrets: Path, info: Any, says: str
) -> None:
    reference = kept(secrets, "bad.json", info)
    if info == "no json":
        (secrets / "bad.json").write_text("swordfish")
    with pytest.raises(Refused, match=says) as refused:
        whoami(project(credential=reference))
    assert "swordfish" not in str(refused.value)


def test_no_credential_at_all_is_refused(google_env: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    with pytest.raises(Refused, match="Application Default Credentials"):
        whoami(project())


def test_a_project_that_waits_for_its_end_is_refused(google: Google, google_env: None) -> None:
    google.projects[PROJECT]["state"] = "DELETE_REQUESTED"
    with pytest.raises(Refused, match="gcloud projects undelete acme-prod"):
        whoami(project())


def test_a_project_that_vervet_may_not_see_is_refused(google: Google, google_env: None) -> None:
    google.denied.add("resourcemanager.projects.get")
    with pytest.raises(Refused, match="has Vervet's service account the role there"):
        whoami(project())


def test_accounts_share_a_login_and_its_connections_but_not_their_pace(google_env: None) -> None:
    one, other = connect(project()), connect(Account(type="gcp", identifier="other-one"))
    assert one is not other
    assert one.login is other.login
    assert connect(project()) is one


# -- what an operator enters ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "identifier", "fits"),
    [
        ("gcp", "acme-prod", True),
        ("gcp", "example.com:acme-prod", True),
        ("gcp", "123456789012", False),
        ("gcp", "Acme prod", False),
        ("gcp", "acme-prod/../x", False),
        ("gcp.organization", "organizations/123", True),
        ("gcp.organization", "folders/123", True),
        ("gcp.organization", "123", False),
        ("gcp.organization", "organizations/acme", False),
    ],
)
def test_an_identifier_is_what_google_calls_it(kind: str, identifier: str, fits: bool) -> None:
    if fits:
        types[kind].check_identifier(identifier)
        return
    with pytest.raises(ValidationError):
        types[kind].check_identifier(identifier)


def test_parameters_take_references_and_no_secrets() -> None:
    with pytest.raises(ValidationError, match="where the secret lies"):
        types["gcp"].complete({"credential": '{"private_key": "swordfish"}'})
    with pytest.raises(ValidationError, match="service account's email"):
        types["gcp"].complete({"impersonate": "ann@example.com"})


def commands(account: Account) -> list[list[str]]:
    """What a shell makes of the instructions."""
    text = types[account.type].instructions(account)
    return [shlex.split(line) for line in text.replace("\\\n", "").splitlines()]


def test_the_instructions_make_a_role_of_what_the_watchers_call() -> None:
    create, grant = commands(project(impersonate=AUDITOR))
    assert create[:5] == ["gcloud", "iam", "roles", "create", "vervet"]
    assert create[5] == "--project=acme-prod"
    assert set(create[-1].removeprefix("--permissions=").split(",")) == needed("gcp")
    assert grant[-3:] == [
        f"--member=serviceAccount:{AUDITOR}",
        "--role=projects/acme-prod/roles/vervet",
        "--condition=None",
    ]


@pytest.mark.parametrize(
    ("identifier", "grants"),
    [
        (ORGANIZATION, ["gcloud", "organizations"]),
        (FOLDER, ["gcloud", "resource-manager", "folders"]),
    ],
)
def test_above_projects_two_roles_are_made_and_granted(identifier: str, grants: list[str]) -> None:
    account = Account(type="gcp.organization", identifier=identifier, parameters={})
    made = commands(account)
    permissions = [set(one[-1].removeprefix("--permissions=").split(",")) for one in made[::2]]
    assert permissions == [needed("gcp.organization"), needed("gcp")]
    assert all(one[: len(grants)] == grants for one in made[1::2])


def needed(kind: str) -> set[str]:
    """What the watchers of a kind of account need."""
    its = [one for one in watchers.values() if one.account_type == kind]
    return set().union(*(watcher.permissions() for watcher in its))


# -- what stands below ------------------------------------------------------------------------


@pytest.fixture
def parent(db: None, google: Google, google_env: None) -> Account:
    found(google)
    google.project("halden-test", FOLDER)
    google.project("halden-old", FOLDER, state="DELETE_REQUESTED")
    google.project("halden-root", ORGANIZATION)
    google.put("cloudresourcemanager.v3", "folders/66", {"displayName": "Deep", "parent": FOLDER})
    google.project("halden-deep", "folders/66", displayName="Deep one")
    parent: Account = AccountFactory(
        type="gcp.organization",
        identifier=ORGANIZATION,
        name="Halden",
        parameters={"impersonate": ""},
    )
    parent.groups.add(GroupFactory(name="PCI"))
    return parent


def test_projects_are_found_in_folders_at_any_depth(google: Google, parent: Account) -> None:
    google.page_size = 1
    found_below = {account.identifier for account in discover(parent).new}
    assert found_below == {"halden-prod", "halden-test", "halden-root", "halden-deep"}
    deep = Account.objects.get(identifier="halden-deep")
    assert (deep.type, deep.name, deep.parent) == ("gcp", "Deep one", parent)
    assert whoami(parent).endswith(f"in halden.example ({ORGANIZATION})")


def test_a_folder_that_may_not_be_listed_marks_no_project_missing(
    google: Google, parent: Account, google_faults: Spoiler
) -> None:
    discover(parent)
    said = {"code": 403, "message": "Denied", "status": "PERMISSION_DENIED"}
    google_faults.add(path="/v3/folders", page=2, answer=Answer({"error": said}, 403))
    google_faults.add(path="/v3/projects", times=1, answer=Answer({"error": said}, 403))
    with pytest.raises(Refused, match=r"projects\.list: Denied"):
        discover(parent)
    assert not Account.objects.exclude(missing_since=None).exists()


def test_an_organisation_that_lists_itself_below_itself_ends(
    google: Google, parent: Account
) -> None:
    google.things["cloudresourcemanager.googleapis.com", "/v3/folders/66"]["parent"] = "folders/66"
    google.things["cloudresourcemanager.googleapis.com", f"/v3/{FOLDER}"]["parent"] = ORGANIZATION
    google.put(
        "cloudresourcemanager.v3", "folders/67", {"displayName": "Loop", "parent": "folders/67"}
    )
    assert {one.identifier for one in discover(parent).new} == {
        "halden-prod",
        "halden-test",
        "halden-root",
    }
