"""What went wrong, as RFC 9457 has it: ``application/problem+json`` that says what to do."""

import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as Invalid
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

DO = {
    400: "Mend what `errors` names, and send it again.",
    401: "Log in, or send `Authorization: Bearer TOKEN` with a token that has not ended.",
    403: "Ask an operator for the role or the accounts that this takes, or use a token of another "
    "scope.",
    404: "Check the address: there is nothing here, or it is not granted to you.",
    405: "Use a method that the header Allow names.",
    406: "Ask for application/json, text/csv or application/jsonl.",
    409: "Wait a moment, and send it again.",
    412: "Read it again, decide whether your change still holds, and send it with the new ETag.",
    413: "Send less at once.",
    415: "Send application/json.",
    422: "Send what was sent with this Idempotency-Key first, or use a new key.",
    429: "Wait for as many seconds as Retry-After says.",
}
ABOUT = "/api/docs/#problem-{}"


class ProblemRenderer(JSONRenderer):
    media_type = "application/problem+json"
    format = "problem"


class Fault(serializers.Serializer[Any]):
    """One thing that is wrong with what was sent."""

    field = serializers.CharField(help_text="Which part of what was sent; empty: all of it.")
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """What went wrong, and what to do."""

    type = serializers.CharField(help_text="Where it is explained.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    do = serializers.CharField(help_text="What to do.")
    errors = Fault(many=True)  # type: ignore[assignment]


class Conflict(exceptions.APIException):
    status_code = 409
    default_detail = "Another change is being made at the same time."


class Changed(exceptions.APIException):
    status_code = 412
    default_detail = "It was changed since you read it."


class Misused(exceptions.APIException):
    status_code = 422
    default_detail = "This Idempotency-Key was used for another request."


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "That is more than is taken at once."


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to what a view raised; None for what nobody foresaw."""
    fault = _known(error)
    if fault is None:
        return None
    set_rollback()
    response = Response(problem(fault), status=fault.status_code, headers=_headers(fault))
    request = context["request"]
    request.accepted_renderer = ProblemRenderer()
    request.accepted_media_type = ProblemRenderer.media_type
    return response


def problem(fault: exceptions.APIException) -> dict[str, Any]:
    """Return the body that tells of a fault."""
    status = fault.status_code
    faults = list(_faults(fault.detail)) if isinstance(fault, exceptions.ValidationError) else []
    return {
        "type": ABOUT.format(status),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": faults[0]["message"] if faults else str(fault.detail),
        "do": DO.get(status, "Check the documentation of this address."),
        "errors": faults,
    }


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Invalid):
        said = getattr(error, "message_dict", None) or {"": error.messages}
        return exceptions.ValidationError(said)
    if isinstance(error, Http404):
        return exceptions.NotFound(str(error) or None)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    return error if isinstance(error, exceptions.APIException) else None


def _faults(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Yield what is wrong, each with the way to it: ``columns.0.path``."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from _faults(inner, ".".join(filter(None, [field, own])))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            inside = isinstance(inner, (dict, list))
            yield from _faults(inner, f"{field}.{place}" if inside and field else field)
    else:
        yield {"field": field, "message": str(detail)}


def _headers(fault: exceptions.APIException) -> dict[str, str]:
    headers = {}
    challenge = getattr(fault, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(fault, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return headers
