"""No more calls a second than an account's owner allows, whichever provider's they are."""

import threading
import time


class Pace:
    """Lets calls pass no faster than so many a second, over all threads."""

    def __init__(self, calls_per_second: int) -> None:
        self._step = 1 / calls_per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            self._next = max(self._next + self._step, now)
            pause = self._next - now
        if pause > 0:
            time.sleep(pause)
