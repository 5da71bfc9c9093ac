"""AWS: one boto3 client a region, every page, errors told apart."""

import functools
from collections.abc import Iterator
from string import Formatter
from typing import Any, ClassVar

import botocore.session
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from accounts.models import Account
from accounts.types.aws import AwsSession, connect, explain
from accounts.types.base import Refused
from items.paths import first_field, read
from items.watchers.base import Call, ReadError, Watcher

# What an SDK call may raise: an answer of the service, no answer, or an answer of garbage.
FAILURES = (ClientError, BotoCoreError, ResponseParserError)
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")
FACTS = {"account", "partition", "place", "region"}


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
        session = self.session(account)
        try:
            if account.parameters.get("role_name") == "-":
                session.checked  # noqa: B018  (raises where the credentials lead elsewhere)
            return ["global"] if self.everywhere else list(session.regions)
        except Refused as error:
            raise ReadError("GetCallerIdentity", "WrongAccount", str(error)) from error
        except FAILURES as error:
            raise failure(error, "ec2", "describe_regions") from error

    def client(self, session: AwsSession, place: str, config: dict[str, Any]) -> Any:
        """Return the client that answers for ``place``; ``config`` is empty for a listing."""
        return session.client(self.service, session.home if place == "global" else place)

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        arguments = self.arguments(account, call, config)
        try:
            client = self.client(self.session(account), place, config)
            if client.can_paginate(call.operation):
                for page in client.get_paginator(call.operation).paginate(**arguments):
                    yield read(call.answer, page)
            else:
                reply = getattr(client, call.operation)(**arguments)
                reply.pop("ResponseMetadata", None)
                yield read(call.answer, reply)
        except FAILURES as error:
            if isinstance(error, ClientError) and code_of(error) in call.absent:
                yield None
                return
            raise failure(error, self.service, call.operation, call.permission) from error

    def facts(self, account: Account) -> dict[str, str]:
        return {**super().facts(account), "partition": self.session(account).partition}

    @classmethod
    def permissions(cls) -> set[str]:
        """The permission of each call, and what finding the places takes."""
        needed = {call.permission or permission(cls.service, call.operation) for call in cls.calls()}
        return needed if cls.everywhere else needed | {"ec2:DescribeRegions"}

    @classmethod
    def problems(cls) -> list[str]:
        operations = service_operations(cls.service)
        found = [problem for call in cls.calls() for problem in call_problems(operations, call)]
        if not found:
            found += row_problems(operations, cls)
        return found


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


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
    return ReadError(name, type(error).__name__, str(error)[:500])


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


def call_problems(operations: dict[str, Any], call: Call) -> list[str]:
    """Say what of a call the SDK does not offer."""
    model = operations.get(call.operation)
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


def row_problems(operations: dict[str, Any], watcher: type[AwsWatcher]) -> list[str]:
    """Say which names the specification reads that the listing's rows do not have."""
    row = row_members(operations[watcher.listing.operation], watcher.listing.answer)
    if row is None:
        return []
    known = row | set(watcher.details) | set(watcher.json_text)
    used = {first_field(path) for path in (watcher.id, watcher.name, watcher.region) if path}
    used |= {name for _, name, _, _ in Formatter().parse(watcher.full_name) if name} - FACTS
    used |= {path.split(".")[0].removesuffix("[]") for path in watcher.ephemeral + watcher.secret}
    used |= set(watcher.json_text.values())
    return [f"{watcher.listing.operation} rows have no {name}" for name in sorted(used - known)]


def row_members(model: Any, answer: str) -> set[str] | None:
    """Return the names that a listing's rows have, or None where that cannot be told."""
    shape = model.output_shape
    for name in answer.replace("[]", "").split("."):
        shape = getattr(shape, "members", {}).get(name)
        if shape is None or shape.type_name != "list" or shape.member.type_name != "structure":
            return None
        shape = shape.member
    return set(shape.members)
