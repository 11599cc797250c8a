from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from mailkit.dns.drive import Helpers, run_sync
from mailkit.dns.errands import Fetch, Fetched
from mailkit.dns.fetcher import HttpsFetcher
from mailkit.dns.lookup import Malformed, ServerFailure, TimedOut, fetch
from mailkit.errors import InvalidValue

HOST = "mta-sts.example.com"
SOON = timedelta(seconds=0.4)


def get(
    port: int, authority: Any, path: str = "/", *, longest: int = 1000, follows: bool = False, **settings: Any
) -> Any:
    fetcher = HttpsFetcher(
        **{
            "allow_private": True,
            "ca_file": str(authority.file),
            "routes": {HOST: ("127.0.0.1", port)},
            "timeout": timedelta(seconds=5),
            **settings,
        }
    )
    return asyncio.run(fetcher.fetch(Fetch(f"https://{HOST}{path}", longest, follows)))


def answering(*answers: bytes) -> Any:
    """Answers one request after another, each on a connection of its own; the requests are kept."""
    left = list(answers)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        requests.append(request)
        writer.write(left.pop(0))
        await writer.drain()
        await reader.read()  # until the other side has enough

    requests: list[bytes] = []
    converse.requests = requests  # type: ignore[attr-defined]
    return converse


def page(body: bytes, *fields: str, status: int = 200) -> bytes:
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


@pytest.fixture(scope="module")
def context(authority: Any) -> ssl.SSLContext:
    served: ssl.SSLContext = authority.context(HOST)
    return served


def test_a_page_comes_with_its_status_media_type_and_body(serving: Any, context: Any, authority: Any) -> None:
    server = answering(page(b"version: STSv1\n", "Content-Type: Text/Plain; charset=utf-8"))
    with serving(context, server) as port:
        found = get(port, authority, "/.well-known/mta-sts.txt?a=b")
    assert found == Fetched(status=200, media_type="text/plain", body=b"version: STSv1\n")
    request = server.requests[0].decode()
    assert request.startswith("GET /.well-known/mta-sts.txt?a=b HTTP/1.1\r\nHost: mta-sts.example.com\r\n")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.0 404\r\nContent-Length: 2\r\n\r\nno", b"no"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", b""),
    ],
)
def test_the_body_is_read_however_its_end_is_told(
    serving: Any, context: Any, authority: Any, answer: bytes, body: bytes
) -> None:
    with serving(context, answering(answer)) as port:
        assert get(port, authority).body == body


def test_a_body_without_a_length_ends_with_the_connection(serving: Any, context: Any, authority: Any) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nto the end")
        writer.close()
        await writer.wait_closed()

    with serving(context, converse) as port:
        assert get(port, authority).body == b"to the end"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page(b"x" * 1001), "longer than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "longer than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", "longer than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "pieces"),
        (page(b"x", "Content-Encoding: gzip"), "compressed"),
        (b"220 mail.example.com ESMTP\r\n", "not one of HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20000 + b"\r\n", "header is too long"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 2000 + b"\r\n", "header cannot be read"),
        (b"x" * 100000, "line is too long"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 6, "come to the point"),
    ],
)
def test_what_is_no_sound_answer_is_malformed(
    serving: Any, context: Any, authority: Any, answer: bytes, reason: str
) -> None:
    with serving(context, answering(answer)) as port:
        found = get(port, authority)
    assert isinstance(found, Malformed), found
    assert reason in found.reason


def test_a_redirect_is_followed_only_if_wanted(serving: Any, context: Any, authority: Any) -> None:
    away = page(b"", "Location: /there", status=301)
    with serving(context, answering(away)) as port:
        assert get(port, authority).status == 301
    with serving(context, answering(away, page(b"here"))) as port:
        assert get(port, authority, follows=True).body == b"here"
    with serving(context, answering(*[away] * 4)) as port:
        assert "leads on" in get(port, authority, follows=True).reason
    with serving(context, answering(page(b"", "Location: http://example.com/", status=302))) as port:
        assert "only https" in get(port, authority, follows=True).reason


def test_a_silent_server_times_out_and_one_that_drips_does_too(serving: Any, context: Any, authority: Any) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    with serving(context, drip) as port:
        assert get(port, authority, timeout=SOON) == TimedOut()


@pytest.mark.parametrize(
    ("names", "days", "reason"),
    [(["other.example.com"], (-1, 1), "mismatch"), ([HOST], (-3, -1), "expired")],
)
def test_a_certificate_that_is_not_trusted_is_a_failure_that_says_so(
    serving: Any, authority: Any, names: list[str], days: tuple[int, int], reason: str
) -> None:
    with serving(authority.context(*names, days=days), answering(page(b""))) as port:
        found = get(port, authority)
    assert isinstance(found, ServerFailure)
    assert found.reason.startswith("certificate: ")
    assert reason in found.reason


def test_an_authority_that_nobody_knows_is_not_trusted(serving: Any, context: Any, authority: Any) -> None:
    with serving(context, answering(page(b""))) as port:
        assert get(port, authority, ca_file="").reason.startswith("certificate: ")


def test_what_is_no_tls_and_nobody_at_all_are_failures(serving: Any, authority: Any) -> None:
    with serving(None, answering(page(b""))) as port:
        assert isinstance(get(port, authority), ServerFailure | TimedOut)
    assert "not reachable" in get(port, authority).reason

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    with serving(None, hang_up) as port:
        assert isinstance(get(port, authority), ServerFailure)


def test_no_answer_at_all_is_a_failure(serving: Any, context: Any, authority: Any) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    with serving(context, leave) as port:
        assert isinstance(get(port, authority), ServerFailure)


def test_ones_own_network_is_not_reached_by_name_address_nor_redirect(
    serving: Any, context: Any, authority: Any
) -> None:
    refused = "not an address that anybody can reach"
    for host in ("localhost", "127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]"):
        found = asyncio.run(HttpsFetcher().fetch(Fetch(f"https://{host}/")))
        assert isinstance(found, Malformed), host
        assert refused in found.reason
    found = get(443, authority, allow_private=False)
    assert refused in found.reason


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "//example.com/",
        "https:///x",
        "https://user@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
        "https://ex\x00ample.com/",
        "https://-.-/",
        "https://é.example/",
        "https://" + "a" * 64 + ".invalid/",
        "",
        None,
    ],
)
def test_an_address_that_may_not_be_fetched_is_malformed(url: Any) -> None:
    found = asyncio.run(HttpsFetcher(timeout=SOON).fetch(Fetch(url)))
    assert isinstance(found, Malformed), found


def test_a_check_is_driven_with_it_in_both_ways(serving: Any, context: Any, authority: Any) -> None:
    with serving(context, answering(page(b"one"))) as port:
        fetcher = HttpsFetcher(allow_private=True, ca_file=str(authority.file), routes={HOST: ("127.0.0.1", port)})
        found = run_sync(fetch(Fetch(f"https://{HOST}/")), resolver={}, helpers=Helpers(fetcher=fetcher))
    assert isinstance(found, Fetched)
    assert found.body == b"one"


@pytest.mark.parametrize("timeout", [timedelta(), 5, None])
def test_a_time_that_is_none_is_refused(timeout: Any) -> None:
    with pytest.raises(InvalidValue, match="length of time"):
        HttpsFetcher(timeout=timeout)


def test_a_name_server_that_is_dead_costs_no_more_than_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def silent(*arguments: Any, **settings: Any) -> Any:
        released.wait(20)
        raise OSError("nobody answered")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    started = time.monotonic()
    try:
        assert asyncio.run(HttpsFetcher(timeout=SOON).fetch(Fetch("https://example.com/"))) == TimedOut()
        assert time.monotonic() - started < 5
    finally:
        released.set()


def test_a_name_that_does_not_exist_is_a_failure() -> None:
    found = asyncio.run(HttpsFetcher().fetch(Fetch("https://nowhere.invalid/")))
    assert isinstance(found, ServerFailure | TimedOut)


@pytest.mark.parametrize("own", [True, False])
def test_a_failure_of_a_web_server_is_not_told_as_one_of_a_name_server(authority: Any, own: bool) -> None:
    class Broken:
        def fetch(self, page: Fetch) -> ServerFailure:
            return ServerFailure("not reachable: refused")

    fetcher = HttpsFetcher(allow_private=True, routes={HOST: ("127.0.0.1", 1)}) if own else Broken()
    found = run_sync(fetch(Fetch(f"https://{HOST}/")), resolver={}, helpers=Helpers(fetcher=fetcher))
    assert str(found).startswith("the web server failed (not reachable: ")
    if own:
        assert str(get(1, authority)).startswith("the web server failed")
