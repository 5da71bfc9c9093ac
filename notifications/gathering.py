"""What an alert tells, read from its lines: so many queries, however much there is to tell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import QuerySet

from audits.models import ChangeReview, Issue, IssueEvent, RuleVersion, What, severity
from items.diffing import Difference
from items.models import Item, Kind
from items.naming import technology_label
from items.preceding import what_stood_before
from items.revisions import Numbered, what_changed
from notifications.mails import link
from notifications.models import Line, Subscription
from notifications.notices import MOST, Section, sections
from notifications.summing import Sum, summed

# What one mail shows in full; the rest is counted, with a link.
MOST_CHANGES = 25
MOST_LINES = 12
MOST_TOPICS = 15
MOST_OF_TOPIC = 5
MOST_SUMS = 20
MOST_KINDS = 12
# Characters of what a rule says of itself.
MOST_WORDS = 800

Row = TypeVar("Row")


@dataclass(frozen=True)
class Change:
    """All that happened to one item meanwhile."""

    revision: Any
    """The last of its revisions that are told."""
    what: str
    """created, changed, gone or back, all in all"""
    label: str
    link: str
    who: str
    how: str
    """From where and by which call, as far as that is known."""
    times: int
    """How many of its revisions are told."""
    lines: list[Difference]
    """From before the first of these to the last."""
    more: int
    inbox: str
    """Where a reviewer is to say a word about it; empty where nobody is asked."""

    @property
    def is_back(self) -> bool:
        """Say whether it changed, and is now as it was."""
        return self.what == Kind.CHANGED and not (self.lines or self.more)


@dataclass(frozen=True)
class Found:
    """An issue, by the last that happened to it meanwhile."""

    event: IssueEvent
    issue: Issue
    label: str
    link: str
    times: int
    """How many of its events are told."""

    @property
    def is_fixed(self) -> bool:
        return self.event.what == What.FIXED or self.issue.fixed_at is not None


@dataclass(frozen=True)
class Topic:
    """What one rule found, worst first; why it matters is said once."""

    version: RuleVersion
    score: int
    severity: str
    found: list[Found]
    more: int

    @property
    def count(self) -> int:
        return len(self.found) + self.more


@dataclass(frozen=True)
class Gathered:
    """Everything that an alert tells: the worst in full, of the rest how much it is."""

    issues: int = 0
    topics: list[Topic] = field(default_factory=list)
    changed: int = 0
    """Items, in all."""
    changes: list[Change] = field(default_factory=list)
    kinds: list[tuple[str, str, int]] = field(default_factory=list)
    """Label of a technology, what happened, and to how many items; the most frequent."""
    sums: list[Sum] = field(default_factory=list)
    summed: int = 0
    """Sums, in all."""
    sections: list[Section] = field(default_factory=list)
    """What is neither change nor issue."""
    words: int = MOST_WORDS

    def __bool__(self) -> bool:
        return bool(self.topics or self.changes or self.sums or self.sections)

    @property
    def more_issues(self) -> int:
        return self.issues - sum(one.count for one in self.topics)

    @property
    def more_changes(self) -> int:
        return self.changed - len(self.changes)

    @property
    def more_sums(self) -> int:
        return self.summed - len(self.sums)

    def cut(self, share: int) -> "Gathered":
        """Return the same with less of it in full: a half for 2."""
        return replace(
            self,
            topics=[
                _cut(one, "found", MOST_OF_TOPIC // share)
                for one in _first(self.topics, MOST_TOPICS // share)
            ],
            changes=[
                _cut(one, "lines", MOST_LINES // share)
                for one in _first(self.changes, MOST_CHANGES // share)
            ],
            kinds=_first(self.kinds, MOST_KINDS // share),
            sums=_first(self.sums, MOST_SUMS // share),
            sections=[_cut(one, "notices", MOST // share) for one in self.sections],
            words=MOST_WORDS // share,
        )


def gather(lines: QuerySet[Line], told: Subscription) -> Gathered:
    """Return what lines tell; what was justified meanwhile is left out."""
    issues, topics = _topics(lines)
    kinds, changes = _changes(lines)
    sums = summed(lines, told)
    return Gathered(
        issues=issues,
        topics=topics,
        changed=sum(kinds.values()),
        changes=changes,
        kinds=[
            (technology_label(technology), str(Kind(kind).label), count)
            for (technology, kind), count in kinds.most_common(MOST_KINDS)
        ],
        sums=sums[:MOST_SUMS],
        summed=len(sums),
        sections=sections(lines),
    )


def _topics(lines: QuerySet[Line]) -> tuple[int, list[Topic]]:
    """Return how many issues are told, and the worst topics. Two queries."""
    rows = (
        IssueEvent.objects.filter(pk__in=lines.filter(event__isnull=False).values("event"))
        .filter(issue__justified=False)
        .order_by("at", "pk")
    )
    last: dict[int, tuple[int, int, int]] = {}
    times: Counter[int] = Counter()
    for key, issue, version, score in rows.values_list("pk", "issue", "version", "score"):
        last[issue] = score, key, version
        times[issue] += 1
    by_rule: dict[int, list[int]] = {}
    for _, key, version in sorted(last.values(), key=lambda one: (-one[0], one[1])):
        by_rule.setdefault(version, []).append(key)
    worst = _first([*by_rule.values()], MOST_TOPICS)
    shown = {key for keys in worst for key in keys[:MOST_OF_TOPIC]}
    events = {
        event.pk: event
        for event in IssueEvent.objects.filter(pk__in=shown)
        .select_related("issue__item__account", "version", "issue__rule")
        .defer("issue__item__config")
    }
    return len(last), [
        _topic([events[key] for key in keys[:MOST_OF_TOPIC]], len(keys), times) for keys in worst
    ]


def _topic(events: Sequence[IssueEvent], count: int, times: Counter[int]) -> Topic:
    first = events[0]
    return Topic(
        version=first.version,
        score=first.score,
        severity=severity(first.score),
        found=[
            Found(
                event=event,
                issue=event.issue,
                label=technology_label(event.issue.item.technology),
                link=link("admin:audits_issue_change", event.issue_id),
                times=times[event.issue_id],
            )
            for event in events
        ],
        more=count - len(events),
    )


def _changes(lines: QuerySet[Line]) -> tuple[Counter[tuple[str, str]], list[Change]]:
    """Return how many items changed, by technology and kind, and the first of them. Five
    queries."""
    told = lines.filter(revision__isnull=False).order_by("revision")
    of_item: dict[int, list[int]] = {}
    became: dict[int, tuple[str, str]] = {}
    for key, item, technology, kind in told.values_list(
        "revision", "revision__id", "revision__technology", "revision__kind"
    ):
        of_item.setdefault(item, []).append(key)
        was = became.get(item, ("", kind))[1]
        # Who hears of something for the first time is shown it as it is now.
        became[item] = technology, was if kind == Kind.CHANGED else kind
    shown = _first([*of_item.values()], MOST_CHANGES)
    ends = {keys[0] for keys in shown} | {keys[-1] for keys in shown}
    stood = what_stood_before(ends)
    revisions = Item.history.select_related("account").in_bulk([keys[-1] for keys in shown])
    waiting = set(
        ChangeReview.objects.filter(
            revision__in=[key for keys in shown for key in keys],
            state=ChangeReview.State.WAITING,
        ).values_list("item", flat=True)
    )
    changes = []
    for keys in shown:
        revision, before = revisions[keys[-1]], stood[keys[0]].before
        what, inbox = became[revision.id][1], _inbox(revision) if revision.id in waiting else ""
        change = change_of(revision, what, before, len(keys), inbox)
        changes.append(_cut(change, "lines", MOST_LINES))
    return Counter(became.values()), changes


def change_of(revision: Any, what: str, before: Any, times: int = 1, inbox: str = "") -> Change:
    """Return what a revision brought since something stood before it, with all differences."""
    lines: list[Difference] = []
    if what == Kind.CHANGED:
        lines = what_changed(revision.technology, before or {}, revision.config)
    by = Numbered(revision.pk, 0, revision.history_date, revision.kind, revision.actor, None)
    return Change(
        revision=revision,
        what=what,
        label=technology_label(revision.technology),
        link=link("admin:items_item_change", revision.id),
        who=by.who,
        how=by.how,
        times=times,
        lines=lines,
        more=0,
        inbox=inbox,
    )


def _inbox(revision: Any) -> str:
    """Return where the inbox shows what waits of an item."""
    asked = urlencode({"state": ChangeReview.State.WAITING, "q": revision.uid})
    return f"{link('admin:audits_changereview_changelist')}?{asked}"


def _first(rows: Sequence[Row], most: int) -> list[Row]:
    return list(rows[: max(1, most)])


def _cut(row: Row, name: str, most: int) -> Row:
    """Return a row with fewer of what it lists in full; the rest is counted."""
    listed = getattr(row, name)
    kept = _first(listed, most)
    more = getattr(row, "more") + len(listed) - len(kept)  # noqa: B009
    return replace(row, **{name: kept, "more": more})  # type: ignore[type-var]
