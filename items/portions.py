"""Cut what was fetched into portions, each small enough for one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from items.watchers.base import Answered, Refusal, Snapshot


@dataclass(frozen=True)
class Portion:
    """A part of what one look found. The last one also tells what could and could not be read."""

    snapshots: Sequence[Snapshot]
    refusals: Sequence[Refusal] = ()
    answered: frozenset[str] = frozenset()
    last: bool = False


def portions(found: Sequence[Snapshot | Refusal | Answered]) -> Iterator[Portion]:
    """Yield everything found, at most ``settings.PORTION`` items at a time; at least one.

    Of what a listing names twice, as when pages overlap, the last one counts.
    """
    once = {(one.place, one.uid): one for one in found if isinstance(one, Snapshot)}
    snapshots = list(once.values())
    cuts = range(0, max(1, len(snapshots)), settings.PORTION)
    refused = [one for one in found if isinstance(one, Refusal)]
    refused += [refusal for one in snapshots for refusal in one.unread.values()]
    answered = frozenset(one.place for one in found if isinstance(one, Answered))
    for start in cuts:
        part = snapshots[start : start + settings.PORTION]
        if start == cuts[-1]:
            yield Portion(part, refused, answered, last=True)
        else:
            yield Portion(part)
