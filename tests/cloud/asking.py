"""Tells from an HTTP request which AWS operation it asks for, where, and about what."""

import json
import re
from base64 import b32decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel
from botocore.session import Session

from config.demo.cloud import ACCESS_KEY, HUB

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
TOKENS = {"nexttoken", "marker", "continuation-token", "continuationtoken", "key-marker"}
FORM = "application/x-www-form-urlencoded"

Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """One call: `operation` as the API's reference names it, `form` as its errors are written."""

    operation: str
    service: str
    region: str
    account: str
    form: str  # ec2, xml, s3 or json
    values: frozenset[str]  # All that its parameters say: bucket names, ids, ...
    token: str | None  # Names the page asked for; none for the first.


@dataclass(frozen=True)
class Template:
    """How an operation of a REST API is asked for."""

    operation: str
    method: str
    path: re.Pattern[str]
    fixed: int  # How many characters of the path are no parameter.
    query: Parameters  # What must be in the query; an empty value may be anything.

    def fits(self, method: str, path: str, query: Parameters) -> bool:
        """Whether a request may ask for this operation."""
        given = all(
            key in query and wanted in ("", query[key]) for key, wanted in self.query.items()
        )
        return self.method == method and given and bool(self.path.fullmatch(path))


def asked(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Asked:
    """Read one request; `target` may be a path or, as to a proxy, a whole address."""
    url = urlsplit(target)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    key, region, service = credential(headers.get("Authorization", ""))
    if url.path.startswith("/v20180820/"):
        service = "s3control"
    operation, form, parameters = operation_of(method, url.path, query, service, headers, body)
    token = next((value for name, value in parameters if name.lower() in TOKENS), None)
    values = frozenset(value for _, value in parameters)
    return Asked(operation, service, region, account_of(key), form, values, token)


def credential(authorization: str) -> tuple[str, str, str]:
    """The access key, region and service that a request is signed for."""
    found = CREDENTIAL.search(authorization)
    return found.group(1, 2, 3) if found else (ACCESS_KEY, "", "")


def account_of(key: str) -> str:
    """The account of an access key: AWS, and moto with it, writes it into the key."""
    if key == ACCESS_KEY:
        return HUB
    number = int.from_bytes(b32decode(key[4:])[:6], "big")
    return f"{(number & 0x7FFFFFFFFF80) >> 7:012}"


def operation_of(
    method: str,
    path: str,
    query: Parameters,
    service: str,
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[str, str, list[tuple[str, str]]]:
    """The operation, the form of its errors, and all its parameters."""
    if "X-Amz-Target" in headers:
        name = headers["X-Amz-Target"].rpartition(".")[2]
        return name, "json", list(leaves(json.loads(body or b"{}")))
    if headers.get("Content-Type", "").startswith(FORM):
        parameters = parse_qsl(body.decode())
        form = "ec2" if service == "ec2" else "xml"
        return dict(parameters)["Action"], form, parameters
    parts = [("", unquote(part)) for part in path.split("/") if part]
    return (
        rest_operation(method, path, query, service),
        rest_form(service),
        [*parts, *query.items()],
    )


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The texts in a JSON document, each with the key that it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)


def rest_operation(method: str, path: str, query: Parameters, service: str) -> str:
    """The operation of a REST API that a request asks for, by botocore's own description."""
    path = path.rstrip("/") or "/"
    fitting = (one for one in templates(service) if one.fits(method, path, query))
    best = max(fitting, key=lambda one: (len(one.query), one.fixed), default=None)
    return best.operation if best else f"{method} {path}"


def rest_form(service: str) -> str:
    """How a REST API writes its errors."""
    if service in ("", "s3"):
        return "s3"
    try:
        protocol = Session().get_service_model(service).protocol
    except UnknownServiceError:
        return "json"
    return "xml" if protocol == "rest-xml" else "json"


@cache
def templates(service: str) -> tuple[Template, ...]:
    """All operations of a service; of two that look alike the alphabet's first wins."""
    try:
        model = Session().get_service_model(service or "s3")
    except UnknownServiceError:
        return ()
    operations = (model.operation_model(name) for name in sorted(model.operation_names))
    return tuple(template(one) for one in operations if not one.deprecated)


def template(operation: OperationModel) -> Template:
    """How an operation is asked for."""
    path, _, query = operation.http["requestUri"].partition("?")
    path = path.rstrip("/") or "/"
    pieces = re.split(r"\{[^}]*?(\+?)\}", path)  # Fixed text and, between, "+" for many parts.
    holes = {"": "[^/]+", "+": ".+"}
    pattern = "".join(
        holes[piece] if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)
    )
    needed = dict(parse_qsl(query, keep_blank_values=True))
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        place = shape.members[name].serialization
        if place.get("location") == "querystring":
            needed[place["name"]] = ""
    fixed = len("".join(pieces[::2]))
    return Template(operation.name, operation.http["method"], re.compile(pattern), fixed, needed)
