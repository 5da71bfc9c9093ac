"""Say whether Vervet does its work."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Task

from items.models import Slice


def worker_fault(seconds: int = 300) -> str:
    """Say what is wrong with the workers; empty: nothing.

    A queue whose workers are all dead, or stuck, ends no job and renews no lease; one that is
    only busy does one of both. The tick, at least, ends every minute.
    """
    last = Task.objects.order_by("stopped").last()
    if last is None:
        return "No job has ever ended: start a worker (manage.py work)."
    tick = Task.objects.filter(func="config.jobs.tick").order_by("stopped").last()
    if tick and not tick.success:
        return f"The last tick failed: {str(tick.result)[:500]}"
    now = timezone.now()
    held = Slice.objects.filter(lease_until__gt=now).exists()
    if last.stopped < now - timedelta(seconds=seconds) and not held:
        return f"No job has ended since {last.stopped:%Y-%m-%d %H:%M:%S} UTC: restart the worker."
    return ""
