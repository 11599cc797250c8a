"""How names and values get into a query: names quoted, values as parameters or, where there are none, as literals.

Nothing that a user gave enters a query by another way than `quoted` and `Values`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from mailkit.errors import SegmentError, shorten
from mailkit.segment.sql.dialects import Dialect, Engine

__all__ = ["Values", "quoted", "table_name"]

_QUOTED: Final = re.compile(r"""(["'`])(?:(?!\1).|\1\1)*\1""", re.DOTALL)
_LEAST: Final = -(2**63)


def quoted(name: str, engine: Engine) -> str:
    """The name as identifier, whatever is in it.

    >>> from mailkit.segment.sql.dialects import ENGINES, Dialect
    >>> print(quoted('the "best"; --', ENGINES[Dialect.DUCKDB]))
    "the ""best""; --"
    """
    mark = engine.quote
    if engine.placeholder.startswith("%"):
        name = name.replace("%", "%%")  # psycopg looks for placeholders between quotes, too
    if not engine.placeholder and mark == "`":
        name = name.replace("\\", "\\\\")  # ClickHouse has escapes in names
    return mark + name.replace(mark, mark * 2) + mark


def table_name(given: object, engine: Engine) -> str:
    """A table's name, given as text with dots between schema and table, or as a tuple of names that may have dots.

    Raises:
        SegmentError: It is none.
    """
    parts = given.split(".") if isinstance(given, str) else given
    if isinstance(parts, list | tuple) and parts and all(map(_is_name, parts)):
        return ".".join(quoted(name, engine) for name in parts)
    raise SegmentError(f"{shorten(given)} is not the name of a table; give 'people', or ('shop', 'people') in a schema")


class Values:
    """The values of a query, each written as what stands for it in the text.

    Args:
        dialect: The engine.
        engine: What it needs.
    """

    def __init__(self, dialect: Dialect, engine: Engine) -> None:
        self._dialect, self._engine = dialect, engine
        self._names: dict[tuple[str, Any], str] = {}
        self.parameters: dict[str, Any] = {}

    def text(self, value: str) -> str:
        """A text, which must be UTF-8 and, for some engines, without NUL: see `can_hold`."""
        return self._bound(self._engine.text, value) or _literal(value, self._dialect)

    def whole(self, value: int) -> str:
        """A whole number of 64 bits."""
        return self._bound(self._engine.integer, value) or whole(value)

    def floating(self, value: float) -> str:
        """A floating number."""
        kind = self._engine.float
        return self._bound(kind, value) or f"CAST('{value!r}' AS {kind})"

    def numeric(self, digits: str) -> str:
        """A decimal of any length, of which these are the digits."""
        return f"CAST({self._parameter('numeric', digits)} AS NUMERIC)"

    def among(self, values: list[Any], kind: str) -> str:
        """What comes after a value to ask whether it is one of these, however many."""
        template = self._engine.among
        if template is None:
            write = self.text if kind == self._engine.text else self.whole
            return f"IN ({', '.join(map(write, values))})"
        packed = json.dumps(values, ensure_ascii=False) if self._dialect is Dialect.SQLITE else values
        name = self._named((f"several {kind}", repr(packed)), packed)
        return template.format(self._engine.placeholder.format(name=name), type=kind)

    def used_in(self, text: str) -> dict[str, Any]:
        """The parameters that stand in the text; some are of parts that could be left out."""
        rest = _QUOTED.sub("", text)  # names may look like parameters
        before, after = map(re.escape, self._engine.placeholder.split("{name}")) if self.parameters else ("", "")
        written = set(re.findall(rf"{before}(p\d+){after}", rest))  # at once, since there may be very many
        return {name: value for name, value in self.parameters.items() if name in written}

    def _bound(self, kind: str, value: Any) -> str | None:
        if not self._engine.placeholder:
            return None
        placeholder = self._parameter(kind, value)
        # SQLite's parameters have the type of their value, and a cast would cost it its indexes
        return placeholder if self._dialect is Dialect.SQLITE else f"CAST({placeholder} AS {kind})"

    def _parameter(self, kind: str, value: Any) -> str:
        return self._engine.placeholder.format(name=self._named((kind, value), value))

    def _named(self, key: tuple[str, Any], value: Any) -> str:
        if key not in self._names:
            self._names[key] = f"p{len(self._names) + 1}"
            self.parameters[self._names[key]] = value
        return self._names[key]


def can_hold(text: str, dialect: Dialect) -> bool:
    """Whether a text of that engine can be this one: PostgreSQL's have no NUL.

    Raises:
        SegmentError: It is not UTF-8.
    """
    if not _is_utf8(text):
        raise SegmentError(
            f"{shorten(text)} is not a text that an engine can have: it has half a character (a surrogate)"
        )
    return "\0" not in text or dialect is not Dialect.POSTGRESQL


def whole(value: int) -> str:
    """A whole number as literal; -9223372036854775808 by itself would be minus a number of more than 64 bits."""
    return f"({value + 1} - 1)" if value == _LEAST else f"({value})" if value < 0 else str(value)


def _literal(value: str, dialect: Dialect) -> str:
    """A text as literal, for the engines whose interface takes no parameters.

    ClickHouse has escapes, so whatever is not a plain letter, digit or mark is given by its bytes.
    The SQL of Polars has none, and only the quote is doubled.
    """
    if dialect is Dialect.CLICKHOUSE:
        if value.isprintable() and not set(value) & {"'", "\\"}:
            return f"'{value}'"
        return f"unhex('{value.encode().hex()}')"
    return "'" + value.replace("'", "''") + "'"


def _is_name(part: object) -> bool:
    return isinstance(part, str) and part != "" and "\0" not in part and _is_utf8(part)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
