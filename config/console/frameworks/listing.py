"""Every framework on one page, and one framework with each of its controls."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.admin import exporting
from accounts.seeing import visible
from audits.assessing import MEANING, Line, State, assess, compare
from audits.frameworks import rules_by_control
from audits.models import Control, Framework
from audits.standing import Standing, Tally
from config.console.frameworks.asked import Asked
from config.console.page import page

TONES = {
    State.FAIL: "critical",
    State.UNKNOWN: "medium",
    State.ACCEPTED: "low",
    State.PASS: "good",
    State.NOT_APPLICABLE: "information",
    State.NOT_WATCHED: "information",
    State.PEOPLE: "information",
}
TALLIES = (
    ("failed", "failed", "critical"),
    ("unknown", "no answer", "medium"),
    ("accepted", "accepted", "low"),
    ("passed", "passed", "good"),
    ("exempt", "not applicable", "information"),
)


def frameworks(request: HttpRequest) -> HttpResponse:
    """Show every framework with how its controls stood."""
    asked = Asked.by(request)
    rows = list(visible(Framework.objects.prefetch_related("controls"), request.user))
    mapping = rules_by_control()
    found = asked.standing({rule for rules in mapping.values() for rule in rules})
    context = {
        "asked": asked,
        "rows": [_summary(asked, row, _lines(row, mapping, found), found) for row in rows],
        "watched": len(found.accounts),
        "states": _meanings(),
        **asked.past,
        "may_edit": request.user.has_perm("audits.change_framework"),
    }
    return page(request, "frameworks", "Frameworks", context)


def framework(request: HttpRequest, key: str) -> HttpResponseBase:
    """Show one framework: each control, and what changed since another day; or give its table."""
    asked = Asked.by(request)
    row, lines, found = _assessed(asked, key)
    if form := request.GET.get(exporting.PARAMETER, ""):
        return _exported(asked, row, lines, form)
    state = request.GET.get("state", "")
    shown = [line for line in lines if line.state == state] if state in State.values else lines
    context = {
        "crumb": ("Frameworks", reverse("frameworks") + asked.query(**{"with": ""})),
        "asked": asked,
        "framework": row,
        "summary": _summary(asked, row, lines, found),
        "sections": list(_sections(asked, row, shown)),
        "state": State(state).label if state in State.values else "",
        "states": _meanings(),
        "watched": len(found.accounts),
        **asked.past,
        "moves": _moves(asked, row, lines) if asked.other else None,
        "exports": [
            (form.upper(), request.path + asked.query(**{"with": "", "export": form}))
            for form in exporting.FORMS
        ],
    }
    return page(request, "framework", row.title, context)


def _exported(asked: Asked, row: Framework, lines: list[Line], form: str) -> HttpResponseBase:
    """Give the page's controls as a table."""
    if form not in exporting.FORMS:
        raise Http404("There is no export of this form.")
    heads = ["control", "section", "title", "state", "rules"]
    heads += ["passed", "failed", "accepted", "no answer", "unread", "not applicable"]
    heads += ["coverage", "as of", "accounts"]
    names = {account.pk: account.name for account in asked.accounts}
    about = ", ".join(names[pk] for pk in asked.chosen) if asked.account else ""
    about = about or next((str(g) for g in asked.groups if g.pk == asked.group), "all in sight")
    moment = asked.day.moment.isoformat(timespec="seconds")
    rows = [list(_cells(line, moment, about)) for line in lines]
    return exporting.export(form, f"{row.key}-{asked.day.date.isoformat()}", heads, rows)


def _cells(line: Line, moment: str, about: str) -> Iterator[str | int | None]:
    tally = line.tally
    share = None if tally.coverage is None else f"{tally.coverage:.4f}"
    yield from (line.control.number, line.control.section, line.control.title)
    yield from (line.state.label, len(line.rules), tally.passed, tally.failed, tally.accepted)
    yield from (tally.unknown, tally.unread, tally.exempt, share, moment, about)


def _assessed(asked: Asked, key: str) -> tuple[Framework, list[Line], Standing]:
    row = visible(Framework.objects.prefetch_related("controls"), asked.user).filter(key=key)
    found = row.first()
    if found is None:
        raise Http404("There is no such framework.")
    mapping = _mapping(found)
    stood = asked.standing({rule for rules in mapping.values() for rule in rules})
    return found, _lines(found, mapping, stood), stood


def _mapping(row: Framework) -> dict[str, list[int]]:
    names = {control.name for control in _controls(row)}
    return {name: rules for name, rules in rules_by_control().items() if name in names}


def _controls(row: Framework) -> list[Control]:
    controls = list(row.controls.all())
    for control in controls:
        control.framework = row  # Its name is asked for, without a query each.
    return controls


def _lines(row: Framework, mapping: dict[str, list[int]], found: Standing) -> list[Line]:
    return assess(_controls(row), mapping, found)


def _summary(asked: Asked, row: Framework, lines: list[Line], found: Standing) -> dict[str, Any]:
    """Return what a framework comes to: its controls by state, its checks each counted once."""
    link = reverse("framework", args=[row.key])
    counts = dict.fromkeys(State, 0)
    for line in lines:
        counts[line.state] += 1
    tally = found.of(rule for line in lines for rule in line.rules)
    tellable = [line for line in lines if line.control.automated]
    return {
        "framework": row,
        "link": link + asked.query(),
        "states": [
            {
                "state": state,
                "label": state.label,
                "tone": TONES[state],
                "count": counts[state],
                "link": link + asked.query(state=state.value),
            }
            for state in State
        ],
        "count": len(lines),
        "failing": counts[State.FAIL],
        "passing": counts[State.PASS],
        "tellable": len(tellable),
        "watched": sum(1 for line in tellable if line.rules),
        "tally": tally,
        "rate": percent(tally.rate),
        "coverage": percent(tally.coverage),
    }


def _sections(
    asked: Asked, row: Framework, lines: Iterable[Line]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        sections.setdefault(line.control.section, []).append(_row(asked, row, line))
    yield from sections.items()


def _row(asked: Asked, row: Framework, line: Line) -> dict[str, Any]:
    link = reverse("control", args=[row.key, line.control.number])
    return {
        "control": line.control,
        "link": link + asked.query(**{"with": ""}),
        "state": line.state,
        "tone": TONES[line.state],
        "rules": len(line.rules),
        "numbers": numbers(line.tally, link, asked),
    }


def numbers(tally: Tally, link: str, asked: Asked, **more: Any) -> list[dict[str, Any]]:
    """Return each number of a tally with the link to what it counts."""
    found = []
    for name, label, tone in TALLIES:
        count = tally.silent if name == "unknown" else getattr(tally, name)
        query = asked.query(**{"with": "", "state": name, **more})
        found.append(
            {"label": label, "tone": tone, "count": count, "link": f"{link}{query}#checks"}
        )
    return found


def percent(share: float | None) -> str:
    """Return a share in words; all is said only of all, nothing only of nothing."""
    if share is None:
        return "-"
    if 0 < share < 1:
        return f"{min(99.9, max(0.1, share * 100)):.3g} %"
    return f"{share:.0%}".replace("%", " %")


def _moves(asked: Asked, row: Framework, lines: list[Line]) -> list[dict[str, Any]]:
    mapping = _mapping(row)
    rules = {rule for names in mapping.values() for rule in names}
    before = _lines(row, mapping, asked.standing(rules, asked.other))
    return [
        {
            "better": move.better,
            "before": move.before,
            "before_tone": TONES[move.before],
            **_row(asked, row, move.line),
        }
        for move in compare(lines, before)
    ]


def _meanings() -> list[tuple[str, str, str]]:
    return [(state.label, TONES[state], MEANING[state]) for state in State]
