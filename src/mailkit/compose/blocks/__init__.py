"""What letters are made of: frozen values, written in the order in which they are read.

Texts and addresses may hold Jinja, `{{ field }}`; everything else in a text is taken as it
stands, so that `<` is a less-than sign. How blocks become HTML is `mailkit.compose.layout`'s
matter, and which may stand in which is said in `mailkit.compose.blocks.places`.

>>> from mailkit.compose import blocks as b
>>> letter = [b.Heading("Hello, {{ name }}"), b.Text("The **sale** has begun."), b.Button("See it", href="{{ url }}")]
"""

from __future__ import annotations

from typing import Final, get_args

from mailkit.compose.blocks.actions import Button, Footer, Menu, Social
from mailkit.compose.blocks.goods import Product, Products, Table, TableColumn
from mailkit.compose.blocks.pictures import Countdown, Hero, Image, Live, Video
from mailkit.compose.blocks.rows import Align, Link
from mailkit.compose.blocks.structure import Column, Columns, Divider, Each, If, Spacer
from mailkit.compose.blocks.words import Heading, Html, Preheader, Quote, Text
from mailkit.compose.calling import well_called

__all__ = [
    "Align",
    "Block",
    "Button",
    "Column",
    "Columns",
    "Countdown",
    "Divider",
    "Each",
    "Footer",
    "Heading",
    "Hero",
    "Html",
    "If",
    "Image",
    "Link",
    "Live",
    "Menu",
    "Preheader",
    "Product",
    "Products",
    "Quote",
    "Social",
    "Spacer",
    "Table",
    "TableColumn",
    "Text",
    "Video",
]

Block = (
    Heading
    | Text
    | Image
    | Button
    | Hero
    | Columns
    | Product
    | Products
    | Divider
    | Spacer
    | Social
    | Menu
    | Video
    | Countdown
    | Live
    | Quote
    | Table
    | Html
    | Preheader
    | Footer
    | If
    | Each
)
"""Any block."""

KINDS: Final[tuple[type, ...]] = get_args(Block)
"""The classes of blocks."""

for _kind in (*KINDS, Column, Link, TableColumn):
    well_called(_kind)
