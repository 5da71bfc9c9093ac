"""One page of the queue: its rows with what each says beside the issue's own columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.admin.listing import Listing
from accounts.moments import page_time
from audits.admin.queue_facets import my_accounts, policies
from audits.admin.queue_nothing import Nothing, nothing
from audits.brief import brief
from audits.due import due_on
from audits.models import Coverage, Issue

ENDED = {
    Coverage.End.LAPSED: "justification lapsed: it reaches further",
    Coverage.End.ENDED: "justification ended",
    Coverage.End.BOUND: "justification lapsed: too many",
    Coverage.End.WITHDRAWN: "justification withdrawn",
}


@dataclass
class Row:
    """What a row of the queue says."""

    issue: Issue
    place: int
    """Its place in the whole list, from 1."""
    due: str = ""
    late: bool = False
    initials: str = ""
    ended: str = ""
    """What became of the justification that it had."""
    text: str = ""
    marked: list[Any] = field(default_factory=list)
    mine: bool = False


class PageByKeys(Paginator):
    """Finds the keys of a page first: what is shown of a row is read for these alone."""

    def page(self, number: Any) -> Page:
        found = super().page(number)
        rows: Any = self.object_list
        keys = list(rows.values_list("pk", flat=True)[found.start_index() - 1 : found.end_index()])
        shown = {row.pk: row for row in rows.order_by().filter(pk__in=keys)}
        return Page([shown[key] for key in keys if key in shown], number, self)


class QueueList(Listing):
    """The list with its facets counted and its page furnished."""

    rows: list[Row]

    @cached_property
    def facets(self) -> list[dict[str, Any]]:
        """Return each filter with its lines, counted once."""
        found = [(one, list(one.choices(self))) for one in self._specs(tabs=False)]
        return [
            {
                "title": one.title,
                "name": one.parameter_name,
                "choices": lines,
                "chosen": [str(line["display"]) for line in lines if line["selected"]],
            }
            for one, lines in found
        ]

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        return [
            {"title": one.title, "template": one.template, "choices": list(one.choices(self))}
            for one in self._specs(tabs=True)
        ]

    def _specs(self, tabs: bool) -> list[Any]:
        return [one for one in self.filter_specs if getattr(one, "tabs", False) == tabs]

    @property
    def chosen(self) -> list[str]:
        """Return what is filtered by, in words."""
        return [" or ".join(one["chosen"]) for one in self.facets if one["chosen"]]

    @property
    def here(self) -> str:
        """Return the list's own address as another page's address carries it."""
        return quote(self.get_query_string()[1:], safe="")

    @property
    def before(self) -> str:
        """Return the address of the page before, if there is one."""
        if self.page_num < 2 or not self.multi_page:
            return ""
        return self._page(self.page_num - 1)

    @property
    def after(self) -> str:
        """Return the address of the next page, if there is one."""
        if not self.multi_page or self.page_num >= self.paginator.num_pages:
            return ""
        return self._page(self.page_num + 1)

    def _page(self, number: int) -> str:
        query: Any = {PAGE_VAR: None if number == 1 else number}
        return self.get_query_string(query)

    @property
    def decides(self) -> bool:
        """Say whether what it shows can be decided upon at all."""
        return self.params.get("state") not in ("closed", "fixed")

    @cached_property
    def nothing(self) -> Nothing:
        """Return what an empty list says."""
        return nothing(self)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.asked_by = request.user
        start = (self.page_num - 1) * self.list_per_page if self.multi_page else 0
        self.first = start + 1
        self.rows = furnished(list(self.result_list), request, start)
        self.last = start + len(self.rows)


def furnished(issues: Sequence[Issue], request: HttpRequest, start: int) -> list[Row]:
    """Return the rows of a page; two queries, however many they are."""
    known, today = policies(request), timezone.localdate(page_time())
    mine = set(my_accounts(request))
    keys = [issue.pk for issue in issues]
    silent = Issue.objects.filter(pk__in=keys, notes="")
    evidence = dict(silent.values_list("pk", "evidence"))
    ended = _ended(keys)
    rows = []
    for place, issue in enumerate(issues, start + 1):
        row = Row(issue, place)
        row.text, row.marked = brief(issue.notes, evidence.get(issue.pk), issue.extent)
        due = due_on(issue, known)
        row.due, row.late = (_due(due, today), due < today) if due else ("", False)
        row.initials = initials(issue.assignee) if issue.assignee else ""
        row.mine = issue.assignee_id == request.user.pk or issue.account_id in mine
        last = ended.get(issue.pk)
        if last and not issue.justified and not issue.fixed_at and last[1] >= issue.opened_at:
            row.ended = ENDED[Coverage.End(last[0])]
        rows.append(row)
    return rows


def _ended(keys: list[int]) -> dict[int, tuple[str, Any]]:
    """Return why and when the last coverage of each issue ended."""
    rows = Coverage.objects.filter(issue__in=keys, until__lte=page_time()).order_by("until", "pk")
    known = {str(end) for end in ENDED}
    return {
        issue: (why, until)
        for issue, why, until in rows.values_list("issue_id", "why_ended", "until")
        if why in known
    }


def _due(due: date, today: date) -> str:
    days = (due - today).days
    if days == 0:
        return "today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"{count} late" if days < 0 else f"in {count}"


def initials(person: Any) -> str:
    """Return two letters that stand for a person."""
    names = (person.get_full_name() or person.username).replace(".", " ").split()
    letters = [name[0] for name in names[:2]] if len(names) > 1 else [names[0][:2]]
    return "".join(letters).upper()
