"""The stand-in of Azure as pytest fixtures: empty for each test but for one subscription.

Make them known with ``pytest_plugins``; the product and Microsoft's SDK run as they are.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.types import azure_session
from config.demo.azure import Azure
from config.demo.azure_login import Application
from config.demo.internet import surrounded
from tests.cloud.spoiling import Spoiler, the_internet

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
SUBSCRIPTION = "bbbbbbbb-0000-4000-8000-000000000001"
CLIENT = "cccccccc-0000-4000-8000-000000000001"
SECRET = "a secret of an application"
GIVEN = {
    "tenant": TENANT,
    "credential": "secret",
    "client_id": CLIENT,
    "secret": "env:VERVET_SECRET_AZURE",
    "cloud": "public",
}
WEB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/web"


@pytest.fixture
def azure() -> Azure:
    """An Azure in which there is one subscription, and Vervet's application."""
    azure = Azure()
    azure.subscription(SUBSCRIPTION, TENANT, "Production")
    azure.logins.applications[CLIENT] = Application(TENANT, secret=SECRET)
    return azure


@pytest.fixture
def azure_faults(azure: Azure) -> Spoiler:
    """What spoils its answers."""
    return Spoiler(azure.answer, token="$skiptoken")


@pytest.fixture
def azure_env(azure: Azure, azure_faults: Spoiler, tmp_path: Any, settings: Any) -> Iterator[None]:
    """Lead the product there; the application's secret is a variable."""
    settings.CALL_ATTEMPTS, settings.CALL_TIMEOUT = 1, 5
    settings.SECRET_FOLDERS = [str(tmp_path)]
    internet = the_internet()
    internet.sites = dict.fromkeys(azure.sites(), azure_faults)
    forget()
    with surrounded(internet.environment() | {"VERVET_SECRET_AZURE": SECRET}):
        yield
    forget()


def forget() -> None:
    """Let nothing of one test's logins be left for another."""
    azure_session._tokens.cache_clear()
    azure_session._session.cache_clear()
