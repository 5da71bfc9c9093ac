"""Acme's API: JSON over HTTP, a token, and pages."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from accounts.models import Account
from accounts.references import resolved
from accounts.types.base import Reachable, Refused
from items.watchers.base import Watcher
from items.watchers.terms import Call, ReadError


class Failed(Exception):
    """A call that brought no answer; ``code`` is Acme's word for why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


def get(account: Reachable, path: str) -> Any:
    """Return the answer to a GET; raise Failed."""
    given = account.parameters
    try:
        token = resolved(given["token"])
        request = Request(f"{given['address']}/{path}", headers={"Authorization": token})
        with urlopen(request, timeout=10) as reply:
            return json.load(reply)
    except Refused as refused:
        raise Failed("NoToken", str(refused)) from refused
    except HTTPError as error:
        raise Failed(str(error.code), error.reason) from error
    except (URLError, OSError, ValueError) as error:
        raise Failed("Unreachable", str(error)) from error


class AcmeWatcher(Watcher):
    """What all watchers of Acme have in common: how a call is made."""

    account_type = "acme"
    full_name = "acme:{account}:{uid}"

    def places(self, account: Account) -> list[str]:
        return ["site"]

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        path = call.operation.format(**config)
        try:
            page = get(account, path)
            yield page["found"]
            while page.get("next"):
                page = get(account, f"{path}?page={page['next']}")
                yield page["found"]
        except Failed as failed:
            raise ReadError(path, failed.code, failed.reason, "read") from failed
