"""The how-to page about segments as text is a program, and prints what it says that it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-segments-as-text.md"


def test_the_page_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    program = "\n".join(blocks)
    exec(compile(program, str(PAGE), "exec"), {"__name__": "page"})

    promised = re.findall(r"^ *print\(.*\)  # (.*)$", program, re.MULTILINE)
    assert len(promised) == len(re.findall(r"^ *print\(", program, re.MULTILINE))
    assert capsys.readouterr().out.splitlines() == promised
