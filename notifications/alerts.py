"""Write an alert: what was gathered, the worst first, never larger than mail programs bear."""

from audits.models import What
from notifications.gathering import Gathered, gather
from notifications.mails import Mail, link, written
from notifications.models import Delivery, Line, Subscription

# Mail programs cut beyond 100 KB.
BIGGEST = 90_000
SHARES = (1, 2, 4, 8, 16, 32)
"""What is shown in full is halved until the mail is small enough."""

# Of what was justified meanwhile nobody is written to; who keeps each issue must know.
NO_NEWS = Mail(
    subject="What became of earlier issues", text="", html="", context={"gathered": Gathered()}
)


def alert(delivery: Delivery) -> Mail | None:
    """Return the mail of everything gathered; None where there is nothing (more) to tell."""
    told = Subscription.objects.get(pk=delivery.subscription_id or 0)
    gathered = gather(Line.objects.filter(delivery=delivery), told)
    if not gathered:
        return None
    mail = _written(delivery, told, gathered)
    for share in SHARES[1:]:
        if max(len(mail.html.encode()), len(mail.text.encode())) < BIGGEST:
            break
        mail = _written(delivery, told, gathered.cut(share))
    return mail


def _written(delivery: Delivery, told: Subscription, gathered: Gathered) -> Mail:
    context = {
        "delivery": delivery,
        "told": told,
        "gathered": gathered,
        "items_link": link("admin:items_item_changelist"),
        "issues_link": link("admin:audits_issue_changelist"),
    }
    return written("alert", _subject(gathered), context)


def _subject(gathered: Gathered) -> str:
    """Say the worst first: that line is what is read on a telephone."""
    if gathered.topics:
        topic = gathered.topics[0]
        found = topic.found[0]
        fixed = "Fixed: " if found.event.what == What.FIXED else ""
        first = f"{fixed}[{topic.severity}] {topic.version.title}: {found.issue.item}"
        return first + _and_more(gathered.issues - 1)
    if gathered.changes:
        change = gathered.changes[0]
        first = f"{change.label} {change.revision.name} {change.what}"
        return first + _and_more(gathered.changed - 1)
    if gathered.sections and not gathered.sums:
        section = gathered.sections[0]
        rest = sum(one.count for one in gathered.sections) - 1
        return f"{section.title}: {section.notices[0].title}" + _and_more(rest)
    created = sum(one.created for one in gathered.sums)
    issues = sum(one.issues for one in gathered.sums)
    parts = [f"{created} items read for the first time"] if created else []
    return f"Vervet: {', '.join(parts + ([f'{issues} new issues'] if issues else []))}"


def _and_more(rest: int) -> str:
    return f" and {rest} more" if rest else ""
