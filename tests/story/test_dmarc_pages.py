"""The how-to page about DMARC reports is a program that prints what it says, and so is the example."""

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
    page = ROOT / "docs" / "how-to" / "read-dmarc-reports.md"
    text = page.read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    exec(compile(program, str(page), "exec"), {"__name__": "page"})
    promised = "".join(re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert capsys.readouterr().out == promised


def test_the_example_rolls_a_policy_out(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "dmarc_rollout.py"), "--to", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    stages = re.findall(r"^\d{4}-\d\d-\d\d  (\w+) +(open|shut|done)", told.stdout, re.MULTILINE)
    assert stages[0] == ("none", "shut")
    assert [stage for stage, state in stages if state == "open"] == ["none", "testing", "quarantine"]
    assert stages[-1] == ("reject", "done")
    assert "Mailchimp" in told.stdout
    assert (tmp_path / "snapshot.json").is_file()
