"""What templates of the console need beyond Django's own: labels, marks, ages."""

import json
import re
from typing import Any

from django import template
from django.utils import timezone

from items.naming import technology_label

register = template.Library()
register.filter("technology", technology_label)

# Marks in one text; more would only be paint.
MARKS = 20


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
def as_json(value: Any) -> str:
    """Return a value as JSON that a person can read; the template escapes it."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


@register.filter
def age(moment: Any) -> str:
    """Return how long ago something was: 3 days, 2 hours, 5 minutes."""
    if moment is None:
        return "never"
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return "a moment"
