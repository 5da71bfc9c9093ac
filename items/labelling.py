"""Give items labels of ours, such as PCI: tags are their owners', labels are a reviewer's."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.admin.facets import NONE
from accounts.ledger import enter
from accounts.seeing import visible
from items.models import Item, Label

LONGEST = 50
MOST = 20


def labels_of(item: Item) -> list[str]:
    """Return the labels of an item, in the order of the alphabet."""
    rows = Label.objects.filter(item=item.pk).order_by("name")
    return list(rows.values_list("name", flat=True))


@transaction.atomic
def label(item: Item, names: Iterable[str], by: Any) -> None:
    """Give an item these labels and no others.

    Raises PermissionDenied where ``by`` may not review the item, and ValidationError on labels
    that are too long, too many, or could not be asked for in the address of a list.
    """
    rows = visible(Item.objects.filter(pk=item.pk), by, "review")
    # Held: of two at once the second finds what the first one gave.
    if rows.select_for_update(no_key=True).only("pk").first() is None:
        raise PermissionDenied("You may not label this item.")
    wanted = {" ".join(name.replace("\0", "").split()) for name in names} - {""}
    if len(wanted) > MOST or any(len(name) > LONGEST for name in wanted):
        said = f"At most {MOST} labels of at most {LONGEST} characters each."
        raise ValidationError({"labels": said})
    if any("," in name or name == NONE for name in wanted):
        raise ValidationError({"labels": f"A label has no comma, and is not called {NONE}."})
    before = labels_of(item)
    if wanted == set(before):
        return
    Label.objects.filter(item=item.pk).exclude(name__in=wanted).delete()
    now = timezone.now()
    Label.objects.bulk_create(
        [Label(item_id=item.pk, name=name, by=by, at=now) for name in sorted(wanted)],
        ignore_conflicts=True,
    )
    enter(by, "labelled", item, {"labels": before}, {"labels": sorted(wanted)})
