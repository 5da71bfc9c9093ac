"""Keep every configuration in a repository of git: each change a commit by whoever made it."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS, resolved
from accounts.types.base import Parameter
from notifications.notifiers.base import Later, Never, Notifier, Outgoing
from notifications.notifiers.reaching import PORTS, check_url, resolved_address

GIT = shutil.which("git") or "git"
TRAILER = "Vervet-Revision"
OURS = "refs/heads/vervet"
THEIRS = "refs/remotes/origin/it"
# A commit is made after its change; clocks may differ.
EARLIER = timedelta(days=2)
PATIENCE = 10
"""Times the timeout of a call: a repository is more than a message."""
LONGEST_PART = 150
REFUSALS = re.compile(r"Authentication failed|could not read|error: 40[134]|not found|redirect")

Thing = Mapping[str, Any]


class Git(Notifier):
    key = "git"
    label = "Git repository"
    address_label = "Repository"
    address_help = "Such as https://git.example.com/security/configurations.git."
    parameters = (
        Parameter("branch", "Branch", "", default="main", pattern=r"[\w][\w./-]*", wants="a name"),
        Parameter("user", "User", "", default="vervet"),
        Parameter(
            "token",
            "Token",
            "It may push to the branch.",
            pattern=PATTERN,
            wants=WANTS,
            secret=True,
        ),
    )
    keeps = True

    @classmethod
    def check_address(cls, address: str) -> None:
        check_url(address, such_as=cls.address_help)
        if not urlsplit(address).path.strip("/"):
            raise ValidationError(f"Must be a repository. {cls.address_help}")

    def deliver(self, delivery: Outgoing) -> None:
        """Commit each change that is not there yet, and push; whoever pushed meanwhile is kept."""
        changes = (thing for thing in delivery.each() if "revision" in thing)
        first = next(iter(changes), None)
        if first is None:
            return
        with locked(settings.VAR / "repositories" / str(delivery.channel)) as folder:
            copy = Copy(folder, delivery)
            tip = copy.fetch()
            known = copy.revisions(datetime.fromisoformat(first["at"]) - EARLIER) if tip else set()
            files = copy.files() if tip else set()
            new = (thing for thing in chain((first,), changes) if thing["key"] not in known)
            if copy.commit(tip, with_what_was_before(new, files)):
                copy.push()


def with_what_was_before(things: Iterable[Thing], files: set[str]) -> Iterator[Thing]:
    """Yield changes, each after what it changed where that is in no file yet.

    Else the first change since the repository is kept would show no difference.
    """
    for thing in things:
        where = path(thing["item"])
        if where not in files and thing["before"] is not None and thing["what"] == "changed":
            was = {"config": thing["before"], "key": f"before-{thing['key']}"}
            yield {**thing, **was, "what": "as it was before", "who": "Vervet", "how": ""}
        files.add(where)
        yield thing


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Hold a folder, made where it is missing, for this process alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder / "copy.git"


class Copy:
    """Our copy of a repository, without files; what is in it can always be fetched again."""

    def __init__(self, folder: Path, delivery: Outgoing) -> None:
        self.folder, self.address = folder, delivery.address
        self.branch = f"refs/heads/{delivery.parameters['branch']}"
        self.patience = delivery.timeout * PATIENCE
        self.environment = environment(delivery)
        if not (folder / "HEAD").exists():
            self.run("init", "--quiet", "--bare", str(folder))

    def fetch(self) -> str:
        """Fetch the branch; return its tip, or nothing where there is no such branch yet."""
        tip = self.run("ls-remote", "--heads", self.address, self.branch).partition("\t")[0]
        if tip:
            self.run("fetch", "--quiet", "--no-tags", self.address, f"+{self.branch}:{THEIRS}")
            tip = self.run("rev-parse", THEIRS).strip()
        return tip

    def revisions(self, since: datetime) -> set[str]:
        """Return which revisions were committed since."""
        form = f"--format=%(trailers:key={TRAILER},valueonly)"
        return set(self.run("log", form, f"--since={since.isoformat()}", THEIRS).split())

    def files(self) -> set[str]:
        """Return the paths of all files."""
        return set(self.run("ls-tree", "-r", "-z", "--name-only", THEIRS).split("\0"))

    def commit(self, tip: str, things: Iterable[Thing]) -> int:
        """Commit changes on top of a commit, or on nothing; return how many."""
        count = 0
        command = [GIT, "fast-import", "--quiet", "--force", "--done"]
        with subprocess.Popen(  # noqa: S603 (words of ours; the rest is read as data)
            command, cwd=self.folder, env=self.environment, stdin=-1, stderr=-1
        ) as process:
            stream = cast(IO[bytes], process.stdin)
            with suppress(BrokenPipeError):  # Why, git says at its end.
                for thing in things:
                    stream.write(commit(thing, "" if count else tip))
                    count += 1
                stream.write(b"done\n")
            _, said = process.communicate()
        if process.returncode:
            raise Later(f"git fast-import: {said.decode(errors='replace')[:500]}")
        return count

    def push(self) -> None:
        self.run("push", "--quiet", self.address, f"{OURS}:{self.branch}")

    def run(self, *words: str) -> str:
        """Run git; raise Later or Never with what it said."""
        try:
            done = subprocess.run(  # noqa: S603 (the address begins with http)
                [GIT, *words],
                cwd=self.folder if self.folder.exists() else self.folder.parent,
                env=self.environment,
                capture_output=True,
                timeout=self.patience,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Later(f"git {words[0]} took longer than {self.patience} seconds.") from error
        said = done.stderr.decode(errors="replace").strip()
        if done.returncode:
            raise (Never if REFUSALS.search(said) else Later)(f"git {words[0]}: {said[:500]}")
        return done.stdout.decode(errors="replace")


def environment(delivery: Outgoing) -> dict[str, str]:
    """Return with what git runs: it reaches the address that was checked, and nothing else.

    The token stands there, not among the words of a command, which all of a machine may read.
    """
    parts = urlsplit(delivery.address)
    address = resolved_address(parts)
    shown = f"[{address}]" if address.version == 6 else str(address)
    port = parts.port or PORTS[parts.scheme]
    config = {
        "http.curloptResolve": f"{parts.hostname}:{port}:{shown}",
        "http.followRedirects": "false",
        "http.proxy": "",
        "http.lowSpeedLimit": "1",
        "http.lowSpeedTime": str(delivery.timeout),
        "credential.helper": "",
        "gc.autoDetach": "false",
    }
    reference = delivery.parameters["token"]
    if reference:
        pair = f"{delivery.parameters['user']}:{resolved(reference)}"
        config["http.extraHeader"] = f"Authorization: Basic {b64encode(pair.encode()).decode()}"
    found = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:http",
        "GIT_CONFIG_COUNT": str(len(config)),
    }
    for number, (name, value) in enumerate(config.items()):
        found[f"GIT_CONFIG_KEY_{number}"] = name
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found


def commit(thing: Thing, parent: str) -> bytes:
    """Return a commit as ``git fast-import`` reads it; without a parent it follows the last one."""
    item = thing["item"]
    name, email = author(thing["who"])
    at = int(datetime.fromisoformat(thing["at"]).timestamp())
    head = [
        f"commit {OURS}",
        f"author {name} <{email}> {at} +0000",
        f"committer Vervet <> {int(time.time())} +0000",
    ]
    parts = ["\n".join(head).encode(), _data(message(thing))]
    if parent:
        parts.append(f"from {parent}".encode())
    if thing["what"] == "gone":
        parts.append(f"D {path(item)}".encode())
    else:
        text = json.dumps(thing["config"], indent=2, sort_keys=True, ensure_ascii=False)
        parts += [f"M 100644 inline {path(item)}".encode(), _data(text + "\n")]
    return b"\n".join(parts) + b"\n\n"


def message(thing: Thing) -> str:
    """Return what a commit says; nothing from a cloud can be taken for a trailer of ours."""
    item = thing["item"]
    about = [f"{item['account']} / {item['label']} / {item['region'] or item['place']}"]
    about += [_line(thing["how"])] if thing["how"] else []
    return "\n".join(
        [
            _line(f"{item['label']} {item['name']} {thing['what']}")[:200],
            "",
            *map(_line, about),
            thing["link"],
            "",
            f"{TRAILER}: {thing['key']}",
            "",
        ]
    )


def author(who: str) -> tuple[str, str]:
    """Return the name and the address of whoever did it; unknown is said as such."""
    plain = _line(re.sub(r"[<>\x00-\x1f]", " ", who)) or "unknown"
    return plain, plain if re.fullmatch(r"[^\s@]+@[^\s@]+", plain) else ""


def path(item: Thing) -> str:
    """Return where an item's configuration is: the same, however the item is called meanwhile."""
    parts = (item["account_identifier"], item["technology"], item["place"], item["uid"])
    return "/".join(map(_part, parts)) + ".json"


def _part(text: str) -> str:
    plain = re.sub(r"^[.-]", lambda found: f"%{ord(found[0]):02X}", quote(text, safe="@+=,")) or "-"
    if len(plain) <= LONGEST_PART:
        return plain
    return f"{plain[:LONGEST_PART]}~{sha256(text.encode()).hexdigest()[:16]}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _data(text: str) -> bytes:
    said = text.encode(errors="replace")
    return b"data %d\n" % len(said) + said
