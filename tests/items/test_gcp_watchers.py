"""Google Cloud: what watchers read from it, and what its refusals come to."""

import json
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from accounts.models import Account
from config.demo.google import Google
from config.demo.internet import Answer
from items.watchers import watchers
from items.watchers.base import Call
from items.watchers.gcp.compute import Firewall
from tests.cloud.google import PROJECT
from tests.cloud.spoiling import Spoiler
from tests.items.conftest import Fetch, Found

FIREWALL = "gcp.compute.firewall"
SSH = {"direction": "INGRESS", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}
FIREWALLS = "*/global/firewalls"


@pytest.fixture
def there(google_env: None) -> Account:
    return Account(name="prod", type="gcp", identifier=PROJECT, parameters={})


@pytest.fixture
def fetch(there: Account) -> Fetch:
    return lambda technology: Found(watchers[technology](), there)


def firewalls(google: Google, *names: str) -> None:
    for name in names:
        google.put("compute.v1", f"projects/{PROJECT}/global/firewalls/{name}", SSH)


# -- listings ---------------------------------------------------------------------------------


def test_all_pages_of_a_listing_are_read(google: Google, fetch: Fetch) -> None:
    google.page_size = 2
    firewalls(google, "a", "b", "c")
    found = fetch(FIREWALL)
    assert google.calls["compute.firewalls.list"] == 2
    assert {one.name for one in found.snapshots} == {"a", "b", "c"}
    assert (found.answered, found.refusals) == ({"global"}, [])
    a = found.named("a")
    assert a.full_name == (
        "https://www.googleapis.com/compute/v1/projects/acme-prod/global/firewalls/a"
    )
    assert (a.uid, a.region, a.config["direction"]) == (a.config["id"], "global", "INGRESS")


def test_a_list_that_google_leaves_out_is_empty(fetch: Fetch) -> None:
    found = fetch(FIREWALL)
    assert (found.snapshots, found.refusals, found.answered) == ([], [], {"global"})


def refused(found: Found) -> Any:
    """The one refusal; where it is, nothing counts as gone."""
    (refusal,) = found.refusals
    assert found.answered == set()
    return refusal


def test_a_denied_listing_names_its_permission(google: Google, fetch: Fetch) -> None:
    google.denied.add("compute.firewalls.list")
    refusal = refused(fetch(FIREWALL))
    assert (refusal.operation, refusal.code, refusal.permission, refusal.place) == (
        "compute.firewalls.list",
        "PERMISSION_DENIED",
        "compute.firewalls.list",
        "global",
    )


def test_an_api_that_is_not_enabled_names_the_command(google: Google, fetch: Fetch) -> None:
    google.disabled.add((PROJECT, "compute.googleapis.com"))
    refusal = refused(fetch(FIREWALL))
    assert (refusal.code, refusal.permission) == ("SERVICE_DISABLED", "")
    assert "gcloud services enable compute.googleapis.com --project=acme-prod" in refusal.reason


@pytest.mark.parametrize("how", ["deleted", "never there"])
def test_a_project_that_is_not_there_is_a_refusal(google: Google, fetch: Fetch, how: str) -> None:
    if how == "deleted":
        google.deleted.add(PROJECT)
    else:
        del google.projects[PROJECT]
    refusal = refused(fetch(FIREWALL))
    assert refusal.code == "PROJECT_DELETED"
    assert "gcloud projects undelete acme-prod" in refusal.reason


QUOTA = {
    "code": 403,
    "message": "Quota exceeded for quota metric 'Queries'",
    "errors": [{"message": "Quota", "domain": "usageLimits", "reason": "rateLimitExceeded"}],
}


def test_a_quota_is_waited_for_and_then_told(
    google: Google, fetch: Fetch, google_faults: Spoiler, settings: Any, monkeypatch: Any
) -> None:
    firewalls(google, "a")
    answer = Answer({"error": QUOTA}, 403)
    fault = google_faults.add(path=FIREWALLS, answer=answer)
    refusal = refused(fetch(FIREWALL))
    assert refusal.code == "RESOURCE_EXHAUSTED"
    assert "fewer calls per second" in refusal.reason
    settings.CALL_ATTEMPTS = 2
    monkeypatch.setattr("random.random", lambda: 0.0)
    fault.met, fault.times = 0, 1
    assert fetch(FIREWALL).answered == {"global"}
    assert fault.met == 1


def test_a_page_that_repeats_itself_ends_the_reading(
    google: Google, fetch: Fetch, google_faults: Spoiler
) -> None:
    google.page_size = 1
    firewalls(google, "a", "b", "c")
    first = {"kind": "compute#firewallList", "nextPageToken": "MQ=="}
    google_faults.add(path=FIREWALLS, page=2, answer=Answer(first))
    found = fetch(FIREWALL)
    assert refused(found).code == "Repeated"
    assert found.named("a")


def test_a_token_that_ends_in_the_middle_is_had_anew(
    google: Google, fetch: Fetch, google_faults: Spoiler
) -> None:
    google.page_size = 1
    firewalls(google, "a", "b")
    fetch(FIREWALL)
    google.logins.tokens.clear()
    found = fetch(FIREWALL)
    assert (len(found.snapshots), found.refusals) == (2, [])
    assert google.logins.given == 2


def test_a_token_that_is_never_taken_is_a_refusal(
    google: Google, fetch: Fetch, google_faults: Spoiler
) -> None:
    said = {"code": 401, "message": "Invalid credentials", "status": "UNAUTHENTICATED"}
    fault = google_faults.add(path=FIREWALLS, answer=Answer({"error": said}, 401))
    refusal = refused(fetch(FIREWALL))
    assert refusal.code == "UNAUTHENTICATED"
    assert "key or its service account" in refusal.reason
    assert fault.met == 3


def test_a_key_that_google_does_not_know_is_a_refusal(google: Google, fetch: Fetch) -> None:
    google.logins.accounts.clear()
    refusal = refused(fetch(FIREWALL))
    assert refusal.code == "RefreshError"
    assert "account not found" in refusal.reason


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"cut": 40}, "IncompleteRead"),
        ({"answer": Answer(b"<html>Bad gateway</html>")}, "Malformed"),
        ({"answer": Answer(b"<html>Bad gateway</html>", 502)}, "HTTP_502"),
        ({"answer": Answer(["one"])}, "Malformed"),
        ({"answer": Answer({"login": "https://portal.example.com"})}, "Malformed"),
        ({"answer": Answer({"kind": "compute#firewallList", "items": [7]})}, "Malformed"),
        ({"answer": Answer({"kind": "compute#firewallList", "items": "x"})}, "Malformed"),
    ],
)
def test_an_answer_that_is_not_the_services_is_a_refusal(
    google: Google, fetch: Fetch, google_faults: Spoiler, how: dict[str, Any], code: str
) -> None:
    firewalls(google, "a")
    google_faults.add(path=FIREWALLS, **how)
    assert refused(fetch(FIREWALL)).code == code


def test_what_came_before_a_refused_page_is_kept(
    google: Google, fetch: Fetch, google_faults: Spoiler
) -> None:
    google.page_size = 1
    firewalls(google, "a", "b")
    said = {"code": 403, "message": "No", "status": "PERMISSION_DENIED"}
    google_faults.add(path=FIREWALLS, page=2, answer=Answer({"error": said}, 403))
    found = fetch(FIREWALL)
    assert refused(found).code == "PERMISSION_DENIED"
    assert [one.name for one in found.snapshots] == ["a"]


# -- specifications ---------------------------------------------------------------------------

P = {"project": "{account}"}


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"service": "compute.v9"}, "no service compute.v9"),
        ({"listing": Call("firewall.list", "items", P)}, "no operation firewall.list"),
        ({"listing": Call("firewalls.list", "firewalls", P)}, "answers no firewalls"),
        ({"listing": Call("firewalls.list", "items")}, "needs project"),
        ({"listing": Call("firewalls.list", "items", P | {"size": 1})}, "takes no size"),
        ({"id": "uniqueId"}, "have no uniqueId"),
        ({"full_name": "{link}"}, "have no link"),
        ({"ephemeral": ("allowed[].port",)}, "have no allowed [] port"),
        ({"secret": ("logConfig.level",)}, "have no logConfig level"),
    ],
)
def test_what_a_specification_gets_wrong_is_named(attributes: dict[str, Any], problem: str) -> None:
    found = type("Wrong", (Firewall,), attributes).problems()
    assert found
    assert all(problem in one for one in found)


def test_the_printed_role_holds_what_the_watchers_call(capsys: Any) -> None:
    call_command("printpermissions", "gcp")
    role = yaml.safe_load(capsys.readouterr().out)
    permissions = role["includedPermissions"]
    assert role["stage"] == "GA"
    assert permissions == sorted(set(permissions))
    assert "compute.firewalls.list" in permissions
    assert {one.rpartition(".")[2] for one in permissions} <= {"get", "list", "getIamPolicy"}
    assert json.dumps(role)
