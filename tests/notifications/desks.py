"""GitHub's and Jira's REST APIs on loopback, as far as issues go, as strict as their pages say."""

import json
import re
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "desk-token"
Answer = tuple[int, Any]


class DeskServer(ABC):
    """What tickets there are, what was asked, and what it refuses."""

    base = ""
    """The path below which the API is."""
    repository = ""
    """The path that an address ends with."""
    parameters: dict[str, str]
    """How a subscription reaches it; the token lies where it says."""

    def __init__(self) -> None:
        self.tickets: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.refuse: dict[tuple[str, str], int] = {}
        self.before_answer: Callable[[str, str], None] = lambda method, path: None
        self.url = ""

    @property
    def address(self) -> str:
        return self.url + self.repository

    @abstractmethod
    def lets_in(self, headers: Any) -> bool: ...

    @abstractmethod
    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer: ...

    @abstractmethod
    def states(self) -> list[str]:
        """open or closed, of every ticket."""

    @abstractmethod
    def comments(self) -> list[str]: ...


class GitHubServer(DeskServer):
    base = "/api/v3"
    repository = "/acme/security"
    parameters = {"token": "env:VERVET_SECRET_DESK", "fields": '{"labels": ["sec", "$severity"]}'}
    fields = {"title", "body", "labels", "assignees", "milestone", "type"}

    def lets_in(self, headers: Any) -> bool:
        versioned = headers["X-GitHub-Api-Version"] == "2022-11-28" and headers["User-Agent"]
        return bool(versioned) and headers["Authorization"] == f"Bearer {TOKEN}"

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        found = re.fullmatch(r"/repos/acme/security/issues(?:/(\d+)(/comments)?)?", path)
        if not found or (found[1] and found[1] not in self.tickets):
            return 404, {"message": "Not Found"}
        number, comments = found.groups()
        if not number:
            return self._list(query) if method == "GET" else self._create(body)
        ticket = self.tickets[number]
        if ticket.get("gone"):
            return 410, {"message": "This issue was deleted"}
        if comments:
            if method == "GET":
                return 200, self._page(ticket["comments"], query)
            ticket["comments"].append({"body": body["body"]})
            return 201, {"id": 1, **body}
        assert method == "PATCH"
        wrong = body["state"] not in ("open", "closed")
        reasons = ("completed", "not_planned", "reopened", None)
        if wrong or body.get("state_reason") not in reasons:
            return 422, {"message": "Validation Failed"}
        ticket |= body
        return 200, ticket

    def _create(self, body: Any) -> Answer:
        if not body.get("title") or set(body) - self.fields or len(body["title"]) > 256:
            return 422, {"message": "Validation Failed"}
        number = len(self.tickets) + 1
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = {**body, "number": number, "state": "open", "updated_at": now, "comments": []}
        self.tickets[str(number)] = made
        return 201, made

    def _list(self, query: dict[str, str]) -> Answer:
        rows = [one for one in self.tickets.values() if one["updated_at"] >= query["since"]]
        state = query.get("state", "open")
        return 200, self._page([r for r in rows if state in ("all", r["state"])], query)

    def _page(self, rows: list[Any], query: dict[str, str]) -> list[Any]:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        assert size <= 100
        return rows[(page - 1) * size : page * size]

    def states(self) -> list[str]:
        return [one["state"] for one in self.tickets.values()]

    def comments(self) -> list[str]:
        return [said["body"] for one in self.tickets.values() for said in one["comments"]]


class JiraServer(DeskServer):
    """Jira Cloud: its search is at a path of its own."""

    base = "/rest/api/2"
    repository = "/browse/SEC"
    parameters = {
        "user": "robot@example.com",
        "token": "env:VERVET_SECRET_DESK",
        "type": "Task",
        "close": "",
        "reopen": "",
        "fields": '{"priority": {"critical": {"name": "Highest"}}, "labels": ["$account"]}',
    }
    ways = {
        "To Do": ("In Progress", "Done", "Rejected"),
        "In Progress": ("To Do", "Done"),
        "Done": ("To Do", "Reopened"),
        "Rejected": ("Reopened",),
        "Reopened": ("Done", "Rejected"),
    }
    done = ("Done", "Rejected")
    search = "/search/jql"

    def lets_in(self, headers: Any) -> bool:
        basic = b64encode(f"robot@example.com:{TOKEN}".encode()).decode()
        return bool(headers["Authorization"] == f"Basic {basic}")

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        if path == self.search:
            return 200, {"issues": self._found(query["jql"])}
        if (method, path) == ("POST", "/issue"):
            return self._create(body["fields"])
        found = re.fullmatch(r"/issue/(SEC-\d+)(/comment|/transitions)?", path)
        if not found or found[1] not in self.tickets or self.tickets[found[1]].get("gone"):
            return 404, {"errorMessages": ["Issue does not exist or you cannot see it."]}
        ticket = self.tickets[found[1]]
        if not found[2]:
            return 200, {"fields": {"status": self._status(ticket["status"])}}
        if found[2] == "/comment":
            if method == "GET":
                return 200, {"comments": ticket["comments"]}
            ticket["comments"].append({"body": body["body"]})
            return 201, {"id": "1", **body}
        ways = self.ways[ticket["status"]]
        if method == "GET":
            offered = [{"id": f"{10 + n}", "name": one} for n, one in enumerate(ways)]
            return 200, {"transitions": [o | {"to": self._status(o["name"])} for o in offered]}
        chosen = int(body["transition"]["id"]) - 10
        if not 0 <= chosen < len(ways):
            return 400, {"errorMessages": ["It seems that you have tried an invalid workflow"]}
        ticket["status"] = ways[chosen]
        return 204, None

    def _status(self, name: str) -> dict[str, Any]:
        return {"name": name, "statusCategory": {"key": "done" if name in self.done else "new"}}

    def _create(self, fields: Any) -> Answer:
        summary, labels = fields.get("summary", ""), fields.get("labels", [])
        right = fields.get("project") == {"key": "SEC"} and fields.get("issuetype") == {
            "name": "Task"
        }
        priority = fields.get("priority", {"name": "Highest"})["name"]
        if not right or not summary or "\n" in summary or len(summary) > 255:
            return 400, {"errors": {"summary": "is wrong"}}
        if any(" " in label for label in labels) or priority != "Highest":
            return 400, {"errors": {"labels": "The label contains spaces which is invalid."}}
        if len(fields["description"]) > 32767:
            return 400, {"errors": {"description": "is too long"}}
        key = f"SEC-{len(self.tickets) + 1}"
        self.tickets[key] = {"fields": fields, "status": "To Do", "comments": []}
        return 201, {"id": "1", "key": key, "self": f"{self.url}/rest/api/2/issue/1"}

    def _found(self, jql: str) -> list[dict[str, str]]:
        asked = re.fullmatch(r'project = "SEC" AND labels = "([^"]+)"', jql)
        assert asked
        return [
            {"key": key} for key, one in self.tickets.items() if asked[1] in one["fields"]["labels"]
        ]

    def states(self) -> list[str]:
        rows = self.tickets.values()
        return ["closed" if one["status"] in self.done else "open" for one in rows]

    def comments(self) -> list[str]:
        return [said["body"] for one in self.tickets.values() for said in one["comments"]]


class JiraDataCenter(JiraServer):
    parameters = {**JiraServer.parameters, "user": ""}
    search = "/search"

    def lets_in(self, headers: Any) -> bool:
        return bool(headers["Authorization"] == f"Bearer {TOKEN}")


@contextmanager
def serving(desk: DeskServer) -> Iterator[DeskServer]:
    """Serve an API on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix(desk.base)
            length = int(self.headers["Content-Length"] or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            desk.asked.append((self.command, path))
            code, said = 401, {"message": "Bad credentials"}
            refused = next(
                (n for (m, p), n in desk.refuse.items() if (m, p) == (self.command, path)), 0
            )
            if refused:
                code, said = refused, {"message": "Refused by the test"}
            elif desk.lets_in(self.headers) and parts.path.startswith(desk.base):
                code, said = desk.answer(self.command, path, dict(parse_qsl(parts.query)), body)
            desk.before_answer(self.command, path)
            sent = json.dumps(said).encode() if code != 204 else b""
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def do_PATCH(self) -> None:
            self.answer()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
