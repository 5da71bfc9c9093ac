"""A proxy between boto3 and an AWS-compatible server that spoils the answers a test names.

What no fault names passes unchanged, headers and all. A fault that says nothing of how it
spoils is a refusal, written as the service itself refuses.
"""

import http.client
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from config.demo.cloud import environment
from tests.cloud.asking import Asked, asked
from tests.cloud.paging import page_of, whole

REQUEST_ID = "5f1c2d3e-0000-4000-8000-fau1t0000000"
ERROR = "<Code>{code}</Code><Message>{message}</Message>"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

# How each kind of service writes an error.
FORMS = {
    "ec2": XML + f"<Response><Errors><Error>{ERROR}</Error></Errors>"
    f"<RequestID>{REQUEST_ID}</RequestID></Response>",
    "xml": XML + f"<ErrorResponse><Error><Type>Sender</Type>{ERROR}</Error>"
    f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>",
    "s3": XML + f"<Error>{ERROR}<RequestId>{REQUEST_ID}</RequestId></Error>",
}
REFUSED = {"ec2": "UnauthorizedOperation", "json": "AccessDeniedException"}
# What belongs to one connection, not to the call.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "proxy-connection"}


@dataclass
class Fault:
    """Which calls are spoilt, and how. What is not said matches every call.

    `operation` may hold `*`. `resource` is a bucket's name, or any value among the parameters.
    `page` counts the pages of one listing from 1; a repeated request is the same page.
    """

    operation: str = "*"
    service: str | None = None
    region: str | None = None
    account: str | None = None
    resource: str | None = None
    page: int | None = None
    times: int | None = None  # How often; for ever when not said.

    code: str | None = None  # Answer this error,
    status: int = 403
    message: str = "Refused by the test."
    body: str | None = None  # or this text, as it is, with `status`.
    delay: float = 0.0  # Wait so many seconds first.
    cut: int | None = None  # Close the connection after so many bytes of the answer's body.

    met: int = 0  # How often it has happened.

    def refuses(self) -> bool:
        """Whether the answer is an error, not the server's own."""
        spoilt_otherwise = self.delay or self.cut is not None
        return self.code is not None or self.body is not None or not spoilt_otherwise

    def names(self, call: Asked, page: int) -> bool:
        """Whether this call is to be spoilt."""
        wanted = (
            (self.service, call.service),
            (self.region, call.region),
            (self.account, call.account),
            (self.page, page),
        )
        return (
            fnmatchcase(call.operation, self.operation)
            and all(want in (None, is_) for want, is_ in wanted)
            and (self.resource is None or self.resource in call.values)
            and (self.times is None or self.met < self.times)
        )


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class FaultProxy:
    """Stands before a server on loopback; its faults may be changed at any time."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.faults: list[Fault] = []
        self.calls: Counter[str] = Counter()  # By operation.
        self.asked: list[Asked] = []
        self.page_sizes: dict[str, int] = {}
        self._pages: dict[Any, tuple[str | None, int]] = {}
        self._lock = Lock()
        self._server = Server(("127.0.0.1", 0), Handler, proxy=self)
        # The interval is how long stop() may take.
        Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def endpoint(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self, account_hosts: bool = False) -> dict[str, str]:
        """The variables that point an unmodified boto3 at the proxy; see `Cloud.environment`."""
        return environment(self.endpoint, account_hosts)

    def add(self, **how: Any) -> Fault:
        """Spoil calls from now on: the fields of `Fault`. Of two that fit, the earlier acts."""
        fault = Fault(**how)
        self.faults.append(fault)
        return fault

    def paginate(self, operation: str, size: int) -> None:
        """Give a list of EC2 or IAM by pages of this size, asked to or not."""
        self.page_sizes[operation] = size

    def reset(self) -> None:
        """Forget all faults, page sizes and counts."""
        with self._lock:
            self.faults.clear()
            self.page_sizes.clear()
            self.calls.clear()
            self.asked.clear()
            self._pages.clear()

    def stop(self) -> None:
        """Close the door."""
        self._server.shutdown()
        self._server.server_close()

    def meet(self, call: Asked) -> Fault | None:
        """Count a call; give the fault that it meets."""
        with self._lock:
            self.calls[call.operation] += 1
            self.asked.append(call)
            page = self._page(call)
            fault = next((one for one in list(self.faults) if one.names(call, page)), None)
            if fault:
                fault.met += 1
            return fault

    def _page(self, call: Asked) -> int:
        listing = (call.account, call.region, call.operation, call.values - {call.token})
        last, page = self._pages.get(listing, (None, 1))
        if call.token is None:
            page = 1
        elif call.token != last:
            page += 1
        self._pages[listing] = call.token, page
        return page

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Server(ThreadingHTTPServer):
    """One thread a connection; none is waited for at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *how: Any, proxy: FaultProxy) -> None:
        super().__init__(*how)
        self.proxy = proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller whose patience ended: that is part of the test."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Passes a request on, or spoils its answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # Head and body leave together.
    server: Server

    def pass_on(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = asked(self.command, self.path, self.headers, body)
        fault = self.server.proxy.meet(call)
        if fault is None:
            return self.send(self.fetch_page(call, body))
        time.sleep(fault.delay)
        answer = spoilt(fault, call) if fault.refuses() else self.fetch_page(call, body)
        return self.send(answer, fault.cut)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on  # noqa: N815

    def fetch_page(self, call: Asked, body: bytes) -> Answer:
        """Fetch the answer, or one page of it where the test wants pages."""
        size = self.server.proxy.page_sizes.get(call.operation)
        if size is None:
            return self.fetch(body)
        answer = self.fetch(whole(body))
        answer.body = page_of(call, answer.body, size)
        return answer

    def fetch(self, body: bytes) -> Answer:
        """Ask the server behind, with the same headers: they are signed."""
        connection = http.client.HTTPConnection(self.server.proxy.upstream, timeout=60)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def send(self, answer: Answer, cut: int | None = None) -> None:
        """Send an answer, or the beginning of it."""
        self.send_response_only(answer.status)
        length = str(len(answer.body))
        for name, value in answer.headers:
            if name.lower() == "content-length":
                # The answer to HEAD tells the length of what it does not carry.
                length = value if self.command == "HEAD" else length
            elif name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:cut])
        self.close_connection |= cut is not None

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


def spoilt(fault: Fault, call: Asked) -> Answer:
    """The error that a fault asks for, as the service would write it."""
    if fault.body is not None:
        return Answer(fault.status, [("Content-Type", "text/html")], fault.body.encode())
    code = fault.code or REFUSED.get(call.form, "AccessDenied")
    if call.form == "json":
        said = json.dumps({"__type": code, "message": fault.message})
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)]
        return Answer(fault.status, headers, said.encode())
    said = FORMS[call.form].format(code=escape(code), message=escape(fault.message))
    return Answer(fault.status, [("Content-Type", "text/xml")], said.encode())
