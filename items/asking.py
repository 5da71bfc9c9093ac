"""What somebody typed into the search box, understood: addresses, words, paths, tags and days."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import jmespath
import re2
from django.utils import timezone
from django.utils.dateparse import parse_date
from jmespath.exceptions import JMESPathError

from items.addresses import parsed

Network = IPv4Network | IPv6Network
# Terms of one question; more would only take time.
MOST = 8
LONGEST = 1000
LONGEST_PATTERN = 500


@dataclass(frozen=True)
class Addressed:
    """Places that speak of a network: that are it, hold it or lie inside it."""

    text: str
    networks: tuple[Network, ...]
    """As few as hold just these addresses, in their order."""

    @property
    def first(self) -> bytes:
        """The first address, as it is stored."""
        return self.networks[0].network_address.packed

    @property
    def last(self) -> bytes:
        """The last address, as it is stored."""
        return self.networks[-1].broadcast_address.packed

    @property
    def count(self) -> int:
        """How many addresses there are."""
        return sum(network.num_addresses for network in self.networks)


@dataclass(frozen=True)
class Worded:
    """Things with a text in their name, id, full name or anywhere in their configuration."""

    text: str


@dataclass(frozen=True)
class Patterned:
    """Things whose configuration has a text that a regular expression of RE2 finds."""

    text: str
    found: Any
    """The compiled expression."""


@dataclass(frozen=True)
class Pathed:
    """Things with a value at a path that stands so to another; without one: with any value."""

    text: str
    path: str
    operator: str = ""
    value: str = ""


@dataclass(frozen=True)
class Tagged:
    """Things with a tag, and its value where one is asked for."""

    text: str
    name: str
    value: str | None = None


@dataclass(frozen=True)
class Changed:
    """Things that changed between two days, both included."""

    text: str
    since: date | None
    until: date | None


@dataclass(frozen=True)
class Within:
    """Things of an account, an account group, a technology or a region."""

    text: str
    what: str
    """account, group, technology or region"""
    name: str


Term = Addressed | Worded | Patterned | Pathed | Tagged | Changed | Within


@dataclass(frozen=True)
class Question:
    """What is asked for: everything that each of the terms holds for."""

    text: str
    terms: tuple[Term, ...] = ()
    wrong: tuple[str, ...] = ()
    """What could not be understood, in sentences."""

    @property
    def address(self) -> Addressed | None:
        """The network that is asked for, if there is one."""
        return next((term for term in self.terms if isinstance(term, Addressed)), None)


class Wrong(ValueError):
    """A term that cannot be meant so; says why."""


_STEP = r'(?:[A-Za-z_]\w*|"[^"]+")(?:\[(?:\*|\d*)\])*'
_VALUE = r'"(?:[^"\\]|\\.)*"|\S+'
_TOKEN = re.compile(
    rf"""
      (?P<phrase>"[^"]+")(?=\s|$)
    | /(?P<pattern>.+?)/(?=\s|$)
    | (?P<name>tag|changed|account|group|technology|region|path|text):(?P<about>"[^"]*"|\S*)
    | (?P<path>{_STEP}(?:\.{_STEP})*)\s*(?P<operator>!=|>=|<=|=|>|<|~)\s*(?P<value>{_VALUE})(?=\s|$)
    | (?P<range>[0-9A-Fa-f.:]+\ -\ [0-9A-Fa-f.:]+)(?=\s|$)
    | (?P<word>\S+)
    """,
    re.VERBOSE,
)


def understand(text: str, as_text: bool = False) -> Question:
    """Read what was typed; ``as_text``: all of it is one text, whatever it looks like.

    Never raises: what cannot be meant so is named in ``wrong``.
    """
    text = text.replace("\0", "").strip()[:LONGEST]
    if not text:
        return Question(text)
    if as_text:
        return Question(text, (Worded(text),))
    terms: list[Term] = []
    wrong = []
    for match in _TOKEN.finditer(text):
        if len(terms) >= MOST:
            wrong.append(f"Only the first {MOST} parts of the question are looked for.")
            break
        try:
            terms.append(_term(match))
        except Wrong as error:
            wrong.append(str(error))
    return Question(text, tuple(_one_address(terms, wrong)), tuple(wrong))


def _one_address(terms: Sequence[Term], wrong: list[str]) -> list[Term]:
    """Keep the first address; how several networks would have to stand to each other is open."""
    addresses = [term for term in terms if isinstance(term, Addressed)]
    for term in addresses[1:]:
        wrong.append(f"One network can be asked for at a time; {term.text} is left out.")
    return [term for term in terms if term not in addresses[1:]]


def _term(match: re.Match[str]) -> Term:
    whole = match[0]
    if match["phrase"]:
        return Worded(match["phrase"][1:-1])
    if match["pattern"]:
        return Patterned(whole, _regex(match["pattern"]))
    if match["name"]:
        about = match["about"].strip('"')
        if not about:
            raise Wrong(f"After {match['name']}: comes what to look for.")
        return NAMED[match["name"]](whole, about)
    if match["operator"]:
        path = _path(match["path"])
        return Pathed(whole, path, match["operator"], _plain(match["value"]))
    networks = () if re.search("[,;]", whole) else parsed(whole)
    return Addressed(whole, networks) if networks else Worded(whole)


def _plain(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value))
        except ValueError:
            return value[1:-1]
    return value


def _regex(pattern: str) -> Any:
    if len(pattern) > LONGEST_PATTERN:
        raise Wrong(f"A regular expression has at most {LONGEST_PATTERN} characters.")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        return re2.compile(pattern.encode("utf-8", "replace").decode(), options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise Wrong(f"/{pattern}/ is not a regular expression of RE2: {said}.") from error


def _path(path: str) -> str:
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        raise Wrong(f"{path} is no path: {str(error).splitlines()[0]}") from error
    return path


def _tagged(whole: str, about: str) -> Term:
    name, equals, value = about.partition("=")
    return Tagged(whole, name, value if equals else None)


def _changed(whole: str, about: str) -> Term:
    days = re.fullmatch(r"(\d{1,4})d", about)
    if days:
        return Changed(whole, timezone.localdate() - timedelta(days=int(days[1])), None)
    first, dots, last = about.partition("..")
    since, until = _day(first), _day(last if dots else first)
    if since and until and since > until:
        raise Wrong(f"{first} is after {last}.")
    return Changed(whole, since, until)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        found = parse_date(text)
    except ValueError:  # 2026-02-31
        found = None
    if found is None:
        raise Wrong(f"{text} is no day; write changed:2026-05-01..2026-05-31, or changed:7d.")
    return found


NAMED: dict[str, Callable[[str, str], Term]] = {
    "tag": _tagged,
    "changed": _changed,
    "account": lambda whole, about: Within(whole, "account", about),
    "group": lambda whole, about: Within(whole, "group", about),
    "technology": lambda whole, about: Within(whole, "technology", about),
    "region": lambda whole, about: Within(whole, "region", about),
    "path": lambda whole, about: Pathed(whole, _path(about)),
    "text": lambda _, about: Worded(about),
}
