"""The demo's AWS-compatible server as pytest fixtures: started once a process, empty for each test.

Make them known with `pytest_plugins = ["tests.cloud.server"]` in the top conftest.
"""

import atexit
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

from config.demo.cloud import ACCESS_KEY, REGIONS, SECRET_KEY, Cloud
from tests.cloud.faults import FaultProxy

NO_RETRIES: dict[str, Any] = {"total_max_attempts": 1}


class MotoCloud(Cloud):
    """The demo's cloud, with clients for a test to fill it; `reset()` empties it."""

    def client(self, service: str, region: str = REGIONS[0], account: str | None = None) -> Any:
        """A boto3 client in an account, or in the hub account when none is named."""
        return client_at(self.endpoint, service, region, account)


def client_at(
    endpoint: str,
    service: str,
    region: str = REGIONS[0],
    account: str | None = None,
    **config: Any,
) -> Any:
    """A boto3 client that retries nothing unless told; `config` is of botocore's `Config`."""
    credentials = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    if account:
        given = client_at(endpoint, "sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/Vervet", RoleSessionName="test"
        )["Credentials"]
        credentials = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
    # As its own proxy the server gets calls to hosts such as 111111111111.127.0.0.1.
    how = {"retries": NO_RETRIES, "proxies": {"http": endpoint}} | config
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(**how),
        **credentials,
    )


@cache
def the_cloud() -> MotoCloud:
    """The one server of this process, started when first asked for."""
    cloud = MotoCloud()
    atexit.register(cloud.stop)
    return cloud


@pytest.fixture
def cloud() -> MotoCloud:
    """The server, with nothing in it."""
    the_cloud().reset()
    return the_cloud()


@pytest.fixture
def faults(cloud: MotoCloud) -> Iterator[FaultProxy]:
    """A proxy before the empty server; `faults.add(...)` spoils answers."""
    with FaultProxy(cloud.endpoint) as proxy:
        yield proxy
