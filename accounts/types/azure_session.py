"""How calls to Azure Resource Manager are made: one pipeline, every page, one kind of patience."""

import functools
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    HTTPPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.security import SecurityCenter
from django.conf import settings

from accounts.pacing import Pace
from accounts.types.azure_errors import Elsewhere, Malformed, Repeated
from accounts.types.azure_login import Tokens
from accounts.types.base import Reachable

# Seconds. Where Azure asks for a longer pause, the slice is read another time.
LONGEST_PAUSE = 60
# Seconds for which a subscription's state holds: all slices of a scan share one reading.
STATE_HOLDS = 300
SUBSCRIPTIONS = "2022-12-01"
# The parameters of an account that make its login.
LOGIN = ("cloud", "credential", "tenant", "client_id", "secret")


class Authentication(ARMChallengeAuthenticationPolicy):
    """Sends our token to Resource Manager and nowhere else; has it anew where it is not taken."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens, tokens.cloud.scope)
        self.tokens = tokens
        self._host = urlsplit(tokens.cloud.manager).netloc

    def on_request(self, request: PipelineRequest[Any]) -> None:
        address = urlsplit(request.http_request.url)
        if (address.scheme, address.netloc) != ("https", self._host):
            raise Elsewhere(f"The next page is said to be at {address.netloc}, not {self._host}.")
        self._update_headers(request.http_request.headers, self.tokens.get_token().token)

    def authorize_request(self, request: PipelineRequest[Any], *scopes: str, **wanted: Any) -> None:
        headers = request.http_request.headers
        refused = headers["Authorization"].removeprefix("Bearer ")
        self._update_headers(headers, self.tokens.anew(refused, **wanted).token)

    def on_challenge(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> bool:
        """Ask again once, with what the challenge wants or simply with a new token."""
        if not super().on_challenge(request, response):
            self.authorize_request(request)
        return True


class Patience(RetryPolicy[Any, Any]):
    """Tries again as the SDK does, but sleeps for nobody longer than LONGEST_PAUSE."""

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        pause = self.get_retry_after(response) or 0
        return pause <= LONGEST_PAUSE and bool(super().is_retry(settings, response))


class Whole(SansIOHTTPPolicy[Any, Any]):
    """Takes no page of a proxy for an answer: where all went well, it is a JSON object."""

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        if response.http_response.status_code != 200:
            return
        try:
            answer = json.loads(response.http_response.text())
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Malformed("The answer is no JSON object. A proxy on the way?")


class Paced(HTTPPolicy[Any, Any]):
    """Lets each request wait for its turn."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self.pace = pace

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        self.pace.wait()
        return self.next.send(request)


class AzureSession:
    """How one account is read; shared by everything that reads it, and by all threads."""

    def __init__(self, identifier: str, tokens: Tokens, calls_per_second: int | None) -> None:
        self.identifier, self.tokens = identifier, tokens
        self.cloud = tokens.cloud
        self._pace = Pace(calls_per_second) if calls_per_second else None
        self._state, self._state_until = "", 0.0
        self._client: ARMPipelineClient[Any, Any] = ARMPipelineClient(
            self.cloud.manager, policies=self._policies(), transport=transport()
        )

    def _policies(self) -> list[Any]:
        """The SDK's own policies would register resource providers: we change nothing."""
        retries = settings.CALL_ATTEMPTS - 1
        return [
            RequestIdPolicy(),
            UserAgentPolicy(base_user_agent="vervet"),
            ContentDecodePolicy(),
            Patience(
                retry_total=retries,
                retry_connect=retries,
                retry_read=retries,
                retry_status=retries,
            ),
            Authentication(self.tokens),
            *([Paced(self._pace)] if self._pace else []),
            Whole(),
        ]

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the answer of each page: ``pages("/subscriptions", **{"api-version": ...})``.

        Raises one of ``azure_errors.FAILURES``.
        """
        request = HttpRequest("GET", self.cloud.manager + path, params=query)
        met: set[str] = set()
        while True:
            response = self._client.send_request(request)
            if response.status_code != 200:
                raise HttpResponseError(response=response)
            reply: dict[str, Any] = response.json()
            yield reply
            further = reply.get("nextLink")
            if not further:
                return
            if further in met:
                raise Repeated("The next page is one that was given already.")
            met.add(further)
            request = HttpRequest("GET", str(further))

    def one(self, path: str, version: str) -> dict[str, Any]:
        """Return what Azure says of one thing; raises as ``pages()``."""
        return next(self.pages(path, **{"api-version": version}))

    @property
    def state(self) -> str:
        """The subscription's state, asked anew after a while; raises as ``pages()``."""
        if not self._state or time.monotonic() > self._state_until:
            there = self.one(f"/subscriptions/{self.identifier}", SUBSCRIPTIONS)
            self._state = str(there.get("state") or "Enabled")
            self._state_until = time.monotonic() + STATE_HOLDS
        return self._state

    @functools.cached_property
    def security(self) -> SecurityCenter:
        """The client of Defender for Cloud."""
        return SecurityCenter(
            self.tokens,
            self.identifier,
            base_url=self.cloud.manager,
            policies=self._policies(),
            transport=transport(),
        )


def transport() -> RequestsTransport:
    return RequestsTransport(
        connection_timeout=min(10, settings.CALL_TIMEOUT), read_timeout=settings.CALL_TIMEOUT
    )


@functools.lru_cache(maxsize=64)
def _tokens(given: str) -> Tokens:
    return Tokens(json.loads(given))


@functools.lru_cache(maxsize=256)
def _session(identifier: str, tokens: Tokens, calls_per_second: int | None) -> AzureSession:
    return AzureSession(identifier, tokens, calls_per_second)


def connect(account: Reachable, tenant: str = "") -> AzureSession:
    """Return the account's session, shared by this process while its settings stay.

    Accounts of one login share its token. ``tenant`` stands for a parameter that is not given.
    """
    given = {"cloud": "public", "credential": "default", **account.parameters}
    given["tenant"] = given.get("tenant") or tenant
    login = {name: given.get(name) or "" for name in LOGIN}
    tokens = _tokens(json.dumps(login, sort_keys=True))
    return _session(account.identifier, tokens, account.calls_per_second)
