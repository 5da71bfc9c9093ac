"""AWS accounts: entered by assuming a role, without any stored secret."""

import functools
import json
import threading
import time
import uuid
from datetime import datetime
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    NoCredentialsError,
)
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError
from botocore.utils import parse_timestamp
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.pacing import Pace
from accounts.types.base import AccountType, Parameter, Reachable, Refused

# The region of each partition in which account-wide services answer.
HOME_REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}

# Seconds for which the list of enabled regions holds: all slices of a scan share one reading.
REGIONS_HOLD = 300


def new_external_id() -> str:
    return f"vervet-{uuid.uuid4()}"


class AwsAccount(AccountType):
    key = "aws"
    label = "AWS"
    identifier_label = "Account number"
    parameters = (
        Parameter(
            "role_name",
            "Role",
            "The role that Vervet assumes in the account. A dash (-): no role, but the credentials "
            "that Vervet itself runs with, for the account it lives in.",
            default="Vervet",
            pattern=r"-|([\w+=,.@-]+/)*[\w+=,.@-]{1,64}",
            wants="the name of a role (up to 64 letters, digits and +=,.@-_, after a path or none)",
        ),
        Parameter(
            "external_id",
            "External id",
            "Stands in the role's trust policy; Vervet makes one for each account.",
            default=new_external_id,
            pattern=r"[\w+=,.@:/-]{2,1224}",
            wants="an external id (2 to 1224 letters, digits and +=,.@:/-_)",
            secret=True,
        ),
        Parameter("partition", "Partition", "", default="aws", choices=tuple(HOME_REGIONS)),
        Parameter(
            "session_name",
            "Session name",
            "Under which CloudTrail shows what Vervet reads.",
            default="vervet",
            pattern=r"[\w+=,.@-]{2,64}",
            wants="a session name (2 to 64 letters, digits and +=,.@-_)",
        ),
        Parameter(
            "canonical_id",
            "Canonical id",
            "S3's own id of the account, 64 hexadecimal digits; for rules on bucket ACLs.",
            pattern=r"[0-9a-f]{64}",
            wants="a canonical id (64 hexadecimal digits)",
        ),
    )

    @classmethod
    def check_identifier(cls, identifier: str) -> None:
        if not (len(identifier) == 12 and identifier.isascii() and identifier.isdigit()):
            raise ValidationError(
                {"identifier": f"{identifier!r} is not an AWS account number: twelve digits."}
            )

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        """Give the trust policy of the role, for the account in which Vervet runs."""
        partition = account.parameters["partition"]
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::<account in which Vervet runs>:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": account.parameters["external_id"]}},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)

    @classmethod
    def whoami(cls, account: Reachable) -> str:
        try:
            return connect(account).whoami()
        except BotoCoreError as error:
            raise Refused(explain(error)) from error


class AwsSession:
    """One account's credentials and clients, shared by everything that reads it.

    A client costs 30 to 100 ms of CPU to make and is safe to share between threads;
    making one is not.
    """

    def __init__(
        self, identifier: str, parameters: dict[str, Any], calls_per_second: int | None
    ) -> None:
        self.identifier = identifier
        self.partition: str = parameters["partition"]
        self.home = HOME_REGIONS[self.partition]
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._regions: tuple[str, ...] = ()
        self._regions_until = 0.0
        self._session = self._assume(parameters)
        self._session.events.register("before-parse", refuse_broken_answer)
        if calls_per_second:
            pace = Pace(calls_per_second)
            self._session.events.register("before-send", lambda **_: pace.wait())

    def _assume(self, parameters: dict[str, Any]) -> boto3.Session:
        own = bare_session()
        role, external_id = parameters["role_name"], parameters.get("external_id")
        if role == "-":
            return boto3.Session(botocore_session=own)
        source = own.get_credentials()
        if source is None:
            raise NoCredentialsError()
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=functools.partial(self._own_client, own),
            source_credentials=source,
            role_arn=f"arn:{self.partition}:iam::{self.identifier}:role/{role}",
            extra_args={
                "RoleSessionName": parameters["session_name"],
                **({"ExternalId": external_id} if external_id else {}),
            },
        )
        assumed = bare_session()
        assumed._credentials = DeferredRefreshableCredentials(  # botocore's own way, unnamed
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        return boto3.Session(botocore_session=assumed)

    def _own_client(self, own: Any, service: str, **arguments: Any) -> Any:
        return own.create_client(
            service, region_name=self.home, config=client_config(), **arguments
        )

    def client(self, service: str, region: str) -> Any:
        """Return the client of a service in a region, made on first use."""
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service, region_name=region, config=client_config()
                )
            return self._clients[key]

    @functools.cached_property
    def checked(self) -> str:
        """Who we are there, asked once; raises Refused where it is another account."""
        return self.whoami()

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that are enabled for the account, asked anew after a while.

        Raises as a call does.
        """
        if not self._regions or time.monotonic() > self._regions_until:
            reply = self.client("ec2", self.home).describe_regions()
            self._regions = tuple(sorted(region["RegionName"] for region in reply["Regions"]))
            self._regions_until = time.monotonic() + REGIONS_HOLD
        return self._regions

    def whoami(self) -> str:
        """Say who Vervet is in the account; raise Refused where it is not let in there."""
        try:
            me = self.client("sts", self.home).get_caller_identity()
        except (ClientError, BotoCoreError) as error:
            raise Refused(explain(error)) from error
        if me["Account"] != self.identifier:
            raise Refused(
                f"The credentials lead into account {me['Account']}, not {self.identifier}: "
                "set a role that is in the account."
            )
        return me["Arn"]


def refuse_broken_answer(response_dict: Any, operation_model: Any, **_: Any) -> None:
    """Raise where an answer is shorter than it says, or is a page of HTML.

    botocore takes what came for the whole: a list of buckets that was cut off after its first
    byte reads as an account without buckets, and a proxy's error page as "not configured".
    """
    if operation_model.http.get("method") == "HEAD" or operation_model.has_streaming_output:
        return
    said = response_dict["headers"].get("content-length")
    came = len(response_dict["body"])
    if said is not None and came != int(said):
        raise IncompleteReadError(actual_bytes=came, expected_bytes=int(said))
    if response_dict["body"][:15].lower().startswith((b"<html", b"<!doctype html")):
        raise ResponseParserError("The answer is a page of HTML, not the service's")


@functools.cache
def _descriptions() -> Loader:
    """botocore's descriptions of the services, parsed once for all accounts."""
    return create_loader()


def bare_session() -> botocore.session.Session:
    """Return a session of the SDK with the process's own credentials and settings."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _descriptions())
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=moment)
    return session


def moment(value: Any) -> datetime:
    """Read a date as botocore does; ISO text, the common case, in a tenth of the time."""
    if isinstance(value, str) and value[4:5] == "-":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    return parse_timestamp(value)


def client_config() -> Config:
    """Settings of every client: the SDK does the backing off."""
    return Config(
        retries={"mode": "adaptive", "max_attempts": settings.CALL_ATTEMPTS},
        connect_timeout=min(10, settings.CALL_TIMEOUT),
        read_timeout=settings.CALL_TIMEOUT,
        # Two slices that are read side by side share a client.
        max_pool_connections=max(10, 2 * settings.FETCH_THREADS),
        # Set as a whole: botocore makes its own anew for each call, a tenth of the call's CPU.
        user_agent=f"vervet Boto3/{boto3.__version__}",
    )


def explain(error: Exception) -> str:
    """Tell what was refused and, where it is known, what would mend it."""
    if isinstance(error, ClientError) and error.operation_name == "AssumeRole":
        return (
            f"AssumeRole was refused: {error.response['Error'].get('Message', error)}. "
            "Create the role in the account with the trust policy shown here, and let "
            "Vervet's own credentials call sts:AssumeRole on it."
        )
    if isinstance(error, NoCredentialsError):
        return (
            "Vervet has no AWS credentials of its own. Run it with an instance profile, with "
            "AWS_PROFILE, or with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    return str(error)


@functools.lru_cache(maxsize=64)
def _session(identifier: str, parameters: str, calls_per_second: int | None) -> AwsSession:
    return AwsSession(identifier, json.loads(parameters), calls_per_second)


def connect(account: Reachable) -> AwsSession:
    """Return the account's session, shared by this process while its settings stay."""
    plain = {one.name: one.default for one in AwsAccount.parameters if isinstance(one.default, str)}
    parameters = json.dumps({**plain, **account.parameters}, sort_keys=True)
    return _session(account.identifier, parameters, account.calls_per_second)
