"""Packs of evidence, made by a worker: the audits' part, and the queue before it."""

from typing import Any

from django.utils import timezone
from django_q.tasks import async_task

from audits.evidence import making
from audits.models import EvidencePack
from config.previews import queued_for

JOB = "config.jobs.evidence"


def ask(*question: Any) -> EvidencePack:
    """Ask for a pack as ``making.ask`` does, and wake a worker."""
    asked = making.ask(*question)
    if asked.state == EvidencePack.State.WAITING and asked.pk not in queued_for(JOB):
        async_task(JOB, asked.pk)
    return asked


def enqueue_unmade() -> None:
    """Wake a worker for each pack that nobody makes: those of workers that died."""
    queued = queued_for(JOB)
    for pk in making.unmade(timezone.now()).values_list("pk", flat=True):
        if pk not in queued:
            async_task(JOB, pk)
