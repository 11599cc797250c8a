"""Sending: jobs wait in an outbox, a sender brings them away politely, and the answers are understood.

>>> from datetime import UTC, datetime
>>> from mailkit import Envelope, send
>>> from mailkit.testing.transport import MemoryTransport
>>> now = datetime(2026, 3, 1, tzinfo=UTC)
>>> jobs = [send.Job(person=name, envelope=Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
...                  message_id=f"{name}@example.com", date=now, raw=b"Subject: Hello\\r\\n\\r\\nHello")
...         for name in ("anna", "ben")]
>>> outbox = send.MemoryOutbox()
>>> transport = MemoryTransport({"ben@example.org": "550 5.1.1 No such user"})
>>> with send.Sender(transport=transport, outbox=outbox) as sender:
...     sender.add_sync(jobs)
...     print(sender.run_sync())
2
2 jobs done in 0:00:00: 1 accepted, 1 bounced; 2 tries
  bounced once: userunknown
>>> send.classify(send.Reply.parse("550 5.1.1 No such user")).action
<Action.SUPPRESS: 'suppress'>

`SMTPTransport` speaks to a real server. `mailkit.stores` keeps an outbox in a database, so
that a run that was killed can be taken up again.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailkit.send import limits, signing, timing, warmup
    from mailkit.send.caps import Cap, Caps
    from mailkit.send.deliveries import Watch
    from mailkit.send.files import FileTransport
    from mailkit.send.jobs import Job, JobState
    from mailkit.send.limits import Limits, Rate
    from mailkit.send.memory import MemoryOutbox
    from mailkit.send.outbox import Outbox
    from mailkit.send.retry import RetryPolicies, RetryPolicy
    from mailkit.send.returns.causes import Action, Cause
    from mailkit.send.returns.classify import Verdict, classify
    from mailkit.send.returns.reply import Phase, Reply
    from mailkit.send.sender import News, Sender
    from mailkit.send.smtp.direct import MXTransport
    from mailkit.send.smtp.transport import SMTPTransport
    from mailkit.send.summary import Summary
    from mailkit.send.transport import Transport

__all__ = [
    "Action",
    "Cap",
    "Caps",
    "Cause",
    "FileTransport",
    "Job",
    "JobState",
    "Limits",
    "MXTransport",
    "MemoryOutbox",
    "News",
    "Outbox",
    "Phase",
    "Rate",
    "Reply",
    "RetryPolicies",
    "RetryPolicy",
    "SMTPTransport",
    "Sender",
    "Summary",
    "Transport",
    "Verdict",
    "Watch",
    "classify",
    "limits",
    "signing",
    "timing",
    "warmup",
]

_HOMES: Final = {
    "Action": "returns.causes",
    "Cap": "caps",
    "Caps": "caps",
    "Cause": "returns.causes",
    "FileTransport": "files",
    "Job": "jobs",
    "JobState": "jobs",
    "Limits": "limits",
    "MXTransport": "smtp.direct",
    "MemoryOutbox": "memory",
    "News": "sender",
    "Outbox": "outbox",
    "Phase": "returns.reply",
    "Rate": "limits",
    "Reply": "returns.reply",
    "RetryPolicies": "retry",
    "RetryPolicy": "retry",
    "SMTPTransport": "smtp.transport",
    "Sender": "sender",
    "Summary": "summary",
    "Transport": "transport",
    "Verdict": "returns.classify",
    "Watch": "deliveries",
    "classify": "returns.classify",
}
_FOLDERS: Final = ("limits", "signing", "timing", "warmup")


def __getattr__(name: str) -> Any:
    if name in _FOLDERS:
        return import_module(f"mailkit.send.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mailkit.send' has no attribute {name!r}")
    value = getattr(import_module(f"mailkit.send.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
