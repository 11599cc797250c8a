"""The code of the page about crashes, run."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailkit import Envelope, send, stores
from mailkit.testing.transport import MemoryTransport

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "survive-a-crash.md"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def letters(count):
    return [
        send.Job(
            person=str(number),
            envelope=Envelope(sender="shop@example.com", recipient=f"reader{number}@example.org"),
            message_id=f"june.{number}@example.com",
            date=NOW,
            campaign="june",
            raw=b"Subject: June\r\n\r\nHello\r\n",
        )
        for number in range(count)
    ]


def test_the_page_about_crashes_does_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    transport = MemoryTransport()
    names = {"jobs": letters(20), "timedelta": timedelta, "transport": transport}
    first, policies, *others = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    first = first.replace('send.SMTPTransport("mail.example.com", 587, tls="starttls")', "transport")
    exec(first, names)
    assert len(transport.messages) == 20
    with stores.open("shop.db") as store:
        names["store"] = store
        exec(policies, names)
        for code in others:
            exec(code, names)
        assert asyncio.run(store.outbox.counts()) == {send.JobState.ACCEPTED: 20}
