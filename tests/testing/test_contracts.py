"""Transports keep their contract, and one that breaks it is found out."""

from __future__ import annotations

import asyncio
import mailbox
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mailkit.envelope import Envelope
from mailkit.send import Phase, Reply, SMTPTransport
from mailkit.send.files import FileTransport, MboxTransport
from mailkit.send.transport import Accepted, Commit, Delivery, Lost, Refused, Withdrawn
from mailkit.testing import Answer, MemoryTransport, SMTPServer
from mailkit.testing.contracts import check_transport

ANSWERS = {
    "gone@example.org": Answer(reply="550 5.1.1 No such user"),
    "later@example.org": Answer(reply="451 4.7.1 Greylisted"),
    "cut@example.org": Answer(phase="message", drop=True),
}


@pytest.mark.parametrize("without", [(), ("PIPELINING",), ("CHUNKING",), ("PIPELINING", "CHUNKING", "8BITMIME")])
def test_smtp_keeps_it(without: tuple[str, ...]) -> None:
    with SMTPServer(answers=ANSWERS, without=without) as server:
        check_transport(
            lambda: SMTPTransport(server.host, server.port, tls="none", connections=3),
            arrived=lambda: [received.content for received in server.messages],
            refused="gone@example.org",
            deferred="later@example.org",
            lost="cut@example.org",
        )


def test_a_folder_keeps_it(tmp_path: Path) -> None:
    def arrived() -> list[bytes]:
        return [path.read_bytes() for path in tmp_path.glob("*.eml")]

    check_transport(lambda: FileTransport(tmp_path), arrived=arrived)


def test_an_mbox_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "dry.mbox"

    def arrived() -> list[bytes]:
        with closing(mailbox.mbox(path)) as box:
            return [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 - a mailbox goes through its messages

    check_transport(lambda: MboxTransport(path), arrived=arrived)


def test_memory_keeps_it() -> None:
    lost = Lost(phase=Phase.MESSAGE, server="x:25", reason="cut")
    answers: Any = {"gone@example.org": "550 5.1.1 No", "later@example.org": "451 4.7.1 Wait", "cut@example.org": lost}
    transport = MemoryTransport(answers)
    kept = lambda: [raw for _, raw in transport.messages]  # noqa: E731
    check_transport(lambda: transport, arrived=kept, refused="gone@example.org", deferred="later@example.org")


class Broken:
    """A transport that does what it is told, in the one way in which it is wrong."""

    def __init__(self, wrong: str) -> None:
        self.wrong, self.letters = wrong, list[bytes]()
        self.capacity = 0 if wrong == "capacity" else 2
        self.loop: asyncio.AbstractEventLoop | None = None
        self.is_stuck = False

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        if self.wrong == "one loop":
            self.is_stuck = self.loop not in (None, loop)
        self.loop = loop

    async def close(self) -> None:
        self.is_stuck = self.is_stuck or self.wrong == "close"

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        no = Refused(reply=Reply.parse("451 4.3.0 stuck"), phase=Phase.RCPT)
        recipient = str(envelope.recipient.address)
        if self.wrong == "early":
            self.letters.append(raw)
        if self.wrong == "unasked":
            self.letters.append(raw)
            return Accepted(reply=Reply.parse("250 Ok"))
        if recipient.startswith("gone"):
            permanent = Refused(reply=Reply.parse("550 5.1.1 No"), phase=Phase.RCPT)
            return no if self.wrong == "class" else permanent if self.wrong != "refusal" else Withdrawn()
        try:
            asked = await commit()
        except LookupError:
            if self.wrong == "error":
                return no
            self.is_stuck = self.wrong == "stuck"
            raise
        except asyncio.CancelledError:
            self.letters += [raw] * (self.wrong == "cancelled")
            raise
        if self.wrong == "twice asked":
            await commit()
        if not asked and self.wrong != "no":
            return Withdrawn()
        if recipient.startswith("cut"):
            return Lost(phase=Phase.DATA if self.wrong == "phase" else Phase.MESSAGE, server="x", reason="cut")
        if self.is_stuck:
            return no
        if self.wrong != "early":
            self.letters.extend([raw] * (2 if self.wrong == "twice" and recipient.startswith("n1@") else 1))
        return Accepted(reply=Reply.parse("250 Ok"))


def check(wrong: str) -> None:
    letters: list[bytes] = []

    def make() -> Any:
        broken = Broken(wrong)
        broken.letters = letters
        return broken

    check_transport(make, arrived=lambda: letters, refused="gone@example.org", lost="cut@example.org")


def test_what_is_right_passes() -> None:
    check("")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("capacity", "capacity is 1 or more"),
        ("early", "nothing arrives before commit"),
        ("unasked", "commit is called once"),
        ("twice asked", "commit is called once"),
        ("no", "is Withdrawn"),
        ("error", "what commit raises is raised"),
        ("stuck", "it delivers after commit has raised"),
        ("cancelled", "before commit answered does not arrive"),
        ("twice", "each of many letters arrives once"),
        ("close", "comes to its end"),
        ("one loop", "in another event loop"),
        ("class", "for good has such a reply"),
        ("refusal", "a refusal is Refused"),
        ("phase", "Lost in the phase of the message"),
    ],
)
def test_what_is_wrong_is_said(wrong: str, text: str) -> None:
    with pytest.raises(AssertionError, match=text):
        check(wrong)


def test_something_else_is_no_transport() -> None:
    make: Callable[[], Any] = object
    with pytest.raises(AssertionError, match="it has capacity, open, close and deliver"):
        check_transport(make, arrived=list)
