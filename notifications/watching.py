"""Let a person watch an item: they are mailed whatever happens to it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.ledger import enter
from items.models import Item
from notifications.models import Subscription

# Who watches a thing wants to know all of it, and no summary of everything else.
ALL = {"least_score": 0, "reopened": True, "fixed": True, "weekly": False}


def is_watched(item: Item, person: Any) -> bool:
    """Say whether a person is told of an item because they watch it."""
    rows = Subscription.objects.filter(owner=person.pk, watching=True, on=True)
    return rows.filter(items=item.pk).exists()


@transaction.atomic
def watch(item: Item, person: Any) -> None:
    """Tell a person of everything that happens to an item from now on.

    All that a person watches is one subscription of theirs. Raises ValidationError where the
    person has no address of email.
    """
    if not person.email:
        raise ValidationError("Your account has no address of email to write to.")
    told, _ = Subscription.objects.get_or_create(
        owner=person,
        watching=True,
        defaults={"name": "What I watch", "address": person.email, **ALL},
    )
    told.on, told.address = True, person.email
    told.items.add(item)
    told.save()
    enter(person, "watches", item)


@transaction.atomic
def stop_watching(item: Item, person: Any) -> None:
    """Tell a person of an item no more because they watched it."""
    for told in Subscription.objects.filter(owner=person, watching=True, items=item):
        told.items.remove(item)
        told.save()
        enter(person, "stopped watching", item)
