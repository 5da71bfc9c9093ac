"""The commands that read now: what they say, and how they end."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from config.scanning import scan
from items.claiming import claim
from items.models import Item, Run, Slice
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS

# The looks are taken in threads, which see only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
BUCKETS = "aws.s3.bucket"
WHAT = ["--account=prod", f"--technology={SECURITY_GROUPS}"]


@pytest.mark.usefixtures("account")
def test_a_scan_that_reads_everything_ends_well_and_counts(capsys: Any) -> None:
    call_command("scan", *WHAT)
    said = capsys.readouterr().out
    assert "[1/1] prod aws.ec2.security_group: " in said
    assert "Gap" not in said


@pytest.mark.usefixtures("account")
def test_a_scan_with_gaps_ends_3_and_names_what_mends_them(faults: FaultProxy, capsys: Any) -> None:
    faults.add(operation="DescribeSecurityGroups", region="eu-west-1", code="AccessDenied")
    with pytest.raises(SystemExit) as end:
        call_command("scan", *WHAT)
    assert end.value.code == 3
    said = capsys.readouterr().out
    assert "Gap: prod aws.ec2.security_group in eu-west-1" in said
    assert "Allow ec2:DescribeSecurityGroups." in said


@pytest.mark.usefixtures("account")
def test_a_gap_of_what_was_not_asked_for_is_no_fault_of_a_scan(
    faults: FaultProxy, capsys: Any
) -> None:
    faults.add(operation="DescribeVpcs", region="eu-west-1", code="AccessDenied")
    with pytest.raises(SystemExit):
        call_command("scan", "--technology=aws.ec2.vpc")
    capsys.readouterr()
    call_command("scan", *WHAT)
    assert "Gap" not in capsys.readouterr().out


@pytest.mark.usefixtures("account")
def test_a_fetch_shows_what_is_there_and_what_is_refused_and_writes_nothing(
    cloud: MotoCloud, faults: FaultProxy, capsys: Any
) -> None:
    s3 = cloud.client("s3", "us-east-1", "222222222222")
    s3.create_bucket(Bucket="letters")
    call_command("fetch", "prod", BUCKETS)
    said = capsys.readouterr()
    assert json.loads(said.out)["config"]["Name"] == "letters"
    assert said.err == ""
    faults.add(operation="GetBucketPolicy")
    with pytest.raises(SystemExit) as end:
        call_command("fetch", "222222222222", BUCKETS)
    assert end.value.code == 3
    said = capsys.readouterr()
    assert "Policy" not in json.loads(said.out)["config"]
    assert "Policy of letters: GetBucketPolicy: AccessDenied" in said.err
    assert "Allow s3:GetBucketPolicy." in said.err
    assert not (Item.objects.exists() or Run.objects.exists() or Slice.objects.exists())


def test_a_scan_of_nothing_says_how_to_begin() -> None:
    with pytest.raises(CommandError, match="addaccount"):
        call_command("scan")


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("wrong", [["--account=nobody"], ["--technology=aws.no.such"]])
def test_a_scan_of_what_is_not_known_does_not_start(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match=r"no watched account|is not known"):
        call_command("scan", *wrong)
    assert not Run.objects.exists()


def test_a_slice_that_another_worker_has_does_not_stop_the_others(account: Account) -> None:
    free = "aws.ec2.vpc"
    with claim(account.pk, SECURITY_GROUPS):
        seen = dict(scan([(account.pk, SECURITY_GROUPS), (account.pk, free)]))
    assert "another worker" in str(seen[account.pk, SECURITY_GROUPS])
    assert isinstance(seen[account.pk, free], Run)
