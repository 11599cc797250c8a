"""The how-to pages about signing and other services are programs that print what they say."""

from __future__ import annotations

import re
from pathlib import Path

import prometheus_client
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["sign-letters", "send-through-another-service"])
def test_the_page_runs_and_prints_what_it_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # for what pages write
    written = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    if name == "send-through-another-service":  # its metrics go where they are this program's only ones
        monkeypatch.setattr(prometheus_client, "REGISTRY", prometheus_client.CollectorRegistry())
    exec(compile(written, name, "exec"), {"__name__": "page"})
    assert capsys.readouterr().out == "".join(re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
