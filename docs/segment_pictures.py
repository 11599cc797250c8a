"""Draws the picture of segments in a notebook: `python docs/segment_pictures.py` (needs playwright and Chromium)."""

from __future__ import annotations

import argparse
import runpy
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent


def page() -> str:
    """What the tour in `examples/segments.py` shows, as HTML."""
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["segments.py", "--to", folder]
        runpy.run_path(str(HERE.parent / "examples" / "segments.py"), run_name="__main__")
        return Path(folder, "tour.html").read_text(encoding="utf-8")


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=HERE / "_static" / "segments.png")
    parser.add_argument("--width", type=int, default=900)
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    html = page()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        shown = browser.new_page(
            viewport={"width": given.width, "height": 600}, color_scheme="dark" if given.dark else "light"
        )
        shown.set_content(html)
        shown.screenshot(path=given.to, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
