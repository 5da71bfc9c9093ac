"""Doors, a specification alone; and badges, which take a little code."""

from accounts.models import Account
from acme_vervet.api import AcmeWatcher
from items.watchers.base import Row
from items.watchers.terms import Call


class Door(AcmeWatcher):
    technology = "acme.door"
    label = "Acme door"
    listing = Call("doors")
    id = "Id"
    name = "Name"
    ephemeral = ("LastOpened",)


class Badge(AcmeWatcher):
    technology = "acme.badge"
    label = "Acme badge"
    listing = Call("badges")
    id = "Id"
    name = "Owner"
    adds = ("Opens",)

    def complete(self, account: Account, row: Row) -> None:
        """Say which doors a badge opens: a call a badge, of which only the names are kept."""
        call = Call("badges/{Id}/doors")
        self.fill(row, "Opens", lambda: self._opens(account, row, call))

    def _opens(self, account: Account, row: Row, call: Call) -> list[str]:
        return [door["Name"] for door in self.read(account, row.place, call, row.config)]
