"""Holds moto's AWS server in a process of its own.

Run as `python -m config.demo.launcher PARENT [REGION ...]`, with the parent's process id. Prints
`ready PORT`, then serves until its standard input closes, its parent is gone or SIGTERM comes.

What moto lacks is added here, so that the product needs no knowledge of it: creation
dates in the past, the root user's row of the credential report, a few regions instead of 38,
a canonical S3 user for each account, and security groups that name those of other accounts.
Controls are POSTs of JSON to `/vervet-demo/...`.
"""

import importlib
import json
import os
import re
import select
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from copy import copy
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread
from typing import Any

import moto.ec2.models.security_groups
import moto.ec2.responses.settings
import moto.iam.models
import moto.s3.models
from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from config.demo.cloud import canonical_id

# The modules that date what they create. Not sts: sessions made in the past would be over.
DATED = (
    "moto.iam.models",
    "moto.s3.models",
    "moto.ec2.models.amis",
    "moto.ec2.models.elastic_block_store",
    "moto.ec2.models.flow_logs",
    "moto.ec2.models.instances",
    "moto.ec2.models.key_pairs",
    "moto.ec2.models.nat_gateways",
    "moto.ec2.models.vpcs",
)

# moto names one owner in a list of buckets, another in an ACL, for all accounts alike.
MOTO_OWNERS = re.compile(
    rb"bcaf1ffd86f41161ca5fb16fd081034f|" + moto.s3.models.OWNER.encode(), re.ASCII
)
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/[^/]+/(?P<service>[^/]+)/")

# A well-kept root user: no keys, a second factor, hardly ever seen.
ROOT_ROW = {
    "user": "<root_account>",
    "user_creation_time": "2019-03-04T09:12:41+00:00",
    "password_enabled": "not_supported",
    "password_last_used": "2023-11-20T14:02:10+00:00",
    "password_last_changed": "not_supported",
    "password_next_rotation": "not_supported",
    "mfa_active": "true",
    "access_key_1_active": "false",
    "access_key_2_active": "false",
    "cert_1_active": "false",
    "cert_2_active": "false",
}

days_ago = 0.0
roots: dict[str, dict[str, str]] = {}
turn = Lock()


def now() -> datetime:
    """The moment that what is created now is dated with; naive UTC, as moto has it."""
    return datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days_ago)


def set_clock(said: dict[str, Any]) -> None:
    """Date what is created from now on some days back."""
    global days_ago
    days_ago = float(said["days_ago"])


def set_root(said: dict[str, Any]) -> None:
    """Change columns of an account's root row."""
    roots.setdefault(said["account"], {}).update(said["columns"])


def root_row(account: str) -> dict[str, str]:
    """The root user's row in an account's credential report."""
    return ROOT_ROW | {"arn": f"arn:aws:iam::{account}:root"} | roots.get(account, {})


def reset(_: dict[str, Any]) -> None:
    """Forget everything."""
    moto_api_backend.reset()
    roots.clear()
    set_clock({"days_ago": 0})


CONTROLS: dict[str, Callable[[dict[str, Any]], None]] = {
    "/vervet-demo/clock": set_clock,
    "/vervet-demo/root": set_root,
    "/vervet-demo/reset": reset,
}


def prepare(regions: list[str]) -> None:
    """Make moto behave as this module's first lines promise."""
    for name in DATED:
        importlib.import_module(name).utcnow = now  # type: ignore[attr-defined]
    if regions:
        all_regions = RegionsAndZonesBackend.regions
        RegionsAndZonesBackend.regions = [one for one in all_regions if one.name in regions]
    # Every key is looked up in every partition, and each would be filled for it.
    moto.iam.models.PARTITION_NAMES = ["aws"]
    mock_random.seed(7)  # The same identifiers each time.
    load_managed_policies_once()
    describe_policies_as_aws_does()
    name_the_key_of_volumes()
    date_buckets()
    report_root()
    let_groups_name_strangers()


def load_managed_policies_once() -> None:
    """Copy AWS's 1,400 managed policies into each account: reading them takes 0.2 s."""
    backend: Any = moto.iam.models.IAMBackend
    read = backend._init_aws_policies
    policies: list[Any] = []

    def copies(self: Any) -> list[Any]:
        policies.extend(() if policies else read(self))
        return [copy(policy) for policy in policies]

    backend._init_aws_policies = copies


def describe_policies_as_aws_does() -> None:
    """Give policies their names and ids in the bulk answer; leave out AWS's unused ones there."""
    policy: Any = moto.iam.models.ManagedPolicy
    policy.policy_name = property(lambda self: self.name)
    policy.policy_id = property(lambda self: self.id)
    backend: Any = moto.iam.models.IAMBackend
    describe = backend.get_account_authorization_details

    def used(self: Any, policy_filter: list[str]) -> dict[str, Any]:
        details = describe(self, policy_filter)
        unused = {one.arn for one in self.aws_managed_policies if not one.attachment_count}
        kept = [one for one in details["managed_policies"] if one.arn not in unused]
        return details | {"managed_policies": kept}

    backend.get_account_authorization_details = used


def name_the_key_of_volumes() -> None:
    """Answer which key encrypts volumes by default, which moto does not."""

    def key(_: Any) -> ActionResult:
        return ActionResult({"KmsKeyId": "alias/aws/ebs"})

    responses: Any = moto.ec2.responses.settings.Settings
    responses.get_ebs_default_kms_key_id = key


def date_buckets() -> None:
    """Let the clock hold for buckets, which moto dates by another way."""
    bucket_class: Any = moto.s3.models.FakeBucket
    create = bucket_class.__init__

    def create_then(bucket: Any, *args: Any, **kwargs: Any) -> None:
        create(bucket, *args, **kwargs)
        bucket.creation_date = now().replace(tzinfo=UTC)

    bucket_class.__init__ = create_then


def report_root() -> None:
    """Put the root user first in every credential report; let the account summary agree."""
    backend: Any = moto.iam.models.IAMBackend
    report = backend.get_credential_report
    summary: Any = moto.iam.models.AccountSummary
    summary_map = summary.summary_map

    def report_with_root(self: Any) -> str:
        header, *rows = report(self).splitlines()
        row = root_row(self.account_id)
        first = ",".join(row.get(column, "N/A") for column in header.split(","))
        return "\n".join([header, first, *rows])

    def summary_with_root(self: Any) -> dict[str, Any]:
        row = root_row(self._iam_backend.account_id)
        keys = (row["access_key_1_active"], row["access_key_2_active"])
        return summary_map.fget(self) | {
            "AccountMFAEnabled": int(row["mfa_active"] == "true"),
            "AccountAccessKeysPresent": int("true" in keys),
        }

    backend.get_credential_report = report_with_root
    summary.summary_map = property(summary_with_root)


def let_groups_name_strangers() -> None:
    """Take a source group of another account as it is; moto knows only the account's own."""
    backend: Any = moto.ec2.models.security_groups.SecurityGroupBackend
    own = backend._add_source_group

    def add(self: Any, groups: list[dict[str, Any]] | None, vpc: str | None) -> list[Any]:
        here = (None, self.account_id)
        foreign = [one for one in groups or [] if one.get("UserId") not in here]
        for one in foreign:
            one["OwnerId"] = one["UserId"]
        return own(self, [one for one in groups or [] if one not in foreign], vpc) + foreign

    backend._add_source_group = add


def application() -> Callable[..., Iterable[bytes]]:
    """moto's application behind our controls."""
    aws = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        control = CONTROLS.get(environ["PATH_INFO"])
        if control:
            with turn:
                control(json.loads(Request(environ).get_data()))
            return Response("done")(environ, start_response)
        said = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, service = said.groups() if said else ("", "")
        # moto's threads race when they write; a long poll of a queue must not hold the rest.
        with turn if service != "sqs" else nullcontext():
            response = Response.from_app(aws, environ, buffered=True)
        if service == "s3" and (response.mimetype or "").endswith("xml"):
            name_owner(response, moto.iam.models.get_account_id_from(key))
        return response(environ, start_response)

    return answer


def name_owner(response: Response, account: str) -> None:
    """Put the account's canonical user where moto wrote one of its own."""
    body = response.get_data()
    if MOTO_OWNERS.search(body):
        response.set_data(MOTO_OWNERS.sub(canonical_id(account).encode(), body))


def wait_for_the_end(parent: int) -> None:
    """Return when standard input closes or the parent, a process id, is gone.

    The parent is asked for too: a process that it forked may keep the other end open.
    """
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], 1)
        if ready and not os.read(0, 1024):
            return


class QuietHandler(MotoRequestHandler):
    """Does not write a line for each request."""

    def log_request(self, *_: Any) -> None:
        """Write nothing."""


def main() -> None:
    """Serve until the parent is gone."""
    parent, *regions = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    prepare(regions)
    server = make_server("127.0.0.1", 0, application(), threaded=True, request_handler=QuietHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready {server.server_port}", flush=True)
    wait_for_the_end(int(parent))


if __name__ == "__main__":
    main()
