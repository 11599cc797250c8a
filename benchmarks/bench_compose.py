"""Finished bytes for one reader: `Template.encode` beside what people do today.

Subject and peers take turns in one run, so that a slow moment hits all of them; the best turn
of each counts. Read the ratios and not the times, which are the machine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import jinja2
from css_inline import CSSInliner
from premailer import Premailer

from mailkit import Envelope, compose

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)
CSS = """
body { margin: 0; background: #f4f4f4; font-family: Arial, sans-serif } h1 { font-size: 28px; margin: 0 0 12px }
p { font-size: 16px; line-height: 24px; color: #333; margin: 0 0 12px } td { padding: 8px; vertical-align: top }
.card { background: #fff; width: 600px } .price { color: #b3261e; font-weight: bold } .muted p { color: #777 }
a { color: #1a56db } a.button { background: #1a56db; color: #fff; padding: 12px 24px; display: inline-block }
.foot td { font-size: 12px } #top { border-top: 4px solid #1a56db } table table td { border-bottom: 1px solid #eee }
@media (max-width: 600px) { .card { width: 100% !important } h1 { font-size: 22px !important } }
"""
ROW = """<tr><td><img src="https://cdn.example.com/{{ item.id }}.png" width="72" alt="{{ item.name }}"></td>
<td><a href="https://shop.example.com/p/{{ item.id }}">{{ item.name }}</a></td>
<td class="price">{{ item.price }} ₽</td></tr>"""
STORY = """<tr><td class="muted"><p>We read every book before it goes on the shelf, and write down what we think of it.
The list below is what the last month left on the table by the window; take one, sit down, tell us whether we were
right.</p><p>Скидка действует до воскресенья, во всех магазинах.
<a href="https://shop.example.com/story">Read on</a></p>
</td></tr>\n"""
HTML = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>Sale</title><style>{CSS}</style></head><body>
<table class="card" id="top"><tr><td><h1>Здравствуйте, {{{{ name }}}}!</h1><p>Dear {{{{ name }}}} from {{{{ city }}}},
you have {{{{ points }}}} points and {{{{ coupons }}}} coupons until {{{{ until }}}}.</p></td></tr>
<tr><td><table>{{% for item in cart %}}{ROW}{{% endfor %}}</table></td></tr>
<tr><td><p>Total: {{{{ total }}}}</p><a class="button" href="{{{{ cart_url }}}}">Finish</a></td></tr>
{{story}}<tr class="foot"><td>{{{{ address }}}} <a href="{{{{ unsubscribe_url }}}}">Leave</a></td></tr></table>
</body></html>
"""
SOURCE = HTML.replace("{story}", STORY * ((49_000 - len(HTML)) // len(STORY.encode())))
RECORD = {
    "name": "Анна О'Брайен",
    "city": "Kazan",
    "points": 120,
    "coupons": 3,
    "until": "1 May",
    "cart": [{"id": number, "name": f"Book & more {number}", "price": number * 100} for number in range(6)],
    "total": "1 500",
    "cart_url": "https://shop.example.com/cart/1?a=1&b=2",
    "address": "Books Ltd, 1 Main Street",
    "unsubscribe_url": "https://t.example.com/u/1",
}
ENVELOPE = Envelope(sender="Книги <shop@example.com>", recipient="anna@example.org")
SUBJECT = "{{ name }}, your cart is waiting"


def _finished(subject: str, html: str, text: str) -> bytes:
    mime = EmailMessage(policy=SMTP)
    mime["From"], mime["To"], mime["Subject"] = str(ENVELOPE.sender), str(ENVELOPE.recipient), subject
    mime["Date"], mime["Message-ID"] = format_datetime(DATE), "<1@example.com>"
    mime.set_content(text)
    mime.add_alternative(html, subtype="html")
    return mime.as_bytes()


def contestants() -> dict[str, Callable[[], bytes]]:
    """What makes the same letter, ours first."""
    template = compose.compile(SOURCE, subject=SUBJECT)
    text = template.render(RECORD).text
    jinja = jinja2.Environment(autoescape=True)
    html, subject = jinja.from_string(SOURCE), jinja2.Template(SUBJECT)
    inliner = CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)

    def ours() -> bytes:
        return template.encode(RECORD, ENVELOPE, message_id="1@example.com", date=DATE)

    def with_css_inline() -> bytes:
        return _finished(subject.render(RECORD), inliner.inline(html.render(RECORD)), text)

    def with_premailer() -> bytes:
        inlined = Premailer(html.render(RECORD), disable_validation=True, cssutils_logging_level=50).transform()
        return _finished(subject.render(RECORD), inlined, text)

    return {
        "mailkit": ours,
        "render + css-inline + EmailMessage": with_css_inline,
        "render + premailer + EmailMessage": with_premailer,
    }


def measure(rounds: int = 5) -> list[tuple[str, float]]:
    """Each contestant's best time of a letter, in seconds; they take turns."""
    runs = contestants()
    best = dict.fromkeys(runs, float("inf"))
    for make in runs.values():
        make()
    for _ in range(rounds):
        for name, make in runs.items():
            times = 100 if name == "mailkit" else 2
            start = time.perf_counter()
            for _ in range(times):
                make()
            best[name] = min(best[name], (time.perf_counter() - start) / times)
    return list(best.items())


def main() -> list[tuple[str, float]]:
    """Print and give how many times slower each peer is."""
    (_, ours), *peers = measure()
    start = time.perf_counter()
    compose.compile(SOURCE, subject=SUBJECT)
    compiling = time.perf_counter() - start
    size = len(SOURCE.encode()) / 1000
    print(f"one letter of {size:.0f} kB: {ours * 1e6:,.0f} µs, after {compiling * 1e3:,.0f} ms of compiling")
    ratios = [(name, seconds / ours) for name, seconds in peers]
    for name, ratio in ratios:
        print(f"  {name:<38} {ratio:8.0f} times slower")
    return ratios


if __name__ == "__main__":
    main()
