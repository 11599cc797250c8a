"""The how-to page about live segments is a program that prints what it says, and so is the example."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_page_runs_and_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "how-to" / "live-segments.md"
    text = page.read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    exec(compile(program, str(page), "exec"), {"__name__": "page"})
    promised = "".join(re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert capsys.readouterr().out == promised


def test_the_example_misses_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "live_segment.py"), "--to", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("as a full pass says") == 3
    assert re.search(r"^slow to begin: \d\d+ entered$", told.stdout, re.MULTILINE)
    assert (tmp_path / "live.json").is_file()
