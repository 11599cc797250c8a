"""One part of a letter, compiled by Jinja, whose errors say where in the letter they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from types import TracebackType
from typing import Any, Final, cast

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.utils import missing
from markupsafe import escape

from mailkit.compose import records
from mailkit.compose.budgets import Budget, Unfit
from mailkit.compose.charging import guard
from mailkit.compose.encode import plain_lines
from mailkit.compose.generated import FILE, Bound, Generated, generate
from mailkit.compose.languages import check_forms
from mailkit.compose.marks import UNREADABLE, Emitted, Spot, Token, unreadable
from mailkit.compose.sandbox import MissingField, environment
from mailkit.errors import MailkitError, TemplateError, UnknownField, did_you_mean

__all__ = ["LONGEST_PART", "Program"]

_ASKING: Final = frozenset({"d", "default", "defined", "undefined"})
_NAME: Final = re.compile(r"[\w.]+\Z")
_LOOP: Final = re.compile(r"for\s+(\w+)\s+in\s+([\w.]+)")
LONGEST_PART: Final = 5_000_000
"""How many characters one finished part may have; Gmail shows some 100,000 of them."""
_AT_ONCE: Final = 100  # groups of pieces that are made before they are counted
_LOOKED_AT: Final = (nodes.Call, nodes.Filter, nodes.Name, nodes.Test)


class Program:
    """One part of a letter, compiled.

    Attributes:
        fields: The record's fields that it uses, by their first name: of `order.total`, `order`.
        optional: Those among them that it can do without.
        assigned: Names that it gives a value itself, at least on some way through.
        generated: Its code, to be bound to other ways of writing than `text`.
    """

    def __init__(self, emitted: Emitted, *, part: str, html: bool, lang: str = "en") -> None:
        self._emitted, self._part = emitted, part
        jinja = environment(html=html, lang=lang)
        try:
            tree = jinja.parse(emitted.source)
            found = tuple(tree.find_all(_LOOKED_AT))  # once: letters have thousands of tags
            _check_names(found, jinja)
            check_forms(tree, lang)
            self.assigned: frozenset[str] = frozenset(_assigned(found))
            undeclared = find_undeclared_variables(tree) | (_borrowed(found, jinja) - self.assigned)
            self.optional: frozenset[str] = (frozenset(_optional(found)) & undeclared) | self.assigned
            guard(tree)
            with Budget():  # Jinja works out what is the same for all readers
                self.generated: Generated = generate(tree, jinja, part)
        except TemplateSyntaxError as error:
            raise self._error(_reason(error), error.lineno) from error
        except UNREADABLE as error:
            raise Spot(part=part).error(unreadable(error)) from error
        self.fields: frozenset[str] = frozenset(name for name in undeclared if not name.startswith("_mailkit"))
        self._names = dict(jinja.globals)
        self._text = self.generated.bind(self.generated.pieces, self.printed, plain_lines)

    def printed(self, value: Any) -> str:
        """A value as it is printed: escaped in HTML.

        Raises:
            Exception: It cannot be printed; `pieces` explains it.
        """
        jinja = self.generated.environment
        shown = cast("Any", jinja.finalize)(value)
        return escape(shown) if jinja.autoescape else str(shown)

    def text(self, values: Mapping[str, Any], record: object) -> str:
        """The finished part.

        Args:
            values: The fields' values; those that the record does not have are left out.
            record: Where they are from, to say what may have been meant.

        Raises:
            UnknownField: The part asks for a field that is not there.
            TemplateError: It cannot be rendered for another reason.
        """
        pieces = self.pieces(self._text, values, record)
        if pieces is None:
            raise Spot(part=self._part).error(f"the part is longer than {LONGEST_PART:,} characters")
        return "".join(pieces)

    def pieces(self, bound: Bound, values: Mapping[str, Any], record: object) -> list[Any] | None:
        """What the part's code makes, bound to some way of writing; None if it is too long.

        Raises:
            UnknownField: As `text` does.
            TemplateError: As `text` does.
        """
        names = {**self._names, **values}
        context = Context(self.generated.environment, names, self._part, cast("Any", bound.blocks))
        out: list[Any] = []
        room = LONGEST_PART
        try:
            with Budget():
                making = bound.root(context)
                while made := list(chain.from_iterable(islice(making, _AT_ONCE))):
                    room -= sum(map(len, made))
                    if room < 0:
                        return None
                    out += made
        except Exception as error:  # a record's own objects may raise anything at all
            raise self._explained(error, record) from error
        return out

    def where(self, field: str) -> Token | None:
        """The first tag that uses a field."""
        return next((token for token in self._emitted.tokens if field in _words(token.body)), None)

    def unknown(self, field: str, known: Iterable[str]) -> UnknownField:
        """The error for a field that will not be there, told before anything is rendered."""
        return self._unknown(field, known, self.where(field))

    def _unknown(
        self, field: str, known: Iterable[str], token: Token | None, owner: str = "the record"
    ) -> UnknownField:
        spot = token.spot if token else Spot(part=self._part)
        return UnknownField(field, known, owner=owner, template=spot.part, line=spot.line, excerpt=spot.excerpt)

    def _owner(self, error: MissingField, token: Token | None) -> str:
        """What a value that lacks a field is called in the letter: its own name, or that of the list it is from."""
        body = token.body if token else ""
        found = re.search(rf"([\w.]+)\.{re.escape(error.name)}\b", body)
        name = found[1] if found else ""
        loops = [_LOOP.match(one.body) for one in self._emitted.tokens if one.word == "for"]
        lists = dict.fromkeys(loop[2] for loop in loops if loop and loop[1] == name)
        called = f"an item of {' or '.join(map(repr, lists))}" if lists else f"{name!r}" if name else "the value"
        kind = records.kind(error.owner)
        return f"{called} is {kind} and" if kind else called

    def _error(self, reason: str, line: int | None) -> TemplateError:
        token = self._emitted.token_at(line)
        return (token.spot if token else Spot(part=self._part)).error(reason)

    def _explained(self, error: Exception, record: object) -> MailkitError:
        line = self._line(error.__traceback__)
        token = self._emitted.token_at(line)
        if isinstance(error, MissingField):
            is_record = error.owner is missing
            owner = "the record" if is_record else self._owner(error, token)
            return self._unknown(error.name, records.names(record if is_record else error.owner), token, owner)
        if isinstance(error, Unfit):
            subject = _subject(token)
            reason = str(error).replace("{name}", subject if _NAME.match(subject) else "…")
            reason = reason.replace("{}", f"'{subject}'").replace("{{%", "{%").replace("%}}", "%}")
        else:
            reason = str(error) if isinstance(error, TemplateError) else _foreign(error)
        return self._error(reason, line)

    def _line(self, trace: TracebackType | None) -> int | None:
        found = None
        while trace:
            if trace.tb_frame.f_code.co_filename == FILE:
                found = self.generated.line(trace.tb_lineno)
            trace = trace.tb_next
        return found


def _foreign(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its macros or loops call themselves too deeply"
    text = str(error)
    if isinstance(error, ValueError) and "integer string conversion" in text:
        return "a number beyond reason"
    if isinstance(error, TemplateRuntimeError) and "namespace" in text:
        return "{% set a.b = … %} sets what is in a namespace; write {% set a = namespace(b=…) %} before it"
    if isinstance(error, SecurityError) and "callable" in text:
        return "a method of the application's own is not called from a letter; put what it gives into the record"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _subject(token: Token | None) -> str:
    """What a tag is about: of `for item in cart`, the cart; of `name|upper`, the name."""
    body = token.body if token else "the field"
    if token and token.word == "for":
        body = body.partition(" in ")[2]
    return body.partition("|")[0].strip(" ()") or body


def _words(body: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in body).split()


def _optional(found: Iterable[nodes.Node]) -> Iterator[str]:
    """The names that a template asks for with a default, or whether they are there."""
    for node in found:
        asked = node.node if isinstance(node, nodes.Filter | nodes.Test) and node.name in _ASKING else None
        if isinstance(asked, nodes.Name):
            yield asked.name


def _borrowed(found: Iterable[nodes.Node], jinja: Environment) -> set[str]:
    """Names of Jinja's own, such as `range`, that a template prints and does not call: fields of the record."""
    called = {node.node.name for node in found if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name)}
    loaded = {node.name for node in found if isinstance(node, nodes.Name) and node.ctx == "load"}
    return (loaded & set(jinja.globals)) - called


def _assigned(found: Iterable[nodes.Node]) -> Iterator[str]:
    for node in found:
        if isinstance(node, nodes.Name) and node.ctx != "load":
            yield node.name


_HABITS: Final = {
    "currency": "; write |money('EUR')",
    "floatformat": "; write |number(digits=2)",
    "intcomma": "; write |number",
    "pluralize": "; write |plural('book', 'books')",
    "strftime": "; write |date('dd.MM.yyyy')",
    "truncatechars": "; write |truncate(40)",
    "yesno": "; write {{ 'yes' if … else 'no' }}",
}
"""What filters of other engines are here."""


def _check_names(found: Iterable[nodes.Node], jinja: Environment) -> None:
    """Refuse unknown filters and tests; inside a condition Jinja would wait for the first reader."""
    for node in found:
        if isinstance(node, nodes.Filter | nodes.Test):
            kind, known = ("filter", jinja.filters) if isinstance(node, nodes.Filter) else ("test", jinja.tests)
            if node.name not in known:
                mend = _HABITS.get(node.name) or did_you_mean(node.name, known)
                raise TemplateSyntaxError(f"there is no {kind} {node.name!r}{mend}", node.lineno)


def _reason(error: TemplateSyntaxError) -> str:
    text = (error.message or "this cannot be read").rstrip(".")
    return text[:1].lower() + text[1:]
