"""The base of everything that the API answers: its permissions, its moment, its errors."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.api.fields import PARAMETER as FIELDS
from accounts.api.files import FILES, CsvRenderer, LinesRenderer, stream, told
from accounts.api.filtering import ConsoleFilters, FieldFilters, console_of
from accounts.api.paging import Pages
from accounts.api.tags import demand_unchanged, knows, tag_of
from accounts.moments import PARAMETER, looking_from, moment_named, moment_of
from accounts.recalling import called_then
from accounts.seeing import visible


class May(BasePermission):
    """Lets in whom the view lets in; on what, the view says."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(view.lets_in(request.user))


class Id(django_filters.NumberFilter):
    """The key of a row; what no database could hold as one is refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=0, max_value=2**63 - 1, **kwargs)


class When(django_filters.IsoDateTimeFilter):
    """A moment, told in UTC: PostgreSQL knows no zone that is more than 16 hours away."""

    def filter(self, qs: Any, value: Any) -> Any:
        try:
            return super().filter(qs, value.astimezone(UTC) if value else value)
        except OverflowError as error:
            raise ValidationError({self.field_name: "That moment is too far away."}) from error


class ApiView:
    """What all answers have in common; stands before a view of the framework."""

    permission_classes: ClassVar[Any] = (May,)
    renderer_classes: ClassVar[Any] = (JSONRenderer,)
    permission: ClassVar[str] = ""
    """What is needed to ask at all: ``items.view_item``."""
    asks: ClassVar[tuple[str, ...]] = ()
    """Parameters of the address that are taken."""
    has_past: ClassVar[bool] = False
    """Whether ``as_of`` is one of them."""
    files: ClassVar[bool] = False
    """Whether the answer is to be had as a file, too."""

    def dispatch(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        with looking_from(moment_named(request.GET.get(PARAMETER) if self.has_past else None)):
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def initial(self: Any, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        self.check_parameters(request)
        if not moment_of(request).now:
            user: Any = request.user
            user.looks_back = True

    def get_renderers(self) -> list[Any]:
        files = (CsvRenderer, LinesRenderer) if self.files else ()
        return [kind() for kind in (*self.renderer_classes, *files)]

    def needs(self) -> str:
        """Return the permission without which nothing is answered."""
        return self.permission

    def lets_in(self, user: Any) -> bool:
        """Say whether somebody may ask at all; of which rows, ``visible`` says."""
        return bool(user.has_perm(self.needs()))

    def known(self, request: Request) -> set[str]:
        """Return the parameters that the address may have."""
        return {*self.asks, "format", *([PARAMETER] if self.has_past else [])}

    def check_parameters(self, request: Request) -> None:
        """Refuse what would be left out silently: a wrong name, a moment that is none."""
        known = self.known(request)
        for name, values in request.query_params.lists():
            if name not in known:
                named = ", ".join(sorted(known))
                raise ValidationError({name[:100]: f"This is not asked for here. Known: {named}."})
            if any("\0" in one for one in values):
                raise ValidationError({name: "A text without NUL."})
        moment = moment_of(request)
        if moment.fault:
            raise ValidationError({PARAMETER: moment.fault})


class GuardedViewSet(ApiView, ReadOnlyModelViewSet):
    """A list and its rows: those that the console's list of the same rows would show."""

    queryset: Any
    filter_backends = (ConsoleFilters, FieldFilters)
    pagination_class = Pages
    lookup_value_regex = "[0-9]+"
    order: tuple[str, ...] = ("id",)
    detail_serializer_class: Any = None
    joined: ClassVar[tuple[str, ...]] = ()
    """Rows that are read along."""
    deferred: ClassVar[tuple[str, ...]] = ()
    """Fields that a list does not read."""
    unread: ClassVar[tuple[str, ...]] = ()
    """Fields that no answer reads."""
    key: ClassVar[str] = "id"
    """The field by which an address names a row."""
    conditional: ClassVar[tuple[str, ...]] = ("partial_update", "destroy")
    """Methods that take If-Match, where there are such."""
    demands: ClassVar[Mapping[str, str]] = {}
    """What single methods need, beside the permission to ask at all."""
    gathered: ClassVar[tuple[str, ...]] = ()
    """Many rows that are read along, by one more query each."""

    @property
    def console(self) -> Any:
        """The console's list of these rows."""
        return console_of(self.queryset.model)

    @property
    def has_past(self) -> bool:  # type: ignore[override]
        """Whether the console shows earlier states of these rows."""
        console = self.console
        return console is not None and keeps_past(console)

    @property
    def of_now(self) -> bool:
        return moment_of(self.request).now

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """Which columns stand in for fields, where the list is of the past."""
        return {} if self.of_now or self.console is None else self.console.stand_ins

    @property
    def files(self) -> bool:  # type: ignore[override]
        """Whether this answer is to be had as a file."""
        return self.action == "list"

    def needs(self) -> str:
        opts = self.queryset.model._meta
        return f"{opts.app_label}.view_{opts.model_name}"

    def lets_in(self, user: Any) -> bool:
        demanded = self.demands.get(self.action or "")
        return super().lets_in(user) and (demanded is None or user.has_perm(demanded))

    def known(self, request: Request) -> set[str]:
        found = super().known(request) | {"fields"}
        if self.action == "list":
            found |= {"page_size", "cursor"}
            for backend in self.filter_backends:
                found |= backend().known(request, self)
        return found

    def check_parameters(self, request: Request) -> None:
        super().check_parameters(request)
        if request.method == "GET":
            serializer: Any = self.get_serializer()
            _ = serializer.fields  # An unknown one is refused of no rows, too.

    def get_queryset(self) -> QuerySet[Any]:
        console: Any = self.console
        if console is None:
            rows = visible(self.queryset.all(), self.request.user)
        else:
            rows = console.get_queryset(self.request)
        if self.joined:
            rows = rows.select_related(*self.joined)
        if self.gathered and self.of_now:
            rows = rows.prefetch_related(*self.gathered)
        left = (*self.deferred, *self.unread) if self.action == "list" else self.unread
        return rows.defer(None).defer(*left)

    def get_object(self) -> Any:
        rows = self.filter_queryset(self.get_queryset())
        text = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        row = rows.filter(**{self.key: int(text)}).first() if len(text) < 19 else None
        if row is None:  # Who may not see it does not learn that it is there.
            raise NotFound("There is nothing here, or it is not granted to you.")
        return row

    def get_serializer_class(self) -> Any:
        if self.action != "list" and self.detail_serializer_class:
            return self.detail_serializer_class
        return super().get_serializer_class()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        form = getattr(request.accepted_renderer, "format", "")
        if form not in FILES:
            return super().list(request, *args, **kwargs)
        rows = self.filter_queryset(self.get_queryset())
        rows = rows.order_by(*(called_then(name, self.stand_ins) for name in self.order))
        serializer: Any = self.get_serializer()
        name = str(self.queryset.model._meta.verbose_name_plural).replace(" ", "-")
        return stream(form, name, list(serializer.fields), told(serializer, rows))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        if FIELDS in request.query_params:  # A part of a row is no state of it.
            return Response(self.get_serializer(row).data)
        data, tag = self.telling(row)
        if knows(request, tag):
            return Response(status=304, headers={"ETag": tag})
        return Response(data, headers={"ETag": tag})

    def telling(self, row: Any) -> tuple[Mapping[str, Any], str]:
        """Return what is told of a row, and its ETag."""
        data = self.get_serializer(row).data
        return data, tag_of(data, self.edited(row, data))

    def unchanged(self, request: Request) -> Any:
        """Return the row of the address; raise Changed unless it is as the asker read it."""
        row = self.get_object()
        demand_unchanged(request, self.telling(row)[1])
        return row

    def now(self, status: int = 200) -> Response:
        """Tell the row of the address as it is now."""
        data, tag = self.telling(self.get_object())
        return Response(data, status, headers={"ETag": tag})

    def edited(self, row: Any, data: Mapping[str, Any]) -> Any:
        """Return what people edit of a row, told or not; None: nothing."""
        return None


def keeps_past(console: Any) -> bool:
    """Say whether a list of the console shows earlier states of its rows."""
    own = type(console).then.__qualname__ != "Guarded.then"
    return own or (console.shows_past and hasattr(console.model, "history"))
