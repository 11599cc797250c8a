import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.contacts.delimited import guess_delimiter, read_delimited, split_rows
from mailkit.errors import InvalidValue, UnreadableFile

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=8)


@given(
    st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)),
    st.sampled_from(",;\t|"),
)
def test_what_the_standard_library_writes_is_read_back(rows, delimiter):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    assert [list(row.cells) for row in split_rows(file.getvalue(), delimiter)] == rows


@given(st.text(st.sampled_from('ab,;"\n ')), st.sampled_from(",;"))
def test_no_character_of_any_text_is_lost(text, delimiter):
    rows = list(split_rows(text, delimiter))
    kept = "".join(letter for row in rows for cell in row.cells for letter in cell)
    for letter in "ab":
        assert kept.count(letter) == text.count(letter)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))


def test_a_quotation_mark_that_is_never_closed_costs_one_row():
    text = 'name,city\n"Anna,Kazan\nBoris,Omsk\nVera,Tver\n'
    rows = list(split_rows(text, ","))
    assert [row.cells for row in rows[1:]] == [('"Anna', "Kazan"), ("Boris", "Omsk"), ("Vera", "Tver")]
    assert [row.is_loose for row in rows] == [False, True, False, False]


def test_a_quotation_mark_closed_by_a_later_rows_one_costs_one_row():
    text = 'name,city\n"Anna,Kazan\nBoris,Omsk\nVera,Tver"\n'
    rows = list(split_rows(text, ","))
    assert [row.cells[0] for row in rows] == ["name", '"Anna', "Boris", "Vera"]


def test_a_quoted_cell_may_have_line_breaks_delimiters_and_marks():
    (row,) = split_rows('"a\n""b"", c" , d', ",")
    assert row.cells == ('a\n"b", c', " d")
    assert not row.is_loose


def test_a_mark_inside_a_plain_cell_is_a_character():
    (row,) = split_rows('5" disk,x', ",")
    assert (row.cells, row.is_loose) == (('5" disk', "x"), False)


def test_stray_marks_do_not_make_reading_slow():
    text = "name,city\n" + '""",x\n' * 20_000
    start = time.process_time()
    assert len(list(split_rows(text, ","))) > 1
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("id,email\n1,a@example.com\n", ","),
        ("id;email;total\n1;a@example.com;3,50\n", ";"),
        ("id\temail\n1\ta, b; c\n", "\t"),
        ("id|email\n", "|"),
        ("email\na@example.com\n", ","),
        ("Name, full;email\nSmith, A;a@example.com\n", ";"),
        ("\n\n", ","),
    ],
)
def test_the_delimiter_is_the_one_that_makes_equal_rows(text, delimiter):
    assert guess_delimiter(text) == delimiter


def test_the_first_line_may_tell_excel_the_delimiter():
    table, delimiter = read_delimited("sep=;\nid;email\n1;a\n", source="x")
    assert (delimiter, table.head.number, table.head.cells) == (";", 1, ("id", "email"))


def test_line_ends_of_every_system_are_one():
    for end in ("\n", "\r\n", "\r"):
        table, _ = read_delimited(f"{end}id,email{end}1,a{end}", source="x")
        assert (table.head.number, table.rows[0].number, table.rows[0].cells) == (2, 3, ("1", "a"))


@pytest.mark.parametrize("text", ["", " \n\t\n", ";;\n;\n"])
def test_a_file_with_nothing_in_it_is_refused(text):
    with pytest.raises(UnreadableFile, match="must begin with a line of column names"):
        read_delimited(text, source="x.csv", delimiter=";")


@pytest.mark.parametrize("delimiter", [",,", '"', "\n", "a", 5])
def test_a_delimiter_is_one_character_that_can_be_one(delimiter):
    with pytest.raises(InvalidValue, match="delimiter"):
        read_delimited("id,email\n", source="x", delimiter=delimiter)
