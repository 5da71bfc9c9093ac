"""What a search page is asked for, as its address says it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict

from config.console.days import Day, day_of
from items.asking import Question, understand
from items.searching import GONE, HOLDS, INSIDE, IS, OLDER, Chosen

WAYS = {"is": IS, "holds": HOLDS, "inside": INSIDE}
ALSO = (GONE, OLDER)
# Hits of one technology on a page of their own.
SIZE = 50


@dataclass(frozen=True)
class Asked:
    """One request for a search."""

    given: QueryDict
    question: Question
    chosen: Chosen
    day: Day
    page: int

    @classmethod
    def by(cls, request: HttpRequest) -> "Asked":
        """Read it from the address; what cannot be meant is left out."""
        given = request.GET
        ways = [WAYS[name] for name in _listed(given, "how") if name in WAYS]
        chosen = Chosen(
            how=ways if len(ways) < len(WAYS) else (),
            accounts=[int(one) for one in _listed(given, "account") if _is_key(one)],
            technologies=_listed(given, "technology"),
            also=[one for one in _listed(given, "also") if one in ALSO],
        )
        return cls(
            given=given,
            question=understand(given.get("q", ""), as_text=given.get("as") == "text"),
            chosen=chosen,
            day=day_of(given.get("as_of")),
            page=int(given["page"]) if _is_key(given.get("page", "")) else 1,
        )

    @property
    def moment(self) -> datetime | None:
        """The moment of the past that is asked for; null: now."""
        return None if self.day.now else self.day.moment

    @property
    def as_text(self) -> bool:
        """Whether all that was typed is one text."""
        return self.given.get("as") == "text"

    @property
    def whole(self) -> bool:
        """Whether one technology is to be shown to its end."""
        return len(self.chosen.technologies) == 1 and self.given.get("all") == "1"

    def link(self, **changes: Any) -> str:
        """Return the address of the same search with something else; None: without it."""
        query = self.given.copy()
        for name in ("page", "export"):
            query.pop(name, None)
        for name, value in changes.items():
            if value in (None, ""):
                query.pop(name, None)
            else:
                query[name] = str(value)
        return f"?{query.urlencode()}"


def _listed(given: QueryDict, name: str) -> list[str]:
    return [one for one in given.get(name, "").replace("\0", "").split(",") if one][:50]


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 18
