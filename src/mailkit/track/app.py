"""The tracking app for an ASGI server: the one module of `track` that does I/O.

The link table, the tracker's hooks and the sink of events may all block, so each request is
answered in a thread; a sink that is a coroutine function is awaited in the server's own loop.
Either way the events are in the sink before the answer leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import datetime
from inspect import isawaitable
from typing import Any, Final

from mailkit.clock import Clock, SystemClock
from mailkit.event import Event, Kind
from mailkit.track.endpoints import Request, Response, complain, respond, too_large, unavailable
from mailkit.track.tracker import Tracker

__all__ = ["ASGIApp", "asgi"]

_BODY_LIMIT_BYTES: Final = 64 * 1024

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Sink = Callable[[Sequence[Event]], object]
ASGIApp = Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]
"""An application as ASGI 3 defines it."""


def asgi(
    tracker: Tracker,
    *,
    events: _Sink,
    clock: Clock | None = None,
    body_limit_bytes: int = _BODY_LIMIT_BYTES,
) -> ASGIApp:
    """The tracking app, to be served by itself or mounted under any prefix.

    If the sink raises, a click is still redirected and a picture still shown, but whoever
    unsubscribes is told to try again (503). The log names the kind of trouble and neither
    addresses nor tokens; a server's own access log writes paths, so turn it off (`uvicorn
    --no-access-log`) or keep it as you keep addresses.

    Args:
        tracker: Whose links these are.
        events: Takes the events of one visit and keeps them: a function, which is called in a thread, or
            a coroutine function. The answer leaves once it has returned.
        clock: What tells the time; the machine's own clock unless given.
        body_limit_bytes: The largest body of a request; a larger one is refused (413).

    >>> from mailkit.track.tokens import Keyring
    >>> log = []
    >>> tracker = Tracker("https://t.example.com", keys=Keyring.generate())
    >>> app = asgi(tracker, events=log.extend)     # then: uvicorn module:app --no-access-log
    """
    own_clock = SystemClock() if clock is None else clock

    async def app(scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            now = own_clock.now()
            body = await _read_body(receive, body_limit_bytes)
            if body is None:
                return
            if len(body) > body_limit_bytes:
                response = too_large()
            else:
                response = await _answer(tracker, _request(scope, body), events, now)
            await _reply(send, response)

    return app


async def _answer(tracker: Tracker, request: Request, events: _Sink, now: datetime) -> Response:
    """The response, once its events are kept."""
    response, told = await asyncio.to_thread(_answer_blocking, tracker, request, events, now)
    if isawaitable(told):
        try:
            await told
        except Exception as error:  # noqa: BLE001 - the application's sink may raise anything
            return _not_kept(request, response, error)
    return response


def _answer_blocking(tracker: Tracker, request: Request, events: _Sink, now: datetime) -> tuple[Response, object]:
    """The response, and what the sink gave back: of a coroutine function, what is still to be awaited."""
    try:
        response = respond(tracker, request, now=now)
    except Exception as error:  # noqa: BLE001 - the application's link table and hooks may raise anything
        complain("a visit could not be answered", error)
        return unavailable(request), None
    try:
        return response, events(response.events) if response.events else None
    except Exception as error:  # noqa: BLE001 - the application's sink may raise anything
        return _not_kept(request, response, error), None


def _not_kept(request: Request, response: Response, error: Exception) -> Response:
    """The response after the sink has failed: nobody is told to be unsubscribed who is not."""
    complain("events were not kept", error)
    is_lost = any(event.kind == Kind.UNSUBSCRIBED for event in response.events)
    return unavailable(request) if is_lost else response


def _request(scope: MutableMapping[str, Any], body: bytes) -> Request:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("headers", ())]
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
        client=client[0] if client else "",
    )


async def _read_body(receive: _Receive, limit_bytes: int) -> bytes | None:
    """The body, or as much of it as shows that it is too large; None if the visitor has gone."""
    body = bytearray()
    while len(body) <= limit_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


async def _reply(send: _Send, response: Response) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _live(receive: _Receive, send: _Send) -> None:
    """Say that we are ready, and that we have stopped: there is nothing to open or to close."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
