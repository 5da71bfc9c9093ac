"""Credentials for Azure: which there are, what each needs, and its token, shared by threads."""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from django.conf import settings

from accounts.references import resolved, secret_file
from accounts.types.base import Refused

# Seconds before its end from which a token counts as ended, as in the SDK.
MARGIN = 300


@dataclass(frozen=True)
class Cloud:
    """The hosts of one of Microsoft's clouds; what azure-core and azure-mgmt-core know of it."""

    login: str
    manager: str
    scope: str


CLOUDS = {
    "public": Cloud(
        "login.microsoftonline.com",
        "https://management.azure.com",
        "https://management.azure.com/.default",
    ),
    "usgov": Cloud(
        "login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/.default",
    ),
    "china": Cloud(
        "login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
    ),
}


class TokenFile:
    """A token that somebody else fetched: JSON as ``az account get-access-token`` prints it."""

    def __init__(self, reference: str) -> None:
        self.reference = reference

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Read the token anew; raise Refused where there is none, or where it has ended."""
        said = self._read()
        token, ends = said.get("accessToken"), _end(said)
        if not isinstance(token, str) or ends is None:
            raise Refused(
                f"{self.reference} holds no token with its end. Write it there anew: "
                "az account get-access-token > FILE"
            )
        if ends <= time.time():
            raise Refused(
                f"The token in {self.reference} ended at {moment(ends)}. Write a new one there: "
                "az account get-access-token > FILE"
            )
        return AccessToken(token, ends)

    def _read(self) -> dict[str, Any]:
        try:
            said = json.loads(resolved(self.reference))
        except ValueError:
            said = None
        if isinstance(said, dict):
            return said
        raise Refused(f"{self.reference} is no JSON as az account get-access-token prints it.")


def _end(said: Mapping[str, Any]) -> int | None:
    """Return when a token ends, in Unix time; older CLIs tell it in local time only."""
    try:
        if "expires_on" in said:
            return int(said["expires_on"])
        return int(datetime.fromisoformat(str(said["expiresOn"])).timestamp())
    except (KeyError, ValueError, TypeError):
        return None


def moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


# -- kinds of credentials -----------------------------------------------------------------------

Make = Callable[[Mapping[str, str], Cloud], Any]


def _default(given: Mapping[str, str], cloud: Cloud) -> TokenCredential:
    """What this machine has: environment, workload identity, managed identity, the CLI."""
    return DefaultAzureCredential(
        authority=cloud.login,
        managed_identity_client_id=given.get("client_id") or None,
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_powershell_credential=True,
        exclude_developer_cli_credential=True,
        exclude_interactive_browser_credential=True,
        exclude_broker_credential=True,
        **_patience(),
    )


def _secret(given: Mapping[str, str], cloud: Cloud) -> TokenCredential:
    return ClientSecretCredential(
        given["tenant"],
        given["client_id"],
        resolved(given["secret"]),
        authority=cloud.login,
        **_patience(),
    )


def _certificate(given: Mapping[str, str], cloud: Cloud) -> TokenCredential:
    pem = resolved(given["secret"]).encode()
    try:
        return CertificateCredential(
            given["tenant"],
            given["client_id"],
            certificate_data=pem,
            authority=cloud.login,
            **_patience(),
        )
    except ValueError as error:
        # What the SDK says may hold what it read.
        raise Refused(
            f"{given['secret']} holds no certificate with its private key, in PEM and without a "
            "password."
        ) from error


def _managed_identity(given: Mapping[str, str], _: Cloud) -> TokenCredential:
    return ManagedIdentityCredential(client_id=given.get("client_id") or None, **_patience())


def _workload_identity(given: Mapping[str, str], cloud: Cloud) -> TokenCredential:
    reference = given.get("secret")
    where = {"token_file_path": str(secret_file(reference))} if reference else {}
    try:
        return WorkloadIdentityCredential(
            tenant_id=given["tenant"],
            client_id=given["client_id"],
            authority=cloud.login,
            **where,
            **_patience(),
        )
    except ValueError as error:
        raise Refused(
            "There is no token of a workload here: AZURE_FEDERATED_TOKEN_FILE is not set. Name "
            "the file, or run Vervet as a workload that has one."
        ) from error


def _cli(given: Mapping[str, str], _: Cloud) -> TokenCredential:
    return AzureCliCredential(tenant_id=given.get("tenant") or "")


def _token(given: Mapping[str, str], _: Cloud) -> TokenFile:
    return TokenFile(given["secret"])


@dataclass(frozen=True)
class CredentialKind:
    """A way to log in, and what must be given for it."""

    make: Make
    needs: tuple[str, ...] = ()


KINDS = {
    "default": CredentialKind(_default),
    "secret": CredentialKind(_secret, ("tenant", "client_id", "secret")),
    "certificate": CredentialKind(_certificate, ("tenant", "client_id", "secret")),
    "managed identity": CredentialKind(_managed_identity),
    "workload identity": CredentialKind(_workload_identity, ("tenant", "client_id")),
    "cli": CredentialKind(_cli),
    "token": CredentialKind(_token, ("secret",)),
}


def _patience() -> dict[str, Any]:
    """How long and how often the SDK asks for a token."""
    return {
        "retry_total": settings.CALL_ATTEMPTS - 1,
        "connection_timeout": min(10, settings.CALL_TIMEOUT),
        "read_timeout": settings.CALL_TIMEOUT,
    }


# -- tokens ------------------------------------------------------------------------------------


class Tokens:
    """The token of one credential: one thread asks for it, the others wait."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.cloud = CLOUDS[given["cloud"]]
        self._lock = threading.Lock()
        self._credential: Any = None
        self._token: AccessToken | None = None

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        """Return a token that holds; raise AzureError or Refused where there is none."""
        with self._lock:
            if self._token is None or self._token.expires_on - time.time() < MARGIN:
                self._token = self._ask()
            return self._token

    def anew(self, refused: str, **wanted: Any) -> AccessToken:
        """Return another token than the one that was refused; ``wanted`` is for the SDK.

        The SDK keeps its tokens until their written end, so a credential of its own is made.
        """
        with self._lock:
            if self._token is None or self._token.token == refused:
                self._credential = None
                self._token = self._ask(**wanted)
            return self._token

    def _ask(self, **wanted: Any) -> AccessToken:
        if self._credential is None:
            self._credential = KINDS[self.given["credential"]].make(self.given, self.cloud)
        token: AccessToken = self._credential.get_token(self.cloud.scope, **wanted)
        return token

    @property
    def ends(self) -> float:
        """When the token that is held ends, in Unix time."""
        return self._token.expires_on if self._token else 0

    def who(self) -> str:
        """Say whose the token is, as far as it says so; raises as ``get_token()``."""
        claims = _claims(self.get_token().token)
        for claim, kind in (("upn", ""), ("appid", "application "), ("oid", "object ")):
            if claims.get(claim):
                return f"{kind}{claims[claim]}"
        return "a login that names nobody"


def _claims(token: str) -> dict[str, Any]:
    """Return what a token says of itself, unverified: for people to read, for nothing else."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
