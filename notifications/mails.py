"""Write the mails: what was gathered, as text and as HTML that mail clients bear."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import css_inline
from django.conf import settings
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from audits.models import Issue, IssueEvent, What, severity
from notifications.answering import ledger, unanswered
from notifications.models import Delivery, Subscription

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Mail:
    subject: str
    text: str
    html: str
    context: Mapping[str, Any] = field(default_factory=dict)
    """What the templates were given."""


def weekly(delivery: Delivery) -> Mail:
    """Return the summary of the seven days that begin at ``delivery.since``."""
    start, end = delivery.since, delivery.since + WEEK
    subscription = _told(delivery)
    scope = {"account__in": subscription.accounts_wanted()}
    if subscription.technologies:
        scope["technology__in"] = subscription.technologies
    issues = Issue.objects.filter(**scope).select_related("item__account", "version")
    current = issues.unjustified().order_by("-score", "opened_at")
    events = IssueEvent.objects.filter(issue__in=issues.values("pk"), at__gte=start, at__lt=end)
    happened = dict(events.values_list("what").annotate(Count("pk")).order_by())
    opened = happened.get(What.OPENED, 0) + happened.get(What.REOPENED, 0)
    fixed = happened.get(What.FIXED, 0)
    by_severity = Counter(severity(score) for score in current.values_list("score", flat=True))
    context = {
        "delivery": delivery,
        "start": start,
        "end": end - timedelta(seconds=1),
        "opened": opened,
        "fixed": fixed,
        "open": sum(by_severity.values()),
        "by_severity": [(word, by_severity[word]) for word in SEVERITY_WORDS if by_severity[word]],
        "worst": [_issue(issue) for issue in current[:10]],
        "oldest": [_issue(issue) for issue in current.order_by("opened_at")[:10]],
        "issues_link": link("admin:audits_issue_changelist"),
        "unanswered": unanswered(Q(**{f"item__{path}": value for path, value in scope.items()})),
        "inbox_link": link("admin:audits_changereview_changelist"),
        "ledger": ledger(),
    }
    subject = f"Vervet: {opened} new, {fixed} fixed, {context['open']} open this week"
    return written("weekly", subject, context)


def _told(delivery: Delivery) -> Subscription:
    return Subscription.objects.get(pk=delivery.subscription_id or 0)


SEVERITY_WORDS = ("critical", "high", "medium", "low", "information")


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "issue": issue,
        "link": link("admin:audits_issue_change", issue.pk),
        "days": (timezone.now() - issue.opened_at).days,
    }


def written(name: str, subject: str, context: dict[str, Any]) -> Mail:
    """Fill the templates of a kind of mail, as text and as HTML."""
    context["subject"], context["site"] = subject, settings.SITE_URL
    html = render_to_string(f"mail/{name}.html", context)
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return Mail(
        subject=" ".join(subject.split())[:300],
        text=render_to_string(f"mail/{name}.txt", context),
        html=inliner.inline(html),
        context=context,
    )


def link(name: str, *arguments: Any) -> str:
    """Return a full address of the console."""
    return settings.SITE_URL + reverse(name, args=arguments)
