"""Google Cloud: every page of every call, empty lists told from none, errors told apart."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from string import Formatter
from typing import Any, ClassVar

from accounts.models import Account
from accounts.types.base import Refused
from accounts.types.gcp_errors import FAILURES, told
from accounts.types.gcp_session import GcpSession, Malformed, Repeated, connect
from items.paths import first_field, read, steps
from items.watchers.base import Call, ReadError, Row, Watcher
from items.watchers.gcp.descriptions import (
    answer_schema,
    methods,
    permission,
    plain,
    reply_schema,
    schema_at,
)
from items.watchers.terms import Snapshot

# What a full name may hold beside names of the item.
FACTS = {"account", "place", "region", "uid"}
RESOURCE = re.compile(r"(projects|folders|organizations)/")
# Version 3 is the one that tells conditions.
VERSION = 3
# What warnings of a list mean that something is not in it.
PARTIAL = ("UNREACHABLE", "PARTIAL_SUCCESS")
# What an item that is gone answers to calls about it.
GONE: tuple[str, ...] = ("NOT_FOUND",)


class GcpWatcher(Watcher):
    account_type = "gcp"
    service: ClassVar[str]
    """The SDK's name of the service with its version: ``compute.v1``."""

    item: ClassVar[Call | None] = None
    """The call whose answer an item is, where it is no row of the listing."""

    gone_codes: ClassVar[tuple[str, ...]] = GONE

    def __init__(self) -> None:
        self._session: GcpSession | None = None

    def session(self, account: Account) -> GcpSession:
        """Return the account's session; a watcher reads one account in its life."""
        if self._session is None:
            self._session = connect(account)
        return self._session

    def places(self, account: Account) -> list[str]:
        """One call answers for all regions, but where a service says otherwise."""
        return ["global"]

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        api = call.service or self.service
        arguments = self.arguments(account, call, config)
        left_out: list[str] = []
        try:
            for reply in self.session(account).pages(api, call.operation, **arguments):
                left_out += unreachable(reply)
                yield answer(api, call, reply)
        except FAILURES as error:
            failed = failure(error, account, self.operation_name(call), self.needed(call))
            if failed.code in call.absent:
                yield None
                return
            raise failed from error
        except (Malformed, Repeated) as error:
            name = self.operation_name(call)
            raise ReadError(name, type(error).__name__, str(error)) from error
        except Refused as error:
            raise ReadError(self.operation_name(call), "Refused", str(error)) from error
        if left_out:
            reason = f"Google did not reach {', '.join(sorted(set(left_out)))}; the rest was read."
            raise ReadError(self.operation_name(call), "UNREACHABLE", reason)

    def snapshot(self, account: Account, row: Row) -> Snapshot:
        """Names and places are paths there; the last step is what people call them."""
        found = super().snapshot(account, row)
        named = last(found.name) if RESOURCE.match(found.name) else found.name
        region = last(found.region)
        if region == "global":
            region = location(str(row.config.get("name", ""))) or region
        unread = {part: replace(refusal, name=named) for part, refusal in found.unread.items()}
        return replace(found, name=named, region=region, unread=unread)

    def operation_name(self, call: Call) -> str:
        """``compute.firewalls.list``, as Google's pages and audit logs name it."""
        method = methods(call.service or self.service).get(call.operation, {})
        return str(method.get("id", call.operation))

    @classmethod
    def needed(cls, call: Call) -> str:
        """Return the permission that a call needs; of several the first."""
        return needed(cls.service, call)[0]

    @classmethod
    def permissions(cls) -> set[str]:
        return {one for call in cls.calls() for one in needed(cls.service, call)}

    @classmethod
    def policy(cls, permissions: Iterable[str]) -> dict[str, Any]:
        """A custom role, as ``gcloud iam roles create --file`` reads it (JSON is YAML)."""
        return {
            "title": "Vervet",
            "description": "Reads configurations; reads no data and changes nothing.",
            "stage": "GA",
            "includedPermissions": sorted(permissions),
        }

    @classmethod
    def problems(cls) -> list[str]:
        found = super().problems()
        if not found:
            found = [one for call in cls.calls() for one in call_problems(cls.service, call)]
        return found or item_problems(cls)


def policy_of(
    operation: str,
    wanted: str = "options.requestedPolicyVersion",
    parameter: str = "resource",
    **fixed: Any,
) -> Call:
    """Return the call that reads who may do what with a thing, conditions included.

    ``wanted`` is the argument for the version, ``parameter`` the one for the thing.
    """
    return Call(operation, params={wanted: VERSION, **fixed}, keys={parameter: "name"})


def posted_policy_of(operation: str, **fixed: Any) -> Call:
    """The same of a service that takes the wanted version in the body of a POST."""
    body = {"options": {"requestedPolicyVersion": VERSION}}
    keys = {} if fixed else {"resource": "name"}
    return Call(operation, params={"body": body, **fixed}, keys=keys)


def contacts_of(kind: str, parent: str = "") -> Call:
    """Return the call that reads whom Google writes to about a thing, and about those above it.

    ``kind`` is ``projects``, ``folders`` or ``organizations``.
    """
    fixed = {"parent": parent} if parent else {}
    return Call(
        f"{kind}.contacts.compute",
        "contacts",
        params={"notificationCategories": ["ALL"], "pageSize": 100, **fixed},
        keys={} if parent else {"parent": "name"},
        service="essentialcontacts.v1",
    )


def answer(api: str, call: Call, reply: dict[str, Any]) -> Any:
    """Return the part of a reply that the call is made for.

    An empty list is left out of Google's answers. So a list that is missing is empty, but where the
    answer has nothing at all of what this call answers; raises Malformed then.
    """
    found = read(call.answer, reply)
    if found is not None:
        return found
    known = reply_schema(api, call.operation).get("properties", {})
    if reply and not reply.keys() & known.keys():
        raise Malformed(f"The answer has nothing of what {call.operation} answers.")
    schema = answer_schema(api, call.operation, call.answer)
    is_list = "[]" in call.answer or (schema or {}).get("type") == "array"
    return [] if is_list else None


def unreachable(reply: dict[str, Any]) -> Iterator[str]:
    """Yield the places that an answer says are not in it."""
    for key in ("unreachable", "unreachables", "missingZones"):
        yield from map(str, reply.get(key) or ())
    scopes = reply.get("items")
    warned = {"": reply, **(scopes if isinstance(scopes, dict) else {})}
    for scope, held in warned.items():
        warning = held.get("warning") if isinstance(held, dict) else None
        if isinstance(warning, dict) and warning.get("code") in PARTIAL:
            yield scope or str(warning.get("message") or "a part")


def failure(error: Exception, account: Account, operation: str, needed: str) -> ReadError:
    """Tell what was refused or failed and, where that is a permission, which one mends it."""
    said = told(error, account.identifier)
    denied = said.code == "PERMISSION_DENIED"
    return ReadError(
        operation, said.code, said.reason, (said.permission or needed) if denied else ""
    )


def last(path: str) -> str:
    """Return the last step of a path: the zone of a zone's link."""
    return path.rstrip("/").rpartition("/")[2]


def location(name: str) -> str:
    """Return the location in a resource's name; empty where there is none."""
    parts = name.split("/")
    return parts[3] if parts[2:3] == ["locations"] and len(parts) > 4 else ""


def needed(service: str, call: Call) -> list[str]:
    """Return the permissions of a call; a specification names several with spaces between."""
    return call.permission.split() or [permission(call.service or service, call.operation)]


# -- the SDK's own description ------------------------------------------------------------------


def call_problems(service: str, call: Call) -> list[str]:
    """Say what of a call the SDK does not offer."""
    api = call.service or service
    try:
        method = methods(api).get(call.operation)
    except LookupError as error:
        return [str(error)]
    if method is None:
        return [f"{api} has no operation {call.operation}"]
    known = {*method.get("parameters", {}), *(["body"] if "request" in method else [])}
    sent = {*call.params, *call.keys}
    wanted = {name for name, one in method.get("parameters", {}).items() if one.get("required")}
    found = [f"{call.operation} takes no {name}" for name in sorted(sent - known)]
    found += [f"{call.operation} needs {name}" for name in sorted(wanted - sent)]
    path = plain(call.answer)
    try:
        if path and call.answer != "@":
            schema_at(api, reply_schema(api, call.operation), path)
    except LookupError as error:
        found.append(f"{call.operation} answers no {error.args[0]} ({call.answer})")
    return found


def item_problems(watcher: type[GcpWatcher]) -> list[str]:
    """Say which names and paths of the specification its items do not have."""
    names = {first_field(path) for path in (watcher.id, watcher.name) if path}
    names |= {first_field(path) for path in (watcher.region, watcher.left_out) if path}
    names |= {first_field(path) for path in watcher.json_text.values()}
    names |= {first_field(path) for call in watcher.details.values() for path in call.keys.values()}
    fields = (field for _, field, _, _ in Formatter().parse(watcher.full_name) if field)
    names |= {field.partition("[")[0] for field in fields} - FACTS
    paths = {steps(path) for path in watcher.ephemeral + watcher.secret + watcher.ordered}
    paths |= {(name,) for name in names if name}
    return [
        f"items of {watcher.technology} have no {' '.join(path)}"
        for path in sorted(paths)
        if not path_exists(watcher, path)
    ]


def path_exists(watcher: type[GcpWatcher], path: tuple[str, ...]) -> bool:
    """Say whether a plain path leads somewhere in an item; what code adds is not known here."""
    key, rest = path[0], path[1:]
    if key in watcher.adds or key in watcher.json_text:
        return True
    call = watcher.details.get(key) or watcher.item or watcher.listing
    api = call.service or watcher.service
    schema = answer_schema(api, call.operation, call.answer)
    try:
        if key in watcher.details:
            schema_at(api, schema, rest)
        else:
            row = (
                schema_at(api, schema, ("[]",)) if (schema or {}).get("type") == "array" else schema
            )
            schema_at(api, row, path)
    except LookupError:
        return False
    return True
