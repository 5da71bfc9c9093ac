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
HEAD: Row = ["account", "technology", *RUN_COLUMNS, *(word[:4] for word in WORDS), "gaps"]


def summary() -> str:
    """Return the table: for each account and technology the last look, open issues and gaps."""
    looks = _last_looks()
    issues, gaps = _open_issues(), _open_gaps()
    counts = {
        key: [
            *(getattr(run, field) for field in RUN_COLUMNS.values()),
            *(issues[(*key, word)] for word in WORDS),
            gaps[key],
        ]
        for key, run in looks.items()
    }
    shown = {key: numbers for key, numbers in counts.items() if any(numbers)}
    rows = [[*key, *_cells(numbers)] for key, numbers in shown.items()]
    total = ["all", "", *_cells([sum(column) for column in zip(*shown.values(), strict=True)])]
    lines = list(_aligned([HEAD, *_named_once(rows), total]))
    rule = "-" * len(lines[0])
    lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
    if len(shown) < len(counts):
        lines.append(f"Nothing was found in {len(counts) - len(shown)} more.")
    return "\n".join(lines)


def _last_looks() -> dict[Key, Run]:
    runs = Run.objects.filter(kind=Run.Kind.LOOKED).order_by("started_at")
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


def _cells(numbers: list[int]) -> Row:
    return [str(number) if number else "." for number in numbers]


def _named_once(rows: list[Row]) -> Iterator[Row]:
    """Name an account in its first row only."""
    before = ""
    for row in rows:
        yield ["" if row[0] == before else row[0], *row[1:]]
        before = row[0]


def _aligned(rows: list[Row]) -> Iterator[str]:
    """Words begin under each other, numbers end under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
