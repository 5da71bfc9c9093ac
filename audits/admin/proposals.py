"""What editors asked for, and the page on which another person answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import ReadOnlyAdmin, Tabs, facet, tag
from accounts.recalling import as_they_were, not_yet
from accounts.seeing import visible
from audits.admin.rule_steps import Said, shadow_counts, told
from audits.approving import approve, refuse, why_not, withdraw
from audits.models import Issue, Proposal, Rule, RuleVersion
from audits.pairing import Pair, pairs
from audits.previewing import may_ask
from audits.versions import check_version, text_of

TONES = {
    "": "medium",
    Proposal.Answer.APPROVED: "good",
    Proposal.Answer.REFUSED: "high",
    Proposal.Answer.WITHDRAWN: "information",
    Proposal.Answer.REPLACED: "information",
}


class ProposalState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "waiting": ("waiting", lambda: Q(answer="")),
        "answered": ("answered", lambda: ~Q(answer="")),
    }


# What an answer fills, and what stood there before.
ANSWERED: dict[str, Any] = {
    "answer": "",
    "answered_by_id": None,
    "answered_at": None,
    "because": "",
}


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    """Changes of what decides that wait for, or had, a second person's answer."""

    list_display = ("what", "called", "asked_by", "at", "said", "answer_given")
    list_display_links = ("what",)
    list_filter = (ProposalState, facet("by", "by", "by_id", "by__username"))
    list_select_related = ("rule__active", "version", "by", "answered_by")
    search_fields = ("rule__key", "version__title", "reason")
    ordering = ("-at", "-pk")
    list_intro = "A change of what decides, until another person lets it in or says why not."
    nothing_yet = "Nothing waits for an answer."
    stand_ins: ClassVar[Mapping[str, str]] = {name: f"{name}_then" for name in ANSWERED}

    def then(self, moment: datetime) -> QuerySet[Any]:
        """Return what had been asked for, with the answers that had been given."""
        answers = not_yet(Proposal, Q(answered_at__gt=moment), ANSWERED)
        rows = Proposal.objects.filter(at__lte=moment).annotate(**answers)
        return as_they_were(rows, self.stand_ins)

    @display(description="What", ordering="version__number")
    def what(self, proposal: Proposal) -> str:
        return str(proposal)

    @display(description="Rule", ordering="rule__key")
    def called(self, proposal: Proposal) -> str:
        version = proposal.version or proposal.rule.active
        return format_html(
            '{}<span class="block break font-normal mono text-subtle">{}</span>',
            version.title if version else proposal.rule.key,
            proposal.rule.key,
        )

    @display(description="Asked by", ordering="by__username")
    def asked_by(self, proposal: Proposal) -> str:
        return str(proposal.by or "a pack")

    @display(description="Why")
    def said(self, proposal: Proposal) -> str:
        return format_html('<span class="break small">{}</span>', proposal.reason)

    @display(description="Answer", ordering="answer")
    def answer_given(self, proposal: Proposal) -> str:
        return answer_tag(proposal)

    # -- answering ---------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what would change; take an answer by POST."""
        proposal = self.get_object(request, object_id) if object_id else None
        if proposal is None:
            raise Http404("There is no such proposal.")
        if not self.has_view_permission(request, proposal):
            raise PermissionDenied
        if request.method == "POST":
            level, text = self._answered(request, proposal)
            self.message_user(request, text, level)
            return HttpResponseRedirect(request.path)
        rule = proposal.rule
        context = {
            **self.admin_site.each_context(request),
            "title": str(proposal),
            "crumb": ("Proposals", reverse("admin:audits_proposal_changelist")),
            "proposal": proposal,
            "heading": proposal.version.title if proposal.version else rule,
            "rule": rule,
            "answer_tag": answer_tag(proposal),
            "why_not": why_not(proposal, request.user),
            "may_edit": request.user.has_perm("audits.change_rule"),
            "may_ask": may_ask(request.user),
            "open_issues": _open_issues(rule, request.user) if proposal.version is None else 0,
            **_difference(proposal, rule),
            **_trial(proposal.version, rule, request.user),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/proposal.html", context)

    def _answered(self, request: HttpRequest, proposal: Proposal) -> Said:
        reason = request.POST.get("reason", "").strip()[:500]
        what = request.POST.get("answer", "")
        try:
            if what == "approve":
                number = proposal.version.number if proposal.version else 0
                done = f"Version {number} is in force." if number else "The rule is retired."
                return told(approve(proposal, request.user), number, done)
            if what == "refuse":
                refuse(proposal, request.user, reason)
                return messages.SUCCESS, "Refused; who asked sees why."
            if what == "withdraw" and request.user.has_perm("audits.change_rule"):
                withdraw(proposal, request.user, reason)
                return messages.SUCCESS, "The proposal is withdrawn."
        except ValidationError as error:
            return messages.ERROR, " ".join(error.messages)
        raise PermissionDenied


def answer_tag(proposal: Proposal) -> str:
    return tag(TONES[proposal.answer], proposal.answer or "waiting")


def _difference(proposal: Proposal, rule: Rule) -> dict[str, Any]:
    """Return what would decide beside what decides now."""
    decides = rule.active if rule.state == Rule.State.ACTIVE else None
    version = proposal.version
    if version is None:
        return {"decides": decides}
    if decides is None or decides == version:
        return {"decides": None, "compared": version, "differing": _whole(version)}
    both = pairs(text_of(decides), text_of(version))
    return {
        "decides": decides,
        "compared": version,
        "differing": [pair for pair in both if pair.differs],
        "same": [pair.label for pair in both if not pair.differs],
    }


def _open_issues(rule: Rule, user: Any) -> int:
    return visible(Issue.objects.open(), user).filter(rule=rule).count()


def _whole(version: RuleVersion) -> list[Pair]:
    text = text_of(version)
    return [pair for pair in pairs(text, text) if pair.right]


def _trial(version: RuleVersion | None, rule: Rule, user: Any) -> dict[str, Any]:
    """Return what the examples say today, and what a trial of the version finds."""
    if version is None:
        return {}
    found = shadow_counts(version, user) if rule.shadow_id == version.pk else None
    return {"problems": check_version(version), "found": found}
