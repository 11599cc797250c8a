"""A mail server on loopback that answers as it is told, and keeps a log.

In a test, or in a program of its own:

>>> with SMTPServer(answers={"ben@example.org": Answer(reply="550 5.1.1 No such user")}) as server:
...     server.host
'127.0.0.1'

```
python -m mailkit.testing.server --port 0 --log server.jsonl --keep mail/ --answers answers.json
```

The log has one JSON line for each answer about a letter, written and flushed *before* the answer
leaves. So it is the truth about what a sender may have been told, also when either is killed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from random import Random
from types import TracebackType
from typing import IO, Any, Final, Literal, Self

import attrs

from mailkit.clock import Clock, SystemClock
from mailkit.testing.answers import Answer, Answers, Choice, Fault, fault_named
from mailkit.testing.conversation import Conversation
from mailkit.testing.serving import serve_until_told
from mailkit.testing.wire import Wire

__all__ = ["Answer", "SMTPServer"]

_MESSAGE_ID: Final = re.compile(rb"(?im)^message-id:\s*<?([^>\r\n]*)")


@attrs.frozen(kw_only=True)
class Received:
    """A letter that the server took.

    Attributes:
        sender: The return path.
        recipient: The recipient.
        content: The letter's bytes.
        options: The parameters of MAIL and RCPT, such as "BODY=8BITMIME".
    """

    sender: str
    recipient: str
    content: bytes
    options: tuple[str, ...] = ()


class SMTPServer:
    """A mail server in a thread of its own; a context manager.

    Args:
        answers: How it answers, by recipient; whoever is not named is accepted.
        host: Where it listens.
        port: On which port; 0 takes a free one.
        log: A file for the log's JSON lines: at, recipient, message_id, verdict, reply. One that
            is there already goes on, and who was refused in it has had that share of `Answer.times`.
        keep: A directory for the letters that were taken, one `.eml` file each, beside those in it.
        fault: What it does to every connection instead of speaking SMTP: "silent" never says
            anything, "garbage" is another protocol, "close" hangs up, "busy" answers 421.
        faults: Answers that are not for one recipient only: the first whose turn it is is given.
        rng: Chance, for `Answer.odds`; seeded by the machine if None.
        without: Extensions that it does not offer, such as "8BITMIME", "CHUNKING" or "STARTTLS".
        size_limit: The most bytes that it takes.
        login: The name and password that it wants, by PLAIN, LOGIN, CRAM-MD5 or XOAUTH2; none if None.
        tls_context: Offers STARTTLS with this certificate, and REQUIRETLS once it is in use.
        tls: "starttls", or "implicit" for TLS from the first byte.
        idle: After how many seconds without a command it closes a connection.
        letters_per_connection: After how many letters it answers 421 and closes; None for no limit.
        piece: Into pieces of how many bytes its answers are cut; 0 for answers in one piece.
        remembers: Whether letters are kept in `messages`.
        clock: What tells the log's time.

    Attributes:
        messages: The letters that were taken, in their order.
        connections: How many connections were made.

    >>> import smtplib
    >>> with SMTPServer() as server, smtplib.SMTP(server.host, server.port) as client:
    ...     refused = client.sendmail("shop@example.com", ["anna@example.org"], "Subject: Hello")
    >>> [received.recipient for received in server.messages]
    ['anna@example.org']
    """

    def __init__(
        self,
        *,
        answers: Answers | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        log: str | Path | None = None,
        keep: str | Path | None = None,
        fault: Fault | None = None,
        faults: Sequence[Answer] = (),
        rng: Random | None = None,
        without: tuple[str, ...] = (),
        size_limit: int = 33_554_432,
        login: tuple[str, str] | None = None,
        tls_context: ssl.SSLContext | None = None,
        tls: Literal["starttls", "implicit"] = "starttls",
        idle: float = 300.0,
        letters_per_connection: int | None = None,
        piece: int = 0,
        remembers: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.host: str = host
        self.port: int = port
        self.messages: list[Received] = []
        self.connections: int = 0
        self.without: tuple[str, ...] = without
        self.size_limit: int = size_limit
        self.login: tuple[str, str] | None = login
        self.tls_context: ssl.SSLContext | None = tls_context
        self.speaks_tls_at_once: bool = tls == "implicit"
        self.idle: float = idle
        self.letters_per_connection: int | None = letters_per_connection
        faults = (*faults, *([] if fault is None else [fault_named(fault)]))
        given = _refusals(Path(log)) if log else Counter()
        self.choice: Choice = Choice({} if answers is None else answers, faults, given, rng or Random())
        self.patience: float = min([idle, *(one.delay for one in faults if one.phase == "idle")])
        self._log: IO[str] | None = open(log, "a", encoding="utf-8") if log else None  # noqa: SIM115 - closed by `stop`
        self._keep, self._kept = Path(keep) if keep else None, 0
        self._clock = clock or SystemClock()
        self._piece, self._remembers = piece, remembers
        self._wires: set[Wire] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        started: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._in_thread(started)), daemon=True)
        self._thread.start()
        started.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    async def _in_thread(self, started: Future[None]) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.serve(self._stopping, lambda: started.set_result(None))
        except OSError as error:  # the port is taken: the caller's to know
            started.set_exception(error)

    @property
    def open_connections(self) -> int:
        """How many connections there are now."""
        return len(self._wires)

    @property
    def wants_login(self) -> bool:
        """Whether nobody may send without a login."""
        return self.login is not None

    async def serve(self, stopping: asyncio.Event, ready: Callable[[], object]) -> None:
        """Serve in the running loop until `stopping` is set; `ready` is called once it listens."""
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            self._kept = sum(1 for _ in self._keep.glob("*.eml"))
        context = self.tls_context if self.speaks_tls_at_once else None
        server = await asyncio.get_running_loop().create_server(
            self._wire, self.host, self.port, backlog=512, ssl=context
        )
        self.port = server.sockets[0].getsockname()[1]
        ready()
        try:
            await stopping.wait()
        finally:
            server.close()
            await asyncio.sleep(0)  # a connection that was just accepted comes to be known
            await self._hang_up()
            if self._log is not None:
                self._log.close()

    async def _hang_up(self) -> None:
        wires = tuple(self._wires)
        for wire in wires:
            wire.abort()
            wire.task.cancel()
        await asyncio.gather(*(wire.task for wire in wires), return_exceptions=True)
        while self._wires:
            await asyncio.sleep(0)

    def _wire(self) -> Wire:
        self.connections += 1
        wire = Wire(
            lambda wire: Conversation(self, wire).run(),
            self._wires.discard,
            idle=self.patience,
            piece=self._piece,
        )
        self._wires.add(wire)
        return wire

    def take(self, sender: str, recipient: str, content: bytes, options: tuple[str, ...] = ()) -> None:
        """Keep a letter that is accepted."""
        if self._remembers:
            self.messages.append(Received(sender=sender, recipient=recipient, content=content, options=options))
        if self._keep is not None:
            self._kept += 1
            (self._keep / f"{self._kept:06}.eml").write_bytes(content)

    def note(self, recipient: str, verdict: str, reply: str, content: bytes = b"") -> None:
        """Write a line of the log, and flush it."""
        if self._log is None:
            return
        head, _, _ = content.partition(b"\r\n\r\n")
        found = _MESSAGE_ID.search(head)
        message_id = found[1].decode("utf-8", "replace").strip() if found else ""
        line = {"at": self._clock.now().isoformat(), "recipient": recipient, "message_id": message_id}
        self._log.write(json.dumps({**line, "verdict": verdict, "reply": reply}) + "\n")
        self._log.flush()


def _refusals(log: Path) -> Counter[str]:
    """How often each recipient was refused, put off or hung up on in a log, if there is one."""
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    told = [json.loads(line) for line in lines if line.endswith("}")]  # the last may be torn
    return Counter(line["recipient"].casefold() for line in told if line["verdict"] != "accepted")


def _read(path: str | None, nothing: Any) -> Any:
    return nothing if path is None else json.loads(Path(path).read_text("utf-8"))


def main(arguments: list[str] | None = None) -> None:
    """Serve as a process of its own, until it is interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m mailkit.testing.server", description="A mail server for tests.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; it is printed")
    parser.add_argument("--log", help="write JSON lines here")
    parser.add_argument("--keep", help="keep accepted letters in this directory")
    parser.add_argument("--answers", help='a JSON file: {"ben@example.org": {"phase": "rcpt", "reply": "550 …"}}')
    parser.add_argument("--faults", help='a JSON file: [{"phase": "message", "drop": true, "odds": 0.01}]')
    parser.add_argument("--seed", type=int, help="the seed of chance")
    parser.add_argument("--without", nargs="*", default=(), help="extensions that are not offered")
    parser.add_argument("--letters-per-connection", type=int, help="then it answers 421")
    parser.add_argument("--login", nargs=2, metavar=("NAME", "PASSWORD"), help="whom it wants")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="files for STARTTLS")
    parser.add_argument("--piece", type=int, default=0, help="answers are cut into pieces of so many bytes")
    given = parser.parse_args(arguments)
    context = None
    if given.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*given.tls)
    server = SMTPServer(
        answers={recipient.casefold(): Answer(**told) for recipient, told in _read(given.answers, {}).items()},
        faults=[Answer(**told) for told in _read(given.faults, [])],
        rng=Random(given.seed),
        host=given.host,
        port=given.port,
        log=given.log,
        keep=given.keep,
        without=tuple(given.without),
        letters_per_connection=given.letters_per_connection,
        login=tuple(given.login) if given.login else None,
        tls_context=context,
        piece=given.piece,
        remembers=False,
    )

    serve_until_told(server)


if __name__ == "__main__":
    main(sys.argv[1:])
