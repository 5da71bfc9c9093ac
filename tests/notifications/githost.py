"""A host of bare repositories on loopback, by git's own http-backend, as forges serve them."""

import os
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

TOKEN = "git-token"
PLAIN = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "PATH": os.environ["PATH"],
    "LC_ALL": "C",
}


class GitHost:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "configurations.git"
        self.url = ""
        self.before_answer: Callable[[str], None] = lambda path: None
        self.asked: list[str] = []
        folder.mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.repository))

    def git(self, *words: str, **how: Any) -> str:
        """Run git in the repository, as its owner."""
        where = self.repository if self.repository.exists() else self.folder
        done = subprocess.run(
            ["git", *words], cwd=where, env=PLAIN, capture_output=True, check=True, text=True, **how
        )
        return done.stdout

    def log(self, form: str) -> list[str]:
        """Return one line of each commit, the first one first."""
        return self.git("log", "--reverse", f"--format={form}", "main").splitlines()


@contextmanager
def serving(folder: Path) -> Iterator[GitHost]:
    """Serve the host until the block ends."""
    host = GitHost(folder)
    wanted = f"Basic {b64encode(f'vervet:{TOKEN}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.body()
            host.asked.append(self.path)
            if self.headers["Authorization"] != wanted:
                self.reply(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
                return
            done = subprocess.run(
                ["git", "http-backend"],
                input=body,
                capture_output=True,
                check=True,
                env=PLAIN
                | {
                    "GIT_PROJECT_ROOT": str(host.folder),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "REMOTE_USER": "vervet",
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers["Content-Type"] or "",
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
                    "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
                },
            )
            head, _, said = done.stdout.partition(b"\r\n\r\n")
            lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
            given = dict(lines)
            status = int(given.pop("Status", "200").split()[0])
            host.before_answer(f"{self.command} {path}")
            self.reply(status, list(given.items()), said)

        def body(self) -> bytes:
            if self.headers["Transfer-Encoding"] != "chunked":
                return self.rfile.read(int(self.headers["Content-Length"] or 0))
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def reply(self, status: int, headers: list[Any], said: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_port}/configurations.git"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
