"""The preview page's server: what it gives, to whom, and that it ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest

from mailkit.cli.loading import LetterFile
from mailkit.cli.server import page, serve
from mailkit.cli.workshop import Workshop
from mailkit.errors import InvalidValue

SOURCE = "<title>For {{ name }}</title><body><p>Hello, {{ name }}!</p><script>alert(1)</script>"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    path = tmp_path / "letter.html"
    path.write_text(SOURCE)
    people = tmp_path / "people.json"
    people.write_text('[{"name": "Anna"}]')
    workshop = Workshop(LetterFile(path, records=people))
    workshop.look()
    return workshop


class Client:
    """Asks an application as a browser on this machine does."""

    def __init__(self, workshop: Workshop) -> None:
        ends = iter([False, False])
        self._transport = httpx.ASGITransport(page(workshop, is_over=lambda: next(ends, True), on_start=list))

    def get(self, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1") as client:
                return await client.get(path, **more)

        return asyncio.run(ask())


@pytest.fixture
def client(workshop: Workshop) -> Client:
    return Client(workshop)


def test_the_page_loads_nothing_from_elsewhere(client: Client) -> None:
    index = client.get("/")
    assert "default-src 'none'" in index.headers["Content-Security-Policy"]
    assert "http" not in re.sub(r"<!--.*?-->", "", index.text)
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        assert client.get(f"/{name}").headers["Content-Type"].startswith(kind)
    assert client.get("/../server.py").status_code == 404
    assert client.get("/index.html").status_code == 404


def test_a_letter_is_shown_and_may_run_nothing(client: Client) -> None:
    shown = client.get("/letter", params={"client": "desktop", "record": "0"})
    assert "Hello, Anna!" in shown.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "script-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "frame-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "Hello, {{ name }}!" in client.get("/letter?client=text").text
    assert "Hello, {{ name }}!" in client.get("/letter?client=text&record=x").text


def test_what_there_is_not_is_said(client: Client, tmp_path: Path) -> None:
    assert client.get("/letter?client=pigeon").status_code == 404
    empty = Client(Workshop(LetterFile(tmp_path / "none.html")))
    assert empty.get("/letter?client=dark").status_code == 404
    assert empty.get("/state").json()["shown"] is None


def test_only_this_machine_is_answered(client: Client) -> None:
    assert client.get("/state?record=0").json()["shown"]["subject"] == "For Anna"
    assert client.get("/state", headers={"Host": "rebound.example"}).status_code == 400


def test_changes_are_told_until_the_end(client: Client) -> None:
    told = client.get("/changes")
    assert told.headers["Content-Type"].startswith("text/event-stream")
    assert told.text == "data: 1\n\n"


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(InvalidValue, match=r"--port: .* choose another"),
    ):
        serve(LetterFile(tmp_path / "x.html"), port=taken.getsockname()[1])


# A program that is started in the background inherits that interrupts are ignored.
_FROM_A_TERMINAL = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("mailkit", run_name="__main__")
"""


def _unmeasured() -> dict[str, str]:
    # At its end a measured process writes thousands of rows, and gives a busy thread its turn after each of them.
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("is_followed", [False, True])
def test_an_interrupt_ends_the_real_server_at_once_even_while_a_letter_hangs(tmp_path: Path, is_followed: bool) -> None:
    path = tmp_path / "letter.py"
    path.write_text("while True: pass")
    process = subprocess.Popen(
        [sys.executable, "-c", _FROM_A_TERMINAL, "preview", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_unmeasured() | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout
    address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert address
    changes = urllib.request.urlopen(address.group() + "changes", timeout=10) if is_followed else None
    if changes:
        assert changes.readline() == b"data: 0\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    if changes:
        changes.close()
    assert (process.returncode, errors) == (0, "")
