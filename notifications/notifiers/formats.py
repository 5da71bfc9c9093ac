"""The forms in which what is told goes to programs, thing by thing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.types.base import Parameter
from notifications.notifiers.base import Outgoing
from notifications.notifiers.cloudevents import event, event_of
from notifications.notifiers.ocsf import ocsf

FORMATS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "cloudevents": event_of,
    "ocsf": ocsf,
}
CONTENT_TYPES = {"cloudevents": "application/cloudevents+json", "ocsf": "application/json"}
FORMAT = Parameter(
    "format",
    "Format",
    "cloudevents: CloudEvents 1.0. ocsf: events of the Open Cybersecurity Schema Framework.",
    default="cloudevents",
    choices=tuple(FORMATS),
)


@dataclass(frozen=True)
class Told:
    """One thing, ready for a program."""

    key: str
    kind: str
    """issue, change, or the kind of what is no alert, such as weekly."""
    form: dict[str, Any]


def told(delivery: Outgoing) -> Iterator[Told]:
    """Yield everything that is told, in the form that the subscription names.

    What is no alert, such as a weekly report, is one CloudEvent; OCSF knows no such thing.
    """
    form = delivery.parameters["format"]
    for thing in delivery.each():
        kind = "issue" if "issue" in thing else "change"
        yield Told(thing["key"], kind, FORMATS[form](thing))
    if delivery.kind != "alert" and form == "cloudevents":
        yield Told(delivery.key, delivery.kind, event(delivery))
