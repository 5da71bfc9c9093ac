"""The web server and the worker side by side: they work, and leave nothing behind."""

import signal
import socket
import sys
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import Schedule, Task

from accounts.models import Account
from config.health import worker_fault
from config.management.commands.work import schedule_tick
from config.serving import listen
from items.models import Slice
from tests.config.processes import left_of, line_with, run, started, within
from tests.factories import AccountFactory

NOBODY_LEFT = 30
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, as Linux has it")


@pytest.fixture(scope="module")
def ready_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and the console's files."""
    folder = tmp_path_factory.mktemp("serving")
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        assert run(folder, *command, "--verbosity=0").returncode == 0
    return folder


@linux
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_however_it_ends(ready_folder: Path, end: signal.Signals) -> None:
    with started(ready_folder, "serve", "--bind=127.0.0.1:0") as process:
        line_with(process, "listens on")
        assert len(left_of(ready_folder)) > 3
        process.send_signal(end)
        assert within(NOBODY_LEFT, lambda: not left_of(ready_folder))
        assert process.wait() == (-end if end == signal.SIGKILL else 0)


@linux
def test_where_the_worker_ends_all_ends_with_a_word_of_it(tmp_path: Path) -> None:
    with started(tmp_path, "serve", "--bind=127.0.0.1:0") as process:  # No tables: it cannot start.
        line_with(process, "worker ended by itself")
        assert process.wait() == 1
        assert within(NOBODY_LEFT, lambda: not left_of(tmp_path))


def test_the_console_answers_and_the_worker_ticks(ready_folder: Path) -> None:
    with started(ready_folder, "serve", "--bind=127.0.0.1:0") as process:
        address = line_with(process, "listens on").rstrip(".\n").rpartition(" ")[2]
        with urlopen(f"http://{address}/login/") as answer:
            assert answer.status == 200
        assert within(180, lambda: run(ready_folder, "queuecheck").returncode == 0)


def test_a_port_in_use_is_left_to_who_has_it() -> None:
    first = listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(OSError, match=f"{port} is in use"):
        listen("127.0.0.1", port)
    second = listen("127.0.0.1", port, tries=50)
    assert second.getsockname()[1] != port
    first.close()
    second.close()


def test_a_command_that_cannot_have_its_port_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(CommandError, match="in use"):
            call_command("serve", bind="{}:{}".format(*taken.getsockname()))


# -- the schedule, and whether jobs are being done -------------------------------------------------


@pytest.mark.django_db
def test_the_tick_is_scheduled_once_however_often_workers_start() -> None:
    schedule_tick()
    Schedule.objects.update(minutes=5)
    Schedule.objects.create(name="tick", func="config.jobs.tick")
    for _ in range(2):
        schedule_tick()
    (tick,) = Schedule.objects.all()
    assert (tick.func, tick.schedule_type, tick.minutes) == ("config.jobs.tick", "I", 1)


def ended(minutes_ago: float, func: str = "config.jobs.check", success: bool = True) -> None:
    then = timezone.now() - timedelta(minutes=minutes_ago)
    Task.objects.create(
        id=f"{func}{minutes_ago}",
        name="task",
        func=func,
        started=then,
        stopped=then,
        success=success,
        result=None if success else "no such table : Traceback",
    )


@pytest.mark.django_db
def test_a_worker_that_never_was_is_missed() -> None:
    assert "start a worker" in worker_fault()


@pytest.mark.django_db
def test_a_worker_that_ended_a_job_lately_is_alive() -> None:
    ended(30, "config.jobs.tick")
    ended(2)
    assert worker_fault() == ""


@pytest.mark.django_db
def test_a_worker_that_ends_nothing_any_more_is_stuck() -> None:
    ended(6)
    assert "restart the worker" in worker_fault()
    with pytest.raises(CommandError, match="restart the worker"):
        call_command("queuecheck")
    assert worker_fault(seconds=600) == ""


@pytest.mark.django_db
def test_a_worker_that_is_at_a_long_job_is_not_stuck() -> None:
    ended(6)
    account: Account = AccountFactory()
    held = timezone.now() + timedelta(minutes=1)
    Slice.objects.create(account=account, technology="aws.s3.bucket", lease_until=held)
    assert worker_fault() == ""


@pytest.mark.django_db
def test_a_tick_that_fails_is_told_though_jobs_end() -> None:
    ended(1, "config.jobs.tick", success=False)
    ended(0)
    assert "no such table" in worker_fault()
