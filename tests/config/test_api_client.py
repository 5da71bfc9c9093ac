"""A client that is generated from the description works."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.config.test_api_tokens import token_of
from tests.factories import GroupFactory, IssueFactory, granted

CLIENT = Path(sys.executable).with_name("openapi-python-client")
NAME = "vervet_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Generate the client; return what imports one of its modules."""
    folder = tmp_path_factory.mktemp("client")
    schema, config = folder / "api.json", folder / "config.yaml"
    schema.write_text(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    config.write_text(f"post_hooks: []\npackage_name_override: {NAME}\n")
    made = subprocess.run(
        [
            *(CLIENT, "generate", "--path", schema, "--config", config, "--meta", "none"),
            *("--output-path", folder / NAME),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{NAME}.{name}".rstrip("."))
    sys.path.remove(str(folder))


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_lists_issues(live_server: Any, generated: Callable[[str], Any]) -> None:
    issue = IssueFactory()
    client = generated("").AuthenticatedClient(
        base_url=live_server.url,
        token=token_of(granted("viewer"), "read")["Authorization"].split()[1],
    )
    answer = generated("api.issues.issues_list").sync(client=client)
    assert [one.id for one in answer.results] == [issue.pk]
    assert answer.results[0].severity == "critical"


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_writes_and_is_told_that_somebody_else_did(
    live_server: Any, generated: Callable[[str], Any]
) -> None:
    group: Any = GroupFactory(name="PCI")
    client = generated("").AuthenticatedClient(
        base_url=live_server.url,
        token=token_of(granted("operator"), "read", "operate")["Authorization"].split()[1],
    )
    body = generated("models").PatchedGroupRequest(notes="Cards")
    read = generated("api.groups.groups_retrieve").sync_detailed(group.pk, client=client)
    write = generated("api.groups.groups_partial_update").sync_detailed
    known = {"client": client, "body": body, "if_match": read.headers["ETag"]}
    assert write(group.pk, **known).parsed.notes == "Cards"
    lost = write(group.pk, **known)
    assert lost.status_code == 412
    assert lost.parsed.do.startswith("Read it again")
    ask = generated("api.comments.comments_create").sync_detailed
    refused = ask(
        client=client,
        body=generated("models").CommentOnRequest(text="Why?", item=1),
        idempotency_key="k-1",
    )
    assert refused.status_code == 403
