"""A rule's parameters: declared with a kind, a value to begin with, and a range."""

from collections.abc import Iterator
from typing import Any

from audits.nearest import perhaps
from audits.outline import kind

# As a declaration names it, with the kind of value that it takes.
KINDS = {
    "integer": "number",
    "number": "number",
    "text": "string",
    "boolean": "boolean",
    "list": "array",
}
WORDS = ("type", "default", "min", "max", "label")


def declaration_faults(parameters: Any) -> Iterator[str]:
    """Yield what is wrong with the declarations of parameters, a sentence each."""
    if not isinstance(parameters, dict):
        yield "Parameters are an object: the name of each with its declaration."
        return
    for name, declared in parameters.items():
        if not isinstance(name, str) or not name.isidentifier():
            yield f"{name!r} is no name for a parameter: letters, digits and underscores are."
        elif not isinstance(declared, dict):
            yield f'{name}: write {{"type": "integer", "default": 90, "label": "Days"}}.'
        else:
            yield from (f"{name}: {fault}" for fault in _faults(declared))


def _faults(declared: dict[str, Any]) -> Iterator[str]:
    for word in sorted(set(map(str, declared)) - set(WORDS)):
        yield f"{word!r} means nothing in a declaration.{perhaps(word, WORDS)}"
    type_ = declared.get("type")
    if not isinstance(type_, str) or type_ not in KINDS:
        yield f"its type is one of {', '.join(KINDS)}.{perhaps(str(type_), KINDS)}"
        return
    if "default" not in declared:
        yield "it needs a default: what holds where no setting says otherwise."
        return
    why = misfit(declared["default"], declared)
    if why:
        yield f"its default {why}."
    ends = [declared[end] for end in ("min", "max") if declared.get(end) is not None]
    if ends and KINDS[type_] != "number":
        yield f"a {type_} has no min and no max."
    elif any(kind(end) != "number" for end in ends):
        yield "min and max are numbers."
    elif len(ends) == 2 and ends[0] > ends[1]:
        yield "its min is larger than its max."


def misfit(value: Any, declared: dict[str, Any]) -> str:
    """Say why a value cannot be that of a declared parameter, or return an empty text."""
    type_ = declared["type"]
    if kind(value) != KINDS[type_]:
        return f"is no {type_}"
    if type_ == "integer" and isinstance(value, float) and not value.is_integer():
        return "is no whole number"
    if type_ in ("integer", "number"):
        least, most = declared.get("min"), declared.get("max")
        if kind(least) == "number" and value < least:
            return f"is less than {least}"
        if kind(most) == "number" and value > most:
            return f"is more than {most}"
    return ""


def value_faults(values: Any, parameters: dict[str, Any]) -> Iterator[str]:
    """Yield why values cannot be given to declared parameters, a sentence each."""
    if not isinstance(values, dict):
        yield 'Parameters are an object: {"days": 30}.'
        return
    for name, value in values.items():
        declared = parameters.get(name)
        if declared is None:
            has = ", ".join(sorted(parameters))
            known = f" The rule has {has}." if has else " The rule has none."
            yield f"The rule has no parameter {name}.{perhaps(name, parameters)}{known}"
        elif why := misfit(value, declared):
            yield f"{name}: {value!r} {why}."
