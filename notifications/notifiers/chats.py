"""Tell a channel of Slack or Teams, by its incoming webhook, whose URL is a secret itself."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS, resolved
from notifications.notifiers.base import Notifier, Outgoing
from notifications.notifiers.reaching import post

MOST_THINGS = 10
MOST_TEXT = 2900  # A section of Slack takes 3000 characters.
MOST_HEADING = 150


class Chat(Notifier):
    """What both have in common: where the URL lies, and one post."""

    address_label = "Where the webhook's URL lies"
    address_help = f"The URL is a secret: write {WANTS}."

    @classmethod
    def check_address(cls, address: str) -> None:
        if not re.fullmatch(PATTERN, address, re.ASCII):
            raise ValidationError(f"Whoever knows the URL may post there: write {WANTS}.")

    def deliver(self, delivery: Outgoing) -> None:
        """Post the message."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": delivery.key}
        post(resolved(delivery.address), self.body(delivery), headers, delivery.timeout)

    def body(self, delivery: Outgoing) -> dict[str, Any]:
        """Return the message as the service wants it."""
        raise NotImplementedError


class Slack(Chat):
    key = "slack"
    label = "Slack"

    def body(self, delivery: Outgoing) -> dict[str, Any]:
        lines = "\n".join(f"• {escaped(one)}" for one in sentences(delivery))
        blocks: list[dict[str, Any]] = [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": delivery.subject[:MOST_HEADING]},
            }
        ]
        if lines:
            blocks.append(_section(lines[:MOST_TEXT]))
        blocks.append(_section(f"<{delivery.link}|Open in Vervet>"))
        return {"text": escaped(delivery.subject), "blocks": blocks}


class Teams(Chat):
    key = "teams"
    label = "Teams"

    def body(self, delivery: Outgoing) -> dict[str, Any]:
        texts = [_text(delivery.subject[:MOST_HEADING], weight="Bolder")]
        texts += [_text(one) for one in sentences(delivery)]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": texts,
            "actions": [
                {"type": "Action.OpenUrl", "title": "Open in Vervet", "url": delivery.link}
            ],
        }
        kind = "application/vnd.microsoft.card.adaptive"
        return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def sentences(delivery: Outgoing) -> Iterator[str]:
    """Yield one line for each thing that is told, worst first, and how many are left out."""
    facts = delivery.facts
    lines = [
        f"{one['title']}, {one['what']}: {one['item']['name']}. {one['notes']}"
        for one in facts.get("issues", ())
    ]
    lines += [f"{one['item']['name']} {one['what']}" for one in facts.get("changes", ())]
    for line in lines[:MOST_THINGS]:
        yield " ".join(line.split())[:250]
    if lines[MOST_THINGS:]:
        yield f"and {len(lines[MOST_THINGS:])} more"


def escaped(text: str) -> str:
    """Return a text of which Slack makes no link and no mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _text(text: str, **more: str) -> dict[str, Any]:
    """Return a text block in which the signs of Markdown are only signs."""
    safe = re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", text)
    return {"type": "TextBlock", "text": safe, "wrap": True, **more}
