"""The API as OpenAPI tells it: every answer, every refusal, every parameter."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api import paging
from accounts.api.base import ApiView
from accounts.api.files import FILES, WRITERS
from accounts.api.once import HEADER, MOST
from accounts.api.problems import DO, Problem
from accounts.api.tags import IF_MATCH, IF_NONE
from accounts.moments import PARAMETER as MOMENT

PROBLEM = "application/problem+json"
# What any address may answer; 404 beside where one row is named.
ALWAYS = (400, 401, 403, 404, 405, 406, 429)
ON_WRITES = (409, 413, 415, 422)
HEADERS: dict[int, Any] = {
    429: {
        "Retry-After": {
            "schema": {"type": "integer", "minimum": 1},
            "description": "How many seconds to wait.",
        }
    }
}
KEYED = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": MOST},
    "header",
    description="A text of your own, as a UUID, that names this request: sent again with the same "
    "one, it is answered as before and not done again. Kept for a day.",
)


def _tag(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string"}, "header", description=text)


UNCHANGED = _tag(IF_MATCH, "The ETag of what you read: nothing is done if it was edited since.")
AS_BEFORE = _tag(IF_NONE, "The ETag of what you have: 304 if it is still so.")
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "What tells this state apart."}}
AS_OF = "Show how it was at the end of a day (2026-11-08) or of a minute (2026-11-08T14:00)."


def parameter(
    name: str, text: str, schema: dict[str, Any], required: bool = False
) -> OpenApiParameter:
    """Describe a parameter of an address."""
    return OpenApiParameter(name, schema, "query", required, description=text)


def taken(*parameters: OpenApiParameter, **more: Any) -> Callable[[Any], Any]:
    """Say which parameters a method takes."""
    return extend_schema(parameters=list(parameters), **more)


PAGED = tuple(parameter(name, *said) for name, said in paging.ASKED.items())


class Describing(AutoSchema):
    """Adds to what a view tells of itself what all of them have in common."""

    def get_override_parameters(self) -> list[Any]:
        view, found = self.view, []
        if isinstance(view, ApiView):
            if getattr(view, "has_past", False) and (self.method == "GET" or view.files):
                found.append(parameter(MOMENT, AS_OF, {"type": "string"}))
            if getattr(getattr(view, self._action()), "takes_key", False):
                found.append(KEYED)
            if self._action() == "retrieve":
                found.append(AS_BEFORE)
            if self._action() in getattr(view, "conditional", ()):
                found.append(UNCHANGED)
        return found

    def _action(self) -> str:
        """Return the name of the method that answers."""
        return getattr(self.view, "action", None) or str(self.method).lower()

    def map_renderers(self, attribute: str) -> list[Any]:
        if attribute == "media_type":
            return ["application/json"]
        return super().map_renderers(attribute)

    def get_tags(self) -> list[str]:
        return [self.path.strip("/").split("/")[1]]

    def get_operation_id(self) -> str:
        return super().get_operation_id().removeprefix("api_")

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        if getattr(self.view, "files", False):
            content = operation["responses"]["200"]["content"]
            for form in FILES:
                kind = WRITERS[form][0].partition(";")[0]
                content[kind] = {"schema": {"type": "string"}}
        if self._action() == "retrieve":
            operation["responses"]["200"]["headers"] = ETAG
            operation["responses"]["304"] = {
                "description": "It is as you have it.",
                "headers": ETAG,
            }
        self._add_refusals(operation)
        return operation

    def _add_refusals(self, operation: Any) -> None:
        problem = self.resolve_serializer(Problem, "response").ref
        writes = () if self.method in ("GET", "HEAD") else ON_WRITES
        lost = (412,) if self._action() in getattr(self.view, "conditional", ()) else ()
        for status in (*ALWAYS, *writes, *lost, *getattr(self.view, "refusals", ())):
            told = {"content": {PROBLEM: {"schema": problem}}, "description": DO[status]}
            if status in HEADERS:
                told["headers"] = HEADERS[status]
            operation["responses"].setdefault(str(status), told)
        operation["responses"] = dict(sorted(operation["responses"].items()))


class TokenScheme(OpenApiAuthenticationExtension):
    """How a token is sent."""

    target_class = "accounts.api.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Made on the page API tokens of the console.",
        }
