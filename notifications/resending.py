"""Send messages again that have arrived, were given up, or were not wanted then."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.ledger import enter_each
from notifications.models import Delivery

SEND = "notifications.send_delivery"
"""What it takes, for all that a message is about."""
ENDED = (Delivery.State.SENT, Delivery.State.FAILED, Delivery.State.UNWANTED)


@transaction.atomic
def send_again(deliveries: Iterable[Delivery], by: Any) -> int:
    """Let messages be sent once more to all their readers, by the next tick; return how many.

    Each keeps its key, so that a receiver that heard it may leave it; what still waits stays as
    it is. It counts as a repetition, and is tried as often as a new one.
    """
    wanted = [delivery.pk for delivery in deliveries]
    again = list(Delivery.objects.select_for_update().filter(pk__in=wanted, state__in=ENDED))
    Delivery.objects.filter(pk__in=[one.pk for one in again]).update(
        state=Delivery.State.GATHERING, due_at=timezone.now(), attempts=1, reached=[]
    )
    waits = {"state": str(Delivery.State.GATHERING)}
    enter_each(by, "sent again", [(one, {"state": one.state}, waits) for one in again])
    return len(again)
