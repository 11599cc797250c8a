"""The how-to pages about segments are programs, and print what they say that they print."""

from __future__ import annotations

import re
from pathlib import Path

import django
import pytest
from django.conf import settings

if not settings.configured:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    elsewhere = {**memory, "TIME_ZONE": "Europe/Moscow"}
    settings.configure(USE_TZ=True, DATABASES={"default": memory, "elsewhere": elsewhere})
    django.setup()

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["ask-many-segments", "ready-made-segments", "segments-in-django"])
def test_the_page_runs_and_prints_what_it_says(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "how-to" / f"{name}.md"
    parts = re.findall(r"^```(python|text)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    program = "\n".join(text for kind, text in parts if kind == "python")
    exec(compile(program, str(page), "exec"), {"__name__": "page"})

    promised: list[str] = []
    for kind, text in parts:
        told = re.findall(r"^ *print\(.*\)  # (.*)$", text, re.MULTILINE) if kind == "python" else text.splitlines()
        promised += told
    assert capsys.readouterr().out.splitlines() == promised
