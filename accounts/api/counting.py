"""How often each asks in a minute, counted by all processes of the web server together."""

import time
from typing import Any

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiToken

MINUTE = 60_000
# One statement, so that two processes that count at once both count. Both databases know it.
COUNT = """
INSERT INTO accounts_asking (who, since, count) VALUES (%(who)s, %(now)s, 1)
ON CONFLICT (who) DO UPDATE SET
  count = CASE WHEN accounts_asking.since <= %(past)s THEN 1
          ELSE accounts_asking.count + 1 END,
  since = CASE WHEN accounts_asking.since <= %(past)s THEN excluded.since
          ELSE accounts_asking.since END
RETURNING count, since
"""


class PerToken(BaseThrottle):
    """Counts the requests of each token, or of each person without one, a minute."""

    left = 0
    """How many milliseconds the minute still runs."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if not settings.API_PER_MINUTE:
            return True
        count, self.left = counted(who_asks(request))
        return count <= settings.API_PER_MINUTE

    def wait(self) -> float:
        return self.left / 1000


def who_asks(request: Request) -> str:
    """Return by what somebody is counted: the token, or the person who sent none."""
    token = request.auth
    return f"token {token.pk}" if isinstance(token, ApiToken) else f"user {request.user.pk}"


def counted(who: str) -> tuple[int, int]:
    """Count one request; return how many there were in this minute, and what is left of it."""
    now = int(time.time() * 1000)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"who": who, "now": now, "past": now - MINUTE})
        count, since = cursor.fetchone()
    return count, since + MINUTE - now
