"""The form with which issues are accepted as they are: why, what it covers, until when, by whom."""

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import (
    BASE_INPUT_CLASSES,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import User
from audits.attaching import LARGEST, check_file
from audits.models import Issue, Justification
from audits.patterns import Pattern

Scope = Justification.Scope
# What was not there before: bounds of a pattern of at most so many issues.
LARGEST_BOUND = 100_000


def _input(**attributes: str) -> dict[str, str]:
    return {"class": " ".join(BASE_INPUT_CLASSES), **attributes}


class Approver(forms.ModelChoiceField):
    """One of the people who may let it in, by name."""

    def label_from_instance(self, person: Any) -> str:
        return called(person)


class JustifyForm(forms.Form):
    """Why issues are acceptable. ``among`` are the people who may be asked."""

    category = forms.ChoiceField(
        label="Kind of reason",
        choices=Justification.Category.choices,
        widget=UnfoldAdminSelectWidget(),
    )
    because = forms.CharField(
        label="Reason",
        max_length=10_000,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "placeholder": "Why is it acceptable as it is?"}
        ),
    )
    ticket = forms.CharField(
        label="Ticket",
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Ticket, if there is one"}),
    )
    scope = forms.ChoiceField(
        choices=[(Scope.ISSUE, "this issue"), (Scope.ITEM, "this rule on this item")],
        initial=Scope.ISSUE,
    )
    until = forms.DateField(label="Until", required=False)
    asked_of = Approver(
        label="Who approves",
        required=False,
        queryset=User.objects.none(),
        empty_label="Any approver",
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].widget = forms.DateInput(
            attrs=_input(type="date", min=timezone.localdate().isoformat()), format="%Y-%m-%d"
        )
        # Who may approve is up to what is covered: the verb decides.
        self.fields["asked_of"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]

    def offer(self, approvers: list[User]) -> None:
        """Offer these people as those who may be asked."""
        field: Any = self.fields["asked_of"]
        field.choices = [("", "Any approver"), *((one.pk, called(one)) for one in approvers)]

    def arguments(self) -> dict[str, Any]:
        """Return what ``reviewing.justify`` takes."""
        names = ("category", "because", "ticket", "scope", "until", "asked_of")
        return {name: self.cleaned_data[name] for name in names}


class DecisionForm(JustifyForm):
    """The same beside one issue, which may also be accepted by a pattern, and with a file."""

    file = forms.FileField(required=False, allow_empty_file=False, max_length=300)
    tag = forms.ChoiceField(label="Tag", required=False, widget=UnfoldAdminSelectWidget())
    name_pattern = forms.CharField(
        label="Name",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "training-lab-*"}),
    )
    where = forms.ChoiceField(label="Accounts", required=False, widget=UnfoldAdminSelectWidget())
    bound = forms.IntegerField(
        label="Ask again when it covers more than",
        required=False,
        min_value=1,
        max_value=LARGEST_BOUND,
        widget=forms.NumberInput(attrs=_input(min="1")),
    )

    def __init__(
        self, *args: Any, issue: Issue, tags: list[str], all_accounts: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.issue = issue
        choices: dict[str, Any] = {
            "scope": [
                *JustifyForm.base_fields["scope"].choices,  # type: ignore[attr-defined]
                (Scope.PATTERN, "this rule where a tag or a name says so"),
            ],
            "tag": [("", "any tag"), *((tag, tag.replace("=", " = ", 1)) for tag in tags)],
            "where": [("", f"in {issue.item.account}")]
            + ([("all", "in all accounts")] if all_accounts else []),
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Read the file, and refuse what is not taken."""
        given = self.cleaned_data["file"]
        if given is None:
            return None
        content = given.read(LARGEST + 1) if given.size <= LARGEST else b""
        try:
            check_file(given.size, content)
        except forms.ValidationError as error:
            raise forms.ValidationError(error.messages) from error
        return given.name, content

    def pattern(self) -> Pattern:
        """Return the pattern that was asked for, as far as it can be read."""
        given = self.cleaned_data
        account = None if given.get("where") == "all" else self.issue.item.account_id
        return Pattern(account, given.get("tag") or "", (given.get("name_pattern") or "").strip())

    def arguments(self) -> dict[str, Any]:
        found = super().arguments()
        if found["scope"] == Scope.PATTERN:
            found |= {"pattern": self.pattern(), "bound": self.cleaned_data["bound"]}
        return found


class WithdrawForm(forms.Form):
    because = forms.CharField(
        label="Reason",
        required=False,
        max_length=10_000,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 2, "placeholder": "Why is it not acceptable any more?"}
        ),
    )


def called(person: Any) -> str:
    """Return how the console calls somebody."""
    return person.get_full_name() or person.get_username()


def note_faults(form: forms.Form, error: Any) -> None:
    """Put what a verb refused beside the fields that it is about."""
    faults = getattr(error, "error_dict", {None: error})
    for name, fault in faults.items():
        form.add_error(name if name in form.fields else None, fault)
