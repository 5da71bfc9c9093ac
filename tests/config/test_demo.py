"""The demo: where it may be, what it tells, and that nothing of it is left."""

import copy
import os
import signal
import sys
from pathlib import Path

import pytest

from accounts.models import Account, Grant, KnownNetwork, User
from accounts.seeing import visible
from config.demo.elsewhere import Elsewhere
from config.demo.entering import enter
from config.demo.stage import MARKER, NoStage, environment, take
from config.demo.summary import summary
from config.roles import fill_roles
from items.models import Gap, Run
from notifications.models import Subscription
from tests.config.processes import left_of, line_with, started, within
from tests.factories import NOW, AccountFactory, IssueFactory, ItemFactory


def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "vervet.sqlite3").write_text("mine")
    with pytest.raises(NoStage, match="something else"):
        take(tmp_path)
    assert (tmp_path / "vervet.sqlite3").read_text() == "mine"


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / MARKER).touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(NoStage, match="is not a folder"):
        take(tmp_path / "link")


def test_the_folder_of_an_earlier_demo_is_emptied(tmp_path: Path) -> None:
    os.close(take(tmp_path / "demo"))
    (tmp_path / "demo" / "mails").mkdir()
    (tmp_path / "demo" / "mails" / "one").write_text("a mail")
    os.close(take(tmp_path / "demo"))
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [MARKER]


def test_the_folder_of_a_running_demo_is_refused(tmp_path: Path) -> None:
    held = take(tmp_path)
    with pytest.raises(NoStage, match="Another demo"):
        take(tmp_path)
    os.close(held)


def test_no_setting_of_a_real_installation_reaches_a_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = ("DATABASE_URL", "SECRET_KEY", "VERVET_SMTP_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")
    theirs += ("GOOGLE_APPLICATION_CREDENTIALS", "AZURE_CLIENT_SECRET")
    for name in theirs:
        monkeypatch.setenv(name, "theirs")
    given = environment(tmp_path, 8000)
    assert "theirs" not in given.values()
    assert given["DATABASE_URL"].startswith(f"sqlite:///{tmp_path}")


@pytest.mark.django_db
def test_what_operators_enter_is_complete() -> None:
    fill_roles()
    passwords = enter()
    assert Account.objects.watched().count() == 5
    assert Account.objects.filter(third_party=True).count() == 1
    assert KnownNetwork.objects.count() == 3
    told = {one.address: one.accounts_wanted().count() for one in Subscription.objects.all()}
    assert told == {"security@halden.example": 7, "auditor@ledger.example": 1}
    assert set(passwords) == {"admin", "viewer"}
    assert Grant.objects.get().user.check_password(passwords["viewer"])
    seen = visible(Account.objects.all(), User.objects.get(username="viewer"))
    assert [account.name for account in seen] == ["halden-data"]


@pytest.mark.django_db
def test_the_summary_counts_the_last_look_and_what_is_open() -> None:
    prod = AccountFactory(name="prod")
    for technology, found, gone in (("aws.s3.bucket", 1, 0), ("aws.s3.bucket", 12, 2)):
        Run.objects.create(
            account=prod, technology=technology, found=found, gone=gone, started_at=NOW
        )
    Run.objects.create(account=prod, technology="aws.iam.user", started_at=NOW)
    item = ItemFactory(account=prod, technology="aws.s3.bucket")
    IssueFactory.create_batch(3, item=item, score=10)
    IssueFactory(item=item, score=0)
    IssueFactory(item=item, score=5, fixed_at=NOW)
    Gap.objects.create(
        account=prod, technology="aws.s3.bucket", operation="o", since=NOW, seen_at=NOW
    )
    head, _, account, row, _, total, rest = summary().splitlines()
    named = dict(zip(head.split(), row.split()[1:], strict=True))
    assert account == "prod"
    assert row.split()[0] == "aws.s3.bucket"
    assert {name: count for name, count in named.items() if count != "."} == {
        "found": "12",
        "gone": "2",
        "crit": "3",
        "info": "1",
        "gaps": "1",
    }
    assert total.split() == ["all", *row.split()[1:]]
    assert rest == "In 1 more there is nothing."
    assert max(map(len, summary().splitlines())) <= 100


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, as Linux has it")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_no_server_is_left_where_a_demo_is_stopped_halfway(
    tmp_path: Path, end: signal.Signals
) -> None:
    folder = tmp_path / "demo"
    with started(tmp_path, "demo", "--once", f"--folder={folder}") as process:
        line_with(process, "Founding")
        assert len(left_of(folder)) == 2  # The demo, and the launcher of its cloud.
        process.send_signal(end)
        assert within(20, lambda: not left_of(folder))
        assert process.wait() in (130, -signal.SIGKILL)


def test_what_happens_in_the_other_clouds_is_what_is_told(tmp_path: Path) -> None:
    with Elsewhere(tmp_path) as there:
        assert [*there.environment()].count("VERVET_SECRET_AZURE") == 1
        before = copy.deepcopy((there.google.things, there.google.policies, there.azure.things))
        assert len(there.happen()) == 4
        after = (there.google.things, there.google.policies, there.azure.things)
        changed = [
            str(key)
            for old, new in zip(before, after, strict=True)
            for key in new
            if new[key] != old.get(key)
        ]
    assert len(changed) == 5  # Collection is switched off in two places.
    with Elsewhere(tmp_path) as again:  # One demo leaves nothing for the next.
        assert again.azure.things == before[2]
