"""Questions about a text that is not in force: asked by an editor, answered in the background.

An answer is ``Impact`` or ``Backtest`` of ``audits.answers``, as JSON.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Account
from accounts.seeing import visible
from audits.answers import COUNTED
from audits.approving import PERMISSION
from audits.backtesting import backtest, first_moment
from audits.impacting import impact
from audits.linting import faults
from audits.models import Preview, Rule, RuleVersion

# For how long a worker holds a question without a sign of life.
LEASE = timedelta(seconds=min(settings.LEASE_SECONDS, 60))
# A question that kills so many workers is given up.
ATTEMPTS = 3
# Seconds after which an answer ends with what it has; a worker may be stopped after its timeout.
LONGEST = max(1, min(600, settings.JOB_TIMEOUT - 60))
KEPT = timedelta(days=7)
SECONDS_A_SIGN = 0.5

ANSWERS: dict[str, Callable[..., Any]] = {
    Preview.Kind.IMPACT: impact,
    Preview.Kind.BACKTEST: backtest,
}
MOMENTS = frozenset({"at", "since", "until", "watched_since", "looked_before"})
UNFINISHED = (Preview.State.WAITING, Preview.State.RUNNING)


class Stopped(Exception):
    """The question was cancelled, or another worker answers it; nothing more may be written."""


def ask(
    fields: Mapping[str, Any],
    rule: Rule | None,
    by: Any,
    kind: str,
    options: Mapping[str, Any] | None = None,
    replacing: bool = True,
) -> Preview:
    """Put a question about a text; return the same one where ``by`` asked it and still waits.

    What else ``by`` asked of this kind about the rule is cancelled, unless this question stands
    beside others (``replacing`` false): new rules are told apart by nothing. ``options`` of a
    backtest: ``since``, a day in ISO form. Raises PermissionDenied where ``by`` may not ask, and
    ValidationError, by field, where the text cannot be evaluated. A worker must be woken:
    ``config.previews.ask`` does both.
    """
    if not may_ask(by):
        raise PermissionDenied
    found = faults(dict(fields)) | _option_faults(kind, options or {})
    if found:
        raise ValidationError(found)
    text = {name: fields[name] for name in RuleVersion.FIELDS if name in fields}
    wanted = dict(options or {})
    with transaction.atomic():
        others = Preview.objects.select_for_update().filter(
            by=by, rule=rule, kind=kind, state__in=UNFINISHED
        )
        same = next((one for one in others if (one.fields, one.options) == (text, wanted)), None)
        if replacing:
            others.exclude(pk__in=[same.pk] if same else []).update(state=Preview.State.CANCELLED)
        return same or Preview.objects.create(
            kind=kind, rule=rule, fields=text, options=wanted, by=by
        )


def may_ask(user: Any) -> bool:
    """Say whether somebody may ask: who changes rules, and who lets changes in."""
    return user.has_perm("audits.change_rule") or user.has_perm(PERMISSION)


def _option_faults(kind: str, options: Mapping[str, Any]) -> dict[str, str]:
    if kind != Preview.Kind.BACKTEST or not options.get("since"):
        return {}
    try:
        first_moment(options["since"])
    except (TypeError, ValueError):
        return {"since": "Write a day of the past as 2026-05-31."}
    return {}


def cancel(preview: Preview, by: Any) -> bool:
    """Stop a question; say whether it was still open. Raises PermissionDenied on another's."""
    if preview.by_id != by.pk:
        raise PermissionDenied
    return bool(
        Preview.objects.filter(pk=preview.pk, state__in=UNFINISHED).update(
            state=Preview.State.CANCELLED, lease_until=None
        )
    )


class Held:
    """A question that this worker answers, for as long as it holds the lease."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        self._signed = 0.0

    def answer(self) -> Any:
        """Work the answer out; raise Stopped where nobody waits for it any more."""
        one = self.preview
        return ANSWERS[one.kind](
            one.fields, one.rule, one.by, progress=self.progress, seconds=LONGEST, **one.options
        )

    def progress(self, done: int, total: int) -> None:
        """Tell how far it is and renew the lease, now and then; raise Stopped."""
        if time.monotonic() - self._signed < SECONDS_A_SIGN:
            return
        self._write(done=done, total=total, lease_until=timezone.now() + LEASE)
        self._signed = time.monotonic()

    def finish(self, result: Any) -> None:
        """Keep the answer; raise Stopped where it is no longer wanted."""
        far = {"done": result["items"], "total": result["total"]}
        self._write(state=Preview.State.DONE, result=result, lease_until=None, **far)

    def fail(self, reason: str) -> None:
        """Keep why there is no answer."""
        self._write(state=Preview.State.FAILED, reason=reason[:2000], lease_until=None)

    def _write(self, **values: Any) -> None:
        ours = Preview.objects.filter(
            pk=self.preview.pk, state=Preview.State.RUNNING, attempts=self.preview.attempts
        )
        if not ours.update(**values):
            raise Stopped(f"Preview {self.preview.pk} was cancelled or taken over.")


def take(pk: int) -> Held | None:
    """Take a question that nobody answers; None where there is nothing to do.

    The number of the attempt is what tells a worker that lost its lease from the one that has
    it now. What was tried too often is given up.
    """
    now = timezone.now()
    free = unanswered(now).filter(pk=pk)
    free.filter(attempts__gte=ATTEMPTS).update(
        state=Preview.State.FAILED,
        lease_until=None,
        reason=f"Given up: the worker that looked into it ended {ATTEMPTS} times.",
    )
    taken = free.update(
        state=Preview.State.RUNNING, lease_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    return Held(Preview.objects.select_related("rule", "by").get(pk=pk))


def unanswered(now: datetime) -> QuerySet[Preview]:
    """Return the questions that no living worker has."""
    waiting = Q(state=Preview.State.WAITING)
    return Preview.objects.filter(
        waiting | Q(state=Preview.State.RUNNING, lease_until__lt=now)
    ).order_by("pk")


def prune(now: datetime) -> int:
    """Delete questions that are older than a week; return how many."""
    return Preview.objects.filter(asked_at__lt=now - KEPT).delete()[0]


@dataclass(frozen=True)
class Seen:
    """A question as the person who asked it sees it now."""

    preview: Preview
    result: dict[str, Any] | None
    """Without what that person may no longer see; every count is there, moments are moments."""

    @property
    def waits(self) -> bool:
        """Whether an answer is still to come."""
        return self.preview.state in UNFINISHED

    @property
    def percent(self) -> int:
        """How far it is."""
        return min(100, 100 * self.preview.done // max(1, self.preview.total))


def view(preview: Preview, user: Any) -> Seen:
    """Return a question and its answer as ``user`` may see them.

    Raises PermissionDenied for another's question. What was granted when it was asked and is no
    longer is left out of the lists; the counts stay.
    """
    if preview.by_id != user.pk:
        raise PermissionDenied
    if preview.result is None:
        return Seen(preview, None)
    accounts = set(visible(Account.objects.all(), user).values_list("pk", flat=True))
    result = {**preview.result, "counts": _whole(preview.kind, preview.result["counts"])}
    result["lists"] = {
        name: [_dated(row) for row in rows if row["account"] in accounts]
        for name, rows in result["lists"].items()
    }
    result["accounts"] = [
        {**one, "counts": _whole(preview.kind, one["counts"])}
        for one in result["accounts"]
        if one["account"] in accounts
    ]
    if (result.get("slowest") or {}).get("account") not in accounts:
        result["slowest"] = None
    result["busiest"] = max([1, *(bar["began"] for bar in result.get("timeline", ()))])
    return Seen(preview, _dated(result))


def _whole(kind: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in COUNTED[kind]}


def _dated(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return some values with moments where they are kept as text."""
    return {
        name: datetime.fromisoformat(one) if name in MOMENTS and isinstance(one, str) else one
        for name, one in values.items()
    }
