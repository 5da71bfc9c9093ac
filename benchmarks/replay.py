"""Answers AWS calls from memory: `python -m benchmarks.replay FILE [UPSTREAM]`.

With an upstream (host:port), what was not asked before is passed on and kept, in memory and in
the file. Without, a call that nobody recorded is refused and counted. Prints `ready PORT`; ends
when its standard input closes. `POST /bench` with {"latency_ms", "changed"} sets how it answers
and counts anew; any request to `/bench` answers the counts.
"""

import asyncio
import http.client
import json
import re
import sqlite3
import sys
from collections import Counter
from http import HTTPStatus
from typing import Any, NamedTuple

import httptools
import uvloop

CONTROL = b"/bench"
SCOPE = re.compile(rb"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
# What is changed where one in a hundred is asked for: the serials of whole hundreds.
HUNDREDTH = re.compile(rb"\bv-(\d+00)\b")
# Recorded credentials must not run out.
EXPIRATION = re.compile(rb"(?<=<Expiration>)[^<]*")
NEVER = b"2099-01-01T00:00:00Z"
# What belongs to one connection, not to the call.
HOP_BY_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


class Asked(NamedTuple):
    """A request, as far as it decides the answer; who asks does not."""

    method: bytes
    target: bytes
    operation: bytes
    region: bytes
    service: bytes
    body: bytes

    def __str__(self) -> str:
        action = re.search(rb"\bAction=(\w+)", self.body)
        said = action[1] if action else self.operation or self.method + b" " + self.target
        return b" ".join((self.service, self.region, said)).decode()


class Store:
    """Recorded answers, in memory and in a file."""

    def __init__(self, path: str) -> None:
        self.file = sqlite3.connect(path, isolation_level=None)
        self.file.execute("PRAGMA synchronous=OFF")
        columns = ", ".join(f"{name} BLOB" for name in (*Asked._fields, "answer"))
        self.file.execute(f"CREATE TABLE IF NOT EXISTS answers ({columns})")
        rows = self.file.execute("SELECT * FROM answers")
        self.answers = {Asked(*asked): answer for *asked, answer in rows}
        self.changed: dict[Asked, bytes] = {}

    def keep(self, asked: Asked, answer: bytes) -> None:
        marks = ", ".join("?" * (len(asked) + 1))
        self.file.execute(f"INSERT INTO answers VALUES ({marks})", (*asked, answer))  # noqa: S608
        self.answers[asked] = answer

    def get(self, asked: Asked) -> bytes | None:
        return self.changed.get(asked) or self.answers.get(asked)

    def change(self, wanted: bool) -> None:
        """Give one thing in a hundred another serial; take it back where not wanted."""
        self.changed.clear()
        for asked, answer in self.answers.items() if wanted else ():
            other = HUNDREDTH.sub(rb"w-\1", answer)
            if other != answer:
                self.changed[asked] = other


class Replay:
    """How to answer, and what was asked."""

    def __init__(self, store: Store, upstream: str | None) -> None:
        self.store, self.upstream = store, upstream
        self.latency = 0.0
        self.hits = 0
        self.missed: Counter[str] = Counter()

    def told(self, body: bytes) -> bytes:
        """Do what a control request says; return the counts."""
        if body:
            said = json.loads(body)
            self.latency = said["latency_ms"] / 1000
            self.store.change(said["changed"])
            self.hits = 0
            self.missed.clear()
        counts = {"hits": self.hits, "missed": self.missed, "recorded": len(self.store.answers)}
        return response(HTTPStatus.OK, json.dumps(counts).encode())

    async def fetched(self, asked: Asked, headers: dict[str, str]) -> bytes:
        """Return the answer of the server behind, kept where it is one."""
        self.missed[str(asked)] += 1
        if self.upstream is None:
            return response(HTTPStatus.NOT_IMPLEMENTED, b"Nobody recorded this call.")
        ask = asyncio.get_running_loop().run_in_executor
        status, answer = await ask(None, passed_on, self.upstream, asked, headers)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.store.keep(asked, answer)
        return answer


def passed_on(upstream: str, asked: Asked, headers: dict[str, str]) -> tuple[int, bytes]:
    """Ask the server behind; return its status and its whole answer."""
    connection = http.client.HTTPConnection(upstream, timeout=600)
    try:
        connection.request(asked.method.decode(), asked.target.decode(), asked.body, headers)
        answer = connection.getresponse()
        body = EXPIRATION.sub(NEVER, answer.read())
    finally:
        connection.close()
    kept = [one for one in answer.getheaders() if one[0].lower() not in HOP_BY_HOP]
    return answer.status, response(answer.status, body, kept)


def response(status: int, body: bytes, headers: list[tuple[str, str]] | None = None) -> bytes:
    """Return an HTTP answer as it is sent."""
    lines = [f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class Connection(asyncio.Protocol):
    """One client's connection; the parser calls the `on_` methods."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.loop = asyncio.get_running_loop()
        self.parser = httptools.HttpRequestParser(self)
        self.pending: set[asyncio.Task[bytes]] = set()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.url, self.body = b"", b""
        self.headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        url = httptools.parse_url(self.url)  # Whole where we are asked as a proxy.
        if url.path == CONTROL:
            self.transport.write(self.replay.told(self.body))
            return
        asked = self.asked(url)
        answer = self.replay.store.get(asked)
        if answer is None:
            headers = {n: v for n, v in self.headers.items() if n not in HOP_BY_HOP}
            task = self.loop.create_task(self.replay.fetched(asked, headers))
            self.pending.add(task)
            task.add_done_callback(self.pending.discard)
            task.add_done_callback(lambda done: self.send(done.result()))
            return
        self.replay.hits += 1
        if self.replay.latency:
            self.loop.call_later(self.replay.latency, self.send, answer)
        else:
            self.send(answer)

    def asked(self, url: Any) -> Asked:
        scope = SCOPE.search(self.headers.get("authorization", "").encode())
        region, service = scope.group("region", "service") if scope else (b"", b"")
        target = url.path + (b"?" + url.query if url.query else b"")
        operation = self.headers.get("x-amz-target", "").encode()
        return Asked(self.parser.get_method(), target, operation, region, service, self.body)

    def send(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)


async def serve(path: str, upstream: str | None = None) -> None:
    """Serve until standard input closes."""
    loop = asyncio.get_running_loop()
    replay = Replay(Store(path), upstream)
    server = await loop.create_server(lambda: Connection(replay), "127.0.0.1", 0, backlog=512)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(*sys.argv[1:]))
