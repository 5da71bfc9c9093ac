"""Azure: subscriptions, and the tenants and management groups above them; no secret is stored."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS
from accounts.types.azure_errors import DENIED, FAILURES, told
from accounts.types.azure_login import CLOUDS, KINDS, moment
from accounts.types.azure_session import SUBSCRIPTIONS, AzureSession, connect
from accounts.types.base import AccountType, Found, Parameter, Reachable, Refused

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# A tenant is named by its id or by one of its domains.
TENANT = rf"{GUID}|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
MANAGEMENT_GROUPS = "2020-05-01"
# In these states there is nothing to read, or soon will not be.
ENDED = ("Disabled", "Deleted", "Expired")

CREDENTIAL = (
    Parameter(
        "credential",
        "Credential",
        "How Vervet logs in. default: what this machine has (environment, workload identity, "
        "managed identity, the Azure CLI). secret, certificate: an application. token: a file as "
        "az account get-access-token prints it.",
        default="default",
        choices=tuple(KINDS),
    ),
    Parameter(
        "client_id",
        "Client id",
        "Of the application, or of a managed identity that is user-assigned.",
        pattern=GUID,
        wants="a client id (a GUID in small letters)",
    ),
    Parameter(
        "secret",
        "Secret",
        "Where the secret, the certificate with its key (PEM), or the token lies.",
        pattern=PATTERN,
        wants=WANTS,
    ),
    Parameter(
        "cloud",
        "Cloud",
        "usgov: Azure Government. china: Azure operated by 21Vianet.",
        default="public",
        choices=tuple(CLOUDS),
    ),
)


class AzureType(AccountType):
    """What subscriptions and what is above them have in common."""

    @classmethod
    def check_identifier(cls, identifier: str) -> None:
        if not re.fullmatch(GUID, identifier):
            raise ValidationError(
                {
                    "identifier": f"{identifier!r} is no {cls.identifier_label.lower()}: a GUID in "
                    "small letters, as az account list shows it."
                }
            )

    @classmethod
    def complete(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for what the kind of credential needs, too."""
        complete = super().complete(given)
        known = {parameter.name for parameter in cls.parameters}
        needed = [name for name in KINDS[complete["credential"]].needs if name in known]
        missing = [name for name in needed if not complete[name]]
        if missing:
            raise ValidationError(
                {
                    "parameters": [
                        f"{name}: the credential {complete['credential']!r} needs it"
                        for name in missing
                    ]
                }
            )
        return complete


class AzureSubscription(AzureType):
    key = "azure"
    label = "Azure subscription"
    identifier_label = "Subscription id"
    parameters = (
        Parameter(
            "tenant",
            "Tenant",
            "The tenant that the subscription is in: its id, or one of its domains.",
            pattern=TENANT,
            wants="a tenant (a GUID in small letters, or a domain)",
        ),
        *CREDENTIAL,
    )

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        """Give the commands that make the role and assign it in the subscription."""
        return assignments(account, f"/subscriptions/{account.identifier}")

    @classmethod
    def whoami(cls, account: Reachable) -> str:
        session = connect(account)
        there = one(session, f"/subscriptions/{account.identifier}", SUBSCRIPTIONS)
        name, state = there.get("displayName") or account.identifier, there.get("state")
        if state in ENDED:
            raise Refused(
                f"The subscription {name} is {str(state).lower()}. Have its owner enable it again, "
                "or archive this account."
            )
        return f"{who(session)}, in {name} ({account.identifier})"


class AzureTenant(AzureType):
    key = "azure.tenant"
    label = "Azure tenant"
    identifier_label = "Tenant id"
    finds = AzureSubscription.key
    parameters = (
        Parameter(
            "management_group",
            "Management group",
            "Find only subscriptions below this one, by its id. Empty: all that Vervet sees.",
            pattern=r"[\w().-]{1,90}",
            wants="a management group's id (not its display name)",
        ),
        *CREDENTIAL,
    )

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        """Give the commands that make the role and assign it above all subscriptions."""
        group = account.parameters.get("management_group") or account.identifier
        return assignments(account, f"/providers/Microsoft.Management/managementGroups/{group}")

    @classmethod
    def whoami(cls, account: Reachable) -> str:
        session = connect(account, tenant=account.identifier)
        group = account.parameters.get("management_group")
        if group:
            path = f"/providers/Microsoft.Management/managementGroups/{group}"
            found = one(session, path, MANAGEMENT_GROUPS).get("properties") or {}
            return f"{who(session)}, in {found.get('displayName')} ({group})"
        for tenant in listed(session, "/tenants", SUBSCRIPTIONS):
            if tenant.get("tenantId") == account.identifier:
                name = tenant.get("displayName") or account.identifier
                return f"{who(session)}, in {name} ({account.identifier})"
        raise Refused(
            f"The login is not one of the tenant {account.identifier}: add the application there."
        )

    @classmethod
    def discover(cls, account: Reachable) -> Iterator[Found]:
        """Yield every subscription that is in use, seen by us or below the management group."""
        session = connect(account, tenant=account.identifier)
        group = account.parameters.get("management_group")
        seen = {
            str(one["subscriptionId"]).lower(): one
            for one in listed(session, "/subscriptions", SUBSCRIPTIONS)
        }
        names = {identifier: str(one.get("displayName") or "") for identifier, one in seen.items()}
        for identifier, name in (below(session, group) if group else names).items():
            if seen.get(identifier, {}).get("state") not in ENDED:
                yield Found(identifier, name, {"tenant": account.identifier})


def below(session: AzureSession, group: str) -> dict[str, str]:
    """Return names of the subscriptions at any depth below a management group, by id."""
    path = f"/providers/Microsoft.Management/managementGroups/{group}/descendants"
    return {
        str(one["name"]).lower(): str((one.get("properties") or {}).get("displayName") or "")
        for one in listed(session, path, MANAGEMENT_GROUPS)
        if str(one.get("type", "")).lower().endswith("subscriptions")
    }


def who(session: AzureSession) -> str:
    """Say who Vervet is and, where nobody renews the token, when it ends."""
    tokens = session.tokens
    name = tokens.who()
    ends = tokens.given["credential"] == "token"
    return f"{name} (the token ends at {moment(tokens.ends)})" if ends else name


def listed(session: AzureSession, path: str, version: str) -> Iterator[dict[str, Any]]:
    """Yield what Resource Manager lists on all pages; raise Refused where it does not."""
    for page in pages(session, path, version):
        rows = page.get("value")
        if not isinstance(rows, list):
            raise Refused(f"{path}: the answer holds no list. A proxy on the way?")
        yield from rows


def one(session: AzureSession, path: str, version: str) -> dict[str, Any]:
    """Return what Resource Manager says of one thing; raise Refused where it does not."""
    return next(pages(session, path, version))


def pages(session: AzureSession, path: str, version: str) -> Iterator[dict[str, Any]]:
    """Yield each answer of Resource Manager; raise Refused, with what mends it."""
    try:
        yield from session.pages(path, **{"api-version": version})
    except Refused:
        raise
    except FAILURES as error:
        said = told(error, session.identifier)
        mend = " Assign the role as shown here; it takes some minutes to count."
        raise Refused(f"{said.code}: {said.reason}{mend * (said.code == DENIED)}") from error


def assignments(account: Reachable, scope: str) -> str:
    """Return the commands that make Vervet's role and assign it at a scope."""
    who = account.parameters.get("client_id") or "OBJECT_OR_CLIENT_ID"
    return "\n".join(
        (
            f"manage.py printpermissions azure | sed 's|SCOPE|{scope}|' > vervet.json",
            "az role definition create --role-definition @vervet.json",
            f"az role assignment create --assignee {who} --role Vervet \\",
            f"    --scope {scope}",
        )
    )
