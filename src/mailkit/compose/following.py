"""A letter's addresses followed: what each link and picture answers, and what pictures weigh.

How to think about it: what to ask is decided here, and what the answers mean; asking is the
fetcher's matter, which the application gives. `mailkit.compose.fetching` has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from mailkit.compose.addresses import address, is_web
from mailkit.compose.linting.linking import backgrounds
from mailkit.compose.linting.page import Page
from mailkit.compose.linting.pictures import is_see_through
from mailkit.compose.linting.reading import read_page
from mailkit.compose.linting.rules import finding
from mailkit.compose.linting.sources import written
from mailkit.compose.marks import MARK, Marks
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Findings, Place, Severity

if TYPE_CHECKING:
    from mailkit.compose.letter import Letter
    from mailkit.compose.templates import Template

__all__ = ["Answer", "Fetch", "check_links"]

HEAVY_BYTES: Final = 200 * 1024
"""Of one picture; a choice of ours."""
HEAVY_LETTER_BYTES: Final = 1000 * 1024
"""Of all pictures together; a choice of ours."""
SLOW_SECONDS: Final = 3.0
"""How long an address may take; a choice of ours."""
_GUARDED: Final = frozenset({401, 403, 405, 406, 429, 451, 999})
_RANK: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@attrs.frozen(kw_only=True)
class Answer:
    """What a fetcher found at an address.

    Attributes:
        status: The HTTP status at the end of all redirects.
        url: Where the redirects ended.
        content_type: The Content-Type without parameters, such as "image/png".
        size_bytes: How much there is; 0 if it was not fetched whole.
        redirects: How many redirects there were.
        seconds: How long it took.
        beginning: The first 1,024 bytes of a picture; may be empty.

    >>> Answer(status=200, url="https://shop.example.com/", content_type="text/html").redirects
    0
    """

    status: int
    url: str
    content_type: str = ""
    size_bytes: int = 0
    redirects: int = 0
    seconds: float = 0.0
    beginning: bytes = b""


class Fetch(Protocol):
    """Asks for an address; threads may call it at once.

    It raises `OSError` (a time-out and a name that is not known are such) if no answer is to be
    had. Addresses come from letters, and so perhaps from strangers: a fetcher refuses hosts of
    the private network, follows a bounded number of redirects, checking each, and reads a
    bounded number of bytes.
    """

    def __call__(self, url: str, *, is_picture: bool) -> Answer:
        """What is there; of a page the status is enough, of a picture size and beginning are wanted."""
        ...


def check_links(
    source: Template | Letter | str | PathLike[str],
    *,
    fetch: Fetch,
    record: object = None,
    at_once: int = 8,
) -> Findings:
    """Follow a letter's links, and weigh its pictures.

    Each address is asked for once. Told are those that do not answer, that lead elsewhere after
    redirects, that are slow or not pictures; pictures that weigh much, alone or together; and
    pictures with transparent places in a letter that knows dark mode.

    Args:
        source: A template, or what `compile` takes.
        fetch: What asks, such as `mailkit.compose.fetching.WebFetch()`.
        record: A reader for whom a template is rendered first, so that addresses with fields
            are followed, too. Without one these are left alone.
        at_once: How many addresses are asked for at the same time.

    Raises:
        InvalidValue: `record` is given, and the source is no template; `at_once` is less than 1; or
            `fetch` is called and does not do what `Fetch` says.
        TemplateError: The source cannot be read, or the record not be rendered.

    >>> def fetch(url, *, is_picture):
    ...     return Answer(status=404 if "old" in url else 200, url=url)
    >>> html = '<a href="https://shop.example.com/old">a</a><a href="https://shop.example.com/">b</a>'
    >>> for found in check_links(html, fetch=fetch):
    ...     print(found.place, found.message, found.evidence)
    html, line 1 the address does not answer as it should: 404 Not Found https://shop.example.com/old
    """
    if isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1:
        raise InvalidValue("check_links, at_once", at_once, "is not a whole number from 1 up")
    if isinstance(fetch, type) or not callable(fetch):
        mend = f"write {fetch.__name__}()" if isinstance(fetch, type) else "give what asks, such as WebFetch()"
        raise InvalidValue("check_links, fetch", fetch, "is not what asks for an address", mend)
    from concurrent.futures import ThreadPoolExecutor

    page = _page(source, record)
    targets = dict(_targets(page))
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        answers = list(pool.map(lambda url: _asked(fetch, url, is_picture=targets[url][0]), targets))
    found = list(_nowhere(page))
    weight = 0
    for (url, (is_picture, place)), answer in zip(targets.items(), answers, strict=True):
        found += _judged(url, answer, place, is_picture=is_picture, has_dark=page.has_dark)
        weight += answer.size_bytes if is_picture and isinstance(answer, Answer) and answer.status < 400 else 0
    if weight > HEAVY_LETTER_BYTES:
        found.append(finding("heavy-letter", Place(source="html"), f"{weight / 1024:,.0f}"))
    return Findings(sorted(found, key=lambda one: _RANK[one.severity]))


def _page(source: Template | Letter | str | PathLike[str], record: object) -> Page:
    from mailkit.compose.templates import Template

    if isinstance(source, Template):
        if record is not None:
            marks = Marks()
            return read_page(marks.read(_raw(source.render(record).html), "html"), marks)
        parts, marks = source.written
        return read_page(parts.html, marks)
    if record is not None:
        raise InvalidValue("check_links, record", record, "is given without a template", "compile the letter first")
    marks = Marks(has_lines=True)
    parts, _ = written(source, marks, "")
    return read_page(parts.html, marks)


def _raw(html: str) -> str:
    """Finished HTML, in which braces are braces."""
    return html.replace("{", "&#123;")


def _targets(page: Page) -> Iterator[tuple[str, tuple[bool, Place]]]:
    """The addresses in reading order, each with whether it is a picture's; pictures win."""
    pictures = [(one.place, one.given.get("src", "")) for one in page.named("img")]
    links = [(one.place, one.given.get("href", "")) for one in page.named("a", "area")]
    for is_picture, places in ((False, links), (True, [*pictures, *backgrounds(page)])):
        for place, written_url in places:
            url = address(written_url).partition("#")[0]
            if is_web(url) and not MARK.search(url):
                yield url, (is_picture, place)


def _nowhere(page: Page) -> Iterator[Finding]:
    """Links without a host, which nobody can ask for."""
    for one in page.named("a", "area"):
        href = address(one.given.get("href", ""))
        if href.startswith(("/", "./", "../")) and not href.startswith("//"):
            yield finding("relative-link", one.place, evidence=page.spoken(href)[:120])


def _asked(fetch: Fetch, url: str, *, is_picture: bool) -> Answer | OSError:
    try:
        answer = fetch(url, is_picture=is_picture)
    except OSError as error:
        return error
    except Exception as error:  # the application's own code may raise anything
        what = "check_links, fetch"
        raise InvalidValue(
            what, fetch, f"failed at {url}: {error!r}", "raise OSError where there is no answer"
        ) from error
    if not isinstance(answer, Answer):
        mend = "return Answer(status=200, url=…)"
        raise InvalidValue("check_links, fetch", answer, f"is what it returned for {url}", mend)
    return answer


def _judged(url: str, answer: Answer | OSError, place: Place, *, is_picture: bool, has_dark: bool) -> Iterator[Finding]:
    if isinstance(answer, OSError):
        yield finding("unreachable", place, str(answer) or type(answer).__name__, evidence=url)
        return
    if answer.status in _GUARDED:
        yield finding("guarded-link", place, _named(answer.status), evidence=url)
        return
    if not 200 <= answer.status < 300:
        yield finding("dead-link", place, _named(answer.status), evidence=url)
        return
    if answer.redirects:
        count = "a redirect, which costs" if answer.redirects == 1 else f"{answer.redirects} redirects, which cost"
        yield finding("redirects", place, count, evidence=f"{url} → {answer.url}"[:300])
    if answer.url.startswith("http:") and url.startswith("https:"):
        yield finding("http-link", place, evidence=answer.url)
    if answer.seconds > SLOW_SECONDS:
        yield finding("slow", place, f"{answer.seconds:.1f}", evidence=url)
    if is_picture:
        yield from _picture(url, answer, place, has_dark=has_dark)


def _picture(url: str, answer: Answer, place: Place, *, has_dark: bool) -> Iterator[Finding]:
    if not answer.content_type.startswith("image/"):
        yield finding("not-a-picture", place, answer.content_type or "nothing that says what it is", evidence=url)
    elif answer.size_bytes > HEAVY_BYTES:
        yield finding("heavy-picture", place, f"{answer.size_bytes / 1024:.0f}", evidence=url)
    if has_dark and is_see_through(answer.beginning):
        yield finding("see-through-picture", place, evidence=url)


def _named(status: int) -> str:
    from http import HTTPStatus

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
