"""Call a service of AWS, with Vervet's own credentials or by a role that they may assume."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ValidationError

from accounts.types.aws import connect, explain
from accounts.types.base import Parameter
from notifications.notifiers.base import Later, Never

# What a call may be refused with and succeed later, beside all that a server says of itself.
PASSING = {"Throttling", "ThrottlingException", "LimitExceededException", "ExpiredToken"}
ROLE = (
    Parameter(
        "role_name",
        "Role",
        "The role that Vervet assumes in that account. A dash (-): none, but the credentials that "
        "Vervet itself runs with.",
        default="-",
        pattern=r"-|([\w+=,.@-]+/)*[\w+=,.@-]{1,64}",
        wants="the name of a role (up to 64 letters, digits and +=,.@-_, after a path or none)",
    ),
    Parameter(
        "external_id",
        "External id",
        "Where the role's trust policy asks for one.",
        pattern=r"[\w+=,.@:/-]{2,1224}",
        wants="an external id (2 to 1224 letters, digits and +=,.@:/-_)",
        secret=True,
    ),
)


@dataclass
class Arn:
    """Where something is in AWS; also the account that Vervet enters to reach it."""

    partition: str
    service: str
    region: str
    identifier: str
    name: str
    parameters: dict[str, Any]
    calls_per_second: int | None = None


def taken_apart(arn: str, parameters: Mapping[str, Any] | None = None) -> Arn:
    """Return the parts of an ARN; raise ValidationError on what is none."""
    found = re.fullmatch(r"arn:(aws[a-z-]*):([a-z-]+):([a-z0-9-]+):(\d{12}):(.+)", arn, re.ASCII)
    if not found:
        raise ValidationError(f"{arn!r} is no ARN of something in one region of one account.")
    partition, service, region, identifier, name = found.groups()
    entered = {**(parameters or {}), "partition": partition}
    return Arn(partition, service, region, identifier, name, entered)


def call(arn: Arn, operation: str, **arguments: Any) -> Any:
    """Call the service that an ARN names; raise Later or Never with what it said."""
    try:
        client = connect(arn).client(arn.service, arn.region)
        function: Callable[..., Any] = getattr(client, operation)
        return function(**arguments)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        passes = status >= 500 or error.response["Error"]["Code"] in PASSING
        raise (Later if passes else Never)(explain(error)) from error
    except BotoCoreError as error:
        raise Later(explain(error)) from error
