"""Notifiers over HTTP: what they post, what answers mean, and where they never go."""

import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from notifications.notifiers import notifiers
from notifications.notifiers.base import Later, Never, Outgoing
from notifications.notifiers.reaching import post

SECRET = "env:VERVET_SECRET_HOOK"
POSTING = ("webhook", "slack", "teams")
HOSTILE = "<!channel> & [x](http://evil)"


class Receiver:
    """A service on loopback: what it heard, and what it answers."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.before_answer: Callable[[], None] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.heard.append((dict(self.headers), body))
                receiver.before_answer()
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    settings.NOTIFY_INSIDE = [ip_network("127.0.0.0/8")]
    one = Receiver()
    monkeypatch.setenv("VERVET_SECRET_HOOK", one.url)  # For chats the URL is the secret.
    Thread(target=one.server.serve_forever, args=(0.02,), daemon=True).start()
    yield one
    one.server.shutdown()
    one.server.server_close()


def outgoing(key: str, url: str, **more: Any) -> Outgoing:
    item = {"name": HOSTILE}
    issue = {"title": "Open to the world", "item": item, "notes": "Anyone reaches tcp 22."}
    issue["what"] = "fixed"
    given: dict[str, Any] = {
        "key": "7@vervet.example.com",
        "attempt": 1,
        "kind": "alert",
        "address": url if key == "webhook" else SECRET,
        "parameters": {"secret": SECRET},
        "subject": f"[critical] {HOSTILE}",
        "text": "text",
        "html": "<html>",
        "link": "https://vervet.example.com/audits/issue/7/",
        "facts": {"kind": "alert", "issues": [issue] * 12},
        "timeout": 2,
    }
    return Outgoing(**given | more)


@pytest.mark.parametrize("key", POSTING)
def test_a_repetition_carries_the_same_key(key: str, receiver: Receiver) -> None:
    receiver.answers += [(503, {"Retry-After": "120"}), (200, {})]
    with pytest.raises(Later) as caught:
        notifiers[key]().deliver(outgoing(key, receiver.url))
    assert caught.value.after == timedelta(seconds=120)
    notifiers[key]().deliver(outgoing(key, receiver.url, attempt=2))
    keys = [headers["Idempotency-Key"] for headers, _ in receiver.heard]
    assert keys == ["7@vervet.example.com"] * 2


@pytest.mark.parametrize("key", POSTING)
@pytest.mark.parametrize("status", [401, 404, 302])
def test_what_is_refused_is_not_tried_again(key: str, status: int, receiver: Receiver) -> None:
    receiver.answers.append((status, {"Location": receiver.url}))
    with pytest.raises(Never, match=str(status)):
        notifiers[key]().deliver(outgoing(key, receiver.url))
    assert len(receiver.heard) == 1, "a redirect is not followed"


@pytest.mark.parametrize("key", POSTING)
def test_nothing_inside_is_called_unless_allowed(
    key: str, receiver: Receiver, settings: Any
) -> None:
    settings.NOTIFY_INSIDE = []
    with pytest.raises(Never, match="is inside"):
        notifiers[key]().deliver(outgoing(key, receiver.url))
    assert receiver.heard == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
    ],
)
def test_no_way_of_writing_leads_inside(host: str, settings: Any) -> None:
    settings.NOTIFY_INSIDE = []
    with pytest.raises(Never, match="is inside"):
        post(f"https://{host}/", {}, {}, 1)


def test_what_is_outside_is_never_called_in_the_clear(settings: Any) -> None:
    with pytest.raises(Never, match="by https"):
        post("http://8.8.8.8/", {}, {}, 1)


def test_who_does_not_answer_is_tried_again_and_the_url_stays_secret(settings: Any) -> None:
    settings.NOTIFY_INSIDE = [ip_network("127.0.0.0/8")]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/T0/token"
        with pytest.raises(Later) as caught:
            post(url, {}, {}, 1)
    assert "token" not in str(caught.value)


def test_a_webhook_is_a_cloud_event_whose_signature_holds(receiver: Receiver) -> None:
    notifiers["webhook"]().deliver(outgoing("webhook", receiver.url))
    ((headers, body),) = receiver.heard
    signed = headers["Vervet-Timestamp"].encode() + b"." + body
    mark = hmac.new(receiver.url.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Vervet-Signature"] == f"sha256={mark}"
    assert headers["Content-Type"] == "application/cloudevents+json"
    event = json.loads(body)
    assert (event["specversion"], event["id"]) == ("1.0", "7@vervet.example.com")
    assert len(event["data"]["facts"]["issues"]) == 12


def test_a_webhook_whose_url_is_a_secret_is_posted_to_where_that_lies(receiver: Receiver) -> None:
    notifiers["webhook"].check_address(SECRET)
    notifiers["webhook"]().deliver(outgoing("webhook", SECRET))
    assert len(receiver.heard) == 1
    notifiers["webhook"]().deliver(outgoing("webhook", f"{receiver.url}?a=1"))
    assert len(receiver.heard) == 2, "one that was written before goes on"


def test_slack_is_sent_no_mention_that_a_cloud_wrote(receiver: Receiver) -> None:
    notifiers["slack"]().deliver(outgoing("slack", receiver.url))
    said = json.loads(receiver.heard[0][1])
    assert "&lt;!channel&gt; &amp;" in said["blocks"][1]["text"]["text"]
    assert "<!channel>" not in said["text"]
    assert "Open to the world, fixed: " in said["blocks"][1]["text"]["text"], "not as if open"
    assert "and 2 more" in said["blocks"][1]["text"]["text"]
    assert max(len(block["text"]["text"]) for block in said["blocks"]) <= 3000


def test_teams_is_sent_a_card_without_links_that_a_cloud_wrote(receiver: Receiver) -> None:
    notifiers["teams"]().deliver(outgoing("teams", receiver.url))
    (attached,) = json.loads(receiver.heard[0][1])["attachments"]
    assert attached["content"]["type"] == "AdaptiveCard"
    assert "[x](" not in json.dumps(attached["content"]["body"])


def test_no_secret_is_taken_as_such() -> None:
    with pytest.raises(ValidationError):
        notifiers["webhook"].complete({})
    with pytest.raises(ValidationError):
        notifiers["slack"].check_address("https://hooks.slack.com/services/T0/B0/x")
    for url in ("https://user:password@example.com/", "https://example.com/?sig=password"):
        with pytest.raises(ValidationError):
            notifiers["webhook"].check_address(url)
