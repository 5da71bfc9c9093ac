"""What templates of the console need beyond Django's own: labels, marks, ages."""

import json
import re
from typing import Any

import yaml
from django import template

from accounts.moments import page_time
from audits.suggesting import dotted
from items.naming import technology_label

register = template.Library()
register.filter("technology", technology_label)

# Marks in one text; more would only be paint.
MARKS = 20
# Characters of one side of a difference.
LONGEST = 3000


@register.filter
def marked(text: str, words: Any) -> list[tuple[str, bool]]:
    """Cut a text into parts, each with whether it is to be marked: where one of ``words`` stands.

    ``words`` is an issue's extent: networks, principals, ports; what is no short text is left
    out. The template writes the parts, and so escapes them.
    """
    given = words if isinstance(words, list) else []
    wanted = sorted(
        {str(one) for one in given if isinstance(one, (str, int)) and 0 < len(str(one)) < 200},
        key=len,
        reverse=True,
    )[:MARKS]
    if not wanted:
        return [(str(text), False)]
    pattern = "|".join(rf"(?<![\w.]){re.escape(one)}(?![\w.])" for one in wanted)
    return [
        (part, place % 2 == 1)
        for place, part in enumerate(re.split(f"({pattern})", str(text)))
        if part
    ]


@register.filter
def at(values: Any, name: str) -> Any:
    """Return what a mapping holds under a name; nothing where it is none or has none such."""
    return values.get(name, "") if isinstance(values, dict) else ""


@register.filter
def as_path(path: Any) -> str:
    """Return the path of a tree's line as a link or a button carries it."""
    return json.dumps(path, ensure_ascii=False)


@register.filter
def as_jmespath(path: Any) -> str:
    """Return the path of a tree's line as a rule may use it: of a list every element."""
    return dotted(path)


@register.filter
def as_json(value: Any) -> str:
    """Return a value as JSON that a person can read; the template escapes it."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


@register.filter
def shown(value: Any) -> str:
    """Return one side of a difference: a part over lines, without what is empty in it."""
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        text = yaml.safe_dump(filled(value), sort_keys=False, allow_unicode=True, width=120)
        return text.strip()[:LONGEST]
    if value is None or isinstance(value, bool):  # 1 would be found under True.
        return {None: "nothing", True: "true", False: "false"}[value]
    return str(value)


@register.filter
def filled(value: Any) -> Any:
    """Return a value without the parts in it that are empty."""
    if isinstance(value, dict):
        return {name: filled(one) for name, one in value.items() if one not in (None, "", [], {})}
    return [filled(one) for one in value] if isinstance(value, list) else value


@register.filter
def age(moment: Any) -> str:
    """Return how long ago something was: 3 days, 2 hours, 5 minutes."""
    if moment is None:
        return "never"
    seconds = max(0, int((page_time() - moment).total_seconds()))
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return "a moment"
