"""Which fields of a ticket say what: a JSON object in the settings of a subscription."""

import json
from collections.abc import Mapping
from string import Template
from typing import Any

from accounts.types.base import Parameter
from audits.models import SEVERITIES

NAMES = (
    *("title", "severity", "score", "notes", "remediation", "rule", "link"),
    *("item", "full_name", "technology", "region", "account", "account_identifier"),
)
WORDS = {word for _, word in SEVERITIES}


def fields_parameter(example: str) -> Parameter:
    """Return what asks for the fields of tickets."""
    return Parameter(
        "fields",
        "Fields",
        f"Of each ticket, as JSON: {example}. Names that may stand in texts: "
        f"{', '.join(f'${name}' for name in NAMES)}.",
        check=check_fields,
        multiline=True,
    )


def check_fields(text: str) -> None:
    """Raise ValueError on what is no mapping, or names what is not known."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise ValueError("must be a JSON object")
    try:
        _filled(given, dict.fromkeys(NAMES, "") | {"severity": "high"})
    except KeyError as error:
        raise ValueError(f"{error} is no name among {', '.join(NAMES)}") from error


def fields_of(text: str, thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the ticket of an issue."""
    item = thing["item"]
    known = {name: str(thing[name]) for name in NAMES if name in thing}
    known |= {name: str(item[name]) for name in NAMES if name in item}
    filled: dict[str, Any] = _filled(json.loads(text or "{}"), {**known, "item": item["name"]})
    return filled


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    """Fill names in; an object whose keys are severities is its value for the issue's own."""
    if isinstance(value, str):
        return Template(value).substitute(known)
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    if value and set(value) <= WORDS:
        return _filled(value.get(known["severity"]), known)
    filled = {name: _filled(one, known) for name, one in value.items()}
    return {name: one for name, one in filled.items() if one is not None}
