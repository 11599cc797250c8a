"""Dry runs: letters are written to files, and nothing leaves this machine. I/O."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final

import attrs

from mailkit.clock import Clock, SystemClock
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue, TransportError
from mailkit.send.lines import crlf, message_id
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.transport import Accepted, Commit, Delivery, Refused, Withdrawn

__all__ = ["FileTransport", "MboxTransport"]

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@+=_.-]|\.(?![A-Za-z0-9])")
_LONGEST_PART: Final = 80
_FROM_LINE: Final = re.compile(rb"^(>*From )", re.MULTILINE)


def _path(value: str | Path) -> Path:
    if not isinstance(value, str | os.PathLike):
        raise InvalidValue("path", value, "is not a path")
    return Path(value)


@attrs.frozen(eq=False)
class FileTransport:
    """Writes each letter into a folder as an `.eml` file, which mail programs open; sends nothing.

    A file is named after its recipient and Message-ID, so a letter that is written again replaces
    itself. It holds the lines as they would be sent, and is either there as a whole or not at all.

    Attributes:
        folder: Where the files go; made if it is not there.

    >>> import asyncio, tempfile
    >>> anna = Envelope(sender="shop@example.com", recipient="anna@example.org")
    >>> async def commit():
    ...     return True
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sending = FileTransport(folder).deliver(anna, b"Message-ID: <1@example.com>\\n\\nHello", commit=commit)
    ...     print(asyncio.run(sending).reply)
    250 2.0.0 Written to anna@example.org.1@example.com.eml
    """

    folder: Path = attrs.field(converter=_path)

    @property
    def capacity(self) -> int:
        """How many files are written at once."""
        return 4

    async def open(self) -> None:
        """Make the folder.

        Raises:
            TransportError: It cannot be made or written to.
        """
        with _told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass

    async def close(self) -> None:
        """Nothing needs to be let go of."""

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Write the letter to its file."""
        name = f"{_part(str(envelope.recipient.address))}.{_part(message_id(raw))}.eml"
        return await _written(commit, lambda: _replace(self.folder / name, crlf(raw)), name)


@attrs.frozen(eq=False)
class MboxTransport:
    """Appends each letter to one mbox file (RFC 4155), which mail programs and `mailbox.mbox` open; sends nothing.

    Lines that begin with "From " get a ">" before it, and those with ">From " one more ("mboxrd"), so
    that they can be had back exactly. Several processes may write to one file.

    Attributes:
        path: The file; made if it is not there.
        clock: What tells the time for the lines between letters.

    >>> import asyncio, contextlib, mailbox, tempfile
    >>> anna = Envelope(sender="shop@example.com", recipient="anna@example.org")
    >>> async def commit():
    ...     return True
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/dry-run.mbox"
    ...     sending = MboxTransport(path).deliver(anna, b"Subject: Hello\\n\\nFrom here on", commit=commit)
    ...     print(asyncio.run(sending).reply)
    ...     with contextlib.closing(mailbox.mbox(path)) as box:
    ...         print([message["Subject"] for message in box])
    250 2.0.0 Written to dry-run.mbox
    ['Hello']
    """

    path: Path = attrs.field(converter=_path)
    clock: Clock = attrs.field(factory=SystemClock, kw_only=True)
    _lock: Lock = attrs.field(init=False, factory=Lock, repr=False)

    @property
    def capacity(self) -> int:
        """One: letters come one after another."""
        return 1

    async def open(self) -> None:
        """Make the file.

        Raises:
            TransportError: It cannot be made or written to.
        """
        with _told(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab"):
                pass

    async def close(self) -> None:
        """Nothing needs to be let go of."""

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Append the letter to the file."""
        author = str(envelope.return_path or "MAILER-DAEMON").replace(" ", "_")
        at = self.clock.now().strftime("%a %b %d %H:%M:%S %Y")
        text = _FROM_LINE.sub(rb">\1", crlf(raw).replace(b"\r\n", b"\n"))
        entry = f"From {author} {at}\n".encode() + text + b"\n"
        return await _written(commit, lambda: self._append(entry), self.path.name)

    def _append(self, entry: bytes) -> None:
        """Append all of it or nothing."""
        with self._lock, self.path.open("ab") as file, _alone(file.fileno()):
            end = file.seek(0, os.SEEK_END)
            try:
                file.write(entry)
                file.flush()
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(self.path, end)
                raise


async def _written(commit: Commit, write: Callable[[], None], name: str) -> Delivery:
    """Ask, write in a thread, and answer as a server would."""
    if not await commit():
        return Withdrawn()
    try:
        await asyncio.to_thread(write)
    except OSError as error:
        full = Reply.parse(f"452 4.3.1 could not be written to {name}: {error.strerror or error}")
        return Refused(reply=full, phase=Phase.MESSAGE)
    return Accepted(reply=Reply.parse(f"250 2.0.0 Written to {name}"))


def _replace(path: Path, data: bytes) -> None:
    """Write a file under another name, and give it its own when it is whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"cannot be written to: {error.strerror or error}"
        raise TransportError(str(path), Phase.CONNECT, reason) from error


@contextlib.contextmanager
def _alone(handle: int) -> Iterator[None]:
    """Keep other processes out, where the system can."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        yield
        return
    fcntl.lockf(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(handle, fcntl.LOCK_UN)


def _part(text: str) -> str:
    """A text as part of a file's name; what was changed is told apart by a few digits."""
    safe = _UNSAFE.sub("_", text)[:_LONGEST_PART].rstrip(".")
    return safe if safe == text else f"{safe}~{sha256(text.encode()).hexdigest()[:8]}"
