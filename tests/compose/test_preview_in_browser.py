"""The preview page in a real browser, served by the real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LETTER = """
from mailkit import compose
from mailkit.compose import blocks as b
letter = compose.Letter(
    subject="{{ name }}, hello",
    blocks=[b.Heading("First"), b.Text("Dear {{ name }}"), b.Image("https://shop.example.com/a.png", alt="A cat")],
)
records = [{"name": "Anna"}, {"name": "Boris"}, {"nane": "Vera"}]
sender = "Books <shop@example.com>"
"""


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.py"
    path.write_text(LETTER)
    return path


@pytest.fixture
def address(letter: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mailkit", "preview", str(letter)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found
    yield found.group()
    process.terminate()
    process.communicate(timeout=10)


def visited(judge: Any, address: str, visit: Callable[[Page], None]) -> None:
    """Visit the page in a window of its own, in which nothing may go wrong."""

    def work(browser: Browser) -> list[str]:
        with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
            context.route(lambda url: not url.startswith(address), lambda route: route.abort())
            page, wrong = context.new_page(), list[str]()
            page.set_default_timeout(15_000)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.goto(address)
            visit(page)
            return wrong

    assert judge.browse(work) == []


def shown(page: Page, client: str = "desktop") -> Any:
    return page.frame_locator(f'[data-client="{client}"] iframe:not(.coming)').locator("body")


def test_a_letter_is_shown_as_inboxes_and_clients_show_it(judge: Any, address: str) -> None:
    def visit(page: Page) -> None:
        page.get_by_text("Anna, hello").wait_for()
        assert page.locator("#sender").inner_text() == "Books"
        shown(page).get_by_text("Dear Anna").wait_for()
        shown(page, "mobile").get_by_text("Dear Anna").wait_for()
        assert shown(page, "mobile").evaluate("() => innerWidth") == 375
        assert page.title() == "Anna, hello · mailkit preview"

    visited(judge, address, visit)


def test_the_keyboard_is_enough(judge: Any, address: str) -> None:
    def visit(page: Page) -> None:
        page.get_by_text("Anna, hello").wait_for()
        page.keyboard.press("ArrowRight")
        shown(page).get_by_text("Dear Boris").wait_for()
        page.keyboard.press("1")
        page.locator('[data-client="desktop"].view').wait_for(state="detached")
        for key in "345":
            page.keyboard.press(key)
        assert "Boris" in shown(page, "text").inner_text()
        shown(page, "images off").get_by_text("A cat").wait_for()
        assert shown(page, "dark").evaluate("() => getComputedStyle(document.documentElement).colorScheme") == "dark"
        dark = page.get_by_role("button", name="Dark")
        dark.focus()
        page.keyboard.press("Enter")
        assert dark.get_attribute("aria-pressed") == "false"
        page.keyboard.press("ArrowRight")
        page.get_by_role("alert").get_by_text("did you mean 'nane'").wait_for()
        page.get_by_label("Shown for").select_option("")
        page.get_by_role("alert").wait_for(state="hidden")
        shown(page, "mobile").get_by_text("Dear {{ name }}").wait_for()

    visited(judge, address, visit)


def test_the_page_follows_the_file_shows_its_errors_and_recovers(judge: Any, address: str, letter: Path) -> None:
    def visit(page: Page) -> None:
        shown(page).get_by_text("First").wait_for()
        letter.write_text(LETTER.replace("First", "Second"))
        shown(page).get_by_text("Second").wait_for()
        letter.write_text(LETTER.replace("Dear {{ name }}", "Dear {{ name }"))
        alert = page.get_by_role("alert")
        alert.get_by_text("unexpected '}'").wait_for()
        assert "html, blocks[1]" in alert.inner_text()
        assert "Dear {{ name }" in alert.inner_text()
        assert page.locator("#status").inner_text() == "has an error"
        shown(page).get_by_text("Second").wait_for()
        letter.write_text(LETTER.replace("First", "Third"))
        alert.wait_for(state="hidden")
        shown(page).get_by_text("Third").wait_for()

    visited(judge, address, visit)


def test_a_letter_is_read_on_where_it_was(judge: Any, address: str, letter: Path) -> None:
    def visit(page: Page) -> None:
        letter.write_text(LETTER.replace('b.Heading("First")', 'b.Spacer(2000), b.Heading("Below")'))
        shown(page).get_by_text("Below").wait_for()
        shown(page).evaluate("() => scrollTo(0, 700)")
        letter.write_text(LETTER.replace('b.Heading("First")', 'b.Spacer(2000), b.Heading("Still below")'))
        shown(page).get_by_text("Still below").wait_for()
        assert shown(page).evaluate("() => scrollY") == 700

    visited(judge, address, visit)
