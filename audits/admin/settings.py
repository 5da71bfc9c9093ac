"""Score, on or off, and parameters of a rule for some accounts or items."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin import Choice, HistoryAdmin, facet, reach, tag
from accounts.seeing import visible
from audits.declaring import value_faults
from audits.models import Issue, RuleSetting
from audits.touching import Touched, touch
from items.canonical import digest
from items.models import Item

# What decides whom a setting holds for, and with what.
SCOPE = ("rule", "pattern", "tag", "account", "group")
SEEN = (*SCOPE, "on", "score", "parameters")


class RuleSettingForm(forms.ModelForm):
    """Saves only what was shown: first how much it touches, then, sent again, it is kept."""

    reach: set[int] | None = None
    """Account groups that the editor may set things for; None: everything."""
    user: Any = None
    touched: Touched | None = None
    """What it would touch; only after everything else was found right."""

    looked_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = self.cleaned_data
        if self.reach is not None and not given.get("account"):
            group = given.get("group")
            if group is None or group.pk not in self.reach:
                self.add_error(None, "Choose one of your accounts or one of your groups.")
        return cleaned

    def clean_parameters(self) -> Any:
        return self.cleaned_data["parameters"] or {}

    def _post_clean(self) -> None:
        """Check the values by the rule's declarations; then ask to look at what is touched."""
        super()._post_clean()  # type: ignore[misc]
        rule = self.cleaned_data.get("rule")
        if rule and "parameters" in self.cleaned_data:
            version = rule.active or rule.newest
            declared = version.parameters if version else {}
            for fault in value_faults(self.cleaned_data["parameters"], declared):
                self.add_error("parameters", fault)
        if not self.errors and self._reaches_elsewhere():
            self._show()

    def _reaches_elsewhere(self) -> bool:
        """Say whether anything but the reason differs from what is kept."""
        kept = RuleSetting.objects.filter(pk=self.instance.pk).first()
        return kept is None or any(
            getattr(kept, name) != getattr(self.instance, name) for name in SEEN
        )

    def _show(self) -> None:
        """Refuse, once, what the editor has not seen the reach of."""
        given = self.cleaned_data
        parts = [getattr(given.get(name), "pk", given.get(name)) for name in SEEN]
        seen = digest(json.dumps(parts, sort_keys=True, default=str))
        if given.get("looked_at") == seen:
            return
        items = visible(Item.objects.all(), self.user)
        issues = visible(Issue.objects.all(), self.user)
        self.touched = touch(self.instance, items, issues)
        self.data = {**self.data.dict(), "looked_at": seen}  # type: ignore[attr-defined]
        self.add_error(None, "Not saved yet. Look at what it touches, and save again.")


class MatchedFacet(Choice):
    title = "holds for"
    parameter_name = "matched"
    conditions = {
        "something": ("something", lambda: Q(matched_at__isnull=False)),
        "nothing": ("nothing yet", lambda: Q(matched_at=None)),
    }


@admin.register(RuleSetting)
class RuleSettingAdmin(HistoryAdmin):
    form = RuleSettingForm
    change_form_template = "console/setting.html"
    names_accounts = ("account",)
    list_display = ("rule_title", "scope", "on", "score", "parameters", "holds", "reason")
    list_filter = (
        facet("account", "account", "account_id", "account__name"),
        facet("group", "group", "group_id", "group__name"),
        MatchedFacet,
    )
    list_select_related = ("rule__active", "account", "group")
    search_fields = ("rule__key", "rule__active__title", "pattern", "tag", "reason")
    autocomplete_fields = ("rule",)
    list_intro = (
        "What holds for some items differently than the rule says. A name stands over a tag, a tag "
        "over an account, an account over a group; among equals the higher score."
    )
    nothing_yet = "Every rule holds everywhere with its own score."
    fields = (
        "rule",
        "pattern",
        "tag",
        "account",
        "group",
        "on",
        "score",
        "parameters",
        "reason",
        "looked_at",
    )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        groups = reach(request.user, self.permission("change" if change else "add"))
        fixed = {"reach": groups, "user": request.user}
        kwargs["form"] = type("RuleSettingForm", (RuleSettingForm,), fixed)
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: RuleSetting, form: Any, change: bool) -> None:
        """What it held for before says nothing of what it holds for now."""
        if change and set(form.changed_data) & set(SCOPE):
            obj.matched_at = None
        super().save_model(request, obj, form, change)

    @display(description="Rule", ordering="rule__key")
    def rule_title(self, setting: RuleSetting) -> str:
        return str(setting.rule)

    @display(description="Holds for", ordering="matched_at")
    def holds(self, setting: RuleSetting) -> str:
        if setting.matched_at is None:
            return tag("medium", "nothing yet")
        return f"something, last judged {setting.matched_at:%-d %b %Y}"
