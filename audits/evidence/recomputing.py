"""Make the verdicts of a past moment again, and hold them against what was noted then.

The versions, settings, tables, known accounts and networks of that moment are held against the
revisions of that moment; other items are looked up as they were. What is not kept makes a
verdict unknown, with the reason: nothing is made up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audits.engine import Outcome, Verdict, evaluate
from audits.evidence.differing import Reasons
from audits.evidence.knowledge import Knowledge, knowledge_at
from audits.evidence.noting import Noted, Notes, held
from audits.evidence.past import MOVES, PastSlice, Stood
from audits.facts import facts_of
from audits.functions.base import Context, Neighbour
from audits.hearing import STEPS_A_PORTION
from audits.models import RuleVersion
from audits.rulebook import looks_back
from audits.standing import watched_at
from audits.then import ReadingThen, Then
from items.earlier import before_last_change
from items.watchers import watchers

OFF = "A setting turned the rule off there."


@dataclass(frozen=True)
class Check:
    """One rule on one item at a moment: what it comes to, and what had been noted."""

    item: Stood
    version: RuleVersion
    score: int
    verdict: Verdict
    noted: Noted
    difference: str = ""
    """Why the two are not the same; empty: they are."""


@dataclass
class Recomputation:
    """The verdicts of some rules on some accounts as of a moment."""

    moment: datetime
    knowledge: Knowledge
    accounts: dict[int, str]
    """Those that were watched, by key: their type."""
    checks: int = 0
    agreed: int = 0
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many checks differ, by the kind of reason."""

    def slices(self) -> list[tuple[int, str]]:
        """Return what was to be read for the rules: account and technology, in a fixed order."""
        technologies = sorted(
            {name for version in self.knowledge.versions for name in version.technologies}
        )
        names = self.knowledge.accounts
        ordered = sorted(self.accounts, key=lambda pk: (names[pk].identifier, pk))
        return [
            (account, name)
            for account in ordered
            for name in technologies
            if name not in watchers or watchers[name].account_type == self.accounts[account]
        ]

    def run(self) -> Iterator[list[Check]]:
        """Yield the checks, some items at a time, slice after slice in a fixed order."""
        then = Then(self.moment, self.knowledge.accounts.values())
        for account, technology in self.slices():
            versions = [one for one in self.knowledge.versions if technology in one.technologies]
            yield from self._slice(PastSlice(account, technology, self.moment), versions, then)

    def _slice(
        self, past: PastSlice, versions: Sequence[RuleVersion], then: Then
    ) -> Iterator[list[Check]]:
        run = held(self.moment, past.account, past.technology)
        reasons = Reasons(past, self.knowledge)
        for batch in past.batches():
            judge = _Judge(self, past, batch, versions, then)
            notes = Notes(self.moment, [one.pk for one in batch], [one.rule_id for one in versions])
            checks = []
            for item in batch:
                for version in versions:
                    noted = notes.of(item.pk, version.rule_id, version.pk in run)
                    checks.append(self._check(judge, item, version, noted, reasons))
            yield checks

    def _check(
        self, judge: "_Judge", item: Stood, version: RuleVersion, noted: Noted, reasons: Reasons
    ) -> Check:
        score, verdict, looked = judge.ask(item, version)
        self.checks += 1
        if noted.agrees(verdict):
            self.agreed += 1
            return Check(item, version, score, verdict, noted)
        kind, reason = reasons.of(item, version, verdict, noted, looked)
        self.reasons[kind] += 1
        return Check(item, version, score, verdict, noted, reason)


def recompute(moment: datetime, accounts: Sequence[int], rules: Iterable[int]) -> Recomputation:
    """Prepare to make the verdicts of rules again, as of a moment; ``run`` does it.

    Of ``accounts``, those that the asker may see, the ones that were watched then are asked; of
    ``rules`` those that were in force. Items come 500 at a time, so memory is bounded however
    many there are.
    """
    return Recomputation(moment, knowledge_at(moment, rules), watched_at(moment, accounts))


class _Judge:
    """Holds versions against some items of a slice as they stood."""

    def __init__(
        self,
        about: Recomputation,
        past: PastSlice,
        batch: Sequence[Stood],
        versions: Sequence[RuleVersion],
        then: Then,
    ) -> None:
        self.moment, self.knowledge, self.past, self.then = (
            about.moment,
            about.knowledge,
            past,
            then,
        )
        self.account = about.knowledge.accounts[past.account]
        back = any(looks_back(version) for version in versions)
        self.previous = before_last_change(batch, self.moment) if back else {}
        self._steps: dict[int, int] = defaultdict(int)
        self._facts: tuple[int, dict[str, Any]] = (0, {})

    def ask(self, item: Stood, version: RuleVersion) -> tuple[int, Verdict, frozenset[str]]:
        """Return the score, the verdict, and the technologies that were looked up."""
        holds = self.knowledge.in_force(version, item)
        if not holds.on:
            off = Verdict(Outcome.NOT_APPLICABLE, reason=OFF)
            return holds.score, off, frozenset()
        hidden = self._hidden(item, version)
        if hidden:
            return holds.score, Verdict(Outcome.UNKNOWN, reason=hidden), frozenset()
        if self._steps[version.pk] > STEPS_A_PORTION:
            reason = "The rule took too many steps on other items."
            return holds.score, Verdict(Outcome.UNKNOWN, reason=reason), frozenset()
        reader = _Reader(self.then, self.moment, self.account)
        context = Context(**self._facts_of(item), parameters=holds.parameters, reader=reader)
        verdict = evaluate(version, context, item.unread)
        self._steps[version.pk] += verdict.steps
        return holds.score, verdict, frozenset(reader.technologies)

    def _facts_of(self, item: Stood) -> dict[str, Any]:
        if self._facts[0] != item.pk:
            previous = self.previous.get(item.pk)
            known, tables = self.knowledge.known, self.knowledge.rows
            facts = facts_of(item, self.account, self.moment, known, tables, previous)
            self._facts = (item.pk, facts)
        return self._facts[1]

    def _hidden(self, item: Stood, version: RuleVersion) -> str:
        """Say which values are read whose past is not kept; empty: none."""
        paths = self.past.hidden((version.expression, version.applies_when)) if item.moved else ()
        if not paths:
            return ""
        return f"What stood in {', '.join(paths)} {MOVES}"


class _Reader(ReadingThen):
    """Reads other items as they were, and notes which technologies were looked up."""

    def __init__(self, then: Then, moment: datetime, account: Any) -> None:
        super().__init__(then, moment, account)
        self.technologies: set[str] = set()

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        self.technologies.add(technology)
        return super().lookup(technology, path, values, any_of)

    def related(self, technology: str) -> list[Neighbour]:
        self.technologies.add(technology)
        return super().related(technology)
