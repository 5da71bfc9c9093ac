"""Whether the database answers and the worker works, for a supervisor to ask without a login."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django_q.models import Task

from config.health import worker_fault


@login_not_required
def health(_request: HttpRequest) -> JsonResponse:
    """Answer 200 while all is well; 503 where the database is away or the worker stands still.

    ``worker`` is ok, fault or unseen (no job has ended yet, as after an installation);
    ``tick_seconds`` is the age of the last tick. Why there is a fault is told by queuecheck:
    this page is open to anybody.
    """
    try:
        ticks = Task.objects.filter(func="config.jobs.tick").order_by("-stopped")
        last = ticks.values_list("stopped", flat=True).first()
        fault = worker_fault() if Task.objects.exists() else None
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    age = int((timezone.now() - last).total_seconds()) if last else None
    worker = "unseen" if fault is None else "fault" if fault else "ok"
    return JsonResponse(
        {"database": "ok", "worker": worker, "tick_seconds": age},
        status=503 if fault else 200,
    )
