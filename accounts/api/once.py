"""What is sent again with the same Idempotency-Key is answered as before, and not done again."""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import Conflict, Misused
from accounts.models import Answered, ApiToken

HEADER = "Idempotency-Key"
REPEATED = "Idempotency-Replayed"
KEPT = timedelta(days=1)
# A process that died while it answered leaves a request without an answer; then it is free again.
HELD = timedelta(minutes=5)
MOST = 200
HEADERS = ("Location", "ETag")

Method = Callable[..., Any]


def once(whole: bool = True) -> Callable[[Method], Method]:
    """Let a method of a view take an Idempotency-Key.

    ``whole``: what it does and what it answered are committed together. Without, for what
    commits by itself, it must do no harm twice: a process may die in between.
    """

    def decorate(method: Method) -> Method:
        @wraps(method)
        def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
            key = _key_of(request)
            if not key:
                return method(view, request, *args, **kwargs)
            row = _claim(request, key)
            if row.status:
                return Response(row.body, row.status, headers={**row.headers, REPEATED: "true"})
            try:
                with transaction.atomic() if whole else nullcontext():
                    response = method(view, request, *args, **kwargs)
                    _keep(row, response)
            except BaseException:  # Also a process that is told to end lets go of it.
                _mine(row).delete()  # Nothing was done: it may be sent again, mended or not.
                raise
            return response

        answered.takes_key = True  # type: ignore[attr-defined]
        return answered

    return decorate


def _key_of(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if key and not re.fullmatch(rf"[!-~]{{1,{MOST}}}", key):
        raise ValidationError({HEADER: f"Up to {MOST} letters, digits and signs without a space."})
    return key


def _claim(request: Request, key: str) -> Answered:
    """Return the row of a request: with the answer, or to be answered by the caller alone."""
    now, digest = timezone.now(), _digest(request)
    user: Any = request.user
    row, new = Answered.objects.get_or_create(
        user_id=user.pk, key=key, defaults={"request": digest, "at": now}
    )
    if new or _taken_over(row, digest, now):
        return row
    if row.request != digest:
        raise Misused
    if not row.status:
        raise Conflict("The same request is being answered.")
    return row


def _taken_over(row: Answered, digest: str, now: Any) -> bool:
    """Say whether a row that holds no more was made this request's own."""
    abandoned = not row.status and row.request == digest and row.at < now - HELD
    if not abandoned and row.at >= now - KEPT:
        return False
    fresh = {"at": now, "request": digest, "status": None, "headers": {}, "body": None}
    if not Answered.objects.filter(pk=row.pk, at=row.at).update(**fresh):
        return False
    row.refresh_from_db()
    return True


def _keep(row: Answered, response: Response) -> None:
    row.status = response.status_code
    row.headers = {name: response[name] for name in HEADERS if response.has_header(name)}
    row.body = None if response.data is None else json.loads(JSONRenderer().render(response.data))
    answer = {"status": row.status, "headers": row.headers, "body": row.body}
    if not _mine(row).update(**answer):
        raise Conflict("It took so long that the same request was answered meanwhile.")


def _mine(row: Answered) -> QuerySet[Answered]:
    """Return the row unless it was taken over since: a slow request must not undo another's."""
    return Answered.objects.filter(pk=row.pk, at=row.at)


def _digest(request: Request) -> str:
    """Return what tells two requests apart; a token may see less than another of its owner."""
    token = request.auth.pk if isinstance(request.auth, ApiToken) else None
    said = [token, request.method, request.get_full_path(), request.data]
    text = json.dumps(said, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
