"""The page of one rule: its newest text as a form, with what speaks against it beside."""

import inspect
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from audits.admin.rule_form import (
    ExampleForms,
    NewRuleForm,
    RuleForm,
    examples_of,
    initial_of,
)
from audits.admin.rule_steps import MEANING, places, state_tag
from audits.admin.rule_traps import Traps, mended, traps_by_field
from audits.editing import Saved, Then, save_version
from audits.examples import failure
from audits.library import library
from audits.models import Proposal, Rule, RuleVersion, severity
from audits.moving import decides
from audits.versions import check_version, text_of
from items.diffing import Difference, differences

# Versions of a rule that its page compares; older ones are in the history.
VERSIONS = 20


@dataclass(frozen=True)
class Written:
    """One version of a rule with how it differs from the one before."""

    version: RuleVersion
    lines: list[Difference]
    in_force: bool
    in_shadow: bool


class TextPage:
    """The part of the rules' admin on which a text is read, written and saved."""

    admin_site: Any

    def edit(self: Any, request: HttpRequest, rule: Rule | None) -> HttpResponse:
        newest = rule.newest if rule else None
        initial, examples = initial_of(newest) if newest else ({}, [])
        present = tuple(initial.get("technologies", ()))
        form_class = RuleForm if rule else NewRuleForm
        form = form_class(request.POST or None, initial=initial, present=present)
        # What is sent is taken as it is, whatever the newest version has become meanwhile.
        begin = None if request.method == "POST" else examples
        example_forms = ExampleForms(request.POST or None, initial=begin, prefix="examples")
        if request.method == "GET":
            traps = traps_by_field(text_of(newest), request.user) if newest else {}
            return self._page(request, rule, newest, form, example_forms, traps)
        complete = form.is_valid() and example_forms.is_valid()
        text = _sent(form, example_forms)  # Now: a fault takes its field out of the form.
        if complete and "_mend" not in request.POST:
            saved = self._save(request, rule, form, text)
            if saved:
                self._tell(request, saved)
                return HttpResponseRedirect(
                    reverse("admin:audits_rule_change", args=[saved.version.rule_id])
                )
        traps = traps_by_field(text, request.user)
        if "_mend" in request.POST:
            form = form_class(mended(request.POST, traps), initial=initial, present=present)
            form.is_valid()
            traps = traps_by_field(_sent(form, example_forms), request.user)
            self.message_user(request, MENDED, messages.INFO)
        return self._page(request, rule, newest, form, example_forms, traps)

    def _save(
        self, request: HttpRequest, rule: Rule | None, form: RuleForm, text: dict[str, Any]
    ) -> Saved | None:
        given = form.cleaned_data
        try:
            return save_version(
                rule or given["key"],
                text,
                request.user,
                given["reason"],
                _then(request),
                seen=given["seen"] or 0,
            )
        except ValidationError as error:
            known = error.error_dict if hasattr(error, "error_dict") else {None: error}
            for name, fault in known.items():
                form.add_error(name if name in form.fields else None, fault)
            return None

    def _tell(self: Any, request: HttpRequest, saved: Saved) -> None:
        number = saved.version.number
        said = f"Version {number} is saved" if saved.new else "Nothing differs"
        then = _then(request)
        if saved.problems:
            stays = "The version before stays where it is" if number > 1 else "It stays a draft"
            self.message_user(request, f"{said}. {stays}: see below why.", messages.WARNING)
        elif saved.proposal:
            waits = f"{said}; it waits for another person's yes."
            self.message_user(request, waits, messages.SUCCESS)
        else:
            where = "it is in force" if saved.active else WHERE[then]
            self.message_user(request, f"{said}; {where}.", messages.SUCCESS)

    def _page(
        self: Any,
        request: HttpRequest,
        rule: Rule | None,
        newest: RuleVersion | None,
        form: RuleForm,
        example_forms: Any,
        traps: Traps,
    ) -> HttpResponse:
        may_edit = (
            self.has_change_permission(request, rule) if rule else self.has_add_permission(request)
        )
        context = {
            **self.admin_site.each_context(request),
            "title": rule.newest.title if rule and newest else "New rule",  # type: ignore[union-attr]
            "crumb": ("Rules", reverse("admin:audits_rule_changelist")),
            "rule": rule,
            "newest": newest,
            "severity": severity(newest.score) if newest else "",
            "state_tag": state_tag(rule, waits=getattr(rule, "waits", False)) if rule else "",
            "places": places(rule, request.user) if rule else [],
            "meaning": MEANING,
            "traps_at": traps,
            "second_person": settings.SECOND_PERSON,
            "refused": _refused(rule, newest),
            "form": form,
            "examples": _judged(newest, example_forms, bound=form.is_bound),
            "example_forms": example_forms,
            "problems": _problems(rule, newest),
            "versions": _versions(rule) if rule else [],
            "may_edit": may_edit,
            "open_count": getattr(rule, "open_count", 0),
            "functions": _functions(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/rule.html", context)


MENDED = "The mend stands in its field; nothing is saved yet."
WHERE = {
    Then.DRAFT: "it is a draft",
    Then.SHADOW: "it is in shadow: what it finds is shown here, nowhere else",
    Then.FORCE: "it is in force",
}


def _sent(form: RuleForm, example_forms: Any) -> dict[str, Any]:
    """Return the text that was sent, as far as it can be read; the form was validated."""
    examples = examples_of(example_forms) if example_forms.is_valid() else []
    return {**form.fields_of_version(), "examples": examples}


def _then(request: HttpRequest) -> Then:
    """Return where the pressed button takes the version."""
    if "_activate" in request.POST:
        return Then.FORCE
    return Then.SHADOW if "_shadow" in request.POST else Then.DRAFT


def _refused(rule: Rule | None, newest: RuleVersion | None) -> Proposal | None:
    """Return the refusal of the newest version, where that was the last word about it."""
    if rule is None or newest is None or decides(newest, rule):
        return None
    last = newest.proposals.select_related("answered_by", "version").first()
    return last if last and last.answer == Proposal.Answer.REFUSED else None


def _problems(rule: Rule | None, newest: RuleVersion | None) -> list[str]:
    """Say what keeps the newest version from being tried or put into force."""
    if rule is None or newest is None or decides(newest, rule):
        return []
    return check_version(newest)


def _judged(newest: RuleVersion | None, example_forms: Any, bound: bool) -> list[dict[str, Any]]:
    """Return each example's form with what the newest version says of it."""
    stored = list(newest.examples.all()) if newest and not bound else []
    rows = []
    for place, form in enumerate(example_forms):
        fault = failure(newest, stored[place]) if place < len(stored) else None
        rows.append({"form": form, "fault": fault, "stored": place < len(stored)})
    return rows


def _versions(rule: Rule) -> list[Written]:
    """Return the newest versions, each compared with the one before it."""
    versions = list(
        rule.versions.select_related("author", "approved_by")
        .prefetch_related("examples")
        .order_by("-number")[: VERSIONS + 1]
    )
    texts = [text_of(one) for one in versions]
    return [
        Written(
            version,
            differences(texts[place + 1], texts[place]) if place + 1 < len(texts) else [],
            decides(version, rule),
            rule.shadow_id == version.pk,
        )
        for place, version in enumerate(versions[:VERSIONS])
    ]


def _functions() -> list[dict[str, str]]:
    """Return what a rule may call, each as its docstring tells it."""
    found = []
    for one in sorted(library().values(), key=lambda one: one.name):
        says, _, rest = one.doc.partition("Example:")
        example = f"Example:{rest}" if rest else ""
        found.append(
            {"name": one.name, "gives": says.strip(), "example": inspect.cleandoc(example)}
        )
    return found
