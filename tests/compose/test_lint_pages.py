"""The pages about testing letters are true: the how-to runs, and the table of rules is that of the code."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from mailkit.compose.linting import rules
from mailkit.compose.linting.rules import OF_COMPILE, RULES

DOCS = Path(__file__).parents[2] / "docs"


def test_the_how_to_page_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = DOCS / "how-to" / "test-before-sending.md"
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
    names = {"__name__": "page"}
    exec(compile(code, str(page), "exec"), names)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == re.findall(
        r"^# (.*)$", code, re.MULTILINE
    )


def test_the_table_of_rules_is_that_of_the_code() -> None:
    made = runpy.run_path(str(DOCS / "lint_page.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run python docs/lint_page.py"


def test_every_code_of_a_finding_is_known() -> None:
    sources = Path(rules.__file__).parents[1].rglob("*.py")
    written = {code for path in sources for code in re.findall(r'code="(compose\.[a-z-]+)"', path.read_text("utf-8"))}
    assert written == OF_COMPILE
    assert not OF_COMPILE & set(RULES)
