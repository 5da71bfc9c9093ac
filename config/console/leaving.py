"""The page behind the link in each mail: one button, no login."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.leaving import NoSuchReader, meant_by


# A mail program posts for its reader (RFC 8058): it has no session, and what it sends is in the
# address. Opening the page changes nothing, for many programs follow every link.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def leaving_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is told to whom, stop it, and take that back where a reader may."""
    try:
        told = meant_by(token)
    except NoSuchReader:
        return render(request, "console/leaving_nothing.html", status=404)
    again = False
    if request.method == "POST":
        again = told.returns and "again" in request.POST
        (told.resume if "again" in request.POST else told.stop)()
    context = {"told": told, "on": told.on, "again": again}
    return render(request, "console/leaving.html", context)
