"""Let whoever is told by mail stop that, by a link that needs no login."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from accounts.ledger import enter
from accounts.models import User
from notifications.concerning import TO_OWNERS, TO_PERSONS, Mails
from notifications.models import Delivery, Subscription
from notifications.notifiers import notifiers

# Whoever has the link may stop these mails and undo that, and nothing else; so it never ends.
SIGNER = Signer(salt="notifications.leaving")


class NoSuchReader(Exception):
    """A link that was not made here, or what it is about is no more."""


@dataclass(frozen=True)
class Subscribed:
    """What a subscription sends to one of its readers."""

    told: Subscription
    address: str
    instead: ClassVar[str] = ""
    returns: ClassVar[bool] = False
    """Whether a reader may want them again: here who runs Vervet says who is told."""

    @property
    def signed(self) -> list[Any]:
        return [self.told.pk, self.address]

    @property
    def what(self) -> str:
        return f"“{self.told.name}”"

    @property
    def on(self) -> bool:
        return self.told.on and self.address in self.told.readers

    @transaction.atomic
    def stop(self) -> None:
        """Send nothing more of it to the address; done twice it changes nothing."""
        told = Subscription.objects.select_for_update().get(pk=self.told.pk)
        if not Subscribed(told, self.address).on:
            return
        before = {"on": told.on, "address": told.address}
        others = [one for one in told.readers if one != self.address]
        if others:
            told.address = notifiers[told.notifier].joined(others)
        else:
            told.on = False
        told.save()
        self.told.on, self.told.address = told.on, told.address
        after = {"on": told.on, "address": told.address}
        enter(None, "stopped mails", told, before, after, who=self.address)

    def resume(self) -> None:
        """Change nothing."""


def told_by(delivery: Delivery, reader: str) -> Subscribed | Mails:
    """Return what a reader stops who wants no more of the like of a delivery."""
    if delivery.subscription:
        return Subscribed(delivery.subscription, reader)
    return Mails.of(delivery)


def token_of(told: Subscribed | Mails) -> str:
    """Return what cannot be guessed and stands for some mails to a reader."""
    return SIGNER.sign_object(told.signed)


def leaving_link(told: Subscribed | Mails) -> str:
    """Return the address of the page where a reader stops being told."""
    return settings.SITE_URL + reverse("leave", args=[token_of(told)])


def meant_by(token: str) -> Subscribed | Mails:
    """Return what a link is to stop, and for whom; raise NoSuchReader."""
    try:
        match SIGNER.unsign_object(token):
            case [int(key), str(address)]:
                return Subscribed(Subscription.objects.get(pk=key), address)
            case [str(kind), str(address), int(key)] if kind in TO_PERSONS:
                return Mails(kind, address, User.objects.get(pk=key))
            case [str(kind), str(address)] if kind in TO_OWNERS:
                return Mails(kind, address)
    except (BadSignature, Subscription.DoesNotExist, User.DoesNotExist, ValueError) as error:
        raise NoSuchReader from error
    raise NoSuchReader
