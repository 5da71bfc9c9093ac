"""What is told as CloudEvents 1.0: a message as a whole, or each thing that it tells."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from notifications.notifiers.base import Outgoing

LEFT_OUT = ("config", "before", "summed")


def event(delivery: Outgoing) -> dict[str, Any]:
    """Return what is told as one event; its id is the message's key."""
    said = {
        "subject": delivery.subject,
        "text": delivery.text,
        "link": delivery.link,
        "facts": dict(delivery.facts),
    }
    return _event(delivery.key, delivery.kind, timezone.now().isoformat(), said)


def _event(key: str, kind: str, at: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": key,
        "source": settings.SITE_URL,
        "type": f"vervet.{kind}",
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    }


def event_of(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return one thing that is told as an event; an item's configurations are left out."""
    kind = "issue" if "issue" in thing else "change"
    said = {name: value for name, value in thing.items() if name not in LEFT_OUT}
    return _event(thing["key"], kind, thing["at"], said)
