"""Draw the contact sheets of the ready letters: `python docs/ready_letters.py` (needs playwright and Chromium)."""

from __future__ import annotations

import argparse
import asyncio
import inspect
import shutil
from base64 import b64encode
from html import escape
from pathlib import Path

from mailkit import compose
from mailkit.compose import letters

HERE = Path(__file__).parent / "_static"
ORDER = [name for name in letters.__all__ if inspect.isfunction(getattr(letters, name)) and "sample" not in name]
COLOURS = ("#c7b79c", "#8fa7a3", "#b98f7d", "#8c94b0", "#a3a97f")


def picture(url: str) -> str:
    """A made-up picture for an address: a plain ground with a shape."""
    number = sum(map(ord, url))
    ground, shape = COLOURS[number % 5], COLOURS[(number + 2) % 5]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400">'
        f'<rect width="600" height="400" fill="{ground}"/><circle cx="300" cy="210" r="120" fill="{shape}"/></svg>'
    )


def html(name: str, lang: str) -> str:
    """A ready letter for the sample record, as HTML."""
    letter = getattr(letters, name)(letters.sample_brand(lang), lang=lang)
    return compose.compile(letter).render(letters.sample(lang)).html


async def shots(names: list[str], lang: str, width: int, dark: bool) -> dict[str, bytes]:
    """Each letter in a browser, as PNG."""
    from playwright.async_api import Route, async_playwright

    async def answer(route: Route) -> None:
        await route.fulfill(body=picture(route.request.url), content_type="image/svg+xml")

    made = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(
            viewport={"width": width, "height": 600}, color_scheme="dark" if dark else "light"
        )
        await page.route("**/*", answer)
        for name in names:
            await page.set_content(html(name, lang))
            made[name] = await page.screenshot(full_page=True)
        await browser.close()
    return made


async def sheet(pictures: dict[str, bytes], to: Path, *, across: int, width: int) -> None:
    """All of them on one sheet."""
    from playwright.async_api import async_playwright

    figures = "".join(
        f'<figure style="width:{width}px;margin:0;break-inside:avoid"><img src="data:image/png;base64,'
        f'{b64encode(data).decode()}" style="width:100%;border:1px solid #ccc">'
        f'<figcaption style="font:9px sans-serif;padding:2px 0 12px">{escape(name)}</figcaption></figure>'
        for name, data in pictures.items()
    )
    page_width = across * (width + 12) + 12
    body = f'<!doctype html><body style="margin:12px;columns:{across};column-gap:12px;background:#fff">{figures}'
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": page_width, "height": 400})
        await page.set_content(body)
        await page.screenshot(path=to, full_page=True)
        await browser.close()


async def main() -> None:
    """Draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=HERE)
    parser.add_argument("--width", type=int, default=700)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--across", type=int, default=9)
    parser.add_argument("--only", nargs="*", default=ORDER)
    parser.add_argument("--shown", type=int, default=112)
    given = parser.parse_args()
    for lang in letters.LANGUAGES:
        pictures = await shots(given.only, lang, given.width, given.dark)
        await sheet(pictures, given.to / f"ready_letters_{lang}.png", across=given.across, width=given.shown)


if __name__ == "__main__":
    asyncio.run(main())
