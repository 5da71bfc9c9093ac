"""Settings are refused where they are malformed, each with what it takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.variables import address, database, number

ROOT = Path(__file__).resolve().parents[2]
SHOW = "from config import settings; print(getattr(settings, '{}'))"


def start(tmp_path: Path, show: str = "SITE_URL", **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VERVET_")}
    for name in ("SECRET_KEY", "DATABASE_URL"):
        clean.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", SHOW.format(show)],
        cwd=ROOT,
        env=clean | {"VERVET_VAR": str(tmp_path), "VERVET_ENV_FILE": os.devnull} | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("VERVET_WORKERS", "many", "whole number"),
        ("VERVET_WORKERS", "0", "whole number from 1"),
        ("VERVET_LOG_LEVEL", "chatty", "DEBUG, INFO"),
        ("VERVET_URL", "https://example.com/vervet", "a host alone"),
        ("VERVET_ENV_FILE", "/no/such/file", "not there"),
        ("VERVET_VAR", "/proc/vervet", "may be written to"),
        ("DEBUG", "perhaps", "true or false"),
        ("VERVET_URL", "vervet.example.com", "https://vervet.example.com"),
        ("VERVET_TIME_ZONE", "Mars/Base", "Europe/Zurich"),
        ("DATABASE_URL", "mysql://root@127.0.0.1/vervet", "sqlite:////path/to/file, or as in"),
        ("VERVET_SMTP_URL", "mail.example.com", "smtp://"),
    ],
)
def test_a_malformed_setting_is_refused_with_what_it_takes(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    ended = start(tmp_path, **{name: value})
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert name in last
    assert says in last


@pytest.mark.parametrize("text", ["²", "--5", "-1", "1.5", ""])
def test_what_is_no_whole_number_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERVET_X", text)
    with pytest.raises(ImproperlyConfigured, match="VERVET_X must be a whole number from 0"):
        number("VERVET_X", 1)


@pytest.mark.parametrize("text", ["smtp://u:hunter2@host:port", "smtp://", "http://a", "host:25"])
def test_what_is_no_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="VERVET_X must be an address") as told:
        address("VERVET_X", text, ("smtp", "smtp+tls"), "smtp://mail.example.com")
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    "text", ["postgres://u:hunter2@host:port/vervet", "postgres://u:hunter2@host", "oracle://x/y"]
)
def test_what_is_no_database_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="must be the address of a database") as told:
        database("VERVET_X", text)
    assert "hunter2" not in str(told.value)


def test_only_a_local_console_makes_its_own_key(tmp_path: Path) -> None:
    ended = start(tmp_path, VERVET_URL="https://vervet.example.com")
    assert "SECRET_KEY is not set" in ended.stderr
    ended = start(tmp_path, VERVET_URL="https://vervet.example.com", SECRET_KEY="")
    assert "SECRET_KEY is not set" in ended.stderr
    first = start(tmp_path, "SECRET_KEY").stdout
    assert len(first) > 50
    assert start(tmp_path, "SECRET_KEY").stdout == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_two_that_start_at_once_keep_the_same_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SHOW.format("SECRET_KEY")]
    env = {**os.environ, "VERVET_VAR": str(tmp_path), "VERVET_ENV_FILE": os.devnull}
    env.pop("SECRET_KEY", None)
    started = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE) for _ in range(4)
    ]
    assert len({one.communicate()[0] for one in started}) == 1


@pytest.mark.parametrize(
    ("url", "secure"), [("https://vervet.example.com", "True"), ("http://127.0.0.1:8000", "False")]
)
def test_cookies_are_secure_where_the_console_is(tmp_path: Path, url: str, secure: str) -> None:
    ended = start(tmp_path, "SESSION_COOKIE_SECURE", VERVET_URL=url, SECRET_KEY="k" * 50)
    assert ended.stdout.strip() == secure


def manage(tmp_path: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    given = {"VERVET_VAR": str(tmp_path), "VERVET_ENV_FILE": os.devnull} | env
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={name: one for name, one in os.environ.items() if name != "DATABASE_URL"} | given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_tells_a_wrong_setting_in_one_line(tmp_path: Path) -> None:
    ended = manage(tmp_path, "scan", VERVET_WORKERS="many")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "VERVET_WORKERS must be a whole number from 1" in ended.stderr


def test_a_command_before_the_first_migration_says_what_to_do(tmp_path: Path) -> None:
    ended = manage(tmp_path, "scan")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "Run manage.py migrate first." in ended.stderr


def test_a_command_without_its_database_says_which_setting_names_it(tmp_path: Path) -> None:
    ended = manage(tmp_path, "scan", DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/v.sqlite3")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "DATABASE_URL" in ended.stderr


def test_a_file_of_settings_is_read(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("VERVET_URL=http://127.0.0.1:9000\n")
    ended = start(tmp_path, VERVET_ENV_FILE=str(tmp_path / "env"))
    assert ended.stdout.strip() == "http://127.0.0.1:9000"
