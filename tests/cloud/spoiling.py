"""Spoils what a site of the internet's stand-in answers, for the requests that a test names."""

import json
import time
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from threading import Lock
from typing import Any

from config.demo.internet import Answer, Internet, Request, Site


@cache
def the_internet() -> Internet:
    """The one proxy of this process; a test sets its ``sites``."""
    return Internet({})


@dataclass
class Fault:
    """Which requests are spoilt, and how. What is not said matches every request."""

    host: str = "*"
    path: str = "*"
    page: int | None = None
    """Counts the pages of one listing from 1."""
    times: int | None = None
    """How often; for ever when not said."""

    answer: Answer | None = None
    """Say this instead,"""
    cut: int | None = None
    """break off after so many bytes of the body,"""
    delay: float = 0.0
    """or wait so many seconds first."""
    met: int = 0

    def names(self, request: Request, page: int) -> bool:
        return (
            fnmatchcase(request.host, self.host)
            and fnmatchcase(request.path, self.path)
            and self.page in (None, page)
            and (self.times is None or self.met < self.times)
        )


class Spoiler:
    """Stands before a site; its faults may be changed at any time."""

    def __init__(self, site: Site, token: str) -> None:
        self.site, self.token = site, token
        """``token`` is the argument that names a page."""
        self.faults: list[Fault] = []
        self._pages: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def add(self, **how: Any) -> Fault:
        """Spoil requests from now on: the fields of ``Fault``; of two that fit the earlier acts."""
        self.faults.append(Fault(**how))
        return self.faults[-1]

    def __call__(self, request: Request) -> Answer:
        with self._lock:
            listing = (request.host, request.path)
            page = self._pages.get(listing, 1) + 1 if self.token in request.query else 1
            self._pages[listing] = page
            fault = next((one for one in self.faults if one.names(request, page)), None)
            if fault:
                fault.met += 1
        if fault is None:
            return self.site(request)
        time.sleep(fault.delay)
        answer = fault.answer or self.site(request)
        return answer if fault.cut is None else _cut(answer, fault.cut)


def _cut(answer: Answer, length: int) -> Answer:
    whole = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = {**answer.headers, "content-length": str(len(whole))}
    headers.setdefault("content-type", "application/json")
    return replace(answer, body=whole[:length], headers=headers)
