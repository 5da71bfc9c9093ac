"""What Google Cloud says when it refuses, in one form whichever of its services said it."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from google.auth.exceptions import GoogleAuthError
from googleapiclient.errors import Error, HttpError
from httplib2 import HttpLib2Error

# What a call may raise: an answer of a service, no answer, or no token to ask with.
FAILURES = (Error, GoogleAuthError, HttpLib2Error, http.client.HTTPException, OSError)

# How the older services call what the newer ones name by google.rpc.Code and ErrorInfo.
OLDER = {
    "accessNotConfigured": "SERVICE_DISABLED",
    "authError": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "notAuthorized": "PERMISSION_DENIED",
    "notFound": "NOT_FOUND",
    "quotaExceeded": "RESOURCE_EXHAUSTED",
    "rateLimitExceeded": "RESOURCE_EXHAUSTED",
    "required": "UNAUTHENTICATED",
    "userRateLimitExceeded": "RESOURCE_EXHAUSTED",
    "IAM_PERMISSION_DENIED": "PERMISSION_DENIED",
    "RATE_LIMIT_EXCEEDED": "RESOURCE_EXHAUSTED",
    "CONSUMER_INVALID": "PROJECT_DELETED",
    "CONSUMER_SUSPENDED": "PROJECT_SUSPENDED",
    "USER_PROJECT_DENIED": "QUOTA_PROJECT_DENIED",
    "SERVICE_NOT_ACTIVATED": "SERVICE_DISABLED",
}
BY_STATUS = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}
# What to do about it; the words are filled in from what Google says beside the code.
MENDS = {
    "SERVICE_DISABLED": "Enable it: gcloud services enable {service} --project={consumer}",
    "PROJECT_DELETED": "Bring it back within 30 days (gcloud projects undelete {consumer}), or "
    "archive this account.",
    "PROJECT_SUSPENDED": "Google suspended it: its owner must ask Google's support.",
    "BILLING_DISABLED": "Link project {consumer} to a billing account.",
    "QUOTA_PROJECT_DENIED": "Grant roles/serviceusage.serviceUsageConsumer in the quota project, "
    "or name none.",
    "RESOURCE_EXHAUSTED": "Set fewer calls per second for this account, or ask Google for more "
    "quota.",
    "UNAUTHENTICATED": "Google does not take Vervet's credential: see that its key or its service "
    "account is not deleted or disabled.",
}


@dataclass(frozen=True)
class Told:
    """An error in words: its kind, what was said, and what mends it."""

    code: str
    """A google.rpc.Code or the reason of an ErrorInfo, as in MENDS; else the error's own name."""
    reason: str
    permission: str = ""
    """The permission that Google says is missing, where it says which."""


def told(error: Exception, project: str = "") -> Told:
    """Tell what an error of FAILURES means; ``project`` is whom the call was about."""
    if isinstance(error, HttpError):
        return _answered(error, project)
    if isinstance(error, GoogleAuthError):
        return Told(type(error).__name__, f"Vervet got no token from Google: {_plain(error)}")
    return Told(type(error).__name__, str(error)[:500] or repr(error))


def _answered(error: HttpError, project: str) -> Told:
    status = int(error.resp.status)
    said = _said(error.content)
    if said is None:
        reason = f"HTTP {status} with a body that is not the service's. A proxy on the way?"
        return Told(BY_STATUS.get(status, f"HTTP_{status}"), reason)
    info = _info(said)
    code = _code(said, info, status)
    words = {key: str(value) for key, value in (info.get("metadata") or {}).items()}
    message = str(said.get("message") or error.reason or "")[:1000]
    if code == "NOT_FOUND" and project and f"projects/{project}'" in message:
        code = "PROJECT_DELETED"  # How Compute tells of a project that is not there.
    consumer = words.get("consumer", "").removeprefix("projects/")
    mend = MENDS.get(code, "").format(
        service=words.get("service", "the API"), consumer=consumer or project or "PROJECT"
    )
    return Told(code, f"{message} {mend}".strip(), words.get("permission", ""))


def _said(content: bytes) -> dict[str, Any] | None:
    """Return the error object of an answer; some services send it as a list of one."""
    try:
        body = json.loads(content)
    except ValueError:
        return None
    body = body[0] if isinstance(body, list) and body else body
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None


def _info(said: dict[str, Any]) -> dict[str, Any]:
    """Return the ErrorInfo among the details, the one that says most; see google/rpc."""
    for detail in said.get("details") or []:
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith(".ErrorInfo"):
            return detail
    return {}


def _code(said: dict[str, Any], info: dict[str, Any], status: int) -> str:
    older = next((one.get("reason") for one in said.get("errors") or []), None)
    for name in (info.get("reason"), older):
        if name in MENDS or name in OLDER:
            return OLDER.get(str(name), str(name))
    return str(said.get("status") or BY_STATUS.get(status) or older or f"HTTP_{status}")


def _plain(error: Exception) -> str:
    """google-auth gives a message and, beside it, the answer that it is made of."""
    message, *answers = [str(one) for one in error.args] or [str(error)]
    said = _said(answers[0].encode()) if answers else None
    detail = str((said or {}).get("message") or "")
    mend = (
        " Grant Vervet's own credential roles/iam.serviceAccountTokenCreator on it."
        if "getAccessToken" in detail
        else ""
    )
    return f"{message[:500]}{f': {detail[:500]}' if detail else ''}{mend}"
