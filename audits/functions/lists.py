"""What a rule may ask about lists, objects and texts, beyond JMESPath's own functions."""

import base64
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

from audits.functions import costs
from audits.functions.base import Context, expression_of, takes
from audits.functions.shapes import listed, parsed, same_key
from audits.functions.wildcards import like
from items.tags import tags_in, tags_of

_LONGEST_PATTERN = 500
_SHORT = 100
_FEW = 10


@takes(costs.pairing)
def expand(context: Context, parents: Any, key: str) -> list[dict[str, Any]]:
    """Pair each parent with each of its children under a key, as one flat object.

    JMESPath cannot see a parent from within its child. Where both have a name, the child's counts;
    a child that is no object stands under the key.

    Example: expand(IpPermissions, 'IpRanges')[?CidrIp == '0.0.0.0/0'].FromPort
    On: {"IpPermissions": [{"FromPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}
    Gives: [22]
    """
    if not isinstance(key, str):
        return []
    pairs = []
    for parent in listed(parents):
        if isinstance(parent, dict):
            rest = {name: value for name, value in parent.items() if name != key}
            for child in listed(parent.get(key)):
                pairs.append({**rest, **(child if isinstance(child, dict) else {key: child})})
    return pairs


def count(context: Context, x: Any) -> int:
    """Give how many elements a list, members an object or characters a text has; else 0.

    Example: count(AccessKeys) > `1`
    On: {"AccessKeys": null}
    Gives: false
    """
    return len(x) if isinstance(x, (list, dict, str)) else 0


def empty(context: Context, x: Any) -> bool:
    """Say whether a value is null, false, or an empty text, list or object; 0 is not empty.

    The safe "not": in JMESPath !a.b means (!a).b and is always null.

    Example: empty(Encryption.Rules)
    On: {"Encryption": null}
    Gives: true
    """
    return x is None or x is False or (isinstance(x, (str, list, dict)) and not x)


def _holding(context: Context, values: Any, value: Any) -> int:
    if isinstance(value, str) and ("has", id(values)) in context.kept:
        return 0
    return costs.whole(context, values, value)


@takes(_holding)
def has(context: Context, values: Any, value: Any) -> bool:
    """Say whether a list holds a value, or an object a key; texts match in any capitals.

    One value in the place of a list counts as a list of one; null holds nothing.

    Example: has(Actions, 's3:*')
    On: {"Actions": ["S3:*"]}
    Gives: true
    """
    if value is None:
        return False
    if isinstance(value, str):
        return value.lower() in _lowered(context, values)
    parts = [*values] if isinstance(values, dict) else listed(values)
    wanted = same_key(value)
    return any(same_key(part) == wanted for part in parts)


def _lowered(context: Context, values: Any) -> frozenset[str]:
    """Give the texts of a list in small letters; of a long one once for all rules on an item."""
    kept = context.kept.get(("has", id(values)))
    if kept is None:
        lowered = frozenset(
            [
                part.lower()
                for part in (values if isinstance(values, dict) else listed(values))
                if type(part) is str
            ]
        )
        if len(lowered) < _FEW:
            return lowered
        # With the list, whose identity would be given to another after its end.
        kept = context.kept["has", id(values)] = lowered, values
    found: frozenset[str] = kept[0]
    return found


def any_(context: Context, values: Any, e: Callable[[Any], Any]) -> bool:
    """Say whether an expression is true of at least one element; never of an empty list.

    Example: any(Ports, &@ == `22`)
    On: {"Ports": [80, 22]}
    Gives: true
    """
    judge = expression_of("any", e)
    return any(not empty(context, judge(part)) for part in listed(values))


def all_(context: Context, values: Any, e: Callable[[Any], Any]) -> bool:
    """Say whether an expression is true of every element; always so of an empty list or null.

    Example: all(Keys, &Status == 'Inactive')
    On: {"Keys": [{"Status": "Inactive"}, {"Status": "Active"}]}
    Gives: false
    """
    judge = expression_of("all", e)
    return all(not empty(context, judge(part)) for part in listed(values))


@takes(costs.whole)
def intersection(context: Context, a: Any, b: Any) -> list[Any]:
    """Give what is in both lists, once each, in the order of the first.

    Example: intersection(Used, Forbidden)
    On: {"Used": ["a", "b", "a"], "Forbidden": ["a", "c"]}
    Gives: ["a"]
    """
    other = {same_key(part) for part in listed(b)}
    return [part for part in unique(context, a) if same_key(part) in other]


@takes(costs.whole)
def difference(context: Context, a: Any, b: Any) -> list[Any]:
    """Give what is in the first list but not in the second, once each.

    Example: difference(param('required'), keys(tags(Tags)))
    On: {"Tags": [{"Key": "Owner", "Value": "x"}]}
    With: {"parameters": {"required": ["Owner", "CostCentre"]}}
    Gives: ["CostCentre"]
    """
    other = {same_key(part) for part in listed(b)}
    return [part for part in unique(context, a) if same_key(part) not in other]


@takes(costs.whole)
def unique(context: Context, a: Any) -> list[Any]:
    """Give the elements of a list once each, in the order in which they come first.

    Example: unique(Regions)
    On: {"Regions": ["b", "a", "b"]}
    Gives: ["b", "a"]
    """
    first: dict[Any, Any] = {}
    for part in listed(a):
        first.setdefault(same_key(part), part)
    return [*first.values()]


def items(context: Context, x: Any) -> list[dict[str, Any]]:
    """Give the members of an object as a list of {key, value}; of anything else nothing.

    Example: items(Variables)[?value == ''].key
    On: {"Variables": {"A": "", "B": "x"}}
    Gives: ["A"]
    """
    if not isinstance(x, dict):
        return []
    return [{"key": key, "value": value} for key, value in x.items()]


def tags(context: Context, x: Any) -> dict[str, Any]:
    """Give tags as one object, from a list of {Key, Value} or an object of labels.

    Of a whole configuration its Tags or labels; without any, an empty object.

    Example: tags(Tags).scope
    On: {"Tags": [{"Key": "scope", "Value": "pci"}]}
    Gives: "pci"
    """
    # A configuration of nothing but texts looks like labels.
    whole = x is context.config or x is context.previous or id(x) in context.given
    return tags_in(x) if whole else tags_of(x)


def if_(context: Context, c: Any, a: Any, b: Any) -> Any:
    """Give the second value if the first is true as JMESPath means it (0 is), else the third.

    Example: if(Encrypted, 'sealed', 'open')
    On: {"Encrypted": false}
    Gives: "open"
    """
    return b if empty(context, c) else a


def lower(context: Context, s: Any) -> str | None:
    """Give a text in small letters; of anything else null.

    Example: lower(Name)
    On: {"Name": "Web"}
    Gives: "web"
    """
    return s.lower() if isinstance(s, str) else None


@takes(costs.searching)
def matches(context: Context, s: Any, regex: str) -> bool:
    """Say whether a regular expression is found anywhere in a text; raise ValueError on a bad one.

    RE2's syntax, which is that of Python without looking ahead or back and without references to
    groups: in return no expression takes longer than the text is long. At most 500 characters.
    Null in either place matches nothing.

    Example: matches(Name, '(?i)^prod-')
    On: {"Name": "PROD-web"}
    Gives: true
    """
    if regex is None:
        return False
    if isinstance(s, str) and len(s) <= _SHORT:
        return _found(regex, s)
    found = _regex(regex)
    return isinstance(s, str) and found.search(_sound(s)) is not None


@takes(costs.searching)
def glob(context: Context, s: Any, pattern: str) -> bool:
    """Say whether a whole text fits a pattern of * and ?, in any capitals.

    Example: glob(Arn, 'arn:aws:s3:::logs-*')
    On: {"Arn": "arn:aws:s3:::logs-2026"}
    Gives: true
    """
    return isinstance(s, str) and isinstance(pattern, str) and like(s, pattern)


def split(context: Context, s: Any, sep: str) -> list[str]:
    """Give the parts of a text between separators; of anything else an empty list.

    Example: split(Email, '@')[1]
    On: {"Email": "ada@example.org"}
    Gives: "example.org"
    """
    if not isinstance(s, str):
        return []
    return s.split(sep) if isinstance(sep, str) and sep else [s]


@takes(costs.joining)
def joined(context: Context, sep: str, values: Any) -> str:
    """Give a list as one text with a separator between: numbers, true and false as written.

    Unlike join() it takes any list; null and what is no plain value is left out.

    Example: joined(', ', Ports)
    On: {"Ports": [22, null, "3389"]}
    Gives: "22, 3389"
    """
    between = sep if isinstance(sep, str) else ""
    return between.join(
        _written(one) for one in listed(values) if isinstance(one, (str, int, float))
    )


@takes(costs.whole)
def sorted_(context: Context, values: Any) -> list[Any]:
    """Give a list in order: numbers first, then texts, then what else there is.

    Unlike sort() it takes any list; null is left out.

    Example: sorted(Ports)
    On: {"Ports": ["b", 9, null, 10, "a"]}
    Gives: [9, 10, "a", "b"]
    """
    return sorted((one for one in listed(values) if one is not None), key=_rank)


def from_base64(context: Context, s: Any) -> str | None:
    """Give the text that a base64 text stands for; null if it is none.

    Example: from_base64(UserData)
    On: {"UserData": "ZWNobyBoaQ=="}
    Gives: "echo hi"
    """
    if not isinstance(s, str):
        return None
    try:
        return base64.b64decode(s.encode(), validate=True).decode("utf-8", "replace")
    except ValueError:
        return None


@takes(costs.characters)
def from_json(context: Context, s: Any) -> Any:
    """Give what a JSON text says; null if it is none.

    Example: from_json(PolicyText).Version
    On: {"PolicyText": "{\\"Version\\": \\"2012-10-17\\"}"}
    Gives: "2012-10-17"
    """
    return parsed(s) if isinstance(s, str) else None


def _written(one: str | float | bool) -> str:
    return str(one).lower() if isinstance(one, bool) else str(one)


def _rank(one: Any) -> tuple[int, Any]:
    if isinstance(one, (int, float)) and not isinstance(one, bool) and one == one:
        return 0, one
    if isinstance(one, str):
        return 1, one
    return 2, repr(same_key(one))


@lru_cache(maxsize=1024)
def _regex(regex: str) -> Any:
    if not isinstance(regex, str) or len(regex) > _LONGEST_PATTERN:
        raise ValueError(f"A pattern is a text of at most {_LONGEST_PATTERN} characters.")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(_sound(regex), options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"Not a regular expression that can be used here: {said}.") from error


@lru_cache(maxsize=8192)
def _found(regex: str, text: str) -> bool:
    """Search a short text: the same few protocols, networks and words come again and again."""
    return _regex(regex).search(_sound(text)) is not None


def _sound(text: str) -> str:
    # RE2 reads UTF-8, which has no form for half a surrogate pair.
    return text.encode("utf-8", "replace").decode()
