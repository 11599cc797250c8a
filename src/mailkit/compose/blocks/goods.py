"""Blocks of things for sale, and tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast

import attrs

from mailkit.compose.blocks.rows import FIELD, NAME, RowRule, as_row
from mailkit.compose.rules import any_text, as_text, either, filled, flag, one_of, whole
from mailkit.errors import InvalidValue

__all__ = ["Product", "Products", "Table", "TableColumn"]


@attrs.frozen
class Product:
    """One thing for sale, with its picture, words, price and button.

    Attributes:
        name: What it is called.
        text: More about it, below the name.
        price: Its price.
        old_price: What it was before, shown struck through.
        image: The address of its picture; none where it is empty, or a field alone that is empty or None.
        alt: What the picture says; empty, since the name stands beside it.
        href: Where the picture, the name and the button lead; empty if nowhere.
        button: What the button says; empty for none.
        kind: "row" for a picture at the side of the words, "card" for one above them.

    >>> Product("Atlas", price="12 €", href="https://shop.example.com/atlas", button="Buy").kind
    'row'
    """

    name: str = attrs.field(validator=filled)
    text: str = attrs.field(default="", kw_only=True, validator=any_text)
    price: str = attrs.field(default="", kw_only=True, validator=any_text)
    old_price: str = attrs.field(default="", kw_only=True, validator=any_text)
    image: str = attrs.field(default="", kw_only=True, validator=any_text)
    alt: str = attrs.field(default="", kw_only=True, validator=any_text)
    href: str = attrs.field(default="", kw_only=True, validator=any_text)
    button: str = attrs.field(default="", kw_only=True, validator=any_text)
    kind: Literal["row", "card"] = attrs.field(default="row", kw_only=True, validator=one_of("row", "card"))

    def __attrs_post_init__(self) -> None:
        if self.button and not self.href.strip():
            raise InvalidValue("Product.href", self.href, "is empty, and the button leads there")


@attrs.frozen(kw_only=True)
class Products:
    """A row or a card for each thing in a list of the record: a cart, an order, recommendations.

    Attributes:
        each: The field that holds the list, such as "cart" or "order.lines".
        name: What a row says first, such as "{{ item.name }}".
        text: More about it, below the name.
        price: What stands at the end of the row.
        old_price: What it was before, shown struck through.
        image: The address of its picture; none where it is empty, or a field alone that is empty or None.
        alt: What the picture says; empty, since the name stands beside it.
        href: Where the name and the picture lead; empty if nowhere.
        button: What a button of each says; empty for none.
        columns: 1 for rows, 2 or 3 for so many cards side by side.
        item: The name that one thing of the list has in the texts above.

    >>> Products(each="cart", name="{{ item.name }}", price="{{ item.price }}").item
    'item'
    """

    each: str = attrs.field(validator=FIELD)
    name: str = attrs.field(validator=filled)
    text: str = attrs.field(default="", validator=any_text)
    price: str = attrs.field(default="", validator=any_text)
    old_price: str = attrs.field(default="", validator=any_text)
    image: str = attrs.field(default="", validator=any_text)
    alt: str = attrs.field(default="", validator=any_text)
    href: str = attrs.field(default="", validator=any_text)
    button: str = attrs.field(default="", validator=any_text)
    columns: int = attrs.field(default=1, validator=whole(1, 3))
    item: str = attrs.field(default="item", validator=NAME)

    def __attrs_post_init__(self) -> None:
        if self.button and not self.href.strip():
            raise InvalidValue("Products.href", self.href, "is empty, and the button leads there")


@attrs.frozen
class TableColumn:
    """One column of a table.

    Attributes:
        title: What stands above it.
        cell: What stands in it for one thing of the table's list, such as "{{ item.price }}".
        numeric: Whether it holds numbers, which stand at the end and are not broken.

    >>> TableColumn("Price", cell="{{ item.price }}", numeric=True).numeric
    True
    """

    title: str = attrs.field(validator=any_text)
    cell: str = attrs.field(default="", kw_only=True, validator=any_text)
    numeric: bool = attrs.field(default=False, kw_only=True, validator=flag)


def _columns(value: Iterable[TableColumn | str]) -> tuple[TableColumn, ...]:
    row = as_row(value)
    if not isinstance(row, tuple):
        return cast("tuple[TableColumn, ...]", row)
    return tuple(TableColumn(one) if isinstance(one, str) else one for one in row)


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    return as_row(value)


def _rows(value: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    row = as_row(value)
    return tuple(as_row(one) for one in row) if isinstance(row, tuple) else row


@attrs.frozen
class Table:
    """A table of words and numbers: an order's lines, opening hours, a comparison.

    Its rows are given, or made one for each thing of a list, or both, in this order.

    Attributes:
        columns: The columns: `TableColumn` values, or titles only.
        rows: The rows' cells, as many in each as there are columns.
        each: The field that holds a list; each column's `cell` says what stands in it.
        item: The name that one thing of the list has in the cells.
        total: The last row's cells, set off from the others; empty for none.

    >>> Table(["Day", "Hours"], rows=[["Monday", "10–19"], ["Sunday", "closed"]]).columns[0].title
    'Day'
    >>> Table(["Day", "Hours"], rows=[["Monday"]])
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Table.rows[0]: ('Monday',) has 1 cell where there are 2 columns
    """

    columns: tuple[TableColumn, ...] = attrs.field(
        converter=_columns, validator=RowRule(kinds=lambda: (TableColumn,), what="column", least=1, most=8)
    )
    rows: tuple[tuple[str, ...], ...] = attrs.field(
        default=(), kw_only=True, converter=_rows, validator=RowRule(kinds=lambda: (tuple,), what="row of cells")
    )
    each: str = attrs.field(default="", kw_only=True, validator=either(FIELD))
    item: str = attrs.field(default="item", kw_only=True, validator=NAME)
    total: tuple[str, ...] = attrs.field(
        default=(), kw_only=True, converter=_texts, validator=RowRule(kinds=lambda: (str,), what="text")
    )

    def __attrs_post_init__(self) -> None:
        if not self.rows and not self.each:
            raise InvalidValue("Table.rows", self.rows, "is empty", "give rows, or the list they are made of as `each`")
        if self.each and not any(column.cell for column in self.columns):
            raise InvalidValue("Table.columns", self.columns, "say nothing of each", 'write TableColumn("…", cell="…")')
        for name, row in [(f"rows[{number}]", row) for number, row in enumerate(self.rows)] + [("total", self.total)]:
            self._check_cells(name, row)

    def _check_cells(self, name: str, row: tuple[str, ...]) -> None:
        for place, cell in enumerate(row):
            if not isinstance(cell, str):
                raise InvalidValue(f"Table.{name}[{place}]", cell, "is not text", as_text(cell))
        if len(row) != len(self.columns) and (row or name != "total"):
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            columns = "is 1 column" if len(self.columns) == 1 else f"are {len(self.columns)} columns"
            raise InvalidValue(f"Table.{name}", row, f"has {cells} where there {columns}")
