"""Workers that meet, die and wake late: nothing doubled, nothing lost, nothing overwritten."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from audits.models import Issue, IssueEvent
from config import pipeline
from items.claiming import Busy, claim
from items.models import Item, LeaseLost, Run, Slice
from items.portions import portions
from items.recording import record
from items.watchers import watchers
from notifications.models import Line
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS
from tests.factories import AccountFactory, SubscriptionFactory, a_rule
from tests.items.test_recording import make_group, open_port

ROOT = Path(__file__).resolve().parents[2]
LEASE = 2
LOOK = (
    "import sys, django; django.setup(); from config import jobs; "
    "jobs.check(int(sys.argv[1]), sys.argv[2])"
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watched(cloud_env: None) -> Account:
    return AccountFactory(identifier="222222222222", name="prod")


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", "222222222222")


@pytest.fixture
def rule() -> Iterator[Any]:
    SubscriptionFactory()
    yield a_rule(
        "open", expression="net_rules(@)[?world && direction == 'ingress']", identity="ports"
    )


def database_url() -> str:
    """The address of the database that this test runs on, for another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    s = connection.settings_dict
    return f"postgres://{s['USER']}@{s['HOST']}:{s['PORT'] or 5432}/{name}"


def worker(account: Account, plugin: Path, **env: str) -> subprocess.Popen[bytes]:
    """Start another process that looks once at the account's security groups."""
    path = os.pathsep.join([str(ROOT), str(plugin)])
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": path,
        "DATABASE_URL": database_url(),
        "VERVET_LEASE_SECONDS": str(LEASE),
        "VERVET_DIGEST_KEY": settings.DIGEST_KEY,
        **env,
    }
    return subprocess.Popen(
        [sys.executable, "-c", LOOK, str(account.pk), SECURITY_GROUPS],
        env=environment,
        cwd=ROOT,
    )


def everything() -> dict[str, Any]:
    """What must stand once, however often it was tried."""
    return {
        "items": Item.objects.count(),
        "history": Item.history.count(),
        "issues": Issue.objects.count(),
        "events": IssueEvent.objects.count(),
    }


def test_a_slice_that_is_held_is_busy_and_stays_due(watched: Account) -> None:
    with claim(watched.pk, SECURITY_GROUPS):
        before = Slice.objects.values().get()
        with pytest.raises(Busy):
            pipeline.check(watched.pk, SECURITY_GROUPS)
        with pytest.raises(Busy):
            pipeline.judge(watched.pk, SECURITY_GROUPS)
        assert Slice.objects.values().get() == before


def test_two_workers_given_the_same_slice_write_it_once(
    watched: Account, plugin: Path, ec2: Any, rule: Any
) -> None:
    group = make_group(ec2, "web", 22)
    workers = [worker(watched, plugin) for _ in range(3)]
    assert [one.wait(timeout=120) for one in workers] == [0, 0, 0]
    assert Item.history.filter(uid=group).count() == 1
    assert everything()["items"] == everything()["history"]
    assert everything()["issues"] == everything()["events"] == 1
    assert Line.objects.count() == 1, "a first look is one line"


@pytest.mark.parametrize("portion", ["1000", "1"])
def test_a_worker_killed_between_recording_and_telling_loses_and_doubles_nothing(
    watched: Account, plugin: Path, ec2: Any, rule: Any, tmp_path: Path, portion: str
) -> None:
    pipeline.check(watched.pk, SECURITY_GROUPS)
    first_look = Line.objects.count()
    a_rule(
        rule.key,
        expression="net_rules(@)[?world && direction == 'ingress' && die_at(root().GroupName)]",
    )
    groups = [make_group(ec2, f"web{n}", 22) for n in range(3)]
    died = tmp_path / "died"
    how = {"ACME_DIE_AT": "web1", "ACME_DIED": str(died), "VERVET_PORTION": portion}
    assert worker(watched, plugin, **how).wait(timeout=120) == -9
    assert died.exists()
    killed = Run.objects.latest("pk")
    assert killed.state == Run.State.RUNNING
    told_before = set(Line.objects.values_list("revision__uid", flat=True)) - {None}
    seen = set(Item.objects.filter(uid__in=groups).values_list("uid", flat=True))
    assert told_before == seen, "what a portion recorded it told, and nothing else"
    if portion == "1000":
        assert not seen
    time.sleep(LEASE)
    assert worker(watched, plugin, **how).wait(timeout=120) == 0
    assert Item.history.filter(uid__in=groups).count() == 3
    assert Issue.objects.filter(item__uid__in=groups).count() == 3
    assert IssueEvent.objects.filter(issue__item__uid__in=groups).count() == 3
    assert Line.objects.filter(revision__uid__in=groups).count() == 3
    assert Line.objects.filter(event__isnull=False).count() == 3
    assert Line.objects.filter(revision=None, event=None).count() == first_look
    assert Slice.objects.get().holder == ""
    killed.refresh_from_db()
    assert (killed.state, "was killed" in killed.error) == (Run.State.FAILED, True)


def test_a_worker_that_wakes_after_its_lease_was_lost_writes_nothing(
    watched: Account, ec2: Any, rule: Any
) -> None:
    group = make_group(ec2, "web", 443)
    watcher = watchers[SECURITY_GROUPS]()
    with pytest.raises(LeaseLost), claim(watched.pk, SECURITY_GROUPS) as sleeper:
        found = list(watcher.fetch(sleeper.account))
        Slice.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        open_port(ec2, group, 22)
        pipeline.check(watched.pk, SECURITY_GROUPS)
        stands = everything()
        for part in portions(found):
            with sleeper.transaction():
                record(sleeper, watcher, part)
    assert everything() == stands
    assert len(Item.objects.get(uid=group).config["IpPermissions"]) == 2
    sleeper.refresh_from_db()
    assert sleeper.state == Run.State.FAILED
    row = Slice.objects.get()
    assert (row.holder, row.not_before, row.attempts) == ("", None, 0), "the newer look stands"


def test_a_lease_is_renewed_while_the_cloud_is_slow(
    watched: Account, ec2: Any, faults: FaultProxy, settings: Any
) -> None:
    settings.LEASE_SECONDS, settings.CALL_TIMEOUT = 1, 20
    faults.add(operation="DescribeRegions", delay=2.5)
    done: list[Run] = []

    def look() -> None:
        done.append(pipeline.check(watched.pk, SECURITY_GROUPS))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    time.sleep(1.8)
    with pytest.raises(Busy):
        pipeline.check(watched.pk, SECURITY_GROUPS)
    thread.join()
    assert done[0].state == Run.State.DONE


def test_a_look_that_fails_says_why_and_waits(watched: Account, ec2: Any, rule: Any) -> None:
    make_group(ec2, "web", 22)
    pipeline.check(watched.pk, SECURITY_GROUPS)
    stands = everything()
    with pytest.raises(RuntimeError), claim(watched.pk, SECURITY_GROUPS):
        raise RuntimeError("the disk is full")
    run = Run.objects.latest("pk")
    assert (run.state, run.error) == (Run.State.FAILED, "RuntimeError: the disk is full")
    row = Slice.objects.get()
    assert row.holder == ""
    assert row.not_before > timezone.now()
    assert everything() == stands
