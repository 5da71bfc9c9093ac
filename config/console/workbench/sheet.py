"""A rule's text as it stands in the browser, whole or not: read without losing what was typed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from audits.admin.rule_form import (
    ExampleForms,
    NewRuleForm,
    RuleForm,
    initial_of,
    plain,
)
from audits.drafts import Draft
from audits.linting import EXPRESSIONS, Fault, expression_faults, faults_but_traps
from audits.loading import EMPTY
from audits.models import Rule, RuleVersion
from config.console.page import one
from items.models import Item


@dataclass
class Sheet:
    """The forms of one rule, filled from the browser or from its newest version."""

    rule: Rule | None
    newest: RuleVersion | None
    form: RuleForm
    examples: Any
    may_edit: bool

    @classmethod
    def of(cls, request: HttpRequest, rule: Rule | None, begin: dict[str, Any]) -> "Sheet":
        """Read what was sent; where nothing was, or where it may not be changed, what is kept.

        ``begin`` is what a new rule starts with: fields of a text, with examples; of a rule that
        there is, fields that stand in the form instead of what is kept.
        """
        newest = rule.newest if rule else None
        may = "audits.change_rule" if rule else "audits.add_rule"
        may_edit = request.user.has_perm(may)
        initial, examples = initial_of(newest) if newest else _begun(begin)
        if newest and may_edit:
            initial = {**initial, **begin}
        form_class = RuleForm if rule else NewRuleForm
        sent = request.POST if request.method == "POST" and may_edit else None
        present = (*initial.get("technologies", ()), *_stored_technologies())
        form = form_class(sent, initial=initial, present=present)
        example_forms = ExampleForms(
            sent, initial=None if sent is not None else examples, prefix="examples"
        )
        return cls(rule, newest, form, example_forms, may_edit)

    @classmethod
    def sent(cls, request: HttpRequest) -> "Sheet":
        """Return the text that a form on the page sent; raise Http404 or PermissionDenied."""
        key = request.POST.get("rule", "")
        if key:
            whole = key.isdigit() and len(key) <= 18
            rule: Rule | None = one(Rule.objects.all(), request, int(key) if whole else 0)
        elif request.user.has_perm("audits.add_rule"):
            rule = None
        else:
            raise PermissionDenied
        return cls.of(request, rule, {})

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Return the text as far as it can be read, as ``RuleVersion.values()`` gives one."""
        if not self.form.is_bound:
            text = {**EMPTY, **self.form.initial}
            return {name: plain(text.get(name, "")) for name in RuleVersion.FIELDS} | {
                "examples": self.example_values
            }
        self.form.is_valid()
        given = self.form.cleaned_data
        text = {name: given[name] for name in RuleVersion.FIELDS if name in given}
        text = {name: plain(value) for name, value in text.items() if value is not None}
        whole = {"title": "", "expression": "", **EMPTY, **text}
        return {name: whole[name] for name in RuleVersion.FIELDS} | {
            "examples": self.example_values
        }

    @cached_property
    def example_values(self) -> list[dict[str, Any]]:
        """Return the examples that are whole."""
        every = map(self.whole_example, range(len(self.examples.forms)))
        return [one for one in every if one is not None]

    def whole_example(self, place: int) -> dict[str, Any] | None:
        """Return one example as a pack writes it; None where it is not whole, or taken away."""
        form = self.examples[place]
        if not form.is_bound:
            kept = form.initial
            return {**kept, "fires": kept["fires"] == "yes"} if kept else None
        if not (form.has_changed() and form.is_valid()) or form.cleaned_data.get("drop"):
            return None
        whole: dict[str, Any] = form.value()
        return whole

    @cached_property
    def draft(self) -> Draft:
        return Draft.of(self.fields)

    @cached_property
    def faults(self) -> list[Fault]:
        """Return what cannot be run as it is written; traps are told apart, with their mends."""
        found = faults_but_traps(self.fields)
        if self.form.is_bound:
            told = {fault.field for fault in found}
            found += [
                Fault(name, " ".join(map(str, lines)))
                for name, lines in self.form.errors.items()
                if name not in told
            ]
        return found

    @cached_property
    def said(self) -> dict[str, str]:
        """Return the faults of what was typed, by field; what is empty is none while typing."""
        found: dict[str, str] = {}
        for fault in self.faults:
            if self._typed(fault.field):
                text = str(self.fields.get(fault.field) or "")
                found.setdefault(fault.field, fault.pointed(text))
        return found

    def _typed(self, name: str) -> bool:
        if name == "identity":  # What is asked for follows from what was typed elsewhere.
            return True
        return name in self.form.fields and self.form[name].value() not in (None, "", [], ())

    @cached_property
    def runs(self) -> bool:
        """Say whether the text can be held against an item."""
        return bool(self.fields["expression"]) and not any(
            expression_faults(name, self.fields[name]) for name in EXPRESSIONS if self.fields[name]
        )

    @property
    def technologies(self) -> list[str]:
        return list(self.fields["technologies"])


def _begun(begin: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    text = {**EMPTY, **begin}
    examples = [
        {**one, "fires": "yes" if one["fires"] else "no"} for one in text.pop("examples", ())
    ]
    return {**text, "seen": 0}, examples


def _stored_technologies() -> list[str]:
    """Return the technologies of what is stored, also such as no watcher reads any more."""
    names = Item.objects.order_by().values_list("technology", flat=True)
    return list(names.distinct())
