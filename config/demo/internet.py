"""A stand-in of the internet: an HTTPS proxy that answers for the hosts it knows, and for no other.

The SDKs of Google and Azure are led to it by the variables that lead them through any company's
proxy, and trust it by a certificate authority of its own; so they and the product run as they are,
authentication included.
"""

import http.server
import json
import logging
import os
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import trustme

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What a client asked of a host."""

    host: str
    method: str
    path: str
    query: Mapping[str, str]
    """The last value of each argument in the address."""
    headers: Mapping[str, str]
    """By name in small letters."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    """What a host says to it; ``body`` is sent as JSON unless it is bytes."""

    body: Any = None
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


Site = Callable[[Request], Answer]


class Internet:
    """A running proxy; ``sites`` are by host, or by ``*.`` and the end of one.

    What it was asked is in ``asked``. Ends with ``stop()`` or the ``with`` block.
    """

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self.sites = dict(sites)
        self.asked: list[Request] = []
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="vervet-internet-")
        self._certificate = Path(self._folder.name) / "ca.pem"
        self._authority.cert_pem.write_to_path(self._certificate)
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """The variables that lead unmodified SDKs of Google and Azure here."""
        trusted = str(self._certificate)
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.address)
        nobody = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
        return {
            **proxies,
            **nobody,
            "REQUESTS_CA_BUNDLE": trusted,
            "HTTPLIB2_CA_CERTS": trusted,
            # No credentials of this machine, and no asking whether it is one of a cloud's.
            "NO_GCE_CHECK": "true",
            "CLOUDSDK_CONFIG": self._folder.name,
            "AZURE_CONFIG_DIR": self._folder.name,
        }

    def answer(self, request: Request) -> Answer:
        """Let the host answer; one that is not known cannot be reached."""
        self.asked.append(request)
        site = self.sites.get(request.host) or next(
            (
                site
                for host, site in self.sites.items()
                if host.startswith("*.") and request.host.endswith(host[1:])
            ),
            None,
        )
        if site is None:
            return Answer(f"{request.host} is not known here".encode(), HTTPStatus.BAD_GATEWAY)
        return site(request)

    def context(self, host: str) -> ssl.SSLContext:
        """Return what proves to a client that this is the host."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]

    def stop(self) -> None:
        """End the proxy; more than once does no harm."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, internet: Internet) -> None:
        self.internet = internet
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        """Ask nobody for this machine's name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection: the way to a host, then, encrypted, what is asked of it."""

    protocol_version = "HTTP/1.1"
    # Headers and body in one piece, at once: small answers must not wait for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server
    host = ""

    def do_CONNECT(self) -> None:
        self.host = self.path.partition(":")[0]
        self.send_response(HTTPStatus.OK)
        self.end_headers()
        self.wfile.flush()
        try:
            context = self.server.internet.context(self.host)
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError) as error:
            logger.debug("%s: %s", self.host, error)
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", self.wbufsize)
        self.close_connection = False

    def answer(self) -> None:
        """Answer one request to the host that the connection leads to."""
        asked = urlsplit(self.path)
        request = Request(
            host=self.host or asked.hostname or "",
            method=self.command,
            path=asked.path,
            query=dict(parse_qsl(asked.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length", 0))),
        )
        answer = self.server.internet.answer(request)
        plain = isinstance(answer.body, bytes)
        body = answer.body if plain else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        headers = {"content-type": "text/plain" if plain else "application/json", **answer.headers}
        headers.setdefault("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        # A client that was promised more than it gets must not wait for the rest.
        self.close_connection |= int(headers["content-length"]) != len(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()
        with suppress(OSError):
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


@contextmanager
def surrounded(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process's environment for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
