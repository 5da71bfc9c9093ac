"""Keep a ticket of each issue: opened, commented, closed when it is fixed, opened again."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifications.models import Ticket
from notifications.notifiers.base import Never, Notifier, Outgoing
from notifications.notifiers.reaching import Gone

Thing = Mapping[str, Any]
WORDS = {
    "fixed": "It is fixed.",
    "reopened": "It is there again.",
    "justified": "It was justified: it is accepted as it is.",
    "withdrawn": "Its justification was withdrawn.",
    "lapsed": "It grew beyond what was justified.",
    "ended": "Its justification has ended.",
}


class Desk(ABC):
    """Where tickets are kept. Each function raises as ``reaching.ask`` does."""

    @abstractmethod
    def find(self, mark: str, since: datetime) -> str:
        """Return the reference of the ticket that bears a mark and was made since; else empty."""

    @abstractmethod
    def create(self, thing: Thing, mark: str) -> str:
        """Open a ticket of an issue that bears a mark; return its reference."""

    @abstractmethod
    def has_said(self, reference: str, mark: str) -> bool:
        """Say whether a comment that bears a mark is there."""

    @abstractmethod
    def comment(self, reference: str, text: str, mark: str) -> None:
        """Add a comment that bears a mark."""

    @abstractmethod
    def move(self, reference: str, state: str) -> None:
        """Open or close a ticket as its issue is: open, justified or fixed."""


class Tracker(Notifier):
    """A notifier that keeps tickets. What only sums tell opens none."""

    keeps = True

    def deliver(self, delivery: Outgoing) -> None:
        """Bring the tickets up to date; one that is refused keeps back no other."""
        desk = self.desk(delivery)
        faults = []
        for thing in delivery.each():
            if "issue" not in thing or thing["summed"]:
                continue
            try:
                keep(desk, delivery, thing)
            except Never as never:
                faults.append(str(never))
        if faults:
            raise Never(f"{len(faults)} tickets were refused: {faults[0]}")

    def desk(self, delivery: Outgoing) -> Desk:
        """Return where the tickets of a subscription are kept."""
        raise NotImplementedError


def keep(desk: Desk, delivery: Outgoing, thing: Thing) -> None:
    """Bring the ticket of an issue up to date with an event; heard before, it does nothing."""
    known = {"issue_id": thing["issue"], "address": delivery.address}
    ticket = Ticket.objects.filter(subscription=delivery.channel, **known).first()
    if ticket is None or not ticket.reference:
        # Whoever was here before may have opened it, or not.
        found = desk.find(thing["issue_key"], ticket.begun_at) if ticket else ""
        if not found and thing["state"] != "open":
            return  # It came and went: nobody has to do anything.
        ticket = ticket or Ticket.objects.create(subscription_id=delivery.channel, **known)
        _open(desk, ticket, thing, found)
    elif ticket.event_id is None or ticket.event_id < thing["event"]:
        _tell(desk, ticket, thing, repeated=delivery.attempt > 1)


def _open(desk: Desk, ticket: Ticket, thing: Thing, found: str) -> None:
    ticket.reference = found or desk.create(thing, thing["issue_key"])
    ticket.event_id = thing["event"]
    ticket.save()


def _tell(desk: Desk, ticket: Ticket, thing: Thing, repeated: bool) -> None:
    try:
        if not (repeated and desk.has_said(ticket.reference, thing["key"])):
            desk.comment(ticket.reference, words(thing), thing["key"])
        desk.move(ticket.reference, thing["state"])
    except Gone:  # Somebody removed it. What is open still has to be done.
        if thing["state"] == "open":
            _open(desk, ticket, thing, "")
        else:
            ticket.delete()
        return
    ticket.event_id = thing["event"]
    ticket.save()


def words(thing: Thing) -> str:
    """Return what happened to an issue, in a sentence."""
    return WORDS.get(thing["what"]) or f"It is {thing['severity']} now, score {thing['score']}."
