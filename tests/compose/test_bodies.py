"""Parts made piece by piece say what the same program says as text, whatever stands in them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.compose.bodies import Quoted, Stretched, Whole, streamed, whole_part
from mailkit.compose.marks import Marks
from mailkit.compose.plaintext import tidy
from mailkit.compose.programs import Program
from mailkit.errors import TemplateError, UnknownField

CYRILLIC = "Скидки на всё, что вы давно хотели купить, и ещё немного на то, чего совсем не хотели. "
ENGLISH = "Whatever you wanted to buy for years, and a little of what you never wanted at all = 1. "
WORDS = [
    *("a", ".", "From ", "=", " ", "\n", "\n\n\n", "\x0b", "\t", "\xa0", "- item", "&amp;", "👍", "東京" * 20),
    *("line\n", "\n.\n", "x" * 200, "=_mailkit-mixed", "\n> ", "\x1e", "\x1f", "\x1d"),
    *(f"{CYRILLIC}\n", f"\n{CYRILLIC}", ENGLISH, f"\n{ENGLISH}\n", f"{ENGLISH}\n\n{CYRILLIC}\n{ENGLISH}"),
]
VALUES = ["{{ name }}", "{{ n }}", "{{ more }}", "{{ one.x }}", "{{ more|upper }}", "{{ name ~ n }}", "{{ mark }}"]
constants = st.lists(st.sampled_from(WORDS), max_size=6).map("".join)
fragments = st.one_of(
    constants,
    st.sampled_from(VALUES),
    st.builds("{{% for a in row %}}{0}{{{{ a.x }}}}{1}{{% endfor %}}".format, constants, constants),
    st.builds("{{% if n > 1 %}}{0}{{% else %}}{1}{{% endif %}}".format, constants, constants),
    st.builds("{{% filter upper %}}{0}{{{{ name }}}}{{% endfilter %}}".format, constants),
    st.builds("{{% set got %}}{0}{{% endset %}}{{{{ got }}}}".format, constants),
    st.builds(
        "{{% macro m(x) %}}{0}{{{{ x }}}}{{{{ caller() }}}}{{% endmacro %}}{{% call m(n) %}}b{{% endcall %}}".format,
        constants,
    ),
    st.builds(
        "{{% for a in row recursive %}}{0}{{{{ a.x }}}}{{% if loop.first %}}{{{{ loop([]) }}}}{{% endif %}}"
        "{{% endfor %}}".format,
        constants,
    ),
)
sources = st.lists(fragments, min_size=1, max_size=6).map("".join)
texts = st.text(max_size=60) | st.text("\r\n\t .Fromabc<&'=_\x00\x0b\x1e\x1f\xa0ж東👍\ud800", max_size=60)
records = st.fixed_dictionaries(
    {
        "name": texts,
        "more": texts,
        "n": st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
        "mark": st.builds(lambda text: Html(text), texts),
        "one": st.fixed_dictionaries({"x": texts | st.integers()}),
        "row": st.lists(st.fixed_dictionaries({"x": texts | st.integers(0, 9)}), max_size=4),
    }
)


class Html(str):
    def __html__(self) -> str:
        return f"<b>{str.__str__(self)}</b>"


def program(source: str, *, html: bool) -> Program:
    marks = Marks()
    return Program(marks.emit(marks.read(source, "part")), part="part", html=html)


def read(raw: bytes) -> str:
    payload = message_from_bytes(raw).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def check(raw: bytes) -> None:
    body = raw.partition(b"\r\n\r\n")[2]
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert b"\n" not in line
        assert b"\r" not in line
        assert not line.startswith((b".", b"From ", b"--"))


@settings(max_examples=150, deadline=None)
@given(sources, records, st.booleans())
def test_html_in_pieces_is_the_html(source: str, record: dict[str, Any], in_base64: bool) -> None:
    made = program(source + (CYRILLIC * 9 if in_base64 else ENGLISH * 30), html=True)
    part = Stretched("text/html", made, is_tidy=False) if in_base64 else Quoted("text/html", made)
    for _ in range(2):  # what was remembered the first time is the same the second
        raw = b"".join(part.pieces(record, record) or ())
        check(raw)
        assert read(raw) == sendable(made.text(record, record))


@settings(max_examples=200, deadline=None)
@given(sources, records, st.booleans())
def test_a_tidied_text_in_pieces_is_the_text_tidied(source: str, record: dict[str, Any], in_base64: bool) -> None:
    made = program(source + (CYRILLIC * 3 if in_base64 else ENGLISH * 30), html=False)
    part = streamed("text/plain", made, is_tidy=True)
    assert isinstance(part, Stretched)
    raw = b"".join(part.pieces(record, record) or ())
    check(raw)
    assert read(raw) == sendable(tidy(made.text(record, record)))


@given(texts, st.booleans())
def test_a_whole_part_is_its_text(text: str, is_eight_bit: bool) -> None:
    text = f"{text}\n".replace("\r", "")
    assert read(whole_part("text/plain", text, is_eight_bit=is_eight_bit)) == sendable(text)


def test_a_whole_part_says_what_it_is() -> None:
    part = Whole(program("Hello, {{ name }}\n", html=False), str.upper, lambda text: f"text/{len(text)}")
    (raw,) = part.pieces({"name": "Anna"}, {})
    assert raw.startswith(b"Content-Type: text/12; charset=utf-8\r\n")
    assert read(raw) == "HELLO, ANNA\n"


def test_one_and_true_and_one_point_nought_are_told_apart() -> None:
    part = Quoted("text/html", program("{{ x }}", html=True))
    found = [read(b"".join(part.pieces({"x": x}, {}) or ())) for x in (1, True, 1.0, "1", 1)]
    assert found == ["1", "True", "1.0", "1", "1"]


def test_long_constants_of_a_text_are_encoded_once() -> None:
    part = Stretched("text/plain", program(f"Hi {{{{ name }}}}\n{ENGLISH}\n{ENGLISH}\nBye", html=False), is_tidy=True)
    first, second = (part.pieces({"name": name}, {}) or [] for name in ("Anna", "Boris"))
    assert first[2] is second[2]
    assert len(first[2]) > 150


@pytest.mark.parametrize("value", ["a" * 41, "<" * 41, 10**41, -(10**41)])
def test_long_values_are_encoded_each_time(value: object) -> None:
    made = program("{{ x }}", html=True)
    for part in (Quoted("text/html", made), Stretched("text/html", made, is_tidy=False)):
        assert read(b"".join(part.pieces({"x": value}, {}) or ())) == made.text({"x": value}, {})


def test_many_values_are_not_remembered_for_ever() -> None:
    part = Quoted("text/html", program("{{ x }}", html=True))
    for number in range(5_000):
        assert read(b"".join(part.pieces({"x": f"<{number}>"}, {}) or ())) == f"&lt;{number}&gt;"


def test_threads_may_share_a_part() -> None:
    made = program(f"{{% for a in row %}}{{{{ a.x }}}} {CYRILLIC}{{% endfor %}}" * 3, html=True)
    part = streamed("text/html", made)
    assert part is not None

    def matches(number: int) -> bool:
        values = {"row": [{"x": f"{number}<{turn}"} for turn in range(9)]}
        return read(b"".join(part.pieces(values, {}) or ())) == made.text(values, {})

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(matches, range(300)))


def test_a_block_within_a_buffer_is_made_as_a_whole() -> None:
    made = program("{% filter upper %}{% block a %}a{{ x }}{% endblock %}{% endfilter %}", html=True)
    assert made.text({"x": "<"}, {}) == "A&LT;"
    assert streamed("text/html", made) is None
    straight = program("{% block a %}a{{ x }}{% endblock %}", html=True)
    part = streamed("text/html", straight)
    assert part is not None
    assert read(b"".join(part.pieces({"x": "<"}, {}) or ())) == "a&lt;"


@pytest.mark.parametrize("html", [True, False])
def test_a_part_that_is_too_long_for_pieces_is_told(html: bool) -> None:
    made = program("{% for a in x %}" + "é" * 20_000 + "{% endfor %}", html=html)
    part = streamed("text/x", made, is_tidy=not html)
    assert part is not None
    assert part.pieces({"x": [1] * 300}, {}) is None
    with pytest.raises(TemplateError, match="longer than 5,000,000 characters"):
        made.text({"x": [1] * 300}, {})


@pytest.mark.parametrize(
    "source", ["a\nb\n{{ nmae }}", "a\nb\n{% if 1 %}{{ one.nmae }}{% endif %}", "\n\n{{ 1\n}}{{ nmae.x }}"]
)
def test_errors_of_pieces_are_those_of_text(source: str) -> None:
    record = {"name": "Anna", "one": {"name": "x"}}
    made = program(source, html=True)
    part = streamed("text/html", made)
    assert part is not None
    found = []
    for make in (part.pieces, made.text):
        with pytest.raises(UnknownField) as caught:
            make(record, record)
        found.append((str(caught.value), caught.value.line, caught.value.suggestions))
    assert found[0] == found[1]
    assert found[0][1:] == (source.count("\n") + 1, ("name",))
