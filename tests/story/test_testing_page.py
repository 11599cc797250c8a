"""The how-to page about tests of mailings prints what it says."""

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-your-mailings.md"


def test_the_server_that_behaves_badly_does_so() -> None:
    _, _, section = PAGE.read_text(encoding="utf-8").partition("## A server that behaves badly")
    code, said = re.findall(r"```(?:python|text)\n(.*?)```", section, re.DOTALL)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, str(PAGE), "exec"), {})
    assert printed.getvalue() == said
