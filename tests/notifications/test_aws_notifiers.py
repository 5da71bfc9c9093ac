"""SNS and Security Hub, on a server that speaks AWS's API: what arrives, and what is kept there."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audits.models import Issue, What
from audits.reviewing import justify, withdraw
from notifications.following import follow
from notifications.models import Delivery, Line, Subscription, Ticket
from notifications.notifiers import notifiers
from notifications.notifiers.aws.sns import MOST_BYTES, message, subject
from notifications.notifiers.base import Later, Never
from notifications.sending import send_due
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import Scan
from tests.factories import SubscriptionFactory, UserFactory, a_rule
from tests.items.test_recording import close_port, make_group, open_port
from tests.notifications.happening import (
    an_issue,
    delivering,
    happens,
    sender_that_dies,
    sent,
    was_killed,
)
from tests.notifications.test_line import HOSTILE, OPEN
from tests.notifications.test_posting import outgoing

ACCOUNT = "222222222222"
HUB = f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:hub/default"
VERVET = {"role_name": "Vervet"}


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", ACCOUNT)


@pytest.fixture
def queue(cloud: MotoCloud, cloud_env: None) -> tuple[str, Any]:
    """A topic, and what arrives in a queue that it is subscribed by."""
    return subscribed(cloud, "")


@pytest.fixture
def fifo(cloud: MotoCloud, cloud_env: None) -> tuple[str, Any]:
    """The same, of those that keep the order and drop what they heard."""
    return subscribed(cloud, ".fifo", FifoQueue="true")


def subscribed(cloud: MotoCloud, suffix: str, **kind: str) -> tuple[str, Any]:
    sqs = cloud.client("sqs", "eu-west-1", ACCOUNT)
    sns = cloud.client("sns", "eu-west-1", ACCOUNT)
    url = sqs.create_queue(QueueName=f"heard{suffix}", Attributes=kind)["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    ordered = {"FifoTopic": "true"} if kind else {}
    topic = sns.create_topic(Name=f"told{suffix}", Attributes=ordered)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"])

    def heard() -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(one["Body"]) for one in got]

    return topic, heard


def test_a_topic_is_published_the_event_and_the_key(queue: tuple[str, Any]) -> None:
    topic, heard = queue
    told = outgoing("aws.sns", "", address=topic, parameters=VERVET)
    for _ in range(2):
        notifiers["aws.sns"]().deliver(told)
    first, again = heard()
    event = json.loads(first["Message"])
    assert (event["specversion"], event["id"]) == ("1.0", told.key)
    assert event["data"]["facts"]["issues"][0]["title"] == "Open to the world"
    assert first["MessageAttributes"]["key"]["Value"] == told.key
    assert first["MessageAttributes"]["key"] == again["MessageAttributes"]["key"]


@pytest.mark.django_db(transaction=True)
def test_a_fifo_topic_drops_what_a_killed_worker_had_published(
    fifo: tuple[str, Any], faults: FaultProxy
) -> None:
    topic, heard = fifo
    told = SubscriptionFactory(notifier="aws.sns", address=topic, parameters=VERVET, weekly=False)
    happens(an_issue(), What.OPENED, told)
    assert was_killed(sender_that_dies(delivering("aws.sns")))
    assert sent() == ["sent"], Delivery.objects.get().last_error
    published = [call for call in faults.asked if call.operation == "Publish"]
    assert len(published) == 2
    (only,) = heard()
    assert json.loads(only["Message"])["id"] == Delivery.objects.get().message_id.strip("<>")


def test_what_topics_take_is_kept_to(queue: tuple[str, Any]) -> None:
    assert subject("\n [high] Größe\x00 " + "x" * 200).startswith("[high] Gr??e?")
    assert len(subject("x" * 200)) == 100
    long = outgoing("aws.sns", "", text="t" * 200_000, facts={"issues": ["\N{SNOWMAN}" * 90_000]})
    said = json.loads(message(long))
    assert len(message(long).encode()) <= MOST_BYTES
    assert json.loads(said["default"])["id"] == long.key


def test_a_topic_that_is_gone_is_given_up_and_a_busy_one_is_not(
    queue: tuple[str, Any], faults: FaultProxy
) -> None:
    topic, _ = queue
    told = outgoing("aws.sns", "", address=f"{topic}-gone", parameters=VERVET)
    with pytest.raises(Never, match="not exist"):
        notifiers["aws.sns"]().deliver(told)
    faults.add(operation="Publish", code="InternalError", status=500)
    with pytest.raises(Later):
        notifiers["aws.sns"]().deliver(outgoing("aws.sns", "", address=topic, parameters=VERVET))


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("aws.sns", "https://sns.eu-west-1.amazonaws.com"),
        ("aws.sns", HUB),
        ("aws.sns", "arn:aws:sns:evil.example.com/:222222222222:told"),
        ("aws.securityhub", "arn:aws:sns:eu-west-1:222222222222:told"),
        ("aws.securityhub", HUB.replace("default", "other")),
    ],
)
def test_only_its_own_arns_are_taken(key: str, address: str) -> None:
    with pytest.raises(ValidationError):
        notifiers[key].check_address(address)


class Hub:
    """What Security Hub has, and the line that leads there."""

    def __init__(self, cloud: MotoCloud, subscription: Subscription) -> None:
        self.hub = cloud.client("securityhub", "eu-west-1", ACCOUNT)
        self.subscription = subscription

    def told(self) -> list[dict[str, Any]]:
        """Send what was gathered, and return what is there then."""
        follow()
        send_due(now_too=True)
        return self.there()

    def there(self) -> list[dict[str, Any]]:
        return self.hub.get_findings()["Findings"]

    def states(self) -> list[str]:
        return sorted(one["RecordState"] for one in self.told())


@pytest.fixture
def hub(cloud: MotoCloud, scan: Scan) -> Hub:
    a_rule("open", **OPEN, controls=["CIS AWS 5.2"])
    told = SubscriptionFactory(
        notifier="aws.securityhub", address=HUB, parameters=VERVET, weekly=False
    )
    return Hub(cloud, told)


def test_each_issue_is_a_finding_also_those_of_a_first_look(hub: Hub, ec2: Any, scan: Scan) -> None:
    group = make_group(ec2, "web", 443)
    scan()
    (finding,) = hub.told()
    issue = Issue.objects.get()
    assert finding["Title"] == "Open to the world"
    assert finding["Severity"]["Label"] == "CRITICAL"
    assert finding["Compliance"] == {"Status": "FAILED", "RelatedRequirements": ["CIS AWS 5.2"]}
    assert finding["Resources"][0]["Id"] == issue.item.full_name
    assert finding["Resources"][0]["Id"].endswith(group)
    assert finding["Remediation"]["Recommendation"]["Text"] == "Name the networks that need it."
    assert finding["SourceUrl"].endswith(f"/audits/issue/{issue.pk}/change/")
    assert (
        finding["ProductArn"]
        == f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:product/{ACCOUNT}/default"
    )
    assert Ticket.objects.get().reference == finding["Id"]


def test_a_finding_is_archived_when_fixed_and_active_when_it_comes_again(
    hub: Hub, ec2: Any, scan: Scan
) -> None:
    group = make_group(ec2, "web", 443)
    scan()
    assert hub.states() == ["ACTIVE"]
    close_port(ec2, group, 443)
    scan()
    assert hub.states() == ["ARCHIVED"], "though fixed issues were not asked for"
    assert hub.there()[0]["Compliance"]["Status"] == "PASSED"
    open_port(ec2, group, 443)
    scan()
    assert hub.states() == ["ACTIVE"]
    assert len(hub.there()) == 1


def test_what_is_justified_is_archived_and_what_is_told_is_told_once(
    hub: Hub, ec2: Any, scan: Scan
) -> None:
    make_group(ec2, "web", 443)
    scan()
    assert hub.states() == ["ACTIVE"]
    boss = UserFactory(is_superuser=True)
    justify(list(Issue.objects.all()), boss, "known", None)
    assert hub.states() == ["ARCHIVED"]
    withdraw(Issue.objects.all(), boss)
    assert hub.states() == ["ACTIVE"]
    before = Delivery.objects.count()
    assert hub.states() == ["ACTIVE"]
    assert Delivery.objects.count() == before
    assert Line.objects.filter(event__what=What.JUSTIFIED).count() == 1


def test_an_entry_is_followed_only_where_it_is(hub: Hub, ec2: Any, scan: Scan) -> None:
    group = make_group(ec2, "web", 443)
    scan()
    hub.told()
    other = SubscriptionFactory(address="reader@example.com", weekly=False)
    Line.objects.filter(subscription=other).delete()
    close_port(ec2, group, 443)
    scan()
    assert follow() == 1, "for the hub alone"
    assert set(
        Line.objects.filter(event__what=What.FIXED).values_list("subscription", flat=True)
    ) == {hub.subscription.pk}
    assert follow() == 0


def test_more_findings_than_one_call_takes_come_in_several(hub: Hub, ec2: Any, scan: Scan) -> None:
    for first in (1000, 2000, 3000):
        make_group(ec2, f"web{first}", *range(first, first + 45))
    scan()
    hub.told()
    pages = hub.hub.get_paginator("get_findings").paginate()
    assert len({one["Id"] for page in pages for one in page["Findings"]}) == 135


def test_a_refused_call_is_kept_and_says_why(
    hub: Hub, ec2: Any, scan: Scan, faults: FaultProxy
) -> None:
    make_group(ec2, HOSTILE[:50].replace("<", "("), 443)
    scan()
    faults.add(operation="BatchImportFindings", code="InternalException", status=500)
    send_due(now_too=True)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("gathering", 1)
    faults.reset()
    assert hub.states() == ["ACTIVE"]
