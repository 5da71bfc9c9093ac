"""Write what is told to a file, a line of JSON for each thing, for a shipper of logs to read."""

import fcntl
import os
import re

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError

from notifications.notifiers.base import Notifier, Outgoing
from notifications.notifiers.formats import FORMAT, told


class Lines(Notifier):
    key = "lines"
    label = "JSON lines"
    address_label = "File"
    address_help = "Its name, such as issues.jsonl, in the folder VERVET_EXPORTS of the workers."
    parameters = (FORMAT,)
    keeps = True

    @classmethod
    def check_address(cls, address: str) -> None:
        if not re.fullmatch(r"\w[\w.-]{0,99}", address, re.ASCII):
            raise ValidationError("Must be the name of a file, without a folder: issues.jsonl.")

    def deliver(self, delivery: Outgoing) -> None:
        """Append the lines, and see them on the disk; a repetition writes the same ids again."""
        settings.EXPORTS.mkdir(parents=True, exist_ok=True, mode=0o750)
        with (settings.EXPORTS / delivery.address).open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, os.SEEK_END) and _last_byte(file.fileno()) != b"\n":
                file.write(b"\n")  # Whoever wrote it was killed within a line.
            for one in told(delivery):
                file.write(orjson.dumps(one.form, option=orjson.OPT_APPEND_NEWLINE))
            file.flush()
            os.fsync(file.fileno())


def _last_byte(file: int) -> bytes:
    return os.pread(file, 1, os.fstat(file).st_size - 1)
