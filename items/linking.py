"""Which things a configuration speaks of by their ids: what a page shows by name, and used by whom.

Ids of AWS (sg-…, AIDA…), ARNs, account numbers, links of Google Cloud, ids of Azure.
"""

import re
from collections.abc import Iterator
from typing import Any, Protocol

# A reference longer than this is none that any cloud makes.
LONGEST = 500
# References of one item that are kept.
MOST = 2000

_REFERENCE = re.compile(
    r"""(?x)
    [a-z]{1,12}-(?:[0-9a-f]{8}|[0-9a-f]{17})        # sg-0a1f47c29be03d518
    | arn:[a-z-]+:[^\s*?]+
    | arn:[a-z-]+:s3:::[^\s*?/]+/\S*                # what lies in a bucket, with wildcards or not
    | \d{12}                                        # an account of AWS
    | A[A-Z]{3}[A-Z0-9]{12,17}                      # AIDA…, AROA…
    | (?:https:)?//[a-z.]*googleapis\.com/\S+
    | projects/[a-z][^\s*?]*
    | /subscriptions/[^\s*?]+
    | [^@\s:]+@[a-z0-9.-]+\.gserviceaccount\.com
    """
)
_OF_BUCKET = re.compile(r"(arn:[a-z-]+:s3:::[^/*?\s]+)/")
_ROOT = re.compile(r"arn:[a-z-]+:(?:iam|sts)::(\d{12}):root")
_MEMBER = "serviceAccount:"


class Named(Protocol):
    """The part of an item by which others speak of it."""

    @property
    def uid(self) -> str: ...

    @property
    def full_name(self) -> str: ...

    @property
    def config(self) -> Any: ...


def referred(text: Any) -> str:
    """Return what a value refers to, in the one form in which references are kept; empty: nothing.

    An object in a bucket stands for its bucket, the root of an account for the account.
    """
    if not isinstance(text, str) or not 9 < len(text) <= LONGEST:
        return ""
    text = text.removeprefix(_MEMBER)
    if ":log-group:" in text:  # In policies with what is in it.
        text = text.removesuffix(":*")
    if not _REFERENCE.fullmatch(text):
        return ""
    if bucket := _OF_BUCKET.match(text):
        return bucket[1]
    if root := _ROOT.fullmatch(text):
        return root[1]
    # Azure does not tell capitals apart.
    return text.lower() if text.startswith("/") else text


def references(config: Any) -> dict[str, str]:
    """Return everything that a configuration refers to, with the path at which it is met first."""
    found: dict[str, str] = {}
    for text, path in _texts(config):
        value = referred(text)
        if value and value not in found:
            found[value] = path[:LONGEST]
            if len(found) == MOST:
                break
    return found


def names_of(item: Named) -> list[str]:
    """Return the forms in which others refer to an item."""
    full = item.full_name.lower() if item.full_name.startswith("/") else item.full_name
    return [name[:LONGEST] for name in dict.fromkeys((item.uid, full)) if name]


def _texts(config: Any) -> Iterator[tuple[str, str]]:
    """Yield each text of a configuration with its path, the topmost first."""
    level = [("", config)]
    while level:
        below: list[tuple[str, Any]] = []
        for path, value in level:
            if isinstance(value, dict):
                for key, one in value.items():
                    if isinstance(one, str):
                        yield one, f"{path}.{key}" if path else key
                    elif isinstance(one, (dict, list)) and one:
                        below.append((f"{path}.{key}" if path else key, one))
            elif isinstance(value, list):
                for one in value:
                    if isinstance(one, str):
                        yield one, f"{path}[]"
                    elif isinstance(one, (dict, list)) and one:
                        below.append((f"{path}[]", one))
            else:
                yield value, path
        level = below
