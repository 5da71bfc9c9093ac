"""Questions about a text that is not in force, answered by a worker: the rules' part, the mails'
part, and the queue between."""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from accounts.admin import Curtain
from accounts.seeing import visible
from audits import previewing
from audits.models import Preview, Rule, RuleVersion
from audits.previewing import Seen, Stopped
from config.health import worker_fault
from notifications.admin import in_reach
from notifications.foretelling import foretell
from notifications.models import Subscription

logger = logging.getLogger(__name__)

JOB = "config.jobs.preview"
# A question that waits longer than this is not taken up at once.
SOON = timedelta(seconds=5)


def ask(
    fields: Mapping[str, Any],
    rule: Rule | None,
    by: Any,
    kind: str,
    options: Mapping[str, Any] | None = None,
    replacing: bool = True,
) -> Preview:
    """Put a question as ``previewing.ask`` does, and wake a worker."""
    preview = previewing.ask(fields, rule, by, kind, options, replacing)
    if preview.state == Preview.State.WAITING and preview.pk not in queued_for(JOB):
        async_task(JOB, preview.pk)
    return preview


def ask_all(
    texts: Iterable[tuple[Mapping[str, Any], Rule | None]], by: Any, kind: str
) -> list[Preview]:
    """Put a question about each of several texts, all of which go on together."""
    previews = [previewing.ask(text, rule, by, kind, replacing=False) for text, rule in texts]
    queued = queued_for(JOB)
    for one in previews:
        if one.state == Preview.State.WAITING and one.pk not in queued:
            async_task(JOB, one.pk)
    return previews


def answer(pk: int) -> None:
    """Answer a question, if nobody else does; keep why where that fails.

    An impact's ``news`` becomes ``mails``: who would be told of it, by the subscriptions.
    """
    held = previewing.take(pk)
    if held is None:
        return
    try:
        result = held.answer()
        if "news" in result:
            asked = held.preview
            version = RuleVersion(rule=asked.rule, controls=asked.fields.get("controls"))
            result["mails"] = foretell(result.pop("news"), version)
        held.finish(result)
    except Stopped as reason:
        logger.info("%s", reason)
    except Exception as error:
        with suppress(Stopped):
            held.fail(f"{type(error).__name__}: {error}")
        raise


def view(preview: Preview, user: Any) -> Seen:
    """Return a question and its answer as ``user`` may see them: ``previewing.view``, without
    subscriptions out of that person's sight and with the names of foreign accounts covered."""
    seen = previewing.view(preview, user)
    if seen.result is None:
        return seen
    result, curtain = seen.result, Curtain(user)
    for row in (row for rows in result["lists"].values() for row in rows):
        row["why"] = curtain(row["why"])
    for one in result["reasons"]:
        one["reason"] = curtain(one["reason"])
    mails = result.get("mails", [])
    known = visible(Subscription.objects.filter(pk__in=[m["subscription"] for m in mails]), user)
    pks = set(in_reach(known, user).values_list("pk", flat=True))
    result["mails"] = [mail for mail in mails if mail["subscription"] in pks]
    result["other_mails"] = len(mails) - len(result["mails"])
    return seen


def enqueue_unanswered() -> None:
    """Wake a worker for each question that nobody answers: those of workers that died."""
    queued = queued_for(JOB)
    for pk in previewing.unanswered(timezone.now()).values_list("pk", flat=True):
        if pk not in queued:
            async_task(JOB, pk)


def why_it_waits(preview: Preview) -> str:
    """Say why a question is not being answered; empty: it is, or soon will be."""
    now = timezone.now()
    if preview.state == Preview.State.RUNNING:
        if preview.lease_until and preview.lease_until < now:
            return "The worker that looked into it ended. Another takes it up within a minute."
        return ""
    if preview.state != Preview.State.WAITING or preview.asked_at > now - SOON:
        return ""
    fault = worker_fault(150)
    if fault:
        return f"No worker takes it up. {fault}"
    return "Every worker is busy; it is taken up as soon as one is free."


def queued_for(job: str) -> set[int]:
    """Return the rows for which a job waits in the queue; not those that a worker has fetched."""
    waiting = OrmQ.objects.filter(lock__lte=timezone.now())
    tasks = (row.task for row in waiting)
    return {task["args"][0] for task in tasks if task.get("func") == job}
