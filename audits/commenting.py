"""Say something about an item, and tell those who are named in it."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.ledger import enter
from accounts.models import User
from accounts.seeing import visible
from accounts.seers import seers
from accounts.states import state
from audits.models import Comment, Issue, Mention
from items.models import Item

LONGEST = 10_000
NAMED = re.compile(r"(?<![\w.+-])@([\w.+-][\w.@+-]*)")
# A user name may hold these, a sentence ends with them.
ENDINGS = ".@+-"


@transaction.atomic
def comment(
    item: Item,
    text: str,
    by: Any,
    *,
    revision: int | None = None,
    issue: Issue | None = None,
) -> Comment:
    """Keep a remark on an item; where given, on one of its revisions or issues.

    Whoever is named in it (@name) and may see the item gets a mention. Raises PermissionDenied
    where ``by`` may not review the item, and ValidationError where there is no text or the
    revision or issue is another item's.
    """
    if not visible(Item.objects.filter(pk=item.pk), by, "review").exists():
        raise PermissionDenied("You may not comment on this item.")
    text = text.strip().replace("\0", "\ufffd")
    if not text:
        raise ValidationError({"text": "Write something."})
    if len(text) > LONGEST:
        raise ValidationError({"text": f"At most {LONGEST:,} characters."})
    if issue is not None and issue.item_id != item.pk:
        raise ValidationError({"issue": "That issue is about another item."})
    if revision is not None and not item.history.filter(history_id=revision).exists():
        raise ValidationError({"revision": "That revision is another item's."})
    made = Comment.objects.create(
        item=item, text=text, by=by, at=timezone.now(), revision=revision, issue=issue
    )
    Mention.objects.bulk_create(
        Mention(comment=made, user=person) for person in _mentioned(text, item) if person != by
    )
    about = state(made, "item", "revision", "issue", "text")
    enter(by, "commented", made, None, about)
    return made


def _mentioned(text: str, item: Item) -> list[User]:
    """Return who is named and may see the item."""
    asked = [word.lower() for word in NAMED.findall(text)]
    if not asked:
        return []
    people = list(seers(Item.objects.filter(pk=item.pk)))
    called = _called(people)
    found = {called.get(word) or called.get(word.rstrip(ENDINGS)) for word in asked}
    return [person for person in people if person in found]


def _called(people: Iterable[User]) -> dict[str, User]:
    """Return what each is called by: the user name, and of a mail address what is before the @,
    where only one has that."""
    short: dict[str, list[User]] = {}
    for person in people:
        short.setdefault(person.username.partition("@")[0].lower(), []).append(person)
    names = {name: sharing[0] for name, sharing in short.items() if len(sharing) == 1}
    return names | {person.username.lower(): person for person in people}
