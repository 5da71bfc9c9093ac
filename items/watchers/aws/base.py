"""AWS: one boto3 client a region, every page, errors told apart."""

import functools
from collections.abc import Iterable, Iterator
from string import Formatter
from typing import Any, ClassVar

import botocore.session
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from accounts.models import Account
from accounts.types.aws import AwsSession, connect, explain
from accounts.types.base import Refused
from items.paths import first_field, read, steps
from items.watchers.base import Call, ReadError, Watcher

# What an SDK call may raise: an answer of the service, no answer, or an answer of garbage;
# botocore raises KeyError for one that is XML, but not the service's.
FAILURES = (ClientError, BotoCoreError, ResponseParserError, KeyError)
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")
# What a full name may hold beside names of the item.
FACTS = {"account", "partition", "place", "region", "uid"}
# AWS names many things by a tag.
NAME_TAG = "Tags[?Key=='Name'].Value | [0]"


class AwsWatcher(Watcher):
    account_type = "aws"
    service: ClassVar[str]
    everywhere: ClassVar[bool] = False
    """True where one call answers for every region."""

    def __init__(self) -> None:
        self._session: AwsSession | None = None

    def session(self, account: Account) -> AwsSession:
        """Return the account's session; a watcher reads one account in its life."""
        if self._session is None:
            self._session = connect(account)
        return self._session

    def places(self, account: Account) -> list[str]:
        try:
            session = self.session(account)
            if account.parameters.get("role_name") == "-":
                session.checked  # noqa: B018  (raises where the credentials lead elsewhere)
        except Refused as error:
            raise ReadError("GetCallerIdentity", "Refused", str(error)) from error
        except FAILURES as error:
            raise failure(error, "sts", "get_caller_identity") from error
        return ["global"] if self.everywhere else self.regions(account)

    def regions(self, account: Account) -> list[str]:
        """Return the regions that are enabled for the account; raise ReadError."""
        try:
            return list(self.session(account).regions)
        except FAILURES as error:
            raise failure(error, "ec2", "describe_regions") from error

    def region_asked(self, session: AwsSession, place: str, config: dict[str, Any]) -> str:
        """Return the region that answers for ``place``; ``config`` is empty for a listing."""
        return session.home if place == "global" else place

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        arguments = self.arguments(account, call, config)
        service = call.service or self.service
        try:
            session = self.session(account)
            client = session.client(service, self.region_asked(session, place, config))
            if client.can_paginate(call.operation):
                for page in client.get_paginator(call.operation).paginate(**arguments):
                    yield answer(call, page)
            else:
                yield answer(call, getattr(client, call.operation)(**arguments))
        except FAILURES as error:
            if isinstance(error, ClientError) and code_of(error) in call.absent:
                yield None
                return
            raise failure(error, service, call.operation, call.permission) from error

    def operation_name(self, call: Call) -> str:
        return camel(call.service or self.service, call.operation)

    def facts(self, account: Account) -> dict[str, str]:
        """What is shared with an account names its owner, ``OwnerId``; the rest is its own."""
        return {
            **super().facts(account),
            "partition": account.parameters["partition"],
            "OwnerId": account.identifier,
        }

    @classmethod
    def permissions(cls) -> set[str]:
        """The permission of each call, and what finding the places takes."""
        needed = {
            call.permission or permission(call.service or cls.service, call.operation)
            for call in cls.calls()
        }
        return needed if cls.everywhere else needed | {"ec2:DescribeRegions"}

    @classmethod
    def policy(cls, permissions: Iterable[str]) -> dict[str, Any]:
        """The least IAM policy for Vervet's role in an account."""
        statement = {"Effect": "Allow", "Action": sorted(permissions), "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [{"Sid": "VervetReads", **statement}]}

    @classmethod
    def problems(cls) -> list[str]:
        found = super().problems()
        if not found:
            found = [one for call in cls.calls() for one in call_problems(cls.service, call)]
        return found or item_problems(cls)


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def answer(call: Call, reply: dict[str, Any]) -> Any:
    """Return the part of a reply that the call is made for."""
    reply.pop("ResponseMetadata", None)
    return read(call.answer, reply)


def failure(error: Exception, service: str, operation: str, needed: str = "") -> ReadError:
    """Tell what was refused or failed and, where that is a permission, which one mends it."""
    name = camel(service, operation)
    if isinstance(error, ClientError):
        if error.operation_name == "AssumeRole":
            return ReadError("AssumeRole", code_of(error), explain(error), "sts:AssumeRole")
        code = code_of(error)
        text = error.response.get("Error", {}).get("Message") or str(error)
        return ReadError(
            name, code, text, (needed or permission(service, operation)) if code in DENIED else ""
        )
    if isinstance(error, KeyError):
        return ReadError(name, "Malformed", f"The answer does not hold {error}")
    return ReadError(name, type(error).__name__, explain(error)[:500])


# -- the SDK's own description ------------------------------------------------------------------


@functools.cache
def service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def service_operations(service: str) -> dict[str, Any]:
    """Return botocore's description of each operation, by its name in Python."""
    model = service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def camel(service: str, operation: str) -> str:
    """Return the API's name of an operation: DescribeSecurityGroups."""
    model = service_operations(service).get(operation)
    return model.name if model else operation


def permission(service: str, operation: str) -> str:
    """Return the IAM action that allows an operation, where it is named after it."""
    return f"{service_model(service).signing_name}:{camel(service, operation)}"


def call_problems(service: str, call: Call) -> list[str]:
    """Say what of a call the SDK does not offer."""
    model = service_operations(call.service or service).get(call.operation)
    if model is None:
        return [f"there is no operation {call.operation}"]
    sent = {*call.params, *call.keys}
    known = set(model.input_shape.members) if model.input_shape else set()
    needed = set(model.input_shape.required_members) if model.input_shape else set()
    answers = set(model.output_shape.members) if model.output_shape else set()
    first = first_field(call.answer)
    return (
        [f"{call.operation} takes no {name}" for name in sorted(sent - known)]
        + [f"{call.operation} needs {name}" for name in sorted(needed - sent)]
        + [f"{call.operation} answers no {first}"] * bool(first and first not in answers)
    )


def item_problems(watcher: type[AwsWatcher]) -> list[str]:
    """Say which names and paths of the specification its items do not have."""
    row = answer_shape(watcher.service, watcher.listing)
    row = row.member if getattr(row, "type_name", "") == "list" else row
    shapes: dict[str, Any] = dict(getattr(row, "members", {}))
    shapes |= dict.fromkeys((*watcher.adds, *watcher.json_text))  # Made by code: not known here.
    shapes |= {key: answer_shape(watcher.service, call) for key, call in watcher.details.items()}
    names = {first_field(path) for path in (watcher.id, watcher.name) if path}
    names |= {first_field(path) for path in (watcher.region, watcher.left_out) if path}
    names |= {first_field(path) for path in watcher.json_text.values()}
    names |= {name for _, name, _, _ in Formatter().parse(watcher.full_name) if name} - FACTS
    paths = {steps(path) for path in watcher.ephemeral + watcher.secret + watcher.ordered}
    paths |= {(name,) for name in names if name}
    return [
        f"items of {watcher.technology} have no {' '.join(path)}"
        for path in sorted(paths)
        if not path_exists(shapes, path, otherwise=row is None)
    ]


def path_exists(shapes: dict[str, Any], path: tuple[str, ...], otherwise: bool) -> bool:
    """Say whether a plain path leads somewhere; ``otherwise`` where its first name is unknown."""
    if path[0] not in shapes:
        return otherwise
    try:
        shape_at(shapes[path[0]], path[1:])
    except LookupError:
        return False
    return True


def answer_shape(service: str, call: Call) -> Any:
    """Return the SDK's description of an answer; None where its path is not plain."""
    shape = service_operations(call.service or service)[call.operation].output_shape
    if call.answer == "@":
        return shape
    path = steps(call.answer)
    if not all(step == "[]" or step.isidentifier() for step in path):
        return None
    return shape_at(shape, path)


def shape_at(shape: Any, path: tuple[str, ...]) -> Any:
    """Follow a plain path; return None where it cannot be told, raise LookupError if it ends."""
    for step in path:
        if shape is None or shape.type_name == "map":
            return None
        if step == "[]" and shape.type_name == "list":
            shape = shape.member
        elif step != "[]" and shape.type_name == "structure":
            shape = shape.members[step]
        else:
            raise LookupError(step)
    return shape
