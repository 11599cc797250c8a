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
    from mailkit.send.jobs import Job, JobState
    from mailkit.send.memory import MemoryOutbox
    from mailkit.send.outbox import Lane, Lease, Outbox, Settlement
    from mailkit.send.retry import RetryPolicy
    from mailkit.send.returns.causes import Action, Cause, Family, Fault
    from mailkit.send.returns.classify import Verdict, classify
    from mailkit.send.returns.reply import Phase, Reply
    from mailkit.send.sender import Sender
    from mailkit.send.smtp.transport import SMTPTransport
    from mailkit.send.summary import Summary
    from mailkit.send.throttle import Limits, Rate
    from mailkit.send.transport import Transport

__all__ = [
    "Action",
    "Cause",
    "Family",
    "Fault",
    "Job",
    "JobState",
    "Lane",
    "Lease",
    "Limits",
    "MemoryOutbox",
    "Outbox",
    "Phase",
    "Rate",
    "Reply",
    "RetryPolicy",
    "SMTPTransport",
    "Sender",
    "Settlement",
    "Summary",
    "Transport",
    "Verdict",
    "classify",
]

_HOMES: Final = {
    "Action": "returns.causes",
    "Cause": "returns.causes",
    "Family": "returns.causes",
    "Fault": "returns.causes",
    "Job": "jobs",
    "JobState": "jobs",
    "Lane": "outbox",
    "Lease": "outbox",
    "Limits": "throttle",
    "MemoryOutbox": "memory",
    "Outbox": "outbox",
    "Phase": "returns.reply",
    "Rate": "throttle",
    "Reply": "returns.reply",
    "RetryPolicy": "retry",
    "SMTPTransport": "smtp.transport",
    "Sender": "sender",
    "Settlement": "outbox",
    "Summary": "summary",
    "Transport": "transport",
    "Verdict": "returns.classify",
    "classify": "returns.classify",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mailkit.send' has no attribute {name!r}")
    value = getattr(import_module(f"mailkit.send.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
