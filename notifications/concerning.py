"""The mails that nobody subscribed to: they go to whom something concerns, who may stop them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import QuerySet

from accounts.ledger import enter
from accounts.models import Account, User
from notifications.models import Delivery, StoppedMail

Kind = Delivery.Kind


@dataclass(frozen=True)
class Words:
    """What a kind of mail is to its reader."""

    what: str
    instead: str
    """What the reader has without them; stands after a colon."""


PROPOSALS = "you see them in the console, under Rules: Proposals."
JUSTIFICATIONS = "you see them in the console, under Review: Justifications."
TO_PERSONS: Mapping[str, Words] = {
    Kind.ASKED: Words("questions about rules that wait for your answer", PROPOSALS),
    Kind.ANSWERED: Words("answers to what you asked about rules", PROPOSALS),
    Kind.WAITS: Words("justifications that wait for your answer", JUSTIFICATIONS),
    Kind.DECIDED: Words("answers to justifications that you asked for", JUSTIFICATIONS),
    Kind.REMINDER: Words(
        "reminders that what you justified or let in needs a decision", JUSTIFICATIONS
    ),
    Kind.MENTION: Words(
        "comments in which you are mentioned",
        "you see them in the console, on the page of the issue or item.",
    ),
}
TO_OWNERS: Mapping[str, Words] = {
    Kind.REMINDER: Words(
        "reminders that what was justified in your accounts needs a decision",
        "no other mail tells you of them.",
    ),
    Kind.RETURNED: Words(
        "issues that are sent back to you as the owner of an account",
        "who wants to send one back is told that no mail goes to you.",
    ),
}


@dataclass(frozen=True)
class Mails:
    """Mails of one kind to a person, or to an address as an account's owner."""

    kind: str
    address: str
    person: User | None = None
    returns: ClassVar[bool] = True
    """Whether a reader may want them again."""

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Return what a delivery that has no subscription is one of."""
        return cls(delivery.kind, delivery.address, delivery.person)

    @property
    def signed(self) -> list[Any]:
        """What a link to stop them must say."""
        return [self.kind, self.address, *([self.person.pk] if self.person else [])]

    @property
    def words(self) -> Words:
        return (TO_PERSONS if self.person else TO_OWNERS)[self.kind]

    @property
    def what(self) -> str:
        return self.words.what

    @property
    def instead(self) -> str:
        return self.words.instead

    @property
    def on(self) -> bool:
        """Whether they are sent."""
        return not self._stops.exists()

    @property
    def _whose(self) -> dict[str, Any]:
        # Addresses of owners are written by hand: their letters' case says nothing.
        to = "" if self.person else self.address.lower()
        return {"kind": self.kind, "person": self.person, "to": to}

    @property
    def _stops(self) -> QuerySet[StoppedMail]:
        return StoppedMail.objects.filter(**self._whose)

    @transaction.atomic
    def stop(self, by: Any = None) -> None:
        """Send none from now on; done twice it changes nothing. No ``by``: by a mail's link."""
        row, new = StoppedMail.objects.get_or_create(**self._whose)
        if new:
            self._enter("stopped mails", row, by, on=False)

    @transaction.atomic
    def resume(self, by: Any = None) -> None:
        """Send what comes from now on; what came meanwhile is not sent."""
        row = self._stops.select_for_update().first()
        if row:
            self._stops.delete()
            self._enter("wants mails again", row, by, on=True)

    def _enter(self, action: str, row: StoppedMail, by: Any, on: bool) -> None:
        who = "" if by else self.address
        enter(by, action, row, {"on": not on}, {"on": on, "mails": self.what}, who=who)


def concerning(person: User) -> list[Mails]:
    """Return the kinds of mail that may go to a person; none where they have no address."""
    if not person.email:
        return []
    owns = Account.objects.filter(owner_mail__iexact=person.email).exists()
    own = [Mails(kind, person.email) for kind in TO_OWNERS] if owns else []
    return [*(Mails(kind, person.email, person) for kind in TO_PERSONS), *own]


def switches(person: User) -> list[tuple[Mails, bool]]:
    """Return the kinds of mail that may go to a person, and whether each is on. Two queries."""
    own = models.Q(person=person) | models.Q(person=None, to=person.email.lower())
    stopped = set(StoppedMail.objects.filter(own).values_list("kind", "person"))
    return [
        (one, (one.kind, one.person and one.person.pk) not in stopped) for one in concerning(person)
    ]


def stopped_by_owner(address: str) -> list[str]:
    """Return the kinds of mail that whoever has an owner's address has stopped."""
    rows = StoppedMail.objects.filter(person=None, to=address.lower()).order_by("kind")
    return [row.get_kind_display() for row in rows]
