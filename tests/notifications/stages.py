"""For each notifier a service that it can reach, and how that tells what it has heard."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pika
import pytest

from notifications.models import Subscription
from tests.notifications import desks, githost
from tests.notifications.smtp import Inbox
from tests.notifications.test_aws_notifiers import ACCOUNT, HUB, VERVET
from tests.notifications.test_lines import Broker
from tests.notifications.test_posting import Receiver

CLOSED = "http://127.0.0.1:9"
"""Where nobody answers."""
SECRET = "VERVET_SECRET_STAGE"


@dataclass
class Stage:
    """A service, and the subscription that leads there."""

    address: str
    heard: Callable[[], list[str]]
    """Returns the key of everything that arrived, each as often as it did."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    """What the service knows and nobody else may read."""
    down: Callable[[Subscription], object] | None = None
    """Puts the service out of reach."""
    once: bool = False
    """Whether it keeps what it was told: then a repetition leaves no trace at all."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What leads another process there, beside the variables that are set in this one."""


class Setting:
    """What the making of a stage may ask for and set."""

    def __init__(self, request: Any) -> None:
        self.settings = request.getfixturevalue("settings")
        self.environment: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        self.folder: Path = request.getfixturevalue("tmp_path")
        self.request = request
        self.settings.NOTIFY_INSIDE = [ip_network("127.0.0.0/8")]

    def fixture(self, name: str) -> Any:
        return self.request.getfixturevalue(name)

    def secret(self, value: str) -> str:
        """Keep a secret; return the reference to it."""
        self.environment.setenv(SECRET, value)
        return f"env:{SECRET}"

    def serve(self, service: AbstractContextManager[Any]) -> Any:
        served = service.__enter__()
        self.request.addfinalizer(lambda: service.__exit__(None, None, None))
        return served


def elsewhere(told: Subscription, address: str) -> None:
    told.address = address
    told.save()


def email(scene: Setting) -> Stage:
    inbox: Inbox = scene.fixture("inbox")

    def down(told: Subscription) -> None:
        scene.settings.EMAIL_PORT = 9

    return Stage(
        "reader@example.com",
        lambda: [mail["Message-ID"] for mail in inbox.mails],
        down=down,
        environment={"VERVET_SMTP_URL": f"smtp://127.0.0.1:{scene.settings.EMAIL_PORT}"},
    )


def _posted(scene: Setting) -> tuple[Receiver, Callable[[], list[str]]]:
    receiver: Receiver = scene.fixture("receiver")
    return receiver, lambda: [headers["Idempotency-Key"] for headers, _ in receiver.heard]


def webhook(scene: Setting) -> Stage:
    receiver, heard = _posted(scene)
    known = {"secret": scene.secret("hook-secret")}
    return Stage(
        receiver.url, heard, known, "hook-secret", lambda told: elsewhere(told, f"{CLOSED}/hook")
    )


def chat(scene: Setting) -> Stage:
    receiver, heard = _posted(scene)
    where = scene.secret(f"{receiver.url}/T0-token")
    return Stage(where, heard, {}, "T0-token", lambda told: scene.secret(f"{CLOSED}/T0-token"))


def sns(scene: Setting) -> Stage:
    topic, read = scene.fixture("queue")
    found: list[str] = []

    def heard() -> list[str]:
        found.extend(one["MessageAttributes"]["key"]["Value"] for one in read())
        return found

    return Stage(topic, heard, VERVET, down=_fails(scene, "Publish"))


def security_hub(scene: Setting) -> Stage:
    scene.fixture("cloud_env")
    hub = scene.fixture("cloud").client("securityhub", "eu-west-1", ACCOUNT)
    down = _fails(scene, "BatchImportFindings")
    return Stage(
        HUB,
        lambda: [one["Id"] for one in hub.get_findings()["Findings"]],
        VERVET,
        down=down,
        once=True,
    )


def _fails(scene: Setting, operation: str) -> Callable[[Subscription], object]:
    faults = scene.fixture("faults")
    return lambda told: faults.add(operation=operation, code="InternalError", status=500)


def tickets(server: type[desks.DeskServer]) -> Callable[[Setting], Stage]:
    def made(scene: Setting) -> Stage:
        desk = scene.serve(desks.serving(server()))
        known = {**desk.parameters, "token": scene.secret(desks.TOKEN)}
        return Stage(
            desk.address,
            lambda: list(desk.tickets),
            known,
            desks.TOKEN,
            lambda told: elsewhere(told, CLOSED + desk.repository),
            once=True,
        )

    return made


def git(scene: Setting) -> Stage:
    scene.settings.VAR = scene.folder / "var"
    host = scene.serve(githost.serving(scene.folder / "host"))

    def heard() -> list[str]:
        if not host.git("branch"):
            return []
        said = host.log("%(trailers:key=Vervet-Revision,valueonly,separator=%x2C)")
        return [key for key in said if not key.startswith("before-")]

    known = {"token": scene.secret(githost.TOKEN), "user": "vervet", "branch": "main"}
    down = lambda told: elsewhere(told, f"{CLOSED}/x.git")  # noqa: E731
    copies = {"VERVET_VAR": str(scene.settings.VAR)}
    return Stage(host.url, heard, known, githost.TOKEN, down, once=True, environment=copies)


def lines(scene: Setting) -> Stage:
    folder = scene.settings.EXPORTS = scene.folder / "exports"

    def heard() -> list[str]:
        file = folder / "told.jsonl"
        found = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line)["id"] for line in found]

    down = lambda told: folder.write_text("a file")  # noqa: E731
    where = {"VERVET_EXPORTS": str(folder)}
    return Stage("told.jsonl", heard, {"format": "cloudevents"}, down=down, environment=where)


def amqp(scene: Setting) -> Stage:
    connection = scene.serve(pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1")))
    broker = Broker(connection.channel())
    found: list[str] = []

    def heard() -> list[str]:
        found.extend(one.message_id for _, one, _ in broker.heard())
        return found

    known = {
        "user": "guest",
        "password": scene.secret("guest"),
        "exchange": broker.exchange,
        "routing_key": "told.$kind",
        "format": "cloudevents",
    }
    return Stage(
        "amqp://127.0.0.1", heard, known, down=lambda told: elsewhere(told, "amqp://127.0.0.1:9")
    )


STAGES: Mapping[str, Callable[[Setting], Stage]] = {
    "email": email,
    "webhook": webhook,
    "slack": chat,
    "teams": chat,
    "aws.sns": sns,
    "aws.securityhub": security_hub,
    "jira": tickets(desks.JiraServer),
    "github": tickets(desks.GitHubServer),
    "git": git,
    "lines": lines,
    "amqp": amqp,
}
