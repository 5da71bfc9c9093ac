"""Rows that are written by HTTP: what is sent is filled into the console's own form of the row.

So the same is refused, the same is set along with it, and the same is entered in the ledger.
"""

import copy
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.admin.limits import held
from accounts.admin.parameters import PREFIX
from accounts.api.base import GuardedViewSet
from accounts.api.given import checked
from accounts.api.once import once
from accounts.states import sealed

PARAMETERS = "parameters"
"""What an account's type or a notifier wants to know: an object, where the form has fields."""
SEVERAL = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
TO: Mapping[str, str] = MappingProxyType(
    {"create": "add", "partial_update": "change", "destroy": "delete"}
)


class Written(GuardedViewSet):
    """Rows that may be written by who sees them and may do so in the console."""

    takes: ClassVar[Mapping[str, str]] = TO
    """What each method does, as permissions name it."""
    follows: ClassVar[str] = ""
    """The field that says which form a new row has."""
    untold: ClassVar[tuple[str, ...]] = ()
    """Fields that are written and never told: some of what they hold is secret."""

    def lets_in(self, user: Any) -> bool:
        to = self.takes.get(self.action or "")
        may = to is None or user.has_perm(self.console.permission(to))
        return super().lets_in(user) and bool(may)

    def edited(self, row: Any, data: Mapping[str, Any]) -> Any:
        made: Any = self.get_serializer()
        told = {name: data[name] for name in data if not made.fields[name].read_only}
        return told | {name: sealed(str(getattr(row, name))) for name in self.untold}

    def present(self, request: Request, to: str) -> Any:
        """Return the row of the address, locked, if it is as the asker read it and theirs to
        change; in a transaction."""
        every = self.queryset.model._base_manager.all()
        seen = self.get_object()
        row = every.select_for_update().filter(pk=seen.pk).first()
        if row is None:
            raise NotFound("It was deleted meanwhile.")
        self.unchanged(request)
        if not self.console.may(request, to, row) or not self._lets(request, to, row):
            raise PermissionDenied("It is not yours to change.")
        return row

    def _lets(self, request: Request, to: str, row: Any) -> bool:
        check = getattr(self.console, f"has_{to}_permission", None)
        return check is None or bool(check(request, row))

    def answer(self, key: int, status: int) -> Response:
        """Tell a row as it is now."""
        self.kwargs = {self.lookup_field: str(key)}
        told = self.now(status)
        if status == 201:
            told.headers["Location"] = reverse(f"{self.basename}-detail", args=[key])
        return told


class Added(Written):
    """Rows that may be added."""

    @once()
    @transaction.atomic
    def create(self, request: Request) -> Response:
        """Add one."""
        given = checked(self.get_serializer_class(), request, context={"request": request})
        if not self._lets_add(request):
            raise PermissionDenied("You may not add one.")
        row = filled(self.console, request, None, given, self.follows)
        return self.answer(row.pk, 201)

    def _lets_add(self, request: Request) -> bool:
        return bool(self.console.has_add_permission(request))


class Edited(Written):
    """Rows of which parts may be changed."""

    @transaction.atomic
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is sent; with If-Match only where nobody else did meanwhile."""
        row = self.present(request, "change")
        more = {"partial": True, "context": {"request": request}}
        given = checked(self.get_serializer_class(), request, row, **more)
        filled(self.console, request, row, given)
        return self.answer(row.pk, 200)


class Deleted(Written):
    """Rows that may be deleted."""

    @transaction.atomic
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete it; with If-Match only where nobody changed it meanwhile."""
        row = self.present(request, "delete")
        _, _, refused, holding = self.console.get_deleted_objects([row], request)
        if refused:
            raise PermissionDenied(f"With it would go what you may not delete: {sorted(refused)}.")
        if holding:
            named = ", ".join(held([row], request, self.console.admin_site))
            used = f"It is used elsewhere: {named}" if named else "It is used elsewhere"
            raise ValidationError(f"{used}. Take it out there first.")
        self.console.delete_model(request, row)
        return Response(status=204)


def filled(console: Any, request: Request, row: Any, given: dict[str, Any], kind: str = "") -> Any:
    """Save a row, or a new one, by the console's form; raise ValidationError where it refuses.

    ``kind`` names the part of what is given that decides which form it is.
    """
    posted = _posted(request, {kind: given[kind]} if kind in given else {})
    try:
        made = console.get_form(posted, row, change=row is not None)
    except Http404 as error:
        raise ValidationError({kind: str(error)}) from error
    blank, sent = made(instance=row), dict(_flat(given))
    unknown = [name for name in sent if name not in blank.fields]
    if unknown:
        raise ValidationError({_name(unknown[0]): "This is not asked for here, or set for good."})
    values = {name: blank[name].value() for name in blank.fields}
    values |= {name: blank.fields[name].prepare_value(value) for name, value in sent.items()}
    posted = _posted(request, {name: _text(blank.fields[name], v) for name, v in values.items()})
    form = made(posted.POST, instance=row)
    if not form.is_valid():
        raise ValidationError({_name(name): list(said) for name, said in form.errors.items()})
    new = row is None
    saved = console.save_form(posted, form, change=not new)
    console.save_model(posted, saved, form, not new)
    console.save_related(posted, form, [], not new)
    said = console.construct_change_message(posted, form, [], new)
    (console.log_addition if new else console.log_change)(posted, saved, said)
    return saved


def _posted(request: Request, values: Mapping[str, Any]) -> HttpRequest:
    """Return the request as a browser would send it."""
    posted = copy.copy(request._request)
    posted.user = request.user
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    posted.POST = data  # type: ignore[assignment]
    return posted


def _flat(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if name == PARAMETERS:
            yield from ((PREFIX + inner, one) for inner, one in value.items())
        else:
            yield name, value


def _name(name: str) -> str:
    """Return what a field of a form is called by who sent it."""
    parts = name.partition(PREFIX)
    return f"{PARAMETERS}.{parts[2]}" if parts[1] and not parts[0] else name


def _text(field: forms.Field, value: Any) -> Any:
    """Return a value as a browser would send it: a text, or several."""
    if value is None or value is False:
        return []
    if value is True:
        return "on"
    if isinstance(value, (list, tuple)):
        texts = [str(one) for one in value]
        return texts if isinstance(field, SEVERAL) else ", ".join(texts)
    return str(value)
