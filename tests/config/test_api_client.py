"""A client that is generated from the description works."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.config.test_api_tokens import token_of
from tests.factories import IssueFactory, granted

CLIENT = Path(sys.executable).with_name("openapi-python-client")


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_lists_issues(
    live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = IssueFactory()
    schema = tmp_path / "api.json"
    schema.write_text(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    config = tmp_path / "config.yaml"
    config.write_text("post_hooks: []\npackage_name_override: vervet_client\n")
    made = subprocess.run(
        [
            *(CLIENT, "generate", "--path", schema, "--config", config, "--meta", "none"),
            *("--output-path", tmp_path / "vervet_client"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client = importlib.import_module("vervet_client").AuthenticatedClient(
        base_url=live_server.url,
        token=token_of(granted("viewer"), "read")["Authorization"].split()[1],
    )
    answer = importlib.import_module("vervet_client.api.issues.issues_list").sync(client=client)
    assert [one.id for one in answer.results] == [issue.pk]
    assert answer.results[0].severity == "critical"
