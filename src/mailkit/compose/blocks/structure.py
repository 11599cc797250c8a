"""Blocks that arrange others, and blocks that part them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, cast

import attrs

from mailkit.compose.blocks.rows import FIELD, NAME, RowRule, as_blocks, as_row, check_blocks, check_some_blocks
from mailkit.compose.rules import filled, flag, one_of, whole

if TYPE_CHECKING:
    from mailkit.compose.blocks import Block

__all__ = ["Column", "Columns", "Divider", "Each", "If", "Spacer"]


@attrs.frozen
class Divider:
    """A line across the text.

    >>> Divider() == Divider()
    True
    """


@attrs.frozen
class Spacer:
    """Blank space.

    Attributes:
        height_px: How high.

    >>> Spacer(24).height_px
    24
    """

    height_px: int = attrs.field(default=24, validator=whole(1))


@attrs.frozen
class Column:
    """One of the columns in `Columns`.

    Attributes:
        blocks: What stands in it, from top to bottom.
        share: How many parts of the width it takes: one of 2 beside one of 1 is twice as wide.

    >>> Column([], share=2).share
    2
    """

    blocks: tuple[Block, ...] = attrs.field(converter=as_blocks, validator=check_blocks)
    share: int = attrs.field(default=1, kw_only=True, validator=whole(1, 12))


def _columns(value: Iterable[Column | Iterable[Block]]) -> tuple[Column, ...]:
    row = as_row(value)
    if not isinstance(row, tuple):
        return cast("tuple[Column, ...]", row)
    return tuple(Column(one) if isinstance(one, tuple | list) else cast("Column", one) for one in row)


@attrs.frozen
class Columns:
    """One to four columns side by side, which stand below each other where the screen is narrow.

    Attributes:
        columns: The columns: `Column` values, or lists of blocks for columns of equal width.
        stacks: Whether they stand below each other on a narrow screen.
        gap_px: The blank between two of them.
        valign: Where the lower ones stand beside the highest.

    >>> from mailkit.compose import blocks as b
    >>> halves = Columns([[b.Text("left")], [b.Text("right")]])
    >>> [column.share for column in halves.columns], halves.stacks
    ([1, 1], True)
    """

    columns: tuple[Column, ...] = attrs.field(
        converter=_columns,
        validator=RowRule(
            kinds=lambda: (Column,), what="column", least=1, most=4, mend="write e.g. blocks.Column([…])"
        ),
    )
    stacks: bool = attrs.field(default=True, kw_only=True, validator=flag)
    gap_px: int = attrs.field(default=24, kw_only=True, validator=whole(0, 80))
    valign: Literal["top", "middle", "bottom"] = attrs.field(
        default="top", kw_only=True, validator=one_of("top", "middle", "bottom")
    )


@attrs.frozen
class If:
    """Blocks for some readers only.

    Attributes:
        test: A Jinja expression over the record, such as "segment == 'new'".
        blocks: For those of whom it is true.
        otherwise: For all others.

    >>> from mailkit.compose import blocks as b
    >>> If("orders > 3", [b.Text("Thank you for coming back!")]).otherwise
    ()
    """

    test: str = attrs.field(validator=filled)
    blocks: tuple[Block, ...] = attrs.field(converter=as_blocks, validator=check_blocks)
    otherwise: tuple[Block, ...] = attrs.field(default=(), kw_only=True, converter=as_blocks, validator=check_blocks)


@attrs.frozen
class Each:
    """Blocks once for each thing in a list of the record.

    Attributes:
        each: The field that holds the list, such as "orders" or "item.lines".
        blocks: What is said of one thing.
        item: The name that the thing has in them.

    >>> from mailkit.compose import blocks as b
    >>> Each("orders", [b.Heading("Order {{ item.number }}", level=2)]).item
    'item'
    """

    each: str = attrs.field(validator=FIELD)
    blocks: tuple[Block, ...] = attrs.field(converter=as_blocks, validator=check_some_blocks)
    item: str = attrs.field(default="item", kw_only=True, validator=NAME)
