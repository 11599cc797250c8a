"""The how-to page about tracked letters is a program, and prints what it says that it prints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mailkit.track import LinkTable

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "send-a-tracked-letter.md"


def test_the_page_runs_and_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAIL_KEYS", "1:" + bytes(range(64)).hex())
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    program = "\n".join(blocks)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(program, str(PAGE), "exec"), names)

    promised = re.findall(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    assert len(promised) == program.count("\nprint(")
    assert capsys.readouterr().out.splitlines() == promised
    assert isinstance(names["tracker"].table, LinkTable)
    assert "The letter of June" in (tmp_path / "june.html").read_text(encoding="utf-8")
