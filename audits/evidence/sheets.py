"""Tables that are written as CSV and as JSON while their rows are made; nobody holds them."""

import csv
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import IO, Any

from accounts.admin.exporting import harmless

CHUNK = 1 << 20
# The earliest time that a ZIP knows: what is packed today and tomorrow is the same.
NO_TIME = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16


class Sheet:
    """One table: rows go to two files on disk, in the order in which they come."""

    def __init__(self, name: str, columns: Sequence[str], keep: ExitStack) -> None:
        self.name, self.columns, self.count = name, list(columns), 0
        self.csv = keep.enter_context(_spool())
        self.json = keep.enter_context(_spool())
        self._writer = csv.writer(self.csv, lineterminator="\r\n")
        self._writer.writerow(self.columns)
        self.json.write("[")

    def add(self, *cells: Any) -> None:
        """Add a row; moments become text, lists and objects stay what they are in JSON."""
        plain = [said(cell) for cell in cells]
        row = dict(zip(self.columns, plain, strict=True))
        self._writer.writerow([harmless(_flat(cell)) for cell in plain])
        self.json.write(",\n" if self.count else "\n")
        self.json.write(json.dumps(row, ensure_ascii=False, sort_keys=True))
        self.count += 1

    def close(self) -> None:
        """Write the end."""
        self.json.write("\n]\n" if self.count else "]\n")


class Archive:
    """A ZIP whose bytes depend on nothing but what is put in, and in which order."""

    def __init__(self, to: IO[bytes], folder: str) -> None:
        self._zip = zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._folder = folder
        self.files: list[dict[str, Any]] = []
        """Name, size and SHA-256 of each file so far."""

    def write(self, name: str, text: str) -> None:
        """Put in a text."""
        self._put(name, iter([text.encode(errors="replace")]))

    def copy(self, name: str, file: IO[str]) -> None:
        """Put in what was written to a file, piece by piece."""
        file.seek(0)
        self._put(name, (piece.encode() for piece in iter(lambda: file.read(CHUNK), "")))

    def close(self) -> None:
        self._zip.close()

    def _put(self, name: str, pieces: Iterator[bytes]) -> None:
        info = zipfile.ZipInfo(f"{self._folder}/{name}", NO_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system, info.external_attr = 3, READABLE
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        self.files.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})


def said(cell: Any) -> Any:
    """Return a value as both forms write it."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return "" if cell is None else cell


def _flat(cell: Any) -> Any:
    if isinstance(cell, (list, dict)):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True)
    return cell


def _spool() -> Any:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", newline="")
