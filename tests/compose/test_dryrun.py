"""Dry runs: a whole list tried, and nothing sent."""

from __future__ import annotations

import tracemalloc
from collections import namedtuple
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from mailkit.compose import DryRun, Template, dry_render
from mailkit.compose import compile as compiled
from mailkit.errors import InvalidValue


@pytest.fixture(scope="module")
def template() -> Template:
    return compiled("<p>Hello, {{ name }}, in {{ city }}!</p>", subject="{{ name }}, hello")


def codes(tried: DryRun) -> dict[str, int]:
    return {code.removeprefix("compose."): count for code, count in tried.counts.items()}


@given(st.lists(st.dictionaries(st.sampled_from(["name", "city"]), st.none() | st.text(max_size=30) | st.integers())))
def test_every_record_is_tried_whatever_the_others_are(records: list[dict[str, object]]) -> None:
    template = compiled("<p>Hello, {{ name }}, in {{ city }}!</p>", subject="{{ name }}, hello")
    tried = dry_render(template, records)
    assert tried.records == len(records)
    assert 0 <= tried.failed <= len(records)
    alone = [dry_render(template, [record]) for record in records]
    assert tried.failed == sum(one.failed for one in alone)
    for code, count in tried.counts.items():
        assert count == sum(one.counts.get(code, 0) for one in alone)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "empty-value"),
        ("  ", "empty-value"),
        ("NULL", "not-a-value"),
        ("n/a", "not-a-value"),
        ("Ð\x90Ð½Ð½Ð°", "garbled-value"),
        ("РђРЅРЅР°", "garbled-value"),
        ("JosÃ©", "garbled-value"),
        ("An\ufffda", "garbled-value"),
        ("{{ first_name }}", "braces-in-value"),
        ("x" * 90, "long-subject"),
        (None, "bad-record"),
        (["Anna"], "bad-record"),
    ],
)
def test_what_is_wrong_with_a_value_is_told(template: Template, name: object, code: str) -> None:
    assert code in codes(dry_render(template, [{"name": name, "city": "Kazan"}]))


@pytest.mark.parametrize(
    "name", ["Anna", "Анна", "José", "Nullen", "СССР", "Рим", "Ñandú", "O'Brien", "Ólafur", 7, True]
)
def test_usual_values_are_left_alone(template: Template, name: object) -> None:
    tried = dry_render(template, [{"name": name, "city": "Санкт-Петербург"}])
    assert tried.is_clean
    assert tried.findings == ()


def test_a_record_without_a_field_names_it_and_stops_nobody(template: Template) -> None:
    tried = dry_render(template, [{"city": "Kazan"}, {"name": "Anna", "city": "Kazan"}, {"name": "Ivan"}])
    assert (tried.records, tried.failed) == (3, 2)
    assert [(str(one.place), one.code) for one in tried.findings] == [
        ("record 1, field 'name'", "compose.lacks-field"),
        ("record 3, field 'city'", "compose.lacks-field"),
    ]


def test_a_record_that_raises_when_read_is_told() -> None:
    class Broken:
        @property
        def name(self) -> str:
            raise RuntimeError("the database is gone")

    tried = dry_render(compiled("<p>{{ name }}</p>", subject="s"), [Broken(), {"name": "Anna"}])
    assert (tried.records, tried.failed) == (2, 1)
    assert "the database is gone" in tried.findings[0].message


@pytest.mark.parametrize(
    ("html", "has_gap"),
    [
        ("<p>Hello {{ name }}, come</p>", True),
        ("<p>Hello, {{ name }}!</p>", True),
        ("<p>Hello ({{ name }})</p>", True),
        ("<p>Hello{% if name %}, {{ name }}{% endif %}!</p>", False),
        ("<p>{{ name|default('Friend', true) }}, come</p>", False),
    ],
)
def test_a_sentence_with_a_gap_is_told(html: str, has_gap: bool) -> None:
    tried = dry_render(compiled(html, subject="s"), [{"name": ""}])
    assert ("gap" in codes(tried)) is has_gap


def test_the_extremes_are_kept(template: Template) -> None:
    subjects = compiled("<p>{{ text }}</p>", subject="{{ subject }}")
    tried = dry_render(
        subjects,
        [
            {"text": "a", "subject": "Hello"},
            {"text": "a" * 110_000, "subject": "Hello, Anna"},
            {"text": "a", "subject": " "},
        ],
    )
    assert tried.heaviest is not None
    assert (tried.heaviest.record, tried.heaviest.size > 110_000) == (2, True)
    assert tried.longest_subject is not None
    assert (tried.longest_subject.record, tried.longest_subject.text) == (2, "Hello, Anna")
    assert tried.shortest_subject is not None
    assert tried.shortest_subject.record == 3
    assert codes(tried) == {"clipped": 1, "empty-value": 1, "empty-subject": 1}
    shown = str(tried)
    assert "3 records, 0 cannot be rendered" in shown
    assert "most HTML: 107 KB, record 2" in shown
    assert "longest subject: 'Hello, Anna', record 2" in shown
    assert "compose.clipped" not in tried._repr_html_() or "107" in tried._repr_html_()
    assert str(dry_render(template, [])) == "0 records, 0 cannot be rendered"


def test_a_long_list_needs_no_more_memory_than_a_short_one(template: Template) -> None:
    def people(count: int) -> Iterator[dict[str, str]]:
        for number in range(count):
            yield {"name": "" if number % 2 else f"Anna {number}", "city": "Kazan"}

    dry_render(template, people(100))
    tracemalloc.start()
    tried = dry_render(template, people(5_000), examples=3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes(tried)["empty-value"] == 2_500
    assert len([one for one in tried.findings if one.code == "compose.empty-value"]) == 3
    assert peak < 1_000_000


def test_progress_is_told_where_the_list_has_a_length(template: Template) -> None:
    seen: list[tuple[int, int]] = []
    dry_render(
        template, [{"name": "Anna", "city": "Kazan"}] * 250, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(100, 250), (200, 250), (250, 250)]


@pytest.mark.parametrize("examples", [0, -1, 1.5, True])
def test_the_number_of_examples_is_a_number(template: Template, examples: object) -> None:
    with pytest.raises(InvalidValue, match="examples"):
        dry_render(template, [], examples=examples)  # type: ignore[arg-type]


@pytest.mark.parametrize("records", [{"name": "Anna"}, "Anna", b"Anna", 5, None])
def test_what_is_no_row_of_records_is_refused(records: object) -> None:
    with pytest.raises(InvalidValue, match="put one record into"):
        dry_render(compiled("<p>{{ name }}</p>", subject="s"), records)  # type: ignore[arg-type]


def test_what_stands_for_nothing_in_a_table_is_told() -> None:
    class NAType:
        def __str__(self) -> str:
            return "<NA>"

    template = compiled("<p>{{ name }}</p>", subject="s")
    tried = dry_render(template, [{"name": float("nan")}, {"name": NAType()}, {"name": 1.5}])
    assert [(one.code, str(one.place)) for one in tried.findings] == [
        ("compose.bad-record", "record 1"),
        ("compose.bad-record", "record 2"),
    ]
    assert "'name' is nan, which tells a reader nothing (an empty cell?)" in tried.findings[0].message
    template = compiled("<p>{{ name|default('friend', true) }}</p>", subject="s")
    tried = dry_render(template, [{"name": float("nan")}, {"name": NAType()}, {"name": 1.5}])
    assert [(one.code, str(one.place), one.evidence) for one in tried.findings] == [
        ("compose.not-a-value", "record 1, field 'name'", "nan"),
        ("compose.not-a-value", "record 2, field 'name'", "<NA>"),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("\u200b\u2060", {"empty-value", "unseen-value"}),
        ("Anna\tMaria", {"unseen-value"}),
        ("\u202eAnna", {"unseen-value"}),
        ("Anna ", {"blank-around"}),
        ("Tom &amp; Co", {"markup-value"}),
        ("<b>Anna</b>", {"markup-value"}),
        ("a < b > c", set()),
        ("می\u200cخواهم", set()),
        ("👩\u200d🔬", set()),
        (Markup("<b>Anna</b>"), set()),
    ],
)
def test_what_came_in_with_a_name_is_told(template: Template, name: str, told: set[str]) -> None:
    assert set(codes(dry_render(template, [{"name": name, "city": "Perm"}]))) == told


def test_the_sign_that_nobody_sees_is_named(template: Template) -> None:
    (one,) = dry_render(template, [{"name": "\u202eAnna", "city": "Perm"}]).findings
    assert "right-to-left override (U+202E)" in one.message


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ({"id": 17, "email": "anna@example.org"}, "record 1 (17)"),
        ({"id": "", "email": "anna@example.org"}, "record 1 (anna@example.org)"),
        ({"id": "a\nb" + "x" * 80}, "record 1 (a b" + "x" * 57 + ")"),
        ({"id": "\x00"}, "record 1"),
        ({"id": None}, "record 1"),
    ],
)
def test_a_record_is_told_by_its_own_key(template: Template, key: dict[str, object], place: str) -> None:
    (one,) = dry_render(template, [{"name": "Anna", **key}]).findings
    assert one.place.source == place


def test_a_key_that_cannot_be_read_is_left_out() -> None:
    class Broken:
        @property
        def id(self) -> int:
            raise OSError("the database has gone")

    (one,) = dry_render(compiled("<p>Hello", subject="{{ name }}"), [Broken()]).findings
    assert one.place.source == "record 1"


@pytest.mark.parametrize("record", [None, 5, "Anna", ["Anna"], ("Anna", 5), {"Anna"}])
def test_what_is_no_record_stops_no_other(template: Template, record: object) -> None:
    tried = dry_render(template, [record, {"name": "Anna", "city": "Perm"}])
    assert (tried.failed, codes(tried)) == (1, {"bad-record": 1})
    assert tried.findings[0].evidence


def test_a_row_with_names_is_a_record() -> None:
    row = namedtuple("row", ["name"])
    assert dry_render(compiled("<p>Hello", subject="{{ name }}"), [row("Anna")]).is_clean


def test_a_letter_is_compiled_before() -> None:
    with pytest.raises(InvalidValue, match=r"dry_render, template: .* is not a Template; compile the letter first"):
        dry_render("<p>Hello", [])  # type: ignore[arg-type]
