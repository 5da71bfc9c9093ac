"""The page that documents the API, and what an address says at which nothing is."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.generators import SchemaGenerator
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.problems import DO
from config.console.page import page

# How the description of a field lists its values: each with what it is called.
LISTED = re.compile(r"^\* `(.*)` - (.*)$", re.MULTILINE)


class NothingView(APIView):
    """Answers as the rest of the API does, where there is nothing."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound("There is nothing at this address. /api/docs/ lists what there is.")


nothing = NothingView.as_view()


def docs(request: HttpRequest) -> HttpResponseBase:
    """Show every address of the API with what it takes and answers."""
    found: HttpResponse = page(request, "api_docs", "API", {"groups": groups(), "problems": _do()})
    return found


@cache
def groups() -> list[dict[str, Any]]:
    """Return every operation by the first part of its address, as the schema has it."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    by_name: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for name in operation["tags"]:
                told = _told(path, method, operation)
                told["sent"] = list(_sent(operation, schema["components"]["schemas"]))
                by_name.setdefault(name, []).append(told)
    return [{"name": name, "operations": found} for name, found in sorted(by_name.items())]


def _told(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    given = operation.get("parameters", ())
    text = _plain(operation.get("description", ""))
    return {
        "path": path,
        "method": method.upper(),
        "short": text.partition(". ")[0].rstrip("."),
        "text": text,
        "parameters": [_parameter(one) for one in given if one["in"] != "path"],
        "body": list(_examples(operation)),
        "answers": ", ".join(operation["responses"]),
    }


def _sent(operation: dict[str, Any], known: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the fields of what is sent as parameters are told."""
    content = operation.get("requestBody", {}).get("content", {})
    name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    body = known.get(name, {})
    for field, schema in body.get("properties", {}).items():
        parts = [schema, *schema.get("allOf", ()), *schema.get("oneOf", ())]
        referred = [known.get(one.get("$ref", "").rpartition("/")[2], {}) for one in parts]
        values = next((one["enum"] for one in [*parts, *referred] if "enum" in one), ())
        yield {
            "name": field,
            "text": _said(schema),
            "values": _values(schema, values),
            "required": field in body.get("required", ()),
        }


def _said(one: dict[str, Any]) -> str:
    """Return what a form calls a field and says of it; its values stand beside that."""
    text = LISTED.sub("", one.get("description", "")).strip()
    return _plain(". ".join(filter(None, (one.get("title", ""), text))))


def _values(one: dict[str, Any], values: Iterable[Any]) -> str:
    """Return the values of a field, each with what it is called where that is another word."""
    called = dict(LISTED.findall(one.get("description", "")))
    names = [str(value) for value in values if value not in ("", None)]
    return ", ".join(
        f"{name} ({called[name]})" if called.get(name, name) != name else name for name in names
    )


def _plain(text: str) -> str:
    """Return a text without the marks of code, which the page does not dress."""
    return text.replace("`", "")


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    schema = one["schema"]
    values = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    return {
        "name": one["name"],
        "text": _said(one),
        "values": _values(one, values),
        "required": one.get("required", False),
    }


def _examples(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for one in body.get("examples", {}).values():
        yield {"title": one.get("summary", ""), "value": json.dumps(one["value"], indent=2)}


def _do() -> list[tuple[int, str, str]]:
    return [(status, HTTPStatus(status).phrase, _plain(text)) for status, text in DO.items()]
