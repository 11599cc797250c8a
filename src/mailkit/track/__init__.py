"""Links, openings and unsubscriptions that can be trusted.

A tracker turns the links of a letter into short sealed tokens, and visits into events. A
token can be neither forged nor turned against another purpose, an address that somebody
made up leads nowhere, and opening an address never unsubscribes anybody:

>>> from datetime import UTC, datetime
>>> from mailkit import track
>>> sent = datetime(2026, 6, 1, tzinfo=UTC)
>>> tracker = track.Tracker("https://t.example.com", keys=track.Keyring.generate())
>>> links = tracker.campaign(7, name="lapsing-june", brand="Books & Co")  # for compose.compile(links=links)
>>> page = links.unsubscribe(person=42, at=sent).removeprefix("https://t.example.com")
>>> for method in ("GET", "POST"):
...     response = track.respond(tracker, track.Request(method=method, path=page), now=sent)
...     print(method, response.status, [event.kind.value for event in response.events])
GET 200 []
POST 200 ['unsubscribed']

`asgi` serves `respond` over HTTP, by itself or mounted in an application; `Envelope.headers`
takes `links.headers(...)`, so that mail programs show a way to leave. Keep the keys and the
link table for ever, and the links of old letters never die.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailkit.track.app import asgi
    from mailkit.track.campaign import CampaignLinks
    from mailkit.track.endpoints import Request, Response, respond
    from mailkit.track.links import LinkTable, MemoryLinkTable, TrackedCampaign, TrackedLink
    from mailkit.track.tokens import Keyring, Purpose, Token
    from mailkit.track.tracker import Tracker

__all__ = [
    "CampaignLinks",
    "Keyring",
    "LinkTable",
    "MemoryLinkTable",
    "Purpose",
    "Request",
    "Response",
    "Token",
    "TrackedCampaign",
    "TrackedLink",
    "Tracker",
    "asgi",
    "respond",
]

_HOMES = {
    "CampaignLinks": "campaign",
    "Keyring": "tokens",
    "LinkTable": "links",
    "MemoryLinkTable": "links",
    "Purpose": "tokens",
    "Request": "endpoints",
    "Response": "endpoints",
    "Token": "tokens",
    "TrackedCampaign": "links",
    "TrackedLink": "links",
    "Tracker": "tracker",
    "asgi": "app",
    "respond": "endpoints",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mailkit.track' has no attribute {name!r}")
    value = getattr(import_module(f"mailkit.track.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
