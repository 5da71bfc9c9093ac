"""What had been accepted, by whom and until when: justifications as they stood at a moment."""

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import User
from audits.evidence.knowledge import records_at
from audits.evidence.question import Question
from audits.models import Attachment, Justification, Rule

EXCEPTIONS = (
    *("exception", "rule", "scope", "of", "category", "reason", "ticket", "until", "covers"),
    *("asked by", "asked at", "approved by", "approved at", "approver said", "files"),
)


def exceptions(question: Question, covers: dict[int, int]) -> Iterator[tuple[Any, ...]]:
    """Yield justifications by their key; ``covers`` says how many findings each accepted."""
    records = records_at(Justification.history.filter(id__in=list(covers)), question.moment)
    rules = dict(Rule.objects.values_list("pk", "key"))
    names = _names(
        {person for one in records for person in (one.by_id, one.answered_by_id) if person}
    )
    files = _files(covers)
    for one in records:
        of = one.name_pattern or one.tag
        yield (
            *(one.id, rules.get(one.rule_id, ""), one.get_scope_display(), of),
            *(one.category, question.cover(one.reason), one.ticket, one.until, covers[one.id]),
            *(names.get(one.by_id, ""), one.at, names.get(one.answered_by_id, "")),
            *(one.answered_at, question.cover(one.answer), files.get(one.id, [])),
        )


def _names(people: Iterable[int]) -> dict[int, str]:
    return dict(User.objects.filter(pk__in=list(people)).values_list("pk", "username"))


def _files(justifications: Iterable[int]) -> dict[int, list[dict[str, str]]]:
    """Return each file by name and hash; its content stays where it is."""
    found: dict[int, list[dict[str, str]]] = {}
    rows = Attachment.objects.filter(justification__in=list(justifications)).order_by("pk")
    for pk, name, sha256 in rows.values_list("justification_id", "name", "sha256"):
        found.setdefault(pk, []).append({"name": name, "sha256": sha256})
    return found
