"""From when until when a rule would have fired on one item. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audits.engine import Finding, Outcome, Verdict

# Why an answer became another. Those that are kinds of revision are named as these.
BEFORE = "before"
"""It was so already when the time that is looked at began."""
FIRST = "first look"
"""It was so when the slice was first read."""
TIME = "time"
OTHERS = "others"
"""Something that the rule looks up changed."""
MOVES = "moves"
"""A value changed that counts as no change, such as a last-used date."""
OFF = "off"
"""A setting turns the rule off there."""


@dataclass(frozen=True)
class Turn:
    """A moment at which the answer may have become another, and why."""

    at: datetime
    why: str
    revision: int | None = None
    """The revision that brought it, if one did, and the one before."""
    before: int | None = None
    run: int | None = None
    actor: Any = None


@dataclass
class Episode:
    """One finding from the moment it would have been found to the one it would not."""

    finding: Finding
    score: int
    began: Turn
    ended: Turn | None = None
    blind: bool = False
    """In between there was no answer; that ends nothing."""


@dataclass
class Story:
    """What a rule would have found on one item so far."""

    open: dict[str, Episode] = field(default_factory=dict)

    def see(self, verdict: Verdict, score: int, turn: Turn) -> Iterator[Episode]:
        """Take a verdict in; yield what it ends."""
        if verdict.outcome is Outcome.UNKNOWN:
            for episode in self.open.values():
                episode.blind = True
            return
        found = {finding.fingerprint: finding for finding in verdict.findings}
        for key in [key for key in self.open if key not in found]:
            yield self._end(key, turn)
        for key, finding in found.items():
            if key in self.open:
                self.open[key].finding = finding
            else:
                self.open[key] = Episode(finding, score, turn)

    def close(self, turn: Turn) -> Iterator[Episode]:
        """End everything: the item is gone."""
        for key in list(self.open):
            yield self._end(key, turn)

    def _end(self, key: str, turn: Turn) -> Episode:
        episode = self.open.pop(key)
        episode.ended = turn
        return episode


def alike(one: Verdict, other: Verdict) -> bool:
    """Say whether two verdicts find the same, or both have no answer."""
    return _found(one) == _found(other)


def _found(verdict: Verdict) -> frozenset[str] | None:
    if verdict.outcome is Outcome.UNKNOWN:
        return None
    return frozenset(finding.fingerprint for finding in verdict.findings)
