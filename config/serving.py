"""Run the web server and a worker side by side, until told to stop or until one of them ends."""

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import NoReturn

from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 30
"""Seconds that a child has to end by itself once it is told to."""
PR_SET_PDEATHSIG = 1


class Ended(RuntimeError):
    """A child ended that should have gone on."""


def serve(
    listener: socket.socket,
    logs: Path | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve the console on ``listener``, with a worker beside it; call ``ready`` when it answers.

    Returns on Ctrl-C and raises Ended where the web server or the worker ends; leaves neither
    behind, however this process ends (where it is killed: on Linux). ``logs`` is the folder
    that their output goes to, each in a file; without one it goes where ours goes.
    """
    with ExitStack() as stack:
        children: dict[str, subprocess.Popen[bytes]] = {}
        for name, command in commands(listener).items():
            children[name] = _start(command, listener, logs and logs / f"{name}.log")
            stack.callback(_stop, children[name])
        try:
            _wait_for_answer(listener, children)
            ready()
            while not _ended(children):
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
        raise Ended(f"{_ended(children)} ended by itself{f', see {logs}' if logs else ''}.")


def commands(listener: socket.socket) -> Mapping[str, list[str]]:
    """Return what is run, by name."""
    gunicorn = "--workers=2 --threads=4 --no-control-socket --log-level=warning config.wsgi"
    return {
        "web": [
            *(sys.executable, "-m", "gunicorn", f"--bind=fd://{listener.fileno()}"),
            *gunicorn.split(),
        ],
        "worker": [sys.executable, str(ROOT / "manage.py"), "work"],
    }


def listen(host: str, port: int, tries: int = 1) -> socket.socket:
    """Take a port, or the next free one of ``tries``; nobody else gets it before we serve on it."""
    for number in range(port, port + tries):
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, number))
            taken.listen()  # With only a bind others could still have it.
        except OSError:
            taken.close()
        else:
            return taken
    tried = f"{port} is" if tries == 1 else f"Ports {port} to {port + tries - 1} are"
    raise OSError(f"{tried} in use on {host}.")


def stop_on_signals() -> None:
    """Let SIGTERM and a closed terminal end this process as Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # As nohup has it.
        signal.signal(signal.SIGHUP, interrupt)


def _start(
    command: list[str], listener: socket.socket, log: Path | None
) -> "subprocess.Popen[bytes]":
    """Start a child in a process group of its own, so that a Ctrl-C reaches only us."""
    with ExitStack() as stack:
        output = stack.enter_context(log.open("ab")) if log else None
        return subprocess.Popen(  # noqa: S603 (our own commands)
            command,
            cwd=settings.HOME,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            preexec_fn=_ends_with(os.getpid()),
        )


def _ends_with(parent: int) -> Callable[[], None]:
    """Have the kernel tell a child to stop when its parent dies; only Linux can."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)

    def follow() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # It died before we asked.
            os._exit(1)

    return follow


def _stop(child: "subprocess.Popen[bytes]") -> None:
    """End a child and all that it started; at once where Ctrl-C is pressed again."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        child.wait(PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _wait_for_answer(
    listener: socket.socket, children: Mapping[str, "subprocess.Popen[bytes]"]
) -> None:
    host, port, *_ = listener.getsockname()
    while not _ended(children):
        web = http.client.HTTPConnection(host, port, timeout=1)
        with suppress(OSError, http.client.HTTPException), closing(web):
            web.request("GET", "/healthz")
            web.getresponse()  # Whatever it says.
            return


def _ended(children: Mapping[str, "subprocess.Popen[bytes]"]) -> str:
    return next((name for name, child in children.items() if child.poll() is not None), "")
