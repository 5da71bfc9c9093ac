"""Let whoever is told by mail stop that, by a link that needs no login."""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from accounts.ledger import enter
from notifications.models import Subscription
from notifications.notifiers import notifiers

# Whoever has the link may stop these mails, and nothing else; so it never ends.
SIGNER = Signer(salt="notifications.leaving")


class NoSuchReader(Exception):
    """A link that was not made here, or what it is about is no more."""


def leaving_link(told: Subscription, address: str) -> str:
    """Return the address of the page where a reader stops being told."""
    return settings.SITE_URL + reverse("leave", args=[SIGNER.sign_object([told.pk, address])])


def reader(token: str) -> tuple[Subscription, str]:
    """Return whom a link is for and of what; raise NoSuchReader."""
    try:
        key, address = SIGNER.unsign_object(token)
        return Subscription.objects.get(pk=key), address
    except (BadSignature, Subscription.DoesNotExist, ValueError, TypeError) as error:
        raise NoSuchReader from error


def is_told(told: Subscription, address: str) -> bool:
    """Say whether something is sent to an address."""
    return told.on and address in told.readers


@transaction.atomic
def leave(told: Subscription, address: str) -> None:
    """Send nothing more of a subscription to an address; done twice it changes nothing."""
    told = Subscription.objects.select_for_update().get(pk=told.pk)
    if not is_told(told, address):
        return
    before = {"on": told.on, "address": told.address}
    others = [one for one in told.readers if one != address]
    if others:
        told.address = notifiers[told.notifier].joined(others)
    else:
        told.on = False
    told.save()
    after = {"on": told.on, "address": told.address}
    enter(None, "stopped mails", told, before, after, who=address)
