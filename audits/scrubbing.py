"""Replace what tells whose a configuration is: secrets, ids, accounts, addresses; alike everywhere.

The same value gets the same replacement wherever it stands, also within a longer text, so that
what belongs together still does.
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import Any

from accounts.providers import every
from accounts.providers.base import Provider
from audits.functions.ranges import PRIVATE, network
from audits.secrecy import is_secret

SECRET = "secret"
NAME = "name"
# What is looked for within a text, by its kind; of two that fit, the first takes it.
FORMS: dict[str, tuple[str, ...]] = {
    "e-mail address": (r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+",),
    "id": (
        *every("ids"),
        r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
        r"\b[0-9a-f]{32,}\b",
    ),
    "account": (r"(?<![0-9a-zA-Z])\d{12}(?![0-9a-zA-Z])",),
    "address": (
        r"(?<![\w.:/-])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w.-])",
        r"(?<![\w.:])[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:/\d{1,3})?(?!\w)",
    ),
}


class Scrubber:
    """What was replaced by what, over everything that belongs to one example."""

    def __init__(
        self,
        own: str,
        names: Collection[str] = (),
        kept: Collection[str] = (),
        instead: str = Provider.example,
    ) -> None:
        self.own, self.instead = own, instead
        self.kept = kept
        self.replaced: dict[str, tuple[str, str]] = {}
        """What was replaced, of which kind it is, and by what."""
        self._names = [one for one in sorted(names, key=len, reverse=True) if len(one) > 2]
        self._counts: dict[str, int] = {}

    def scrub(self, value: Any, name: str = "") -> Any:
        """Return a value without what tells whose it is; ``name`` is what it stands under."""
        if isinstance(value, dict):
            # A member's name may be an id, but is no name of a thing: Principal, or a technology.
            return {
                _PLAIN.sub(self._match, key): self.scrub(one, key) for key, one in value.items()
            }
        if isinstance(value, list):
            return [self.scrub(one, name) for one in value]
        return self._text(value, name) if isinstance(value, str) else value

    @cached_property
    def _form(self) -> re.Pattern[str]:
        names = "|".join(map(re.escape, self._names))
        ours = rf"(?P<{NAME}>(?<![a-zA-Z0-9])(?:{names})(?![a-zA-Z0-9]))|" if names else ""
        return re.compile(ours + _PLAIN.pattern)

    def _text(self, text: str, name: str) -> str:
        whole = self._form.fullmatch(text)
        if not whole and is_secret(text, name):
            return self._instead(SECRET, text)
        return self._form.sub(self._match, text)

    def _match(self, match: re.Match[str]) -> str:
        group = match.lastgroup or ""
        return self._instead(_KINDS.get(group, group), match[0])

    def _instead(self, kind: str, text: str) -> str:
        if kind != SECRET and text in self.kept:
            return text
        if text not in self.replaced:
            count = self._counts.get(kind, 0) + 1
            made = self.instead if text == self.own else INSTEAD[kind](text, count)
            if made == text:
                return text
            self._counts[kind] = count if text != self.own else count - 1
            self.replaced[text] = (kind, made)
        return self.replaced[text][1]


_KINDS = {f"kind{number}": kind for number, kind in enumerate(FORMS)}
_PLAIN = re.compile(
    "|".join(f"(?P<{group}>{'|'.join(FORMS[kind])})" for group, kind in _KINDS.items())
)


def _account(_: str, count: int) -> str:
    return str(count + 1) * 12 if count < 9 else f"9{count:011d}"


def _id(text: str, count: int) -> str:
    prefix, dash, rest = text.partition("-")
    if dash and len(text) == 36:
        return f"00000000-0000-0000-0000-{count:012d}"
    if dash:
        return f"{prefix}-{count:0{len(rest)}x}"
    if text[:4].isupper():
        return f"{text[:4]}EXAMPLE{count:0{max(1, len(text) - 11)}d}"
    return f"{count:0{len(text)}x}"


def _address(text: str, count: int) -> str:
    """Replace single public addresses; what is private, or a wide network, tells of nobody."""
    net = network(text)
    if net is None or net.num_addresses > 1 or any(_inside(net, block) for block in PRIVATE):
        return text
    mask = "/" + text.partition("/")[2] if "/" in text else ""
    return f"203.0.113.{count % 256}{mask}" if net.version == 4 else f"2001:db8::{count:x}{mask}"


def _inside(net: Any, block: Any) -> bool:
    return bool(net.version == block.version and net.subnet_of(block))


INSTEAD: dict[str, Callable[[str, int], str]] = {
    "e-mail address": lambda _, count: f"somebody{count}@example.com",
    "id": _id,
    "account": _account,
    "address": _address,
    SECRET: lambda _, count: f"secret-{count}",
    NAME: lambda _, count: f"example-{count}",
}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, names of members as well."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value
