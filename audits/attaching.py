"""Keep a file that stands behind a justification."""

import hashlib
import re
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.ledger import enter
from audits.models import Attachment, Justification
from audits.permits import may_review

LARGEST = 5 * 1024 * 1024
# How each kind that is taken begins. A name says nothing about what is in a file.
BEGINNINGS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
KINDS = "PDF, PNG, JPEG or plain text"


@transaction.atomic
def attach(justification: Justification, name: str, content: bytes, by: Any) -> Attachment:
    """Keep a file with a justification, under a name that ends as its content demands.

    Raises PermissionDenied where ``by`` may not review what it covers, and ValidationError for
    what is empty, larger than 5 MB, or of a kind that is not taken.
    """
    if not may_review(by, justification.account):
        raise PermissionDenied("You may not review all that it covers.")
    kind = check_file(len(content), content)
    stem = re.sub(r"[^\w .()-]+", "_", name.rpartition("/")[2].rpartition("\\")[2])
    stem = stem.rpartition(".")[0] or stem
    made = Attachment.objects.create(
        justification=justification,
        name=f"{stem.strip(' .')[:150] or 'file'}.{kind}",
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    enter(by, "attached", justification, None, {"file": made.name, "sha256": made.sha256})
    return made


def check_file(size: int, content: bytes) -> str:
    """Return the ending that a file's content demands, or raise ValidationError."""
    if size > LARGEST:
        raise ValidationError({"file": "A file may have 5 MB at most."})
    if not content:
        raise ValidationError({"file": "The file is empty."})
    for beginning, kind in BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    if _is_text(content):
        return "txt"
    raise ValidationError({"file": f"Attach {KINDS}: this is something else."})


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x1f]", text)
