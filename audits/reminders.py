"""Note on which days those concerned are told that a justification ends soon."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from audits.models import Justification, Reminder
from items.recording import BATCH

# Days before the last one.
BEFORE = (30, 7, 1)


def plan_reminders(justifications: Iterable[Justification]) -> None:
    """Add the reminders of justifications that begin; only those days that still lie ahead."""
    today = timezone.localdate()
    Reminder.objects.bulk_create(
        (
            Reminder(justification=one, days=days, on=one.until - timedelta(days=days))
            for one in justifications
            if one.until
            for days in BEFORE
            if one.until - timedelta(days=days) > today
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
