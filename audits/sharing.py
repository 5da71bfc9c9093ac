"""Share long reading with a second process: two cores look through more in the same time."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from signal import SIGKILL
from typing import Any, Protocol

from django.db import connection, connections

Progress = Callable[[int, int], None]
"""Told how many of how many items are done; raises what shall end the work."""

# With fewer items the second process costs more than it brings.
WORTHWHILE = 10_000
WAIT = 0.2


class Work(Protocol):
    """What can be done in parts, and put together."""

    def run(self, part: int, parts: int) -> Iterator[int]:
        """Do one of so many parts; yield how many items were done, again and again."""
        ...

    def found(self) -> Any:
        """Return all that was found, so that it can be pickled."""
        ...

    def merge(self, found: Any) -> None:
        """Add what another process found."""
        ...


def work_through(work: Work, total: int, progress: Progress, seconds: float) -> int:
    """Do all parts, in two processes where that is worth it; return how many items were done.

    Ends early after so many ``seconds``. Whatever ``progress`` raises ends both processes.
    """
    ends = time.monotonic() + seconds
    second = _Second(work, ends) if _worthwhile(total) else None
    try:
        done = 0
        progress(done, total)
        for read in work.run(0, 2 if second else 1):
            done += read
            progress(done + (second.done() if second else 0), total)
            if time.monotonic() > ends:
                break
        while second and not second.ended():
            progress(done + second.done(WAIT), total)
        if second:
            work.merge(second.found)
            done += second.done()
        return done
    finally:
        if second:
            second.stop()


def _worthwhile(total: int) -> bool:
    # What is written in a transaction is not seen from another process.
    alone = connection.in_atomic_block or (os.cpu_count() or 1) < 2
    return total >= WORTHWHILE and sys.platform == "linux" and not alone


class _Second:
    """A process that does the second part, forked from this one."""

    def __init__(self, work: Work, ends: float) -> None:
        connections.close_all()  # A connection cannot be shared; each process opens its own.
        self._read, write = Pipe(duplex=False)
        self._done = 0
        self._over = False
        self.found: Any = None
        self._pid = os.fork()
        if self._pid == 0:
            _work_beside(work, ends, write)
        write.close()

    def done(self, wait: float = 0) -> int:
        """Return how many items it has done so far."""
        while not self._over and self._read.poll(wait):
            self._take()
            wait = 0
        return self._done

    def ended(self) -> bool:
        """Say whether it has told all that it found."""
        return self._over

    def _take(self) -> None:
        try:
            done, found, fault = self._read.recv()
        except EOFError as error:
            raise RuntimeError("The second process ended before it was done.") from error
        if fault:
            raise RuntimeError(fault)
        self._done, self.found = done, found
        self._over = found is not None

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self._read.close()
        with suppress(ProcessLookupError):
            os.kill(self._pid, SIGKILL)
        os.waitpid(self._pid, 0)


def _work_beside(work: Work, ends: float, write: Connection) -> None:
    """Do the second part and tell how it goes; never returns. Ends when nobody listens."""
    done = 0
    try:
        for read in work.run(1, 2):
            done += read
            write.send((done, None, ""))
            if time.monotonic() > ends:
                break
        write.send((done, work.found(), ""))
    except BrokenPipeError:
        pass
    except BaseException as error:
        with suppress(OSError):
            write.send((done, None, f"{type(error).__name__}: {error}"))
    finally:
        os._exit(0)
