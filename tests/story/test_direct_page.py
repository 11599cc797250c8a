"""The how-to page about letters without a relay is a program that prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_page_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "how-to" / "send-direct-to-mx.md").read_text(encoding="utf-8")
    written = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    promised = "".join(re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    exec(compile(written, "send-direct-to-mx", "exec"), {"__name__": "page"})
    assert capsys.readouterr().out == promised
