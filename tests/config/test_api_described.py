"""The API is what its OpenAPI description says: nothing else is answered, nothing falls over."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis.strategies import booleans
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.api.fields import PARAMETER
from accounts.models import User
from tests.config.addresses import API
from tests.config.test_api_tokens import token_of
from tests.config.test_every_address import world

__all__ = ["world"]
pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 10


@pytest.fixture(scope="module")
def described() -> Any:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    loaded = schemathesis.openapi.from_dict(schema)
    loaded.app = get_wsgi_application()
    return loaded


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Let requests end without closing the connection of the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def addresses() -> dict[str, list[tuple[str, str]]]:
    """Return every address with its methods, by the first part of its path."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path, methods in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        found.setdefault(part(path), []).extend((path, method.upper()) for method in methods)
    return found


def part(path: str) -> str:
    return path.removeprefix("/api/").partition("/")[0]


ADDRESSES = addresses()


@pytest.mark.parametrize("name", ADDRESSES)
def test_nothing_falls_over_and_nothing_is_answered_that_is_not_described(
    described: Any,
    world: dict[str, Any],
    one_connection: None,
    admin_user: User,
    settings: Any,
    name: str,
) -> None:
    settings.API_PER_MINUTE = 0
    header = token_of(admin_user, "read", "review", "rules", "operate")
    for path, method in ADDRESSES[name]:

        @bounded(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=described[path][method].as_strategy(), there=booleans())
        def asked(case: Any, there: bool) -> None:
            if there and "id" in case.path_parameters:  # What is drawn finds hardly ever a row.
                case.path_parameters["id"] = int(world["seen"][API[name]].pk)
            with transaction.atomic():
                answer = case.call(headers=header)
                case.validate_response(answer, checks=CHECKS)
                transaction.set_rollback(True)

        asked()


def test_no_parameter_that_is_described_takes_away_what_an_answer_always_has(
    described: Any,
) -> None:
    told = [
        (path, one["name"])
        for path, methods in described.raw_schema["paths"].items()
        for one in methods.get("get", {}).get("parameters", ())
    ]
    assert told
    assert [one for one in told if one[1] == PARAMETER] == []
