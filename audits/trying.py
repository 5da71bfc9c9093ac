"""A text that is not in force, tried on items as judging would: same settings, same knowledge."""

import time
from datetime import datetime
from typing import Any, Protocol

from accounts.models import Account
from audits.drafts import Draft
from audits.engine import Outcome, Verdict, evaluate
from audits.facts import facts_of
from audits.functions.base import Context, Reader
from audits.hearing import STEPS_A_PORTION
from audits.models import Rule, RuleSetting
from audits.rulebook import tables_of
from audits.scoping import InForce, in_force, ranked
from audits.world import known, tables


class Tried(Protocol):
    """The part of an item, or of a revision of one, that a text is held against."""

    @property
    def account_id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def config(self) -> Any: ...
    @property
    def unread(self) -> dict[str, str]: ...


class Trial:
    """What a text needs to be held against rows: settings, accounts and tables as they are now."""

    def __init__(self, draft: Draft, rule: Rule | None) -> None:
        self.draft = draft
        self.accounts = {one.pk: one for one in Account.objects.prefetch_related("groups")}
        self.seconds = 0.0
        """What evaluating took so far."""
        self._groups = {
            pk: frozenset(group.pk for group in one.groups.all())
            for pk, one in self.accounts.items()
        }
        self._known = known()
        self._tables = tables(tables_of(draft))
        self._settings = list(RuleSetting.objects.filter(rule=rule)) if rule else []
        self._plain = in_force(draft, ())
        self._steps = 0

    def begin_portion(self) -> None:
        """Let the text take as many steps again as judging lets it on a portion of items."""
        self._steps = 0

    def holds(self, row: Tried) -> InForce:
        """Return how the rule would stand for a row."""
        if not self._settings:
            return self._plain
        return in_force(self.draft, ranked(self._settings, row, self._groups[row.account_id]))

    def context(
        self, row: Tried, holds: InForce, now: datetime, previous: Any, reader: Reader
    ) -> Context:
        """Return what the text is told of a row at a moment."""
        account = self.accounts[row.account_id]
        facts = facts_of(row, account, now, self._known, self._tables, previous)
        return Context(**facts, parameters=holds.parameters, reader=reader)

    def judge(self, row: Tried, context: Context) -> Verdict:
        """Hold the text against a row; unknown where it took too many steps on others."""
        if self._steps > STEPS_A_PORTION:
            return Verdict(Outcome.UNKNOWN, reason="The rule took too many steps on other items.")
        began = time.perf_counter()
        verdict = evaluate(self.draft, context, row.unread)
        self.seconds += time.perf_counter() - began
        self._steps += verdict.steps
        return verdict
