"""The how-to pages about segments are programs, and print what they say that they print."""

from __future__ import annotations

import re
from pathlib import Path

import django
import pytest
from django.conf import settings

from mailkit import segment

if not settings.configured:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    elsewhere = {**memory, "TIME_ZONE": "Europe/Moscow"}
    settings.configure(USE_TZ=True, DATABASES={"default": memory, "elsewhere": elsewhere})
    django.setup()

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["ready-made-segments", "say-who", "segments-in-django"])
def test_the_page_runs_and_prints_what_it_says(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "how-to" / f"{name}.md"
    parts = re.findall(r"^```(python|text)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    program = "\n".join(text for kind, text in parts if kind == "python")
    exec(compile(program, str(page), "exec", dont_inherit=True), {"__name__": "__main__"})

    promised: list[str] = []
    for kind, text in parts:
        told = re.findall(r"^ *print\(.*\)  # (.*)$", text, re.MULTILINE) if kind == "python" else text.splitlines()
        promised += told
    assert capsys.readouterr().out.splitlines() == promised


def test_every_public_name_stands_on_the_reference_page() -> None:
    page = (ROOT / "docs" / "reference" / "segment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. (?:auto\w+|py:data):: (?:mailkit\.segment\.)?(\w+)$", page, re.MULTILINE))
    assert set(segment.__all__) <= named
