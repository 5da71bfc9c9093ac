"""What tests of the line share: an account in a cloud that can be spoilt, and scans of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from accounts.models import Account
from accounts.types import aws
from config import pipeline
from items.models import Run
from tests.cloud.faults import FaultProxy
from tests.factories import AccountFactory
from tests.packages import built, installed

SECURITY_GROUPS = "aws.ec2.security_group"
Scan = Callable[..., Run]

# A busy machine makes no property false.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.fixture
def cloud_env(faults: FaultProxy, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Lead the product's own SDK to the server behind the fault proxy."""
    for name, value in faults.environment().items():
        monkeypatch.setenv(name, value)
    settings.CALL_ATTEMPTS, settings.CALL_TIMEOUT = 1, 3
    aws._session.cache_clear()
    yield
    aws._session.cache_clear()


@pytest.fixture
def account(db: None, cloud_env: None) -> Account:
    """An account that is watched, reached by assuming a role."""
    return AccountFactory(identifier="222222222222", name="prod")


@pytest.fixture
def scan(account: Account) -> Scan:
    """Look at one technology of the account."""

    def look(technology: str = SECURITY_GROUPS, of: Account | None = None) -> Run:
        return pipeline.check((of or account).pk, technology)

    return look


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the package of ``tests/plugin`` is installed, built once a session."""
    wheel = built(Path(__file__).parent / "plugin", tmp_path_factory.mktemp("plugin-wheel"))
    return installed(wheel, tmp_path_factory.mktemp("plugin"))
