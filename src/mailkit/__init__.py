"""mailkit: email programs as composable, typed modules.

Five packages do the work, and an application wires them together itself:

- `mailkit.compose` turns blocks, or HTML with Jinja, into finished letters;
- `mailkit.segment` says who gets one;
- `mailkit.send` brings it there, politely, and understands the answers;
- `mailkit.track` follows links, opens and unsubscribes that can be trusted;
- `mailkit.dns` says whether the sending domain is ready.

Around them stand `contacts`, `reports`, `stores` and `testing`. The values that
they all speak (`Address`, `Message`, `Envelope`, `Event`, `Finding` …) are here:

>>> import mailkit
>>> mailkit.Address.parse("Anna@Example.COM").domain
Domain('example.com')

Importing mailkit loads nothing else: every name is bound when it is first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as checkers know it, without loading typing
if TYPE_CHECKING:
    from typing import Any

    from mailkit import compose, contacts, dns, reports, segment, send, stores, testing, track
    from mailkit.address import Address, Domain, ForeignAddress, Mailbox
    from mailkit.clock import Clock, SystemClock
    from mailkit.envelope import Envelope
    from mailkit.errors import MailkitError
    from mailkit.event import Event, Kind, LetterState, letter_state
    from mailkit.findings import Finding, Place, Severity
    from mailkit.message import Attachment, Message
    from mailkit.suppression import Refusal, Scope, Suppression

__version__ = "0.1.0"

__all__ = [
    "Address",
    "Attachment",
    "Clock",
    "Domain",
    "Envelope",
    "Event",
    "Finding",
    "ForeignAddress",
    "Kind",
    "LetterState",
    "Mailbox",
    "MailkitError",
    "Message",
    "Place",
    "Refusal",
    "Scope",
    "Severity",
    "Suppression",
    "SystemClock",
    "compose",
    "contacts",
    "dns",
    "letter_state",
    "reports",
    "segment",
    "send",
    "stores",
    "testing",
    "track",
]

_PACKAGES = frozenset({"compose", "contacts", "dns", "reports", "segment", "send", "stores", "testing", "track"})
_HOMES = {
    "Address": "address",
    "Attachment": "message",
    "Clock": "clock",
    "Domain": "address",
    "Envelope": "envelope",
    "Event": "event",
    "Finding": "findings",
    "ForeignAddress": "address",
    "Kind": "event",
    "LetterState": "event",
    "Mailbox": "address",
    "MailkitError": "errors",
    "Message": "message",
    "Place": "findings",
    "Refusal": "suppression",
    "Scope": "suppression",
    "Severity": "findings",
    "Suppression": "suppression",
    "SystemClock": "clock",
    "letter_state": "event",
}


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"mailkit.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mailkit' has no attribute {name!r}")
    value = getattr(import_module(f"mailkit.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
