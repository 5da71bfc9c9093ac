"""Hold items against the rules, and keep issues in step with what is found."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from audits.hearing import Hearing
from audits.models import (
    BlindSpot,
    Cause,
    Dependency,
    Exemption,
    Issue,
    IssueEvent,
    Judged,
    What,
)
from audits.rulebook import Rulebook, Stale
from audits.shadowing import end_trials
from audits.tenures import end_tenures
from audits.world import ANY, ISSUES, looks_changed
from items.canonical import digest
from items.models import Gap, Item, Run
from items.recording import BATCH, Changes

# A run that began so long ago and has no end was killed.
LONG_AGO = timedelta(hours=6)
# What open_issues() would answer otherwise now.
MOVES = frozenset({What.OPENED, What.REOPENED, What.FIXED, What.RESCORED})


def audit(changes: Changes) -> list[IssueEvent]:
    """Run every rule on what a portion changed; return what happened to issues.

    An unknown verdict fixes nothing. With the last portion of a slice's first look, every
    rule is noted as judged there; what other slices looked up here is marked stale.
    """
    items = changes.items()
    run = changes.run
    first = changes.last and run.slice.read_at is None
    if not items and not changes.gaps_changed and not first:
        return []
    book = Rulebook.of(run.account, run.technology, run.started_at.date())
    hearing = Hearing(run, book)
    hearing.hold(items, book.versions, _causes(changes), shadows=book.shadows)
    if first and run.slice.attempts == 0:
        book.note_judged(book.versions, run.started_at)
        book.note_tried(book.shadows)
    if changes.last and (first or changes.gaps_changed):
        note_unlisted(run, book)
        # This slice's own rules, too: what they looked up here was not read to its end then.
        _mark_stale(Dependency.objects.filter(technology=run.technology), Cause.COVERAGE)
    _wake_readers(changes)
    return _told(hearing)


def audit_stale(run: Run, book: Rulebook, items: Sequence[Item], stale: Stale) -> list[IssueEvent]:
    """Run stale rules on a portion of a slice; return what happened to issues."""
    hearing = Hearing(run, book)
    causes = {version.pk: Cause(cause) for version, cause in stale.versions}
    versions = [version for version, _ in stale.versions]
    hearing.hold(items, versions, {}, causes, shadows=stale.shadows)
    return _told(hearing)


def finish_stale(run: Run, book: Rulebook, stale: Stale) -> list[IssueEvent]:
    """Note what was run on the whole slice, and close what is no longer in force here."""
    book.note_judged([version for version, _ in stale.versions], run.started_at)
    book.note_tried(stale.shadows)
    end_trials(run, book.dropped(shadow=True), stale.shadows)
    return _close_dropped(run, book)


def catch_up(run: Run) -> None:
    """Mark stale what looked at slices that were written while this one was judged.

    Of two transactions side by side neither sees the other: this one not what it looks up, that
    one not that it was looked up. SQLite has no two at once.
    """
    if not connection.features.has_select_for_update:
        return
    looks = Dependency.objects.filter(
        item__account=run.account, item__technology=run.technology
    ).exclude(technology=run.technology)
    beside = Run.objects.filter(
        Q(ended_at=None, started_at__gt=run.started_at - LONG_AGO)
        | Q(ended_at__gte=run.started_at),
        Q(state=Run.State.RUNNING) | Q(created__gt=0) | Q(changed__gt=0) | Q(gone__gt=0),
        kind__in=(Run.Kind.LOOKED, Run.Kind.PUSHED),
        technology__in=looks.values("technology"),
    )
    written = list(beside.values_list("technology", flat=True).distinct().order_by())
    if written:
        _mark_stale(looks.filter(technology__in=written), Cause.COVERAGE)


def _close_dropped(run: Run, book: Rulebook) -> list[IssueEvent]:
    dropped = book.dropped()
    if not dropped:
        return []
    here = {"account": run.account, "technology": run.technology, "rule__in": dropped}
    hearing = Hearing(run, book)
    hearing.close(
        Issue.objects.open()
        .filter(account=run.account, technology=run.technology, rule__in=dropped)
        .select_related("version")
    )
    BlindSpot.objects.filter(until=None, **here).update(until=run.started_at)
    Exemption.objects.filter(until=None, **here).update(until=run.started_at)
    end_tenures(run.account, run.technology, dropped, run.started_at)
    Judged.objects.filter(shadow=False, **here).delete()
    return _told(hearing)


def _causes(changes: Changes) -> dict[int, Cause]:
    """Return why each item is judged; where nothing is said, the cloud changed."""
    seen_first = [item for item in changes.created if item.place in changes.first_looks]
    known_better = changes.completed + changes.reached + seen_first
    causes = {item.pk: Cause.COVERAGE for item in known_better}
    causes |= {item.pk: Cause.CLOUD for item in changes.changed}
    return causes | {item.pk: Cause.SETTING for item in changes.ignored}


def note_unlisted(run: Run, book: Rulebook) -> None:
    """Keep one blind spot a rule while part of the slice cannot be listed."""
    gaps = Gap.objects.filter(account=run.account, technology=run.technology, part="", until=None)
    reason = "; ".join(map(str, gaps))
    spots = BlindSpot.objects.filter(
        account=run.account, technology=run.technology, item=None, until=None
    )
    if not reason:
        spots.update(until=run.started_at)
        return
    spots.update(reason=reason)
    have = set(spots.values_list("rule_id", flat=True))
    BlindSpot.objects.bulk_create(
        BlindSpot(
            rule_id=version.rule_id,
            account=run.account,
            technology=run.technology,
            reason=reason,
            since=run.started_at,
        )
        for version in book.versions
        if version.rule_id not in have
    )


def _wake_readers(changes: Changes) -> None:
    """Mark stale what looked at these items, by their old and their new values.

    What is seen for the first time brings to light; it is no change out there.
    """
    cause = Cause.COVERAGE if changes.first_looks else Cause.CLOUD
    touched = [(item, changes.before.get(item.pk)) for item in changes.items()]
    looks = Dependency.objects.filter(technology=changes.run.technology)
    paths = list(looks.values_list("path", flat=True).distinct()) if touched else []
    if not paths:
        return
    wanted = Q(path="", value=digest(changes.run.account_id))
    values: dict[str, list[str]] = defaultdict(list)
    for path, value in looks_changed(touched, [path for path in paths if path]):
        values[path].append(value)
    for path, digests in values.items():
        digests.append(ANY)
        for start in range(0, len(digests), BATCH):
            chunk = digests[start : start + BATCH]
            _mark_stale(looks.filter(path=path, value__in=chunk), cause)
    _mark_stale(looks.filter(wanted), cause)


def _told(hearing: Hearing) -> list[IssueEvent]:
    """Write what a hearing found; mark stale the rules of this account that read its issues."""
    events = hearing.save()
    run = hearing.run
    looks = Dependency.objects.filter(
        technology=run.technology, path__startswith=ISSUES, item__account=run.account
    )
    moved = [event for event in events if event.what in MOVES]
    paths = list(looks.values_list("path", flat=True).distinct()) if moved else []
    if not paths:
        return events
    for cause in {event.cause for event in moved}:
        pks = sorted({event.issue.item_id for event in moved if event.cause == cause})
        for start in range(0, len(pks), BATCH):
            items = Item.objects.filter(pk__in=pks[start : start + BATCH])
            for path, value in looks_changed([(item, None) for item in items], paths):
                _mark_stale(looks.filter(path=path, value=value), Cause(cause))
    return events


def _mark_stale(looks: Any, cause: Cause) -> None:
    """Mark the rules that looked, with the cause; one that is marked already keeps its cause."""
    for rule, shadow, account, technology in looks.values_list(
        "rule_id", "shadow", "item__account_id", "item__technology"
    ).distinct():
        Judged.objects.filter(
            rule_id=rule, shadow=shadow, account_id=account, technology=technology, stale=""
        ).update(stale=cause)


def slice_portions(run: Run, size: int) -> Iterator[list[Item]]:
    """Yield the living items of a slice, at most ``size`` at a time; nothing where it is empty."""
    last = 0
    while True:
        items = list(
            Item.objects.living()
            .filter(account=run.account, technology=run.technology, pk__gt=last)
            .order_by("pk")[:size]
        )
        if not items:
            return
        yield items
        last = items[-1].pk
