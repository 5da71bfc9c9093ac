"""Azure: what watchers read from it, and what its refusals come to."""

import time
from typing import Any

import pytest

from accounts.models import Account
from config.demo.azure import Azure, error, unauthorized
from config.demo.internet import Answer
from items.watchers import watchers
from items.watchers.azure.network import SecurityGroup
from items.watchers.base import Call
from tests.cloud.azure import GIVEN, SUBSCRIPTION, TENANT, WEB, forget
from tests.cloud.spoiling import Spoiler
from tests.items.conftest import Fetch, Found

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


def refused(found: Found) -> Any:
    """The one refusal; where it is, nothing counts as gone."""
    (refusal,) = found.refusals
    assert found.answered == set()
    return refusal


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


def test_nobody_waits_for_an_hour(azure: Azure, fetch: Fetch, azure_faults: Spoiler) -> None:
    busy = error(429, "TooManyRequests", "Busy.", {"Retry-After": "3600"})
    azure_faults.add(path=LISTING, answer=busy)
    began = time.monotonic()
    assert refused(fetch(GROUPS)).code == "TooManyRequests"
    assert time.monotonic() - began < 5


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
