"""The page on which rules are imported: a file or a text, what it would do, then a yes."""

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from audits.checking import Remark
from audits.editing import Then
from audits.importing import LARGEST, Choice, Imported, Planned, import_rules, plan
from audits.unpacking import PackError
from config.console.page import page

# Seconds for looking at stored items while somebody waits; then only texts and examples are.
PATIENCE = 6
NEEDED = ("audits.add_rule", "audits.change_rule")


@dataclass(frozen=True)
class Row:
    """One rule of the file as the page shows it."""

    planned: Planned
    chosen: bool
    taken: frozenset[str]
    remarks: list[Remark]
    refused: bool
    """Whether it cannot even be kept as a draft."""

    @property
    def faults(self) -> list[Remark]:
        return [one for one in self.remarks if one.must]

    @property
    def warnings(self) -> list[Remark]:
        return [one for one in self.remarks if not one.must]

    @property
    def kept(self) -> list[str]:
        """What an editor changed, and this import leaves as it is."""
        return [pair.label for pair in self.planned.differing if pair.name not in self.taken]


def import_page(request: HttpRequest) -> HttpResponse:
    """Ask for a text; show what it would do; do it."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request)
    try:
        text, name = sent_text(request)
        planned = plan(text, name)
    except PackError as error:
        return _page(request, text=request.POST.get("text", ""), faults=str(error).splitlines())
    if "_import" not in request.POST:
        return _shown(request, text, name, planned, first=True)
    try:
        done = import_rules(
            planned,
            sent_choices(request),
            request.user,
            request.POST.get("reason", "")[:500],
            Then.FORCE if request.POST.get("then") == "force" else Then.DRAFT,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _shown(request, text, name, planned, first=False)
    return _done(request, done)


def sent_text(request: HttpRequest) -> tuple[str, str]:
    """Return the text that was uploaded or written, and the name of its file."""
    file = request.FILES.get("file")
    if file is None:
        text, name = request.POST.get("text", ""), request.POST.get("name", "")
        if not text.strip():
            raise PackError("Choose a file, or paste rules.")
        return text.replace("\r\n", "\n"), name[:200]
    if (file.size or 0) > LARGEST:
        raise PackError(f"The file has more than {LARGEST:,} bytes.")
    try:
        return file.read().decode("utf-8-sig").replace("\r\n", "\n"), (file.name or "")[:200]
    except UnicodeDecodeError as error:
        raise PackError(f"{file.name} is not UTF-8.") from error


def sent_choices(request: HttpRequest) -> list[Choice]:
    """Return what of which rule is chosen on the page."""
    taken: dict[str, set[str]] = {}
    for one in request.POST.getlist("take"):
        key, _, field = one.partition(" ")
        taken.setdefault(key, set()).add(field)
    found = []
    for one in request.POST.getlist("rule"):
        key, _, seen = one.partition(" ")
        number = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
        found.append(Choice(key, number, frozenset(taken.get(key, ()))))
    return found


def _shown(
    request: HttpRequest, text: str, name: str, planned: list[Planned], first: bool
) -> HttpResponse:
    choices = {one.key: one for one in sent_choices(request)}
    until = time.monotonic() + PATIENCE
    rows, hurried = [], False
    for one in planned:
        if one.what == "same":
            continue
        choice = choices.get(one.key)
        taken = one.taken if first else choice.taken if choice else frozenset()
        on_items = time.monotonic() < until
        hurried |= not on_items
        refused = one.refused(taken)
        chosen = not refused if first else choice is not None
        rows.append(Row(one, chosen, taken, one.remarks(taken, request.user, on_items), refused))
    return _page(
        request,
        text=text,
        name=name,
        rows=rows,
        hurried=hurried,
        same=[one.key for one in planned if one.what == "same"],
        reason=request.POST.get("reason", ""),
        then=request.POST.get("then", "draft"),
    )


def _done(request: HttpRequest, done: list[Imported]) -> HttpResponse:
    for one in done:
        if one.saved is None:
            messages.error(request, f"{one.key} was not imported: {' '.join(one.problems)}")
        elif one.problems:
            reason = one.problems[0].splitlines()[0]
            messages.warning(request, f"{one.key} is imported, but not in force: {reason}")
    kept = [one.saved for one in done if one.saved]
    force = sum(saved.active for saved in kept)
    waiting = sum(saved.proposal is not None for saved in kept)
    said = f"{len(kept)} rules imported: {force} in force, {waiting} waiting for a second person."
    messages.success(request, said if kept else "Nothing was imported.")
    return HttpResponseRedirect(reverse("admin:audits_rule_changelist") + "?state=all")


def _page(request: HttpRequest, **context: Any) -> HttpResponse:
    crumb = ("Rules", reverse("admin:audits_rule_changelist"))
    given = {"text": "", **context}
    return page(request, "import", "Import rules", {"crumb": crumb, **given})
