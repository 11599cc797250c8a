"""The README's examples run where people are: in a script, inside a running event loop, and in a notebook."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"\*\*(.+?)\*\*: .+?\n\n```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
EXPECTED = {
    "compose": ["Hello, Anna", "Finish the order (https://shop.example.com/cart)"],
    "segment": [
        'city = "Kazan" and no purchase within last 90 days',
        "[{'id': 2, 'city': 'Kazan', 'zone': None}]",
        'True {"mailkit.segment": 1,',
        "{'write': 1, 'prospect': 1,",
        "2 is in as of 1 March 2026",
    ],
    "send": ["1 accepted, 1 bounced"],
    "track": ["List-Unsubscribe-Post: List-Unsubscribe=One-Click", "()"],
    "dns": ["False", "v=DMARC1"],
    "contacts, reports, stores": ["Anna@example.com", "boris@", "opened: 100.0% (1 of 1 accepted)"],
}


def test_there_is_an_example_for_each_module() -> None:
    assert [name for name, _ in EXAMPLES] == list(EXPECTED)


@pytest.mark.parametrize(("name", "code"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_runs_as_a_script(name: str, code: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert told.returncode == 0, told.stderr
    for expected in EXPECTED[name]:
        assert expected in told.stdout


@pytest.mark.parametrize(("name", "code"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_runs_inside_a_running_event_loop(name: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        exec(compile(code, f"README.md, {name}", "exec"), {"__name__": "example"})

    asyncio.run(main())
    told = capsys.readouterr().out
    for expected in EXPECTED[name]:
        assert expected in told


# What warns here is the notebook's own machinery, in a process and with a loop of its own.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_the_examples_run_in_a_notebook(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(code) for _, code in EXAMPLES]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell, (name, _) in zip(notebook.cells, EXAMPLES, strict=True):
        told = "".join(output.get("text", "") for output in cell.outputs)
        for expected in EXPECTED[name]:
            assert expected in told
