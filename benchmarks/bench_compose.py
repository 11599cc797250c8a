"""Finished bytes for one reader: `Template.encode` beside what people do today.

The letter is a newsletter of a bookshop: 49 kB of tables, fourteen expressions, a loop of six
rows, Cyrillic; subject, text part and header fields differ by reader too. Beside it the same with
prose in place of the cards, which leaves inliners little to do. There are many
readers, and they come in turn. Subject and peers take turns in one run, so that a slow moment
hits all of them; the best turn of each counts, in time of the processor, which other work on the
machine does not lengthen much. Read the ratios and not the times, which are the machine's.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime
from itertools import cycle
from typing import Any

import django
import jinja2
from css_inline import CSSInliner
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from premailer import Premailer

from mailkit import Attachment, Envelope, compose
from mailkit.compose.inlining import inline_once, inliner_for
from mailkit.compose.marks import Marks

Record = dict[str, Any]

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)
CSS = """
body { margin: 0; background: #f4f4f4; font-family: Arial, sans-serif; color: #222222 }
table { border-collapse: collapse } img { border: 0; display: block } a { color: #1a56db }
h1 { font-size: 28px; line-height: 34px; margin: 0 0 12px } h2 { font-size: 20px; line-height: 26px; margin: 0 0 8px }
p { font-size: 16px; line-height: 24px; color: #333333; margin: 0 0 12px } td { padding: 8px; vertical-align: top }
.card { background: #ffffff; width: 600px } .price { color: #b3261e; font-weight: bold; white-space: nowrap }
.story { border-bottom: 1px solid #eeeeee } .story .lead { color: #555555 } .muted p { color: #777777 }
.story td.picture { width: 180px; padding-right: 16px } a.button { background: #1a56db; color: #ffffff }
.button { padding: 12px 24px; display: inline-block; text-decoration: none; border-radius: 4px }
.foot td { font-size: 12px; color: #888888 } #top { border-top: 4px solid #1a56db }
@media (max-width: 600px) { .card { width: 100% !important } h1 { font-size: 22px !important } }
@media (prefers-color-scheme: dark) { .card { background: #222222 !important } p { color: #eeeeee !important } }
"""
ROW = """<tr><td><img src="https://cdn.example.com/{{ item.id }}.png" width="72" alt="{{ item.name }}"></td>
<td><a href="https://shop.example.com/p/{{ item.id }}">{{ item.name }}</a></td>
<td class="price">{{ item.price }} ₽</td></tr>"""
STORY = """<tr><td><table class="story" role="presentation"><tr>
<td class="picture"><img src="https://cdn.example.com/story/{number}.jpg" width="180" height="120" alt="A shelf"></td>
<td class="muted"><h2>The table by the window</h2><p class="lead">Скидка действует до воскресенья.</p>
<p>We read every book before it goes on the shelf, and write down what we think of it.</p>
<p><a href="https://shop.example.com/story/{number}">Read on</a></p>
<a class="button" href="https://shop.example.com/buy/{number}">See the books</a></td>
</tr></table></td></tr>
"""
PROSE = """<tr><td class="muted"><p>We read every book before it goes on the shelf, and write down what we think of it.
The list below is what the last month left on the table by the window; take one, sit down, tell us whether we were
right.</p><p>Скидка действует до воскресенья, во всех магазинах.
<a href="https://shop.example.com/story">Read on</a></p></td></tr>
"""
HTML = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>Sale</title><style>{CSS}</style></head><body>
<table class="card" id="top"><tr><td><h1>Здравствуйте, {{{{ name }}}}!</h1><p>Dear {{{{ name }}}} from {{{{ city }}}},
you have {{{{ points }}}} points and {{{{ coupons }}}} coupons until {{{{ until }}}}.</p></td></tr>
<tr><td><table>{{% for item in cart %}}{ROW}{{% endfor %}}</table></td></tr>
<tr><td><p>Total: {{{{ total }}}}</p><a class="button" href="{{{{ cart_url }}}}">Finish</a></td></tr>
<!-- stories --><tr class="foot"><td>{{{{ address }}}} <a href="{{{{ unsubscribe_url }}}}">Leave</a></td></tr></table>
</body></html>
"""


def _letter(part: str) -> str:
    """The letter, filled with as many parts of a kind as make 49 kB of it."""
    count = (49_000 - len(HTML.encode())) // len(part.format(number=10).encode())
    return HTML.replace("<!-- stories -->", "".join(part.format(number=number) for number in range(10, 10 + count)))


SOURCE, PROSE_SOURCE = _letter(STORY), _letter(PROSE)
SUBJECT = "{{ name }}, your cart is waiting"
NAMES = ("Анна О'Брайен", "Boris", "Victoria Smith", "Галина Петровна", "Denis", "Елена", "Fjodor & Co", "Gregory")
TITLES = ("Atlas", "Book & more", "Chess for all", "Деревня", "Evening's end", "Field guide", "Garden", "Hills")


def people(count: int = 997) -> list[tuple[Record, Envelope]]:
    """Readers who share first names, cities and books, as readers do, and nothing else."""
    return [(_record(number), _envelope(number)) for number in range(count)]


def _record(number: int) -> Record:
    return {
        "name": NAMES[number % 8] if number % 3 else f"{NAMES[number % 8]} {number}",
        "city": ("Kazan", "Тверь", "New York")[number % 3],
        "points": number,
        "coupons": number % 5,
        "until": "1 May",
        "cart": [
            {"id": number * 6 + row, "name": TITLES[(number + row) % 8], "price": (number + row) % 90 * 10}
            for row in range(6)
        ],
        "total": f"{number % 9} {number:03}",
        "cart_url": f"https://shop.example.com/cart/{number}?a=1&b=2",
        "address": "Books Ltd, 1 Main Street",
        "unsubscribe_url": f"https://t.example.com/u/{number:032x}",
    }


def _envelope(number: int) -> Envelope:
    return Envelope(
        sender="Книги <shop@example.com>",
        recipient=f"reader{number}@example.org",
        headers=(
            (
                "List-Unsubscribe",
                f"<https://t.example.com/u/{number:032x}>, <mailto:leave@example.com?subject={number}>",
            ),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Feedback-ID", f"7:{number % 20}:news:shop"),
        ),
    )


def _fields(envelope: Envelope, subject: str) -> Iterator[tuple[str, str]]:
    yield from (("From", str(envelope.sender)), ("To", str(envelope.recipient)), ("Subject", subject))
    yield from (("Date", format_datetime(DATE)), ("Message-ID", "<1@example.com>"))
    yield from envelope.headers


def _email_message(envelope: Envelope, subject: str, html: str, text: str) -> bytes:
    mime = EmailMessage(policy=SMTP)
    for name, value in _fields(envelope, subject):
        mime[name] = value
    mime.set_content(text)
    mime.add_alternative(html, subtype="html")
    return mime.as_bytes()


def _mime_text(envelope: Envelope, subject: str, html: str, text: str) -> bytes:
    mime = MIMEMultipart("alternative")
    for name, value in _fields(envelope, subject):
        mime[name] = value if value.isascii() else Header(value, "utf-8").encode()
    mime.attach(MIMEText(text, "plain", "utf-8"))
    mime.attach(MIMEText(html, "html", "utf-8"))
    return mime.as_bytes()


def _django(envelope: Envelope, subject: str, html: str, text: str) -> bytes:
    headers = {"Date": format_datetime(DATE), "Message-ID": "<1@example.com>", **dict(envelope.headers)}
    mail = EmailMultiAlternatives(subject, text, str(envelope.sender), [str(envelope.recipient)], headers=headers)
    mail.attach_alternative(html, "text/html")
    return bytes(mail.message().as_bytes())


def _by_hand(envelope: Envelope, subject: str, parts: list[tuple[str, str, bytes]]) -> bytes:
    lines = [
        f"{name}: {value if value.isascii() else Header(value, 'utf-8').encode()}\r\n"
        for name, value in _fields(envelope, subject)
    ]
    lines.append('MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="=_b"\r\n')
    out = ["".join(lines).encode()]
    for subtype, encoding, content in parts:
        head = (
            f"\r\n--=_b\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        )
        out += (head.encode(), content.replace(b"\n", b"\r\n"))
    return b"".join((*out, b"\r\n--=_b--\r\n"))


def _by_hand_base64(envelope: Envelope, subject: str, html: str, text: str) -> bytes:
    parts = [("plain", "base64", encodebytes(text.encode())), ("html", "base64", encodebytes(html.encode()))]
    return _by_hand(envelope, subject, parts)


def _by_hand_quoted(envelope: Envelope, subject: str, html: str, text: str) -> bytes:
    quoted = "quoted-printable"
    parts = [("plain", quoted, b2a_qp(text.encode())), ("html", quoted, b2a_qp(html.encode()))]
    return _by_hand(envelope, subject, parts)


def inlined_once(source: str) -> str:
    """The letter with its CSS inlined and its Jinja whole, as peers cannot make it themselves."""
    marks = Marks()
    return marks.emit(inline_once(marks.read(source, "html"), marks, inliner_for("css-inline")).html).source


def contestants(source: str = SOURCE) -> dict[str, Callable[[], bytes]]:
    """What makes the same letter for one reader after the other, ours first."""
    if not settings.configured:
        settings.configure()
        django.setup()
    readers = people()
    template = compose.compile(source, subject=SUBJECT)
    jinja, plain = jinja2.Environment(autoescape=True), jinja2.Environment()
    html, ready = jinja.from_string(source), jinja.from_string(inlined_once(source))
    subject, text = plain.from_string(SUBJECT), plain.from_string(compose.plain_text(source))
    inliner = CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)

    def premailer(page: str) -> str:
        return str(Premailer(page, disable_validation=True, cssutils_logging_level=50).transform())

    def each(make: Callable[[Record, Envelope], bytes]) -> Callable[[], bytes]:
        turn = cycle(readers)
        return lambda: make(*next(turn))

    def peer(
        page: jinja2.Template, finish: Callable[[Envelope, str, str, str], bytes], inline: Callable[[str], str] = str
    ) -> Callable[[], bytes]:
        return each(
            lambda record, envelope: finish(
                envelope, subject.render(record), inline(page.render(record)), text.render(record)
            )
        )

    return {
        "mailkit": each(
            lambda record, envelope: template.encode(record, envelope, message_id="1@example.com", date=DATE)
        ),
        "render + premailer + EmailMessage": peer(html, _email_message, premailer),
        "render + css-inline + EmailMessage": peer(html, _email_message, inliner.inline),
        "render + css-inline + MIMEText": peer(html, _mime_text, inliner.inline),
        "inline once + Jinja + EmailMessage": peer(ready, _email_message),
        "inline once + Jinja + Django's EmailMultiAlternatives": peer(ready, _django),
        "inline once + Jinja + MIMEText": peer(ready, _mime_text),
        "inline once + Jinja + b2a_qp by hand": peer(ready, _by_hand_quoted),
        "inline once + Jinja + base64 by hand": peer(ready, _by_hand_base64),
    }


def measure(source: str = SOURCE, rounds: int = 10) -> list[tuple[str, float]]:
    """Each contestant's best time of a letter, in seconds; they take turns."""
    runs = contestants(source)
    best = dict.fromkeys(runs, float("inf"))
    for make in runs.values():
        make()
    for _ in range(rounds):
        for name, make in runs.items():
            times = 200 if name == "mailkit" else 20 if name.endswith("hand") else 2
            start = time.process_time()
            for _ in range(times):
                make()
            best[name] = min(best[name], (time.process_time() - start) / times)
    return list(best.items())


def compiling() -> tuple[float, int]:
    """The best time of compiling the letter, in seconds, and what a template keeps of memory, in bytes."""
    times = []
    for _ in range(5):
        start = time.process_time()
        compose.compile(SOURCE, subject=SUBJECT)
        times.append(time.process_time() - start)
    gc.collect()
    tracemalloc.start()
    template = compose.compile(SOURCE, subject=SUBJECT)
    for record, envelope in people(200):
        template.encode(record, envelope, message_id="1@example.com", date=DATE)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return min(times), kept


def with_files() -> list[tuple[int, float]]:
    """The best time of a small letter with a file, in seconds, by the file's size in bytes."""
    found = []
    (record, envelope), *_ = people(1)
    for size in (0, 100_000, 1_000_000):
        letter = compose.Letter(
            subject=SUBJECT,
            blocks=[compose.blocks.Text("Hello, {{ name }}")],
            attachments=[Attachment(filename="terms.pdf", content=bytes(size))] if size else [],
        )
        template, times = compose.compile(letter), []
        for _ in range(30):
            start = time.process_time()
            template.encode(record, envelope, message_id="1@example.com", date=DATE)
            times.append(time.process_time() - start)
        found.append((size, min(times)))
    return found


def _report(source: str) -> list[tuple[str, float]]:
    (_, ours), *peers = measure(source)
    print(f"one letter of {len(source.encode()) / 1000:.0f} kB: {ours * 1e6:,.0f} µs")
    for name, seconds in peers:
        print(f"  {name:<54} {seconds / ours:8.1f} times slower {seconds * 1e6:10,.0f} µs")
    return [(name, seconds / ours) for name, seconds in peers]


def main() -> list[tuple[str, float]]:
    """Print and give how many times slower each peer is."""
    ratios = _report(SOURCE)
    print("the same with prose in place of cards:")
    _report(PROSE_SOURCE)
    seconds, kept = compiling()
    print(f"compiling it takes {seconds * 1e3:,.0f} ms, and the template keeps {kept / 1e6:.1f} MB")
    for octets, time_of in with_files():
        print(f"a small letter with a file of {octets / 1000:,.0f} kB: {time_of * 1e6:,.0f} µs")
    return ratios


if __name__ == "__main__":
    main()
