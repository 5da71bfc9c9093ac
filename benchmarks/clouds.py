"""Measures a scan of Google Cloud or Azure: `python -m benchmarks.clouds gcp|azure N`.

N firewalls or network security groups, each with one rule, in the demo's stand-in, which runs in a
process of its own whose time does not count.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parents[1]
TECHNOLOGIES = {"gcp": "gcp.compute.firewall", "azure": "azure.network.security_group"}
HEADS = ("", "CPU s", "wall s", "ms/item", "statements", "found", "changed")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("provider", choices=[*TECHNOLOGIES])
    parser.add_argument("size", type=int)
    asked = parser.parse_args()
    measure(asked.provider, asked.size)


def measure(provider: str, size: int) -> None:
    """Read alone, then scan three times; print what each took."""
    folder = ROOT / "var" / "bench" / f"{provider}-{size}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.standins", provider, str(size), str(folder)]
    os.environ |= {
        "VERVET_VAR": str(folder),
        "VERVET_ENV_FILE": os.devnull,
        "VERVET_LOG_LEVEL": "WARNING",
        "DATABASE_URL": f"sqlite:///{folder / 'vervet.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as stand_in:
        assert stand_in.stdin is not None and stand_in.stdout is not None  # noqa: S101
        os.environ |= json.loads(stand_in.stdout.readline())
        django.setup()
        look, read = prepared(provider)
        print(f"{TECHNOLOGIES[provider]}, N={size}, sqlite, one round")
        print(line(HEADS))
        took("reading alone", read)
        took("first", look)
        took("second", look)
        stand_in.stdin.write("change\n")
        stand_in.stdin.flush()
        stand_in.stdout.readline()
        took("1 % changed", look)
        stand_in.stdin.close()


def prepared(provider: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Make a database with all rules and the account; return a look at it, and one that keeps
    nothing."""
    from django.core.management import call_command

    from accounts.models import Account
    from config import pipeline
    from config.demo.elsewhere import ACCOUNTS
    from items.watchers import watchers

    call_command("migrate", verbosity=0)
    call_command("loadpacks", stdout=StringIO())
    fields = next(one for one in ACCOUNTS if one["type"] == provider)
    account = Account(**fields)
    account.full_clean()
    account.save()
    technology = TECHNOLOGIES[provider]

    def read() -> list[Any]:
        return list(watchers[technology]().fetch(account))

    read()  # What the SDK and we make once a process does not count.
    return (lambda: pipeline.check(account.pk, technology)), read


def took(name: str, work: Callable[[], Any]) -> None:
    """Do something and print what it took."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as statements:
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    found = getattr(result, "found", None) or len(result)
    changed = str(getattr(result, "changed", ""))
    each = f"{1000 * cpu / max(1, found):.2f}"
    cells = (name, f"{cpu:.2f}", f"{wall:.2f}", each, str(len(statements)), str(found), changed)
    print(line(cells), flush=True)


def line(cells: tuple[str, ...]) -> str:
    first, *others = cells
    return first.ljust(14) + "".join(cell.rjust(11) for cell in others)


if __name__ == "__main__":
    main()
