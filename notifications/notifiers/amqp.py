"""Publish what is told to an exchange of RabbitMQ, by AMQP 0-9-1, each thing by itself."""

import ssl
from collections.abc import Mapping
from string import Template
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import orjson
import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    NackError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
    UnroutableError,
)

from accounts.references import PATTERN, WANTS, resolved
from accounts.types.base import Parameter
from notifications.notifiers.base import Later, Never, Notifier, Outgoing
from notifications.notifiers.formats import CONTENT_TYPES, FORMAT, Told, told
from notifications.notifiers.reaching import PORTS, check_url, resolved_address

SCHEMES = ("amqps", "amqp")
REFUSALS = (AuthenticationError, ProbableAccessDeniedError, ProbableAuthenticationError)


def check_key(text: str) -> None:
    """Raise ValueError on a routing key that names what is not known."""
    try:
        Template(text).substitute(kind="")
    except KeyError as error:
        raise ValueError(f"{error} is not known: $kind is all that may stand there") from error


class Amqp(Notifier):
    key = "amqp"
    label = "AMQP"
    address_label = "Broker"
    address_help = "Such as amqps://broker.example.com/vervet: the virtual host after the slash."
    parameters = (
        Parameter("user", "User", "", default="vervet"),
        Parameter(
            "password",
            "Password",
            "Of the user.",
            pattern=PATTERN,
            wants=WANTS,
            secret=True,
            required=True,
        ),
        Parameter("exchange", "Exchange", "It must be there.", default="vervet"),
        Parameter(
            "routing_key",
            "Routing key",
            "$kind stands for issue, change, or what else it is.",
            default="vervet.$kind",
            check=check_key,
        ),
        FORMAT,
    )
    keeps = True

    @classmethod
    def check_address(cls, address: str) -> None:
        check_url(address, SCHEMES, cls.address_help)

    def deliver(self, delivery: Outgoing) -> None:
        """Publish each thing, persistent and mandatory, and wait until the broker has each."""
        parts = urlsplit(delivery.address)
        try:
            with pika.BlockingConnection(_connecting(parts, delivery)) as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                for one in told(delivery):
                    publish(channel, delivery.parameters, one)
        except UnroutableError as error:
            raise Later("No queue takes it: bind one to the exchange.") from error
        except NackError as error:
            raise Later("The broker did not take it.") from error
        except ChannelClosedByBroker as error:
            raise Never(f"The broker refused it: {error.reply_text}") from error
        except REFUSALS as error:
            raise Never(f"{parts.hostname} lets the user not in: {type(error).__name__}") from error
        except ConnectionClosedByBroker as error:
            raise Later(f"{parts.hostname} hung up: {error.reply_text}") from error
        except (AMQPError, AMQPConnectorException, OSError) as error:
            raise Later(f"{parts.hostname} cannot be reached: {type(error).__name__}") from error


def publish(channel: Any, given: Mapping[str, Any], one: Told) -> None:
    """Publish one thing; raise as pika does where the broker has not taken it."""
    channel.basic_publish(
        exchange=given["exchange"],
        routing_key=Template(given["routing_key"]).substitute(kind=one.kind),
        body=orjson.dumps(one.form),
        properties=pika.BasicProperties(
            message_id=one.key,
            content_type=CONTENT_TYPES[given["format"]],
            delivery_mode=pika.DeliveryMode.Persistent.value,
            app_id="vervet",
        ),
        mandatory=True,
    )


def _connecting(parts: SplitResult, delivery: Outgoing) -> pika.ConnectionParameters:
    """Return how to connect to the very address that was checked."""
    address = resolved_address(parts)
    given = delivery.parameters
    encrypted = None
    if parts.scheme == "amqps":
        encrypted = pika.SSLOptions(ssl.create_default_context(), parts.hostname)
    return pika.ConnectionParameters(
        host=str(address),
        port=parts.port or PORTS[parts.scheme],
        virtual_host=unquote(parts.path[1:]) or "/",
        credentials=pika.PlainCredentials(given["user"], resolved(given["password"])),
        ssl_options=encrypted,
        connection_attempts=1,
        socket_timeout=delivery.timeout,
        stack_timeout=delivery.timeout,
        blocked_connection_timeout=delivery.timeout,
        heartbeat=delivery.timeout,  # A broker that says nothing is given up after two of these.
    )
