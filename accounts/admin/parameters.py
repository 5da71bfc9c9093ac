"""The fields of a form for what an account's type, or another plugin, wants to know."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.types.base import Parameter

PREFIX = "parameter_"


def fields_of(parameters: Iterable[Parameter]) -> dict[str, forms.Field]:
    """Make the field of each parameter, by its name in the form."""
    return {PREFIX + parameter.name: _field(parameter) for parameter in parameters}


def names_of(parameters: Iterable[Parameter]) -> list[str]:
    """Return the names that the parameters' fields have in the form."""
    return [PREFIX + parameter.name for parameter in parameters]


def begin(form: forms.BaseForm, parameters: Iterable[Parameter], given: Mapping[str, Any]) -> None:
    """Show in a form what is known already."""
    for parameter in parameters:
        field = form.fields.get(PREFIX + parameter.name)
        if field and parameter.name in given:
            field.initial = given[parameter.name]


def taken(
    form: forms.BaseForm, parameters: Iterable[Parameter], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the parameters that a form was given; each fault goes to its field.

    What the form does not ask for stays as it is known.
    """
    found: dict[str, Any] = {}
    for parameter in parameters:
        name = PREFIX + parameter.name
        if name not in form.fields:
            found[parameter.name] = known.get(parameter.name)
            continue
        try:
            found[parameter.name] = parameter.complete(form.cleaned_data.get(name))
        except ValueError as error:
            form.add_error(name, ValidationError(str(error)))
    return found


class AsksParameters:
    """A form that says at each parameter what its model says of all of them together."""

    fields: dict[str, forms.Field]
    errors: Any

    def add_error(self, field: str | None, error: Any) -> None:
        """Note a fault; of a parameter that has one already no second."""
        faults = getattr(error, "error_dict", {})
        for message in [str(text) for one in faults.pop("parameters", ()) for text in one]:
            name, _, fault = message.partition(": ")
            at = PREFIX + name if PREFIX + name in self.fields else NON_FIELD_ERRORS
            if at not in self.errors:
                faults.setdefault(at, []).append(ValidationError(fault or message))
        super().add_error(field, error)  # type: ignore[misc]


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
    wants = f"Write {parameter.wants}." if parameter.wants else ""
    widget, size = UnfoldAdminTextInputWidget, {}
    if parameter.multiline:
        widget, size = UnfoldAdminTextareaWidget, {"rows": "4"}
    return forms.CharField(
        label=parameter.label,
        help_text=" ".join(filter(None, (parameter.help, wants))),
        required=parameter.required,
        initial=initial,
        widget=widget(attrs=size | ({"placeholder": "made when this is saved"} if made else {})),
    )
