from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from typing import Any

import pytest

from mailkit.dns import tls
from mailkit.dns.drive import Helpers, run_sync
from mailkit.dns.errands import Greet, Greeted
from mailkit.dns.greeter import SMTPGreeter
from mailkit.dns.lookup import Malformed, ServerFailure, TimedOut
from mailkit.dns.lookup import greet as ask_greeting
from mailkit.errors import InvalidValue
from mailkit.testing import SMTPServer

HOST = "mx.example.com"


def greet(port: int, authority: Any, **settings: Any) -> Any:
    greeter = SMTPGreeter(
        **{
            "allow_private": True,
            "ca_file": str(authority.file),
            "routes": {HOST: ("127.0.0.1", port)},
            "timeout": timedelta(seconds=5),
            **settings,
        }
    )
    return asyncio.run(greeter.greet(Greet(HOST)))


def saying(*lines: bytes, context: ssl.SSLContext | None = None) -> Any:
    """Says the first line, and one more for each line it hears."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, line in enumerate(lines):
            if number:
                await reader.readuntil(b"\n")
            writer.write(line)
            await writer.drain()
        await reader.read()

    return converse


def test_a_server_with_a_trusted_certificate_is_told_as_such(authority: Any) -> None:
    with SMTPServer(tls_context=authority.context(HOST)) as server:
        found = greet(server.port, authority)
        assert server.connections == 1
    assert found.offers_starttls
    assert found.is_trusted
    assert found.tls_version == "TLSv1.3"
    assert found.banner.startswith("220 mail.example.com")
    assert found.chain[0] == found.certificate
    assert len(found.chain) == 2
    assert not found.reason
    assert not server.messages


@pytest.mark.parametrize(
    ("names", "days", "reason"), [(["other.example.com"], (-1, 1), "mismatch"), ([HOST], (-3, -1), "expired")]
)
def test_a_certificate_that_is_not_trusted_is_brought_with_the_reason(
    authority: Any, names: list[str], days: tuple[int, int], reason: str
) -> None:
    with SMTPServer(tls_context=authority.context(*names, days=days)) as server:
        found = greet(server.port, authority)
        assert server.connections == 2
    assert found.is_trusted is False
    assert found.certificate
    assert reason in found.reason


def test_a_server_without_starttls_is_told_as_such(authority: Any) -> None:
    with SMTPServer() as server:
        found = greet(server.port, authority)
    assert (found.offers_starttls, found.tls_version, found.is_trusted) == (False, "", None)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            [b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 not now\r\n", b"221 bye\r\n"],
            "STARTTLS: the server answers",
        ),
        ([b"220 x\r\n", b"250-x\r\n250 StartTLS\r\n", b"220 go\r\nnonsense that is no TLS at all\r\n"], "TLS: "),
    ],
)
def test_starttls_that_is_offered_and_fails_is_told(
    serving: Any, authority: Any, lines: list[bytes], reason: str
) -> None:
    with serving(None, saying(*lines)) as port:
        found = greet(port, authority, timeout=timedelta(seconds=1))
    assert isinstance(found, Greeted), found
    assert found.offers_starttls
    assert not found.tls_version
    assert found.reason.startswith(reason)


def test_a_server_that_only_knows_helo_is_greeted(serving: Any, authority: Any) -> None:
    with serving(None, saying(b"220-a\r\n220 b\r\n", b"502 what?\r\n", b"250 hello\r\n", b"oops\r\n")) as port:
        found = greet(port, authority)
    assert isinstance(found, Greeted)
    assert not found.offers_starttls


@pytest.mark.parametrize(
    ("lines", "kind", "reason"),
    [
        ([b"HTTP/1.1 400 Bad Request\r\n"], Malformed, "does not speak SMTP"),
        ([b"554 go away\r\n"], Malformed, "554 go away"),
        ([b"220-x\r\n" * 200], Malformed, "does not end"),
        ([b"x" * 100000], Malformed, "line is too long"),
        ([b"220 x\r\n", b"502 no\r\n", b"502 no\r\n"], Malformed, "502 no"),
        ([b"\xff\xfe\r\n"], Malformed, "does not speak SMTP"),
    ],
)
def test_what_does_not_speak_smtp_is_malformed(
    serving: Any, authority: Any, lines: list[bytes], kind: type, reason: str
) -> None:
    with serving(None, saying(*lines)) as port:
        found = greet(port, authority)
    assert isinstance(found, kind), found
    assert reason in found.reason


def test_hanging_up_silence_and_nobody_are_told_apart(serving: Any, authority: Any) -> None:
    with SMTPServer(fault="close") as server:
        assert isinstance(greet(server.port, authority), ServerFailure)
    with SMTPServer(fault="silent") as server:
        assert greet(server.port, authority, timeout=timedelta(seconds=0.3)) == TimedOut()
    assert "not reachable" in greet(server.port, authority).reason


def test_ones_own_network_is_not_reached(authority: Any) -> None:
    with SMTPServer() as server:
        found = greet(server.port, authority, allow_private=False)
        assert server.connections == 0
    assert isinstance(found, Malformed)
    for host in ("a\x00b", "a b", "", "é.example"):
        assert isinstance(asyncio.run(SMTPGreeter().greet(Greet(host))), Malformed)


@pytest.mark.parametrize("name", ["", "a b", "a\r\nRSET", 5])
def test_a_name_that_would_be_more_than_one_word_is_refused(name: Any) -> None:
    with pytest.raises(InvalidValue, match="name of a machine"):
        SMTPGreeter(name=name)


def test_dane_is_compared_with_the_certificate_that_the_server_shows(authority: Any) -> None:
    with SMTPServer(tls_context=authority.context(HOST)) as server:
        greeter = SMTPGreeter(
            allow_private=True, ca_file=str(authority.file), routes={HOST: ("127.0.0.1", server.port)}
        )
        helpers = Helpers(greeter=greeter)
        first = run_sync(tls.find_servers("example.com", [HOST], greets=True), resolver={}, helpers=helpers)
        greeted = first.servers[0].greeted
        assert isinstance(greeted, Greeted)
        record = tls.tlsa_record(HOST, greeted.certificate)
        for text, codes in ((record.text, []), ("3 1 1 " + "00" * 32, ["dns.dane-mismatch"])):
            zone = {(record.name, "TLSA"): [text]}
            found = run_sync(tls.find_servers("example.com", [HOST], greets=True), resolver=zone, helpers=helpers)
            assert [finding.code for finding in tls.lint_servers(found)] == codes


def test_a_failure_of_a_mail_server_is_not_told_as_one_of_a_name_server() -> None:
    greeter = SMTPGreeter(allow_private=True, routes={"mx.example.com": ("127.0.0.1", 1)})
    server = Greet("mx.example.com")
    for found in (
        asyncio.run(greeter.greet(server)),
        run_sync(ask_greeting(server), resolver={}, helpers=Helpers(greeter=greeter)),
    ):
        assert str(found).startswith("the mail server failed (not reachable: ")
