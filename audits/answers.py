"""What looking ahead and looking back answer, as it is kept in ``Preview.result``."""

from typing import NamedTuple, TypedDict

# What is counted; ``counts`` lacks what did not occur.
COUNTED = {
    "impact": (
        *("fails", "passes", "exempt", "off", "unknown"),
        *("new", "reopened", "closes", "stays", "rescored", "moved", "stuck", "lost"),
        *("covered", "uncovered", "lapses", "before", "after"),
    ),
    "backtest": (
        *("episodes", "standing", "first", "still", "ended", "caught", "hit", "unknown", "off"),
    ),
}


class Row(TypedDict):
    """One thing that would happen, as it is shown."""

    item: int
    name: str
    technology: str
    account: int
    account_name: str
    issue: int | None
    """The issue that there is already."""
    score: int
    before: int | None
    """Its score now."""
    notes: str
    evidence: str
    """As short text."""
    justified: bool
    why: str


class AccountCounts(TypedDict):
    """What would happen in one account, or in several together."""

    account: int | None
    name: str
    accounts: int
    """How many accounts these are."""
    counts: dict[str, int]


class Happening(NamedTuple):
    """So many events of one kind in one slice, which somebody may have to be told of."""

    account: int
    technology: str
    what: str
    cause: str
    score: int
    events: int


class Reason(TypedDict):
    reason: str
    items: int


class Slowest(TypedDict):
    item: int
    account: int
    name: str
    steps: int


class Impact(TypedDict):
    """What the text would change. Every count is exact; lists hold the worst few."""

    at: str
    """When it was asked, in ISO form."""
    seconds: float
    evaluating: float
    """Seconds of these that the rule itself took."""
    items: int
    """Items that were looked at."""
    total: int
    """Items that there are; more than ``items`` where the time was up before the end."""
    counts: dict[str, int]
    """Of items: fails, passes, exempt (it does not apply), off (by a setting), unknown.
    Of issues: new, reopened (both count as new to who is told), closes, stays, rescored, moved
    (to the fingerprint of a new identity), stuck (close because they could not be moved), lost
    (stay, without an answer), covered (new or reopened, but justified), uncovered (no longer
    justified). Of justifications: lapses. Scores of what is open and not justified: before,
    after."""
    lists: dict[str, list[Row]]
    """The worst of new, closes, rescored, moved, stuck, lapses and unknown."""
    accounts: list[AccountCounts]
    """Where most would change, first."""
    other_accounts: AccountCounts | None
    """The sum of those that are not listed."""
    hidden: AccountCounts | None
    """The sum of those that the asker may not see."""
    reasons: list[Reason]
    slowest: Slowest | None
    unlisted: int
    """Slices of which part could not be listed; what is there is not known."""
    news: list[Happening]
    """What somebody may have to be told of. Kept as ``mails``, made of it by
    ``notifications.foretelling``."""


class Line(TypedDict):
    """One line of a difference."""

    where: str
    what: str
    """added, removed or changed"""
    old: str
    new: str


class Fired(Row):
    """One episode, as it is shown."""

    since: str
    until: str | None
    """None: it still stands."""
    began: str
    """Why it began: a kind of revision, or one of the words in ``audits.episodes``."""
    ended: str
    revision: int | None
    """The revision that brought it, and the one before."""
    earlier: int | None
    run: int | None
    ended_run: int | None
    actor: str
    """Whose change it was; empty: not known."""
    ended_actor: str
    looked_before: str | None
    """When the item was read before that: the change lies between."""
    difference: list[Line]
    more: int
    """Lines that are left out."""
    blind: bool
    """In between there was no answer."""
    caught: bool
    """The rule as it stood had an issue for it then."""


class Actor(TypedDict):
    actor: str
    episodes: int


class Bucket(TypedDict):
    """One bar of the chart."""

    since: str
    """The day on which it begins, in ISO form."""
    days: int
    began: int
    ended: int
    standing: int
    """How many stood at its end."""


class Backtest(TypedDict):
    """When the text would have fired. Every count is exact; lists hold some."""

    at: str
    since: str
    watched_since: str | None
    """When the first of these slices was first read; before that nothing is known."""
    seconds: float
    evaluating: float
    items: int
    total: int
    """Items that there are; more than ``items`` where the time was up before the end."""
    revisions: int
    asked: int
    """How often the text was asked."""
    counts: dict[str, int]
    """Of episodes: episodes, standing (so already on the first day), first (so when it was first
    read), still, ended, caught. Of items: hit (by an episode at least), unknown (without an
    answer at some moment), off (by a setting)."""
    lists: dict[str, list[Fired]]
    """``episodes``: those with the highest score, and of these the latest."""
    accounts: list[AccountCounts]
    other_accounts: AccountCounts | None
    hidden: AccountCounts | None
    timeline: list[Bucket]
    actors: list[Actor]
    """By whose changes it began most often; empty name: not known."""
    median_days: float | None
    """How long those that ended lasted: half of them less, and the longest."""
    longest_days: float | None
    reasons: list[Reason]
    notes: list[str]
    """What the answer does not know, in words."""
