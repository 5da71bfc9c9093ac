"""Put a report's figures together: everything that mail, page and files show, as plain JSON.

They are kept with the report, so that what somebody was told can be shown a year later. Moments
are ISO 8601, links are paths of the console. Each number with a link is what that list counts
for the same moment; where no list can be narrowed so far, the link is empty.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.moments import Moment, looking_from
from audits.trending import WEEK
from notifications.models import Subscription
from notifications.report import lists, moves, unseen
from notifications.report.rules import rules
from notifications.report.scope import Scope
from notifications.report.words import headline, lead, nothing_new


def reckon(told: Subscription, moment: Moment) -> dict[str, Any]:
    """Return the figures of the seven days before a moment.

    A fixed number of queries, however much there is. Rows are read as they were then; which
    accounts, items and rules it is about is what the subscription says today.
    """
    scope = Scope(told, moment)
    with looking_from(moment):
        figures = {
            "name": told.name,
            "scope": scope.words,
            "since": (scope.at - WEEK).isoformat(),
            "until": scope.at.isoformat(),
            "first_day": timezone.localdate(scope.at - WEEK + timedelta(days=1)).isoformat(),
            "last_day": timezone.localdate(scope.at).isoformat(),
            **moves.standing(scope),
            **moves.lateness(scope),
            **moves.happened(scope),
            **lists.issues(scope),
            **lists.decisions(scope),
            **lists.changes(scope),
            **unseen.unseen(scope),
            **unseen.ledger(),
            **rules(scope),
        }
        figures |= moves.moves(scope, figures["score"]["now"], figures["open"]["now"])
    quiet = nothing_new(figures)
    return {**figures, "headline": headline(figures), "lead": lead(figures), "quiet": quiet}
