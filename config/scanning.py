"""Look at slices now, in this process, several at a time."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from django.db import connection
from django.utils import timezone

from config import jobs, pipeline
from config.scheduling import Due, stale_slices
from items.claiming import Busy
from items.models import LeaseLost, Run

Seen = tuple[Due, Run | str]


def scan(due: list[Due], workers: int = 2) -> Iterator[Seen]:
    """Look at slices, then judge what that made stale; yield each slice as its look ends.

    What could not be looked at comes with the reason, a text. Leaving the loop early stops
    what has not begun.
    """
    pool = ThreadPoolExecutor(max(1, workers))
    try:
        looks: dict[Future[Run | str], Due] = {pool.submit(_check, one): one for one in due}
        for look in as_completed(looks):
            yield looks[look], look.result()
    finally:
        pool.shutdown(cancel_futures=True)
    for one in stale_slices(timezone.now()):
        jobs.judge(*one)


def _check(due: Due) -> Run | str:
    try:
        return pipeline.check(*due)
    except (Busy, LeaseLost) as reason:
        return str(reason)
    except Exception as error:  # One slice must not stop the others; the run keeps the reason.
        return f"failed: {type(error).__name__}: {error}"
    finally:
        connection.close()
