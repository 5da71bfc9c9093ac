"""Keep a ticket of each issue in a repository of GitHub, by its REST API of 2022-11-28."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS, resolved
from accounts.types.base import Parameter
from notifications.notifiers.base import Outgoing
from notifications.notifiers.mapping import fields_of, fields_parameter
from notifications.notifiers.reaching import ask, check_url
from notifications.notifiers.tickets import Desk, Thing, Tracker

PAGE = 100
MOST_READ = 16 << 20
MOST_TITLE = 256
MOST_PART = 20_000
SKEW = timedelta(minutes=10)
"""By which their clock may be behind ours."""
CLOSED = {"fixed": "completed", "justified": "not_planned"}


class GitHub(Tracker):
    key = "github"
    label = "GitHub issues"
    address_label = "Repository"
    address_help = "Such as https://github.com/acme/security, or in GitHub Enterprise."
    parameters = (
        Parameter(
            "token",
            "Token",
            "It may write issues.",
            pattern=PATTERN,
            wants=WANTS,
            secret=True,
            required=True,
        ),
        fields_parameter('{"labels": ["security", "$severity"], "assignees": ["octocat"]}'),
    )

    @classmethod
    def check_address(cls, address: str) -> None:
        check_url(address)
        if not re.fullmatch(r"/[\w-]+/[\w.-]+", urlsplit(address).path, re.ASCII):
            raise ValidationError(f"Must be a repository. {cls.address_help}")

    @classmethod
    def page_of(cls, address: str, reference: str) -> str:
        return f"{address}/issues/{reference}"

    def desk(self, delivery: Outgoing) -> Desk:
        token = resolved(delivery.parameters["token"])
        fields = delivery.parameters["fields"]
        return Repository(delivery.address, token, fields, delivery.timeout)


class Repository(Desk):
    def __init__(self, address: str, token: str, fields: str, timeout: int) -> None:
        parts = urlsplit(address)
        root = f"{parts.scheme}://{parts.netloc}/api/v3"
        if parts.hostname == "github.com":
            root = "https://api.github.com"
        self.issues = f"{root}/repos{parts.path}/issues"
        self.fields, self.timeout = fields, timeout
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "vervet",
        }

    def find(self, mark: str, since: datetime) -> str:
        given = {"state": "all", "since": _moment(since - SKEW), "sort": "created"}
        for page in range(1, 1000):
            found = self._ask("GET", self.issues, query={**given, "page": page, "per_page": PAGE})
            for one in found:
                if _hidden(mark) in (one["body"] or ""):
                    return str(one["number"])
            if len(found) < PAGE:
                break
        return ""

    def create(self, thing: Thing, mark: str) -> str:
        item = thing["item"]
        parts = [
            f"{_code(thing['notes'])}",
            f"{_code(item['account'])} / {_code(item['label'])} / {_code(item['name'])}",
            f"**{thing['severity']}**, score {thing['score']}. [Open in Vervet]({thing['link']})",
            f"{_code(thing['remediation'])}" if thing["remediation"] else "",
            _hidden(mark),
        ]
        title = f"{thing['title']}: {item['name']}"
        given = {"title": " ".join(title.split())[:MOST_TITLE], "body": _paragraphs(parts)}
        made = self._ask("POST", self.issues, {**given, **fields_of(self.fields, thing)})
        return str(made["number"])

    def has_said(self, reference: str, mark: str) -> bool:
        # A ticket gets a comment for what happens to its issue, not for each look at it.
        for page in range(1, 1000):
            query = {"page": page, "per_page": PAGE}
            found = self._ask("GET", f"{self.issues}/{reference}/comments", query=query)
            if any(_hidden(mark) in (one["body"] or "") for one in found):
                return True
            if len(found) < PAGE:
                break
        return False

    def comment(self, reference: str, text: str, mark: str) -> None:
        body = _paragraphs([text, _hidden(mark)])
        self._ask("POST", f"{self.issues}/{reference}/comments", {"body": body})

    def move(self, reference: str, state: str) -> None:
        closed = {"state": "closed", "state_reason": CLOSED.get(state)}
        self._ask(
            "PATCH",
            f"{self.issues}/{reference}",
            {"state": "open"} if state == "open" else closed,
        )

    def _ask(self, method: str, url: str, body: Any = None, query: Any = None) -> Any:
        asked = url + (f"?{urlencode(query)}" if query else "")
        return json.loads(ask(method, asked, body, self.headers, self.timeout, MOST_READ))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _hidden(mark: str) -> str:
    return f"<!-- vervet {mark} -->"


def _code(text: str) -> str:
    """Return a text as code, in which nothing is a mention, a link, or anything else."""
    plain = " ".join(str(text)[:MOST_PART].split()) or "-"
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    return f"{fence} {plain} {fence}"


def _paragraphs(parts: list[str]) -> str:
    return "\n\n".join(filter(None, parts))
