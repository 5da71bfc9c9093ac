"""Fetch from the cloud on loopback, and look at what came."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Account
from items.watchers import watchers
from items.watchers.base import Answered, Refusal, Snapshot, Watcher
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud

IDENTIFIER = "222222222222"


class Found:
    """What one fetch brought."""

    def __init__(self, watcher: Watcher, account: Account) -> None:
        found = list(watcher.fetch(account))
        self.snapshots = [one for one in found if isinstance(one, Snapshot)]
        self.refusals = [one for one in found if isinstance(one, Refusal)]
        self.answered = {one.place for one in found if isinstance(one, Answered)}

    def named(self, name: str) -> Snapshot:
        """The one item of this name."""
        (found,) = (one for one in self.snapshots if one.name == name)
        return found

    def config(self, name: str) -> dict[str, Any]:
        """The configuration of the one item of this name."""
        return self.named(name).config

    def at(self, full_name: str) -> dict[str, Any]:
        """The configuration of the one item of this full name."""
        (found,) = (one for one in self.snapshots if one.full_name == full_name)
        return found.config

    def unread(self) -> dict[str, set[str]]:
        """Names of items by the part of them that could not be read."""
        found: dict[str, set[str]] = {}
        for snapshot in self.snapshots:
            for part in snapshot.unread:
                found.setdefault(part, set()).add(snapshot.name)
        return found


def refused(found: Found) -> Refusal:
    """The one refusal; where it is, nothing counts as gone."""
    (refusal,) = found.refusals
    assert found.answered == set()
    return refusal


Aws = Callable[..., Any]
Fetch = Callable[[str], Found]


@pytest.fixture
def there(cloud_env: None) -> Account:
    """An account that was never saved; fetching needs no database."""
    parameters = {"role_name": "Vervet", "external_id": "test", "partition": "aws"}
    return Account(name="prod", type="aws", identifier=IDENTIFIER, parameters=parameters)


@pytest.fixture
def fetch(there: Account) -> Fetch:
    """Fetch one technology of the account."""
    return lambda technology: Found(watchers[technology](), there)


@pytest.fixture
def aws(cloud: MotoCloud) -> Callable[..., Any]:
    """A client in the account, to fill it with."""
    return lambda service, region="us-east-1": cloud.client(service, region, IDENTIFIER)


@pytest.fixture
def account_hosts(there: Account, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let S3 Control, which asks a host of the account's name, reach the proxy too."""
    for name, value in faults.environment(account_hosts=True).items():
        monkeypatch.setenv(name, value)


def tagged(kind: str, name: str) -> list[dict[str, Any]]:
    """What gives a new thing in EC2 its name."""
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]
