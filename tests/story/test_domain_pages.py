"""The how-to page about checking a domain is a program, and prints what it says that it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.mark.parametrize("name", ["check-a-domain"])
def test_the_page_runs_and_prints_what_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = PAGES / f"{name}.md"
    program = "\n".join(
        re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
    exec(compile(program, str(page), "exec"), {"__name__": "page"})
    promised = re.findall(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    assert len(promised) == len(re.findall(r"^print\(", program, re.MULTILINE))
    assert capsys.readouterr().out.splitlines() == promised
