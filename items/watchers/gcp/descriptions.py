"""Google's own descriptions of its services: which calls there are, and what they answer."""

import functools
from collections.abc import Iterator
from typing import Any

from accounts.types.gcp_session import description

Schema = dict[str, Any]

# Where the permissions of a service begin with another word than its host does.
PERMISSION_PREFIXES = {"cloudresourcemanager": "resourcemanager", "sqladmin": "cloudsql"}
READS = {"aggregatedList": "list", "compute": "list", "search": "get"}


@functools.cache
def methods(api: str) -> dict[str, dict[str, Any]]:
    """Return the description of each call by its name: ``projects.serviceAccounts.keys.list``."""
    return dict(_methods(description(api), ""))


def _methods(part: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, method in part.get("methods", {}).items():
        yield path + name, method
    for name, resource in part.get("resources", {}).items():
        yield from _methods(resource, f"{path}{name}.")


def permission(api: str, operation: str) -> str:
    """Return the permission that allows a call, where it is named after it."""
    service = api.partition(".")[0]
    *_, resource, verb = operation.split(".")
    return f"{PERMISSION_PREFIXES.get(service, service)}.{resource}.{READS.get(verb, verb)}"


def reply_schema(api: str, operation: str) -> Schema:
    """Return the schema of a call's answer."""
    return resolved(api, methods(api)[operation].get("response", {}))


def resolved(api: str, schema: Schema) -> Schema:
    """Return the schema that another one refers to."""
    while "$ref" in schema:
        schema = description(api)["schemas"][schema["$ref"]]
    return schema


def schema_at(api: str, schema: Schema | None, path: tuple[str, ...]) -> Schema | None:
    """Follow a plain path; return None where it cannot be told, raise LookupError if it ends.

    Steps are names, ``[]`` for each element and ``*`` for each value of a map.
    """
    for step in path:
        if schema is None:
            return None
        schema = resolved(api, schema)
        kind = schema.get("type")
        if kind == "any" or (
            kind == "object" and not schema.keys() & {"properties", "additionalProperties"}
        ):
            return None
        if step == "[]" and kind == "array":
            schema = schema["items"]
        elif step == "*" and "additionalProperties" in schema:
            schema = schema["additionalProperties"]
        elif step in schema.get("properties", {}):
            schema = schema["properties"][step]
        elif step not in ("[]", "*") and "additionalProperties" in schema:
            schema = schema["additionalProperties"]
        else:
            raise LookupError(step)
    return schema and resolved(api, schema)


def plain(path: str) -> tuple[str, ...] | None:
    """Return the steps of an answer's path; None where it is more than names, ``[]`` and ``*``."""
    steps = tuple(path.replace("[]", ".[]").strip(".").split("."))
    return steps if all(one in ("[]", "*") or one.isidentifier() for one in steps) else None


def answer_schema(api: str, operation: str, answer: str) -> Schema | None:
    """Return the schema of the part that is asked for; None where its path is not plain."""
    reply = reply_schema(api, operation)
    if answer == "@":
        return reply
    if answer == "[@]":
        return {"type": "array", "items": reply}
    path = plain(answer)
    return schema_at(api, reply, path) if path else None
