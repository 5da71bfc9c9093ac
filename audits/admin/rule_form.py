"""The form of a rule: one text with its examples, filled from the newest version."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import formset_factory
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from audits.loading import EMPTY
from audits.models import RuleVersion
from audits.versions import example_values
from items.naming import technology_label
from items.watchers import watchers


def line() -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"class": "wide"})


def area(rows: int, code: bool = False) -> UnfoldAdminTextareaWidget:
    """Return a box of text; for code without the browser's corrections."""
    plain = {"spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
    look = "mono wide" if code else "wide"
    return UnfoldAdminTextareaWidget(attrs={"rows": rows, "class": look} | (plain if code else {}))


class Lines(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [one.strip() for one in str(value or "").splitlines() if one.strip()]


class Code(forms.JSONField):
    """A value as JSON, written as a person would."""

    empty_values = [None, ""]

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data  # What was typed comes back as it was typed, right or wrong.


def plain(value: Any) -> Any:
    """Return a text with the line ends that we store; browsers send others."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


class RuleForm(forms.Form):
    """Everything of a version but its examples."""

    seen = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    title = forms.CharField(max_length=200, widget=line())
    technologies = forms.MultipleChoiceField(
        widget=UnfoldAdminSelectMultipleWidget(attrs={"size": "6"}),
        help_text="What it is held against; Ctrl chooses several.",
    )
    score = forms.IntegerField(
        min_value=0,
        max_value=10,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="0 information, 1-3 low, 4-6 medium, 7-8 high, 9-10 critical.",
    )
    expression = forms.CharField(
        widget=area(6, code=True),
        strip=True,
        help_text="JMESPath that selects what is wrong. Nothing, false, empty: nothing is wrong. "
        "A list: one issue an element.",
    )
    identity = forms.CharField(
        required=False,
        widget=area(2, code=True),
        help_text="What of an element makes it the same issue tomorrow; no text, age or count.",
    )
    applies_when = forms.CharField(
        required=False,
        widget=area(2, code=True),
        help_text="Where this gives nothing the rule does not apply. Empty: it always does.",
    )
    extent = forms.CharField(
        required=False,
        widget=area(2, code=True),
        help_text="A list over the element that may widen: networks, principals, ports. When it "
        "does, a justification lapses.",
    )
    notes = forms.CharField(
        required=False,
        widget=area(2),
        help_text="The sentence that reviewers read; {path} is filled in from the element.",
    )
    parameters = Code(
        required=False,
        widget=area(3, code=True),
        help_text='{"days": {"type": "integer", "default": 90, "min": 1, "label": "Days"}}',
    )
    rationale = forms.CharField(required=False, widget=area(4), help_text="Why it matters.")
    remediation = forms.CharField(required=False, widget=area(4), help_text="What to do.")
    references = Lines(required=False, widget=area(3), help_text="Addresses, one a line.")
    controls = Lines(required=False, widget=area(3), help_text="PCI DSS 1.2.1, one a line.")
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=line(),
        help_text="Why it changes; needed where the rule is in force.",
    )

    def __init__(self, *args: Any, present: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {key: technology_label(key) for key in watchers if key in watchers}
        known |= {key: key for key in present if key not in known}
        named = sorted(
            ((key, f"{name} ({key})") for key, name in known.items()), key=lambda o: o[1]
        )
        self.fields["technologies"].choices = named  # type: ignore[attr-defined]

    def clean_parameters(self) -> dict[str, Any]:
        given = self.cleaned_data["parameters"] or {}
        if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
            raise ValidationError("An object: the name of each parameter with its declaration.")
        return given

    def clean_references(self) -> list[str]:
        given: list[str] = self.cleaned_data["references"]
        for one in given:
            if not one.startswith(("https://", "http://")):
                raise ValidationError(f"{one} does not begin with https://")
        return given

    def fields_of_version(self) -> dict[str, Any]:
        """Return what is written of it as ``write_version`` takes it, without examples."""
        given = self.cleaned_data
        return {name: plain(given.get(name, EMPTY.get(name))) for name in RuleVersion.FIELDS}


class NewRuleForm(RuleForm):
    key = forms.CharField(
        max_length=200,
        widget=line(),
        help_text="How the rule is called for ever: acme.server.my-rule",
    )
    field_order = ("key", "title")


class ExampleForm(forms.Form):
    """A configuration with the verdict that it must get."""

    name = forms.CharField(max_length=200, widget=line())
    fires = forms.ChoiceField(
        choices=[("yes", "must fire"), ("no", "must not fire")],
        initial="yes",
        widget=UnfoldAdminSelectWidget(),
    )
    config = Code(label="Configuration", widget=area(7, code=True))
    context = Code(
        required=False,
        widget=area(2, code=True),
        help_text='The world around it: {"now": "2026-06-01T00:00:00Z", "known_accounts": {}}',
    )
    identities = Code(
        required=False,
        widget=area(2, code=True),
        help_text="The identities that must be found; empty: that is not looked at.",
    )
    drop = forms.BooleanField(
        required=False, label="Take this example away", widget=UnfoldBooleanWidget()
    )

    def value(self) -> dict[str, Any]:
        """Return the example as a pack writes it."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "fires": given["fires"] == "yes",
            "config": given["config"],
            **({"context": given["context"]} if given.get("context") else {}),
            **({"identities": given["identities"]} if given.get("identities") is not None else {}),
        }


ExampleForms = formset_factory(ExampleForm, extra=1, max_num=200, absolute_max=200)


def examples_of(forms_: Any) -> list[dict[str, Any]]:
    """Return the examples that were filled in and not taken away."""
    filled = [one for one in forms_ if one.has_changed()]
    return [one.value() for one in filled if not one.cleaned_data.get("drop")]


def initial_of(version: RuleVersion) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what the form and the examples' forms begin with."""
    examples = [
        {**example, "fires": "yes" if example["fires"] else "no"}
        for example in example_values(version)
    ]
    return {**version.values(), "seen": version.number}, examples
