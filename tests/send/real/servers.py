"""Mail servers that others wrote, started on loopback for tests and benchmarks, and surely stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
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

    def prepare(self) -> None:
        """Write what it needs into its folder, which is open to the users that servers become."""

    def __enter__(self) -> Self:
        self._home = TemporaryDirectory(prefix="mailkit-server-", ignore_cleanup_errors=True)
        self._folder = Path(self._home.name)
        self._folder.chmod(0o755)
        try:
            self.prepare()
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=self.environment(),
            )
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
        process, self._process = self._process, None
        for number in (15, 9) if process is not None else ():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
        self._home.cleanup()

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

    def environment(self) -> dict[str, str] | None:
        """Its environment, if it is not ours."""
        return None

    def said(self) -> str:
        """What it wrote in its log, for the message of an error."""
        return ""

    def accepted(self) -> list[tuple[str, str]]:
        """The recipient and Message-ID of each letter it took, as far as its log has come."""
        return []

    def settled(self, wanted: Collection[tuple[str, str]] = ()) -> list[tuple[str, str]]:
        """What it took, once its log has what is wanted and has grown no more for a while; logs may come late."""
        end, before, since = time.monotonic() + _PATIENCE, -1, 0.0
        while time.monotonic() < end:
            taken = self.accepted()
            if len(taken) != before:
                before, since = len(taken), time.monotonic()
            elif set(wanted) <= set(taken) and time.monotonic() > since + 0.3:
                return taken
            time.sleep(0.02)
        return self.accepted()


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
