"""For how long, and by how many people, issues of a severity may be accepted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError

from audits.models import ReviewPolicy, severity


@dataclass(frozen=True)
class Terms:
    """On what terms some issues may be accepted together: the strictest of their severities'."""

    severity: str
    """The gravest of them; empty: there is none."""
    second: str = ""
    """The gravest that an approver must let in; empty: nobody needs to."""
    limiting: str = ""
    """The severity that may be accepted for the shortest time; empty: without end."""
    days: int | None = None
    """For how many days at most; None: without end."""
    longest: date | None = None
    """Up to which day, then."""

    def until(self, asked: date | None) -> date | None:
        """Return the last day; nothing asked for means as long as is allowed.

        Raises ValidationError, naming the longest day, where that is later than allowed.
        """
        if asked is None or self.longest is None:
            return asked or self.longest
        if asked > self.longest:
            raise ValidationError(
                {"until": f"{self.limit}. Choose {self.longest:%-d %B %Y} or an earlier day."}
            )
        return asked

    @property
    def limit(self) -> str:
        """Say how long that is, and why."""
        if self.longest is None:
            return "It may be accepted without end"
        day = f"{self.longest:%-d %B %Y}"
        return f"{self.limiting.capitalize()}: at most {self.days} days, to {day}"


def terms_of(scores: Iterable[int], today: date) -> Terms:
    """Return on what terms issues of these scores may be accepted from a day on."""
    words = {severity(score): score for score in sorted(scores)}
    if not words:
        return Terms("")
    by_word = {one.severity: one for one in ReviewPolicy.objects.filter(severity__in=words)}
    found = [by_word[word] for word in words if word in by_word]
    second = [one.severity for one in found if one.second_person]
    limited = [one for one in found if one.longest_days is not None]
    gravest = list(words)[-1]
    last = second[-1] if second else ""
    if not limited:
        return Terms(gravest, last)
    tightest = min(reversed(limited), key=lambda one: one.longest_days or 0)
    days = tightest.longest_days or 0
    return Terms(gravest, last, tightest.severity, days, today + timedelta(days=days))
