"""Mail servers that others wrote, started on loopback for tests and benchmarks, and surely stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Missing", "Running", "Sink", "free_port", "program"]

_PATIENCE = 20.0


class Missing(Exception):
    """A program is not installed; the text says which, and what installs it."""


def program(name: str, *, package: str) -> str:
    """The path of a program that Debian keeps among those of the administrator."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if found is None:
        raise Missing(f"{name} is not installed; Debian's package {package} has it")
    return found


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """A server that runs as a process of its own and speaks first; a context manager.

    Attributes:
        host: Where it listens.
        port: On which port.
    """

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What starts it, in the foreground."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and all that it started: they are one process group."""
        process = self._process
        if process is None:
            return
        for number in (15, 9):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
                break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        self._process = None

    def _wait(self) -> None:
        """Until it greets, or has ended."""
        assert self._process is not None
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.command()[0]} ended at once, with {self._process.returncode}: {self.said()}")
            with suppress(OSError), socket.create_connection((self.host, self.port), timeout=5) as line:
                line.settimeout(5)
                if line.recv(1) == b"2":
                    line.sendall(b"QUIT\r\n")
                    return
            time.sleep(0.02)
        raise RuntimeError(f"{self.command()[0]} did not listen within {_PATIENCE:g} s: {self.said()}")

    def said(self) -> str:
        """What it wrote in its log, for the message of an error."""
        return ""


class Sink(Running):
    """Postfix's smtp-sink, which takes everything and keeps nothing.

    Args:
        flags: What its manual page offers, such as "-f", "RCPT".
    """

    def __init__(self, *flags: str) -> None:
        super().__init__()
        self._flags = flags

    def command(self) -> list[str]:
        """What starts it; a root must say as whom."""
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        return [program("smtp-sink", package="postfix"), *user, *self._flags, f"{self.host}:{self.port}", "512"]


def folder_of(path: Path) -> Path:
    """The folder, made if it is not there, and open to the users that servers become."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)
    return path
