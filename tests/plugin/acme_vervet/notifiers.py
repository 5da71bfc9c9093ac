"""Acme's loudspeakers say what is wrong."""

import json
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from accounts.references import PATTERN, WANTS, resolved
from accounts.types.base import Parameter
from notifications.notifiers.base import Later, Never, Notifier, Outgoing


class Speaker(Notifier):
    key = "acme"
    label = "Acme loudspeaker"
    address_label = "Address of its API"
    parameters = (
        Parameter("token", "Token", "Where its token lies.", pattern=PATTERN, wants=WANTS),
    )

    def deliver(self, delivery: Outgoing) -> None:
        said = {"key": delivery.key, "say": delivery.subject, "facts": dict(delivery.facts)}
        request = Request(
            f"{delivery.address}/say",
            data=json.dumps(said).encode(),
            headers={
                "Authorization": resolved(delivery.parameters["token"]),
                "Content-Type": "application/json",
            },
        )
        try:
            urlopen(request, timeout=delivery.timeout).close()
        except HTTPError as error:
            if error.code == 429:
                wait = timedelta(seconds=int(error.headers.get("Retry-After", 60)))
                raise Later("The loudspeaker is busy.", wait) from error
            if error.code in (401, 403, 404, 410):
                raise Never(f"The loudspeaker does not take it: {error.code}.") from error
            raise
