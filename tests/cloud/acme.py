"""Acme's API on loopback: doors on two pages, badges, and a loudspeaker."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "acme-token"


class Acme:
    """What Acme has, what it was told, and what it refuses."""

    def __init__(self) -> None:
        self.doors = [
            {"Id": "d1", "Name": "gate", "LastOpened": 1, "Lock": {"Security": 1}},
            {"Id": "d2", "Name": "safe", "LastOpened": 2, "Lock": {"Security": 5}},
        ]
        self.badges = [{"Id": "b1", "Owner": "mia"}]
        self.said: list[dict[str, Any]] = []
        self.refused: dict[str, int] = {}
        self.address = ""

    def answer(self, path: str, page: int) -> Any:
        if path == "/doors":
            more = {"next": 2} if page == 1 and len(self.doors) > 1 else {}
            return {"found": self.doors[:1] if page == 1 else self.doors[1:], **more}
        if path == "/badges":
            return {"found": self.badges}
        if path == "/me":
            return {"name": "the reader of Acme"}
        return {"found": self.doors[:1]}


@contextmanager
def acme() -> Iterator[Acme]:
    """Serve Acme's API until the block ends."""
    state = Acme()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, asked = self.path.partition("?page=")
            self._reply(path, lambda: state.answer(path, int(asked or 1)))

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._reply(self.path, lambda: state.said.append(said))

        def _reply(self, path: str, answer: Any) -> None:
            code = 401 if self.headers["Authorization"] != TOKEN else state.refused.get(path, 200)
            body = json.dumps(answer() if code == 200 else None).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.address = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()
