"""One part of a letter, compiled by Jinja, whose errors say where in the letter they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import CodeType, TracebackType
from typing import Any, Final, cast

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2 import Template as JinjaTemplate
from jinja2.meta import find_undeclared_variables
from jinja2.utils import missing

from mailkit.compose import records
from mailkit.compose.marks import UNREADABLE, Emitted, Spot, Token, unreadable
from mailkit.compose.sandbox import BUDGET, TURNS, MissingField, Turns, Unfit, environment
from mailkit.errors import MailkitError, TemplateError, UnknownField, did_you_mean

__all__ = ["LONGEST_PART", "Program"]

LONGEST_PART: Final = 5_000_000
"""How many characters one finished part may have; Gmail shows some 100,000 of them."""
_FILE: Final = "<a letter of mailkit>"


class Program:
    """One part of a letter, compiled.

    Attributes:
        fields: The record's fields that it uses, by their first name: of `order.total`, `order`.
        optional: Those among them that it can do without.
        assigned: Names that it gives a value itself, at least on some way through.
    """

    def __init__(self, emitted: Emitted, *, part: str, html: bool) -> None:
        self._emitted, self._part = emitted, part
        jinja = environment(html=html)
        try:
            tree = jinja.parse(emitted.source)
            _check_names(tree, jinja)
            undeclared = find_undeclared_variables(tree) | _borrowed(tree, jinja)
            self.assigned: frozenset[str] = frozenset(_assigned(tree))
            self.optional: frozenset[str] = (frozenset(_optional(tree)) & undeclared) | self.assigned
            for loop in tree.find_all(nodes.For):
                loop.iter = nodes.Filter(loop.iter, TURNS, [], [], None, None, lineno=loop.iter.lineno)
            code = jinja.compile(tree, part, _FILE)
        except TemplateSyntaxError as error:
            raise self._error(_reason(error), error.lineno) from error
        except UNREADABLE as error:
            raise Spot(part=part).error(unreadable(error)) from error
        self.fields: frozenset[str] = frozenset(name for name in undeclared if not name.startswith("_mailkit"))
        self._template = JinjaTemplate.from_code(jinja, code, jinja.make_globals(None))
        self.constants: frozenset[str] = frozenset(_constants(code))

    def chunks(self, values: dict[str, Any], record: object) -> list[str]:
        """The finished part, in the pieces that Jinja makes: many are always the same string.

        Args:
            values: The fields' values; those that the record does not have are left out.
            record: Where they are from, to say what may have been meant.

        Raises:
            UnknownField: The part asks for a field that is not there.
            TemplateError: It cannot be rendered for another reason.
        """
        out: list[str] = []
        room = LONGEST_PART
        try:
            context = self._template.new_context({**values, BUDGET: Turns()})
            for chunk in self._template.root_render_func(context):
                room -= len(chunk)
                if room < 0:
                    raise Unfit(f"the part is longer than {LONGEST_PART:,} characters")
                out.append(chunk)
        except Exception as error:  # a record's own objects may raise anything at all
            raise self._explained(error, record) from error
        return out

    def text(self, values: dict[str, Any], record: object) -> str:
        """The finished part."""
        return "".join(self.chunks(values, record))

    def where(self, field: str) -> Token | None:
        """The first tag that uses a field."""
        return next((token for token in self._emitted.tokens if field in _words(token.body)), None)

    def unknown(self, field: str, known: Iterable[str]) -> UnknownField:
        """The error for a field that will not be there, told before anything is rendered."""
        return self._unknown(field, known, self.where(field))

    def _unknown(self, field: str, known: Iterable[str], token: Token | None) -> UnknownField:
        spot = token.spot if token else Spot(part=self._part)
        return UnknownField(field, known, template=spot.part, line=spot.line, excerpt=spot.excerpt)

    def _error(self, reason: str, line: int | None) -> TemplateError:
        token = self._emitted.token_at(line)
        return (token.spot if token else Spot(part=self._part)).error(reason)

    def _explained(self, error: Exception, record: object) -> MailkitError:
        line = self._line(error.__traceback__)
        token = self._emitted.token_at(line)
        if isinstance(error, MissingField):
            owner = record if error.owner is missing else error.owner
            return self._unknown(error.name, records.names(owner), token)
        if isinstance(error, Unfit):
            reason = str(error).replace("{}", f"'{_subject(token)}'").replace("{{%", "{%").replace("%}}", "%}")
        else:
            reason = str(error) if isinstance(error, TemplateError) else _foreign(error)
        return self._error(reason, line)

    def _line(self, trace: TracebackType | None) -> int | None:
        found = None
        while trace:
            if trace.tb_frame.f_code.co_filename == _FILE:
                found = self._template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        return found


def _foreign(error: Exception) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _subject(token: Token | None) -> str:
    """What a tag is about: of `for item in cart`, the cart; of `name|upper`, the name."""
    body = token.body if token else "the field"
    if token and token.word == "for":
        body = body.partition(" in ")[2]
    return body.partition("|")[0].strip(" ()") or body


def _words(body: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in body).split()


def _optional(tree: nodes.Template) -> Iterator[str]:
    """The names that a template asks for with a default, or whether they are there."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        named = cast("nodes.Filter | nodes.Test", node)
        if named.name in ("default", "d", "defined", "undefined") and isinstance(named.node, nodes.Name):
            yield named.node.name


def _borrowed(tree: nodes.Template, jinja: Environment) -> set[str]:
    """Names of Jinja's own, such as `range`, that a template prints and does not call: fields of the record."""
    called = {call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
    loaded = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    return (loaded & set(jinja.globals)) - called - set(_assigned(tree))


def _assigned(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all(nodes.Name):
        if node.ctx != "load":
            yield node.name


def _check_names(tree: nodes.Template, jinja: Environment) -> None:
    """Refuse unknown filters and tests; inside a condition Jinja would wait for the first reader."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        named = cast("nodes.Filter | nodes.Test", node)
        kind, known = ("filter", set(jinja.filters)) if isinstance(named, nodes.Filter) else ("test", set(jinja.tests))
        if named.name not in known:
            mend = did_you_mean(named.name, known)
            raise TemplateSyntaxError(f"there is no {kind} {named.name!r}{mend}", named.lineno)


def _reason(error: TemplateSyntaxError) -> str:
    text = (error.message or "this cannot be read").rstrip(".")
    return text[:1].lower() + text[1:]


def _constants(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _constants(constant)
