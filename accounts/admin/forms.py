"""The form of an account: it asks for what its type wants to know, field by field."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.admin.parameters import AsksParameters, begin, fields_of, taken
from accounts.models import Account
from accounts.types.base import AccountType


class AccountForm(AsksParameters, forms.ModelForm):
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
        begin(self, self.account_type.parameters, given)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        values = self.cleaned_data
        known = self.instance.parameters
        self.instance.parameters = taken(self, self.account_type.parameters, known)
        groups = {group.pk for group in values.get("groups") or ()}
        if self.must_join is not None and not groups & self.must_join:
            self.add_error(
                "groups", "Choose one of your own groups: you would not see the account otherwise."
            )
        return cleaned


def form_of(account_type: type[AccountType], must_join: set[int] | None) -> type[AccountForm]:
    """Make the form for accounts of a type."""
    fields: dict[str, Any] = {**fields_of(account_type.parameters)}
    fields["type"] = forms.ChoiceField(
        label="Kind",
        choices=[(account_type.key, account_type.label)],
        widget=UnfoldAdminSelectWidget(),
    )
    fields |= {"account_type": account_type, "must_join": must_join}
    return type("AccountForm", (AccountForm,), fields)
