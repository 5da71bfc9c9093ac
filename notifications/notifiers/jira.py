"""Keep a ticket of each issue in a project of Jira, Cloud or Data Center, by its REST API 2."""

import json
import re
from base64 import b64encode
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS, resolved
from accounts.types.base import Parameter
from notifications.notifiers.base import Never, Outgoing
from notifications.notifiers.mapping import fields_of, fields_parameter
from notifications.notifiers.reaching import ask, check_url
from notifications.notifiers.tickets import Desk, Thing, Tracker

MOST_READ = 16 << 20
MOST_SUMMARY = 255
MOST_PART = 10_000  # A description takes 32767 characters.
MOST_COMMENTS = 5000
LABEL = "vervet"
PROJECT = r"(.*)/browse/([A-Z][A-Z0-9_]+)"


class Jira(Tracker):
    key = "jira"
    label = "Jira"
    address_label = "Project"
    address_help = "Such as https://acme.atlassian.net/browse/SEC."
    parameters = (
        Parameter(
            "user",
            "User",
            "In Jira Cloud the email address of the token's owner. Empty: Data Center, where a "
            "personal access token says who it is.",
        ),
        Parameter(
            "token",
            "Token",
            "An API token, or a personal access token.",
            pattern=PATTERN,
            wants=WANTS,
            secret=True,
            required=True,
        ),
        Parameter("type", "Type of tickets", "", default="Task"),
        Parameter(
            "close",
            "Status when closed",
            "Empty: the first that the project counts as done.",
        ),
        Parameter(
            "reopen",
            "Status when opened again",
            "Empty: the first that the project does not count as done.",
        ),
        fields_parameter(
            '{"priority": {"critical": {"name": "Highest"}, "high": {"name": "High"}}, '
            '"customfield_10011": "$account"}'
        ),
    )

    @classmethod
    def check_address(cls, address: str) -> None:
        check_url(address)
        if not re.fullmatch(PROJECT, urlsplit(address).path, re.ASCII):
            raise ValidationError(f"Must be a project. {cls.address_help}")

    @classmethod
    def page_of(cls, address: str, reference: str) -> str:
        return f"{address.rpartition('/')[0]}/{reference}"

    def desk(self, delivery: Outgoing) -> Desk:
        return Project(delivery)


class Project(Desk):
    def __init__(self, delivery: Outgoing) -> None:
        parts = urlsplit(delivery.address)
        found = re.fullmatch(PROJECT, parts.path, re.ASCII)
        if not found:
            raise Never(f"{delivery.address} is no project of Jira.")
        self.project = found[2]
        self.root = f"{parts.scheme}://{parts.netloc}{found[1]}/rest/api/2"
        self.given, self.timeout = delivery.parameters, delivery.timeout
        token, user = resolved(self.given["token"]), self.given["user"]
        # Cloud has moved its search, and wants user and token.
        self.search = f"{self.root}/search/jql" if user else f"{self.root}/search"
        basic = b64encode(f"{user}:{token}".encode()).decode()
        self.headers = {
            "Authorization": f"Basic {basic}" if user else f"Bearer {token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }

    def find(self, mark: str, since: datetime) -> str:
        jql = f'project = "{self.project}" AND labels = "{mark}"'
        found = self._ask("GET", self.search, query={"jql": jql, "fields": "key"})
        return str(found["issues"][0]["key"]) if found["issues"] else ""

    def create(self, thing: Thing, mark: str) -> str:
        item = thing["item"]
        about = [
            thing["notes"],
            f"{item['account']} / {item['label']} / {item['name']}",
            thing["remediation"],
        ]
        summary = " ".join(f"{thing['title']}: {item['name']}".split())[:MOST_SUMMARY]
        fields = fields_of(self.given["fields"], thing)
        fields = {
            "project": {"key": self.project},
            "issuetype": {"name": self.given["type"]},
            "summary": summary,
            "description": "\n\n".join(
                [
                    f"{thing['severity']}, score {thing['score']}. [Vervet|{thing['link']}]",
                    *(_plain(one) for one in about if one),
                ]
            ),
            **fields,
            "labels": [LABEL, mark, *fields.get("labels", ())],
        }
        return str(self._ask("POST", f"{self.root}/issue", {"fields": fields})["key"])

    def has_said(self, reference: str, mark: str) -> bool:
        query = {"maxResults": MOST_COMMENTS, "orderBy": "-created"}
        found = self._ask("GET", f"{self._issue(reference)}/comment", query=query)
        return any(f"({mark})" in str(one["body"]) for one in found["comments"])

    def comment(self, reference: str, text: str, mark: str) -> None:
        self._ask("POST", f"{self._issue(reference)}/comment", {"body": f"{text}\n\n({mark})"})

    def move(self, reference: str, state: str) -> None:
        opens = state == "open"
        issue = self._ask("GET", self._issue(reference), query={"fields": "status"})
        status = issue["fields"]["status"]
        if (status["statusCategory"]["key"] != "done") == opens:
            return
        wanted = self.given["reopen" if opens else "close"]
        offered = self._ask("GET", f"{self._issue(reference)}/transitions")["transitions"]
        for one in offered:
            leads = one["to"]
            done = leads["statusCategory"]["key"] == "done"
            if leads["name"] == wanted if wanted else done != opens:
                asked = {"transition": {"id": one["id"]}}
                self._ask("POST", f"{self._issue(reference)}/transitions", asked)
                return
        raise Never(
            f"{reference} has no way from {status['name']} to "
            f"{wanted or ('an open status' if opens else 'one that is done')}: name another status."
        )

    def _issue(self, reference: str) -> str:
        return f"{self.root}/issue/{quote(reference, safe='')}"

    def _ask(self, method: str, url: str, body: Any = None, query: Any = None) -> Any:
        asked = url + (f"?{urlencode(query)}" if query else "")
        said = ask(method, asked, body, self.headers, self.timeout, MOST_READ)
        return json.loads(said) if said else None


def _plain(text: str) -> str:
    """Return a text in which nothing is markup: no mention, no link, no macro."""
    safe = str(text)[:MOST_PART].replace("{noformat}", "{ noformat }")
    return f"{{noformat}}{safe}{{noformat}}"
