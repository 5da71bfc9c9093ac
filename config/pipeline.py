"""The line: everything that follows from looking at one technology of one account."""

from collections.abc import Sequence

from django.conf import settings

from audits.auditing import audit, audit_stale, catch_up, finish_stale, slice_portions
from audits.inbox import expect_review
from audits.rulebook import Rulebook
from items.claiming import claim
from items.models import Run
from items.portions import Portion, portions
from items.recording import Changes, record
from items.watchers import watchers
from items.watchers.terms import Snapshot
from notifications.telling import tell


def check(account_id: int, technology: str) -> Run:
    """Do everything that follows from looking once at a slice: one technology of one account.

    Raises Busy where another worker has the slice. A check that is killed is simply run
    again: what is left to do is always a row.
    """
    watcher = watchers[technology]()
    with claim(account_id, technology) as run:  # Notes the end and, if it raises, why.
        found = list(
            watcher.fetch(run.account)
        )  # All reading first: no transaction waits for a cloud.
        for part in portions(found):  # "Gone" and gaps come with the last.
            with run.transaction():  # Renews the lease, or is refused; holds its row to commit.
                changes = record(run, watcher, part)
                events = audit(changes)
                expect_review(changes)  # Where every change waits for somebody's word.
                tell(changes, events)  # Writes outbox lines; sends nothing.
        if run.created or run.changed or run.gone:
            with run.transaction():
                catch_up(run)
    return run


def push(account_id: int, technology: str, found: Sequence[Snapshot]) -> Run:
    """Do everything that follows from configurations that somebody sent, as from a look.

    What was not sent is as it was: nothing is taken for gone, and the slice stays as due as it
    is. Raises Busy where another worker has the slice.
    """
    watcher = watchers[technology]()
    with claim(account_id, technology, Run.Kind.PUSHED) as run:
        for start in range(0, len(found), settings.PORTION):
            with run.transaction():
                part = Portion(found[start : start + settings.PORTION])
                changes = record(run, watcher, part)
                events = audit(changes)
                expect_review(changes)
                tell(changes, events)
        if run.created or run.changed:
            with run.transaction():
                catch_up(run)
    return run


def judge(account_id: int, technology: str) -> Run:
    """Audit and tell what is stale in a slice, without fetching.

    Stale is what edited rules and settings, what they look up, or a new day has touched.
    Raises Busy where another worker has the slice; then nothing is noted, and it stays stale.
    """
    with claim(account_id, technology, Run.Kind.JUDGED) as run:
        book = Rulebook.of(run.account, technology, run.started_at.date())
        stale = book.stale()
        for items in slice_portions(run, settings.PORTION) if stale else ():
            with run.transaction():
                tell(Changes(run), audit_stale(run, book, items, stale))
        with run.transaction():
            tell(Changes(run), finish_stale(run, book, stale))
        if stale:
            with run.transaction():
                catch_up(run)
    return run
