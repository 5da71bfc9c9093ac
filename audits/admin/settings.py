"""Score, on or off, and parameters of a rule for some accounts or items."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin import HistoryAdmin, facet, reach
from audits.models import RuleSetting


class RuleSettingForm(forms.ModelForm):
    reach: set[int] | None = None
    """Account groups that the editor may set things for; None: everything."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = self.cleaned_data
        if self.reach is not None and not given.get("account"):
            group = given.get("group")
            if group is None or group.pk not in self.reach:
                self.add_error(None, "Choose one of your accounts or one of your groups.")
        return cleaned


@admin.register(RuleSetting)
class RuleSettingAdmin(HistoryAdmin):
    form = RuleSettingForm
    names_accounts = ("account",)
    list_display = ("rule_title", "scope", "on", "score", "parameters", "reason")
    list_filter = (
        facet("account", "account", "account_id", "account__name"),
        facet("group", "group", "group_id", "group__name"),
    )
    list_select_related = ("rule__active", "account", "group")
    search_fields = ("rule__key", "rule__active__title", "pattern", "tag", "reason")
    autocomplete_fields = ("rule",)
    list_intro = "What holds for some items differently than the rule says. The narrowest wins."
    nothing_yet = "Every rule holds everywhere with its own score."
    fields = (
        "rule",
        "account",
        "group",
        "tag",
        "pattern",
        "on",
        "score",
        "parameters",
        "reason",
    )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        groups = reach(request.user, self.permission("change" if change else "add"))
        kwargs["form"] = type("RuleSettingForm", (RuleSettingForm,), {"reach": groups})
        return super().get_form(request, obj, change, **kwargs)

    @display(description="Rule", ordering="rule__key")
    def rule_title(self, setting: RuleSetting) -> str:
        return str(setting.rule)
