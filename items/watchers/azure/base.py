"""Azure: plain reads of Resource Manager, every page, errors told apart."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from string import Formatter
from typing import Any, ClassVar
from urllib.parse import quote

from accounts.models import Account
from accounts.types.azure import ENDED
from accounts.types.azure_errors import DENIED, FAILURES, Malformed, told
from accounts.types.azure_session import SUBSCRIPTIONS, AzureSession, connect
from items.paths import first_field, read, steps
from items.watchers.base import Call, ReadError, Row, Snapshot, Watcher

# What stands beside ``properties`` in every resource; see Resource Manager's own reference.
ENVELOPE = {
    "eTag",
    "etag",
    "extendedLocation",
    "id",
    "identity",
    "kind",
    "location",
    "managedBy",
    "managedByExtended",
    "name",
    "plan",
    "properties",
    "sku",
    "systemData",
    "tags",
    "type",
    "zones",
}
VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
DIAGNOSTICS = "2021-05-01-preview"
ACTION = re.compile(r"Microsoft\.\w+(/\w+)+/(read|\w+/action)")
PROVIDER = "/providers/"
# The name in a path that stands for the account's own subscription.
OWN = "subscription"
# What a full name may hold beside names of the item.
FACTS = {"account", "place", "region", "uid"}


def listed(type_: str, version: str, **query: Any) -> Call:
    """Return the call that lists a type of resource in all of a subscription."""
    path = f"/subscriptions/{{subscription}}{PROVIDER}{type_}"
    return Call(path, "value", params={"api-version": version, **query})


def below(path: str, version: str, absent: tuple[str, ...] = ()) -> Call:
    """Return the call that lists what is below an item: ``flowLogs``."""
    return _of_item(path, "value", version, absent)


def setting(path: str, version: str, absent: tuple[str, ...] = ()) -> Call:
    """Return the call that reads the one thing of its kind below an item: ``config/web``."""
    return _of_item(path, "@", version, absent)


def _of_item(path: str, answer: str, version: str, absent: tuple[str, ...]) -> Call:
    return Call(
        f"{{id}}/{path}", answer, params={"api-version": version}, keys={"id": "id"}, absent=absent
    )


def diagnostic_settings(of: str = "", absent: tuple[str, ...] = ()) -> Call:
    """Return the call that lists what is logged of an item, or ``of`` what is below it, and where.

    No list of a subscription's shows these: each resource is asked by itself.
    """
    path = "providers/Microsoft.Insights/diagnosticSettings"
    return below(f"{of}/{path}" if of else path, DIAGNOSTICS, absent)


class AzureWatcher(Watcher):
    account_type = "azure"

    id = "id"
    name = "name"
    region = "location"
    full_name = "{id}"
    fields: ClassVar[tuple[str, ...]] = ()
    """Names that stand in its items beside those that every resource has."""

    # Azure writes ids in letters of changing size, and moves the rest whenever it touches a thing.
    ephemeral: ClassVar[tuple[str, ...]] = (
        "id",
        "etag",
        "systemData",
        "properties.provisioningState",
    )

    def __init__(self) -> None:
        self._session: AzureSession | None = None

    def session(self, account: Account) -> AzureSession:
        """Return the account's session; a watcher reads one account in its life."""
        if self._session is None:
            self._session = connect(account)
        return self._session

    def places(self, account: Account) -> list[str]:
        """A subscription that is switched off lists nothing, though nothing is gone."""
        try:
            state = self.session(account).state
        except FAILURES as error:
            raise self.failure(error, account, STATE) from error
        if state in ENDED:
            raise ReadError(
                self.operation_name(STATE),
                "ReadOnlyDisabledSubscription",
                f"The subscription is {state.lower()}: what is in it is unknown. Have its owner "
                "enable it again, or archive this account.",
            )
        return ["global"]

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        path = filled(call, account, config)
        try:
            for reply in self.session(account).pages(path, **call.params):
                yield answer(call, reply)
        except FAILURES as error:
            failed = self.failure(error, account, call)
            if failed.code in call.absent:
                yield None
                return
            raise failed from error

    def failure(self, error: Exception, account: Account, call: Call) -> ReadError:
        """Tell what was refused or failed and, where that is a permission, which one mends it."""
        needed = self.needed(call)
        said = told(error, account.identifier, needed.partition("/")[0])
        permission = needed if said.code == DENIED else ""
        return ReadError(self.operation_name(call), said.code, said.reason, permission)

    def snapshot(self, account: Account, row: Row) -> Snapshot:
        """Ids are the same in any size of letters, regions with spaces or without."""
        found = super().snapshot(account, row)
        region = found.region.replace(" ", "").lower()
        return replace(found, uid=found.full_name.lower(), region=region)

    def operation_name(self, call: Call) -> str:
        """``Microsoft.Network/networkSecurityGroups``, as Azure's pages and logs name it."""
        return self.needed(call).rpartition("/")[0]

    @classmethod
    def needed(cls, call: Call) -> str:
        """Return the action that allows a call."""
        return call.permission or f"{resource_type(cls.listing, call)}/read"

    @classmethod
    def permissions(cls) -> set[str]:
        return {cls.needed(call) for call in (STATE, *cls.calls())}

    @classmethod
    def policy(cls, permissions: Iterable[str]) -> dict[str, Any]:
        """A custom role, as ``az role definition create`` reads it."""
        return {
            "Name": "Vervet",
            "IsCustom": True,
            "Description": "Reads configurations; reads no data and changes nothing.",
            "Actions": sorted(permissions),
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": ["SCOPE"],
        }

    @classmethod
    def problems(cls) -> list[str]:
        found = super().problems()
        if not found:
            found = [one for call in cls.calls() for one in cls.call_problems(call)]
        return found or item_problems(cls)

    @classmethod
    def call_problems(cls, call: Call) -> list[str]:
        """Say what is wrong with a call, as far as that can be known without Azure."""
        path, version = call.operation, str(call.params.get("api-version", ""))
        if not path.startswith(("/", "{id}/")) and path != "{id}":
            return [f"{path} is no path"]
        names = {name for _, name, _, _ in Formatter().parse(path) if name}
        found = [f"{path} is not told {name}" for name in sorted(names - {*call.keys, OWN})]
        found += [f"{path} does not say {name}" for name in sorted({*call.keys} - names)]
        if not VERSION.fullmatch(version):
            found.append(f"{path} has the api-version {version!r}")
        if call.answer not in ("value", "@", "[@]"):
            found.append(f"{path} answers no {call.answer}")
        if not ACTION.fullmatch(cls.needed(call)):
            found.append(f"{cls.needed(call)} is no action")
        return found


STATE = Call(
    "/subscriptions/{subscription}",
    "[@]",
    params={"api-version": SUBSCRIPTIONS},
    permission="Microsoft.Resources/subscriptions/read",
)


def filled(call: Call, account: Account, config: dict[str, Any]) -> str:
    """Return a call's path; raise TypeError where the item does not say what it needs."""
    words = {name: read(path, config) for name, path in call.keys.items()}
    for name, word in words.items():
        if not isinstance(word, str) or not word:
            raise TypeError(f"the item's {name} is {word!r}")
    path = call.operation.format(subscription=account.identifier, **words)
    return quote(path, safe="/!$&'()*+,;=:@")


def answer(call: Call, reply: dict[str, Any]) -> Any:
    """Return the part of a reply that the call is made for; raise Malformed where it has none.

    What Azure answers is a list under ``value``, or a thing with an id or properties.
    """
    if call.answer == "value":
        if not isinstance(reply.get("value"), list):
            raise Malformed("The answer holds no list. A proxy on the way?")
    elif not reply.keys() & {"id", "properties", "value"}:
        raise Malformed("The answer is no thing of Azure's. A proxy on the way?")
    return read(call.answer, reply)


def resource_type(listing: Call, call: Call) -> str:
    """Return the type that a path is of: ``Microsoft.Network/networkWatchers/flowLogs``.

    After the last provider, its namespace and every second step: the others are names.
    """
    path = call.operation
    if path.startswith("{id}/"):
        path = f"{listing.operation}/name/{path.removeprefix('{id}/')}"
    namespace, *kinds = path.rpartition(PROVIDER)[2].split("/")
    return "/".join((namespace, *kinds[::2]))


def item_problems(watcher: type[AzureWatcher]) -> list[str]:
    """Say which names and paths of the specification its items do not have."""
    known = ENVELOPE | {*watcher.details, *watcher.adds, *watcher.fields}
    plain = {*watcher.ephemeral, *watcher.secret, *watcher.ordered}
    firsts: set[str | None] = {steps(path)[0] for path in plain}
    firsts |= {first_field(path) for path in (watcher.id, watcher.name, watcher.region) if path}
    firsts |= {name for _, name, _, _ in Formatter().parse(watcher.full_name) if name} - FACTS
    return [
        f"items of {watcher.technology} have no {name}"
        for name in sorted(one for one in firsts - known if one)
    ]
