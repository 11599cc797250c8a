"""The how-to page about waking workers gives files that work as they stand, but for the places of databases."""

from __future__ import annotations

import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailkit import Envelope, stores
from mailkit.cli import main
from mailkit.send import Job
from mailkit.testing import SMTPServer

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "wake-workers.md"


@pytest.mark.slow
def test_the_pages_files_send_from_cron_and_from_celery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    config, tasks, adding = blocks
    jobs = [
        Job(
            person=name,
            envelope=Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
            message_id=f"{name}@example.com",
            date=datetime(2026, 3, 1, tzinfo=UTC),
            raw=b"Subject: Hello\r\n\r\nHello\r\n",
        )
        for name in ("anna", "ben", "carla")
    ]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "shop_mail", raising=False)
    database = str(tmp_path / "shop.db")
    with SMTPServer() as server:
        config = config.replace('"mail.example.com", 587, tls="starttls"', f'"127.0.0.1", {server.port}, tls="none"')
        (tmp_path / "shop_mail.py").write_text(config)
        with stores.open(database) as store:
            asyncio.run(store.outbox.add(jobs[:1], now=datetime(2026, 3, 1, tzinfo=UTC)))
        assert main(["drain", "shop.db", "--config", "shop_mail.py"]) == 0
        assert len(server.messages) == 1

        def here(text: str) -> str:
            return text.replace("postgresql+psycopg://shop@db/shop", database).replace("redis://localhost", "memory://")

        names: dict[str, object] = {"__name__": "tasks", "jobs": jobs}
        eager = "\napp.conf.task_always_eager = True\n"
        exec(compile(here(tasks) + eager + here(adding), str(PAGE), "exec"), names)
        assert len(server.messages) == 3
