"""The how-to pages about warming up and about the hour are programs that print what they say, and so is the example."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["warm-up-an-identity", "choose-the-hour"])
def test_the_page_runs_and_prints_what_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    written = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    exec(compile(written, name, "exec"), {"__name__": "page"})
    assert capsys.readouterr().out == "".join(re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def test_the_example_comes_through_in_spite_of_a_spoilt_day(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "warm_up.py"), "--to", str(tmp_path / "new")]
    told = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert told.returncode == 0, told.stderr
    assert re.search(r"outlook: 2026-03-11: stepped back: \d+ of [\d,]+ bounced; at least ", told.stdout)
    assert re.search(r"^Through on 2026-03-\d\d\.$", told.stdout, re.MULTILINE)
    page = (tmp_path / "new" / "warm-up.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "<script" not in page
    assert (tmp_path / "new" / "warm-up.json").is_file()
