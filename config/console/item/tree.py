"""An item's configuration as a tree that folds: what is wrong is marked at its very part."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse

from accounts.moments import Moment
from accounts.seeing import visible
from audits.locating import Places
from audits.models import Coverage, Issue
from audits.reading import parts_read
from config.console.item.links import known
from config.console.item.then import issues_of, item_seen
from config.console.workbench.starting import path_of
from items.models import Item
from items.revisions import configurations, element_names
from items.tree import Line, Path, lines, reached

# Issues whose part is sought.
MOST_MARKS = 100


@dataclass(frozen=True)
class Mark:
    """An issue at the part of the configuration that it speaks of."""

    issue: Issue
    until: Any = None
    """The last day of what justifies it."""

    @property
    def tone(self) -> str:
        return "information" if self.issue.justified else self.issue.severity


def marks_of(config: Any, technology: str, issues: Iterable[Issue]) -> dict[Path, list[Mark]]:
    """Return which issues speak of which part. Issues come with their versions; one query."""
    shown = list(issues)[:MOST_MARKS]
    until = _until(shown)
    places = Places(config, element_names(technology))
    found: dict[Path, list[Mark]] = {}
    for issue in shown:
        for path in places.of(issue.evidence, parts_read(issue.version.expression)):
            found.setdefault(path, []).append(Mark(issue, until.get(issue.pk)))
    return found


def _until(issues: list[Issue]) -> dict[int, Any]:
    justified = [issue.pk for issue in issues if issue.justified]
    if not justified:
        return {}
    rows = Coverage.objects.filter(issue__in=justified, until=None)
    return dict(rows.values_list("issue_id", "justification__until"))


def open_issues(item: Item, user: Any, moment: Moment) -> list[Issue]:
    """Return what is open on an item at a moment, the worst that nobody accepted first."""
    rows = visible(issues_of(item, moment)[0], user).select_related("version")
    return sorted(rows, key=lambda one: (one.justified, -one.score, one.opened_at))


def item_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with a part of the tree that was left out, when somebody opens it."""
    item = item_seen(request, pk)
    config = config_of(item, request.GET.get("revision", ""))
    path = path_of(request.GET.get("path", "")) if request.GET.get("path") != "[]" else ()
    start = request.GET.get("start", "0")
    if not reached(config, path) or not (start.isdigit() and len(start) < 9):
        raise Http404("There is no such part.")
    written: list[Line] = list(
        lines(config, names=element_names(item.technology), within=path, start=int(start))
    )
    context = {
        "item": item,
        "tree": written,
        "links": known(written, request.user, item),
        "revision": request.GET.get("revision", ""),
        "may_start": request.user.has_perm("audits.add_rule"),
    }
    return TemplateResponse(request, "console/item/tree.html", context)


def item_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the configuration as the cloud said it, to be read or kept as a file."""
    item = item_seen(request, pk)
    config = config_of(item, request.GET.get("revision", ""))
    answer = JsonResponse(config, json_dumps_params={"indent": 2, "ensure_ascii": False})
    if "download" in request.GET:
        name = "".join(c if c.isalnum() or c in "._-" else "-" for c in item.uid)[:100]
        answer["Content-Disposition"] = f'attachment; filename="{name.strip(".-") or "item"}.json"'
    return answer


def config_of(item: Item, revision: str) -> Any:
    """Return an item's configuration, now or of a revision; raise Http404 where it has none."""
    if not revision:
        return item.config
    if not revision.isdigit() or len(revision) > 18:
        raise Http404("There is no such revision.")
    found = configurations(item, {int(revision)})
    if not found:
        raise Http404("There is no such revision.")
    return found[int(revision)]
