"""Take a slice for one look, so that no two workers ever write for it at once."""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, connection, models
from django.utils import timezone

from items.models import Run, Slice, lease_end

logger = logging.getLogger(__name__)

# After a look that failed the next one waits, twice as long for each attempt in a row.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


class Busy(Exception):
    """Another worker has the slice."""


@contextmanager
def claim(account_id: int, technology: str, kind: str = Run.Kind.LOOKED) -> Iterator[Run]:
    """Lease the slice and note a run of it; raise Busy where another worker has it.

    The lease is renewed while the block runs. The run's end is noted, with the reason where
    the block raises; after a look, so is a pause where it failed.
    """
    row, _ = Slice.objects.select_related("account").get_or_create(
        account_id=account_id, technology=technology
    )
    holder = uuid.uuid4().hex
    now = timezone.now()
    free = Slice.objects.filter(
        models.Q(lease_until=None) | models.Q(lease_until__lt=now), pk=row.pk
    )
    if not free.update(holder=holder, lease_until=lease_end(), attempts=models.F("attempts") + 1):
        raise Busy(f"{row} is being read by another worker")
    if row.holder:
        _bury(row)
    run = Run.objects.create(account=row.account, technology=technology, kind=kind, started_at=now)
    run.holder, run.slice = holder, row
    with _renewed(run):
        try:
            yield run
        except BaseException as error:
            run.state, run.error = Run.State.FAILED, f"{type(error).__name__}: {error}"[:2000]
            _end(run, row.attempts + 1)
            raise
        run.state = Run.State.DONE
        _end(run, 0)


def _end(run: Run, attempts: int) -> None:
    """Note the run's end and let the slice go, if it is still ours."""
    run.ended_at = timezone.now()
    run.save()
    after: dict[str, object] = {"holder": "", "lease_until": None}
    if run.kind == Run.Kind.LOOKED:
        after |= {"attempts": attempts, "looked_at": run.started_at, "not_before": None}
        if attempts:
            after["not_before"] = run.ended_at + pause(attempts)
        else:
            after["read_at"] = run.started_at
    Slice.objects.filter(
        account_id=run.account_id, technology=run.technology, holder=run.holder
    ).update(**after)


def _bury(row: Slice) -> None:
    """Note the end of runs whose worker never did: it was killed, or lost the lease asleep."""
    left = Run.objects.filter(
        account_id=row.account_id, technology=row.technology, state=Run.State.RUNNING
    )
    left.update(
        state=Run.State.FAILED,
        ended_at=timezone.now(),
        error="Its worker was killed, or slept for longer than the lease. The look was taken anew.",
    )


def pause(attempts: int) -> timedelta:
    """Return how long a slice rests after so many looks in a row that did not end well."""
    return min(FIRST_WAIT * 2 ** min(attempts, 10), LONGEST_WAIT)


@contextmanager
def _renewed(run: Run) -> Iterator[None]:
    """Renew the lease from a thread until the block ends."""
    stop = threading.Event()

    def renew() -> None:
        try:
            while not stop.wait(settings.LEASE_SECONDS / 3):
                try:
                    kept = run.renew()
                except OperationalError as error:  # Busy: the lease lasts a while.
                    logger.warning("The lease of %s could not be renewed yet: %s", run, error)
                    connection.close()
                    continue
                if not kept:
                    logger.warning("The lease of %s is lost; what it finds is not written", run)
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease of {run.technology}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
