"""What is due, when, and that it is queued once."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Account
from config.scheduling import due_slices, enqueue_due, scan_now, slices, stale_slices
from items.models import Run, Slice, WatcherSetting
from items.watchers import watchers
from tests.conftest import SECURITY_GROUPS
from tests.factories import AccountFactory, GroupFactory, a_rule

pytestmark = pytest.mark.django_db

AWS = {key for key in watchers if watchers[key].account_type == "aws"}


@pytest.fixture
def account() -> Account:
    return AccountFactory()


def looked(account: Account, **fields: Any) -> Slice:
    now = timezone.now()
    values = {"looked_at": now, "read_at": now, **fields}
    return Slice.objects.create(account=account, technology=SECURITY_GROUPS, **values)


def due(account: Account) -> bool:
    return (account.pk, SECURITY_GROUPS) in due_slices(timezone.now())


def test_a_new_account_is_due_at_once_with_every_technology(account: Account) -> None:
    assert {technology for _, technology in due_slices(timezone.now())} == AWS


def test_a_slice_is_due_after_the_interval_that_holds_now(account: Account) -> None:
    now = timezone.now()
    row = looked(account, looked_at=now - timedelta(minutes=5))
    assert not due(account)
    general = WatcherSetting.objects.create(technology=SECURITY_GROUPS, interval=60)
    assert due(account), "a changed interval holds at once"
    own = WatcherSetting.objects.create(technology=SECURITY_GROUPS, account=account, interval=3600)
    assert not due(account), "the account's own setting stands over the general one"
    own.delete()
    general.delete()
    scan_now([account])
    assert due(account)
    Slice.objects.filter(pk=row.pk).update(not_before=now + timedelta(minutes=1))
    assert not due(account)


def test_what_is_off_or_archived_or_not_ours_is_not_due(account: Account) -> None:
    WatcherSetting.objects.create(technology=SECURITY_GROUPS, on=False)
    assert not due(account)
    WatcherSetting.objects.all().delete()
    AccountFactory(third_party=True)
    AccountFactory(active=False)
    assert {pk for pk, _ in slices()} == {account.pk}
    account.archive()
    assert slices() == []


def test_a_slice_that_is_held_is_not_due(account: Account) -> None:
    now = timezone.now()
    looked(account, looked_at=None, holder="x", lease_until=now + timedelta(seconds=9))
    assert not due(account)


def test_a_slice_whose_worker_died_waits_ever_longer(account: Account) -> None:
    now = timezone.now()
    ended = now - timedelta(minutes=3)
    row = looked(account, looked_at=None, holder="x", lease_until=ended, attempts=1)
    assert due(account)
    Slice.objects.filter(pk=row.pk).update(attempts=5)
    assert not due(account)


def test_what_is_queued_is_not_queued_again(account: Account) -> None:
    assert enqueue_due() == len(AWS)
    assert enqueue_due() == 0
    assert OrmQ.objects.count() == len(AWS)


def test_only_what_was_read_once_is_judged_without_reading(account: Account) -> None:
    a_rule()
    now = timezone.now()
    assert stale_slices(now) == []
    looked(account)
    assert stale_slices(now) == [(account.pk, SECURITY_GROUPS)]


def test_a_run_knows_its_slice(account: Account) -> None:
    run = Run(account=account, technology=SECURITY_GROUPS, started_at=timezone.now())
    assert str(run).startswith(f"{SECURITY_GROUPS} of {account}")


def test_a_tick_costs_the_same_queries_for_many_accounts(
    django_assert_max_num_queries: Any,
) -> None:
    group = GroupFactory()
    for _ in range(20):
        account = AccountFactory()
        account.groups.add(group)
        for technology in (SECURITY_GROUPS, "aws.s3.bucket", "aws.iam.user"):
            Slice.objects.create(account=account, technology=technology, read_at=timezone.now())
    for _ in range(5):
        a_rule()
    now = timezone.now()
    with django_assert_max_num_queries(12):
        assert len(due_slices(now)) == 20 * len(AWS)
        stale = stale_slices(now)
    assert len(stale) == 20


def test_a_tick_imports_only_what_reads_the_accounts_that_there_are() -> None:
    """Each provider's SDK takes tens of megabytes in every worker."""
    code = """
import sys
import django
django.setup()
import config.scheduling
from items.watchers import watched_in
print(*watched_in("azure"))
print(*sorted({"boto3", "botocore", "googleapiclient"} & {*sys.modules}))
"""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    technologies, foreign = done.stdout.split("\n")[:2]
    assert "azure.security.policies" in technologies.split()
    assert foreign == ""


def test_names_of_ours_begin_as_their_kind_of_account_does() -> None:
    for technology in watchers.builtin:
        provider = watchers[technology].account_type.partition(".")[0]
        assert technology.partition(".")[0] == provider
