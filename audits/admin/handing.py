"""Give many issues to somebody, or say something about each, named with its evidence before."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.models import User
from accounts.seeing import visible
from accounts.seers import seers
from audits.admin.deciding import NAMED, counted
from audits.assigning import assign
from audits.commenting import LONGEST, comment
from audits.models import Issue
from audits.reviewable import reviewable

# Issues that one comment is written to at once: each tells whoever is named in it.
MOST_COMMENTED = 50
# Issues that change hands at once.
MOST_ASSIGNED = 5000
NOBODY = "nobody"


class AssignForm(forms.Form):
    """Who is to see to the issues: somebody who may see every one of them, or nobody."""

    to = forms.ChoiceField(label="To whom", widget=UnfoldAdminSelectWidget())

    def __init__(self, data: Any = None, *, issues: QuerySet[Issue], by: Any) -> None:
        super().__init__(data)
        self.people = {str(one.pk): one for one in seers(issues)}
        mine = str(by.pk)
        choices = [(mine, f"me ({called(by)})")] if mine in self.people else []
        choices += [(pk, called(one)) for pk, one in self.people.items() if pk != mine]
        field: Any = self.fields["to"]
        field.choices = [*choices, (NOBODY, "nobody")]

    def chosen(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Comment",
        max_length=LONGEST,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "placeholder": "Write a comment; @name tells that person"}
        ),
    )


def called(person: Any) -> str:
    """Return a person's name as a choice shows it, with the one that comments may use."""
    whole = person.get_full_name()
    return f"{whole}, @{person.username}" if whole else person.username


class Handing(ModelAdmin):
    """What a list of issues offers beside deciding."""

    @action(description="Assign …", permissions=["review"])
    def assign_chosen(self, request: HttpRequest, rows: QuerySet[Issue]) -> HttpResponse | None:
        issues = self._in_reach(request, rows, MOST_ASSIGNED)
        sent = request.POST if "_handed" in request.POST else None
        form = AssignForm(sent, issues=issues, by=request.user)
        if form.is_valid():
            to = form.chosen()
            assign(issues, to, request.user)
            whom = called(to) if to else "nobody"
            text = f"{counted(issues.count())} assigned to {whom}."
            self.message_user(request, text, messages.SUCCESS)
            return None
        return self._show(request, rows, issues, "assign", form)

    @action(description="Comment …", permissions=["review"])
    def comment_chosen(self, request: HttpRequest, rows: QuerySet[Issue]) -> HttpResponse | None:
        issues = self._in_reach(request, rows, MOST_COMMENTED)
        form = CommentForm(request.POST if "_handed" in request.POST else None)
        if form.is_valid():
            try:
                self._comment(request, issues, form.cleaned_data["text"])
            except ValidationError as error:
                form.add_error("text", error.messages)
            else:
                text = f"Comment written to {counted(issues.count())}."
                self.message_user(request, text, messages.SUCCESS)
                return None
        return self._show(request, rows, issues, "comment", form)

    @transaction.atomic
    def _comment(self, request: HttpRequest, issues: QuerySet[Issue], text: str) -> None:
        for issue in reviewable(issues, request.user):
            comment(issue.item, text, request.user, issue=issue)

    def _in_reach(self, request: HttpRequest, rows: QuerySet[Issue], most: int) -> QuerySet[Issue]:
        """Return the chosen issues that the person may review; raise PermissionDenied on none."""
        allowed = visible(Issue.objects.all(), request.user, "review")
        issues = rows.filter(pk__in=allowed.values("pk"))
        count = issues.count()
        if not count:
            raise PermissionDenied("There is nothing among these issues that is yours to review.")
        if count > most:
            raise PermissionDenied(f"At most {most} issues at once; these are {count}.")
        return issues

    def _show(
        self, request: HttpRequest, rows: Any, issues: QuerySet[Issue], what: str, form: Any
    ) -> HttpResponse:
        count = issues.count()
        context = {
            **self.admin_site.each_context(request),
            "title": f"{what.capitalize()} {counted(count)}",
            "crumb": ("Issues", reverse("admin:audits_issue_changelist")),
            "what": what,
            "form": form,
            "issues": issues[:NAMED],
            "left_out": rows.count() - count,
            "more": max(0, count - NAMED),
            "words": counted(count),
            "action": f"{what}_chosen",
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "console/chosen.html", context)
