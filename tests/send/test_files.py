"""A dry run writes letters as they would be sent, and they can be had back."""

from __future__ import annotations

import asyncio
import mailbox
import multiprocessing
import os
import re
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue, TransportError
from mailkit.send.files import FileTransport, MboxTransport
from mailkit.send.transport import Accepted, Delivery, Refused
from mailkit.testing import FakeClock

RAW = b"From: shop@example.com\nMessage-ID: <1.june@example.com>\n\nFrom here\n>From there\n.\nHello"


def envelope(recipient: str = "anna@example.org", **options: Any) -> Envelope:
    return Envelope(sender="shop@example.com", recipient=recipient, **options)


async def yes() -> bool:
    return True


def deliver(transport: Any, raw: bytes = RAW, **options: Any) -> Delivery:
    async def once() -> Delivery:
        await transport.open()
        delivery: Delivery = await transport.deliver(envelope(**options), raw, commit=yes)
        await transport.close()
        return delivery

    return asyncio.run(once())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_holds_the_lines_as_they_would_be_sent(tmp_path: Path) -> None:
    deliver(FileTransport(tmp_path / "new" / "folder"))
    (path,) = (tmp_path / "new" / "folder").iterdir()
    assert path.read_bytes() == RAW.replace(b"\n", b"\r\n") + b"\r\n"
    assert message_from_bytes(path.read_bytes())["Message-ID"] == "<1.june@example.com>"


def test_a_letter_that_is_written_again_replaces_itself(tmp_path: Path) -> None:
    for _ in range(2):
        assert isinstance(deliver(FileTransport(tmp_path)), Accepted)
    assert names(tmp_path) == ["anna@example.org.1.june@example.com.eml"]


@pytest.mark.parametrize(
    ("recipient", "message_id"),
    [
        ('"../../up"@example.org', b"<1@example.com>"),
        ("a/b@example.org", b"<../../etc/passwd@example.com>"),
        ("anna@example.org", b"<" + b"x" * 300 + b"@example.com>"),
        ("жанна@example.org", b"\r\n <1\\2:3|4@example.com>"),
        ("anna@example.org", b"no id"),
        ("anna@example.org", b"<.@..>"),
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, recipient: str, message_id: bytes) -> None:
    folder = tmp_path / "out"
    assert isinstance(
        deliver(FileTransport(folder), b"Message-ID: " + message_id + b"\r\n\r\n", recipient=recipient), Accepted
    )
    assert names(tmp_path) == ["out"]
    (name,) = names(folder)
    assert re.fullmatch(r"[A-Za-z0-9@+=_.~-]{1,220}\.eml", name)
    assert ".." not in name


def test_names_that_were_made_alike_stay_apart(tmp_path: Path) -> None:
    for recipient in ("a/b@example.org", "a!b@example.org", "a_b@example.org"):
        deliver(FileTransport(tmp_path), recipient=recipient)
    assert len(names(tmp_path)) == 3


def test_a_message_id_in_the_body_is_none(tmp_path: Path) -> None:
    deliver(FileTransport(tmp_path), b"Subject: a\n\nMessage-ID: <fake@example.com>\n")
    assert "fake" not in names(tmp_path)[0]


def test_a_folder_that_cannot_be_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for transport in (
        FileTransport(tmp_path / "file"),
        MboxTransport(tmp_path / "file" / "mbox"),
        MboxTransport(tmp_path),
    ):
        with pytest.raises(TransportError, match="cannot be written to"):
            asyncio.run(transport.open())


def test_a_failure_to_write_is_a_refusal_for_now_and_leaves_nothing(tmp_path: Path) -> None:
    async def once(transport: Any) -> Delivery:
        delivery: Delivery = await transport.deliver(envelope(), RAW, commit=yes)
        return delivery

    (tmp_path / "anna@example.org.1.june@example.com.eml").mkdir()
    for transport in (FileTransport(tmp_path / "gone"), FileTransport(tmp_path), MboxTransport(tmp_path)):
        delivery = asyncio.run(once(transport))
        assert isinstance(delivery, Refused)
        assert delivery.reply.code == 452
    assert len(names(tmp_path)) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is full")
def test_a_full_disk_is_a_refusal_for_now() -> None:
    delivery = deliver(MboxTransport("/dev/full"))
    assert isinstance(delivery, Refused)
    assert "No space" in delivery.reply.text


@pytest.mark.parametrize("given", [None, 3, b"x"])
def test_what_is_no_path_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValue, match="is not a path"):
        FileTransport(given)


def back(path: Path) -> list[bytes]:
    """The letters of an mbox, without what was put before their lines."""
    with closing(mailbox.mbox(path)) as box:
        raws = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 - a mailbox goes through its messages
    return [re.sub(rb"^>(>*From )", rb"\1", raw, flags=re.MULTILINE) for raw in raws]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.sampled_from([b"From x", b">From y", b">>From", b"", b"Hello", b"."]), max_size=5), max_size=4)
)
def test_letters_come_back_from_an_mbox(tmp_path_factory: pytest.TempPathFactory, letters: list[list[bytes]]) -> None:
    path = tmp_path_factory.mktemp("mbox") / "dry.mbox"
    raws = [b"Subject: Hello\n\n" + b"\n".join(lines) + b"\n" for lines in letters]
    for raw in raws:
        deliver(MboxTransport(path), raw)
    assert (back(path) if raws else []) == raws


def test_a_line_tells_who_and_when(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 3, 1, 9, 5, tzinfo=UTC))
    for return_path in ("bounce@example.com", None):
        deliver(MboxTransport(tmp_path / "a", clock=clock), return_path=return_path)
    lines = re.findall(rb"^From .*$", (tmp_path / "a").read_bytes(), re.MULTILINE)
    assert lines == [
        b"From bounce@example.com Sun Mar 01 09:05:00 2026",
        b"From MAILER-DAEMON Sun Mar 01 09:05:00 2026",
    ]


def append_many(path: str, mark: str) -> None:
    for number in range(30):
        deliver(MboxTransport(path), f"Subject: {mark}{number}\n\n{mark * 5000}\n".encode())


@pytest.mark.slow
def test_processes_share_an_mbox(tmp_path: Path) -> None:
    path = tmp_path / "shared.mbox"
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=append_many, args=(str(path), mark)) for mark in "ab"]
    for process in others:
        process.start()
    for process in others:
        process.join()
    assert sorted(len(set(raw.partition(b"\n\n")[2])) for raw in back(path)) == [2] * 60
