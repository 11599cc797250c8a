"""A web server on loopback that answers as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import uvicorn

Answer = tuple[int, dict[str, str], bytes] | Literal["cut", "hang"]


class Service:
    """What takes requests: an ASGI application."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    def answer(self, headers: dict[str, str], body: bytes) -> Answer:
        """Status, header fields and body; or nothing, at once or ever. To be replaced."""
        return 200, {}, b"{}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        answer: Any = self.answer(headers, body)
        if answer in ("cut", "hang"):
            self.requests.append((headers, body))
            if answer == "hang":
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
            return  # what was promised is not there, so the line is closed
        status, more, text = answer
        if status < 300:
            self.requests.append((headers, body))
        pairs = [(name.encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": text})


@pytest.fixture
def service() -> Iterator[Service]:
    one = Service()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(one, log_level="critical", lifespan="off", loop="asyncio", http="h11", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    one.url = f"http://127.0.0.1:{listener.getsockname()[1]}/send"
    yield one
    server.should_exit = True
    thread.join()
    listener.close()
