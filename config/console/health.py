"""Whether the database answers and the worker ticks, for a supervisor to ask without a login."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django_q.models import Success

# The tick comes once a minute; after so long without one the worker hangs or is not there.
LATE = timedelta(minutes=10)


@login_not_required
def health(_request: HttpRequest) -> JsonResponse:
    """Answer 200 while all is well; 503 where the database is away or the worker stands still.

    ``worker`` is ok, late or unseen (none has ticked yet); ``tick_seconds`` is the age of the
    last tick.
    """
    try:
        ticks = Success.objects.filter(func="config.jobs.tick").order_by("-stopped")
        last = ticks.values_list("stopped", flat=True).first()
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    age = timezone.now() - last if last else None
    late = age is not None and age > LATE
    return JsonResponse(
        {
            "database": "ok",
            "worker": "unseen" if age is None else "late" if late else "ok",
            "tick_seconds": None if age is None else int(age.total_seconds()),
        },
        status=503 if late else 200,
    )
