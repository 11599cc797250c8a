"""What the tracking app answers: one function from a request to a response and its events.

How to think about it. Three kinds of address, whatever stands before them:

    …/o/<token>.gif   GET        the pixel; a picture in any case, so that no letter shows a broken one
    …/c/<token>       GET        off to the link's destination, which only the link table knows
    …/u/<token>       GET, POST  a page that asks; only POST unsubscribes, since scanners follow
                                 every link of a letter with GET (RFC 8058, 1)

HEAD is answered like GET, without a body and without events: nobody has read anything.

Reading comes before counting: where the picture or the destination is known, the reader gets it,
even if the event cannot be made because a hook or the table fails; the log says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import unquote

import attrs

from mailkit.errors import InvalidToken
from mailkit.event import Event, Kind, Property
from mailkit.track.links import TrackedCampaign
from mailkit.track.pages import SECURITY_POLICY, Page, choose_language, render_page
from mailkit.track.tokens import Purpose, Token
from mailkit.track.tracker import Tracker

__all__ = ["Request", "Response", "complain", "respond", "too_large", "unavailable"]

_LOG: Final = logging.getLogger("mailkit.track")

# What mail programs and people leave around an address, besides the characters of a token itself.
_DEBRIS: Final = " \t\r\n<>()[]{}.,;:!?=*|\\\"'`“”„«»‘’…"
_LONGEST_USER_AGENT: Final = 400
_PIXEL: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)  # a GIF of one transparent pixel, 43 bytes
_ALWAYS: Final = {
    "cache-control": "no-store",  # a second look is a second look; and a shared cache must not keep a person's page
    "referrer-policy": "no-referrer",  # the token must not be told to the destination
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def _lower_names(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {name.lower(): value for name, value in pairs}


def _capitals(method: str) -> str:
    return method.upper()


@attrs.frozen(kw_only=True)
class Request:
    """What a visitor asked for.

    Attributes:
        method: The method, in capitals.
        path: The path, with or without what the app is mounted under; percent-encoded or not.
        query: The query; nothing of ours stands there, and whatever others add is passed over.
        headers: The header fields, as a mapping or pairs; the names are kept in small letters.
        body: The body.
        client: The visitor's address; empty if it is not known. It is in no event.

    >>> Request(method="get", path="/c/x", headers={"User-Agent": "curl"}).headers
    {'user-agent': 'curl'}
    """

    method: str = attrs.field(converter=_capitals)
    path: str
    query: str = attrs.field(default="", repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower_names, hash=False, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    client: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Response:
    """What to answer, and what has happened.

    Attributes:
        status: The status code.
        headers: The header fields, names in small letters; Content-Length is among them.
        body: The body; empty for HEAD.
        events: What happened by this visit, to be kept before the answer leaves.

    >>> Response(status=204).events
    ()
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = attrs.field(default=b"", repr=lambda body: f"<{len(body)} bytes>")
    events: tuple[Event, ...] = ()


def respond(tracker: Tracker, request: Request, *, now: datetime) -> Response:
    """Answer a visitor.

    An opening or a click is an event at each visit; its properties hold `user_agent` and, for a
    click, `link`, `url`, `label` and `block`. The visitor's network address is in none.

    Args:
        tracker: Whose links these are.
        request: What the visitor asked for.
        now: When.

    >>> from datetime import UTC
    >>> from mailkit.track.tokens import Keyring
    >>> sent = datetime(2026, 6, 1, tzinfo=UTC)
    >>> tracker = Tracker("https://t.example.com", keys=Keyring.generate())
    >>> href = tracker.campaign(7, name="june", brand="Books & Co").unsubscribe(person=42, at=sent)
    >>> path = href.removeprefix("https://t.example.com")
    >>> respond(tracker, Request(method="GET", path=path), now=sent).events
    ()
    >>> one_click = Request(method="POST", path=path, body=b"List-Unsubscribe=One-Click")
    >>> [event.kind.value for event in respond(tracker, one_click, now=sent).events]
    ['unsubscribed']
    """
    # The last two parts decide, so that the app works under any prefix without being told.
    kind, text = ["", "", *filter(None, unquote(request.path).split("/"))][-2:]
    if kind not in _ANSWERS:
        return _finish(request, _page(request, 404, Page.INVALID))
    methods, answer = _ANSWERS[kind]
    if request.method not in methods:
        return _text(405, "method not allowed\n", {"allow": ", ".join(methods)})
    return _finish(request, answer(tracker, request, text.strip(_DEBRIS), now))


def unavailable(request: Request) -> Response:
    """The answer to what could not be done or kept: it says so, so that the reader or the provider tries again."""
    if request.method == "POST":
        answer = _page(request, 503, Page.FAILED)
    else:
        answer = _finish(request, _text(503, "please try again in a minute\n", {}))
    return attrs.evolve(answer, headers=(*answer.headers, ("retry-after", "60")))


def complain(what: str, error: Exception) -> None:
    """Log that something of the application's failed, without the person whom it was about."""
    # The error's text may hold the row that could not be read or written, and with it a person.
    _LOG.error("%s: %s", what, type(error).__name__)
    _LOG.debug("%s", what, exc_info=error)


def too_large() -> Response:
    """The answer to a request whose body nobody needs to read."""
    return _text(413, "too large\n", {})


def _open(tracker: Tracker, request: Request, text: str, now: datetime) -> Response:
    picture = _response(200, "image/gif", _PIXEL)
    text = text[:-4] if text.lower().endswith(".gif") else text
    try:
        token = tracker.keys.verify(text, Purpose.OPEN)
    except InvalidToken:
        return picture
    return _noted(picture, tracker, Kind.OPENED, token, now, {**_who(request)})


def _click(tracker: Tracker, request: Request, text: str, now: datetime) -> Response:
    try:
        token = tracker.keys.verify(text, Purpose.CLICK)
    except InvalidToken:
        return _page(request, 404, Page.INVALID)
    link = tracker.table.get(token.campaign, token.link)
    if link is None:
        return _page(request, 404, Page.INVALID)
    properties: dict[str, Property] = {
        "link": link.number,
        "url": link.destination,
        "label": link.label,
        "block": link.block,
        **_who(request),
    }
    return _noted(_text(302, "", {"location": link.destination}), tracker, Kind.CLICKED, token, now, properties)


def _unsubscribe(tracker: Tracker, request: Request, text: str, now: datetime) -> Response:
    try:
        token = tracker.keys.verify(text, Purpose.UNSUBSCRIBE)
    except InvalidToken:
        return _page(request, 404, Page.INVALID)
    campaign = tracker.campaign_of(token)
    if request.method != "POST":
        return _page(request, 200, Page.ASK, campaign)
    # Whoever can post with this token means it, whatever the body is: only the answer differs.
    is_one_click = b"list-unsubscribe" in request.body.lower()
    evidence = "one-click" if is_one_click else "page"
    event = tracker.unsubscribed(token, at=now, evidence=evidence, **_who(request))
    done = _text(200, "unsubscribed\n", {}) if is_one_click else _page(request, 200, Page.DONE, campaign)
    return _with_event(done, event)


_Answer = Callable[[Tracker, Request, str, datetime], Response]
_ANSWERS: Final[dict[str, tuple[tuple[str, ...], _Answer]]] = {
    "o": (("GET", "HEAD"), _open),
    "c": (("GET", "HEAD"), _click),
    "u": (("GET", "HEAD", "POST"), _unsubscribe),
}


def _who(request: Request) -> dict[str, str]:
    return {"user_agent": request.headers.get("user-agent", "")[:_LONGEST_USER_AGENT]}


def _noted(
    response: Response, tracker: Tracker, kind: Kind, token: Token, now: datetime, properties: Mapping[str, Property]
) -> Response:
    """The response with its event, or without one if it cannot be made: the reader is served in any case."""
    try:
        event = tracker.event(kind, token, at=now, properties=properties)
    except Exception as error:  # noqa: BLE001 - the application's link table and hooks may raise anything
        complain("a visit could not be noted", error)
        return response
    return _with_event(response, event)


def _with_event(response: Response, event: Event | None) -> Response:
    return response if event is None else attrs.evolve(response, events=(event,))


def _finish(request: Request, response: Response) -> Response:
    if request.method != "HEAD":
        return response
    return attrs.evolve(response, body=b"", events=())


def _page(request: Request, status: int, page: Page, campaign: TrackedCampaign | None = None) -> Response:
    language = choose_language(request.headers.get("accept-language", ""))
    body = render_page(page, language=language, campaign=campaign).encode()
    more = {"content-language": language, "content-security-policy": SECURITY_POLICY}
    return _response(status, "text/html; charset=utf-8", body, more)


def _text(status: int, text: str, more: Mapping[str, str]) -> Response:
    return _response(status, "text/plain; charset=utf-8", text.encode(), more)


def _response(status: int, content_type: str, body: bytes, more: Mapping[str, str] | None = None) -> Response:
    headers = {"content-type": content_type, "content-length": str(len(body)), **_ALWAYS, **(more or {})}
    return Response(status=status, headers=tuple(headers.items()), body=body)
