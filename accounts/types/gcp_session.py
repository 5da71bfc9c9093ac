"""A login at Google Cloud: who Vervet is there, its token, and the calls that it makes."""

import functools
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import google.auth
from django.conf import settings
from google.auth import aws, identity_pool, impersonated_credentials
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp, Request
from googleapiclient.discovery import Resource, build_from_document, fix_method_name, key2param
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from httplib2 import Http, certs

from accounts.pacing import Pace
from accounts.references import resolved
from accounts.types.base import Reachable, Refused

# The one scope that all services take. What Vervet may do is what its roles allow.
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_LOCK = threading.Lock()

Read = Callable[[dict[str, Any]], Any]


class Repeated(Exception):
    """A listing named a page that it had given before: it would never end."""


class Malformed(Exception):
    """The answer is not what the service answers: a page of a proxy, or cut off."""


class Login:
    """One identity: its token, and connections that carry it.

    Shared by all accounts that name it, and by their threads: a connection costs a TLS handshake,
    and is no good for two threads at once.
    """

    def __init__(self, credentials: Any) -> None:
        self.credentials = credentials
        self._lock = threading.Lock()
        self._idle: deque[AuthorizedHttp] = deque()

    @contextmanager
    def http(self) -> Iterator[AuthorizedHttp]:
        """Lend a connection that nobody else uses, with a token that holds."""
        http = self._idle.pop() if self._idle else self._new()
        with self._lock:  # One asks for a token, the others wait for it.
            if not self.credentials.valid:
                self.credentials.refresh(Request(http.http))
        try:
            yield http
        except HttpError:  # An answer, too. After any other failure who knows what is left in it?
            self._idle.append(http)
            raise
        self._idle.append(http)

    def _new(self) -> AuthorizedHttp:
        # httplib2 would look once a process for whom it is to trust, when it is imported.
        http = Http(timeout=settings.CALL_TIMEOUT, ca_certs=certs.where())
        return AuthorizedHttp(self.credentials, http=http)

    @property
    def who(self) -> str:
        """The service account that Vervet is, as far as the credential says it."""
        email = getattr(self.credentials, "service_account_email", None)
        return str(email) if email else "a login that names no service account"


class GcpSession:
    """How one account's calls are made; shared by everything that reads it."""

    def __init__(self, identifier: str, login: Login, calls_per_second: int | None) -> None:
        self.identifier, self.login = identifier, login
        self._pace = Pace(calls_per_second) if calls_per_second else None

    def pages(self, api: str, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Yield the answer of each page: ``pages("compute.v1", "firewalls.list", project="a")``.

        Arguments are named as the API names them. Raises one of ``gcp_errors.FAILURES``,
        Malformed or Repeated.
        """
        path, _, verb = operation.rpartition(".")
        methods = resource(api, path)
        sent = {key2param(name): value for name, value in arguments.items()}
        request = getattr(methods, fix_method_name(verb))(**sent)
        further = getattr(methods, f"{fix_method_name(verb)}_next", None)
        met: set[str] = set()
        while request is not None:
            reply = self._answer(request)
            yield reply
            token = str(reply.get("nextPageToken") or "")
            if token in met:
                raise Repeated("The next page is one that was given already.")
            met.add(token)
            request = further(request, reply) if further and token else None

    def _answer(self, request: Any) -> dict[str, Any]:
        if self._pace:
            self._pace.wait()
        with self.login.http() as http:
            reply = request.execute(http=http, num_retries=settings.CALL_ATTEMPTS - 1)
        if not isinstance(reply, dict):
            raise Malformed("The answer is no JSON object. A proxy on the way?")
        return reply


# -- the SDK ------------------------------------------------------------------------------------


@functools.cache
def description(api: str) -> dict[str, Any]:
    """Return the SDK's own description of a service, ``compute.v1``, parsed once."""
    text = get_static_doc(*api.split(".", 1))
    if text is None:
        raise LookupError(f"google-api-python-client describes no service {api}")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


@functools.cache
def resource(api: str, path: str) -> Any:
    """Return the SDK's methods of one resource, ``projects.serviceAccounts``; safe to share."""
    with _LOCK:
        found: Resource = build_from_document(description(api), http=Http())
        for step in path.split(".") if path else ():
            found = getattr(found, step)()
        return found


# -- credentials --------------------------------------------------------------------------------


def _service_account(info: dict[str, Any]) -> Any:
    return service_account.Credentials.from_service_account_info(info, scopes=SCOPES)


def _workload_identity(info: dict[str, Any]) -> Any:
    kind = aws if info.get("subject_token_type", "").endswith(":aws4_request") else identity_pool
    return kind.Credentials.from_info(info, scopes=SCOPES)


def _impersonated(info: dict[str, Any]) -> Any:
    return impersonated_credentials.Credentials.from_impersonated_service_account_info(
        info, scopes=SCOPES
    )


def _user(info: dict[str, Any]) -> Any:
    return user_credentials.Credentials.from_authorized_user_info(info)


# By the ``type`` in the file: what `gcloud iam ... create-cred-config`, `gcloud iam
# service-accounts keys create` and `gcloud auth application-default login` write.
KINDS: dict[str, Read] = {
    "service_account": _service_account,
    "external_account": _workload_identity,
    "impersonated_service_account": _impersonated,
    "authorized_user": _user,
}


@functools.lru_cache(maxsize=64)
def _login(secret: str, impersonate: str, quota_project: str) -> Login:
    """``secret`` is the credential's text, so that one that was replaced is a login of its own."""
    own: Any = _own(secret) if secret else google.auth.default(scopes=SCOPES)[0]
    if impersonate:
        own = impersonated_credentials.Credentials(own, impersonate, target_scopes=list(SCOPES))
    return Login(own.with_quota_project(quota_project) if quota_project else own)


def _own(secret: str) -> Any:
    try:
        info = json.loads(secret)
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise Refused("The credential is no JSON: name the file that gcloud wrote.")
    kind = info.get("type")
    if kind not in KINDS or re.search(r'"executable"', secret):
        raise Refused(
            f"The credential is of type {kind!r}. Vervet takes {', '.join(KINDS)}, and runs no "
            "executable to get a token."
        )
    try:
        return KINDS[kind](info)
    except ValueError as error:
        # What google-auth says may hold what it read: only its kind is told.
        raise Refused(
            f"The credential of type {kind} is not complete ({type(error).__name__}): make it anew."
        ) from error


def login(parameters: dict[str, Any]) -> Login:
    """Return the login that an account's parameters name; raise Refused where it is none."""
    reference = parameters.get("credential") or ""
    secret = resolved(reference) if reference else ""
    try:
        return _login(
            secret, parameters.get("impersonate") or "", parameters.get("quota_project") or ""
        )
    except GoogleAuthError as error:
        raise Refused(
            f"There is no credential for Google Cloud: {error.args[0] if error.args else error}. "
            "Name one in the account, or set up Application Default Credentials."
        ) from error


@functools.lru_cache(maxsize=256)
def _session(identifier: str, login: Login, calls_per_second: int | None) -> GcpSession:
    return GcpSession(identifier, login, calls_per_second)


def connect(account: Reachable) -> GcpSession:
    """Return the account's session, shared by this process while its settings stay."""
    return _session(account.identifier, login(account.parameters), account.calls_per_second)
