"""What the templates of evidence need beside Django's own."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def get(row: Mapping[str, Any], name: str) -> Any:
    """Return what a row has under a name; an empty text where it has nothing."""
    found = row.get(name, "")
    return ", ".join(map(str, found)) if isinstance(found, list) else found


@register.filter
def parts(text: str) -> list[str]:
    """Return the words that a template lists with bars between."""
    return text.split("|")
