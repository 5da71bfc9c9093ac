"""The console's filters, asked for by the API: the same names, the same values, the same rows."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from accounts.admin.dates import PARAMETERS, Between, _day
from accounts.admin.facets import Facet, Tabs

SEARCH = "search"


def console_of(model: type[Model]) -> Any:
    """Return the list of the console that shows these rows; None: it has none."""
    return admin.site.get_model_admin(model) if admin.site.is_registered(model) else None


def facets(console: Any, request: Any) -> Iterator[Any]:
    """Yield the filters that a list of the console offers for its moment."""
    for kind in console.get_list_filter(request):
        if isinstance(kind, type) and issubclass(kind, (Facet, Between)):
            yield kind


def names_of(kind: Any) -> tuple[str, ...]:
    """Return by which parameters a filter is asked for."""
    return PARAMETERS if issubclass(kind, Between) else (kind.parameter_name,)


class ConsoleFilters(BaseFilterBackend):
    """Filters a list as the console's list of the same rows does; nothing is left out by itself."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> QuerySet[Any]:
        console = view.console
        if view.action != "list" or console is None:
            return queryset
        for kind in facets(console, request):
            asked = {n: request.query_params.getlist(n) for n in names_of(kind)}
            given = {name: values for name, values in asked.items() if values}
            if given and not _all(kind, given):
                one = kind(request, dict(given), console.model, console)
                _check(one, given)
                queryset = one.queryset(request, queryset)
        text = request.query_params.get(SEARCH, "")
        if text and console.search_fields:
            queryset, _ = console.get_search_results(request, queryset, text)
        return queryset

    def known(self, request: Any, view: Any) -> set[str]:
        """Return every parameter by which a list may be asked for."""
        if view.console is None:
            return set()
        found = {name for kind in facets(view.console, request) for name in names_of(kind)}
        return found | ({SEARCH} if view.console.search_fields else set())

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the filters, for OpenAPI."""
        console = view.console
        if console is None:
            return []
        kinds = [k for k in console.list_filter if isinstance(k, type)]
        found = [_described(kind) for kind in kinds if issubclass(kind, Facet)]
        for kind in kinds:
            if issubclass(kind, Between):
                day = {"type": "string", "format": "date"}
                found.append(_parameter("from", "The first day.", day))
                found.append(_parameter("until", "The last day.", day))
        if console.search_fields:
            text = f"A text to look for. {console.search_help_text or ''}".strip()
            found.append(_parameter(SEARCH, text, {"type": "string"}))
        return found


class FieldFilters(DjangoFilterBackend):
    """Further filters, by what is in the fields of a row; a past list has none."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        return super().filter_queryset(request, queryset, view) if view.of_now else queryset

    def known(self, request: Any, view: Any) -> set[str]:
        """Return every parameter by which a list may be asked for."""
        kind = self.get_filterset_class(view, view.queryset)
        return set(kind.base_filters) if kind and view.of_now else set()


def _all(kind: Any, given: dict[str, list[str]]) -> bool:
    every = issubclass(kind, Tabs) and kind.everything
    return bool(every) and given[kind.parameter_name] == ["all"]


def _choices(kind: Any) -> tuple[str, ...]:
    """Return the values that a filter knows; empty: whichever occur."""
    found: tuple[str, ...] = kind.values()
    every = issubclass(kind, Tabs) and kind.everything and "all" not in found
    return (*found, "all") if every else found


def _check(one: Any, given: dict[str, list[str]]) -> None:
    """Refuse a value by which nothing could be chosen: a list of everything would mislead."""
    for name, values in given.items():
        if fault := _fault(one, values):
            raise ValidationError({name: f"{fault} {_takes(type(one))}"})


def _fault(one: Any, values: list[str]) -> str:
    """Say what is wrong with what was asked of a filter; empty: nothing."""
    if isinstance(one, Between):
        asked = values
        wrong = [text for text in asked if _day(text) is None]
    else:
        asked = [part for text in values for part in text.split(",")]
        wrong = [text for text in asked if not text or not one.possible(text)]
    if wrong:
        return f"“{wrong[0][:40]}” is not known." if wrong[0] else "A value is missing."
    if len(asked) > 1 and isinstance(one, (Between, Tabs)):
        return "Only one at a time."
    return "Say it once, with commas between the values." if len(values) > 1 else ""


def _takes(kind: Any) -> str:
    """Say by what a filter may be asked."""
    if issubclass(kind, Between):
        return "Write a day such as 2026-11-08."
    if choices := _choices(kind):
        return f"Choose from: {', '.join(choices)}."
    what = "the key of a row, a number" if kind.names else "any value that rows have"
    return f"Write {what}, or {' or '.join(kind.also)}."


def _described(kind: Any) -> dict[str, Any]:
    choices = _choices(kind)
    if issubclass(kind, Tabs):
        return _parameter(kind.parameter_name, kind.title, _enum(choices))
    item = _enum(choices) if choices else {"type": "string"}
    if kind.names:
        item["pattern"] = f"^({'|'.join(kind.also)}|[0-9]{{1,17}})$"
    said = _parameter(
        kind.parameter_name,
        f"{kind.title}: one or several, with commas",
        {"type": "array", "items": item},
    )
    return {**said, "style": "form", "explode": False}


def _enum(values: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _parameter(name: str, text: str, schema: dict[str, Any]) -> dict[str, Any]:
    said = text[:1].upper() + text[1:]
    return {"name": name, "in": "query", "required": False, "description": said, "schema": schema}
