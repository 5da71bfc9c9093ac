"""When a rule's text would have fired, had it been in force since a day. Only reads.

The text is held against every revision of every item, at the moment of that revision. Where it
looks other items up, these are as they were then, and it is asked again whenever they changed.
Where it reads the time it is also asked at midnights (UTC) in between, found by halving: what came
and went between two midnights with the same answer is not seen. Settings, known accounts and
networks, and tables are taken as they are now; the result says what of this matters.
"""

import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Min, Q
from django.utils import timezone

from audits.answers import Backtest, Fired
from audits.drafts import Draft
from audits.episodes import BEFORE, FIRST, Episode, Turn
from audits.impacting import OTHER
from audits.models import IssueEvent, Rule, What
from audits.reading import EVERYTHING, parts_read
from audits.rulebook import looks_back
from audits.sharing import Progress, work_through
from audits.tallying import Tally
from audits.timeline import Timeline
from audits.trying import Trial
from audits.walking import Past, Revised, Walk, revisions
from items.models import Item, Run, WatcherSetting
from items.paths import first_field
from items.revisions import what_changed
from items.watchers import watchers

DAYS = 90
# Items whose revisions are read together.
ITEMS = 200
# Lines of a difference that are shown.
LINES = 6


def backtest(
    fields: Mapping[str, Any],
    rule: Rule | None,
    by: Any,
    progress: Progress = lambda _done, _total: None,
    seconds: float = 600,
    since: str = "",
) -> Backtest:
    """Hold a text against the stored history since a day (ISO; default: 90 days ago).

    ``rule`` is the one whose text it would become; None: a new one. ``by`` sees only what is
    granted. Ends early, and says so, after so many ``seconds``. Raises ValueError for what is no
    day of the past.
    """
    began = time.monotonic()
    back = _Back(Draft.of(fields), rule, by, first_moment(since))
    total = sum(back.slices.values())
    done = work_through(back, total, progress, seconds)
    return back.result(done, total, began)


def first_moment(since: str) -> datetime:
    """Return midnight (UTC) of a day in ISO form; without one, of the day 90 days ago."""
    today = timezone.now().astimezone(UTC).date()
    day = date.fromisoformat(since) if since else today - timedelta(days=DAYS)
    if day > today:
        raise ValueError("That day is still to come.")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


Raised = dict[tuple[int, str], list[list[datetime | None]]]
"""From when until when a rule had an issue, by item and fingerprint."""


class _Back:
    """One look back: what is known, and what was found so far."""

    def __init__(self, draft: Draft, rule: Rule | None, by: Any, since: datetime) -> None:
        self.draft, self.rule, self.since = draft, rule, since
        self.now = timezone.now()
        self.trial, self.tally = Trial(draft, rule), Tally(by)
        self.past = Past(draft, self.trial, since, self.now)
        self.timeline = Timeline(since, self.now)
        self.slices = self._slices()
        self.first_runs = self._first_runs()
        self.actors: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.lasted = array("d")
        self.revisions = 0

    def _slices(self) -> Counter[tuple[int, str]]:
        rows = Item.objects.filter(self._there(), technology__in=self.draft.technologies)
        return Counter(rows.order_by().values_list("account_id", "technology").iterator())

    def _there(self) -> Q:
        """Return what chooses the items that were there at some moment."""
        return Q(gone_at=None) | Q(gone_at__gte=self.since)

    def _looks_taken(self) -> Any:
        return Run.objects.filter(
            technology__in=self.draft.technologies, kind=Run.Kind.LOOKED, state=Run.State.DONE
        ).order_by()

    def _first_runs(self) -> set[int]:
        """Return the runs that read a slice for the first time."""
        first = self._looks_taken().values_list("account_id", "technology").annotate(Min("pk"))
        return {row[-1] for row in first}

    def run(self, part: int, parts: int) -> Iterator[int]:
        """Go through the past, slice by slice; yield how many items were done each time."""
        number = 0
        for account, technology in sorted(self.slices):
            here = Item.objects.filter(self._there(), account=account, technology=technology)
            pks = list(here.order_by("pk").values_list("pk", flat=True))
            for start in range(0, len(pks), ITEMS):
                number += 1
                if number % parts != part:
                    continue
                some = pks[start : start + ITEMS]
                self.trial.begin_portion()
                self._walk(some)
                yield len(some)

    def _walk(self, pks: Sequence[int]) -> None:
        """Go through the past of some items."""
        walks: list[Walk] = []
        # A text that asks what was before needs the revision before the first as well.
        since = None if looks_back(self.draft) else self.since
        for row in revisions(pks, since):
            if not walks or walks[-1].pk != row.pk:
                walks.append(Walk(self.past, row.pk, self.first_runs))
            walks[-1].take(row)
            self.revisions += 1
        present = self._present(walks)
        raised = self._raised(pks)
        for walk in walks:
            walk.finish(present.get(walk.pk))
            self._count(walk, raised)

    def _present(self, walks: Sequence[Walk]) -> dict[int, Revised]:
        """Return the items that are no longer as their last revision says."""
        last = {walk.pk: walk.last for walk in walks if walk.last}
        living = Item.objects.living().filter(pk__in=last)
        moved = [
            pk
            for pk, *now in living.values_list("pk", "whole_digest", "unread")
            if now != [last[pk].whole_digest, last[pk].unread]
        ]
        rows = living.filter(pk__in=moved).values_list(
            "pk", "name", "full_name", "region", "config", "unread"
        )
        names = ("name", "full_name", "region", "config", "unread")
        return {pk: last[pk]._replace(**dict(zip(names, now, strict=True))) for pk, *now in rows}

    def _raised(self, pks: Sequence[int]) -> Raised:
        """Return when the rule, as it was in force, had issues on some items."""
        found: Raised = defaultdict(list)
        if self.rule is None:
            return found
        events = IssueEvent.objects.filter(
            issue__rule=self.rule,
            issue__item__in=pks,
            what__in=(What.OPENED, What.REOPENED, What.FIXED),
        ).order_by("at", "pk")
        for item, fingerprint, at, what in events.values_list(
            "issue__item_id", "issue__fingerprint", "at", "what"
        ):
            spells = found[item, fingerprint]
            if what != What.FIXED:
                spells.append([at, None])
            elif spells:
                spells[-1][1] = at
        return found

    def _count(self, walk: Walk, raised: Raised) -> None:
        row, episodes = walk.last, walk.episodes()
        if row is None:
            return
        add = self.tally.add
        if walk.off:
            add(row.account_id, "off")
        if walk.reason:
            add(row.account_id, "unknown")
            self._reason(row.account_id, walk.reason)
        if episodes:
            add(row.account_id, "hit")
        for episode in episodes:
            caught = self._caught(episode, raised.get((row.pk, episode.finding.fingerprint), []))
            self._episode(row, episode, caught)

    def _reason(self, account: int, reason: str) -> None:
        if self.tally.sees(account):
            known = reason in self.reasons or len(self.reasons) < 500
            self.reasons[reason if known else OTHER] += 1

    def _caught(self, episode: Episode, spells: list[list[datetime | None]]) -> bool:
        end = episode.ended.at if episode.ended else self.now
        return any(
            since and since <= end and (until is None or until >= episode.began.at)
            for since, until in spells
        )

    def _episode(self, row: Revised, episode: Episode, caught: bool) -> None:
        began, ended = episode.began, episode.ended
        told = {
            "episodes": True,
            "standing": began.why == BEFORE,
            "first": began.why == FIRST,
            "still": ended is None,
            "ended": ended is not None,
            "caught": caught,
        }
        for what in (what for what, so in told.items() if so):
            self.tally.add(row.account_id, what)
        before = began.why == BEFORE
        self.timeline.add(None if before else began.at, ended.at if ended else None)
        if ended and not before:
            self.lasted.append((ended.at - began.at).total_seconds() / 86400)
        if began.revision and not before and self.tally.sees(row.account_id):
            self.actors[_actor(began.actor)] += 1
        rank = (episode.score, int(began.at.timestamp()))
        self.tally.keep("episodes", row, rank, lambda: _shown(episode, caught))

    def found(self) -> Any:
        """Return what was found, so that it can be pickled."""
        told = (self.actors, self.reasons, self.lasted, self.timeline.counts())
        spent = (self.revisions, self.past.asked, self.past.cut, self.trial.seconds)
        return self.tally.found(), told, spent

    def merge(self, found: Any) -> None:
        """Add what another process found."""
        counted, (actors, reasons, lasted, timeline), (revisions, asked, cut, seconds) = found
        self.tally.merge(counted)
        self.actors.update(actors)
        self.reasons.update(reasons)
        self.lasted += lasted
        self.timeline.merge(timeline)
        self.revisions += revisions
        self.past.asked += asked
        self.past.cut += cut
        self.trial.seconds += seconds

    def result(self, done: int, total: int, began: float) -> Backtest:
        """Put together what was found."""
        accounts, others = self.tally.by_account(self.trial.accounts)
        lists: Any = {"episodes": [], **self.tally.lists(self.trial.accounts)}
        _explain(lists["episodes"])
        first = self._looks_taken().aggregate(first=Min("started_at"))["first"]
        return {
            "at": self.now.isoformat(),
            "since": self.since.isoformat(),
            "watched_since": first.isoformat() if first else None,
            "seconds": round(time.monotonic() - began, 2),
            "evaluating": round(self.trial.seconds, 2),
            "items": done,
            "total": total,
            "revisions": self.revisions,
            "asked": self.past.asked,
            "counts": dict(self.tally.total),
            "lists": lists,
            "accounts": accounts,
            "other_accounts": others,
            "hidden": self.tally.hidden(),
            "timeline": self.timeline.buckets(),
            "actors": [
                {"actor": actor, "episodes": count} for actor, count in self.actors.most_common(10)
            ],
            "median_days": round(median(self.lasted), 2) if self.lasted else None,
            "longest_days": round(max(self.lasted), 2) if self.lasted else None,
            "reasons": [
                {"reason": reason, "items": items} for reason, items in self.reasons.most_common(20)
            ],
            "notes": list(self._notes(first)),
        }

    def _notes(self, first: datetime | None) -> Iterator[str]:
        """Yield what the answer does not know, as far as it matters for this text."""
        if first and first > self.since:
            yield f"Nothing is known of the time before {first:%-d %B %Y}: then it was first read."
        moving = sorted(self._moving())
        if moving:
            yield (
                "These values move without a change being kept, so that they are only known as "
                f"they were when something else changed, and now: {', '.join(moving)}."
            )
        if self.past.reads_time:
            yield (
                "It reads the time: it was asked at midnights, and what came and went between two "
                "with the same answer is not seen."
            )
        if self.past.looks:
            yield "Other items that it looks up were taken as they were then."
        if self.past.cut:
            yield (
                f"In {self.past.cut} revisions what it looks up changed so often that not every "
                "moment was tried."
            )
        yield "Settings, known accounts and networks, and tables were taken as they are now."

    def _moving(self) -> set[str]:
        """Return the paths whose past is not kept and that the text may read."""
        texts = [text for text in (self.draft.expression, self.draft.applies_when) if text]
        read = frozenset[str]().union(*(parts_read(text) for text in texts))
        paths = {
            path
            for technology in self.draft.technologies
            if technology in watchers
            for path in watchers[technology].ephemeral
        }
        for setting in WatcherSetting.objects.filter(technology__in=self.draft.technologies):
            paths |= set(setting.ephemeral)
        return {path for path in paths if EVERYTHING in read or first_field(path) in read}


def _actor(actor: Any) -> str:
    """Return whose change it was, as far as that is known."""
    if isinstance(actor, dict):
        return str(actor.get("who") or actor.get("name") or "")
    return str(actor or "")


def _shown(episode: Episode, caught: bool) -> dict[str, Any]:
    began, ended = episode.began, episode.ended or Turn(episode.began.at, "")
    return {
        "notes": episode.finding.notes,
        "evidence": episode.finding.evidence,
        "score": episode.score,
        "since": began.at.isoformat(),
        "until": ended.at.isoformat() if episode.ended else None,
        "began": began.why,
        "ended": ended.why,
        "revision": began.revision,
        "earlier": began.before,
        "run": began.run,
        "ended_run": ended.run,
        "actor": _actor(began.actor),
        "ended_actor": _actor(ended.actor),
        "looked_before": None,
        "difference": [],
        "more": 0,
        "blind": episode.blind,
        "caught": caught,
    }


def _explain(shown: Sequence[Fired]) -> None:
    """Add to what is shown how the configuration became otherwise, and since when it may have."""
    wanted = {one for row in shown for one in (row["revision"], row["earlier"]) if one}
    configs = dict(Item.history.filter(history_id__in=wanted).values_list("history_id", "config"))
    for row in shown:
        old, new = configs.get(row["earlier"]), configs.get(row["revision"])
        if old is not None and new is not None:
            lines = what_changed(row["technology"], old, new)
            row["difference"] = [
                {"where": one.where, "what": one.what, "old": one.before, "new": one.after}
                for one in lines[:LINES]
            ]
            row["more"] = max(0, len(lines) - LINES)
        if row["earlier"]:
            row["looked_before"] = _looked_before(row)


def _looked_before(row: Fired) -> str | None:
    looks = Run.objects.filter(
        account=row["account"],
        technology=row["technology"],
        kind=Run.Kind.LOOKED,
        state=Run.State.DONE,
        started_at__lt=datetime.fromisoformat(row["since"]),
    ).order_by("-started_at")
    at = looks.values_list("started_at", flat=True).first()
    return at.isoformat() if at else None
