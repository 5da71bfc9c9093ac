"""ETags: what tells two states of a row apart, and whether somebody has read the present one.

A tag has two parts where a row can be edited: what people edit of it, and all that is told of it.
A change is lost only where somebody else edited; that a count moved meanwhile loses nothing.
"""

import hashlib
import json
from typing import Any

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from accounts.api.problems import Changed

IF_MATCH, IF_NONE = "If-Match", "If-None-Match"


def tag_of(told: Any, edited: Any = None) -> str:
    """Return the ETag of a row by what is told of it, and what of that people edit."""
    parts = [digest(edited)] if edited is not None else []
    return f'"{".".join([*parts, digest(told)])}"'


def digest(value: Any) -> str:
    said = json.dumps(value, cls=JSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()[:32]


def knows(request: Request, tag: str) -> bool:
    """Say whether the asker has just what would be told, by If-None-Match."""
    named = parse_etags(request.headers.get(IF_NONE, ""))
    return "*" in named or tag in {one.removeprefix("W/") for one in named}


def demand_unchanged(request: Request, tag: str) -> None:
    """Raise Changed where If-Match names another state than the present one."""
    if IF_MATCH not in request.headers:
        return
    named = parse_etags(request.headers[IF_MATCH])
    if "*" not in named and _edited(tag) not in {_edited(one) for one in named}:
        raise Changed


def _edited(tag: str) -> str:
    """Return the part of a tag that a change is held against; of a weak one nothing fits."""
    return "" if tag.startswith("W/") else tag.strip('"').partition(".")[0]
