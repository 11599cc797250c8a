"""The how-to pages about letters are programs, and print what they say that they print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.mark.parametrize("name", ["build-a-letter", "bring-your-own-html", "personalise-safely", "attach-and-invite"])
def test_the_page_runs_and_prints_what_it_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGES / f"{name}.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    program = "\n".join(blocks)
    exec(compile(program, str(page), "exec"), {"__name__": "page"})

    promised = re.findall(r"^ *print\((?:.*|\n.*\n *)\)  # (.*)$", program, re.MULTILINE)
    assert len(promised) == len(re.findall(r"^ *print\(", program, re.MULTILINE))
    assert capsys.readouterr().out.splitlines() == [line for one in promised for line in one.split(" / ")]
