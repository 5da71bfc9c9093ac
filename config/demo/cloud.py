"""An AWS-compatible server on loopback: started as a child process, stopped for certain."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

# Few, so that a demo scans in seconds; AWS enables 17 regions in a new account.
REGIONS = ("us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2")

# The account that unknown access keys belong to: Vervet's own, from which it assumes roles.
HUB = "123456789012"
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"  # The example key of the AWS documentation.
SECRET_KEY = "not-a-secret"

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}


class CloudError(RuntimeError):
    """The server did not start, or refused what it was told; says what to do."""


class Cloud:
    """A running AWS-compatible server of its own, with any number of accounts.

    It ends with `stop()`, with the `with` block, and when this process dies, however it dies.
    """

    def __init__(self, regions: Iterable[str] = REGIONS) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.demo.launcher", str(os.getpid()), *regions],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | SETTINGS,
            start_new_session=True,  # A Ctrl-C is for the parent, which then stops the child.
        )
        self.port = self._port()

    def _port(self) -> int:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().split()
        if said[:1] != [b"ready"]:
            self.stop()
            raise CloudError("No server: install requirements-demo.txt, and see the error above.")
        return int(said[1])

    @property
    def endpoint(self) -> str:
        """The server's address, for `AWS_ENDPOINT_URL` or boto3's `endpoint_url`."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, account_hosts: bool = False) -> dict[str, str]:
        """The variables that point an unmodified boto3 at this server, as the hub account.

        S3 Control asks hosts such as `210987654321.127.0.0.1`, which nobody resolves. With
        `account_hosts` the server is named as the HTTP proxy too and gets these calls, and
        every other plain-HTTP call of the process with them.
        """
        return environment(self.endpoint, account_hosts)

    def clock(self, days_ago: float) -> ExitStack:
        """Let what is created from now on be `days_ago` days old.

        Holds until the next call; as a `with` block, until its end.
        """
        self._tell("clock", {"days_ago": days_ago})
        back = ExitStack()
        back.callback(self._tell, "clock", {"days_ago": 0})
        return back

    def root(self, account: str, **columns: str) -> None:
        """Set columns of the credential report's row of the account's root user.

        The account summary follows `mfa_active` and `access_key_1_active`.
        """
        self._tell("root", {"account": account, "columns": columns})

    def reset(self) -> None:
        """Forget everything in every account, and set the clock to now."""
        self._tell("reset", {})

    def stop(self) -> None:
        """End the server; more than once does no harm."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _tell(self, what: str, how: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", f"/vervet-demo/{what}", json.dumps(how))
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                raise CloudError(f"{what}: {answer.status} {answer.read().decode()}")
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def environment(endpoint: str, account_hosts: bool = False) -> dict[str, str]:
    """The variables that point an unmodified boto3 at an endpoint; see `Cloud.environment`."""
    proxy = {"HTTP_PROXY": endpoint, "NO_PROXY": ""}
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": REGIONS[0],
        "AWS_DEFAULT_REGION": REGIONS[0],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **(proxy if account_hosts else {"NO_PROXY": "127.0.0.1,localhost"}),
    }


def canonical_id(account: str) -> str:
    """The canonical S3 user of an account in this cloud: 64 hexadecimal digits."""
    return sha256(f"canonical user of {account}".encode()).hexdigest()
