"""The page on which a letter is looked at while it is written, served to this machine alone."""

from __future__ import annotations

import json
import socket
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from mailkit.cli.loading import LetterFile
from mailkit.cli.workshop import Workshop
from mailkit.compose.preview import CLIENTS
from mailkit.errors import InvalidValue
from mailkit.extras import load

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["page", "serve"]

_HOST: Final = "127.0.0.1"
_USUAL_PORT: Final = 8025
_TELLS_EVERY: Final = 0.1
_FILES: Final = {
    "": ("index.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
}
_PAGE_MAY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A letter runs nothing and holds no other page, even if it is opened outside of its frame.
_LETTER_MAY: Final = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; script-src 'none'; object-src 'none'; "
    "frame-src 'none'"
)


def serve(file: LetterFile, *, port: int = 0, opens: bool = False, on_ready: Callable[[str], None] = print) -> None:
    """Show a letter in the browser until interrupted.

    Args:
        file: The letter's file.
        port: Where to listen, on 127.0.0.1 only; 0 for the usual one or, if it is taken, any.
        opens: Whether to open the browser, too.
        on_ready: Is told where the page is.

    Raises:
        MissingExtra: Starlette or uvicorn is not installed.
        InvalidValue: The port is taken.
    """
    load("starlette", extra="preview", purpose="the preview pages")
    uvicorn = load("uvicorn", extra="preview", purpose="the preview pages")
    workshop = Workshop(file)
    with _listening(port) as listener:
        address = f"http://{_HOST}:{listener.getsockname()[1]}/"

        def begin() -> None:
            workshop.start()
            on_ready(f"{file.path.name} is shown at {address} (Ctrl-C ends it)")
            if opens:
                webbrowser.open(address)

        app = page(workshop, is_over=lambda: bool(server.should_exit), on_start=begin)
        config = uvicorn.Config(app, lifespan="on", ws="none", log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        try:
            server.run(sockets=[listener])
        finally:
            workshop.stop()


def _listening(port: int) -> socket.socket:
    for choice in (port,) if port else (_USUAL_PORT, 0):
        try:
            return socket.create_server((_HOST, choice))
        except (OSError, OverflowError) as error:
            if port:
                raise InvalidValue("--port", port, f"cannot be listened on: {error}", "choose another one") from error
    raise AssertionError("some port is free")


def page(workshop: Workshop, *, is_over: Callable[[], bool], on_start: Callable[[], None]) -> Starlette:
    """The page as an ASGI application.

    Args:
        workshop: Knows the letter.
        is_over: Whether the server is about to end, so that no connection holds it up.
        on_start: Is called once the server runs, and an interrupt would end it in order.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        on_start()
        yield

    faces = _Faces(workshop, is_over)
    return Starlette(
        routes=[
            Route("/state", faces.state),
            Route("/letter", faces.letter),
            Route("/changes", faces.changes),
            Route("/{name:path}", faces.file),
        ],
        # A page elsewhere may let its own name lead to 127.0.0.1; records are not for it.
        lifespan=lifespan,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[_HOST, "localhost"])],
    )


class _Faces:
    def __init__(self, workshop: Workshop, is_over: Callable[[], bool]) -> None:
        self._workshop, self._is_over = workshop, is_over

    def file(self, request: Request) -> Response:
        from starlette.responses import Response

        found = _FILES.get(request.path_params["name"])
        if found is None:
            return Response("there is no such page", status_code=404, media_type="text/plain")
        content = files("mailkit.cli").joinpath("page", found[0]).read_bytes()
        return Response(content, media_type=found[1], headers={"Content-Security-Policy": _PAGE_MAY})

    def state(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        return JSONResponse(self._workshop.state.facts(_number(request)), headers={"Cache-Control": "no-store"})

    def letter(self, request: Request) -> Response:
        from starlette.responses import HTMLResponse, Response

        headers = {
            "Content-Security-Policy": _LETTER_MAY,
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        client = request.query_params.get("client", "")
        if client not in CLIENTS:
            return Response("there is no such client", status_code=404, media_type="text/plain")
        shown, _ = self._workshop.state.preview(client, _number(request))
        if shown is None:
            return Response("no letter could be read yet", status_code=404, media_type="text/plain")
        return HTMLResponse(shown.html, headers=headers)

    async def changes(self, request: Request) -> Response:
        from starlette.responses import StreamingResponse

        return StreamingResponse(
            self._versions(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _versions(self) -> AsyncIterator[str]:
        from anyio import sleep

        told = -1
        while not self._is_over():
            version = self._workshop.state.version
            if version != told:
                told = version
                yield f"data: {json.dumps(version)}\n\n"
            await sleep(_TELLS_EVERY)


def _number(request: Request) -> int | None:
    given = request.query_params.get("record", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None
