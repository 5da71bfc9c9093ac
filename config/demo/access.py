"""boto3 clients in the accounts of the invented company, and its access keys."""

from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from config.demo.cloud import ACCESS_KEY, REGIONS, SECRET_KEY, Cloud


class Access:
    """Clients by account, service and region; each is made once."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._credentials: dict[str, dict[str, str]] = {}
        # As its own proxy the server gets the calls to S3 Control, whose hosts nobody resolves.
        self._config = Config(proxies={"http": cloud.endpoint}, retries={"total_max_attempts": 1})

    def client(self, account: str, service: str, region: str = REGIONS[0]) -> Any:
        """The client of a service in an account and region."""
        known = self._clients.get((account, service, region))
        if known is None:
            known = self._make(service, region, self._assumed(account))
            self._clients[account, service, region] = known
        return known

    def use(self, key: dict[str, str]) -> None:
        """Make one call with an access key (part of a CreateAccessKey answer): it was used."""
        credentials = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }
        self._make("sts", REGIONS[0], credentials).get_caller_identity()

    @cached_property
    def _hub(self) -> Any:
        credentials = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        return self._make("sts", REGIONS[0], credentials)

    def _assumed(self, account: str) -> dict[str, str]:
        if account not in self._credentials:
            role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
            given = self._hub.assume_role(RoleArn=role, RoleSessionName="founder")["Credentials"]
            self._credentials[account] = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        return self._credentials[account]

    def _make(self, service: str, region: str, credentials: dict[str, str]) -> Any:
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            config=self._config,
            **credentials,
        )
