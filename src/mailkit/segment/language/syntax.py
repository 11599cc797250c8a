"""A segment's text, read to the tree that `mailkit.segment.language.text` writes it from.

The grammar stands in "The language of segments" among the references. Comments run from # to
the end of a line, and line breaks are spaces; neither is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from mailkit.segment import nodes
from mailkit.segment.language.occurrences import JOINED, Occurrences
from mailkit.segment.language.rounds import Rule, run
from mailkit.segment.language.slips import AFTER_VALUE, AS_EVENTS
from mailkit.segment.language.tokens import Sort, Token
from mailkit.segment.nodes import Operator, TextMatch
from mailkit.segment.segments import Segment

if TYPE_CHECKING:
    from mailkit.segment.declared.schema import Schema

__all__ = ["Places", "parse", "parse_with_places"]

Places: TypeAlias = dict[int, tuple[int, int]]
_OPERATORS: Final = {str(operator): operator for operator in Operator}
_NEGATED: Final = ("in", "between", "contains", "starts", "ends", "matches")
_AFTER: Final = ("not", "is", *_NEGATED)
_DEEPEST: Final = 2000
"""How many rules may wait for each other; the deepest tree with all its parentheses needs half as many."""
_AMOUNTS: Final = (("at", "least"), ("at", "most"))


class _Range(NamedTuple):
    """The two comparisons of `between`, which join an "and" around them as if they were written out."""

    least: nodes.Comparison
    most: nodes.Comparison


_Found: TypeAlias = nodes.Condition | nodes.Value | _Range


def parse(text: str, *, schema: Schema | None = None) -> Segment:
    """The segment of a text such as `str(segment)` gives, and as people write it.

    Words of the language may be written in capitals, texts in single quotes; line breaks are
    spaces, and what follows `#` on a line is a comment. Parentheses are kept. The whole language
    is described in "The language of segments".

    Args:
        text: The text.
        schema: What fields and events there are; what does not fit it is an error, told with its place in the text.

    Raises:
        SegmentError: The text is not right. Its `start` and `end` say where, its `reason` why, and
            what was likely meant.

    >>> print(parse("city = 'Kazan' AND NO purchase WITHIN 7 DAYS AFTER subscribed_at  # was he there?"))
    city = "Kazan" and no purchase within 7 days after subscribed_at
    >>> parse("age => 18")
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: unknown operator '=>'; did you mean '>='? (at column 5)
        age => 18
            ~~
    """
    node, places = parse_with_places(text)
    if schema is not None:
        from mailkit.segment.declared.fitting import faults  # here, since most texts are read without a schema

        for fault in faults(node, schema, text=text, places=places):
            raise fault
    return Segment(node)


def parse_with_places(text: str) -> tuple[nodes.Condition, Places]:
    """The tree of a segment's text, and where its nodes stand in it.

    The places are known by the `id` of each node, as start and end, and so only for as long as
    the tree is kept; two fields of one name are two nodes with two places. The place of events
    is that of their kind; that of everything else is all that it was read from.

    Raises:
        SegmentError: It is not right; the error says where.

    >>> node, places = parse_with_places('city = "Kazan" or any purchase')
    >>> places[id(node.parts[0].left)], places[id(node.parts[1].events)]
    ((0, 4), (22, 30))
    """
    reader = _Conditions(text)
    return run(reader.whole(), deepest=_DEEPEST, too_deep=reader.too_deep)[0], reader.places


class _Conditions(Occurrences):
    """The rules for conditions."""

    def whole(self) -> Rule[nodes.Condition]:
        if self.is_over:
            raise self.error('there is nothing here; write e.g. city = "Kazan"', 0, max(1, len(self.text)))
        start = self.start
        found = yield self._any_of()
        node = self._condition(found, start)
        if self.token.shown == ")":
            raise self.error("this parenthesis was never opened", self.start, self.token.end)
        if not self.is_over:
            raise self.unexpected("'and', 'or' or the end", ("and", "or"))
        return node

    def _condition(self, found: _Found, start: int) -> nodes.Condition:
        if isinstance(found, _Range):
            return self.built(nodes.And, start, parts=found)
        if isinstance(found, nodes.Condition):
            return found
        if isinstance(found, nodes.Field):
            true = self.built(nodes.Constant, start, value=True)
            return self.built(nodes.Comparison, start, left=found, operator=Operator.EQ, right=true)
        raise self.error("a value alone is no condition; compare it, as in ... > 0", start, self.end)

    def _any_of(self) -> Rule[_Found]:
        start = self.start
        first = yield self._all_of()
        if self.token.shown != "or":
            return first  # type: ignore[no-any-return]
        parts = [self._condition(first, start)]
        while self.takes("or"):
            here = self.start
            parts.append(self._condition((yield self._all_of()), here))
        return self.built(nodes.Or, start, parts=parts)

    def _all_of(self) -> Rule[_Found]:
        start = self.start
        first = yield self._negation()
        if self.token.shown != "and":
            return first  # type: ignore[no-any-return]
        parts: list[nodes.Condition] = [*first] if isinstance(first, _Range) else [self._condition(first, start)]
        while self.takes("and"):
            here = self.start
            found = yield self._negation()
            parts.extend(found if isinstance(found, _Range) else [self._condition(found, here)])
        return self.built(nodes.And, start, parts=parts)

    def _negation(self) -> Rule[_Found]:
        negations = []
        while self.token.shown == "not":
            negations.append(self.take().start)
            if len(negations) > nodes.DEEPEST:
                raise self.too_deep()
        start = self.token.start
        found: _Found = yield self._predicate()
        if negations:
            found = self._condition(found, start)
        for start in reversed(negations):
            found = self.built(nodes.Not, start, part=found)
        return found

    def _predicate(self) -> Rule[_Found]:
        start, token, after = self.token.start, self.token, self.following
        found: _Found
        if token.shown == "(":
            opening = self.opened()
            found = yield self._any_of()
            self.close(opening, "'and', 'or' or ')'")
            if not isinstance(found, nodes.Value):
                return self._condition(found, start)
            found = yield self._asked(self._shifted(found, start), start)
        elif token.shown in ("any", "no", "exactly", "from") or (token.shown, after.shown) in _AMOUNTS:
            found = yield self._happened()
        elif token.shown == "in":
            found = self._member()
        elif (token.shown, after.shown) == ("anniversary", "of"):
            found = yield self._anniversary()
        elif self.is_over:
            raise self.unexpected("a condition")
        else:
            value = yield self._value()
            self._check_events(token)
            found = yield self._asked(value, start)
        return found

    def _check_events(self, token: Token) -> None:
        """Refuse "never purchase", "2 purchase" and the like: what is no keyword, followed by a name."""
        word = self.token.shown
        if self.token.sort not in (Sort.WORD, Sort.NAME) or word in (*_AFTER, *JOINED) or word in AFTER_VALUE:
            return
        if token.sort is Sort.NUMBER and isinstance(token.value, int):
            reason = f"say how {token.shown} is meant: at least, at most or exactly {token.shown}"
            raise self.error(reason, token.start, token.end)
        if token.shown in AS_EVENTS:
            reason = f"{token.value!r} does not begin a condition; did you mean {AS_EVENTS[token.shown]!r}?"
            raise self.error(reason, token.start, token.end)

    def _asked(self, left: nodes.Value, start: int) -> Rule[_Found]:
        token, is_negated = self.token, False
        if token.shown == "not" and self.following.shown in _NEGATED:
            is_negated = True
            self.take()
            token = self.token
        found: _Found
        if token.shown in _NEGATED:
            rule = {"in": self._one_of, "between": self._between}.get(token.shown, self._searched)
            found = yield rule(left, start)
            return self.built(nodes.Not, start, part=self._condition(found, start)) if is_negated else found
        if token.shown in _OPERATORS:
            found = yield self._comparison(left, start)
            return found
        if token.shown == "is":
            return self._null(left, start)
        if token.shown == "not":
            self.take()
            raise self.unexpected("'in', 'between', 'contains' or another test", _NEGATED, AFTER_VALUE)
        if token.shown not in JOINED:
            raise self.unexpected("a comparison such as = or in", _AFTER, AFTER_VALUE)
        return left

    def _comparison(self, left: nodes.Value, start: int) -> Rule[nodes.Condition]:
        middle = self.take()
        here = self.token.start
        right = yield self._value()
        again = self.token
        if again.shown in _OPERATORS:
            first, second = self.text[start : middle.start].strip(), self.text[here : self.end]
            mend = (
                f"write {first} {middle.shown} {second} and {second} {again.shown} ..." if self.end - start < 60 else ""
            )
            raise self.error(f"comparisons are not chained; {mend or 'join two by and'}", again.start, again.end)
        operator = _OPERATORS[middle.shown]
        return self.built(nodes.Comparison, start, left=left, operator=operator, right=right)

    def _one_of(self, value: nodes.Value, start: int) -> Rule[nodes.Condition]:
        self.take()
        if self.token.shown != "(":
            raise self.unexpected('several values in parentheses, such as ("Kazan", "Ufa")')
        opening = self.opened()
        options: list[nodes.Constant] = []
        while not options or self.takes(","):
            if not options and self.token.shown == ")":
                break
            options.append((yield self._literal("among several values")))
        self.close(opening, "',' or ')'")
        return self.built(nodes.OneOf, start, value=value, options=options)

    def _literal(self, where: str) -> Rule[nodes.Constant]:
        start = self.token.start
        value = yield self._value()
        if not isinstance(value, nodes.Constant):
            raise self.error(f"{where} only texts, numbers, dates, true and false can stand", start, self.end)
        return value

    def _between(self, value: nodes.Value, start: int) -> Rule[_Found]:
        self.take()
        least = yield self._value()
        self.expect("and", "'and' and the other end")
        most = yield self._value()
        return _Range(
            self.built(nodes.Comparison, start, left=value, operator=Operator.GE, right=least),
            self.built(nodes.Comparison, start, left=value, operator=Operator.LE, right=most),
        )

    def _searched(self, value: nodes.Value, start: int) -> Rule[nodes.Condition]:
        word = self.take().shown
        if word in ("starts", "ends"):
            self.expect("with", "'with'")
            word = f"{word} with"
        what = yield self._literal(f"after '{word}'")
        return self.built(nodes.TextTest, start, value=value, match=TextMatch(word), what=what)

    def _null(self, value: nodes.Value, start: int) -> nodes.Condition:
        self.take()
        is_negated = self.takes("not")
        if not self.takes("null"):
            slips = dict.fromkeys(("none", "nil", "undefined", "empty", "missing", "unknown", "na", "nan"), "null")
            if self.token.sort in (Sort.TEXT, Sort.NUMBER, Sort.TIME) or self.token.shown in ("true", "false"):
                raise self.error(
                    f"only null comes after 'is'; write {'!=' if is_negated else '='}", start, self.token.end
                )
            raise self.unexpected("null", ("null", "not"), slips)
        node = self.built(nodes.IsNull, start, value=value)
        return self.built(nodes.Not, start, part=node) if is_negated else node

    def _member(self) -> nodes.Condition:
        start = self.take().start
        self.expect("segment", "'segment' and its name in quotes")
        if self.token.sort is not Sort.TEXT:
            raise self.unexpected('the name of a segment in quotes, such as "loyal"')
        return self.built(nodes.Member, start, name=self.take().value)

    def _anniversary(self) -> Rule[nodes.Condition]:
        start = self.take().start
        self.take()
        of = yield self._value()
        near = {"last": 0, "next": 0}
        if not self.takes("today"):
            self.expect("within", "'today' or 'within next 3 days'")
            words = [self._near(near)]
            if self.takes("and"):
                words.append(self._near(near))
            if self.token.shown not in ("day", "days"):
                raise self.unexpected("'days'", ("days",))
            self.take()
            if len(set(words)) < len(words):
                raise self.error("say 'last' and 'next' once each", start, self.end)
        self.expect("in", "'in' and a time zone")
        return self.built(nodes.Anniversary, start, of=of, zone=self._zone(), **near)

    def _near(self, near: dict[str, int]) -> str:
        word = self.token.shown
        if word not in near:
            raise self.unexpected("'last' or 'next'", near)
        self.take()
        near[word] = self._whole("how many days")
        return word
