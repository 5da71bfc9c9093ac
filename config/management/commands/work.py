"""Run the queue's workers."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections, transaction
from django_q.models import Schedule
from django_q.tasks import async_task

from config.warming import warm

TICK = {
    "func": "config.jobs.tick",
    "schedule_type": Schedule.MINUTES,
    "minutes": 1,
    "repeats": -1,
}


class Command(BaseCommand):
    help = "Do the jobs that are due, until stopped; makes the schedule of the tick where missing."

    def handle(self, *args: Any, **options: Any) -> None:
        schedule_tick()
        async_task(TICK["func"])  # The schedule is first looked at after half a minute.
        warm()
        connections.close_all()  # The workers are forked, and must not share a connection.
        call_command("qcluster")


def schedule_tick() -> None:
    """See that the tick is scheduled, once, and as this release has it."""
    with transaction.atomic():
        ours = Schedule.objects.select_for_update().filter(name="tick").order_by("pk")
        for again in ours[1:]:  # Two workers that started at once.
            again.delete()
        Schedule.objects.update_or_create(name="tick", defaults=TICK)
