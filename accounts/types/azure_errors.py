"""What Azure says when it refuses, in one form whichever of its services said it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from accounts.types.base import Refused

# What a call may raise: an answer of a service, no answer, garbage, or no token to ask with.
FAILURES = (AzureError, Refused)

BY_STATUS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests"}
# How services write what others call otherwise.
SAME = {
    "LinkedAuthorizationFailed": "AuthorizationFailed",
    "Forbidden": "AuthorizationFailed",
    "Subscription Not Registered": "MissingSubscriptionRegistration",
    "SubscriptionNotRegistered": "MissingSubscriptionRegistration",
    "DisabledSubscription": "ReadOnlyDisabledSubscription",
    "SubscriptionRequestsThrottled": "TooManyRequests",
    "TenantRequestsThrottled": "TooManyRequests",
}
DENIED = "AuthorizationFailed"
RETIRED = (
    "Microsoft does not offer this here (any more). Switch this technology off for the account."
)
# What to do about it.
MENDS = {
    "MissingSubscriptionRegistration": "If it is to be used, register it: "
    "az provider register --namespace {namespace} --subscription {subscription}",
    "SubscriptionNotFound": "Is it deleted, or in another tenant? Bring it back, set the tenant, "
    "or archive this account.",
    "ReadOnlyDisabledSubscription": "Have its owner enable it again, or archive this account.",
    "InvalidAuthenticationTokenTenant": "The token is of another tenant: set the tenant that the "
    "subscription is in.",
    "ExpiredAuthenticationToken": "Azure takes no token of this credential any more: see that the "
    "application or identity is not deleted or disabled, and that this machine's clock is right.",
    "InvalidAuthenticationToken": "Azure does not take the token of this credential: is it for "
    "this cloud, and for Azure Resource Manager?",
    "TooManyRequests": "Set fewer calls per second for this account.",
    "NoRegisteredProviderFound": RETIRED,
    "InvalidResourceType": RETIRED,
    "InvalidApiVersionParameter": RETIRED,
    "UnsupportedApiVersion": RETIRED,
}
# What Entra ID says where there is no token; its numbers are documented.
SIGN_INS = {
    "AADSTS7000215": "The client secret is wrong: the secret's value is needed, not its id.",
    "AADSTS7000222": "The client secret has ended: make a new one.",
    "AADSTS700016": "There is no such application in the tenant: see client_id and tenant.",
    "AADSTS90002": "There is no such tenant.",
    "AADSTS900023": "There is no such tenant.",
    "AADSTS700027": "The certificate is not one of the application's: upload it there.",
    "AADSTS700024": "The assertion has ended: is this machine's clock right?",
    "AADSTS70021": "No federated credential of the application fits the token's subject.",
    "AADSTS7000112": "The application is disabled.",
    "AADSTS53003": "A conditional access policy refuses it: exclude Vervet's identity there.",
}


class Repeated(AzureError):
    """A listing named a page that it had given before: it would never end."""


class Malformed(AzureError):
    """The answer is not what Azure answers: a page of a proxy, or cut off."""


class Elsewhere(AzureError):
    """A link leads to another host, which must not be sent our token."""


@dataclass(frozen=True)
class Told:
    """An error in words: its kind, and what was said with what mends it."""

    code: str
    reason: str


def told(error: Exception, subscription: str = "", namespace: str = "") -> Told:
    """Tell what an error of FAILURES means; the others fill in what would mend it."""
    response = getattr(error, "response", None)
    if isinstance(error, HttpResponseError) and response is not None:
        found = _answered(response)
    elif isinstance(error, ClientAuthenticationError):
        found = _not_signed_in(error)
    else:
        found = Told(type(error).__name__, first_line(error))
    mend = MENDS.get(found.code, "").format(
        subscription=subscription or "SUBSCRIPTION", namespace=namespace or "NAMESPACE"
    )
    return Told(found.code, f"{found.reason} {mend}".strip())


def _answered(response: Any) -> Told:
    status = int(response.status_code)
    said = said_in(response)
    number = re.search(r"AADSTS\d+", str(said.get("error_description", "")))
    if number:
        return _signed(number[0], str(said["error_description"]))
    code = str(said.get("code") or said.get("Code") or "") or BY_STATUS.get(status, f"Http{status}")
    message = str(said.get("message") or said.get("Message") or "")
    if not message:
        message = f"HTTP {status} with a body that is not Azure's. A proxy on the way?"
    if status == 429:
        code = "TooManyRequests"
    return Told(SAME.get(code, code)[:200], message[:1000])


def said_in(response: Any) -> dict[str, Any]:
    """Return the error object of an answer; empty where there is none."""
    try:
        body = json.loads(response.text())
    except (ValueError, AzureError):
        return {}
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)
    return error if isinstance(error, dict) else body


def _not_signed_in(error: Exception) -> Told:
    number = re.search(r"AADSTS\d+", str(error))
    if number:
        return _signed(number[0], first_line(error))
    return Told(type(error).__name__, f"Vervet got no token from Azure: {first_line(error)}")


def _signed(number: str, said: str) -> Told:
    return Told(number, f"{SIGN_INS.get(number, '')} Entra ID says: {said[:500]}".strip())


def first_line(error: Exception) -> str:
    """Return what an error says before its hints and traces."""
    lines = str(getattr(error, "message", "") or error).strip().splitlines()
    return lines[0][:500] if lines else type(error).__name__
