"""Why the score moved in a week, in words: the first page and the weekly report say the same."""

from dataclasses import dataclass

from audits.models import RuleVersion, What
from audits.trending import Sum, Week, Why

# What happened, as a sum of a week counts it.
WORDS = {
    What.OPENED: "new",
    What.REOPENED: "came back",
    What.FIXED: "fixed or gone",
    What.RESCORED: "scored anew",
    What.KNOWN: "scored anew",
    What.LAPSED: "reach further than accepted",
    What.JUSTIFIED: "accepted",
    What.WITHDRAWN: "no longer accepted",
    What.ENDED: "accepted until a day that passed",
}


@dataclass(frozen=True)
class Way:
    """One way in which a cause moved the score: what it added, or what it took away."""

    why: Why
    found: Sum
    part: int

    @property
    def count(self) -> int:
        return len(self.found.issues)

    @property
    def text(self) -> str:
        """Say what happened to how many issues, so that it can follow "because"."""
        count, up = self.count, self.part > 0
        issues = f"{count:,} issue{'' if count == 1 else 's'}"
        were, are = ("was", "is") if count == 1 else ("were", "are")
        if self.why == Why.JUSTIFIED:
            return f"{issues} {are} no longer accepted" if up else f"{issues} {were} accepted"
        if self.why == Why.COVERAGE:
            did = "came to light" if up else f"{were} settled"
            return f"{issues} {did} as more could be read"
        return {
            Why.BETTER: f"{issues} {were} fixed or went away",
            Why.WORSE: f"{issues} came, came back or got worse",
            Why.RULE: f"{issues} {were} changed by rules",
        }[self.why]


def signed(number: int) -> str:
    """Return a difference with its sign; the minus is as wide as the plus."""
    return f"+{number:,}" if number > 0 else f"\N{MINUS SIGN}{-number:,}" if number else "0"


def ways(week: Week) -> tuple[Way | None, Way | None]:
    """Return what moved the score most in the direction of the week, and most against it."""
    by = week.end - week.start
    every = [
        Way(why, one, part)
        for why, one in week.causes.items()
        for part in (one.up, one.down)
        if part
    ]
    along = [way for way in every if (way.part < 0) == (by < 0)] if by else []
    against = [way for way in every if way not in along]
    return (
        max(along, key=lambda way: abs(way.part), default=None),
        max(against, key=lambda way: abs(way.part), default=None),
    )


def detail(why: Why, found: Sum) -> str:
    """Say what happened how often; of rules, which version moved most."""
    return _rules(found) if why == Why.RULE else _happened(found)


def _happened(found: Sum) -> str:
    counts: dict[str, int] = {}
    for what, count in found.whats.items():
        word = WORDS[What(what)]
        counts[word] = counts.get(word, 0) + count
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def _rules(found: Sum) -> str:
    """Name the version that moved most; a setting or a network moves what its rule finds."""
    most = max(found.versions, key=lambda version: abs(found.versions[version]))
    version = RuleVersion.objects.get(pk=most)
    others = len(found.versions) - 1
    more = f" and {others} more" if others else ""
    return f"by “{version.title}” v{version.number}{more}"
