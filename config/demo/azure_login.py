"""A stand-in of Entra ID: gives tokens to applications that prove who they are, by its protocol."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from config.demo.internet import Answer, Request

HOSTS = ("login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn")
LASTS = 3600
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Application:
    """Somebody who may log in to a tenant, by any of what is here."""

    tenant: str
    secret: str = ""
    certificate: bytes = b""
    """In PEM, without its key."""
    federated: str = ""
    """A token of somebody else's that stands for it, as a workload has one."""


@dataclass
class Logins:
    """Who may log in; ``tokens`` are those that count now, with their claims."""

    applications: dict[str, Application] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    given: int = 0

    def answer(self, request: Request) -> Answer:
        """Answer as login.microsoftonline.com: what a client asks to find out, then for a token."""
        tenant = request.path.strip("/").partition("/")[0]
        if request.path.endswith("/discovery/instance"):
            return Answer(_instances(request.host))
        if request.path.endswith("/.well-known/openid-configuration"):
            return Answer(_openid(request.host, tenant))
        if request.path.endswith("/oauth2/v2.0/token") and request.method == "POST":
            return self._token(request, tenant)
        return Answer(b"<!DOCTYPE html><title>Not found</title>", 404)

    def _token(self, request: Request, tenant: str) -> Answer:
        form = request.form()
        who = self.applications.get(form.get("client_id", ""))
        if not any(one.tenant == tenant for one in self.applications.values()):
            return _refused(90002, "invalid_request", f"Tenant '{tenant}' not found.", 400)
        if who is None or who.tenant != tenant:
            said = f"Application with identifier '{form.get('client_id')}' was not found."
            return _refused(700016, "unauthorized_client", said, 400)
        refusal = _unproven(who, form, f"https://{request.host}{request.path}")
        if refusal:
            return refusal
        audience = form.get("scope", "").removesuffix("/.default")
        token = self.issue(form["client_id"], tenant, audience)
        return Answer(
            {
                "token_type": "Bearer",
                "expires_in": LASTS,
                "ext_expires_in": LASTS,
                "access_token": token,
            }
        )

    def issue(self, client_id: str, tenant: str, audience: str, lasts: int = LASTS) -> str:
        """Return a new token; by ``tokens`` it counts until it is taken out."""
        self.given += 1
        now = int(time.time())
        claims = {
            "aud": audience,
            "appid": client_id,
            "tid": tenant,
            "iat": now,
            "exp": now + lasts,
            "uti": secrets.token_urlsafe(8),
        }
        token = jwt.encode(claims, "the stand-in's own key, and nobody else's", algorithm="HS256")
        self.tokens[token] = claims
        return token

    def whose(self, request: Request) -> dict[str, Any] | None:
        """Return the claims of a request's token; None where it is none that counts."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        claims = self.tokens.get(token)
        good = kind == "Bearer" and claims is not None and claims["exp"] > time.time()
        return claims if good else None


def _unproven(who: Application, form: dict[str, str], audience: str) -> Answer | None:
    """Return the refusal of somebody who does not prove to be that application."""
    if form.get("grant_type") != "client_credentials":
        return _refused(70003, "unsupported_grant_type", "The grant type is not supported.", 400)
    if "client_secret" in form:
        if who.secret and secrets.compare_digest(form["client_secret"], who.secret):
            return None
        return _refused(7000215, "invalid_client", "Invalid client secret provided.")
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != JWT_BEARER or not assertion:
        return _refused(7000216, "invalid_client", "'client_assertion' or 'client_secret' needed.")
    if who.federated and secrets.compare_digest(assertion, who.federated):
        return None
    if who.certificate and _signed_by(assertion, who.certificate, form["client_id"], audience):
        return None
    return _refused(700027, "invalid_client", "The certificate is not registered.")


def _signed_by(assertion: str, certificate: bytes, client_id: str, audience: str) -> bool:
    """Say whether an assertion is the application's own: signature, thumbprint, times, audience."""
    parsed = x509.load_pem_x509_certificate(certificate)
    key: Any = parsed.public_key()
    thumbprints = {
        jwt.utils.base64url_encode(parsed.fingerprint(kind)).decode()
        for kind in (hashes.SHA1(), hashes.SHA256())
    }
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, key, algorithms=["RS256", "PS256"], audience=audience)
    except jwt.PyJWTError:
        return False
    given = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}
    named = given & thumbprints
    return bool(named) and claims.get("iss") == claims.get("sub") == client_id


def _instances(host: str) -> dict[str, Any]:
    return {
        "tenant_discovery_endpoint": f"https://{host}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {"preferred_network": one, "preferred_cache": one, "aliases": [one]} for one in HOSTS
        ],
    }


def _openid(host: str, tenant: str) -> dict[str, Any]:
    base = f"https://{host}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "issuer": f"{base}/v2.0",
        "response_types_supported": ["code", "id_token", "token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
    }


def _refused(number: int, error: str, said: str, status: int = 401) -> Answer:
    return Answer(
        {
            "error": error,
            "error_description": f"AADSTS{number}: {said} Trace ID: 0 Correlation ID: 0",
            "error_codes": [number],
            "timestamp": "2026-01-01 00:00:00Z",
            "trace_id": "0",
            "correlation_id": "0",
        },
        status,
    )
