"""A longest time for what is asked of the database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

# Steps of SQLite between two looks at the clock.
STEPS = 20_000


class TooLong(Exception):
    """The time that was given is over."""


@contextmanager
def at_most(seconds: float) -> Iterator[float]:
    """Bound what is read in this block; yield the monotonic moment by which it must be done.

    Raises TooLong where the database is at work on a statement then; between two statements
    nothing happens by itself. On PostgreSQL the block is a transaction.
    """
    end = time.monotonic() + seconds
    bound = _postgres(seconds) if connection.vendor == "postgresql" else _sqlite(end)
    try:
        with bound:
            yield end
    except OperationalError as error:
        if time.monotonic() >= end:
            raise TooLong(f"It takes longer than {seconds:g} seconds.") from error
        raise


@contextmanager
def _postgres(seconds: float) -> Iterator[None]:
    with transaction.atomic():
        before = _timeout("current_setting('statement_timeout')")
        _timeout("set_config('statement_timeout', %s, true)", str(max(1, int(seconds * 1000))))
        yield
        _timeout("set_config('statement_timeout', %s, true)", before)


def _timeout(call: str, *arguments: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {call}", arguments)
        return str(cursor.fetchone()[0])


@contextmanager
def _sqlite(end: float) -> Iterator[None]:
    """No transaction: each of ours takes the write lock, and here is only reading."""
    connection.ensure_connection()
    database = connection.connection
    database.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        database.set_progress_handler(None, STEPS)
