"""The app behind a real server on 127.0.0.1, and its manners towards server and sink."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import attrs
import httpx
import pytest
import uvicorn

from mailkit.compose.links import Link
from mailkit.errors import MailkitError
from mailkit.track import Keyring, MemoryLinkTable, Tracker, asgi

SENT = datetime(2026, 6, 1, tzinfo=UTC)
SALE = "https://shop.example.com/sale"


@attrs.frozen
class StoppedClock:
    """Always the same instant."""

    def now(self) -> datetime:
        return SENT + timedelta(hours=1)

    async def sleep(self, length: timedelta) -> None:
        raise AssertionError("the app never waits")


class SinkError(MailkitError):
    pass


def broken_sink(events: object) -> None:
    raise SinkError(f"the disk is full: {events}")


@contextmanager
def served(app: Callable) -> Iterator[str]:
    """Serve an app until the block ends; gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # from here on a reader waits for the server, and is not refused
        config = uvicorn.Config(app, lifespan="on", log_config=None, access_log=False, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def tracker() -> Tracker:
    tracker = Tracker("https://t.example.com", keys=Keyring({1: bytes(range(64))}))
    tracker.campaign(7, name="june", brand="Books").place(Link(number=1, href=SALE))
    return tracker


@pytest.fixture(scope="module")
def paths(tracker) -> dict[str, str]:
    links = tracker.campaign(7, name="june", brand="Books")
    full = {
        "open": links.pixel(person=42, at=SENT),
        "click": links.url(1, person=42, at=SENT),
        "leave": links.unsubscribe(person=42, at=SENT),
    }
    return {name: url.removeprefix(tracker.base_url) for name, url in full.items()}


def test_a_reader_opens_clicks_and_leaves_over_http(tracker, paths):
    log: list = []
    app = asgi(tracker, events=log.extend, clock=StoppedClock())
    with served(app) as base, httpx.Client(base_url=base, headers={"User-Agent": "reader"}) as reader:
        assert reader.get(paths["open"]).content.startswith(b"GIF89a")
        assert [event.kind for event in log] == ["opened"]
        assert reader.get(paths["click"]).headers["location"] == SALE
        assert reader.head(paths["click"]).headers["location"] == SALE
        page = reader.get(paths["leave"])
        assert "Unsubscribe?" in page.text
        assert page.headers["content-length"] == str(len(page.content))
        assert [event.kind for event in log] == ["opened", "clicked"]
        assert "You are unsubscribed" in reader.post(paths["leave"], data={"from": "page"}).text
        assert reader.post(paths["leave"], data={"List-Unsubscribe": "One-Click"}).text == "unsubscribed\n"
        files = {"List-Unsubscribe": (None, "One-Click")}
        assert reader.post(paths["leave"], files=files).text == "unsubscribed\n"
        assert reader.put(paths["leave"]).status_code == 405
        assert reader.get("/c/" + "A" * 47).status_code == 404
    assert [event.kind for event in log] == ["opened", "clicked", "unsubscribed", "unsubscribed", "unsubscribed"]
    assert {event.person for event in log} == {"42"}
    assert {event.at for event in log} == {StoppedClock().now()}
    assert {event.properties["user_agent"] for event in log} == {"reader"}
    assert len({event.identity for event in log}) == 3


def test_it_works_mounted_under_a_prefix(tracker, paths):
    log: list = []
    app = asgi(tracker, events=log.extend)

    async def mounted(scope, receive, send):
        if scope["type"] == "http":
            assert scope["path"].startswith("/mail")
            scope = {**scope, "root_path": scope.get("root_path", "") + "/mail"}
        await app(scope, receive, send)

    with served(mounted) as base, httpx.Client(base_url=base + "/mail") as reader:
        assert reader.get(paths["click"]).headers["location"] == SALE
        assert 'method="post"' in reader.get(paths["leave"]).text
        reader.post(paths["leave"])
    assert [event.kind for event in log] == ["clicked", "unsubscribed"]


def test_a_large_body_is_refused_and_the_limit_itself_is_not(tracker, paths):
    log: list = []
    with served(asgi(tracker, events=log.extend)) as base, httpx.Client(base_url=base) as reader:
        assert reader.post(paths["leave"], content=b"x" * (64 * 1024 + 1)).status_code == 413
        assert reader.post(paths["leave"], content=iter([b"x" * 9000] * 100)).status_code == 413
        assert log == []
        assert reader.post(paths["leave"], content=b"x" * (64 * 1024)).status_code == 200
    assert [event.kind for event in log] == ["unsubscribed"]


def test_the_body_limit_can_be_chosen(tracker, paths):
    app = asgi(tracker, events=broken_sink, body_limit_bytes=4)
    assert call(app, "POST", paths["leave"], [b"12", b"345"])[0]["status"] == 413


def test_events_are_kept_in_a_thread_before_the_answer_leaves(tracker, paths):
    seen: list[tuple[int, int]] = []
    sent: list[dict] = []

    def keep(events):
        seen.append((threading.get_ident(), len(sent)))

    call(asgi(tracker, events=keep), "GET", paths["click"], sent=sent)
    ((thread, answered),) = seen
    assert thread != threading.get_ident()
    assert answered == 0
    assert len(sent) == 2


def test_without_a_sink_a_click_still_leads_on_and_a_picture_is_shown(tracker, paths, caplog):
    app = asgi(tracker, events=broken_sink)
    with caplog.at_level(logging.INFO):
        assert call(app, "GET", paths["click"])[0]["status"] == 302
        assert call(app, "GET", paths["open"])[1]["body"].startswith(b"GIF89a")
    assert [record.getMessage() for record in caplog.records] == ["events were not kept: SinkError"] * 2


def test_without_a_sink_nobody_is_told_to_be_unsubscribed(tracker, paths, caplog):
    app = asgi(tracker, events=broken_sink)
    with caplog.at_level(logging.INFO):
        start, body = call(app, "POST", paths["leave"], [b"List-Unsubscribe=One-Click"])
    assert start["status"] == 503
    assert (b"retry-after", b"60") in start["headers"]
    assert b"Try again" in body["body"]
    assert paths["leave"].split("/")[2] not in caplog.text
    assert "42" not in caplog.text


def forgotten(*numbers: int) -> str:
    raise LookupError(f"no person {numbers}")


def test_a_hook_that_raises_is_an_answer_too(paths, caplog):
    tracker = Tracker("https://t.example.com", keys=Keyring({1: bytes(range(64))}), people=forgotten)
    log: list = []
    app = asgi(tracker, events=log.extend)
    with caplog.at_level(logging.INFO):
        start, body = call(app, "POST", paths["leave"])
    assert (start["status"], log) == (503, [])
    assert b"Try again" in body["body"]
    assert [record.getMessage() for record in caplog.records] == ["a visit could not be answered: LookupError"]
    assert "42" not in caplog.text


def test_a_table_that_is_down_is_an_answer_too(paths, caplog):
    class BrokenTable(MemoryLinkTable):
        def get(self, campaign, number):
            raise ConnectionError("the database is gone")

    app = asgi(Tracker("https://t.example.com", keys=Keyring({1: bytes(range(64))}), table=BrokenTable()), events=print)
    start, body = call(app, "GET", paths["click"])
    assert (start["status"], body["body"]) == (503, b"please try again in a minute\n")
    assert call(app, "HEAD", paths["click"])[1]["body"] == b""


class AsyncSink:
    """A sink whose call is a coroutine function, which `inspect.iscoroutinefunction` does not see."""

    def __init__(self) -> None:
        self.kept: list = []
        self.loops: list = []

    async def __call__(self, events):
        await asyncio.sleep(0)
        self.loops.append(asyncio.get_running_loop())
        self.kept.extend(events)


def test_a_sink_may_be_a_coroutine_function_and_is_awaited_before_the_answer_leaves(tracker, paths):
    sink, sent, answered = AsyncSink(), [], []

    async def keep(events):
        await sink(events)
        answered.append(len(sent))

    for events in (sink, sink.__call__, keep):
        call(asgi(tracker, events=events), "POST", paths["leave"], sent=sent)
    assert [event.kind for event in sink.kept] == ["unsubscribed"] * 3
    assert [message["status"] for message in sent[::2]] == [200] * 3
    assert answered == [4]


def test_a_coroutine_that_fails_has_kept_nothing(tracker, paths, caplog):
    async def broken(events):
        await asyncio.sleep(0)
        broken_sink(events)

    app = asgi(tracker, events=broken)
    with caplog.at_level(logging.INFO):
        assert call(app, "GET", paths["click"])[0]["status"] == 302
        assert call(app, "POST", paths["leave"])[0]["status"] == 503
    assert [record.getMessage() for record in caplog.records] == ["events were not kept: SinkError"] * 2


def test_a_server_may_leave_the_header_fields_out(tracker, paths):
    log: list = []
    sent: list[dict] = []

    async def receive():
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": paths["click"]}
    asyncio.run(asgi(tracker, events=log.extend)(scope, receive, collector(sent)))
    assert sent[0]["status"] == 302
    assert log[0].properties["user_agent"] == ""


def test_a_visitor_who_has_gone_changes_nothing(tracker, paths):
    log: list = []
    app = asgi(tracker, events=log.extend)
    assert call(app, "POST", paths["leave"], [b"List-", None]) == []
    assert log == []


def test_a_websocket_is_closed(tracker):
    sent: list[dict] = []
    asyncio.run(asgi(tracker, events=broken_sink)({"type": "websocket"}, none_left, collector(sent)))
    assert sent == [{"type": "websocket.close"}]


def collector(sent: list[dict]):
    async def send(message):
        sent.append(dict(message))

    return send


async def none_left():
    raise AssertionError("nothing more to receive")


def call(app, method: str, path: str, body: list[bytes | None] = [b""], sent: list[dict] | None = None) -> list[dict]:  # noqa: B006
    """Speak ASGI with the app, without a server; a body's part that is None is a visitor who goes away."""
    sent = [] if sent is None else sent
    parts = iter(body)
    left = len(body)

    async def receive():
        nonlocal left
        part, left = next(parts), left - 1
        return (
            {"type": "http.disconnect"}
            if part is None
            else {"type": "http.request", "body": part, "more_body": left > 0}
        )

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"user-agent", b"reader")]}
    asyncio.run(app(scope, receive, collector(sent)))
    return sent
