"""The ledger: everything that a person does, row after row, each chained to the one before.

An entry is committed with its deed or not at all, so there is no deed without an entry, and
no hole in the chain.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import Account, LedgerEntry, LedgerHead
from accounts.states import plain

COMMAND = "command line"
PORTION = 2000
BATCH = 500
# Entries that are looked at to say whether the end of the chain is whole.
LATELY = 200
HASHED = (
    "number",
    "at",
    "person_id",
    "who",
    "action",
    "thing",
    "key",
    "name",
    "account_id",
    "before",
    "after",
    "previous",
)
COLUMNS = (*HASHED, "hash")


def enter(
    person: Any,
    action: str,
    thing: models.Model | str,
    before: Any = None,
    after: Any = None,
    account: Account | None = None,
    *,
    who: str = "",
) -> LedgerEntry:
    """Keep what a person did, in the transaction of the deed; None: the command line.

    ``thing`` is a row, or the word for what is none ("login"). ``before`` and ``after`` are
    what it said, best from ``accounts.states.state``; secrets in them are replaced by a mark.
    ``account`` is that of the row where none is given. ``who`` names somebody who is no user.

    Call it last: until the transaction ends nobody else can enter anything. Raises
    RuntimeError outside a transaction.
    """
    (entry,) = enter_each(person, action, [(thing, before, after)], account, who=who)
    return entry


def enter_each(
    person: Any,
    action: str,
    deeds: Iterable[tuple[models.Model | str, Any, Any]],
    account: Account | None = None,
    *,
    who: str = "",
) -> list[LedgerEntry]:
    """Keep what a person did to several things at once, each (thing, before, after) by itself.

    As ``enter``, with the same few statements for a thousand things as for one.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Enter within the transaction of the deed.")
    known = person is not None and person.pk is not None
    name = plain(who or (person.get_username() if known else COMMAND))[:200]
    made = [_made(action, *deed, account) for deed in deeds]
    if not made:
        return []
    with transaction.atomic(savepoint=False):  # One that fails spoils the deed.
        head, _ = LedgerHead.objects.select_for_update().get_or_create(pk=1)
        now = timezone.now()
        for entry in made:
            entry.number, entry.previous, entry.at = head.number + 1, head.hash, now
            entry.person_id, entry.who = person.pk if known else None, name
            entry.hash = hash_of(entry)
            head.number, head.hash = entry.number, entry.hash
        LedgerEntry.objects.bulk_create(made, batch_size=BATCH)
        head.save(update_fields=["number", "hash"])
    return made


def _made(
    action: str, thing: models.Model | str, before: Any, after: Any, account: Account | None
) -> LedgerEntry:
    row = thing if isinstance(thing, models.Model) else None
    about = account.pk if account else _account_of(row) if row else None
    return LedgerEntry(
        action=action,
        thing=row._meta.label_lower if row else str(thing),
        key=str(row.pk or "") if row else "",
        name=plain(str(row)) if row else "",
        account_id=about,
        before=plain(before),
        after=plain(after),
    )


def hash_of(entry: LedgerEntry) -> str:
    """Return the hash of all that an entry says, the hash before it included."""
    said = {name: getattr(entry, name) for name in HASHED}
    said["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Fault:
    """Where the chain is broken first."""

    number: int
    says: str


def broken(known: Mapping[int, str] | None = None, since: int = 1) -> Fault | None:
    """Walk the chain, in portions; return where it is broken first, from entry ``since`` on.

    ``known`` are numbers with the hashes that were written down elsewhere, as in the weekly
    report: whoever can write to the database could mend the whole chain, but not those.
    """
    written_down = {number: text for number, text in (known or {}).items() if number >= since}
    head = LedgerHead.objects.filter(pk=1).first()  # First: what is added meanwhile is after it.
    number, previous = since - 1, _hash_at(since - 1)
    rows = LedgerEntry.objects.filter(number__gte=since).order_by("number")
    for entry in rows.iterator(chunk_size=PORTION):
        number += 1
        if entry.number != number:
            return Fault(number, f"Entry {number} is missing.")
        if hash_of(entry) != entry.hash:
            return Fault(number, f"Entry {number} is not what was entered.")
        if entry.previous != previous:
            says = f"Entry {number} was not entered after what stands before it."
            return Fault(number, says)
        if written_down.pop(number, entry.hash) != entry.hash:
            return Fault(number, f"Entry {number} has another hash than was written down.")
        if head and number == head.number and entry.hash != head.hash:
            return Fault(number, f"Entry {number} has another hash than the end of the chain.")
        previous = entry.hash
    ends = max([head.number if head else 0, *written_down])
    if number < ends:
        return Fault(number + 1, f"The end is cut off: {number} of {ends} entries are left.")
    if number and head is None:
        return Fault(number, "Where the chain ends is not known any more.")
    return None


def broken_lately() -> Fault | None:
    """Return where the last entries of the chain are broken; cheap enough for every page."""
    head = LedgerHead.objects.filter(pk=1).first()
    return broken(since=max(1, (head.number if head else 0) - LATELY))


def end_of_ledger() -> str:
    """Return the number and hash of the last entry, as ``checkledger --head`` takes them."""
    head = LedgerHead.objects.filter(pk=1).first()
    return f"{head.number}:{head.hash}" if head else ""


def _hash_at(number: int) -> str:
    entry = LedgerEntry.objects.filter(number=number).only("hash").first()
    return entry.hash if entry else ""


def _account_of(row: models.Model) -> int | None:
    """Follow a row's way to its account's key; None where it belongs to none.

    The account itself is not read: of a thousand rows it would be read a thousand times.
    """
    path = getattr(row, "account_path", None)
    if path is None:
        return None
    *way, last = path.split("__")
    found: Any = row
    for name in way:
        found = getattr(found, name, None)
    return getattr(found, f"{last}_id" if last else "pk", None)
