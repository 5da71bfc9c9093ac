"""Google's ways to a token, as documented: a key's signed assertion, federation, impersonation."""

import base64
import functools
import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from config.demo.internet import Answer, Request

TOKEN_URI = "https://oauth2.googleapis.com/token"  # Where a token is had, not one.
# The second is what somebody asks for who only wants to impersonate.
SCOPES = {f"https://www.googleapis.com/auth/{name}" for name in ("cloud-platform", "iam")}
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"
POOL = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/o"
HOSTS = ("oauth2.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com")
HOUR = 3600


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Logins:
    """Who may log in, and the tokens that were given out."""

    accounts: set[str] = field(default_factory=set)
    """The service accounts that there are."""
    impersonators: set[tuple[str, str]] = field(default_factory=set)
    """Who may have a token of whom."""
    subject: str = "a token of the machine"
    """What the workload identity pool takes for a proof."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Each valid token, and whose it is."""
    given: int = 0

    def key_file(self, email: str) -> dict[str, Any]:
        """Make a service account with a key; return the file that gcloud writes of it."""
        self.accounts.add(email)
        pem = _key().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {
            "type": "service_account",
            "project_id": email.partition("@")[2].partition(".")[0],
            "private_key_id": "0123456789abcdef",
            "private_key": pem.decode(),
            "client_email": email,
            "client_id": "1",
            "token_uri": TOKEN_URI,
        }

    def federation_file(self, subject_file: str, email: str = "") -> dict[str, Any]:
        """Return the file that ``gcloud iam workload-identity-pools create-cred-config`` writes."""
        info = {
            "type": "external_account",
            "audience": POOL,
            "subject_token_type": JWT,
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {"file": subject_file},
        }
        if email:
            self.accounts.add(email)
            info["service_account_impersonation_url"] = (
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
                f"{email}:generateAccessToken"
            )
        return info

    def whose(self, request: Request) -> str | None:
        """Return who asks; None where the token is none, or ended."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.tokens.get(token) if scheme == "Bearer" else None

    def answer(self, request: Request) -> Answer:
        """Answer as the host that gives tokens."""
        if request.host == "oauth2.googleapis.com":
            return self._signed(request)
        if request.host == "sts.googleapis.com":
            return self._exchanged(request)
        return self._impersonated(request)

    def _give(self, who: str) -> str:
        self.given += 1
        token = f"ya29.{uuid.uuid4().hex}"
        self.tokens[token] = who
        return token

    def _signed(self, request: Request) -> Answer:
        form = request.form()
        fault = "Unsupported grant type." if form.get("grant_type") != BEARER else ""
        email = ""
        if not fault:
            try:
                email, fault = self._read_assertion(form.get("assertion", ""))
            except (ValueError, KeyError):
                fault = "Invalid JWT: Token must be a signed JWT."
        if fault:
            return Answer({"error": "invalid_grant", "error_description": fault}, 400)
        said = {"access_token": self._give(email), "expires_in": HOUR - 1, "token_type": "Bearer"}
        return Answer(said)

    def _read_assertion(self, assertion: str) -> tuple[str, str]:
        """Return who is meant and what is wrong; see RFC 7523 and Google's own page on it."""
        head, payload, signature = assertion.split(".")
        header, claims = json.loads(_bytes(head)), json.loads(_bytes(payload))
        now = time.time()
        try:
            _key().public_key().verify(
                _bytes(signature),
                f"{head}.{payload}".encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except InvalidSignature:
            return "", "Invalid JWT Signature."
        scopes = SCOPES & set(claims["scope"].split())
        if header["alg"] != "RS256" or claims["aud"] != TOKEN_URI or not scopes:
            return "", "Invalid JWT: algorithm, audience or scope."
        if not claims["iat"] - 300 <= now < claims["exp"] <= claims["iat"] + HOUR:
            return "", "Invalid JWT: Token must be a short-lived token (60 minutes)."
        if claims["iss"] not in self.accounts:
            return "", "Invalid grant: account not found"
        return claims["iss"], ""

    def _exchanged(self, request: Request) -> Answer:
        form = request.form()
        if form.get("grant_type") != EXCHANGE or form.get("audience") != POOL:
            return Answer({"error": "invalid_request", "error_description": "Audience."}, 400)
        if form.get("subject_token") != self.subject or form.get("subject_token_type") != JWT:
            said = "The given credential is rejected by the attribute condition."
            return Answer({"error": "unauthorized_client", "error_description": said}, 401)
        token = self._give(f"principal:{POOL}")
        issued = "urn:ietf:params:oauth:token-type:access_token"
        return Answer(
            {
                "access_token": token,
                "issued_token_type": issued,
                "token_type": "Bearer",
                "expires_in": HOUR,
            }
        )

    def _impersonated(self, request: Request) -> Answer:
        who = self.whose(request)
        email = request.path.rpartition("/")[2].removesuffix(":generateAccessToken")
        if who is None:
            return refused(401, "UNAUTHENTICATED", "Request had invalid credentials.")
        if email not in self.accounts or (who, email) not in self.impersonators:
            said = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource."
            return refused(403, "PERMISSION_DENIED", said)
        until = datetime.now(UTC) + timedelta(seconds=HOUR)
        return Answer(
            {"accessToken": self._give(email), "expireTime": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        )


def refused(status: int, code: str, message: str, *details: dict[str, Any]) -> Answer:
    """An error as google.rpc.Status is written in JSON."""
    error: dict[str, Any] = {"code": status, "message": message, "status": code}
    if details:
        error["details"] = list(details)
    return Answer({"error": error}, status)


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
