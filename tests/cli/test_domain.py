"""`mailkit dns`: what it prints, and what its exit status says, with a real name server on this machine."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailkit.cli import main
from mailkit.dns import dkim
from mailkit.testing import DNSZone

READY: dict[str, dict[str, Any]] = {
    "example.com": {"TXT": ["v=spf1 include:_spf.google.com -all"], "MX": [[10, "mx.example.com"]]},
    "_spf.google.com": {"TXT": ["v=spf1 ip4:8.8.4.0/24 ~all"]},
    "mx.example.com": {"A": ["8.8.8.8"]},
    "news._domainkey.example.com": {"TXT": [dkim.generate("example.com", "news").published.text]},
    "_dmarc.example.com": {"TXT": ["v=DMARC1; p=reject; rua=mailto:d@example.com"]},
}


@pytest.fixture
def zone() -> Iterator[DNSZone]:
    with DNSZone(READY) as zone:
        yield zone


def run(zone: DNSZone, *more: str) -> int:
    where = ("--nameserver", zone.host, "--port", str(zone.port), "--no-fetch")
    return main(["dns", "example.com", *where, *more])


def test_a_ready_domain_gives_zero(zone: DNSZone, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(zone, "--selector", "news", "--sends-through", "google") == 0
    out = capsys.readouterr().out
    assert out.startswith("example.com: ready to send, 100 of 100 points\n")
    assert "  Gmail: as far as can be seen" in out


def test_a_domain_with_errors_gives_one_and_what_to_publish(capsys: pytest.CaptureFixture[str]) -> None:
    with DNSZone({"example.com": {"TXT": ["v=spf1 +all"]}}) as zone:
        assert run(zone) == 1
        assert "To publish:" in capsys.readouterr().out


def test_a_silent_name_server_is_told_by_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    silent = READY | {"_dmarc.example.com": {"TIMEOUT": True}}
    with DNSZone(silent) as zone:
        assert run(zone, "--selector", "news", "--deadline", "0.3") == 3
    assert "not everything was seen" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("spf-tree", "└─ include:_spf.google.com (Google Workspace): 1"),
        ("providers", "Gmail: as far as can be seen"),
        ("zone", ""),
        ("table", ""),
        ("terraform", ""),
        ("octodns", ""),
    ],
)
def test_parts_are_printed_by_themselves(
    zone: DNSZone, capsys: pytest.CaptureFixture[str], form: str, line: str
) -> None:
    assert run(zone, "--selector", "news", "--as", form) == 0
    assert line in capsys.readouterr().out


def test_what_has_changed_since_a_report_is_told(
    zone: DNSZone, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(zone, "--selector", "news", "--as", "json") == 0
    earlier = capsys.readouterr().out
    assert json.loads(earlier)["is_ready"]
    path = tmp_path / "report.json"
    path.write_text(earlier, encoding="utf-8")
    assert run(zone, "--selector", "news", "--before", str(path)) == 0
    assert capsys.readouterr().out == "example.com: nothing has changed\n"
    weaker = READY | {"_dmarc.example.com": {"TXT": ["v=DMARC1; p=none; rua=mailto:d@example.com"]}}
    with DNSZone(weaker) as other:
        assert run(other, "--selector", "news", "--before", str(path)) == 4
    assert "! dmarc policy changed: reject → none (error)" in capsys.readouterr().out


def test_a_letter_is_taken_from_a_file_or_from_standard_input(
    zone: DNSZone, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = b"From: shop@example.com\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"
    path = tmp_path / "letter.eml"
    path.write_bytes(letter)
    assert run(zone, "--selector", "news", "--sample", str(path)) == 1
    assert "it has no DKIM signature" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(letter)))
    assert run(zone, "--selector", "news", "--sample", "-") == 1
    assert "it has no DKIM signature" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sample", "none.eml"],
        ["--before", "none.json"],
        ["--sends-through", "gogle"],
        ["--blocklist", "spamcup"],
        ["--nameserver", "ns.example.com"],
        ["--deadline", "-1"],
        ["--deadline", "0"],
        ["--deadline", "nan"],
        ["--deadline", "1e400"],
        ["--deadline", "1e300"],
        ["--port", "0"],
        ["--port", "65536"],
    ],
)
def test_what_cannot_be_done_is_one_line(
    zone: DNSZone, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(zone, *arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("mailkit: ")
    assert len(told.splitlines()) == 1


def test_hints_name_options(capsys: pytest.CaptureFixture[str]) -> None:
    written = "v=spf1 include:sample=x -all"
    bare = {name: node for name, node in READY.items() if "_domainkey" not in name} | {
        "example.com": {"TXT": [written]}
    }
    with DNSZone(bare) as zone:
        run(zone)
        told = capsys.readouterr().out
        run(zone, "--as", "providers")
        told += capsys.readouterr().out
    for option in ("--selector, what stands", "--sample", "--sends-through"):
        assert option in told
    assert not any(name in told for name in ("sends_through=", "selectors="))
    assert written in told


def test_a_domain_that_sends_no_mail_is_not_ready_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    parked = {
        "example.com": {"TXT": ["v=spf1 -all"], "MX": [[0, "."]]},
        "_dmarc.example.com": {"TXT": ["v=DMARC1; p=reject"]},
    }
    with DNSZone(parked) as zone:
        assert run(zone) == 1
    assert capsys.readouterr().out.startswith("example.com: sends no mail, 100 of 100 points\n")


@pytest.mark.parametrize("name", ["mx.example.com", "_spf.google.com"])
def test_what_is_silent_and_needed_is_told_by_the_status(name: str) -> None:
    with DNSZone(READY | {name: {"TIMEOUT": True}}) as zone:
        assert run(zone, "--selector", "news", "--deadline", "0.5") == 3
