"""What was found, as a table in plain text."""

from collections import Counter
from collections.abc import Iterator

from django.db.models import Count

from audits.models import Issue
from audits.models.rules import SEVERITIES, severity
from items.models import Gap, Run

Row = list[str]
Key = tuple[str, str]
RUN_COLUMNS = {"found": "found", "new": "created", "changed": "changed", "gone": "gone"}
WORDS = [word for _, word in SEVERITIES]
SHORT = {"medium": "med", "information": "info", "critical": "crit"}
HEAD: Row = ["", *RUN_COLUMNS, *(SHORT.get(word, word) for word in WORDS), "gaps"]


def summary() -> str:
    """Return the table: for each account and technology the last look, open issues and gaps."""
    issues, gaps = _open_issues(), _open_gaps()
    counts = {
        key: [
            *(getattr(run, field) for field in RUN_COLUMNS.values()),
            *(issues[(*key, word)] for word in WORDS),
            gaps[key],
        ]
        for key, run in _last_looks().items()
    }
    shown = {key: numbers for key, numbers in counts.items() if any(numbers)}
    total = [sum(column) for column in zip(*shown.values(), strict=True)]
    lines = _aligned([HEAD, *_rows(shown), ["all", *_cells(total)]])
    rule = "-" * len(lines[0])
    lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
    if len(shown) < len(counts):
        lines.append(f"In {len(counts) - len(shown)} more there is nothing.")
    return "\n".join(lines)


def _last_looks() -> dict[Key, Run]:
    runs = Run.objects.filter(kind=Run.Kind.LOOKED).order_by("started_at", "pk")
    last = {(run.account.name, run.technology): run for run in runs.select_related("account")}
    return dict(sorted(last.items()))


def _open_issues() -> Counter[tuple[str, str, str]]:
    """Count open issues by account, technology and the word of their severity."""
    counts: Counter[tuple[str, str, str]] = Counter()
    rows = Issue.objects.open().values_list("item__account__name", "item__technology", "score")
    for account, technology, score, count in rows.annotate(Count("pk")).order_by():
        counts[account, technology, severity(score)] += count
    return counts


def _open_gaps() -> Counter[Key]:
    return Counter(Gap.objects.filter(until=None).values_list("account__name", "technology"))


def _rows(counts: dict[Key, list[int]]) -> Iterator[Row]:
    """Give each account a line of its own, and below it one for each technology."""
    before = ""
    for (account, technology), numbers in counts.items():
        if account != before:
            yield [account, *[""] * (len(HEAD) - 1)]
        yield [f"  {technology}", *_cells(numbers)]
        before = account


def _cells(numbers: list[int]) -> Row:
    return [str(number) if number else "." for number in numbers]


def _aligned(rows: list[Row]) -> list[str]:
    """Let names begin, and numbers end, under each other."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        "  ".join(
            [row[0].ljust(first)]
            + [cell.rjust(width) for cell, width in zip(row[1:], others, strict=True)]
        ).rstrip()
        for row in rows
    ]
