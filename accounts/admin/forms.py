"""The form of an account: it asks for what its type wants to know, field by field."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Account
from accounts.types.base import AccountType, Parameter

PREFIX = "parameter_"


class AccountForm(forms.ModelForm):
    """An account without its type's own fields; ``form_of`` adds these."""

    account_type: type[AccountType]
    must_join: set[int] | None = None
    """Account groups of which one must be chosen; None: that is free."""

    class Meta:
        model = Account
        fields = (
            "type",
            "name",
            "identifier",
            "third_party",
            "watches_found",
            "active",
            "groups",
            "owner_mail",
            "calls_per_second",
            "notes",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "type" in self.fields:
            self.fields["type"].initial = self.account_type.key
        if "identifier" in self.fields:
            self.fields["identifier"].label = self.account_type.identifier_label
        given = self.instance.parameters if self.instance.pk else {}
        for parameter in self.account_type.parameters:
            field = self.fields.get(PREFIX + parameter.name)
            if field and parameter.name in given:
                field.initial = given[parameter.name]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        values = self.cleaned_data
        parameters: dict[str, Any] = {}
        for parameter in self.account_type.parameters:
            name = PREFIX + parameter.name
            if name not in self.fields:
                parameters[parameter.name] = self.instance.parameters.get(parameter.name)
                continue
            try:
                parameters[parameter.name] = parameter.complete(values.get(name))
            except ValueError as error:
                self.add_error(name, ValidationError(str(error)))
        self.instance.parameters = parameters
        groups = {group.pk for group in values.get("groups") or ()}
        if self.must_join is not None and not groups & self.must_join:
            self.add_error(
                "groups", "Choose one of your own groups: you would not see the account otherwise."
            )
        return cleaned


def form_of(account_type: type[AccountType], must_join: set[int] | None) -> type[AccountForm]:
    """Make the form for accounts of a type."""
    fields: dict[str, Any] = {
        PREFIX + parameter.name: _field(parameter) for parameter in account_type.parameters
    }
    fields["type"] = forms.ChoiceField(
        label="Kind",
        choices=[(account_type.key, account_type.label)],
        widget=UnfoldAdminSelectWidget(),
    )
    fields |= {"account_type": account_type, "must_join": must_join}
    return type("AccountForm", (AccountForm,), fields)


def parameter_fields(account_type: type[AccountType]) -> list[str]:
    """Return the names that the parameters' fields have in the form."""
    return [PREFIX + parameter.name for parameter in account_type.parameters]


def _field(parameter: Parameter) -> forms.Field:
    """Make the field of one parameter: a choice, or a text with what it must look like."""
    made = callable(parameter.default)
    initial = "" if made else parameter.default
    if parameter.choices:
        return forms.ChoiceField(
            label=parameter.label,
            help_text=parameter.help,
            required=False,
            initial=initial,
            choices=[(choice, choice) for choice in parameter.choices],
            widget=UnfoldAdminSelectWidget(),
        )
    wants = f"Wants {parameter.wants}." if parameter.wants else ""
    return forms.CharField(
        label=parameter.label,
        help_text=" ".join(filter(None, (parameter.help, wants))),
        required=False,
        initial=initial,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "made when this is saved"} if made else None
        ),
    )
