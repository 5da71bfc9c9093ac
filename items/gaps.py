"""Keep what was refused, from when until when."""

from collections.abc import Iterable

from items.models import Gap, Item, Run
from items.watchers.base import Refusal

Key = tuple[str, str, str, str]
# How many names of items a gap keeps; the count tells of the rest.
NAMES = 20


def record_gaps(run: Run, refusals: Iterable[Refusal], answered: frozenset[str]) -> bool:
    """Open, continue and close the gaps of a slice; say whether a gap opened or closed.

    A gap closes only where this look proved that it can be read again: a place that did not
    answer now keeps the gaps it had.
    """
    found = _by_key([*refusals, *_not_asked(run, refusals, answered)])
    if not found and not run.slice.has_gaps:
        return False
    opened = {_key(gap): gap for gap in _open(run)}
    new = []
    for key, same in found.items():
        gap = opened.get(key)
        if gap is None:
            new.append(_gap(run, same))
        else:
            _describe(gap, same, run)
            gap.save()
    closed = [
        gap
        for key, gap in opened.items()
        if key not in found and (gap.place in answered or (not gap.place and answered))
    ]
    Gap.objects.filter(pk__in=[gap.pk for gap in closed]).update(until=run.started_at)
    Gap.objects.bulk_create(new)
    run.slice.has_gaps = bool(found) or len(closed) < len(opened)
    run.slice.save(update_fields=["has_gaps"])
    return bool(new or closed)


def _open(run: Run) -> Iterable[Gap]:
    return Gap.objects.filter(account=run.account, technology=run.technology, until=None)


def _key(one: Gap | Refusal) -> Key:
    return one.place, one.part, one.operation[:100], one.code[:200]


def _by_key(refusals: Iterable[Refusal]) -> dict[Key, list[Refusal]]:
    found: dict[Key, list[Refusal]] = {}
    for refusal in refusals:
        found.setdefault(_key(refusal), []).append(refusal)
    return found


def _not_asked(run: Run, refusals: Iterable[Refusal], answered: frozenset[str]) -> list[Refusal]:
    """Tell of places that were read once, still hold living items, and were not asked now."""
    refused = {refusal.place for refusal in refusals if not refusal.part}
    if "" in refused:
        return []
    silent = set(run.slice.places) - answered - refused
    if not silent:
        return []
    living = Item.objects.living().filter(
        account=run.account, technology=run.technology, place__in=silent
    )
    return [
        Refusal("", "NotAsked", "It is no longer among the places that can be asked.", place=place)
        for place in sorted(living.values_list("place", flat=True).distinct())
    ]


def _gap(run: Run, same: list[Refusal]) -> Gap:
    place, part, operation, code = _key(same[0])
    gap = Gap(
        account=run.account,
        technology=run.technology,
        place=place,
        part=part,
        operation=operation,
        code=code,
        since=run.started_at,
    )
    _describe(gap, same, run)
    return gap


def _describe(gap: Gap, same: list[Refusal], run: Run) -> None:
    gap.reason, gap.permission = same[0].reason[:2000], same[0].permission
    names = sorted({refusal.name for refusal in same if refusal.name})
    gap.names, gap.count = names[:NAMES], len(names)
    gap.seen_at = run.started_at
