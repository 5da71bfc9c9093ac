"""Tell a program of yours: a signed CloudEvent over HTTP."""

import hashlib
import hmac
import json
import re
import time
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS, resolved
from accounts.types.base import Parameter
from notifications.notifiers.base import Notifier, Outgoing
from notifications.notifiers.cloudevents import event
from notifications.notifiers.reaching import check_url, post


class Webhook(Notifier):
    key = "webhook"
    label = "Webhook"
    address_label = "URL"
    address_help = (
        "It is posted a signed CloudEvent: see docs/notifiers.md. Whoever sees the subscription "
        f"sees the URL. If it is a secret, write {WANTS}."
    )
    parameters = (
        Parameter(
            "secret",
            "Signing secret",
            "Both sides know it.",
            pattern=PATTERN,
            wants=WANTS,
            secret=True,
            required=True,
        ),
    )

    @classmethod
    def check_address(cls, address: str) -> None:
        if _is_reference(address):
            return
        check_url(address)
        if urlsplit(address).query:
            said = "What follows the ? is often a secret, and whoever sees the subscription sees it"
            raise ValidationError(f"{said}: write {WANTS}.")

    def deliver(self, delivery: Outgoing) -> None:
        """Post the event; a repetition has the same id and Idempotency-Key, and a new time."""
        body = json.dumps(event(delivery)).encode()
        moment = int(time.time())
        headers = {
            "Content-Type": "application/cloudevents+json",
            "Idempotency-Key": delivery.key,
            "Vervet-Timestamp": str(moment),
            "Vervet-Signature": signature(resolved(delivery.parameters["secret"]), moment, body),
        }
        where = delivery.address
        url = resolved(where) if _is_reference(where) else where
        post(url, body, headers, delivery.timeout)


def _is_reference(address: str) -> bool:
    return re.fullmatch(PATTERN, address, re.ASCII) is not None


def signature(secret: str, moment: int, body: bytes) -> str:
    """Return the HMAC-SHA256 of the moment, a full stop and the body."""
    signed = f"{moment}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
