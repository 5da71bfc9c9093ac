"""How many things began, ended and stood, day by day or week by week."""

from array import array
from datetime import datetime, timedelta

from audits.answers import Bucket

DAILY = 31
"""So many days are shown one by one; more are shown by weeks."""
MOST = 200
DAY = timedelta(days=1)


class Timeline:
    """Counts between two moments, in buckets of whole days."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since = since
        days = max(1, -(-(until - since) // DAY))
        self.days = 1 if days <= DAILY else 7
        while days > self.days * MOST:
            self.days *= 2
        count = -(-days // self.days)
        self._began, self._ended = array("q", [0] * count), array("q", [0] * count)
        self._already = 0

    def add(self, began: datetime | None, ended: datetime | None) -> None:
        """Count one thing; what has no beginning stood there already, without an end: still."""
        if began is None:
            self._already += 1
        else:
            self._began[self._place(began)] += 1
        if ended:
            self._ended[self._place(ended)] += 1

    def counts(self) -> tuple[int, list[int], list[int]]:
        """Return what was counted, so that it can be pickled."""
        return self._already, list(self._began), list(self._ended)

    def merge(self, counts: tuple[int, list[int], list[int]]) -> None:
        """Add what another process counted."""
        already, began, ended = counts
        self._already += already
        for place, (one, other) in enumerate(zip(began, ended, strict=True)):
            self._began[place] += one
            self._ended[place] += other

    def _place(self, at: datetime) -> int:
        return min(max(0, (at - self.since) // (self.days * DAY)), len(self._began) - 1)

    def buckets(self) -> list[Bucket]:
        """Return every bucket, also those in which nothing happened."""
        found: list[Bucket] = []
        standing = self._already
        for number, (began, ended) in enumerate(zip(self._began, self._ended, strict=True)):
            standing += began - ended
            day = self.since + number * self.days * DAY
            found.append(
                {
                    "since": day.date().isoformat(),
                    "days": self.days,
                    "began": began,
                    "ended": ended,
                    "standing": standing,
                }
            )
        return found
