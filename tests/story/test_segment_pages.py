"""The how-to pages about segments are programs that print what they say, and so is the tour."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["explain-a-segment", "explore-segments-in-a-notebook", "live-segments"]


def program(name: str) -> tuple[str, str]:
    """What a page has its readers write, and what it promises them to see."""
    text = (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    written = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    return written, "".join(re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", PAGES)
def test_the_page_runs_and_prints_what_it_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")  # what pages read; what they write is not to be left here
    monkeypatch.chdir(tmp_path)
    written, promised = program(name)
    exec(compile(written, name, "exec"), {"__name__": "page"})
    assert capsys.readouterr().out == promised


def test_the_tour_says_who_is_who(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "segments.py"), "--to", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert told.returncode == 0, told.stderr
    assert re.findall(r"^ *([\d,]+)  (loyal|lapsing|bought once|everybody else) ", told.stdout + " ", re.MULTILINE)
    assert "32 of 2,357 people are in (1.4%)." in told.stdout
    assert "leaves on 7 August 1998 at 00:00 UTC, if nothing else changes" in told.stdout
    page = (tmp_path / "tour.html").read_text(encoding="utf-8")
    assert page.count("<section") == 4
    assert "<script" not in page


def test_the_live_example_misses_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "live_segment.py"), "--to", str(tmp_path / "new")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("as a full pass says") == 3
    assert re.search(r"^slow to begin: \d\d+ entered$", told.stdout, re.MULTILINE)
    assert (tmp_path / "new" / "live.json").is_file()


# What warns here is the notebook's own machinery, in a process and with a loop of its own.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_a_notebook_shows_segments_and_all_that_is_asked_of_them() -> None:
    written, _ = program("explore-segments-in-a-notebook")
    shown = [
        "fans",
        "fans.waterfall(people, events=events, now=now)",
        "found",
        "fans.explain(people[0], events=events)",
    ]
    cells = [nbformat.v4.new_code_cell(code) for code in (written, *shown)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(ROOT)}}).execute()
    for cell, kind in zip(notebook.cells[1:], ("segment", "waterfall", "overlap", "explanation"), strict=True):
        (output,) = cell.outputs
        assert f'<section class="mailkit-{kind}"' in output["data"]["text/html"]
