"""The how-to pages about segments are programs, and print what they say that they print."""

from __future__ import annotations

import re
from codeop import compile_command
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


@pytest.mark.parametrize("name", ["ask-many-segments", "ready-made-segments", "say-who", "segments-in-django"])
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


PAGES = [
    *("say-who", "ready-made-segments", "write-segments-as-text", "explore-segments-in-a-notebook"),
    *("explain-a-segment", "live-segments", "run-segments-on-an-engine"),
]


@pytest.mark.parametrize("page", ["README.md", *(f"docs/how-to/{name}.md" for name in PAGES)])
def test_a_program_can_be_typed_at_a_plain_prompt(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for program in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        typed: list[str] = []
        for line in [*program.splitlines(), "", ""]:
            typed.append(line)
            if compile_command("\n".join(typed), page) is not None:
                typed = []
        assert not any(typed)


def test_every_public_name_stands_on_the_reference_page() -> None:
    page = (ROOT / "docs" / "reference" / "segment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. (?:auto\w+|py:data):: (?:mailkit\.segment\.)?(\w+)$", page, re.MULTILINE))
    assert set(segment.__all__) <= named
