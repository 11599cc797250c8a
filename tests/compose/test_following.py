"""Following a letter's addresses, with a fetcher of our own and over real HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs
import pytest

from mailkit.compose import Answer, Letter, check_links
from mailkit.compose import blocks as b
from mailkit.compose import compile as compiled
from mailkit.compose.fetching import WebFetch, is_public
from mailkit.errors import InvalidValue, TemplateError
from mailkit.findings import Finding

LINK = '<a href="{}">Words</a>'
PICTURE = '<img src="{}" alt="A lamp">'
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 17 + b"\x06"


@attrs.define
class Web:
    """A web of known pages; what is not known cannot be reached."""

    pages: dict[str, Answer]
    asked: list[tuple[str, bool]] = attrs.field(factory=list)

    def __call__(self, url: str, *, is_picture: bool) -> Answer:
        self.asked.append((url, is_picture))
        if url not in self.pages:
            raise TimeoutError("timed out")
        return self.pages[url]


def page(url: str = "https://x.example.com/", **given: object) -> Answer:
    return Answer(**{"status": 200, "url": url, "content_type": "text/html"} | given)  # type: ignore[arg-type]


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [one.code.removeprefix("compose.") for one in findings]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (page(), []),
        (page(status=404), ["dead-link"]),
        (page(status=500), ["dead-link"]),
        (page(status=999), ["guarded-link"]),
        (page(status=403), ["guarded-link"]),
        (page(status=299), []),
        (page(status=600), ["dead-link"]),
        (page("https://y.example.com/", redirects=1), ["redirects"]),
        (page("http://y.example.com/", redirects=3), ["http-link", "redirects"]),
        (page(seconds=4.0), ["slow"]),
    ],
)
def test_an_answer_to_a_link_is_judged(answer: Answer, told: list[str]) -> None:
    web = Web({"https://x.example.com/": answer})
    assert codes(check_links(LINK.format("https://x.example.com/"), fetch=web)) == told
    assert web.asked == [("https://x.example.com/", False)]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (page(content_type="image/png", size_bytes=1000), []),
        (page(content_type="image/png", size_bytes=300_000), ["heavy-picture"]),
        (page(content_type="image/png", size_bytes=2_000_000), ["heavy-picture", "heavy-letter"]),
        (page(content_type="text/html"), ["not-a-picture"]),
        (page(content_type=""), ["not-a-picture"]),
        (page(status=404, size_bytes=2_000_000), ["dead-link"]),
    ],
)
def test_an_answer_to_a_picture_is_judged(answer: Answer, told: list[str]) -> None:
    web = Web({"https://x.example.com/a.png": answer})
    assert codes(check_links(PICTURE.format("https://x.example.com/a.png"), fetch=web)) == told


def test_what_cannot_be_reached_is_told_and_the_rest_is_judged() -> None:
    html = LINK.format("https://gone.example.com/") + LINK.format("https://x.example.com/")
    web = Web({"https://x.example.com/": page(status=404)})
    told = check_links(html, fetch=web)
    assert [(one.code, one.evidence) for one in told] == [
        ("compose.unreachable", "https://gone.example.com/"),
        ("compose.dead-link", "https://x.example.com/"),
    ]
    assert "timed out" in told[0].message


def test_each_address_is_asked_for_once_and_those_of_a_record_not_at_all() -> None:
    html = (
        LINK.format("https://x.example.com/#a")
        + LINK.format("https://x.example.com/#b")
        + LINK.format("mailto:a@x.example")
    )
    html += LINK.format("https://x.example.com/{{ id }}") + "<td background='https://x.example.com/a.png'>"
    web = Web({"https://x.example.com/": page(), "https://x.example.com/a.png": page(content_type="image/png")})
    assert check_links(html, fetch=web, at_once=1) == ()
    assert web.asked == [("https://x.example.com/", False), ("https://x.example.com/a.png", True)]


def test_a_record_brings_its_addresses() -> None:
    template = compiled(LINK.format("{{ url }}") + "<p>{% raw %}{{ braces }}{% endraw %}</p>", subject="s")
    web = Web({"https://x.example.com/1": page(status=404)})
    assert codes(check_links(template, fetch=web)) == []
    assert codes(check_links(template, fetch=web, record={"url": "https://x.example.com/1"})) == ["dead-link"]
    with pytest.raises(TemplateError):
        check_links(template, fetch=web, record={"url": None})
    with pytest.raises(InvalidValue, match="without a template"):
        check_links("<p>a</p>", fetch=web, record={})


def test_see_through_pictures_of_a_letter_of_blocks_are_told_by_their_block() -> None:
    letter = Letter(subject="s", blocks=[b.Image(src="https://x.example.com/a.png", alt="A lamp")])
    web = Web({"https://x.example.com/a.png": page(content_type="image/png", beginning=PNG)})
    (one,) = check_links(letter, fetch=web)
    assert (one.code, str(one.place)) == ("compose.see-through-picture", "html, field 'blocks[0]'")


@pytest.mark.parametrize("at_once", [0, True, 1.5])
def test_how_many_at_once_is_a_number(at_once: object) -> None:
    with pytest.raises(InvalidValue, match="at_once"):
        check_links("<p>a</p>", fetch=Web({}), at_once=at_once)  # type: ignore[arg-type]


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, kind, content = {
            "/": (200, "text/html; charset=utf-8", b"<p>Hello"),
            "/a%20b?c=%D1%8F": (200, "text/html", b"x"),
            "/picture": (200, "Image/PNG", PNG + b"\0" * 300_000),
            "/empty": (200, "", b""),
            "/cut": (200, "image/png", PNG),
        }.get(self.path, (404, "text/html", b"no"))
        if self.path.startswith("/drips"):
            self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" if "content" in self.path else b"")
            return
        if self.path.startswith("/to"):
            self.send_response(302)
            self.send_header(
                "Location",
                {"/to": "/", "/to-file": "file:///etc/passwd", "/to-nowhere": "http://[::1"}.get(self.path, self.path),
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        is_cut = self.path == "/cut"
        self.send_header("Content-Length", str(len(content) + 100 * is_cut))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, beginning: bytes) -> None:
        with suppress(OSError):  # until the other side goes
            self.wfile.write(beginning)
            for _ in range(200):
                self.wfile.write(b"x")
                time.sleep(0.05)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_addresses_are_followed_over_http(site: str) -> None:
    html = (
        LINK.format(f"{site}/")
        + LINK.format(f"{site}/gone")
        + LINK.format(f"{site}/to")
        + PICTURE.format(f"{site}/picture")
    )
    told = check_links(html, fetch=WebFetch(allow_private=True))
    assert sorted(codes(told)) == ["dead-link", "heavy-picture", "redirects"]


def test_a_picture_is_weighed_and_its_beginning_kept(site: str) -> None:
    answer = WebFetch(allow_private=True)(f"{site}/picture", is_picture=True)
    assert (answer.content_type, answer.size_bytes, answer.beginning[:4]) == ("image/png", len(PNG) + 300_000, PNG[:4])
    assert WebFetch(allow_private=True, most_bytes=1)(f"{site}/picture", is_picture=True).size_bytes < 100_000
    assert WebFetch(allow_private=True)(f"{site}/empty", is_picture=True).content_type == ""
    assert WebFetch(allow_private=True)(f"{site}/a b?c=я", is_picture=False).status == 200


def test_a_picture_that_comes_in_part_or_for_ever_cannot_be_had(site: str) -> None:
    with pytest.raises(OSError, match="broke off"):
        WebFetch(allow_private=True)(f"{site}/cut", is_picture=True)
    with pytest.raises(OSError, match="has not answered in whole in 1e-09 s"):
        WebFetch(allow_private=True, most_seconds=1e-9)(f"{site}/picture", is_picture=True)


def test_one_redirect_and_several_are_told_in_words() -> None:
    for count, said in ((1, "after a redirect, which costs the"), (3, "after 3 redirects, which cost the")):
        web = Web({"https://x.example.com/": page("https://y.example.com/", redirects=count)})
        (one,) = check_links(LINK.format("https://x.example.com/"), fetch=web)
        assert said in one.message


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/to-itself", "more than 5 redirects"),
        ("/to-file", "not an address of the web"),
        ("/to-nowhere", "is not an address"),
    ],
)
def test_redirects_are_bounded_and_stay_in_the_web(site: str, path: str, reason: str) -> None:
    with pytest.raises(OSError, match=reason):
        WebFetch(allow_private=True)(f"{site}{path}", is_picture=False)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1/", "private network"),
        ("http://[::1]/", "private network"),
        ("http://169.254.169.254/latest/meta-data", "private network"),
        ("http://10.0.0.1/", "private network"),
        ("http://0.0.0.0/", "private network"),
        ("http://[::ffff:10.0.0.1]/", "private network"),
        ("http://[2002:a00:1::]/", "private network"),
        ("http://[64:ff9b::a00:1]/", "private network"),
        ("http://[64:ff9b:1::8.8.8.8]/", "private network"),
        ("http://[::127.0.0.1]/", "private network"),
        ("http://[::8.8.8.8]/", "private network"),
        ("http://[::ffff:0:127.0.0.1]/", "private network"),
        ("http://[::ffff:224.0.0.1]/", "private network"),
        ("http://[fc00::1]/", "private network"),
        ("http://[fec0::1]/", "private network"),
        ("http://[fe80::1]/", "private network"),
        ("http://[ff02::1]/", "private network"),
        ("http://[ff0e::1]/", "private network"),
        ("http://[2001:db8::1]/", "private network"),
        ("http://[2001:0:5ef5:79fb::1]/", "private network"),
        ("http://224.0.0.1/", "private network"),
        ("http://239.1.1.1/", "private network"),
        ("http://255.255.255.255/", "private network"),
        ("http://240.0.0.1/", "private network"),
        ("http://100.64.0.1/", "private network"),
        ("http://x.example.com:99999/", "not an address"),
        ("ftp://x.example.com/", "not an address of the web"),
        ("http:///a", "not an address of the web"),
        (f"http://{'a' * 80}.example.com/", "not a host's name"),
    ],
)
def test_what_is_private_or_no_address_is_not_asked(url: str, reason: str) -> None:
    with pytest.raises(OSError, match=reason):
        WebFetch()(url, is_picture=False)


@pytest.mark.parametrize("path", ["/drips", "/drips-content"])
def test_a_server_that_drips_is_given_up_at_the_deadline(site: str, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(OSError, match=r"has not answered in whole in 0\.3 s|timed out"):
        WebFetch(allow_private=True, most_seconds=0.3)(f"{site}{path}", is_picture=True)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8"]
)
def test_what_is_global_unicast_may_be_asked(text: str) -> None:
    assert is_public(text)


def test_a_server_that_speaks_something_else_cannot_be_reached() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def answer() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"220 hello\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(OSError, match="does not speak HTTP"):
            WebFetch(allow_private=True)(f"http://127.0.0.1:{port}/", is_picture=False)
        with pytest.raises(OSError):
            WebFetch(allow_private=True)(f"https://127.0.0.1:{port}/", is_picture=False)
        thread.join()


def test_a_fetcher_that_does_not_do_what_it_should_is_told_by_name() -> None:
    html = LINK.format("https://x.example.com/")
    with pytest.raises(InvalidValue, match=r"check_links, fetch: .*; write WebFetch\(\)"):
        check_links(html, fetch=WebFetch)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=r"such as WebFetch\(\)"):
        check_links(html, fetch=None)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=r"is what it returned for https://x\.example\.com/; return Answer"):
        check_links(html, fetch=lambda url, is_picture: {"status": 200})  # type: ignore[arg-type,return-value]
    with pytest.raises(InvalidValue, match=r"failed at https://x.example.com/: TypeError"):
        check_links(html, fetch=lambda url: page())  # type: ignore[arg-type]


def test_a_link_without_a_host_is_told_and_not_asked_for() -> None:
    html = "".join(LINK.format(href) for href in ("/x", "../y", "//x.example.com/", "#a", "{{ z }}"))
    assert codes(check_links(html, fetch=Web({}))) == ["relative-link", "relative-link"]
