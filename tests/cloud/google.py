"""The stand-in of Google Cloud as pytest fixtures: empty for each test but for one project.

Make them known with ``pytest_plugins``; the product and Google's SDK run as they are.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.types import gcp_session
from config.demo.google import Google
from config.demo.internet import surrounded
from tests.cloud.spoiling import Spoiler, the_internet

PROJECT = "acme-prod"
READER = "vervet@acme-audit.iam.gserviceaccount.com"


@pytest.fixture
def google() -> Google:
    """A Google Cloud in which there is one project, and Vervet's service account."""
    google = Google()
    google.project(PROJECT)
    return google


@pytest.fixture
def google_faults(google: Google) -> Spoiler:
    """What spoils its answers."""
    return Spoiler(google.answer, token="pageToken")


@pytest.fixture
def google_env(
    google: Google, google_faults: Spoiler, tmp_path: Any, settings: Any
) -> Iterator[None]:
    """Lead the product there; Vervet's own credential is a key, found by default."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps(google.logins.key_file(READER)))
    settings.CALL_ATTEMPTS, settings.CALL_TIMEOUT = 1, 5
    settings.SECRET_FOLDERS = [str(tmp_path)]
    internet = the_internet()
    internet.sites = {"*.googleapis.com": google_faults}
    variables = internet.environment() | {"GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    forget()
    with surrounded(variables):
        yield
    forget()


def forget() -> None:
    """Let nothing of one test's logins be left for another."""
    gcp_session._login.cache_clear()
    gcp_session._session.cache_clear()
