"""Importing compose is cheap."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = ("jinja2", "markdown_it", "css_inline", "premailer", "lxml")
    script = f"import sys, mailkit.compose; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
