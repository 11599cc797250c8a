"""compose: letters, compiled once and finished for each reader.

A letter is a value made of blocks, or HTML with Jinja of your own. Compiling it inlines its
CSS, numbers its links and finds its mistakes; rendering is then cheap.

>>> from mailkit import compose
>>> from mailkit.compose import blocks as b
>>> letter = compose.Letter(
...     subject="{{ name }}, your cart is waiting",
...     blocks=[
...         b.Heading("Hello, {{ name }}"),
...         b.Products(each="cart", name="{{ item.name }}", price="{{ item.price }}"),
...         b.Button("Finish", href="{{ cart_url }}"),
...     ],
... )
>>> template = compose.compile(letter, fields=["name", "cart", "cart_url"])
>>> anna = {"name": "Anna", "cart": [{"name": "Atlas", "price": "12 €"}], "cart_url": "https://shop.example.com/c/1"}
>>> message = template.render(anna)
>>> message.subject
'Anna, your cart is waiting'
>>> print(message.text)
Hello, Anna
<BLANKLINE>
Atlas  12 €
<BLANKLINE>
Finish (https://shop.example.com/c/1)
<BLANKLINE>

`template.encode` makes the finished bytes instead. Jinja runs in a sandbox; values are
escaped in HTML and only there, and a field that is missing or None is an error that names it.
"""

from __future__ import annotations

from mailkit.compose import blocks, letters
from mailkit.compose.compiling import compile  # noqa: A004 - `compose.compile` is how it is called
from mailkit.compose.dryrun import DryRun, dry_render
from mailkit.compose.following import Answer, Fetch, check_links
from mailkit.compose.inlining import Inliner, inline
from mailkit.compose.letter import Letter
from mailkit.compose.links import Link, Links
from mailkit.compose.linting import lint
from mailkit.compose.plaintext import plain_text
from mailkit.compose.preview import Preview
from mailkit.compose.schema import letter_schema
from mailkit.compose.spamc import SpamScore, spam_score
from mailkit.compose.templates import Template
from mailkit.compose.theme import Theme

__all__ = [
    "Answer",
    "DryRun",
    "Fetch",
    "Inliner",
    "Letter",
    "Link",
    "Links",
    "Preview",
    "SpamScore",
    "Template",
    "Theme",
    "blocks",
    "check_links",
    "compile",
    "dry_render",
    "inline",
    "letter_schema",
    "letters",
    "lint",
    "plain_text",
    "spam_score",
]
