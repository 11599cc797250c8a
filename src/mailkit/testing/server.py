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
import logging
import signal
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from email.parser import BytesHeaderParser
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import attrs

from mailkit.clock import Clock, SystemClock
from mailkit.extras import load
from mailkit.testing.conversation import Answer, Fault, Faulty, Handler, told

__all__ = ["Answer", "SMTPServer"]

_AIOSMTPD: Final = logging.getLogger("mail.log")


Answers = Mapping[str, Answer] | Callable[[str], Answer | None]
"""The answer for a recipient, in small letters; whoever has none is accepted."""


@attrs.frozen(kw_only=True)
class Received:
    """A letter that the server took.

    Attributes:
        sender: The return path.
        recipient: The recipient.
        content: The letter's bytes.
    """

    sender: str
    recipient: str
    content: bytes


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
        without: Extensions that it does not offer, such as "8BITMIME".
        size_limit: The most bytes that it takes.
        login: The name and password that it wants; none if None.
        tls_context: Offers STARTTLS with this certificate.
        idle: After how many seconds without a command it closes a connection.
        letters_per_connection: After how many letters it answers 421 and closes; None for no limit.
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
        without: tuple[str, ...] = (),
        size_limit: int = 33_554_432,
        login: tuple[str, str] | None = None,
        tls_context: ssl.SSLContext | None = None,
        idle: float = 300.0,
        letters_per_connection: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        load("aiosmtpd", extra="testing", purpose="the test servers")
        if not _AIOSMTPD.handlers:  # without one, its warnings of odd clients go to the console
            _AIOSMTPD.addHandler(logging.NullHandler())
        self.host: str = host
        self.port: int = port
        self.messages: list[Received] = []
        self.connections: int = 0
        self._answers: Answers = {} if answers is None else answers
        self.without: tuple[str, ...] = without
        self.wants_login: bool = login is not None
        self._fault, self._login = fault, login
        self._options: dict[str, Any] = {"data_size_limit": size_limit, "tls_context": tls_context, "timeout": idle}
        self._given: Counter[str] = _refusals(Path(log)) if log else Counter()
        self._log: IO[str] | None = open(log, "a", encoding="utf-8") if log else None  # noqa: SIM115 - closed by `stop`
        self._keep = Path(keep) if keep else None
        self._kept = 0
        self._clock = clock or SystemClock()
        self.letters_per_connection = letters_per_connection
        self._transports: set[asyncio.Transport] = set()
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
        return len(self._transports)

    async def serve(self, stopping: asyncio.Event, ready: Callable[[], object]) -> None:
        """Serve in the running loop until `stopping` is set; `ready` is called once it listens."""
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            self._kept = sum(1 for _ in self._keep.glob("*.eml"))
        server = await asyncio.get_running_loop().create_server(self._protocol, self.host, self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        ready()
        try:
            await stopping.wait()
        finally:
            server.close()
            await asyncio.sleep(0)  # a connection that was just accepted comes to be known
            for transport in tuple(self._transports):
                transport.abort()
            while self._transports:
                await asyncio.sleep(0)
            if self._log is not None:
                self._log.close()

    def _protocol(self) -> asyncio.BaseProtocol:
        self.connections += 1
        if self._fault is not None:
            return Faulty(self._fault, self._transports)
        from aiosmtpd.smtp import SMTP as Protocol

        options = dict(self._options)
        if self.wants_login:
            options |= {"authenticator": self._authenticate, "auth_require_tls": False}
        protocol: asyncio.BaseProtocol = told(Protocol, self._transports)(
            Handler(self), enable_SMTPUTF8="SMTPUTF8" not in self.without, hostname="mail.example.com", **options
        )
        return protocol

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        said = (getattr(data, "login", b"").decode(), getattr(data, "password", b"").decode())
        return AuthResult(success=said == self._login, handled=False)

    def answer(self, recipient: str, phase: str) -> Answer | None:
        """The answer to give now, if it is not to go on as usual; counts it as given."""
        key = recipient.casefold()
        answer = self._answers(key) if callable(self._answers) else self._answers.get(key)
        if answer is None or answer.phase != phase:
            return None
        if answer.times is not None:
            if self._given[key] >= answer.times:
                return None
            self._given[key] += 1
        return answer

    def take(self, sender: str, recipient: str, content: bytes) -> None:
        """Keep a letter that is accepted."""
        self.messages.append(Received(sender=sender, recipient=recipient, content=content))
        if self._keep is not None:
            self._kept += 1
            (self._keep / f"{self._kept:06}.eml").write_bytes(content)

    def note(self, recipient: str, verdict: str, reply: str, content: bytes = b"") -> None:
        """Write a line of the log, and flush it."""
        if self._log is None:
            return
        message_id = ""
        if content:
            message_id = str(BytesHeaderParser().parsebytes(content).get("Message-ID", "")).strip().strip("<>")
        line = {"at": self._clock.now().isoformat(), "recipient": recipient, "message_id": message_id}
        self._log.write(json.dumps({**line, "verdict": verdict, "reply": reply}) + "\n")
        self._log.flush()


def _refusals(log: Path) -> Counter[str]:
    """How often each recipient was refused, put off or hung up on in a log, if there is one."""
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    told = [json.loads(line) for line in lines if line.endswith("}")]  # the last may be torn
    return Counter(line["recipient"].casefold() for line in told if line["verdict"] != "accepted")


def main(arguments: list[str] | None = None) -> None:
    """Serve as a process of its own, until it is interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m mailkit.testing.server", description="A mail server for tests.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; it is printed")
    parser.add_argument("--log", help="write JSON lines here")
    parser.add_argument("--keep", help="keep accepted letters in this directory")
    parser.add_argument("--answers", help='a JSON file: {"ben@example.org": {"phase": "rcpt", "reply": "550 …"}}')
    given = parser.parse_args(arguments)
    text = Path(given.answers).read_text("utf-8") if given.answers else "{}"
    answers = {recipient.casefold(): Answer(**told) for recipient, told in json.loads(text).items()}
    server = SMTPServer(answers=answers, host=given.host, port=given.port, log=given.log, keep=given.keep)

    async def serve() -> None:
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        await server.serve(stopping, lambda: print(server.port, flush=True))  # noqa: T201 - it is what callers read

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1:])
