"""How segments are read from text; that what is written is read back stands in `test_written`."""

from __future__ import annotations

import sys
from functools import reduce
from operator import and_

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import Segment, ago, days, nodes, parse
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.language import text
from mailkit.segment.language.rounds import run
from mailkit.segment.language.syntax import _Conditions, parse_with_places

A, B, C = f.a == 1, f.b == 2, f.c == 3

ALSO = [
    ("city = 'Kazan'", f.city == "Kazan"),
    (r"city = 'O\'Neill \u0041\ud83d\ude00\/'", f.city == "O'Neill A😀/"),
    ("CITY = 'Kazan' AND NOT a = 1", (f.CITY == "Kazan") & ~A),
    ("is_vip and not (is_new)", f.is_vip & ~(f.is_new == True)),  # noqa: E712
    ("(a) = (1)", A),
    ("((a = 1))", A),
    ("(joined_at + 1 day) < 2 days ago", f.joined_at + days(1) < ago(days(2))),
    ("(joined_at) + 1 days < now - 2 day", f.joined_at + days(1) < ago(days(2))),
    ("a = 1 and b = 2 and c = 3", A & B & C),
    ("age between 18 and 30", f.age.between(18, 30)),
    ("a = 1 and age between 18 and 30 and b = 2", A & f.age.between(18, 30) & B),
    ("a = 1 or age between 18 and 30", A | f.age.between(18, 30)),
    ("age not between 18 and 30", ~f.age.between(18, 30)),
    ("not city in ('Kazan')", ~f.city.isin(["Kazan"])),
    ("tags not contains 'vip'", ~f.tags.contains("vip")),
    ("not city is null", f.city.is_not_null()),
    ("a.from.`b c`? = 1", f.a["from"]["b c"].optional() == 1),
    ("at least 1 purchase", ev.purchase.did()),
    ("exactly 0 purchase", ev.purchase.none()),
    ("any purchase within last 3 days where (value > 1)", ev.purchase.where(f.value > 1).did(last=days(3))),
    ("any a then any b within 1 day", ev.a.then(ev.b, within=days(1))),
    ("anniversary of born today in 'UTC'", f.born.anniversary(zone="UTC")),
    (
        "anniversary of born within next 3 and last 2 days in z",
        f.born.anniversary(zone=f.z, last=days(2), next=days(3)),
    ),
    ("at = 1 and start = 1 and segment = 1", (f["at"] == 1) & (f.start == 1) & (f.segment == 1)),
    ("# who\r\na = 1 # and\n\tand b\u00a0= 2\ufeff#", A & B),
    ("a = 1 and b = 2 or c = 3 and not a = 1", (A & B) | (C & ~A)),
    ("x in (1, -2, 2.5, true, decimal '1', 2026-03-01)", None),
]


@pytest.mark.parametrize(("written", "meant"), ALSO, ids=[written for written, _ in ALSO])
def test_there_are_other_ways_to_write_it(written: str, meant: Segment | None) -> None:
    segment = parse(written)
    assert meant is None or segment.node == nodes_of(meant)
    assert parse(str(segment)) == segment


def nodes_of(meant: object) -> nodes.Condition:
    return (meant & A).node.parts[0] if not isinstance(meant, Segment) else meant.node  # type: ignore[operator, attr-defined]


def test_parentheses_are_kept() -> None:
    nested = nodes.And(parts=((A & B).node, C.node))
    assert parse("(a = 1 and b = 2) and c = 3").node == nested
    assert parse("not not a = 1").node == nodes.Not(part=nodes.Not(part=A.node))


# The text, what is marked in it (⟦…⟧), and what is said.
WRONG = [
    ("⟦⟧", "there is nothing here"),
    ("⟦ # only a word\n⟧", "there is nothing here"),
    ("contry ⟦=>⟧ 'DE'", "unknown operator '=>'; did you mean '>='?"),
    ("a ⟦==⟧ 1", "did you mean '='?"),
    ("a ⟦<>⟧ 1", "did you mean '!='?"),
    ("a ⟦=<⟧ 1", "did you mean '<='?"),
    ("a ⟦≥⟧ 1", "did you mean '>='?"),
    ("a ⟦&&⟧ b", "did you mean 'and'?"),
    ("a ⟦||⟧ b", "did you mean 'or'?"),
    ("⟦!⟧a", "did you mean 'not'?"),
    ("a = 1 ⟦adn⟧ b = 2", "expected 'and', 'or' or the end, found 'adn'; did you mean 'and'?"),
    ("a = 1 ⟦b⟧ = 2", "expected 'and', 'or' or the end, found 'b'"),
    ("a = 1 or⟦⟧", "expected a condition after 'or', but the text ends"),
    ("a = 1 and # more\n", "expected a condition after 'and', but the text ends"),
    ("a =⟦⟧", "expected a value after '=', but the text ends"),
    ("not⟦⟧", "expected a condition after 'not'"),
    ("a = 1 and ⟦or⟧ b", "expected a value, found 'or'; if it is a name, put it in backticks: `or`"),
    ("⟦where⟧ = 3", "put it in backticks: `where`"),
    ("b = 1 and ⟦(⟧a = 1", "the parenthesis opened here is not closed"),
    ("a = 1⟦)⟧ or b = 1", "this parenthesis was never opened"),
    ("(a = 1 ⟦b⟧)", "expected 'and', 'or' or ')', found 'b'"),
    ("(a ⟦5⟧)", "expected a comparison such as = or in, found '5'"),
    ("a in ⟦(⟧1, 2", "the parenthesis opened here is not closed"),
    ("a in (1 ⟦2⟧)", "expected ',' or ')', found '2'"),
    ("a in (1, ⟦)⟧", "expected a value, found ')'"),
    ("a in (⟦b⟧)", "only texts, numbers, dates, true and false can stand"),
    ("a in ⟦5⟧", "expected several values in parentheses"),
    ("a in ⟦[⟧5]", "did you mean '('?"),
    ('a = ⟦"⟧x and b = 1', "the quote opened here is not closed on its line"),
    ("a = ⟦'⟧x\nand b = 'y'", "the quote opened here is not closed on its line"),
    ("⟦`⟧x and b = 1", "the backtick opened here is not closed on its line"),
    ("⟦``⟧ = 1", "there is no name between these backticks"),
    ("a = ⟦“Kazan”⟧", '“ is no quote here; write "Kazan"'),
    ("a = ⟦«⟧Kazan", "« is no quote here; write straight quotes"),
    (r"a matches '@corp⟦\.⟧com'", r"\. means nothing within quotes; if a backslash is meant, write it twice"),
    ("a = 'it'⟦'s'⟧", "a quote within quotes is written \\\" or \\'"),
    ("a > 1⟦,⟧000", "a number has no commas: write 1000 or 0.5"),
    ("a > 1⟦,⟧234", "a number has no commas"),
    ("a in (1,⟦000⟧)", "a number has no commas"),
    ("a > ⟦1_000⟧", "'1_000' is not a number; write 1000"),
    ("a = ⟦007⟧", "'007' is not a number; write 7, or the text \"007\""),
    ("a = 20⟦%⟧", "write 20 % as 0.2"),
    ("a = ⟦.5⟧", "a number begins with a digit: write 0.5"),
    ("a = ⟦5kg⟧", "put a space after it: 5 kg"),
    ("a > ⟦30d⟧ ago", "put a space after it: 30 days"),
    ("a = ⟦5e3x⟧", "'5e3x' is not a number"),
    ("a = ⟦1e999⟧", "inf is not a finite number"),
    ("a = ⟦" + "9" * 5000 + "⟧", "a number may have 4300 digits"),
    ("a = ⟦0" + "1" * 50 + "⟧", "is not a number"),
    ("⟦٣⟧ = 1", "digits are 0 to 9"),
    ("a⟦\u200b⟧ = 1", "a character here that is not seen (U+200B)"),
    ("x > 30 ⟦dya⟧ ago", "'dya' is not a unit of time; did you mean 'day'?"),
    ("x > now - 3 ⟦hrs⟧", "'hrs' is not a unit of time; did you mean 'hours'?"),
    ("x > now - 3 ⟦moons⟧", "did you mean 'months'?"),
    ("x > now - 3 ⟦q⟧", "there are second, minute"),
    ("x > now - 3 ⟦" + "x" * 30 + "⟧", "there are second, minute"),
    ("x > now - 3 ⟦)⟧", "expected a unit of time such as 3 days, found ')'"),
    ("x > now - ⟦three⟧ days", "write 3"),
    ("x > now - ⟦0 days⟧", "0 is not a number of days"),
    ("x > now - ⟦1.5 days⟧", "1.5 is not a number of days"),
    ("x > ⟦30 days⟧", "30 days is a length of time; write 30 days ago, or now + 30 days"),
    ("x + ⟦y⟧ > 3", "expected a length of time such as + 3 days"),
    ("x > ⟦now(⟧)", "'now' has no parentheses"),
    ("x > ⟦2026-02-30⟧", "is not in the calendar"),
    ("x > ⟦1.3.2026⟧", "a date is written 2026-03-01"),
    ("x > ⟦2026-3-1⟧", "a date is written 2026-03-01"),
    ("x > ⟦12:30⟧", 'clock(at, "Europe/Moscow") >= "12:30"'),
    ("x > ⟦2026-03-01 again⟧", "only a time without a zone can come 'again'"),
    ("1 < x ⟦<⟧ 5", "write 1 < x and x < ..."),
    ("x" * 70 + " < 1 ⟦<⟧ 2", "comparisons are not chained; join two by and"),
    ("city ⟦LIKE⟧ 'K%'", 'write contains "...", starts with'),
    ("city not ⟦like⟧ 'K%'", 'write contains "...", starts with'),
    ("city ⟦contians⟧ 'K'", "did you mean 'contains'?"),
    ("city ⟦" + "x" * 60 + "⟧ 'K'", "expected a comparison"),
    ("city starts ⟦'K'⟧", "expected 'with'"),
    ("city contains ⟦other⟧", "after 'contains' only texts"),
    ("⟦city starts with 5⟧", "5 is not text"),
    ("⟦city is not 'Kazan'⟧", "only null comes after 'is'; write !="),
    ("⟦city is true⟧", "only null comes after 'is'; write ="),
    ("city is not ⟦none⟧", "write null"),
    ("city ⟦isnull⟧", "write is null"),
    ("city = ⟦null⟧", "write 'is null' or 'is not null'"),
    ("city between 1 ⟦or⟧ 2", "expected 'and' and the other end"),
    ("⟦5⟧", "a value alone is no condition"),
    ("a = 1 and ⟦sum(value of purchase)⟧", "a value alone is no condition; compare it"),
    ("sum(value⟦)⟧ > 3", "expected 'of' and the events: sum(value of purchase)"),
    ("sum(value ⟦in⟧ purchase) > 3", "expected 'of' and the events"),
    ("sum(⟦5⟧ of purchase) > 3", "expected a field, found '5'"),
    ("⟦lower⟧(city) = 'x'", "write casefold(...)"),
    ("⟦lenght⟧(tags) > 3", "write size(...)"),
    ("⟦casefodl⟧(tags) = 'x'", "did you mean 'casefold'?"),
    ("⟦xyzzy⟧(tags) = 'x'", "there are avg, bucket"),
    ("hour(at⟦)⟧ > 3", "expected a time zone"),
    ("hour(at, ⟦5⟧) > 3", "expected a time zone"),
    ("hour(at, ⟦'Europe/Moskow'⟧) > 3", "is not a time zone; did you mean 'Europe/Moscow'?"),
    ("hour(at, ⟦'%%%'⟧) > 3", "is not a time zone; write e.g. Europe/Moscow"),
    ("hour(at, ⟦Europe/Moscow⟧) > 3", "stands in quotes"),
    ("size(a⟦,⟧ b) > 3", "expected ')', found ','"),
    ("bucket(id⟦)⟧ < 3", "expected ',' and a text"),
    ("bucket(id, ⟦5⟧) < 3", "expected a text such as the name of the test"),
    ("⟦bucket(id, '')⟧ < 3", "is not a salt"),
    ("⟦distance(a, b, 99, -3)⟧ < 3", "99 is not a latitude"),
    ("distance(a, b, ⟦c⟧, 3) < 3", "expected a latitude as a number of degrees"),
    ("x > decimal ⟦'abc'⟧", "'abc' is not a number"),
    ("a.⟦⟧", "expected the name of a field"),
    ("a.⟦5⟧ = 1", "expected the name of a field, in backticks if it is no word, found '5'"),
    ("x > start of ⟦fortnight⟧ in 'UTC'", "expected day, week, month or year"),
    ("x > ⟦start of minute in 'UTC'⟧", "minute is not a period of the calendar"),
    ("x > start of month ⟦>⟧ 3", "expected 'in' and a time zone"),
    ("x > start of month + 3 ⟦days⟧ in 'UTC'", "the zone comes first"),
    ("any⟦⟧", "expected the name of an event after 'any'"),
    ("any ⟦of⟧ purchase", "expected the name of an event, found 'of'"),
    ("at least ⟦two⟧ purchase", "write 2"),
    ("at least ⟦1.5⟧ purchase", "a whole number from 0 up"),
    ("from 1 ⟦and⟧ 2 purchase", "expected 'to', found 'and'"),
    ("⟦never⟧ purchase", "'never' does not begin a condition; did you mean 'no'?"),
    ("⟦more⟧ than 2 purchase", "did you mean 'at least'?"),
    ("⟦last⟧ purchase > 30 days ago", "did you mean 'last(at of ...)'?"),
    ("⟦2⟧ purchase", "say how 2 is meant: at least, at most or exactly 2"),
    ("purchase ⟦at⟧ least 2 times", "write the number first: at least 2 purchase"),
    ("no purchase ⟦ever⟧", "write nothing, any time is meant then"),
    ("age > 18 and ⟦<⟧ 30", "say again what is compared, as in: age > 18 and age < 30"),
    ("age between 1⟦,⟧ 2", "expected 'and' and the other end, found ','"),
    ("x > 2026-03-01 ⟦12:00⟧", "there is a T between a date and a time of day"),
    ("1.5 ⟦purchase⟧", "expected a comparison"),
    ("any purchase ⟦within 7 days⟧", "within last 7 days, or within 7 days after subscribed_at"),
    ("any purchase ⟦within next⟧ 7 days", "nothing is known of the future"),
    ("any purchase within last ⟦month⟧", "write 1 month"),
    ("any purchase ⟦in⟧ last 30 days", "write within last 30 days"),
    ("any purchase ⟦witin⟧ last 30 days", "did you mean 'within'?"),
    ("any purchase between 1 day ago ⟦or⟧ now", "expected 'and' and the other end"),
    ("any purchase where ⟦value⟧ > 3", "expected parentheses around what is asked"),
    ("any purchase where (any ⟦open⟧)", "it cannot ask about events"),
    ("any purchase where (sum(a of ⟦b⟧) > 1)", "it cannot ask about events"),
    ("any ⟦purchase where (in segment 'x')⟧", "it cannot ask about events"),
    ("⟦no a⟧ then b", "what comes first must happen"),
    ("any a then⟦⟧", "expected the name of an event after 'then'"),
    ("any a then b ⟦within 3 days after⟧ x", "a step is timed by the one before it"),
    ("any a then b ⟦since⟧ x", "a step is timed by the one before it"),
    ("⟦any a in at least 3 of last 2 weeks⟧", "in 3 of the last 2 weeks"),
    ("any a in at ⟦most⟧ 3 of last 4 weeks", "expected 'least'"),
    ("any a in at least 3 of last 4 ⟦wekes⟧", "did you mean 'weeks'?"),
    ("in ⟦'loyal'⟧", "expected 'segment' and its name in quotes"),
    ("in segment ⟦loyal⟧", "expected the name of a segment in quotes"),
    ("⟦in segment ''⟧", "is not the name of a segment"),
    ("anniversary of born ⟦in⟧ 'UTC'", "expected 'today' or 'within next 3 days'"),
    ("anniversary of born within ⟦3⟧ days in 'UTC'", "expected 'last' or 'next'"),
    ("anniversary of born within next 3 ⟦weeks⟧ in 'UTC'", "expected 'days'"),
    ("⟦anniversary of born within last 3 and last 2 days⟧ in 'UTC'", "say 'last' and 'next' once each"),
    ("⟦anniversary of born within last 300 days in 'UTC'⟧", "300 is not a number of days"),
]


@pytest.mark.parametrize(("marked", "said"), WRONG, ids=[marked[:60] for marked, _ in WRONG])
def test_what_is_wrong_is_told_with_its_place(marked: str, said: str) -> None:
    written = marked.replace("⟦", "").replace("⟧", "")
    with pytest.raises(SegmentError) as caught:
        parse(written)
    error = caught.value
    assert said in error.reason
    assert error.text == written
    assert error.start is not None
    assert error.end is not None
    if "⟦" in marked:
        start, end = marked.index("⟦"), marked.index("⟧") - 1
        assert (error.start, error.end) == (start, max(end, start + 1) if start == len(written) else end)


def test_what_a_node_refuses_is_told_with_its_place_too() -> None:
    with pytest.raises(SegmentError) as caught:
        parse("a = 1 and a matches '('")
    assert caught.value.start == 10


@pytest.mark.parametrize("given_", [None, 5, b"a = 1", f.a])
def test_what_is_no_text_is_refused(given_: object) -> None:
    with pytest.raises(SegmentError, match="is not text"):
        parse(given_)  # type: ignore[arg-type]


def test_the_places_of_fields_and_events_are_known() -> None:
    written = "a.b = 1 and a.b = 2 and any purchase where (a.b > 1) then open"
    node, places = parse_with_places(written)
    found = [(part, places[id(part)]) for part in nodes.walk(node) if isinstance(part, nodes.Field | nodes.Events)]
    assert [written[start:end] for _, (start, end) in found] == ["a.b", "a.b", "purchase", "a.b", "open"]
    assert len({start for _, (start, _) in found}) == 5


HUGE = [
    "(" * 1_000_000,
    "not " * 210_000 + "a",
    "(" * 1_000_000 + "a" + ")" * 1_000_000,
    "casefold(" * 100_000,
    "first(a of b since " * 10_000,
    "any a where (" * 70_000,
    "a" + " + 1 day" * 100_000 + " > now",
    "a in (" * 100_000,
    '"' * 1_000_001,
    "a = '" + "\\" * 1_000_001,
    "a" * 1_000_000 + " b",
    "1" * 1_000_000,
    "a = decimal '" + "1" * 1_000_000 + "x'",
    "x(" + "x" * 1_000_000,
    "`" * 1_000_000,
    "2026-03-01" * 100_000,
    "hour(a, '" + "x" * 1_000_000 + "') = 1",
    "#" * 1_000_000,
]


@pytest.mark.parametrize("written", HUGE, ids=[written[:20] for written in HUGE])
def test_what_is_huge_and_wrong_is_refused(written: str) -> None:
    with pytest.raises(SegmentError) as caught:
        parse(written)
    assert len(str(caught.value)) < 1000


def test_what_is_huge_and_right_is_read() -> None:
    whole = parse(" and ".join(["a = 1"] * 1000) + "#" + "x" * 500_000)
    assert len(whole.node.parts) == 1000  # type: ignore[union-attr]
    assert parse(f"a in ({', '.join(map(str, range(1000)))})").matches({"a": 999})
    assert parse("(" * 400 + "a" + ")" * 400) == parse("a")


def test_parts_may_stand_within_each_other_as_deep_as_trees_may_be() -> None:
    deep = A
    for number in range(nodes.DEEPEST):
        deep = deep & (f.a != number) if number % 2 else deep | (f.b == number)
    assert parse(str(deep)) == deep
    value = f.a
    for _ in range(nodes.DEEPEST // 2):
        value = ev.p.first("at", between=(value, None))
    assert parse(str(value == 1)) == (value == 1)
    folded = nodes.IsNull(value=reduce(lambda inner, _: nodes.Folded(value=inner), range(100), f.a._node))
    assert parse(text.sentence(folded)).node == folded


def test_reading_needs_no_room_on_the_stack() -> None:
    written = str(A & B) + " and " + "(" * 400 + "a" + ")" * 400
    limit = sys.getrecursionlimit()
    depth = len(list(frames()))
    sys.setrecursionlimit(depth + 60)
    try:
        parse(written)
    finally:
        sys.setrecursionlimit(limit)


def frames():
    frame = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


@pytest.mark.parametrize(
    "piece",
    [
        "a = 1 and ",
        "a between 1 and 2 or ",
        "any a where (b = 1) since c then no d and ",
        "x in (1, 2) and not ",
        "(a) + 1 day > now or ",
    ],
)
def test_the_work_grows_as_the_text(piece: str) -> None:
    works = []
    for times in (30, 300):
        reader = _Conditions(piece * times + "a")
        _, steps = run(reader.whole(), deepest=100, too_deep=reader.too_deep)
        works.append(steps)
    assert works[1] < 10.1 * works[0]


@given(st.lists(st.sampled_from(["a = 1", "b is null", "age between 1 and 2", "any p"]), min_size=2, max_size=6))
def test_and_joins_as_the_operator_does(parts: list[str]) -> None:
    assert parse(" and ".join(parts)) == reduce(and_, map(parse, parts))


PIECES = st.one_of(
    st.sampled_from(sorted(text.RESERVED)),
    st.sampled_from(["a", "at", "5", "3 days", "'x'", "`b`", "(", ")", ",", ".", "?", "+", "-", "=", "<", "!=", "#\n"]),
    st.sampled_from(["sum(", "hour(", "start of month", "anniversary of", "segment", "today", "within last 3 days"]),
    st.sampled_from(["any p", "a = 1", "2026-03-01", "'UTC'", "decimal '1'", "in 'UTC'", "last", "next", "1.5"]),
    st.sampled_from(["\\", '"', "`", "“", "\u202e", "\ud800", "\x00", "²", "%"]),
)


VALID = [written for written, _ in ALSO] + [written.replace("⟦", "").replace("⟧", "") for written, _ in WRONG[-40:]]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A text that is right, or nearly, with something else in a few places."""
    written = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(written)))
        end = start + draw(st.integers(0, 6))
        written = written[:start] + draw(PIECES | st.just("") | st.characters()) + written[end:]
    return written


def refusal(written: str) -> SegmentError | None:
    """What is wrong with a text, which must otherwise be one that can be written and read again."""
    try:
        segment = parse(written)
    except SegmentError as error:
        return error
    assert parse(str(segment)) == segment
    return None


def check_anything(written: str) -> None:
    error = refusal(written)
    if error is not None:
        assert str(error).count("\n") == 2
        assert error.start is not None
        assert error.end is not None
        assert 0 <= error.start < error.end <= len(written) + 1


@settings(max_examples=100)
@given(mutated() | st.lists(PIECES, max_size=12).map(" ".join) | st.text(max_size=30))
def test_nothing_but_its_own_error_leaves_the_parser(written: str) -> None:
    check_anything(written)


@pytest.mark.slow
@settings(max_examples=5000)
@given(mutated() | st.lists(PIECES, max_size=20).map(" ".join) | st.lists(PIECES, max_size=20).map("".join) | st.text())
def test_nothing_but_its_own_error_leaves_the_parser_for_long(written: str) -> None:
    check_anything(written)
