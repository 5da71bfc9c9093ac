"""The form with which issues are accepted as they are: why, what it covers, until when."""

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import BASE_INPUT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from audits.models import Justification


class JustifyForm(forms.Form):
    category = forms.ChoiceField(
        label="Kind of reason",
        choices=Justification.Category.choices,
        widget=UnfoldAdminSelectWidget(),
    )
    because = forms.CharField(
        label="Reason",
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "placeholder": "Why is it acceptable as it is?"}
        ),
    )
    scope = forms.ChoiceField(
        choices=Justification.Scope.choices, initial=Justification.Scope.ISSUE
    )
    until = forms.DateField(
        label="Until",
        required=False,
        help_text="The last day on which it holds; empty: no end.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].widget = forms.DateInput(
            attrs={
                "type": "date",
                "min": timezone.localdate().isoformat(),
                "class": " ".join(BASE_INPUT_CLASSES),
            },
            format="%Y-%m-%d",
        )

    def arguments(self) -> dict[str, Any]:
        """Return what ``reviewing.justify`` takes."""
        return {name: self.cleaned_data[name] for name in ("category", "because", "scope", "until")}


class WithdrawForm(forms.Form):
    because = forms.CharField(
        label="Reason",
        required=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 2, "placeholder": "Why is it not acceptable any more?"}
        ),
    )
