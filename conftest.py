"""What every test stands on: a folder of its own for files, and what a test may need.

``@pytest.mark.needs("browser")`` skips a test, with the reason, where what it needs is
missing. ``VERVET_REQUIRE=postgres,browser`` turns these skips into failures.
"""

import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from fcntl import LOCK_EX, flock
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

pytest_plugins = [
    "tests.cloud.server",
    "tests.cloud.google",
    "tests.cloud.azure",
    "tests.notifications.smtp",
]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def browser_path() -> str | None:
    """Return the path of a Chromium that can be driven."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def browser_missing() -> str:
    """Say why no test can drive a browser; empty: it can."""
    if not browser_path():
        return "there is no Chromium: apt-get install chromium"
    return "" if find_spec("playwright") else "playwright is not installed: make .venv/dev"


def postgres_missing() -> str:
    """Say why the suite does not run on PostgreSQL; empty: it does."""
    if settings.SQLITE:
        return "the suite runs on SQLite: set DATABASE_URL=postgres://postgres@127.0.0.1:5432/test"
    return ""


def rabbitmq_missing() -> str:
    """Say why no broker can be told anything; empty: it can."""
    try:
        with socket.create_connection(("127.0.0.1", 5672), 2):
            return ""
    except OSError:
        return "RabbitMQ does not run on 127.0.0.1:5672: apt-get install rabbitmq-server"


NEEDS: dict[str, Callable[[], str]] = {
    "browser": browser_missing,
    "postgres": postgres_missing,
    "rabbitmq": rabbitmq_missing,
}


DATABASE = {"db", "transactional_db", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", action="store_true", help="only what a database may change: no browser"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is the same on every database, where that is asked for."""
    if not config.getoption("--database"):
        return
    same = [item for item in items if not uses_database(item)]
    config.hook.pytest_deselected(items=same)
    items[:] = [item for item in items if uses_database(item)]


def uses_database(item: pytest.Item) -> bool:
    """Say whether a test may come out otherwise on another database.

    What a browser draws does not: the pages that it is given are asked for without one, too.
    """
    if any("browser" in mark.args for mark in item.iter_markers("needs")):
        return False
    names = set(getattr(item, "fixturenames", ()))
    return bool(names & DATABASE or item.get_closest_marker("django_db"))


def pytest_configure(config: pytest.Config) -> None:
    """Turn everything that the settings would keep in var/ to a folder that is thrown away."""
    config.addinivalue_line("markers", f"needs(what, ...): skip without: {', '.join(NEEDS)}")
    folder = Path(tempfile.mkdtemp(prefix="vervet-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["VERVET_VAR"] = str(folder)  # For the commands that a test starts.
    settings.VAR = folder
    settings.STATIC_ROOT = folder / "static"
    settings.STATIC_ROOT.mkdir()
    # A hash that is dear on purpose was most of what tests with people took.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Pages in tests need no collected files.
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    if settings.SQLITE:  # A file, as in use: in memory, threads would share one connection.
        test = settings.DATABASES["default"].setdefault("TEST", {})
        test["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(scope="session")
def turn(django_db_blocker: Any) -> Iterator[ExitStack]:
    """Let one worker migrate where nothing is kept yet; the others wait, and take its copy."""
    lock = settings.BASE_DIR / "build" / "migrated.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held, django_db_blocker.unblock():
        flock(held.enter_context(lock.open("w")), LOCK_EX)
        if kept():
            held.close()
        yield held


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: Any, turn: ExitStack
) -> None:
    """Begin with a copy of a database that is migrated already, where there is one.

    Migrating takes longer than most runs of a few tests. Only what is new is then migrated.
    """
    with django_db_blocker.unblock():
        if not kept():
            return
        if settings.SQLITE:
            shutil.copy(migrated(), settings.DATABASES["default"]["TEST"]["NAME"])
        else:
            connection.settings_dict["TEST"]["TEMPLATE"] = template()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, turn: ExitStack) -> bool:
    """Take the copy as it is; it goes with the folder in which it lies."""
    return django_db_keepdb or (settings.SQLITE and kept())


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, turn: ExitStack) -> None:
    """Keep what was migrated for the next run."""
    with django_db_blocker.unblock():
        if not kept():
            keep()
    turn.close()


def kept() -> bool:
    """Say whether a migrated database of just these migrations and packages is kept."""
    if settings.SQLITE:
        return migrated().exists()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template()])
        return cursor.fetchone() is not None


def keep() -> None:
    """Keep the test database as it is now, in place of older ones."""
    if settings.SQLITE:
        fresh = migrated().with_suffix(f".{os.getpid()}")
        with closing(sqlite3.connect(fresh)) as copy:
            connection.ensure_connection()
            connection.connection.backup(copy)
        fresh.rename(migrated())
        return
    name = connection.settings_dict["NAME"]
    connection.close()  # A database in use cannot be copied.
    with connection._nodb_cursor() as cursor:
        begins = template().rpartition("_")[0]
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [begins])
        for (old,) in cursor.fetchall():
            cursor.execute(f'DROP DATABASE "{old}"')
        cursor.execute(f'CREATE DATABASE "{template()}" TEMPLATE "{name}"')


@cache
def template() -> str:
    """Return the name of the migrated database on a PostgreSQL server, one a DATABASE_URL."""
    return f"{settings.DATABASES['default']['NAME']}_{migrated().stem.replace('-', '_')}"


@cache
def migrated() -> Path:
    """Return the file that a migrated database of just these migrations and packages is kept in."""
    said = sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
    for path in sorted(settings.BASE_DIR.glob("*/migrations/*.py")):
        said.update(path.name.encode() + path.read_bytes())
    return settings.BASE_DIR / "build" / f"migrated-{said.hexdigest()[:16]}.sqlite3"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose needs are not met, or fail it where they are required."""
    required = os.environ.get("VERVET_REQUIRE", "").replace(",", " ").split()
    for need in [need for mark in item.iter_markers("needs") for need in mark.args]:
        reason = NEEDS[need]()
        if reason and need in required:
            pytest.fail(f"{need} is required, but {reason}", pytrace=False)
        if reason:
            pytest.skip(f"needs {need}: {reason}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A Chromium without a window, driven by playwright; mark its tests ``needs("browser")``."""
    from playwright.sync_api import sync_playwright  # Only where a test drives a browser.

    # playwright keeps an event loop in this thread; Django would refuse the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=list(CHROMIUM_FLAGS)
        )
        yield browser
        browser.close()
