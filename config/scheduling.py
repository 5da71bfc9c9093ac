"""Decide which slices are due; our rows decide, the queue only wakes workers."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from accounts.discovering import due_parents
from accounts.models import Account
from audits.rulebook import waiting
from items.claiming import pause
from items.models import Slice, WatcherSetting
from items.watchers import watched_in

Due = tuple[int, str]
JOBS = ("config.jobs.check", "config.jobs.judge", "config.jobs.discover")


def enqueue_due() -> int:
    """Queue what is due, in one transaction; return how many jobs were added.

    A slice that waits in the queue or is held by a worker is not queued again.
    """
    now = timezone.now()
    with transaction.atomic():
        waiting = {task["args"] for task in _queued()}
        jobs: list[tuple[Any, ...]] = [("config.jobs.check", *due) for due in due_slices(now)]
        jobs += [("config.jobs.judge", *due) for due in stale_slices(now)]
        jobs += [("config.jobs.discover", parent.pk) for parent in due_parents(now)]
        new = [job for job in jobs if job[1:] not in waiting]
        for function, *arguments in new:
            async_task(function, *arguments)
    return len(new)


def _queued() -> Iterator[dict]:
    for row in OrmQ.objects.all():
        task = row.task
        if task.get("func", "") in JOBS:
            yield task


def slices(accounts: list[Account] | None = None) -> list[Due]:
    """Return every (account, technology) that is switched on."""
    watched = Account.objects.watched() if accounts is None else accounts
    return [(account.pk, setting.technology) for account, setting in _switched_on(watched)]


def _switched_on(accounts: Iterable[Account]) -> Iterator[tuple[Account, WatcherSetting]]:
    """Yield each slice that is on, with what is set for it; one query for all."""
    rows = list(WatcherSetting.objects.all())
    for account in accounts:
        for technology in watched_in(account.type):
            setting = WatcherSetting.among(rows, account, technology)
            if setting.on:
                yield account, setting


def due_slices(now: datetime) -> list[Due]:
    """Return the slices that are due for a look, those that waited longest first."""
    rows = {(row.account_id, row.technology): row for row in Slice.objects.all()}
    found = []
    for account, setting in _switched_on(Account.objects.watched()):
        due = (account.pk, setting.technology)
        interval = setting.interval or settings.SCAN_INTERVAL
        since = _due_since(rows.get(due), interval, now)
        if since:
            found.append((since, due))
    return [due for _, due in sorted(found)]


def _due_since(row: Slice | None, interval: int, now: datetime) -> datetime | None:
    """Return since when a slice is due, or None where it is not."""
    never = datetime.min.replace(tzinfo=now.tzinfo)
    if row is None:
        return never
    if row.lease_until and row.lease_until > now:
        return None
    if (row.not_before and row.not_before > now) or _died_lately(row, now):
        return None
    if row.looked_at is None:
        return never
    due = row.looked_at + timedelta(seconds=interval)
    return due if due <= now else None


def _died_lately(row: Slice, now: datetime) -> bool:
    """Say whether the worker of a slice died with it; what kills its worker waits ever longer."""
    return bool(row.lease_until and row.lease_until + pause(row.attempts) > now)


def stale_slices(now: datetime) -> list[Due]:
    """Return the slices that were read and whose rules must be run again."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = Slice.objects.filter(free, read_at__isnull=False).select_related("account")
    stale = waiting(rows.prefetch_related("account__groups"), now.date())
    return [(row.account_id, row.technology) for row in stale]


def read_now(account: Account, technology: str) -> None:
    """Make one slice due at once."""
    rows = Slice.objects.filter(account=account, technology=technology)
    rows.update(looked_at=None, not_before=None)


def scan_now(accounts: list[Account]) -> None:
    """Make every slice of the accounts due at once."""
    Slice.objects.filter(account__in=accounts).update(looked_at=None, not_before=None)
