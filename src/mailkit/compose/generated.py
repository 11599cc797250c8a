"""Jinja's generated code for one part, whose output is written in whatever way it is bound to.

How to think about it: Jinja makes a Python generator of a template, which yields its constant
pieces and its values in turn, all as text. Ours asks for each by a name instead, and yields all
that stand between two statements together. Bound to text, it makes what Jinja would; bound to
bytes, it gives pieces that were encoded when the letter was compiled, and values by way of a
function that may know a shorter way than escaping and encoding one after the other. The code is
the same, and so are its errors and its lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import CodeType
from typing import Any, Final

import attrs
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.utils import concat

__all__ = ["FILE", "Bound", "Generated", "generate"]

FILE: Final = "<a letter of mailkit>"
"""The name of the generated code's file in tracebacks."""
_PIECE, _VALUE, _WHOLE, _GROUP = "mailkit_piece_", "mailkit_value", "mailkit_whole", "mailkit_group"


class _Group:
    """Stands where Jinja expects the list of a buffer, and gives back what should be yielded."""

    @staticmethod
    def append(item: Any) -> tuple[Any, ...]:
        return (item,)

    @staticmethod
    def extend(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return items


class _Generator(CodeGenerator):
    """Jinja's, but for what is printed straight into the part: pieces and values go by our names.

    What is collected first, by a macro or `{% set %}…{% endset %}`, is text as ever.
    """

    def __init__(self, environment: Environment, name: str) -> None:
        super().__init__(environment, name, FILE, optimized=environment.optimized)
        self.pieces: list[str] = []
        self.collects_blocks = False
        self._is_straight = False

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:
        self._is_straight = frame.buffer is None
        if self._is_straight:
            frame.buffer = f"yield {_GROUP}"  # of which Jinja makes `yield mailkit_group.extend((…))`
        super().visit_Output(node, frame)
        if self._is_straight:
            frame.buffer = None

    def visit_Assign(self, node: nodes.Assign, frame: Frame) -> None:
        self.newline(node)  # Jinja looks at a namespace before it says on which line
        super().visit_Assign(node, frame)

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:
        self.collects_blocks = self.collects_blocks or frame.buffer is not None
        super().visit_Block(node, frame)

    def simple_write(self, s: str, frame: Frame, node: nodes.Node | None = None) -> None:
        # What a block within a buffer yields, here in groups, is text by then.
        super().simple_write("concat(event)" if s == "event" else s, frame, node)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """`item.name`, where the item is mostly a dict, without the way through the sandbox."""
        if not isinstance(node.node, nodes.Name):
            super().visit_Getattr(node, frame)
            return
        self.write(f"(mailkit_item[{node.attr!r}] if type(mailkit_item := ")
        self.visit(node.node, frame)
        self.write(
            f") is dict and {node.attr!r} in mailkit_item else environment.getattr(mailkit_item, {node.attr!r}))"
        )

    def start_write(self, frame: Frame, node: nodes.Node | None = None) -> None:
        super().start_write(frame, node)
        if frame.buffer is None:
            self.write(f"({_WHOLE}(")

    def end_write(self, frame: Frame) -> None:
        super().end_write(frame)
        if frame.buffer is None:
            self.write("),)")

    def _output_const_repr(self, group: Any) -> str:
        if not self._is_straight:
            return super()._output_const_repr(group)
        self.pieces.append(concat(group))
        return f"{_PIECE}{len(self.pieces) - 1}"

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_straight:
            self.write(f"{_VALUE}(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_straight:
            self.write(")")
        else:
            super()._output_child_post(node, frame, finalize)


@attrs.frozen
class Bound:
    """Generated code, bound to a way of writing.

    Attributes:
        root: Makes the part's pieces from a context, in groups.
        blocks: Its `{% block %}`s, for the context.
    """

    root: Callable[[Context], Iterator[tuple[Any, ...]]]
    blocks: dict[str, Callable[[Context], Iterator[tuple[Any, ...]]]]


@attrs.frozen
class Generated:
    """A part as Python code.

    Attributes:
        environment: The Jinja that made it.
        code: The code.
        pieces: The constant pieces that it may print, in the order of the source.
        is_text_only: Whether it can be bound to text and to nothing else.
        lines: Pairs of a line of the source and the line of the code that it became.
    """

    environment: Environment
    code: CodeType
    pieces: tuple[str, ...]
    is_text_only: bool
    lines: tuple[tuple[int, int], ...]

    def bind(self, pieces: Sequence[object], value: Callable[[Any], object], whole: Callable[[Any], object]) -> Bound:
        """The code with a way of writing.

        Args:
            pieces: What to print in place of each of `pieces`.
            value: What to print for a value.
            whole: What to print for text that is finished, as a filter block's.
        """
        namespace: dict[str, Any] = {
            "environment": self.environment,
            "__file__": FILE,
            _VALUE: value,
            _WHOLE: whole,
            _GROUP: _Group,
            **{f"{_PIECE}{number}": piece for number, piece in enumerate(pieces)},
        }
        exec(self.code, namespace)  # noqa: S102 - what Jinja made of the template, as `Template.from_code` runs it
        return Bound(namespace["root"], namespace["blocks"])

    def line(self, number: int) -> int:
        """The line of the source that a line of the code was made of."""
        return next((source for source, code in reversed(self.lines) if code <= number), 1)


def generate(tree: nodes.Template, environment: Environment, name: str) -> Generated:
    """Make a part's code.

    Raises:
        TemplateSyntaxError: It cannot be compiled.
    """
    generator = _Generator(environment, name)
    generator.visit(tree)
    return Generated(
        environment=environment,
        code=compile(generator.stream.getvalue(), FILE, "exec"),  # type: ignore[attr-defined]
        pieces=tuple(generator.pieces),
        is_text_only=generator.collects_blocks,
        lines=tuple(generator.debug_info),
    )
