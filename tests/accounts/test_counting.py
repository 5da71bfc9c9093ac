"""The requests of a token are counted by all processes together."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.api.counting import MINUTE, counted
from accounts.models import Asking
from tests.config.processes import run

EACH = "from accounts.api.counting import counted\nfor _ in range(50): counted('token 1')"


def test_processes_that_count_at_once_miss_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate", "--verbosity=0").returncode == 0
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: run(tmp_path, "shell", "-c", EACH), range(3)))
    assert [one.returncode for one in ended] == [0, 0, 0], ended[0].stdout
    said = run(tmp_path, "shell", "-c", f"{EACH}\nprint('n', counted('token 1')[0])").stdout
    assert "n 201" in said


@pytest.mark.django_db
def test_a_minute_that_is_over_counts_no_more() -> None:
    assert counted("token 1")[0] == 1
    assert counted("token 1")[0] == 2
    assert counted("token 2")[0] == 1
    long_ago = int(timezone.now().timestamp() * 1000) - MINUTE - 1
    Asking.objects.filter(who="token 1").update(since=long_ago)
    count, left = counted("token 1")
    assert count == 1
    assert MINUTE - 5000 < left <= MINUTE
