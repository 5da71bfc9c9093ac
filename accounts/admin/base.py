"""The base of every list and form of the console: nobody sees or touches what is not granted."""

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import format_html
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from accounts.admin import exporting
from accounts.admin.entering import Entering
from accounts.admin.limits import held
from accounts.admin.listing import Listing
from accounts.models import Account
from accounts.moments import moment_of
from accounts.recalling import called_then, recall
from accounts.seeing import granted, visible

HIDDEN = "(an account that you may not see)"


def reach(user: Any, permission: str) -> set[int] | None:
    """Return the account groups that a permission is granted for; None: all accounts."""
    if user.is_active and user.is_superuser:
        return None
    scope = granted(user).get(permission, set())
    return None if None in scope else {group for group in scope if group is not None}


class Curtain:
    """Takes the names of accounts that a person may not see out of a text written for all."""

    def __init__(self, user: Any) -> None:
        self._user = user

    @functools.cached_property
    def _names(self) -> re.Pattern[str] | None:
        seen = visible(Account.objects.all(), self._user).values("pk")
        unseen = Account.objects.exclude(pk__in=seen).values_list("name", flat=True)
        names = "|".join(re.escape(name) for name in sorted(unseen, key=len, reverse=True))
        return re.compile(rf"(?<![\w-])(?:{names})(?![\w-])") if names else None

    def __call__(self, text: str) -> str:
        return self._names.sub(HIDDEN, text) if self._names else text


class Guarded:
    """What a person may see and do of a model's rows; for lists, forms and their parts."""

    model: type[Model]
    shows_past: ClassVar[bool] = True
    """Whether earlier states are shown, where they are kept."""
    names_accounts: ClassVar[Sequence[str]] = ()
    """Fields beside the model's ``account_path`` that name accounts: a row that names one out
    of a person's sight is not shown."""
    stand_ins: ClassVar[Mapping[str, str]] = {}
    """In the past: the column, or the path to it, that stands in for a field."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        moment = moment_of(request)
        rows = None if moment.now else self.then(moment.at)
        if rows is None:
            rows = super().get_queryset(request)  # type: ignore[misc]
        return self.in_sight(rows, request.user)

    def then(self, moment: datetime) -> QuerySet[Any] | None:
        """Return the rows as they were at a moment; None: that was not kept."""
        known = self.shows_past and hasattr(self.model, "history")
        return recall(self.model, moment) if known else None

    def in_sight(self, rows: QuerySet[Any], user: Any) -> QuerySet[Any]:
        """Keep the rows that ``user`` may view."""
        rows = visible(rows, user)
        if self.names_accounts and self.limited(user):
            seen = visible(Account.objects.all(), user).values("pk")
            unseen = Account.objects.exclude(pk__in=seen).values("pk")
            names = {} if rows.model is self.model else self.stand_ins
            for name in self.names_accounts:
                rows = rows.exclude(Q(**{f"{called_then(name, names)}__in": unseen}))
        return rows

    def limited(self, user: Any, to: str = "view") -> bool:
        """Say whether ``user`` may view, or do ``to``, for some groups of accounts only."""
        return reach(user, self.permission(to)) is not None

    def permission(self, to: str) -> str:
        opts = self.model._meta
        return f"{opts.app_label}.{get_permission_codename(to, opts)}"

    def may(self, request: HttpRequest, to: str, obj: Any = None) -> bool:
        """Say whether the person may do something with a row, given itself or by its key."""
        user = request.user
        if obj is not None and not isinstance(obj, Model):
            obj = self.model._default_manager.filter(pk=obj).first()
            if obj is None:
                return False
        return bool(user.has_perm(self.permission(to), obj))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete", obj)

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        """Offer only rows in sight wherever a form lets choose one."""
        related = db_field.remote_field.model
        rows = super().get_field_queryset(db, db_field, request)  # type: ignore[misc]
        rows = related._default_manager.all() if rows is None else rows
        return visible(rows, request.user)


class GuardedAdmin(Entering, Guarded, ModelAdmin):
    """A list and a form of rows, as far as they are granted."""

    change_list_template = "console/list.html"
    list_per_page = 50
    list_fullwidth = True
    list_max_show_all = 0
    show_full_result_count = False
    compressed_fields = True
    list_intro: ClassVar[str] = ""
    """One sentence over the list, for somebody who sees it first."""
    nothing_yet: ClassVar[str] = ""
    """What an empty list says: why it is empty, and what fills it."""
    also_exported: ClassVar[Sequence[str]] = ()
    """What a file of the list has beyond its columns: fields, or paths over ones read along."""
    partly_kept: ClassVar[str] = ""
    """In the past: what of a row is as it is today, because only the rest was kept."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Listing]:
        return Listing

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Leave out, in the past, filters by what was not kept."""
        filters = super().get_list_filter(request)
        if moment_of(request).now:
            return filters
        return [one for one in filters if getattr(one, "kept", True)]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        if moment_of(request).now:
            return super().get_object(request, object_id, from_field)
        try:
            key = self.model._meta.pk.to_python(object_id)
        except ValidationError:
            return None
        return self.get_queryset(request).filter(**{self.model._meta.pk.name: key}).first()

    @property
    def has_facets(self) -> bool:
        return any(not getattr(one, "tabs", False) for one in self.list_filter)

    def keeps_history(self, request: HttpRequest) -> bool:
        """Say whether the person may see earlier states of a row: what the ledger has of it."""
        return bool(request.user.has_perm("accounts.view_ledgerentry"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        more = {"show_history": self.keeps_history(request), **self.past(request)}
        return super().changeform_view(request, object_id, form_url, more | (extra_context or {}))

    def past(self, request: HttpRequest) -> dict[str, Any]:
        """Tell the banner of a page of the past whether that was kept."""
        moment = moment_of(request)
        if moment.now:
            return {}
        if self.then(moment.at) is not None:
            return {"kept_then": True, "partly_kept": self.partly_kept}
        rows = self.model._meta.verbose_name_plural
        return {"not_kept": f"But no earlier state of {rows} is shown: this is how it is now."}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        form = request.GET.get(exporting.PARAMETER, "")
        if request.method == "GET" and form:
            return self._exported(request, form)
        title = {"title": str(self.model._meta.verbose_name_plural).capitalize()}
        more = {**title, **self.past(request), **(extra_context or {})}
        response = super().changelist_view(request, more)
        if isinstance(response, TemplateResponse) and "cl" in (response.context_data or {}):
            self._offer_exports(response.context_data)
        return response

    def _exported(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """Return the list, as it is asked for, as a file."""
        if form not in exporting.FORMS:
            raise Http404("There is no export of this form.")
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        asked = request.GET.copy()
        asked.pop(exporting.PARAMETER)
        request.GET = asked  # type: ignore[assignment]  # What is left are the list's own words.
        try:
            found = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(request.path)
        heads, rows = exporting.table(self, found.list_display, found.queryset)
        name = str(self.model._meta.verbose_name_plural).replace(" ", "-")
        today = moment_of(request).date.isoformat()
        return exporting.export(form, f"{name}-{today}", heads, rows)

    def _offer_exports(self, context: Any) -> None:
        found = context["cl"]
        context["exports"] = [
            (form.upper(), found.get_query_string({exporting.PARAMETER: form}, remove=["p"]))
            for form in exporting.FORMS
        ]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Hold what something is limited to as well: it would be about everything then."""
        gone, counts, refused, holding = super().get_deleted_objects(objs, request)
        return gone, counts, refused, [*holding, *held(objs, request, self.admin_site)]

    def acting(self, request: HttpRequest, rows: QuerySet[Any], to: str) -> QuerySet[Any]:
        """Return the chosen rows; raise PermissionDenied where one may not be treated so."""
        allowed = visible(self.model._default_manager.all(), request.user, to)
        chosen = set(rows.values_list("pk", flat=True))
        found = allowed.filter(pk__in=chosen)
        if found.count() != len(chosen):
            raise PermissionDenied("You may not do this with every one of the chosen rows.")
        return found


class ReadOnlyAdmin(GuardedAdmin):
    """Rows that only Vervet writes."""

    def keeps_history(self, request: HttpRequest) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HistoryAdmin(SimpleHistoryAdmin, GuardedAdmin):
    """Rows of which every earlier state is kept, with who changed it."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        self._guard_history(request)
        context = dict(extra_context or {})
        if not request.user.has_perm("accounts.view_user"):
            context["admin_user_view"] = ""  # No link to a page that would be refused.
        return super().history_view(request, object_id, context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        self._guard_history(request)
        return super().history_form_view(request, object_id, version_id, extra_context)

    def keeps_history(self, request: HttpRequest) -> bool:
        # What a row named in the past may be out of sight though the row is not.
        return not (self.names_accounts and self.limited(request.user))

    def _guard_history(self, request: HttpRequest) -> None:
        if not self.keeps_history(request):
            raise PermissionDenied("This history is shown to those who may see all accounts.")


class GuardedInline(Guarded, TabularInline):
    """Rows within the form of another."""

    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **given: Any) -> Any:
        """Name each field to who hears the page: a table names its columns only to the eye."""
        field = super().formfield_for_dbfield(db_field, request, **given)
        if field:
            field.widget.attrs["aria-label"] = str(field.label)
        return field


def chip(score: int, word: str) -> str:
    """Return a score with its severity, as every list shows it."""
    return render_to_string("console/severity.html", {"score": score, "word": word})


def tag(tone: str, word: str) -> str:
    """Return a word on a coloured ground; the colour only repeats what the word says."""
    return format_html('<span class="soft tag {}">{}</span>', tone, word)


def linked(link: str, text: Any) -> str:
    """Return a number or a name as the link to what it stands for."""
    return format_html('<a class="font-semibold text-link" href="{}">{}</a>', link, text)
