"""What a rule's text would change if it decided from now on, over everything stored. Only reads."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from accounts.models import Account
from audits.answers import Happening, Impact, Slowest
from audits.drafts import Draft
from audits.engine import Finding, Outcome, Verdict
from audits.foreseeing import Foreseen
from audits.functions.base import Context
from audits.matching import match
from audits.models import Cause, Issue, Rule, What
from audits.rulebook import looks_back
from audits.scoping import InForce
from audits.sharing import Progress, work_through
from audits.tallying import Placed, Tally
from audits.trying import Trial
from audits.world import World
from items.earlier import before_last_change
from items.models import Gap, Item

# Rows read at once: few enough that progress moves and a cancelled one ends soon.
READ = 500


def impact(
    fields: Mapping[str, Any],
    rule: Rule | None,
    by: Any,
    progress: Progress = lambda _done, _total: None,
    seconds: float = 600,
) -> Impact:
    """Hold everything stored against a text and tell how issues would change.

    ``rule`` is the one whose text it would become; None: a new one. ``by`` sees only what is
    granted. Ends early, and says so, after so many ``seconds``.
    """
    began = time.monotonic()
    ahead = _Ahead(Draft.of(fields), rule, by)
    total = sum(ahead.slices.values())
    done = work_through(ahead, total, progress, seconds)
    ahead.leave()
    return ahead.result(done, total, time.monotonic() - began)


class _Seen(NamedTuple):
    """What is read of an item."""

    pk: int
    account_id: int
    technology: str
    uid: str
    name: str
    full_name: str
    region: str
    config: Any
    unread: dict[str, str]


class _Place(NamedTuple):
    """What is read of an item that is not judged."""

    pk: int
    account_id: int
    technology: str
    uid: str
    name: str


class _Kept(NamedTuple):
    """What is read of an issue."""

    pk: int
    item_id: int
    fingerprint: str
    score: int
    notes: str
    evidence: Any
    extent: list[Any]
    fixed_at: datetime | None
    unknown: bool
    justified: bool

    @property
    def weight(self) -> int:
        """What it adds to the score of what is open and not justified."""
        return 0 if self.fixed_at or self.justified else self.score


class _Comes(NamedTuple):
    """An issue that would be new."""

    item: _Seen
    finding: Finding
    score: int
    kept: None = None


class _Goes(NamedTuple):
    """An issue that was kept and is open afterwards, with what is found."""

    item: _Seen
    finding: Finding
    score: int
    kept: _Kept


class _Ahead:
    """One look ahead: what is known, and what was found so far."""

    def __init__(self, draft: Draft, rule: Rule | None, by: Any) -> None:
        self.draft, self.rule = draft, rule
        self.trial, self.tally = Trial(draft, rule), Tally(by)
        self.now = timezone.now()
        self.justified = Foreseen(rule)
        self.slices = self._slices()
        self.looks_back = looks_back(draft)
        self.reasons: Counter[str] = Counter()
        self.news: Counter[tuple[int, str, str, str, int]] = Counter()
        self.slowest: Slowest | None = None
        self._last_world: World | None = None
        self._goes: list[_Goes] = []
        self._comes: list[_Comes] = []
        self._closed: list[int] = []

    def _slices(self) -> Counter[tuple[int, str]]:
        """Count the living items of each slice that the text is about."""
        rows = Item.objects.living().filter(technology__in=self.draft.technologies)
        return Counter(rows.order_by().values_list("account_id", "technology").iterator())

    def run(self, part: int, parts: int) -> Iterator[int]:
        """Judge slice by slice; yield how many items were read each time."""
        number = 0
        for account, technology in sorted(self.slices):
            here = Item.objects.living().filter(account=account, technology=technology)
            pks = list(here.order_by("pk").values_list("pk", flat=True))
            self._enter(self.trial.accounts[account])
            for start in range(0, len(pks), settings.PORTION):
                number += 1
                if number % parts != part:
                    continue
                self.trial.begin_portion()
                portion = pks[start : start + settings.PORTION]
                for first in range(0, len(portion), READ):
                    yield self._hold(portion[first : first + READ])

    def _enter(self, account: Account) -> None:
        last = self._last_world
        self.world = self._last_world = last.beside(account) if last else World(account)

    def _hold(self, pks: list[int]) -> int:
        """Judge some items; return how many were there."""
        rows = Item.objects.living().filter(pk__in=pks).order_by("pk")
        items = [_Seen(*row) for row in rows.values_list(*_Seen._fields)]
        kept: dict[int, list[_Kept]] = defaultdict(list)
        issues = (
            Issue.objects.filter(rule=self.rule, item__in=pks)
            if self.rule
            else Issue.objects.none()
        )
        for row in issues.values_list(*_Kept._fields):
            kept[row[1]].append(_Kept(*row))
        previous = before_last_change(items) if self.looks_back else {}
        for item in items:
            self._hear(item, previous.get(item.pk), kept.get(item.pk, []))
        self._settle()
        return len(items)

    def _hear(self, item: _Seen, previous: Any, kept: list[_Kept]) -> None:
        for one in kept:
            self.tally.add(item.account_id, "before", one.weight)
        holds = self.trial.holds(item)
        if not holds.on:
            self.tally.add(item.account_id, "off")
            self._close(item, kept, "A setting turns the rule off here.")
            return
        reader = self.world.reader()
        context = self.trial.context(item, holds, self.now, previous, reader)
        verdict = self.trial.judge(item, context)
        self._time(item, verdict)
        self.tally.add(item.account_id, OUTCOMES[verdict.outcome])
        if verdict.outcome == Outcome.UNKNOWN:
            self._lose(item, kept, verdict.reason)
        elif kept or verdict.findings:
            self._agree(item, kept, holds, context, verdict)

    def _time(self, item: _Seen, verdict: Verdict) -> None:
        most = self.slowest["steps"] if self.slowest else 0
        if verdict.steps > most and self.tally.sees(item.account_id):
            self.slowest = {
                "item": item.pk,
                "account": item.account_id,
                "name": item.name or item.uid,
                "steps": verdict.steps,
            }

    def _agree(
        self, item: _Seen, kept: list[_Kept], holds: InForce, context: Context, verdict: Verdict
    ) -> None:
        matched = match(self.draft, context, kept, verdict.findings, lambda _: True)
        for one in matched.moved:
            self._tell("moved", item, one)
        for one, finding in matched.same:
            self._goes.append(_Goes(item, finding, holds.score, one))
        if matched.new:
            self._comes += [_Comes(item, finding, holds.score) for finding in matched.new]
        # Where nothing new is found either, they just close.
        stuck = {one.pk: why for one, why in matched.stuck if matched.new and not one.fixed_at}
        for one in matched.over:
            if one.pk in stuck:
                self._tell("stuck", item, one, why=stuck[one.pk])
            self._close(item, [one], stuck.get(one.pk, ""))

    def _open(self, comes: _Comes) -> None:
        """Count an issue that would be new."""
        item, finding, score, _ = comes
        account = item.account_id
        justified = self.justified.covers(item, score, finding.extent)
        self.tally.add(account, "new")
        self.tally.add(account, "after", 0 if justified else score)
        if justified:
            self.tally.add(account, "covered")
        else:
            self._note(comes, What.OPENED, Cause.RULE)
        self._show("new", comes, justified)

    def _close(self, item: Placed, kept: list[_Kept], why: str) -> None:
        for one in kept:
            if one.fixed_at is None:
                self._tell("closes", item, one, why=why)
                self._closed.append(one.pk)

    def _lose(self, item: _Seen, kept: list[_Kept], reason: str) -> None:
        still = [one for one in kept if one.fixed_at is None]
        for one in still:
            self.tally.add(item.account_id, "stays")
            self.tally.add(item.account_id, "lost")
            self.tally.add(item.account_id, "after", one.weight)
        worst = max((one.score for one in still), default=-1)
        self.tally.keep("unknown", item, (worst,), lambda: {"score": max(worst, 0), "why": reason})
        if self.tally.sees(item.account_id):
            self.reasons[
                reason if reason in self.reasons or len(self.reasons) < 500 else OTHER
            ] += 1

    def _tell(self, what: str, item: Placed, one: _Kept, why: str = "") -> None:
        """Count what becomes of an issue that was kept, and list it among the worst."""
        self.tally.add(item.account_id, what)
        self.tally.keep(
            what,
            item,
            (one.score,),
            lambda: {
                "issue": one.pk,
                "score": one.score,
                "notes": one.notes,
                "evidence": one.evidence,
                "justified": one.justified,
                "why": why,
            },
        )

    def _settle(self) -> None:
        """Count what is open afterwards, once it is known what justifications do with it.

        As when it is judged: what closes makes room, then what goes on, what is back, what is new.
        """
        back = [goes.kept.pk for goes in self._goes if goes.kept.fixed_at]
        justified = [goes.kept.pk for goes in self._goes if goes.kept.justified]
        self.justified.read(justified, back, self._closed)
        for goes in sorted(self._goes, key=lambda goes: goes.kept.fixed_at is not None):
            self._go(goes)
        for comes in self._comes:
            self._open(comes)
        self._goes.clear()
        self._comes.clear()
        self._closed.clear()

    def _go(self, goes: _Goes) -> None:
        item, finding, score, kept = goes
        account, justified = item.account_id, kept.justified
        back = kept.fixed_at is not None
        held = self.justified.hold(kept.pk, finding.extent, back)
        for one in held.lapsed:
            self.tally.add(account, "lapses")
            why = "It now reaches further: " + ", ".join(map(str, one))
            self._show("lapses", goes, justified, why)
        if justified and not held.justified:
            justified = False
            self.tally.add(account, "uncovered")
            self._note(goes, What.LAPSED, Cause.RULE)
        if back and not justified:
            justified = self.justified.covers(item, score, finding.extent, kept.pk)
        self.tally.add(account, "after", 0 if justified else score)
        if kept.fixed_at is None:
            self.tally.add(account, "stays")
            if kept.score != score:
                self.tally.add(account, "rescored")
                self._show("rescored", goes, justified)
            return
        self.tally.add(account, "reopened")
        self._show("new", goes, justified, "It was fixed once.")
        if justified:
            self.tally.add(account, "covered")
        else:
            self._note(goes, What.REOPENED, Cause.RULE)

    def _show(self, what: str, one: _Comes | _Goes, justified: bool, why: str = "") -> None:
        item, finding, score, kept = one
        change = abs(score - kept.score) if kept and what == "rescored" else 0
        self.tally.keep(
            what,
            item,
            (change, score),
            lambda: {
                "issue": kept.pk if kept else None,
                "score": score,
                "before": kept.score if kept else None,
                "notes": finding.notes,
                "evidence": finding.evidence,
                "justified": justified,
                "why": why,
            },
        )

    def _note(self, one: _Comes | _Goes, what: What, cause: Cause) -> None:
        item = one.item
        self.news[item.account_id, item.technology, what.value, cause.value, one.score] += 1

    def leave(self) -> None:
        """Close what the rule holds open in technologies that the text is no longer about."""
        if self.rule is None:
            return
        rows = Issue.objects.open().filter(rule=self.rule)
        rows = rows.exclude(item__technology__in=self.draft.technologies).order_by("pk")
        place = ("item_id", *(f"item__{name}" for name in _Place._fields[1:]))
        for row in rows.values_list(*place, *_Kept._fields).iterator():
            item, one = _Place(*row[: len(place)]), _Kept(*row[len(place) :])
            self.tally.add(item.account_id, "before", one.weight)
            self._close(item, [one], f"The rule is no longer about {item.technology}.")

    def found(self) -> Any:
        """Return what was found, so that it can be pickled."""
        told = (self.reasons, self.news, self.slowest, self.trial.seconds)
        return self.tally.found(), told

    def merge(self, found: Any) -> None:
        """Add what another process found."""
        counted, (reasons, news, slowest, seconds) = found
        self.tally.merge(counted)
        self.reasons.update(reasons)
        self.news.update(news)
        self.trial.seconds += seconds
        both = [one for one in (self.slowest, slowest) if one]
        self.slowest = max(both, key=lambda one: one["steps"], default=None)

    def result(self, done: int, total: int, seconds: float) -> Impact:
        """Put together what was found."""
        gaps = Gap.objects.filter(technology__in=self.draft.technologies, part="", until=None)
        listed, others = self.tally.by_account(self.trial.accounts)
        return {
            "at": self.now.isoformat(),
            "seconds": round(seconds, 2),
            "evaluating": round(self.trial.seconds, 2),
            "items": done,
            "total": total,
            "counts": dict(self.tally.total),
            "lists": self.tally.lists(self.trial.accounts),
            "accounts": listed,
            "other_accounts": others,
            "hidden": self.tally.hidden(),
            "reasons": [
                {"reason": reason, "items": items} for reason, items in self.reasons.most_common(20)
            ],
            "slowest": self.slowest,
            "unlisted": gaps.order_by().values("account", "technology").distinct().count(),
            "news": [Happening(*key, count) for key, count in sorted(self.news.items())],
        }


OTHER = "For other reasons."
OUTCOMES = {
    Outcome.PASS: "passes",
    Outcome.FAIL: "fails",
    Outcome.NOT_APPLICABLE: "exempt",
    Outcome.UNKNOWN: "unknown",
}
