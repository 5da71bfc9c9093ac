"""Tell a topic of SNS."""

import json
import re

from django.core.exceptions import ValidationError

from notifications.notifiers.aws.base import ROLE, call, taken_apart
from notifications.notifiers.base import Notifier, Outgoing
from notifications.notifiers.cloudevents import event

MOST_SUBJECT = 100
MOST_BYTES = 256 * 1024


class Sns(Notifier):
    key = "aws.sns"
    label = "AWS SNS"
    address_label = "Topic"
    address_help = "The topic's ARN. It is published a CloudEvent, and plain text to its emails."
    parameters = ROLE

    @classmethod
    def check_address(cls, address: str) -> None:
        if taken_apart(address).service != "sns":
            raise ValidationError("Must be a topic's ARN: arn:aws:sns:eu-west-1:123456789012:name")

    def deliver(self, delivery: Outgoing) -> None:
        """Publish it; a FIFO topic drops a repetition within five minutes by its key."""
        topic = taken_apart(delivery.address, delivery.parameters)
        fifo = {"MessageGroupId": "vervet", "MessageDeduplicationId": delivery.key}
        call(
            topic,
            "publish",
            TopicArn=delivery.address,
            Subject=subject(delivery.subject),
            Message=message(delivery),
            MessageStructure="json",
            MessageAttributes={
                "key": {"DataType": "String", "StringValue": delivery.key},
                "kind": {"DataType": "String", "StringValue": delivery.kind},
            },
            **(fifo if topic.name.endswith(".fifo") else {}),
        )


def subject(text: str) -> str:
    """Return a line that SNS takes for a subject: ASCII that begins with no blank."""
    plain = re.sub(r"[^\x20-\x7e]", "?", " ".join(text.split()))
    return plain[:MOST_SUBJECT] or "Vervet"


def message(delivery: Outgoing) -> str:
    """Return what each kind of subscriber reads; facts and text give way where it is too long."""
    told = event(delivery)
    forms = (
        (told, delivery.text),
        ({**told, "data": {**told["data"], "facts": {}}}, delivery.text),
        ({**told, "data": {**told["data"], "facts": {}, "text": ""}}, delivery.text[:20_000]),
    )
    for whole, text in forms:
        said = json.dumps({"default": json.dumps(whole), "email": text})
        if len(said.encode()) <= MOST_BYTES:
            break
    return said
