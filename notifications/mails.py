"""Write the mails: what was gathered, as text and as HTML that mail clients bear."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import css_inline
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from audits.models import Cause, Issue, IssueEvent, RuleVersion, What, severity
from items.diffing import Difference
from items.models import Item, Kind, Run
from items.naming import technology_label
from items.revisions import what_changed
from notifications.answering import ledger, unanswered
from notifications.models import Delivery, Line, Subscription
from notifications.narrowing import of_named
from notifications.telling import ASKED, NEW

# What one mail shows in full; the rest is counted, with a link. Mail programs cut beyond 100 KB.
MOST_CHANGES = 25
MOST_TOPICS = 15
MOST_OF_TOPIC = 5
MOST_LINES = 12
MOST_SUMS = 20
WORST = 5
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Mail:
    subject: str
    text: str
    html: str
    context: Mapping[str, Any] = field(default_factory=dict)
    """What the templates were given."""


@dataclass(frozen=True)
class Change:
    """A revision as a mail shows it."""

    revision: Any
    label: str
    link: str
    lines: list[Difference]
    more: int


@dataclass(frozen=True)
class Found:
    """A new issue as a mail shows it."""

    event: IssueEvent
    issue: Issue
    label: str
    link: str


@dataclass(frozen=True)
class Topic:
    """What one rule found, worst first; why it matters is said once."""

    version: RuleVersion
    score: int
    severity: str
    found: list[Found]
    more: int


@dataclass(frozen=True)
class Sum:
    """Runs of one account of which only the sum is told, for one reason."""

    account: Account
    why: str
    link: str
    technologies: int
    created: int
    issues: int
    by_severity: list[tuple[str, int]]
    worst: list[Issue]


def alert(delivery: Delivery) -> Mail | None:
    """Return the mail of everything gathered; None where there is nothing (more) to tell."""
    told = _told(delivery)
    lines = Line.objects.filter(delivery=delivery)
    changes = [_change(pk) for pk in _keys(lines, "revision_id")[:MOST_CHANGES]]
    topics = _topics(_events(lines))
    sums = _sums(Run.objects.filter(pk__in=_keys(lines, "run_id")), told)
    if not (changes or topics or sums):
        return None
    counts = {
        "changes": lines.filter(revision__isnull=False).count(),
        "issues": lines.filter(event__isnull=False).count(),
    }
    context = {
        "delivery": delivery,
        "topics": topics[:MOST_TOPICS],
        "changes": changes,
        "sums": sums[:MOST_SUMS],
        "counts": counts,
        "tells_issues": told.issues,
        "least_score": told.least_score,
        "more_issues": sum(one.more + len(one.found) for one in topics[MOST_TOPICS:]),
        "more_sums": len(sums[MOST_SUMS:]),
        "more_changes": counts["changes"] - len(changes),
        "items_link": link("admin:items_item_changelist"),
        "issues_link": link("admin:audits_issue_changelist"),
    }
    return written("alert", _subject(topics, changes, sums, counts), context)


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


def _keys(lines: Any, name: str) -> list[int]:
    return list(
        lines.filter(**{f"{name}__isnull": False}).order_by("pk").values_list(name, flat=True)
    )


def _events(lines: Any) -> list[IssueEvent]:
    """Return the events, worst first."""
    return list(
        IssueEvent.objects.filter(pk__in=_keys(lines, "event_id"))
        .select_related("issue__item__account", "version", "issue__rule")
        .order_by("-score", "at")
    )


def _change(pk: int) -> Change:
    revision = Item.history.select_related("account").get(pk=pk)
    lines: list[Difference] = []
    if revision.kind == Kind.CHANGED:
        before = (
            Item.history.filter(id=revision.id, history_id__lt=pk)
            .order_by("-history_id")
            .values_list("config", flat=True)
            .first()
        )
        lines = what_changed(revision.technology, before or {}, revision.config)
    return Change(
        revision=revision,
        label=technology_label(revision.technology),
        link=link("admin:items_item_change", revision.id),
        lines=lines[:MOST_LINES],
        more=max(0, len(lines) - MOST_LINES),
    )


def _topics(events: list[IssueEvent]) -> list[Topic]:
    """Gather events by their rule, in the order of the worst of each."""
    by_rule: dict[int, list[IssueEvent]] = {}
    for event in events:
        by_rule.setdefault(event.version_id, []).append(event)
    return [
        Topic(
            version=same[0].version,
            score=same[0].score,
            severity=severity(same[0].score),
            found=[_found(event) for event in same[:MOST_OF_TOPIC]],
            more=len(same[MOST_OF_TOPIC:]),
        )
        for same in by_rule.values()
    ]


def _found(event: IssueEvent) -> Found:
    issue = event.issue
    return Found(
        event=event,
        issue=issue,
        label=technology_label(issue.item.technology),
        link=link("admin:audits_issue_change", issue.pk),
    )


def _sums(runs: QuerySet[Run], told: Subscription) -> list[Sum]:
    """Gather runs by account and reason, in the order of the accounts' names."""
    gathered: dict[tuple[str, str], list[Run]] = {}
    for run in runs.select_related("account"):
        gathered.setdefault((run.account.name, _why(run)), []).append(run)
    ordered = sorted(gathered.items(), key=lambda one: one[0])
    sums = [_sum(why, same, told) for (_, why), same in ordered]
    return [one for one in sums if one.created or one.issues]


def _sum(why: str, runs: list[Run], told: Subscription) -> Sum:
    """Count what a subscription wants to hear of and is not told by itself."""
    alone = Line.objects.filter(subscription=told)
    opened = IssueEvent.objects.none()
    whats = [what for what in NEW if getattr(told, ASKED.get(what, "issues"))]
    if whats:
        named = of_named(told, IssueEvent.objects.filter(run__in=runs))
        opened = named.filter(
            what__in=whats, issue__justified=False, score__gte=told.least_score
        ).exclude(pk__in=alone.filter(event__run__in=runs).values("event"))
    created: dict[str, int] = {}
    if told.created:
        rows = Item.history.filter(run__in=runs, kind=Kind.CREATED)
        rows = rows.exclude(pk__in=alone.filter(revision__run__in=runs).values("revision"))
        created = dict(rows.order_by().values_list("technology").annotate(Count("pk")))
    worst = opened.select_related("issue__item", "issue__version").order_by("-score", "pk")[:WORST]
    counts = Counter(severity(score) for score in opened.values_list("score", flat=True))
    account = runs[0].account
    return Sum(
        account=account,
        why=why,
        link=f"{link('admin:audits_issue_changelist')}?account={account.pk}",
        technologies=len(created),
        created=sum(created.values()),
        issues=sum(counts.values()),
        by_severity=[(word, counts[word]) for word in SEVERITY_WORDS if counts[word]],
        worst=[event.issue for event in worst],
    )


def _why(run: Run) -> str:
    if run.kind == Run.Kind.LOOKED:
        return "read for the first time"
    causes = IssueEvent.objects.filter(run=run).values_list("cause", flat=True).distinct()
    return ", ".join(Cause(cause).label for cause in causes.order_by("cause")) or "judged again"


def _subject(
    topics: list[Topic], changes: list[Change], sums: list[Sum], counts: dict[str, int]
) -> str:
    """Say the worst first: that line is what is read on a telephone."""
    if topics:
        first = topics[0]
        rest = counts["issues"] - 1
        more = f" and {rest} more" if rest else ""
        fixed = "Fixed: " if first.found[0].event.what == What.FIXED else ""
        return f"{fixed}[{first.severity}] {first.version.title}: {first.found[0].issue.item}{more}"
    if changes:
        first_change = changes[0].revision
        rest = counts["changes"] - 1
        more = f" and {rest} more" if rest else ""
        return f"{changes[0].label} {first_change.name} {first_change.kind}{more}"
    created, issues = sum(one.created for one in sums), sum(one.issues for one in sums)
    parts = [f"{created} items read for the first time"] if created else []
    return f"Vervet: {', '.join(parts + ([f'{issues} new issues'] if issues else []))}"
