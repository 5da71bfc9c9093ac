"""What every page of the console is given beside its own facts."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.seeing import visible


def page(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    """Dress a page as the rest of the console is dressed."""
    request.current_app = admin.site.name
    whole = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, f"console/{template}.html", whole)


def one(rows: Any, request: HttpRequest, pk: int) -> Any:
    """Return the row if the person may see it; raise Http404 as if it did not exist."""
    row = visible(rows, request.user).filter(pk=pk).first()
    if row is None:
        raise Http404("There is nothing here, or it is not granted to you.")
    return row
