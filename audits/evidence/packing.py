"""Pack what an auditor asks for into one ZIP: the same question gives the same bytes, each time.

Nothing in it says who asked or when. Rows are written to disk as they are made, so that memory
is bounded however many items there are.
"""

import hashlib
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any

from django.template.loader import render_to_string

from audits.engine import Outcome
from audits.evidence import surroundings
from audits.evidence.changes import CHANGES, changes
from audits.evidence.exceptions import EXCEPTIONS, exceptions
from audits.evidence.question import Question, mapping_at
from audits.evidence.recomputing import Check, Recomputation, recompute
from audits.evidence.sheets import Archive, Sheet, said
from audits.models import RuleVersion
from audits.packing import packed
from audits.standing import alive
from audits.versions import text_of

Progress = Callable[[int, int], None]
FORMAT = 1
# Lines of a list in the readable page; all of them are in the tables.
SHOWN = 200
# After so many lines somebody is told that it goes on.
BEAT = 1000

ITEMS = ("item", "account", "technology", "place", "uid", "name", "full name", "digest", "unread")
VERDICTS = ("rule", "version", "item", "verdict", "score", "accepted", "reason", "noted", "agrees")
FINDINGS = (
    *("rule", "item", "fingerprint", "score", "notes", "evidence", "since"),
    *("accepted", "exception"),
)
DIFFERENCES = ("rule", "item", "verdict", "noted", "reason")
RULES = (
    *("rule", "version", "title", "score", "controls", "author", "approved by", "reason"),
    "made at",
)


@dataclass
class Counts:
    """How checks came out, of one rule or of one control."""

    verdicts: Counter[str] = field(default_factory=Counter)

    def line(self) -> dict[str, int]:
        names = ("fail", "accepted", "unknown", "pass", "not applicable", "differ")
        return {name.replace(" ", "_"): self.verdicts[name] for name in names}


def pack(
    question: Question, to: IO[bytes], progress: Progress = lambda _done, _total: None
) -> tuple[str, int]:
    """Write the ZIP to an open file that can be read again; return its SHA-256 and its size."""
    with ExitStack() as keep:
        _Pack(question, keep).write(to, progress)
    to.seek(0)
    digest, size = hashlib.sha256(), 0
    for piece in iter(lambda: to.read(1 << 20), b""):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


class _Pack:
    """One pack while it is made."""

    def __init__(self, question: Question, keep: ExitStack) -> None:
        self.question = question
        self.mapping = mapping_at(question.moment, question.controls())
        rules = {version.rule_id for some in self.mapping.values() for version in some}
        self.again: Recomputation = recompute(question.moment, question.accounts, sorted(rules))
        self.known = self.again.knowledge
        self.counts: dict[int, Counts] = defaultdict(Counts)
        self.covers: Counter[int] = Counter()
        self._beat: Callable[[], None] = lambda: None
        self.shown: dict[str, list[dict[str, Any]]] = defaultdict(list)
        columns = {
            "items": ITEMS,
            "verdicts": VERDICTS,
            "findings": FINDINGS,
            "differences": DIFFERENCES,
            "exceptions": EXCEPTIONS,
            "changes": CHANGES,
            "accounts": surroundings.ACCOUNTS,
            "slices": surroundings.SLICES,
            "gaps": surroundings.GAPS,
            "blind-spots": surroundings.BLIND,
            "rules": RULES,
            "settings": surroundings.SETTINGS,
            "networks": surroundings.NETWORKS,
        }
        self.sheets = {name: Sheet(name, heads, keep) for name, heads in columns.items()}

    def write(self, to: IO[bytes], progress: Progress) -> None:
        """Make everything and put it in."""
        total, done = self._total(), 0
        for checks in self.again.run():
            done += self._take(checks)
            progress(done, total)
        self._beat = lambda: progress(done, total)
        self._surround()
        self._fill("exceptions", exceptions(self.question, dict(self.covers)))
        pairs = self.again.slices()
        self._fill("changes", changes(self.question, self.known, pairs))
        archive = Archive(to, self.question.name)
        facts = self._facts()
        archive.write("README.txt", render_to_string("evidence/README.txt", facts))
        archive.write("evidence.html", render_to_string("evidence/evidence.html", facts))
        archive.write("summary.json", _json(facts["summary"]))
        texts = [(one.rule.key, text_of(one)) for one in self._versions()]
        for name, text in packed(texts).items():
            archive.write(f"rules/{name}", text)
        tables = {key: one.rows for key, one in sorted(self.known.tables.items())}
        archive.write("tables.json", _json(tables))
        for sheet in self.sheets.values():
            sheet.close()
            archive.copy(f"{sheet.name}.csv", sheet.csv)
            self._beat()
            archive.copy(f"{sheet.name}.json", sheet.json)
            self._beat()
        archive.write("manifest.json", _json({**facts["summary"]["about"], "files": archive.files}))
        archive.close()

    def _total(self) -> int:
        pairs = self.again.slices()
        rows = alive(self.question.moment).filter(
            account__in={account for account, _ in pairs},
            technology__in={name for _, name in pairs},
        )
        return rows.count()

    def _fill(self, name: str, rows: Any) -> None:
        for row in rows:
            self._add(name, *row)

    def _add(self, name: str, *cells: Any) -> None:
        sheet = self.sheets[name]
        sheet.add(*cells)
        if sheet.count % BEAT == 0:
            self._beat()
        if len(self.shown[name]) < SHOWN:
            heads = (head.replace(" ", "_") for head in sheet.columns)
            self.shown[name].append(dict(zip(heads, map(said, cells), strict=True)))

    # -- items and verdicts -----------------------------------------------------------------------

    def _take(self, checks: list[Check]) -> int:
        """Write the rows of some items with all their verdicts; return how many items."""
        last = None
        items = 0
        for check in checks:
            item = check.item
            if item.pk != last:
                last, items = item.pk, items + 1
                unread = sorted(item.unread)
                where = (item.account_id, item.technology, item.place)
                named = (item.uid, item.name, item.full_name, item.digest)
                self._add("items", item.pk, *where, *named, unread)
            self._verdict(check)
        return items

    def _verdict(self, check: Check) -> None:
        key, version = check.version.rule.key, check.version.number
        outcome = check.verdict.outcome
        covered = {one.fingerprint: one for one in check.noted.issues}
        ways = [covered.get(finding.fingerprint) for finding in check.verdict.findings]
        accepted = bool(ways) and all(one and one.justification for one in ways)
        cover = self.question.cover
        noted = str(check.noted.outcome or "not run")
        reason = cover(check.verdict.reason)
        agrees = not check.difference
        done = (key, version, check.item.pk, str(outcome), check.score)
        self._add("verdicts", *done, accepted, reason, noted, agrees)
        verdicts = self.counts[check.version.rule_id].verdicts
        verdicts["accepted" if accepted else str(outcome)] += 1
        verdicts["differ"] += not agrees
        if not agrees:
            told = (str(outcome), noted, cover(check.difference))
            self._add("differences", key, check.item.pk, *told)
        if outcome == Outcome.UNKNOWN:
            spot = (key, check.item.account_id, check.item.technology, check.item.pk)
            self._add("blind-spots", *spot, reason, None)
        for finding, one in zip(check.verdict.findings, ways, strict=True):
            exception = one.justification if one else None
            self.covers.update([exception] if exception else [])
            self._add(
                "findings",
                *(key, check.item.pk, finding.fingerprint, check.score, finding.notes),
                *(finding.evidence, one.since if one else None, bool(exception), exception),
            )

    # -- around them ------------------------------------------------------------------------------

    def _surround(self) -> None:
        question, known, pairs = self.question, self.known, self.again.slices()
        self._fill("accounts", surroundings.accounts(question, known))
        self._fill("slices", surroundings.slices(question, pairs))
        self._fill("gaps", surroundings.gaps(question, pairs))
        for rule, account, technology, reason, since in surroundings.blind_places(
            question, known, pairs
        ):
            self._add("blind-spots", rule, account, technology, None, reason, since)
        self._fill("settings", surroundings.settings(question, known))
        self._fill("networks", surroundings.networks(known))
        for one in self._versions():
            people = [str(who) if who else "" for who in (one.author, one.approved_by)]
            about = (one.rule.key, one.number, one.title, one.score, one.controls)
            self._add("rules", *about, *people, question.cover(one.reason), one.created_at)

    def _versions(self) -> tuple[RuleVersion, ...]:
        return self.known.versions

    def _facts(self) -> dict[str, Any]:
        question = self.question
        rules = [
            {
                "key": one.rule.key,
                "version": one.number,
                "title": one.title,
                **self.counts[one.rule_id].line(),
            }
            for one in self._versions()
        ]
        about = {
            "format": FORMAT,
            "framework": question.framework.title,
            "edition": question.framework.edition,
            "control": question.control.number if question.control else "all",
            "as of": said(question.moment),
            "changes since": said(question.since),
            "scope": question.scope,
        }
        summary = {
            "about": about,
            "controls": [self._control(control) for control in question.controls()],
            "rules": rules,
            "rows": {name: sheet.count for name, sheet in self.sheets.items()},
            "checks": self.again.checks,
            "agree with what was noted": self.again.agreed,
            "why others differ": dict(sorted(self.again.reasons.items())),
        }
        shown = {name.replace("-", "_"): rows for name, rows in self.shown.items()}
        counts = {name.replace("-", "_"): sheet.count for name, sheet in self.sheets.items()}
        return {
            "question": question,
            "summary": summary,
            "checks": self.again.checks,
            "agreed": self.again.agreed,
            "differ": self.again.checks - self.again.agreed,
            "reasons": summary["why others differ"],
            "shown": shown,
            "counts": counts,
            "most": SHOWN,
            "names": self._names(),
        }

    def _names(self) -> dict[int, str]:
        return {pk: self.known.accounts[pk].name for pk in self.again.accounts}

    def _control(self, control: Any) -> dict[str, Any]:
        versions = self.mapping[control.name]
        total = Counts()
        for version in versions:
            total.verdicts.update(self.counts[version.rule_id].verdicts)
        told = {"number": control.number, "title": control.title, "section": control.section}
        automated = {"a configuration can tell": control.automated}
        return {**told, **automated, "rules": [one.rule.key for one in versions], **total.line()}


def spool() -> IO[bytes]:
    """Return a file on disk for a pack; it is gone with its end."""
    return tempfile.TemporaryFile()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
