"""Azure: what watchers read from it, and what its refusals come to."""

import json
import time
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Account
from config.demo.azure import Azure, error, type_of, unauthorized
from config.demo.internet import Answer
from items.comparing import compare, parts
from items.paths import steps, without
from items.watchers import watchers
from items.watchers.azure.keyvault import KEYS
from items.watchers.azure.network import SecurityGroup
from items.watchers.azure.security import Pricing
from items.watchers.azure.sql import DATABASES
from items.watchers.azure.storage import LOGGING
from items.watchers.base import Call
from tests.cloud.azure import GIVEN, SUBSCRIPTION, TENANT, WEB, forget
from tests.cloud.azure_things import THINGS, fill
from tests.cloud.spoiling import Spoiler, the_internet
from tests.items.conftest import Fetch, Found, refused

# Other clouds are asked through the same stand-in of the internet.
ARM = "management.azure.com"
GROUPS = "azure.network.security_group"
TYPE = "Microsoft.Network/networkSecurityGroups"
LISTING = f"*/providers/{TYPE}"
SSH = {
    "protocol": "Tcp",
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "22",
    "access": "Allow",
    "priority": 100,
    "direction": "Inbound",
}


@pytest.fixture
def there(azure_env: None) -> Account:
    return Account(name="prod", type="azure", identifier=SUBSCRIPTION, parameters=GIVEN)


@pytest.fixture
def fetch(there: Account) -> Fetch:
    return lambda technology: Found(watchers[technology](), there)


def groups(azure: Azure, *names: str) -> None:
    for name in names:
        rule = {"name": "ssh", "properties": SSH}
        azure.put(
            f"{WEB}/providers/{TYPE}/{name}",
            {
                "location": "West Europe",
                "etag": 'W/"1"',
                "properties": {"provisioningState": "Succeeded", "securityRules": [rule]},
            },
        )


# -- listings ---------------------------------------------------------------------------------


def test_all_pages_of_a_listing_are_read(azure: Azure, fetch: Fetch) -> None:
    azure.page_size = 2
    groups(azure, "a", "b", "C")
    found = fetch(GROUPS)
    assert azure.calls[TYPE] == 2
    assert {one.name for one in found.snapshots} == {"a", "b", "C"}
    assert (found.answered, found.refusals) == ({"global"}, [])
    big = found.named("C")
    assert big.full_name == f"{WEB}/providers/{TYPE}/C"
    assert big.uid == big.full_name.lower()
    assert (big.place, big.region) == ("global", "westeurope")


def test_an_empty_subscription_answers(fetch: Fetch) -> None:
    found = fetch(GROUPS)
    assert (found.snapshots, found.refusals, found.answered) == ([], [], {"global"})


def test_a_denied_listing_names_its_action(azure: Azure, fetch: Fetch) -> None:
    azure.denied.add(TYPE)
    refusal = refused(fetch(GROUPS))
    assert (refusal.operation, refusal.code, refusal.permission, refusal.place) == (
        TYPE,
        "AuthorizationFailed",
        f"{TYPE}/read",
        "global",
    )


def test_a_provider_that_is_not_registered_names_the_command(azure: Azure, fetch: Fetch) -> None:
    azure.unregistered.add((SUBSCRIPTION, "Microsoft.Network"))
    refusal = refused(fetch(GROUPS))
    assert (refusal.code, refusal.permission) == ("MissingSubscriptionRegistration", "")
    command = "az provider register --namespace Microsoft.Network"
    assert f"{command} --subscription {SUBSCRIPTION}" in refusal.reason
    assert azure.calls[TYPE] == 1, "nothing is registered by us"


def test_a_disabled_subscription_is_unknown_though_its_listings_are_empty(
    azure: Azure, fetch: Fetch
) -> None:
    azure.things[f"/subscriptions/{SUBSCRIPTION}"]["state"] = "Disabled"
    refusal = refused(fetch(GROUPS))
    assert (refusal.code, refusal.place) == ("ReadOnlyDisabledSubscription", "")
    assert "enable it again" in refusal.reason


def test_a_subscription_that_is_not_there_is_a_refusal(azure: Azure, fetch: Fetch) -> None:
    azure.things.clear()
    refusal = refused(fetch(GROUPS))
    assert refusal.code == "SubscriptionNotFound"
    assert "another tenant" in refusal.reason


def test_a_subscription_of_another_tenant_is_a_refusal(azure: Azure, fetch: Fetch) -> None:
    azure.things[f"/subscriptions/{SUBSCRIPTION}"]["tenantId"] = TENANT.replace("a", "d")
    assert "set the tenant" in refused(fetch(GROUPS)).reason


def test_a_quota_is_waited_for_and_then_told(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler, settings: Any
) -> None:
    groups(azure, "a")
    busy = error(429, "SubscriptionRequestsThrottled", "Busy.", {"x-ms-retry-after-ms": "10"})
    fault = azure_faults.add(path=LISTING, answer=busy)
    refusal = refused(fetch(GROUPS))
    assert refusal.code == "TooManyRequests"
    assert "fewer calls per second" in refusal.reason
    settings.CALL_ATTEMPTS = 2

    forget()
    fault.met, fault.times = 0, 1
    assert fetch(GROUPS).answered == {"global"}
    assert fault.met == 1


def test_nobody_waits_for_an_hour(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler, settings: Any
) -> None:
    settings.CALL_ATTEMPTS = 3
    busy = error(429, "TooManyRequests", "Busy.", {"Retry-After": "3600"})
    fault = azure_faults.add(path=LISTING, answer=busy)
    began = time.monotonic()
    assert refused(fetch(GROUPS)).code == "TooManyRequests"
    assert (fault.met, time.monotonic() - began < 10) == (1, True)


def test_a_page_that_repeats_itself_ends_the_reading(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    azure.page_size = 1
    groups(azure, "a", "b", "c")
    link = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/{TYPE}"
    again = {"value": [], "nextLink": f"{link}?api-version=2024-05-01&%24skiptoken=MQ%3D%3D"}
    azure_faults.add(path=LISTING, page=2, answer=Answer(again))
    found = fetch(GROUPS)
    assert refused(found).code == "Repeated"
    assert found.named("a")


def test_our_token_is_sent_to_no_other_host(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    groups(azure, "a")
    for link in ("https://evil.example.com/next", "http://management.azure.com/next"):
        azure_faults.faults.clear()
        azure_faults.add(path=LISTING, answer=Answer({"value": [], "nextLink": link}))
        assert refused(fetch(GROUPS)).code == "Elsewhere"


def test_a_token_that_ends_in_the_middle_is_had_anew(azure: Azure, fetch: Fetch) -> None:
    azure.page_size = 1
    groups(azure, "a", "b")
    fetch(GROUPS)
    azure.logins.tokens.clear()
    found = fetch(GROUPS)
    assert (len(found.snapshots), found.refusals) == (2, [])
    assert azure.logins.given == 2


def test_a_token_that_is_never_taken_is_a_refusal(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    fault = azure_faults.add(
        path=LISTING, answer=unauthorized("ExpiredAuthenticationToken", "The token expired.")
    )
    refusal = refused(fetch(GROUPS))
    assert refusal.code == "ExpiredAuthenticationToken"
    assert "application or identity is not deleted" in refusal.reason
    assert (fault.met, azure.logins.given) == (2, 2)


def test_an_application_that_is_gone_is_a_refusal(azure: Azure, fetch: Fetch) -> None:
    azure.logins.applications["another"] = azure.logins.applications.popitem()[1]
    refusal = refused(fetch(GROUPS))
    assert (refusal.code, refusal.place) == ("AADSTS700016", "")
    assert "client_id and tenant" in refusal.reason


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"cut": 40}, "IncompleteReadError"),
        ({"answer": Answer(b"<html>Bad gateway</html>")}, "Malformed"),
        (
            {"answer": Answer(b"<html>Hello</html>", headers={"content-type": "text/html"})},
            "Malformed",
        ),
        ({"answer": Answer(b"<html>Bad gateway</html>", 502)}, "Http502"),
        ({"answer": Answer(["one"])}, "Malformed"),
        ({"answer": Answer({"login": "https://portal.example.com"})}, "Malformed"),
        ({"answer": Answer({"value": [7]})}, "Malformed"),
        ({"answer": Answer({"value": {"id": "x"}})}, "Malformed"),
        ({"answer": Answer({"value": [{"name": "no id"}]})}, "Malformed"),
    ],
)
def test_an_answer_that_is_not_azures_is_a_refusal(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler, how: dict[str, Any], code: str
) -> None:
    groups(azure, "a")
    azure_faults.add(path=LISTING, **how)
    assert refused(fetch(GROUPS)).code == code


def test_what_came_before_a_refused_page_is_kept(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    azure.page_size = 1
    groups(azure, "a", "b")
    azure_faults.add(path=LISTING, page=2, answer=error(403, "AuthorizationFailed", "No."))
    found = fetch(GROUPS)
    assert refused(found).code == "AuthorizationFailed"
    assert [one.name for one in found.snapshots] == ["a"]


# -- all technologies -------------------------------------------------------------------------

AZURE = [technology for technology in watchers if technology.startswith("azure.")]
PARTS = [(one, part) for one in AZURE for part in watchers[one].details]
# Parts that code of the watcher adds, and the call that each begins with.
CODED = {
    ("azure.sql.server", "Databases"): DATABASES,
    ("azure.keyvault.vault", "Keys"): KEYS,
    **{("azure.storage.account", part): call for part, call in LOGGING.items()},
}


def test_every_technology_brings_what_azure_sends_and_the_same_twice(
    azure: Azure, fetch: Fetch
) -> None:
    fill(azure)
    assert len(AZURE) == 33
    for technology in AZURE:
        watcher = watchers[technology]()
        first, again = fetch(technology), fetch(technology)
        assert first.refusals == [], technology
        (one,) = first.snapshots
        assert first.answered == {"global"}
        assert one.config == again.snapshots[0].config
        assert one.unread == {}
        assert parts(watcher) <= one.config.keys()
        assert watcher.tidy(one.config) == one.config
        assert one.uid == one.full_name.lower()
        sent = azure.things.get(one.uid, {"value": [azure.things.get(f"{one.uid}/default")]})
        assert without(one.config, [(part,) for part in parts(watcher)]) == watcher.tidy(sent)


def test_the_parts_of_things_are_what_azure_sends(azure: Azure, fetch: Fetch) -> None:
    fill(azure)
    storage = fetch("azure.storage.account").named("acmelogs").config
    assert storage["BlobService"]["properties"]["deleteRetentionPolicy"]["days"] == 14
    assert [one["properties"]["publicAccess"] for one in storage["Containers"]] == ["None"]
    vault = fetch("azure.keyvault.vault").named("acme").config
    assert [one["name"] for one in vault["Keys"]] == ["disk"]
    assert [one["name"] for one in vault["DiagnosticSettings"]] == ["audit"]
    server = fetch("azure.sql.server").named("acme").config
    by_name = {one["name"]: one["TransparentDataEncryption"] for one in server["Databases"]}
    assert by_name["master"] is None
    assert by_name["shop"]["properties"] == {"state": "Enabled"}
    role = fetch("azure.authorization.role_definition").snapshots[0]
    assert role.name == "Operators of the shop"
    assert fetch("azure.web.app").named("shop").region == "westeurope"


def test_no_secret_is_kept_and_none_is_asked_for(azure: Azure, fetch: Fetch) -> None:
    fill(azure)
    kept = [one.config for technology in AZURE for one in fetch(technology).snapshots]
    said = json.dumps(kept)
    assert "hunter2" not in said
    assert "$shop" not in said
    asked = [request for request in the_internet().asked if request.host == ARM]
    assert {request.method for request in asked} == {"GET"}
    assert not [request.path for request in asked if "listKeys" in request.path]


def test_the_order_of_cipher_suites_is_kept(azure: Azure, fetch: Fetch) -> None:
    fill(azure)
    gateway = fetch("azure.network.application_gateway").named("shop").config
    suites = gateway["properties"]["sslPolicy"]["cipherSuites"]
    assert [suite[19:] for suite in suites] == ["AES_256_GCM_SHA384", "AES_128_GCM_SHA256"]


@pytest.mark.parametrize(("technology", "part"), [*PARTS, *CODED])
def test_a_part_that_is_refused_is_unread_and_the_item_is_there(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler, technology: str, part: str
) -> None:
    fill(azure)
    watcher = watchers[technology]
    call = watcher.details.get(part) or CODED[technology, part]
    path = call.operation.replace("{id}", "*")
    azure_faults.add(path=path, answer=error(403, "AuthorizationFailed", "No."))
    found = fetch(technology)
    (one,) = found.snapshots
    assert set(one.unread) == {part}
    assert part not in one.config
    assert (one.unread[part].code, one.unread[part].permission) == (
        "AuthorizationFailed",
        watcher.needed(call),
    )
    assert found.answered == {"global"}


@pytest.mark.parametrize(("technology", "part"), [(one, part) for one, part in PARTS[:4]])
def test_a_part_that_is_not_azures_is_unread_not_empty(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler, technology: str, part: str
) -> None:
    fill(azure)
    path = watchers[technology].details[part].operation.replace("{id}", "*")
    azure_faults.add(path=path, answer=Answer({"login": "https://portal.example.com"}))
    (one,) = fetch(technology).snapshots
    assert one.unread[part].code == "Malformed"
    assert part not in one.config


def test_one_database_that_is_refused_leaves_all_of_them_unread(azure: Azure, fetch: Fetch) -> None:
    fill(azure)
    azure.denied.add("Microsoft.Sql/servers/databases/transparentDataEncryption")
    (one,) = fetch("azure.sql.server").snapshots
    permission = "Microsoft.Sql/servers/databases/transparentDataEncryption/read"
    assert one.unread["Databases"].permission == permission


@pytest.mark.parametrize("technology", AZURE)
def test_every_listing_that_is_denied_names_its_action(
    azure: Azure, fetch: Fetch, technology: str
) -> None:
    fill(azure)
    watcher = watchers[technology]
    needed = watcher.needed(watcher.listing)
    azure.denied.add(needed.removesuffix("/read").replace("/locations/", "/"))
    refusal = refused(fetch(technology))
    assert (refusal.code, refusal.permission) == ("AuthorizationFailed", needed)


@pytest.mark.parametrize("technology", AZURE)
def test_every_listing_is_read_to_its_end(azure: Azure, fetch: Fetch, technology: str) -> None:
    fill(azure)
    watcher = watchers[technology]
    if watcher.listing.answer == "[@]" or technology == "azure.security.pricing":
        return  # One answer, by what Microsoft documents.
    azure.page_size = 1
    one, thing = next(
        (one, thing)
        for one, thing in reversed(THINGS)
        if type_of(one) == watcher.needed(watcher.listing).removesuffix("/read")
        or (one == WEB and technology == "azure.resource_group")
    )
    azure.put(one + "2", thing)
    found = fetch(technology)
    assert found.refusals == []
    if technology == "azure.security.policies":
        assert len(found.snapshots[0].config["value"]) == 2
    else:
        assert len(found.snapshots) == 2


def test_a_page_that_repeats_itself_ends_the_clients_reading_too(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    fill(azure)
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security/securityContacts"
    link = f"https://management.azure.com{path}?api-version=2020-01-01-preview&%24skiptoken=MQ"
    azure_faults.add(path=path, answer=Answer({"value": [], "nextLink": link}))
    assert refused(fetch("azure.security.contact")).code == "Repeated"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"<html>Hello</html>", headers={"content-type": "text/html"}), "Malformed"),
        (Answer({"login": "https://portal.example.com"}), "Malformed"),
        (Answer({"value": "x"}), "Malformed"),
        (Answer(b"<html>Bad gateway</html>", 502), "Http502"),
        (unauthorized(), "InvalidAuthenticationToken"),
        (error(404, "Subscription Not Registered", "No."), "MissingSubscriptionRegistration"),
    ],
)
@pytest.mark.parametrize("technology", ["azure.security.pricing", "azure.security.contact"])
def test_the_clients_errors_are_refusals_too(
    azure: Azure,
    fetch: Fetch,
    azure_faults: Spoiler,
    technology: str,
    answer: Answer,
    code: str,
) -> None:
    fill(azure)
    azure_faults.add(path="*/Microsoft.Security/*", answer=answer)
    assert refused(fetch(technology)).code == code
    assert {request.method for request in the_internet().asked if request.host == ARM} <= {"GET"}


def test_an_account_for_files_has_no_blobs_and_nothing_is_unread(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    fill(azure)
    said = error(400, "FeatureNotSupportedForAccount", "Blob is not supported for the account.")
    azure_faults.add(path="*/blobServices/*", answer=said)
    (one,) = fetch("azure.storage.account").snapshots
    assert (one.config["BlobService"], one.config["Containers"], one.unread) == (None, None, {})


def test_an_account_without_queues_is_not_asked_about_them(azure: Azure, fetch: Fetch) -> None:
    fill(azure)
    kept = azure.things[f"{WEB}/providers/Microsoft.Storage/storageAccounts/acmelogs".lower()]
    for service in ("queue", "table"):
        del kept["properties"]["primaryEndpoints"][service]
    (one,) = fetch("azure.storage.account").snapshots
    kinds = ("Blob", "Queue", "Table")
    assert [bool(one.config[f"{kind}DiagnosticSettings"]) for kind in kinds] == [True, False, False]
    assert (one.config["QueueDiagnosticSettings"], one.unread) == (None, {})
    assert azure.calls["Microsoft.Insights/diagnosticSettings"] == 1


def test_a_key_tells_how_it_is_rotated_and_one_that_is_refused_leaves_all_unread(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    fill(azure)
    (key,) = fetch("azure.keyvault.vault").named("acme").config["Keys"]
    assert key["properties"]["rotationPolicy"]["lifetimeActions"][0]["action"] == {"type": "rotate"}
    azure_faults.add(path="*/keys/disk", answer=error(403, "AuthorizationFailed", "No."))
    (one,) = fetch("azure.keyvault.vault").snapshots
    assert one.unread["Keys"].permission == "Microsoft.KeyVault/vaults/keys/read"
    assert "Keys" not in one.config


def test_a_kind_of_server_that_is_no_more_is_no_gap(
    azure: Azure, fetch: Fetch, azure_faults: Spoiler
) -> None:
    path = "*/Microsoft.DBforPostgreSQL/servers"
    fault = azure_faults.add(path=path, answer=error(404, "InvalidResourceType", "No such type."))
    found = fetch("azure.postgresql.single_server")
    assert (found.snapshots, found.refusals, found.answered) == ([], [], {"global"})
    fault.answer = error(403, "AuthorizationFailed", "No.")
    assert refused(fetch("azure.postgresql.single_server")).code == "AuthorizationFailed"


def test_a_disabled_subscription_is_an_item_that_says_so(azure: Azure, fetch: Fetch) -> None:
    azure.things[f"/subscriptions/{SUBSCRIPTION}"]["state"] = "Disabled"
    assert fetch("azure.subscription").named("Production").config["state"] == "Disabled"


def test_the_printed_role_holds_what_the_watchers_read(capsys: Any) -> None:
    call_command("printpermissions", "azure")
    role = json.loads(capsys.readouterr().out)
    actions = role["Actions"]
    assert actions == sorted(set(actions))
    assert all(action.endswith("/read") for action in actions)
    assert f"{TYPE}/read" in actions
    assert (role["IsCustom"], role["DataActions"]) == (True, [])


@pytest.mark.parametrize(
    ("technology", "before", "after", "sameness"),
    [
        ("azure.compute.disk", {"diskState": "Attached"}, {"diskState": "Reserved"}, "refreshed"),
        ("azure.compute.disk", {"diskSizeGB": 4}, {"diskSizeGB": 8}, "different"),
        ("azure.security.secure_score", {"weight": 1}, {"weight": 2}, "refreshed"),
        ("azure.web.app", {"usageState": "Normal"}, {"usageState": "Exceeded"}, "refreshed"),
        ("azure.web.app", {"httpsOnly": True}, {"httpsOnly": False}, "different"),
    ],
)
def test_what_moves_by_itself_is_no_change(
    technology: str, before: dict[str, Any], after: dict[str, Any], sameness: str
) -> None:
    watcher = watchers[technology]()
    ephemeral = tuple(map(steps, watcher.ephemeral))
    stored, fresh = {"properties": before}, {"properties": after}
    assert compare(watcher, ephemeral, stored, fresh).value == sameness


# -- specifications ---------------------------------------------------------------------------

V = {"api-version": "2024-05-01"}


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"listing": Call("/subscriptions/{subscription}/providers/A.B/c", "value", V)}, "action"),
        ({"listing": Call(f"/providers/{TYPE}", "value")}, "has the api-version ''"),
        (
            {"listing": Call(f"/providers/{TYPE}", "value", {"api-version": "latest"})},
            "has the api-version 'latest'",
        ),
        ({"listing": Call(f"providers/{TYPE}", "value", V)}, "is no path"),
        ({"listing": Call(f"/providers/{TYPE}", "values", V)}, "answers no values"),
        ({"details": {"Logs": Call("{id}/logs", "value", V)}}, "is not told id"),
        (
            {"details": {"Logs": Call("{id}/logs", "value", V, keys={"id": "id", "a": "b"})}},
            "does not say a",
        ),
        ({"id": "uniqueId"}, "have no uniqueId"),
        ({"full_name": "{link}"}, "have no link"),
        ({"ephemeral": ("property.state",)}, "have no property"),
    ],
)
def test_what_a_specification_gets_wrong_is_named(attributes: dict[str, Any], problem: str) -> None:
    found = type("Wrong", (SecurityGroup,), attributes).problems()
    assert found
    assert all(problem in one for one in found)


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (Call("prices.list"), "there is no operation prices.list"),
        (Call("pricings.list"), "pricings.list needs scope_id"),
        (Call("pricings.list", params={"scope_id": "x", "size": 1}), "pricings.list takes no size"),
    ],
)
def test_what_the_client_does_not_offer_is_named(call: Call, problem: str) -> None:
    assert type("Wrong", (Pricing,), {"listing": call}).problems() == [problem]
