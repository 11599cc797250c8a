"""Which blocks may stand in which, and how a place in a letter is called.

What is refused here is refused by mail clients, silently: Outlook for Windows draws no
picture on a picture, a footer that is said twice breaks the law in the second, and columns of
columns of columns are narrower than a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from mailkit.compose.blocks.actions import Footer
from mailkit.compose.blocks.goods import Product, Products, Table
from mailkit.compose.blocks.pictures import Hero, Video
from mailkit.compose.blocks.structure import Columns, Each, If
from mailkit.compose.blocks.words import Html, Preheader
from mailkit.errors import InvalidValue

if TYPE_CHECKING:
    from mailkit.compose.blocks import Block

__all__ = ["check_places", "parts", "walk"]

MOST_LEVELS: Final = 16
"""How deep blocks may stand in each other."""

# For each block that holds others: what may not stand in it at any depth, and why.
_REFUSED: Final[dict[type, tuple[tuple[type, ...], str]]] = {
    Columns: ((Hero, Footer), "is as wide as the letter, and may not stand in a column"),
    Hero: (
        (Hero, Columns, Product, Products, Table, Video, Footer, Html),
        "may not stand on a hero, where Outlook for Windows shows words, pictures and buttons only",
    ),
    Each: ((Hero, Footer), "may not be repeated; put it beside the loop"),
}
_MOST_COLUMNS: Final = 2


def parts(block: Block) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """The rows of blocks that a block holds, with their names.

    >>> from mailkit.compose import blocks as b
    >>> [name for name, _ in parts(b.Columns([[b.Text("a")], [b.Text("b")]]))]
    ['columns[0].blocks', 'columns[1].blocks']
    """
    match block:
        case Columns():
            for number, column in enumerate(block.columns):
                yield f"columns[{number}].blocks", column.blocks
        case If():
            yield "blocks", block.blocks
            yield "otherwise", block.otherwise
        case Each() | Hero():
            yield "blocks", block.blocks


def walk(blocks: Iterable[Block], path: str = "blocks") -> Iterator[tuple[str, Block]]:
    """Every block with its path, outer ones before those in them.

    >>> from mailkit.compose import blocks as b
    >>> [path for path, _ in walk([b.Divider(), b.Columns([[b.Text("a")], [b.Text("b")]])])]
    ['blocks[0]', 'blocks[1]', 'blocks[1].columns[0].blocks[0]', 'blocks[1].columns[1].blocks[0]']
    """
    for number, block in enumerate(blocks):
        place = f"{path}[{number}]"
        yield place, block
        for name, inner in parts(block):
            yield from walk(inner, f"{place}.{name}")


def check_places(blocks: Iterable[Block], path: str = "Letter.blocks") -> None:
    """Refuse blocks that stand where clients do not show them.

    Raises:
        InvalidValue: Of a block by its path, such as `Letter.blocks[3].columns[0].blocks[1]`.
    """
    _check(blocks, path, ())


def _check(blocks: Iterable[Block], path: str, around: tuple[type, ...]) -> None:
    for number, block in enumerate(blocks):
        place = f"{path}[{number}]"
        trouble = _trouble(type(block), around)
        if trouble:
            raise InvalidValue(place, block, trouble)
        for name, inner in parts(block):
            _check(inner, f"{place}.{name}", (*around, type(block)))


def _trouble(kind: type, around: tuple[type, ...]) -> str:
    if len(around) > MOST_LEVELS:
        return f"stands in more than {MOST_LEVELS} others"
    if kind is Preheader and around:
        return "may stand at the letter's top level only"
    if kind is Columns and around.count(Columns) >= _MOST_COLUMNS:
        return "stands in columns of columns, where it would be narrower than a word"
    for holder in around:
        refused, why = _REFUSED.get(holder, ((), ""))
        if kind in refused:
            return why
    return ""
