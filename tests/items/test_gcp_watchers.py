"""Google Cloud: what watchers read from it, and what its refusals come to."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import call_command

from accounts.models import Account
from accounts.types.gcp_session import description
from config.demo.google import Google
from config.demo.google_company import FOLDER, ORGANIZATION
from config.demo.google_company import PROJECT as HALDEN
from config.demo.google_company import found as found_company
from config.demo.internet import Answer, Request
from config.serving import ROOT
from items.canonical import is_sealed
from items.comparing import parts
from items.watchers import watchers
from items.watchers.base import Call
from items.watchers.gcp.compute import Firewall
from items.watchers.gcp.descriptions import resolved
from tests.cloud.google import PROJECT
from tests.cloud.spoiling import Spoiler
from tests.items.conftest import Fetch, Found, refused

GCP = [key for key in watchers if key.startswith("gcp.")]
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


# -- one of everything ------------------------------------------------------------------------


@pytest.fixture
def company(google: Google, google_env: None) -> Google:
    google.projects.clear()
    google.things.clear()
    found_company(google)
    return google


def account_of(technology: str) -> Account:
    kind = watchers[technology].account_type
    identifier = {"gcp": HALDEN, "gcp.organization": ORGANIZATION}[kind]
    return Account(name="halden", type=kind, identifier=identifier, parameters={})


def fetched(technology: str) -> Found:
    return Found(watchers[technology](), account_of(technology))


def test_every_technology_brings_all_its_parts_and_the_same_twice(company: Google) -> None:
    for technology in GCP:
        watcher = watchers[technology]()
        first, again = fetched(technology), fetched(technology)
        assert first.snapshots, technology
        assert first.refusals == [], technology
        assert [one.config for one in first.snapshots] == [one.config for one in again.snapshots]
        for one in first.snapshots:
            assert one.unread == {}
            assert parts(watcher) <= one.config.keys()
            assert watcher.tidy(one.config) == one.config
            assert "/" not in one.name
            assert "swordfish" not in json.dumps(one.config), technology


def test_what_the_stand_in_says_fits_googles_own_description(
    company: Google, google_faults: Spoiler
) -> None:
    seen: dict[tuple[str, str], Any] = {}
    answer = company.answer

    def noting(request: Request) -> Answer:
        said = answer(request)
        seen[request.host, request.path] = (request, said)
        return said

    google_faults.site = noting
    for technology in GCP:
        fetched(technology)
    checked = 0
    for request, said in seen.values():
        method = company.method(request)
        if method is None:
            continue
        assert unfit(method.api, method.reply, said.body) == [], request.path
        checked += 1
    assert checked > len(GCP)


def unfit(api: str, schema: Any, value: Any, path: str = "") -> list[str]:
    """What of a value its schema does not know, or has of another type."""
    schema = resolved(api, schema)
    kind = schema.get("type")
    if kind == "array":
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [bad for one in value for bad in unfit(api, schema["items"], one, f"{path}[]")]
    if kind == "object":
        if not isinstance(value, dict):
            return [f"{path} is no object"]
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        return [
            bad
            for key, one in value.items()
            for bad in (
                unfit(api, known.get(key) or others, one, f"{path}.{key}")
                if key in known or others
                else [f"{path}.{key} is not known"]
            )
        ]
    types = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}
    return [] if kind == "any" or isinstance(value, types[kind]) else [f"{path} is no {kind}"]


@pytest.mark.parametrize("technology", ["gcp.compute.instance", "gcp.compute.project"])
def test_only_metadata_that_is_known_to_be_no_secret_is_kept(
    company: Google, technology: str
) -> None:
    (one,) = fetched(technology).snapshots
    held = one.config.get("metadata") or one.config["commonInstanceMetadata"]
    said = {item["key"]: item["value"] for item in held["items"]}
    assert said.pop("enable-oslogin", "TRUE") == "TRUE"
    assert said.pop("serial-port-enable", "1") == "1"
    assert [is_sealed(value) for value in said.values()] == [True]


def test_a_zone_that_is_not_reached_leaves_the_rest_read(company: Google) -> None:
    company.unreachable.add("zones/us-central1-a")
    result = fetched("gcp.compute.instance")
    refusal = refused(result)
    assert refusal.code == "UNREACHABLE"
    assert "zones/us-central1-a" in refusal.reason
    assert [(one.name, one.region) for one in result.snapshots] == [("web-1", "europe-west1-b")]


def test_a_policy_that_is_denied_is_unread_and_its_item_is_there(company: Google) -> None:
    company.denied.add("pubsub.topics.getIamPolicy")
    result = fetched("gcp.pubsub.topic")
    (topic,) = result.snapshots
    assert topic.unread["Policy"].permission == "pubsub.topics.getIamPolicy"
    assert topic.unread["Policy"].name == "orders"
    assert "Policy" not in topic.config
    assert result.answered == {"global"}


def test_what_is_gone_when_it_is_asked_about_is_gone(
    company: Google, google_faults: Spoiler
) -> None:
    said = {"code": 404, "message": "Not found", "status": "NOT_FOUND"}
    google_faults.add(path="*/topics/orders:getIamPolicy", answer=Answer({"error": said}, 404))
    google_faults.add(path="*/datasets/sales", answer=Answer({"error": said}, 404))
    for technology in ("gcp.pubsub.topic", "gcp.bigquery.dataset"):
        result = fetched(technology)
        assert (result.snapshots, result.refusals, result.answered) == ([], [], {"global"})


def test_a_dataset_that_is_denied_is_neither_there_nor_gone(
    company: Google, google_faults: Spoiler
) -> None:
    said = {"code": 403, "message": "Access Denied", "status": "PERMISSION_DENIED"}
    google_faults.add(path="*/datasets/sales", answer=Answer({"error": said}, 403))
    refusal = refused(fetched("gcp.bigquery.dataset"))
    assert refusal.permission == "bigquery.datasets.get"
    assert "halden-prod:sales" in refusal.reason


def test_a_location_that_is_denied_leaves_the_others_answered(
    company: Google, google_faults: Spoiler
) -> None:
    said = {"code": 403, "message": "No", "status": "PERMISSION_DENIED"}
    google_faults.add(path="*/locations/us-central1/*", answer=Answer({"error": said}, 403))
    for technology in ("gcp.kms.key_ring", "gcp.kms.key", "gcp.run.service"):
        result = fetched(technology)
        assert [one.place for one in result.refusals] == ["us-central1"], technology
        assert {"europe-west1", "global"} <= result.answered
        assert [one.region for one in result.snapshots] == ["europe-west1"]


def test_folders_are_read_at_any_depth(company: Google) -> None:
    company.put("cloudresourcemanager.v3", "folders/660", {"displayName": "Deep", "parent": FOLDER})
    assert {one.name for one in fetched("gcp.folder").snapshots} == {"Production", "Deep"}


def test_a_folder_is_watched_as_an_organisation_is(company: Google) -> None:
    account = Account(name="f", type="gcp.organization", identifier=FOLDER, parameters={})
    (folder,) = Found(watchers["gcp.organization"](), account).snapshots
    assert (folder.name, folder.uid) == ("Production", FOLDER)
    assert folder.config["Policy"]["bindings"][0]["role"] == "roles/viewer"
    assert folder.config["OrgPolicies"][0]["spec"]["rules"] == [{"enforce": True}]


def test_the_page_for_newcomers_enables_what_is_called_and_nothing_else() -> None:
    page = (ROOT / "docs" / "google.md").read_text()
    command = page[page.index("gcloud services enable") :].partition("```")[0]
    called = {
        call.service or watchers[technology].service
        for technology in GCP
        for call in watchers[technology].calls()
    }
    hosts = {urlsplit(description(api)["rootUrl"]).hostname for api in called}
    # Impersonation asks for tokens.
    assert set(re.findall(r"[a-z]+\.googleapis\.com", command)) == (
        hosts | {"iamcredentials.googleapis.com"}
    )
    assert all(f"`{'.'.join(one.split('.')[:2])}" in page for one in GCP)


# -- what takes more than one call ------------------------------------------------------------


def tables(google: Google, *names: str, type_: str = "TABLE") -> None:
    for name in names:
        google.put(
            "bigquery.v2",
            f"projects/{HALDEN}/datasets/sales/tables/{name}",
            {
                "tableReference": {"projectId": HALDEN, "datasetId": "sales", "tableId": name},
                "type": type_,
                "numRows": "7",
            },
        )


def test_of_a_table_how_it_is_encrypted_is_kept_and_nothing_of_its_data(company: Google) -> None:
    (dataset,) = fetched("gcp.bigquery.dataset").snapshots
    assert [one["tableReference"]["tableId"] for one in dataset.config["Tables"]] == ["orders"]
    assert dataset.config["Tables"][0].keys() == {
        "tableReference",
        "type",
        "encryptionConfiguration",
    }
    assert company.calls["bigquery.tables.get"] == 1, "a view is not asked for"


def test_tables_beyond_the_bound_are_unknown_and_not_read_one_by_one(company: Google) -> None:
    tables(company, *(f"t{number}" for number in range(99)))
    (dataset,) = fetched("gcp.bigquery.dataset").snapshots
    assert len(dataset.config["Tables"]) == 100
    company.calls.clear()
    tables(company, "one-more")
    (dataset,) = fetched("gcp.bigquery.dataset").snapshots
    assert dataset.unread["Tables"].code == "TooManyTables"
    assert ("Tables" in dataset.config, company.calls["bigquery.tables.get"]) == (False, 0)


def test_a_table_that_goes_while_it_is_read_is_left_out(
    company: Google, google_faults: Spoiler
) -> None:
    tables(company, "kept")
    gone = {"code": 404, "message": "Not found", "status": "NOT_FOUND"}
    google_faults.add(path="*/tables/orders", answer=Answer({"error": gone}, 404))
    (dataset,) = fetched("gcp.bigquery.dataset").snapshots
    assert [one["tableReference"]["tableId"] for one in dataset.config["Tables"]] == ["kept"]
    assert dataset.unread == {}


def test_a_project_without_an_application_answers(company: Google, google_faults: Spoiler) -> None:
    none = {"code": 404, "message": "Could not find Application", "status": "NOT_FOUND"}
    google_faults.add(path="/v1/apps/*/services", answer=Answer({"error": none}, 404))
    found = fetched("gcp.appengine.version")
    assert (found.snapshots, found.refusals, found.answered) == ([], [], {"global"})


def test_the_files_of_a_version_are_not_kept(company: Google) -> None:
    (version,) = fetched("gcp.appengine.version").snapshots
    assert version.config["deployment"] == {}
    assert version.config["handlers"][0]["securityLevel"] == "SECURE_OPTIONAL"


def test_one_region_of_clusters_that_is_refused_leaves_the_others_answered(
    company: Google, google_faults: Spoiler
) -> None:
    said = {"code": 403, "message": "No.", "status": "PERMISSION_DENIED"}
    google_faults.add(path="*/regions/us-central1/clusters", answer=Answer({"error": said}, 403))
    found = fetched("gcp.dataproc.cluster")
    assert [one.region for one in found.snapshots] == ["europe-west1"]
    assert found.answered == {"europe-west1", "global"}
    assert [one.permission for one in found.refusals] == ["dataproc.clusters.list"]
