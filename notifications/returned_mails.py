"""Write to the owner of an account what is wrong there and what to do about it."""

import json

from audits.models import Comment
from items.naming import technology_label
from notifications.mails import Mail, link, written
from notifications.models import Delivery

# Characters of what was found that a mail shows.
MOST = 2000


def returned(delivery: Delivery) -> Mail | None:
    """Return the mail about an issue that was sent back; None where it was fixed meanwhile."""
    said = (
        Comment.objects.select_related("issue__version", "issue__item__account", "by")
        .filter(pk=delivery.comment_id or 0)
        .first()
    )
    issue = said.issue if said else None
    if said is None or issue is None or issue.fixed_at:
        return None
    found = "" if issue.evidence is True else json.dumps(issue.evidence, indent=2, sort_keys=True)
    context = {
        "delivery": delivery,
        "said": said,
        "issue": issue,
        "label": technology_label(issue.technology),
        "found": found[:MOST],
        "cut": len(found) > MOST,
        "link": link("admin:audits_issue_change", issue.pk),
    }
    return written("returned", f"To mend: {issue.version.title}: {issue.item}", context)
