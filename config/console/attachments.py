"""Files that stand behind justifications: only ever downloaded, never shown."""

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from audits.models import Attachment
from config.console.page import one


@require_GET
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a file to who may see its justification; no browser is to look into it."""
    found: Attachment = one(Attachment.objects.all(), request, pk)
    response = HttpResponse(bytes(found.content), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
