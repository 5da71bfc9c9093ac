"""Measures a scan beside plain boto3: `python -m benchmarks.scan N [--latency MS] [--rounds R]`."""

import argparse
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.report import BASE, SERIAL, Result, Results, aims, best, table
from benchmarks.seeding import REGIONS, seed
from config.demo.cloud import Cloud, environment

ROOT = Path(__file__).resolve().parents[1]


class Bench:
    """The folder of one size, and the phases run in it."""

    def __init__(self, size: int, latency: int, workers: int) -> None:
        self.size, self.latency, self.workers = size, latency, workers
        self.folder = ROOT / "var" / "bench" / str(size)
        self.answers = self.folder / "answers.sqlite3"
        self.calls = self.folder / "calls.json"
        self.port = 0

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    def smaller(self) -> Results | None:
        """Return what a fifth of the size took, where that was measured."""
        path = Bench(self.size // 5, 0, 1).result
        return json.loads(path.read_text()) if path.exists() else None

    # -- the recorded account --------------------------------------------------------------

    def record(self) -> None:
        """Have every answer on disk, and the calls that ask for them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.answers.exists():
            with self.replaying():
                self.log()
                if not self.counts()["missed"]:
                    return
            say("The watchers ask what was not recorded; everything is seeded anew.")
            self.answers.unlink()
        say(f"Seeding {self.size} security groups and a fifth of buckets, users and roles")
        with Cloud(REGIONS) as cloud:
            seed(cloud.endpoint, self.size)
            say("Recording the answers")
            with self.replaying(f"127.0.0.1:{cloud.port}"):
                self.log()

    def log(self) -> None:
        """Take a look that is not measured."""
        self.phase("prepare")
        unread = self.phase("log", str(self.calls))["unread"]
        for one in unread:
            say(f"not read: {one}")

    @contextmanager
    def replaying(self, *upstream: str) -> Iterator[None]:
        """Answer from the file in a process of its own, whose time does not count."""
        server = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "benchmarks.replay", str(self.answers), *upstream],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        with server:  # Closes its standard input, and waits.
            assert server.stdout is not None  # noqa: S101
            self.port = int(server.stdout.readline().split()[1])
            yield

    def tell(self, changed: bool = False) -> None:
        """Set how the server answers, and let it count anew."""
        self.control(json.dumps({"latency_ms": self.latency, "changed": changed}))

    def counts(self) -> dict[str, Any]:
        """Return what the server was asked."""
        return self.control("")

    def control(self, body: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/bench", body)
        counts: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return counts

    # -- measuring ---------------------------------------------------------------------------

    def round(self) -> Results:
        """Run every phase once."""
        found = {name: self.plain(name) for name in (SERIAL, BASE)}
        self.phase("prepare")
        found["first"] = self.scan()
        found["second"] = self.scan()
        found["1 % changed"] = self.scan(changed=True)
        return found

    def plain(self, name: str) -> Result:
        self.tell()
        return self.counted(self.phase(name, str(self.calls)))

    def scan(self, changed: bool = False) -> Result:
        self.tell(changed)
        return self.counted(self.phase("scan"))

    def counted(self, result: Result) -> Result:
        counts = self.counts()
        for one in counts["missed"]:
            say(f"not recorded: {one}")
        for one in result.get("unread", ()):
            say(f"not read: {one}")
        result.pop("unread", None)
        return result | {"calls": counts["hits"]}

    def phase(self, name: str, *arguments: str) -> Result:
        """Run one phase in a fresh process."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "benchmarks.phases", name, *arguments],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | self.environment(),
            check=True,
        )
        result: Result = json.loads(done.stdout.splitlines()[-1])
        return result

    def environment(self) -> dict[str, str]:
        """Point boto3 and Vervet at the server and at files of their own.

        S3 Control asks a host that has the account in its name, which nobody resolves: for it
        alone the server is a proxy.
        """
        endpoint = f"http://127.0.0.1:{self.port}"
        return {
            "DATABASE_URL": f"sqlite:///{self.folder / 'vervet.sqlite3'}",
            "VERVET_VAR": str(self.folder),
            "VERVET_ENV_FILE": os.devnull,
            "VERVET_LOG_LEVEL": "WARNING",
            **{name: os.environ[name] for name in ("DATABASE_URL",) if name in os.environ},
            **environment(endpoint),
            "AWS_ENDPOINT_URL_S3_CONTROL": f"http://localhost:{self.port}",
            "HTTP_PROXY": endpoint,
            "NO_PROXY": "127.0.0.1",
            "BENCH_WORKERS": str(self.workers),
        }


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, and keep the result for larger sizes to be compared with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int, help="security groups; a fifth of everything else")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before each answer")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts")
    parser.add_argument("--workers", type=int, default=1, help="slices looked at side by side")
    asked = parser.parse_args()
    bench = Bench(asked.size, asked.latency, asked.workers)
    bench.record()
    with bench.replaying():
        rounds = [bench.round() for _ in range(asked.rounds)]
    results = best(rounds)
    database = os.environ.get("DATABASE_URL", "sqlite").partition(":")[0]
    print(f"N={asked.size}, {asked.latency} ms latency, {database}, best of {asked.rounds}")
    print(*table(results), "", sep="\n")
    print(*aims(asked.size, asked.latency, results, bench.smaller()), sep="\n")
    if not asked.latency:
        bench.result.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
