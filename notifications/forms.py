"""The form of a subscription: it asks for what its notifier wants to know, field by field."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.parameters import AsksParameters, begin, fields_of, taken
from items.naming import technology_label
from items.watchers import watchers
from notifications.models import Subscription
from notifications.notifiers.base import Notifier

# What is asked for may be left empty: then it is as for a new subscription.
WITH_DEFAULT = {"often", "hour", "weekday", "zone"}

ONLY_QUERIES = (
    "Only items for which its condition holds. Nothing chosen: all. Turn the weekly report off "
    "then: it knows no queries. Of saved views only queries are offered, no searches: ask for the "
    "same as a query."
)


class SubscriptionForm(AsksParameters, forms.ModelForm):
    """A subscription without its notifier's own fields; ``form_of`` adds these."""

    technologies = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminSelectMultipleWidget(attrs={"size": "8"}),
        help_text="Nothing chosen: all. Hold down “Control”, or “Command” on a Mac, to select more "
        "than one.",
    )
    tags = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Only items with one of these: Name or Name=value, commas between. Empty: all.",
    )
    labels = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Only items that were given one of these labels on their pages, commas between. "
        "Empty: all.",
    )
    way: type[Notifier]
    reach: set[int] | None = None
    """Account groups that the editor may let somebody be told of; None: everything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "technologies" in self.fields:
            known = {key: technology_label(key) for key in watchers if key in watchers}
            known |= {key: key for key in self.instance.technologies if key not in known}
            choices = sorted(known.items(), key=lambda one: one[1].lower())
            self.fields["technologies"].choices = choices  # type: ignore[attr-defined]
        if "view" in self.fields:
            self.fields["view"].help_text = ONLY_QUERIES
        for name in ("labels", "tags"):
            self.initial[name] = ", ".join(getattr(self.instance, name))
        for name in WITH_DEFAULT & set(self.fields):
            self.fields[name].required = False
        if "notifier" in self.fields:
            self.fields["notifier"].initial = self.way.key
        if "address" in self.fields:
            self.fields["address"].label = self.way.address_label
            self.fields["address"].help_text = self.way.address_help
        begin(self, self.way.parameters, self.instance.parameters if self.instance.pk else {})

    def clean_notifier(self) -> str:
        return self.way.key  # The form is this notifier's; nothing else can be meant.

    def clean_tags(self) -> list[str]:
        return words(self.cleaned_data["tags"])

    def clean_labels(self) -> list[str]:
        return words(self.cleaned_data["labels"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = self.cleaned_data
        for name in WITH_DEFAULT & set(given):
            if given[name] in (None, ""):
                given[name] = getattr(Subscription(), name)
        self.instance.parameters = taken(self, self.way.parameters, self.instance.parameters)
        if self.reach is not None:
            groups = {group.pk for group in given.get("groups") or ()}
            if not (given.get("accounts") or groups):
                self.add_error("accounts", "Choose some of your accounts or groups.")
            if groups - self.reach:
                self.add_error("groups", ValidationError("Choose among your own groups."))
        return cleaned


def words(text: str) -> list[str]:
    """Return what stands between commas."""
    return [one.strip() for one in text.split(",") if one.strip()]


def form_of(way: type[Notifier], reach: set[int] | None) -> type[SubscriptionForm]:
    """Make the form for subscriptions that are told in a way."""
    fields: dict[str, Any] = {**fields_of(way.parameters)}
    fields["notifier"] = forms.ChoiceField(
        label="Told by",
        choices=[(way.key, way.label)],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    return type("SubscriptionForm", (SubscriptionForm,), {**fields, "way": way, "reach": reach})
