"""The how-to page about DKIM failures is a program, and prints what it says that it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "explain-a-dkim-failure.md"


def test_the_page_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```(python|text)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    exec(compile("\n".join(text for kind, text in blocks if kind == "python"), str(PAGE), "exec"), {"__name__": "page"})

    promised: list[str] = []
    for kind, text in blocks:
        told = re.findall(r"^print\(.*\)  # (.*)$", text, re.MULTILINE) if kind == "python" else [text.strip()]
        promised += [line for one in told for line in re.split(r" / |\n", one)]
    assert capsys.readouterr().out.splitlines() == promised
