"""The pages about engines are true: the how-to runs, and each "yes" of the table is run on the engine."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from mailkit.errors import NotPortable
from mailkit.segment import nodes
from mailkit.segment.nodes import walk

DOCS = Path(__file__).parents[3] / "docs"
HOW_TO = DOCS / "how-to" / "run-segments-on-an-engine.md"
TABLE: dict[str, Any] = runpy.run_path(str(DOCS / "segment_engines.py"))


def programs() -> dict[str, list[str]]:
    """The page's programs by their marks; what has none runs anywhere."""
    blocks = re.findall(r"^```python\n(.*?)^```$", HOW_TO.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    found: dict[str, list[str]] = {"": [], "# postgresql": [], "# spark": []}
    for block in blocks:
        first = block.splitlines()[0]
        found[first if first in found else ""].append(block)
    return found


def run(blocks: list[str], capsys: pytest.CaptureFixture[str], **names: Any) -> None:
    code = "\n".join(blocks)
    exec(compile(code, str(HOW_TO), "exec"), {"__name__": "page", **names})
    promised = [line for line in re.findall(r"^# (.*)$", code, re.MULTILINE) if line not in ("postgresql", "spark")]
    assert capsys.readouterr().out.splitlines() == promised


def test_the_how_to_page_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    run(programs()[""], capsys)


def test_its_program_for_postgresql_does_too(capsys: pytest.CaptureFixture[str], postgresql_url: str) -> None:
    run([programs()[""][0], *programs()["# postgresql"]], capsys, url=postgresql_url)


@pytest.mark.engines
@pytest.mark.filterwarnings("ignore")
def test_its_program_for_spark_does_too(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyspark")
    run([programs()[""][0], *programs()["# spark"]], capsys)


def test_the_table_is_that_of_the_code() -> None:
    assert TABLE["PAGE"].read_text(encoding="utf-8") == TABLE["page"](), "run python docs/segment_engines.py"


def test_the_table_has_every_node() -> None:
    met = {type(inner) for _, _, segment in TABLE["EXAMPLES"] for inner in walk(segment.node)}
    assert {kind.__name__ for kind in met} >= {
        name
        for name in nodes.__all__
        if isinstance(getattr(nodes, name), type) and hasattr(getattr(nodes, name), "__attrs_attrs__")
    } - {"Member"}


@pytest.mark.parametrize("example", TABLE["EXAMPLES"], ids=lambda example: f"{example[0]} {example[1]}".strip())
def test_a_yes_of_the_table_is_run_on_the_engine(runner: Any, worlds: list[Any], example: Any) -> None:
    segment = example[2]
    if runner.dialect == "clickhouse" and "tags" in str(segment):
        return  # its lists cannot be null, and these are
    told = {"columns": TABLE["columns"](runner.dialect), "assume_zone": "UTC"}
    try:
        found = runner.asked(segment, "0", **told)
    except NotPortable:
        assert TABLE["refusal"](segment, runner.dialect)
    else:
        assert found == worlds[0].ids(segment, assume_zone="UTC")
