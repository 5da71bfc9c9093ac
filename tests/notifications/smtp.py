"""A real SMTP server on loopback that keeps what it was sent, and can misbehave."""

import logging
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller


class Inbox:
    """What arrived; ``before_answer`` may be set to do something before it is acknowledged."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = ""
        self.bounces: dict[str, str] = {}
        """What is answered to an address;"""
        self.mood: Callable[[str], str] = lambda to: "take"
        """and what is done with a mail: take, die, take and die, or an answer that refuses it."""
        self.before_answer: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.bounces:
            return self.bounces[address]
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        mood = self.mood(envelope.rcpt_tos[0])
        if mood.startswith("take"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.before_answer()
        if mood.endswith("die"):
            server.transport.abort()
        if mood != "take":
            return mood
        return "250 taken"


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    """Lead the product's mails to a server of this test."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    box = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "127.0.0.1",
        controller.server.sockets[0].getsockname()[1],
    )
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield box
    controller.stop()


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()
