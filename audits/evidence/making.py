"""Make packs of evidence in the background: ask, make, keep for a while."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.admin import Curtain
from accounts.ledger import enter
from accounts.models import Account
from accounts.seeing import visible
from audits.evidence.packing import pack, spool
from audits.evidence.question import Question, usual_since
from audits.models import Control, EvidencePack, EvidencePart, Framework

LEASE = timedelta(minutes=5)
# A pack that kills so many workers is given up.
ATTEMPTS = 3
KEPT = timedelta(days=30)
PIECE = 1 << 20
SECONDS_A_SIGN = 0.5
UNFINISHED = (EvidencePack.State.WAITING, EvidencePack.State.RUNNING)


class TakenOver(Exception):
    """Another worker makes the pack; nothing more may be written."""


def ask(
    framework: Framework,
    control: Control | None,
    moment: datetime,
    accounts: list[int],
    scope: str,
    by: Any,
) -> EvidencePack:
    """Ask for a pack; return the same one where ``by`` asked for it and it is still to come.

    ``accounts`` are those that ``by`` may see. A worker must be woken: ``config.evidence.ask``
    does both.
    """
    wanted = {"framework": framework, "control": control, "moment": moment, "by": by}
    with transaction.atomic():
        waiting = EvidencePack.objects.filter(state__in=UNFINISHED, **wanted)
        same = next((one for one in waiting if one.accounts == accounts), None)
        if same:
            return same
        asked = EvidencePack.objects.create(
            accounts=accounts, scope=scope, since=usual_since(moment), **wanted
        )
        enter(by, "asked for evidence", asked, after=_told(asked))
    return asked


def make(pk: int) -> None:
    """Make a pack, if nobody else does; keep why where that fails."""
    held = _take(pk)
    if held is None:
        return
    one = held.pack
    question = Question(
        one.framework, one.control, one.moment, one.since, one.accounts, one.scope, Curtain(one.by)
    )
    try:
        with spool() as file:
            sha256, size = pack(question, file, held.progress)
            held.finish(file, sha256, size)
    except TakenOver:
        return
    except Exception as error:
        held.fail(f"{type(error).__name__}: {error}")
        raise


def unmade(now: datetime) -> QuerySet[EvidencePack]:
    """Return the packs that no living worker makes."""
    waiting = Q(state=EvidencePack.State.WAITING)
    lost = Q(state=EvidencePack.State.RUNNING, lease_until__lt=now)
    return EvidencePack.objects.filter(waiting | lost).order_by("pk")


def may_read(asked: EvidencePack, user: Any) -> bool:
    """Say whether somebody may have a pack: who asked for it, and still sees all that is in it."""
    if asked.by_id != user.pk:
        return False
    seen = set(visible(Account.objects.all(), user).values_list("pk", flat=True))
    return seen.issuperset(asked.accounts)


def pieces(asked: EvidencePack) -> Iterator[bytes]:
    """Yield the file, piece by piece; each is read when it is wanted."""
    for number in asked.parts.values_list("number", flat=True):
        yield bytes(asked.parts.get(number=number).content)


def prune_packs(now: datetime) -> None:
    """Delete packs that are older than a month: they can be made again."""
    EvidencePack.objects.filter(asked_at__lt=now - KEPT).delete()


def _told(asked: EvidencePack) -> dict[str, Any]:
    return {
        "framework": asked.framework.key,
        "control": asked.control.number if asked.control else "all",
        "as of": asked.moment.isoformat(),
        "accounts": asked.scope,
    }


class _Held:
    """A pack that this worker makes, for as long as it holds the lease."""

    def __init__(self, asked: EvidencePack) -> None:
        self.pack = asked
        self._signed = 0.0
        self._items = 0

    def progress(self, done: int, total: int) -> None:
        """Tell how far it is and renew the lease, now and then; raise TakenOver."""
        self._items = done
        if time.monotonic() - self._signed >= SECONDS_A_SIGN:
            self._write(done=done, total=total, lease_until=timezone.now() + LEASE)
            self._signed = time.monotonic()

    def finish(self, file: IO[bytes], sha256: str, size: int) -> None:
        """Keep the file, and enter its hash in the ledger."""
        state, file_read = EvidencePack.State.DONE, iter(lambda: file.read(PIECE), b"")
        file.seek(0)
        with transaction.atomic():
            far = {"done": self._items, "total": self._items}
            self._write(state=state, lease_until=None, sha256=sha256, size=size, **far)
            self.pack.parts.all().delete()
            for number, content in enumerate(file_read):
                EvidencePart.objects.create(pack=self.pack, number=number, content=content)
            after = {**_told(self.pack), "sha256": sha256, "bytes": size}
            enter(self.pack.by, "was given evidence", self.pack, after=after)

    def fail(self, reason: str) -> None:
        """Keep why there is none."""
        EvidencePack.objects.filter(pk=self.pack.pk, attempts=self.pack.attempts).update(
            state=EvidencePack.State.FAILED, reason=reason[:2000], lease_until=None
        )

    def _write(self, **values: Any) -> None:
        ours = EvidencePack.objects.filter(
            pk=self.pack.pk, state=EvidencePack.State.RUNNING, attempts=self.pack.attempts
        )
        if not ours.update(**values):
            raise TakenOver


def _take(pk: int) -> _Held | None:
    now = timezone.now()
    free = unmade(now).filter(pk=pk)
    free.filter(attempts__gte=ATTEMPTS).update(
        state=EvidencePack.State.FAILED,
        lease_until=None,
        reason=f"Given up: the worker that made it ended {ATTEMPTS} times.",
    )
    taken = free.update(
        state=EvidencePack.State.RUNNING, lease_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    rows = EvidencePack.objects.select_related("framework", "control__framework", "by")
    return _Held(rows.get(pk=pk))
