"""Pieces of expressions that mean what the comparisons of other tools mean.

Each gives true or false for every value, null included, and never fails where the other tool
gives an answer.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import re2

from audits.carrying.outcome import Untold

BLANK = r"[\s\pZ]*"
END = r"\z"


def literal(value: Any) -> str:
    """Return a value as JMESPath writes it."""
    # A backslash stays what it is, but not before the quotation mark.
    plainly = (
        isinstance(value, str)
        and value.isprintable()
        and "\\'" not in value
        and not value.endswith("\\")
    )
    if plainly:
        return "'" + value.replace("'", "\\'") + "'"
    return "`" + json.dumps(value, ensure_ascii=False).replace("`", "\\`") + "`"


def name(key: str) -> str:
    """Return a key as a path."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        return key
    return json.dumps(key, ensure_ascii=False)


def every(parts: list[str]) -> str:
    """Say that all hold."""
    return _joined(" && ", parts)


def some(parts: list[str]) -> str:
    """Say that one holds at least."""
    return _joined(" || ", parts)


def _joined(sign: str, parts: list[str]) -> str:
    if not parts:
        raise Untold("it has a condition without parts")
    return parts[0] if len(parts) == 1 else "(" + sign.join(parts) + ")"


def no(part: str) -> str:
    """Say that something does not hold; in brackets, as !a.b means (!a).b."""
    return f"!{part}" if part.startswith("(") and _closes(part) else f"!({part})"


def laid_out(expression: str) -> str:
    """Return an expression with each of its outermost clauses on a line of its own."""
    while expression.startswith("(") and _closes(expression):
        expression = expression[1:-1]
    for sign in (" || ", " && "):
        cuts = [
            place
            for place, depth in _plain(expression)
            if not depth and expression.startswith(sign, place)
        ]
        if cuts:
            ends = [*cuts, len(expression)]
            parts = [expression[a:b] for a, b in zip([0, *cuts], ends, strict=True)]
            return f"\n {sign[:-1]}".join(
                [parts[0], *(part[len(sign) - 1 :] for part in parts[1:])]
            )
    return expression


def _closes(part: str) -> bool:
    """Say whether the bracket at the beginning is closed at the very end."""
    return next((place for place, depth in _plain(part) if depth == 0), -1) == len(part) - 1


def _plain(part: str) -> Iterator[tuple[int, int]]:
    """Yield each place outside of quotation marks, with how many brackets are open after it."""
    depth, quote, escaped = 0, "", False
    for place, one in enumerate(part):
        if quote:
            if not escaped and one == quote:
                quote = ""
            escaped = one == "\\" and not escaped
            continue
        if one in "'\"`":
            quote = one
            continue
        depth += (one in "([{") - (one in ")]}")
        yield place, depth


def typed(path: str, *types: str) -> str:
    """Say that a value is of one of these types."""
    return some([f"type({path}) == '{one}'" for one in types])


def equals(path: str, value: Any) -> str:
    return f"{path} == {literal(value)}"


def in_list(path: str, values: list[Any]) -> str:
    """Say that a value is one of a list."""
    if all(isinstance(one, str) for one in values):
        return f"contains({literal(values)}, {path})"
    return some([equals(path, one) for one in values]) if values else "`false`"


def holds(path: str, value: Any) -> str:
    """Say that a list has an element, a text a part, or an object a key."""
    wanted = literal(value)
    listed = every([typed(path, "array"), f"contains({path}, {wanted})"])
    if not isinstance(value, str):
        return listed
    either = every([typed(path, "array", "string"), f"contains({path}, {wanted})"])
    keyed = every([typed(path, "object"), f"contains(keys({path}), {wanted})"])
    return some([either, keyed])


def compares(path: str, sign: str, value: Any) -> str:
    """Compare numbers with numbers, or texts with texts; anything else is false."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Untold(f"it compares by {sign} with {json.dumps(value)[:60]}")
    kind = "string" if isinstance(value, str) else "number"
    return every([typed(path, kind), f"{path} {sign} {literal(value)}"])


def measured(number: str, sign: str, value: Any) -> str:
    """Compare what is a number, or null, with a number; null is false."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return compares(number, sign, value)
    return f"{number} {sign} {literal(value)}"


def globs(path: str, pattern: str) -> str:
    """Say that a text fits a pattern of shells, capitals counting."""
    if not isinstance(pattern, str):
        raise Untold("its pattern is no text")
    return f"matches({path}, {literal(_checked('(?s)^' + _of_glob(pattern) + END))})"


def _of_glob(pattern: str) -> str:
    found, place = "", 0
    while place < len(pattern):
        one = pattern[place]
        place += 1
        end = pattern.find("]", place + 1 + (pattern[place : place + 1] == "!"))
        if one == "[" and end > 0:
            inside = pattern[place:end].replace("\\", "\\\\")
            inside = inside.replace("[", "\\[").replace("]", "\\]")
            inside = "^" + inside[1:] if inside.startswith("!") else inside.replace("^", "\\^")
            found += f"[{inside}]"
            place = end + 1
        else:
            found += {"*": ".*", "?": "."}.get(one) or re.escape(one)
    return found


def matches(path: str, pattern: Any, any_case: bool) -> str:
    """Say that a text begins with what Python's re.match would find."""
    if not isinstance(pattern, str):
        raise Untold("its regular expression is no text")
    begin = "(?i)^" if any_case else "^"
    return f"matches({path}, {literal(_checked(f'{begin}(?:{_of_python(pattern)})'))})"


def _of_python(pattern: str) -> str:
    r"""Write $ and \Z as RE2 must have them to mean what Python means."""
    found, place, inside = "", 0, False
    while place < len(pattern):
        one = pattern[place]
        if one == "\\":
            pair = pattern[place : place + 2]
            found += END if pair == r"\Z" and not inside else pair
            place += 2
            continue
        if one == "$" and not inside:
            found += rf"(?:\n?{END})"
        else:
            found += one
        inside = (inside or one == "[") and not (inside and one == "]")
        place += 1
    return found


def _checked(pattern: str) -> str:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise Untold(f"its regular expression needs what RE2 has not: {pattern[:80]}") from error
    if len(pattern) > 500:
        raise Untold("its regular expression is longer than 500 characters")
    return pattern


def ascii_only(pattern: Any) -> bool:
    r"""Say whether a regular expression has \w and the like, which know ASCII alone in RE2."""
    return isinstance(pattern, str) and bool(re.search(r"\\[wWdDsSbB]", pattern))


def stripped(path: str, values: list[Any]) -> str:
    """Say that a text, in small letters and without blanks around it, is one of these."""
    if not all(isinstance(one, str) for one in values):
        raise Untold("it compares small letters with what is no text")
    # What has capitals or blanks around it can never be what comes out of that.
    good = [one for one in values if one == one.strip().lower()]
    if not good:
        raise Untold("it compares small letters with capitals or blanks, which is never true")
    words = "|".join(re.escape(one) for one in good)
    return f"matches(lower({path}), {literal(_checked(f'^{BLANK}(?:{words}){BLANK}{END}'))})"


def whole_number(path: str) -> str:
    """Give the whole number that a value or a text is, else 0."""
    digits = literal(f"^{BLANK}[+-]?[0-9]+{BLANK}{END}")
    return f"if(matches(to_string({path}), {digits}), to_number(to_string({path})), `0`)"
