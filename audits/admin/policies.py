"""How soon each severity is decided upon, for how long it may be accepted, and by how many."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, When
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin import HistoryAdmin, tag
from audits.models import ReviewPolicy
from audits.models.rules import SEVERITIES


@admin.register(ReviewPolicy)
class ReviewPolicyAdmin(HistoryAdmin):
    """The five severities; there are no others."""

    list_display = ("called", "due", "longest", "approved")
    list_filter = ()
    list_intro = (
        "By when issues of a severity are to be decided upon, for how long they may be accepted, "
        "and whether another person lets that in. What was accepted before stays as it was."
    )
    fields = ("severity", "due_days", "longest_days", "second_person")
    readonly_fields = ("severity",)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        words = [word for _, word in SEVERITIES]
        ranks = [When(severity=word, then=rank) for rank, word in enumerate(words)]
        return (Case(*ranks, default=len(words)),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Severity")
    def called(self, policy: ReviewPolicy) -> str:
        return tag(policy.severity, policy.severity)

    @display(description="Decided upon")
    def due(self, policy: ReviewPolicy) -> str:
        return "no due day" if policy.due_days is None else f"within {_days(policy.due_days)}"

    @display(description="Accepted")
    def longest(self, policy: ReviewPolicy) -> str:
        most = policy.longest_days
        return "without end" if most is None else f"for {_days(most)} at most"

    @display(description="Let in by")
    def approved(self, policy: ReviewPolicy) -> str:
        return "another person" if policy.second_person else "who reviews"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
