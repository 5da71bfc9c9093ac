"""Where a rule stands, what each place does, and the next steps as buttons."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join

from accounts.admin import tag
from accounts.seeing import visible
from audits.approving import why_not, withdraw
from audits.models import Proposal, Rule, RuleVersion, ShadowFinding
from audits.moving import Moved, into_shadow, out_of_shadow, put_into_force, retire

Said = tuple[int, str]

TONES = {
    Rule.State.ACTIVE: "good",
    Rule.State.SHADOW: "low",
    Rule.State.DRAFT: "information",
    Rule.State.RETIRED: "information",
}
WORDS = {Rule.State.ACTIVE: "in force"}
MEANING = (
    ("Draft", "decides nothing; any text may be kept"),
    ("In shadow", "run on everything and shown here; scores nothing, tells nobody"),
    ("In force", "opens, scores and closes issues; people are told"),
    ("Retired", "decides nothing; its issues are closed, what was said of them stays"),
)


@dataclass(frozen=True)
class Step:
    """A button: what is done, and with which version."""

    what: str
    label: str
    icon: str
    version: int | None = None


@dataclass(frozen=True)
class Place:
    """One place in which a version of the rule stands, with what can be done about it."""

    title: str
    tone: str
    version: RuleVersion | None
    text: str = ""
    steps: tuple[Step, ...] = ()
    found: tuple[int, int] | None = None
    """In shadow: what it finds, and for how much it has no answer, as far as one may see."""
    proposal: Proposal | None = None
    why_not: str = ""
    """Why the reader may not answer what is asked."""


def state_tag(rule: Rule, waits: bool = False) -> str:
    """Return a rule's state, and what stands beside it, in coloured words."""
    state = Rule.State(rule.state)
    tags = [(TONES[state], str(WORDS.get(state, state.label)))]
    if rule.shadow_id and state != Rule.State.SHADOW:
        tags.append(("low", "another in shadow"))
    if waits:
        tags.append(("medium", "waits for approval"))
    return format_html_join(" ", "{}", ((tag(*one),) for one in tags))


def places(rule: Rule, user: Any) -> list[Place]:
    """Return where versions of the rule stand, what decides first."""
    question = rule.proposals.filter(answer="").select_related("version", "by").first()
    asked = question.version if question else None
    decides = rule.active if rule.state == Rule.State.ACTIVE else None
    found = []
    if decides:
        label = "Ask to retire it" if settings.SECOND_PERSON else "Retire the rule"
        found.append(Place("In force", "good", decides, steps=(Step("retire", label, "archive"),)))
    if rule.shadow:
        further = () if rule.shadow == asked else (_force(rule.shadow),)
        steps = (*further, Step("unshadow", "End the trial", "visibility_off"))
        counts = shadow_counts(rule.shadow, user)
        found.append(Place("In shadow", "low", rule.shadow, steps=steps, found=counts))
    if question:
        found.append(_question(question, user))
    newest = rule.newest
    if rule.state == Rule.State.RETIRED and rule.active:
        again = (_force(rule.active), _shadow(rule.active)) if newest == rule.active else ()
        found.append(Place("Retired", "information", rule.active, steps=again))
    if newest and newest not in (rule.active, rule.shadow):
        further = () if newest == asked else (_force(newest),)
        away = () if decides else (Step("retire", "Drop it", "archive"),)
        steps = (_shadow(newest), *further, *away)
        found.append(Place("Draft", "information", newest, steps=steps))
    return found


def shadow_counts(version: RuleVersion, user: Any) -> tuple[int, int]:
    """Return what a version in shadow finds, and for how many items it has no answer."""
    rows = visible(ShadowFinding.objects.standing(), user).filter(version=version)
    return rows.filter(unknown=False).count(), rows.filter(unknown=True).count()


def _question(question: Proposal, user: Any) -> Place:
    steps = (Step("withdraw", "Withdraw the proposal", "undo"),)
    reason = why_not(question, user)
    return Place(
        "Waits for approval",
        "medium",
        question.version,
        str(question),
        steps,
        proposal=question,
        why_not=reason,
    )


def _force(version: RuleVersion) -> Step:
    label = "Ask to put it into force" if settings.SECOND_PERSON else "Put it into force"
    return Step("activate", label, "bolt", version.number)


def _shadow(version: RuleVersion) -> Step:
    return Step("shadow", "Try it in shadow", "visibility", version.number)


# -- doing ------------------------------------------------------------------------------------


def told(moved: Moved, number: int, done: str) -> Said:
    """Return what a person is told of a move."""
    if moved.problems:
        return messages.WARNING, f"Version {number} stays where it is: {' '.join(moved.problems)}"
    if moved.proposal:
        return messages.SUCCESS, f"{moved.proposal}: it waits for another person's yes."
    return messages.SUCCESS, done


def _do_shadow(version: RuleVersion, by: Any, reason: str) -> Said:
    moved = into_shadow(version, by, reason)
    done = f"Version {version.number} is in shadow: what it finds is shown here, nowhere else."
    return told(moved, version.number, done)


def _do_unshadow(version: RuleVersion, by: Any, reason: str) -> Said:
    out_of_shadow(version.rule, by, reason)
    return messages.SUCCESS, "Nothing is in shadow any more."


def _do_activate(version: RuleVersion, by: Any, reason: str) -> Said:
    moved = put_into_force(version, by, reason)
    return told(moved, version.number, f"Version {version.number} is in force.")


def _do_retire(version: RuleVersion, by: Any, reason: str) -> Said:
    done = "The rule is retired. Its issues are closed at the next judging."
    return told(retire(version.rule, by, reason), version.number, done)


def _do_withdraw(version: RuleVersion, by: Any, reason: str) -> Said:
    question = version.rule.proposals.filter(answer="").first()
    if question is None:
        return messages.WARNING, "Nothing waits any more."
    withdraw(question, by, reason)
    return messages.SUCCESS, "The proposal is withdrawn."


DOINGS: Mapping[str, Callable[[RuleVersion, Any, str], Said]] = {
    "shadow": _do_shadow,
    "unshadow": _do_unshadow,
    "activate": _do_activate,
    "retire": _do_retire,
    "withdraw": _do_withdraw,
}


class StepsPage:
    """The part of the rules' admin that takes a rule from one place to the next."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        do = path(
            "<int:object_id>/do/<slug:what>/",
            self.admin_site.admin_view(self.do_view),
            name="audits_rule_do",
        )
        return [do, *super().get_urls()]  # type: ignore[misc]

    def do_view(self: Any, request: HttpRequest, object_id: int, what: str) -> HttpResponse:
        """Take one step; only by POST. The version is named, so that a newer one is not meant."""
        rule = self.get_object(request, str(object_id))
        if rule is None or what not in DOINGS:
            raise Http404
        if request.method != "POST" or not self.has_change_permission(request, rule):
            raise PermissionDenied
        level, text = self._done(request, rule, what)
        self.message_user(request, text, level)
        return HttpResponseRedirect(reverse("admin:audits_rule_change", args=[rule.pk]))

    def _done(self, request: HttpRequest, rule: Rule, what: str) -> Said:
        given = request.POST.get("version", "")
        chosen = rule.versions.filter(number=given).first() if given.isdecimal() else rule.newest
        if chosen is None:
            return messages.ERROR, "There is no such version."
        try:
            reason = request.POST.get("reason", "").strip()[:500]
            return DOINGS[what](chosen, request.user, reason)
        except ValidationError as error:
            return messages.ERROR, " ".join(error.messages)
