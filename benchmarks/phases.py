"""What is measured, one phase a process: `python -m benchmarks.phases PHASE [CALLS]`.

Prints what it took as one line of JSON. Everything that a worker has done before its first job
is done before the clock starts: imports, the watchers' and the rules' tables.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import boto3
from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from benchmarks.seeding import ACCOUNT, ROLE

ENTERING = "AssumeRole"
MEGA = 1024 if sys.platform != "darwin" else 1024 * 1024  # Linux counts in KiB.

Result = dict[str, Any]


class Call(NamedTuple):
    """One call as boto3 is told it."""

    service: str
    region: str
    operation: str
    parameters: dict[str, Any]


def prepare() -> Result:
    """Make an empty database with all rules and one account."""
    start()
    from django.core.management import call_command

    from accounts.models import Account

    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    call_command("loadpacks", verbosity=0)
    # The external id is part of a recorded call.
    parameters = {"role_name": ROLE, "external_id": "the-benchmark"}
    Account.objects.create(type="aws", identifier=ACCOUNT, name="Bench", parameters=parameters)
    return {}


def scan() -> Result:
    """Look at every slice of the account, one after the other, and judge what is stale."""
    start()
    from accounts.models import Account
    from audits.models import Issue
    from config.scanning import scan
    from config.scheduling import slices
    from config.warming import warm
    from items.models import Gap, Item, Run

    due = slices([Account.objects.get()])
    warm()
    with measured() as took:
        seen = list(scan(due, workers=int(os.environ.get("BENCH_WORKERS", "1"))))
    failed = [f"{technology}: {run}" for (_, technology), run in seen if isinstance(run, str)]
    runs = [run for _, run in seen if isinstance(run, Run)]
    gaps = [f"{gap.technology}: {gap}" for gap in Gap.objects.filter(until=None)]
    return took | {
        "items": Item.objects.living().count(),
        "issues": Issue.objects.open().count(),
        "written": sum(run.created + run.changed + run.gone for run in runs),
        "unread": failed + gaps,
    }


def log(path: str) -> Result:
    """Look once, unmeasured, and write down every call that is made."""
    calls: list[Call] = []
    make = BaseClient._make_api_call

    def noted(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        service, region = client.meta.service_model.service_name, client.meta.region_name
        calls.append(Call(service, region, operation, dict(parameters)))
        return make(client, operation, parameters)

    with mock.patch.object(BaseClient, "_make_api_call", noted):
        result = scan()
    Path(path).write_text(json.dumps(calls))
    return result


def plain(path: str, threads: int) -> Result:
    """Make the same calls as anyone would: a client a service and region, and a pool."""
    calls = [Call(*one) for one in json.loads(Path(path).read_text())]
    with measured() as took:
        session = entered(calls)
        clients = {
            place: session.client(place[0], region_name=place[1])
            for place in dict.fromkeys((one.service, one.region) for one in calls)
        }

        def make(call: Call) -> None:
            client = clients[call.service, call.region]
            with suppress(ClientError):  # "Not configured" is an answer like any other.
                getattr(client, xform_name(call.operation))(**call.parameters)

        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(make, (one for one in calls if one.operation != ENTERING)):
                pass
    return took


def entered(calls: list[Call]) -> boto3.Session:
    """Enter the account as Vervet did."""
    call = next(one for one in calls if one.operation == ENTERING)
    given = boto3.client("sts", call.region).assume_role(**call.parameters)["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def start() -> None:
    """Load what a worker has loaded before its first job, and the AWS watchers."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from items.watchers import watchers

    list(watchers.values())


@contextmanager
def measured() -> Iterator[Result]:
    """Measure the block: CPU and wall seconds, and the process's peak memory in MB."""
    took: Result = {}
    cpu, wall = cpu_seconds(), time.perf_counter()
    yield took
    took["cpu"] = cpu_seconds() - cpu
    took["wall"] = time.perf_counter() - wall
    took["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGA


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


PHASES: dict[str, Callable[..., Result]] = {
    "prepare": prepare,
    "scan": scan,
    "log": log,
    "plain 1": lambda path: plain(path, 1),
    "plain 8": lambda path: plain(path, 8),
}

if __name__ == "__main__":
    print(json.dumps(PHASES[sys.argv[1]](*sys.argv[2:])))
