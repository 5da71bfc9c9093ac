"""What happened to an item, in one column: its revisions, what became of its issues, and what
people said and decided."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, IntegerField, QuerySet, Value

from accounts.seeing import visible
from audits.models import Comment, Issue, IssueEvent, Justification, What
from config.console.issue_story import ICONS as OF_ISSUES
from items.models import Item, Kind
from items.revisions import Numbered, configurations, what_changed

# What stands on one page, and words on how a revision differs.
STEPS = 20
WORDS = 3
# Of a configuration with more characters it is not worked out how each revision differs.
LARGE = 100_000
ICONS = {
    Kind.CREATED: ("add_circle", "good"),
    Kind.CHANGED: ("edit", "information"),
    Kind.GONE: ("delete", "high"),
    Kind.BACK: ("undo", "low"),
    Kind.COMPLETED: ("done_all", "information"),
    Kind.IGNORED: ("filter_alt_off", "information"),
}
# Of what happened at one moment the last of these stands on top.
REVISION, EVENT, COMMENT, ASKING = range(4)
ASKED = (Justification.State.ASKED, Justification.State.REFUSED)


@dataclass(frozen=True)
class Step:
    """One thing that happened."""

    at: datetime
    icon: str
    tone: str
    what: str
    """revision, event, comment or asking; the template writes each its own way"""
    thing: Any
    lines: list[str] = field(default_factory=list)
    more: int = 0
    remarks: list[Comment] = field(default_factory=list)


@dataclass(frozen=True)
class Story:
    """One page of what happened, the newest first."""

    steps: list[Step]
    total: int
    last: int
    """The number of the revision that is in force."""
    newer: int | None
    older: int | None


def story(
    item: Item,
    user: Any,
    revisions: list[Numbered],
    start: int = 0,
    moment: datetime | None = None,
    size: int = 0,
) -> Story:
    """Return a page of what happened to an item until a moment, from the ``start``-th thing on.

    ``size`` is how long its configuration is. Takes the same few queries however much happened.
    """
    keys = _keys(item, user, moment)
    # Of the rest only what may stand on the page is read.
    others = list(keys[: start + STEPS + 1])
    found = sorted([(one.at, REVISION, one.number) for one in revisions] + others, reverse=True)
    steps = _steps(item, revisions, found[start : start + STEPS], size)
    total = len(revisions) + (keys.count() if len(others) > start + STEPS else len(others))
    newer = max(0, start - STEPS) if start else None
    return Story(
        steps, total, len(revisions), newer, start + STEPS if total > start + STEPS else None
    )


def _keys(item: Item, user: Any, moment: datetime | None) -> QuerySet[Any, tuple[Any, int, int]]:
    """Return when which things beside revisions happened, the newest first, as one query."""
    issues = visible(Issue.objects.filter(item=item), user).order_by()
    sources: list[QuerySet[Any]] = [
        IssueEvent.objects.filter(issue__in=issues).annotate(thing=_word(EVENT)),
        _said(item, user).filter(revision=None).annotate(thing=_word(COMMENT)),
        _asked(item, user).annotate(thing=_word(ASKING)),
    ]
    rows = []
    for source in sources:
        until = source if moment is None else source.filter(at__lte=moment)
        rows.append(until.order_by().annotate(when=F("at")).values_list("when", "thing", "pk"))
    return rows[0].union(*rows[1:], all=True).order_by("-when", "-thing", "-pk")


def _word(number: int) -> Value:
    return Value(number, output_field=IntegerField())


def _said(item: Item, user: Any) -> QuerySet[Comment]:
    return visible(Comment.objects.filter(item=item), user)


def _asked(item: Item, user: Any) -> QuerySet[Justification]:
    """Return what was asked for, and not let in: of the rest the issues' events tell."""
    return visible(Justification.objects.filter(item=item, state__in=ASKED), user)


def _steps(
    item: Item, revisions: list[Numbered], rows: list[tuple[Any, int, int]], size: int
) -> list[Step]:
    wanted = {kind: [pk for _, k, pk in rows if k == kind] for kind in range(4)}
    told = _revisions(item, revisions, set(wanted[REVISION]), size)
    events = IssueEvent.objects.select_related("person", "version", "issue__version")
    said = Comment.objects.select_related("by", "issue__version")
    asked = Justification.objects.select_related("by", "rule__active", "answered_by")
    found: dict[tuple[int, int], Step] = {(REVISION, key): step for key, step in told.items()}
    for pk, event in events.in_bulk(wanted[EVENT]).items():
        icon, tone = OF_ISSUES.get(What(event.what), ("report", "information"))
        found[EVENT, pk] = Step(event.at, icon, tone, "event", event)
    for pk, remark in said.in_bulk(wanted[COMMENT]).items():
        found[COMMENT, pk] = Step(remark.at, "chat_bubble", "low", "comment", remark)
    for pk, one in asked.in_bulk(wanted[ASKING]).items():
        found[ASKING, pk] = Step(one.at, "pending_actions", "medium", "asking", one)
    return [found[kind, pk] for _, kind, pk in rows]


def _revisions(
    item: Item, revisions: list[Numbered], numbers: set[int], size: int
) -> dict[int, Step]:
    """Return the revisions of these numbers with how each differs from the one before."""
    shown = [one for one in revisions if one.number in numbers]
    pairs = {
        one.number: (revisions[one.number - 2].key, one.key) for one in shown if one.number > 1
    }
    wanted = {key for pair in pairs.values() for key in pair} if size <= LARGE else set()
    configs = configurations(item, wanted) if wanted else {}
    remarks = _remarks(item, [one.key for one in shown])
    found = {}
    for one in shown:
        words: list[str] = []
        if configs and one.number in pairs:
            before, after = pairs[one.number]
            changed = what_changed(item.technology, configs[before], configs[after])
            words = [f"{line.where} {line.what}" for line in changed]
        icon, tone = ICONS.get(Kind(one.kind), ("edit", "information"))
        more = max(0, len(words) - WORDS)
        said = remarks.get(one.key, [])
        found[one.number] = Step(one.at, icon, tone, "revision", one, words[:WORDS], more, said)
    return found


def _remarks(item: Item, keys: list[int]) -> dict[int, list[Comment]]:
    """Return what was said on revisions, by their keys."""
    found: dict[int, list[Comment]] = {}
    for remark in Comment.objects.filter(item=item, revision__in=keys).select_related("by"):
        found.setdefault(remark.revision or 0, []).append(remark)
    return found
