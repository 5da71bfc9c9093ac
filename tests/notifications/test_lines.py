"""What is told thing by thing: files of JSON lines, OCSF as its schema has it, and RabbitMQ."""

import io
import json
import socket
import uuid
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import pika
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from audits.models import Cause, IssueEvent, What
from audits.models import severity as severity_of
from items.models import Kind
from notifications.models import Delivery, Subscription
from notifications.notifiers import notifiers
from notifications.notifiers.base import Never
from notifications.notifiers.ocsf import CHANGES, VERSION, ocsf
from notifications.notifiers.reaching import resolved_address
from notifications.resending import send_again
from tests.factories import ItemFactory, SubscriptionFactory
from tests.notifications.happening import (
    HOSTILE,
    an_issue,
    changes,
    happens,
    sender_that_dies,
    sent,
    was_killed,
)

pytestmark = pytest.mark.django_db
CLASSES = {2003: "compliance_finding", 3004: "entity_management"}


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EXPORTS = tmp_path / "exports"
    return tmp_path / "exports"


def lines(form: str = "cloudevents", **fields: Any) -> Subscription:
    given = {"notifier": "lines", "address": "told.jsonl", "parameters": {"format": form}}
    told = SubscriptionFactory(**given | {"weekly": False} | fields)
    told.full_clean()
    return told


def read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "told.jsonl").read_text().splitlines()]


def check(event: dict[str, Any]) -> None:
    """Hold an event against what OCSF itself says of its class."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION))
    wanted = schema.get_class_schema(CLASSES[event["class_uid"]], ["cloud"])
    jsonschema_rs.validator_for(wanted).validate(event)


def test_every_change_and_issue_is_a_line(folder: Path) -> None:
    told, issue = lines(), an_issue()
    changes(issue.item, Kind.CHANGED, told, {"who": "mia"}, {"Port": 22})
    happens(issue, What.OPENED, told)
    assert sent() == ["sent"], Delivery.objects.get().last_error
    change, found = read(folder)
    assert (change["type"], found["type"]) == ("vervet.change", "vervet.issue")
    assert change["data"]["who"] == "mia"
    assert change["data"]["differences"][0]["where"] == "Port"
    assert found["data"]["item"]["name"] == HOSTILE
    assert found["id"].startswith("event-")


def test_a_repetition_writes_the_same_ids_after_a_line_that_was_cut(folder: Path) -> None:
    happens(an_issue(), What.OPENED, lines())
    sent()
    with (folder / "told.jsonl").open("a") as file:
        file.write('{"specversion": "1.')
    send_again(Delivery.objects.all(), None)
    assert sent() == ["sent"]
    first, cut, again = (folder / "told.jsonl").read_text().splitlines()
    assert json.loads(first)["id"] == json.loads(again)["id"]
    assert cut == '{"specversion": "1.'


@pytest.mark.parametrize("name", ["../told.jsonl", "/etc/passwd", ".hidden", "a/b", ""])
def test_no_line_is_written_outside_the_folder(name: str) -> None:
    with pytest.raises(ValidationError):
        notifiers["lines"].check_address(name)


@pytest.mark.parametrize("what", list(What))
def test_every_event_of_an_issue_is_an_ocsf_finding(folder: Path, what: What) -> None:
    happens(an_issue(), what, lines("ocsf"))
    assert sent() == ["sent"], Delivery.objects.get().last_error
    (event,) = read(folder)
    check(event)
    assert event["metadata"]["uid"].startswith("event-")
    state = {What.FIXED: 4, What.JUSTIFIED: 3}.get(what, 1)
    assert (event["status_id"], event["compliance"]["standards"]) == (state, ["CIS AWS"])


@pytest.mark.parametrize("kind", sorted(CHANGES))
def test_every_change_is_an_ocsf_event(folder: Path, kind: str) -> None:
    item = ItemFactory(region="")
    changes(item, Kind(kind), lines("ocsf"), {"who": "mia"}, {"Port": [22, None]})
    assert sent() == ["sent"], Delivery.objects.get().last_error
    (event,) = read(folder)
    check(event)
    assert event["actor"]["user"]["name"] == "mia"


def test_an_ocsf_event_that_lacks_something_would_be_refused() -> None:
    event = ocsf({"issue": 1, **thing()})
    check(event)
    del event["finding_info"]["uid"]
    with pytest.raises(jsonschema_rs.ValidationError):
        check(event)


def thing() -> dict[str, Any]:
    named = ("name", "uid", "full_name", "technology", "region", "account", "account_identifier")
    words = ("title", "notes", "rule", "link", "key", "issue_key", "remediation")
    return {
        **dict.fromkeys(words, "word"),
        **dict.fromkeys(("at", "opened_at"), timezone.now().isoformat()),
        "item": dict.fromkeys((*named, "provider"), "word"),
        "what": "opened",
        "state": "open",
        "severity": severity_of(9),
        "controls": [],
        "references": [],
    }


def test_all_that_happened_can_be_exported(folder: Path) -> None:
    issue = an_issue()
    changes(issue.item, Kind.CHANGED, config={"Port": 22})
    happens(issue, What.OPENED)
    old = happens(issue, What.FIXED)
    IssueEvent.objects.bulk_create(
        [
            IssueEvent(
                issue=issue,
                at=timezone.now().replace(year=2020),
                what=What.REOPENED,
                cause=Cause.CLOUD,
                version=old.version,
                score=9,
            )
        ]
    )
    assert len(exported()) == 4
    assert {one["type"] for one in exported(only="changes")} == {"vervet.change"}
    assert len(exported(since="2021-01-01", only="issues")) == 2
    for event in exported(format="ocsf"):
        check(event)
    with pytest.raises(CommandError, match="is no day"):
        call_command("exportlines", "--since=yesterday")


def exported(**options: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("exportlines", *(f"--{k}={v}" for k, v in options.items()), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


class Broker:
    """RabbitMQ, with an exchange and a queue of this test's own."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.exchange = f"vervet-test-{uuid.uuid4()}"
        self.queue = channel.queue_declare("", exclusive=True).method.queue
        channel.exchange_declare(self.exchange, "topic", auto_delete=True)
        channel.queue_bind(self.queue, self.exchange, "told.#")

    def heard(self) -> list[tuple[Any, Any, Any]]:
        found = []
        while (one := self.channel.basic_get(self.queue, auto_ack=True))[0]:
            found.append((one[0].routing_key, one[1], json.loads(one[2])))
        return found


@pytest.fixture
def broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    settings.NOTIFY_INSIDE = [ip_network("127.0.0.0/8")]
    monkeypatch.setenv("VERVET_SECRET_BROKER", "guest")
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1")) as connection:
        yield Broker(connection.channel())


def published(broker: Broker, **parameters: str) -> Subscription:
    given = {
        "user": "guest",
        "password": "env:VERVET_SECRET_BROKER",
        "exchange": broker.exchange,
        "routing_key": "told.$kind",
        "format": "cloudevents",
    }
    told = SubscriptionFactory(
        notifier="amqp",
        address="amqp://127.0.0.1",
        parameters=given | parameters,
        weekly=False,
    )
    told.full_clean()
    return told


@pytest.mark.needs("rabbitmq")
def test_each_thing_is_published_persistent_with_its_key(broker: Broker) -> None:
    told, issue = published(broker), an_issue()
    changes(issue.item, Kind.CHANGED, told)
    happens(issue, What.OPENED, told)
    assert sent() == ["sent"], Delivery.objects.get().last_error
    send_again(Delivery.objects.all(), None)
    assert sent() == ["sent"]
    first = broker.heard()
    assert [key for key, _, _ in first] == ["told.change", "told.issue"] * 2
    assert [one.message_id for _, one, _ in first[:2]] == [
        one.message_id for _, one, _ in first[2:]
    ]
    assert all(one.message_id == body["id"] for _, one, body in first)
    assert {one.delivery_mode for _, one, _ in first} == {2}
    assert {one.content_type for _, one, _ in first} == {"application/cloudevents+json"}


@pytest.mark.needs("rabbitmq")
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_two_things_publishes_the_first_again_with_its_key(
    broker: Broker,
) -> None:
    told, issue = published(broker), an_issue()
    changes(issue.item, Kind.CHANGED, told)
    happens(issue, What.OPENED, told)
    assert was_killed(sender_that_dies("notifications.notifiers.amqp:publish"))
    (first,) = [one.message_id for _, one, _ in broker.heard()]
    assert sent() == ["sent"], Delivery.objects.get().last_error
    again = [one.message_id for _, one, _ in broker.heard()]
    assert again[0] == first
    assert len(set(again)) == 2


@pytest.mark.needs("rabbitmq")
def test_what_no_queue_takes_is_tried_again(broker: Broker) -> None:
    happens(an_issue(), What.OPENED, published(broker, routing_key="lost.$kind"))
    assert sent() == ["gathering"]
    assert "No queue takes it" in Delivery.objects.get().last_error
    broker.channel.queue_bind(broker.queue, broker.exchange, "lost.#")
    assert sent() == ["sent"]
    assert len(broker.heard()) == 1


@pytest.mark.needs("rabbitmq")
@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"exchange": "vervet-not-there"}, "no exchange"), ({"user": "mallory"}, "lets the user not")],
)
def test_what_the_broker_refuses_is_given_up(
    broker: Broker, parameters: dict[str, str], said: str
) -> None:
    happens(an_issue(), What.OPENED, published(broker, **parameters))
    assert sent() == ["failed"]
    assert said in Delivery.objects.get().last_error


@pytest.mark.needs("rabbitmq")
def test_a_weekly_report_is_one_event(broker: Broker) -> None:
    now = timezone.now()
    Delivery.objects.create(
        subscription=published(broker), kind=Delivery.Kind.WEEKLY, since=now, due_at=now
    )
    assert sent() == ["sent"], Delivery.objects.get().last_error
    ((key, _, body),) = broker.heard()
    assert (key, body["type"]) == ("told.weekly", "vervet.weekly")


@pytest.mark.needs("rabbitmq")
def test_a_broker_that_says_nothing_is_given_up_in_time(broker: Broker, settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 1
    told = published(broker)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told.address = f"amqp://127.0.0.1:{silent.getsockname()[1]}"
        told.save()
        happens(an_issue(), What.OPENED, told)
        assert sent() == ["gathering"]
    assert "cannot be reached" in Delivery.objects.get().last_error


def test_no_broker_inside_is_called(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NOTIFY_INSIDE = []
    monkeypatch.setenv("VERVET_SECRET_BROKER", "guest")
    told = SubscriptionFactory(notifier="lines", address="x.jsonl", parameters={})
    told.notifier, told.address = "amqp", "amqps://127.0.0.1"
    told.parameters = notifiers["amqp"].complete({"password": "env:VERVET_SECRET_BROKER"})
    told.save()
    happens(an_issue(), What.OPENED, told)
    assert sent() == ["failed"]
    assert "is inside" in Delivery.objects.get().last_error
    with pytest.raises(Never, match="by amqps"):
        resolved_address(urlsplit("amqp://8.8.8.8"))
