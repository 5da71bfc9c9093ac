"""What is done in lists and forms is entered in the ledger, in place of Django's own log."""

import copy
from typing import Any

from django.contrib.admin.utils import NestedObjects
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.ledger import enter
from accounts.states import differing, named, state

MOST = 500
"""So many of the rows that go with a deleted one are named."""


class Entering:
    """Enters each row that a list or a form adds, changes or deletes, with what it said."""

    model: type[Model]

    def said(self: Any, request: HttpRequest, row: Model) -> dict[str, Any]:
        """Return what a row says, the rows that are edited with it included."""
        told = state(row)
        for inline in self.get_inlines(request, row):
            parent = next(
                field.name
                for field in inline.model._meta.concrete_fields
                if field.is_relation and field.related_model is type(row)
            )
            rows = inline.model._base_manager.filter(**{parent: row}).order_by("pk")
            told[str(inline.model._meta.verbose_name_plural)] = [
                {name: value for name, value in state(one).items() if name != parent}
                for one in rows
            ]
        return told

    def save_model(self: Any, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:  # What the database still says, relations and rows edited with it, too.
            kept = self.model._base_manager.get(pk=obj.pk)
            obj._said_before = self.said(request, kept)
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        enter(request.user, "added", obj, None, self.said(request, obj))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        if not hasattr(obj, "_said_before"):
            return  # Not by this form: who saved it enters it.
        # Read again: a form leaves out what it does not show.
        kept = self.model._base_manager.get(pk=obj.pk)
        before, after = differing(obj._said_before, self.said(request, kept))
        if before != after:
            enter(request.user, "changed", obj, before, after)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Leave that to ``delete_model``: here, nothing is deleted yet."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            before = self.said(request, obj)
            with_it = _with(obj)
            gone = copy.copy(obj)
            super().delete_model(request, obj)  # type: ignore[misc]
            if with_it:
                before["with it"] = with_it
            enter(request.user, "deleted", gone, before, None)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def history_view(
        self: Any, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show what the ledger has of a row that keeps no history of its own."""
        about = {"thing": self.model._meta.label_lower, "key": object_id}
        found = reverse("admin:accounts_ledgerentry_changelist")
        return HttpResponseRedirect(f"{found}?{urlencode(about)}")


def _with(row: Model) -> list[str]:
    """Return what else goes when a row is deleted."""
    collector = NestedObjects(using=row._state.db or "default", origin=[row])
    collector.collect([row])
    others = [
        f"{model._meta.verbose_name} {named(one)}"
        for model, rows in collector.data.items()
        for one in rows
        if one != row and not model._meta.auto_created
    ]
    return sorted(others)[:MOST]
