from contextlib import suppress
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.chart import BarChart

from mailkit import contacts
from mailkit.errors import InvalidValue, UnreadableFile

DAY = datetime.combine(date(2024, 1, 5), time())  # a spreadsheet knows no zones


def workbook(*rows, title="Sheet"):
    book, file = Workbook(), BytesIO()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def test_a_path_bytes_and_text_give_the_same_records(tmp_path):
    text = "E-mail;Имя\nanna@shop.example;Анна\n"
    path = tmp_path / "customers.csv"
    path.write_bytes(text.encode("utf-8-sig"))
    by_path = contacts.read_csv(path)
    assert by_path.source == "customers.csv"
    assert by_path.encoding == "utf-8"
    for source in (str(path), text, text.encode(), text.encode("utf-16"), text.replace("\n", "\r")):
        assert contacts.read_csv(source).records == by_path.records


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(UnreadableFile, match=r"nothing\.csv cannot be opened: No such file or directory"):
        contacts.read_csv(tmp_path / "nothing.csv")
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        contacts.read_csv("a\x00b")
    for read in (contacts.read_csv, contacts.read_xlsx):
        for source in ("", "  "):
            with pytest.raises(UnreadableFile, match="source is empty; give a path, or what stands in the file"):
                read(source)


def test_bytes_of_any_kind_and_an_open_file_are_read(tmp_path):
    raw = b"email\na@shop.example\n"
    path = tmp_path / "customers.csv"
    path.write_bytes(raw)
    with path.open("rb") as file:
        found = contacts.read_csv(file)
    assert found.source == "customers.csv"
    for source in (bytearray(raw), memoryview(raw), BytesIO(raw)):
        assert contacts.read_csv(source).records == found.records
    assert contacts.read_csv(BytesIO(raw)).source == "file"
    assert contacts.read_xlsx(BytesIO(workbook(["email"], ["a@shop.example"]))).records == found.records


def test_an_open_file_that_gives_no_bytes_is_refused(tmp_path):
    with pytest.raises(InvalidValue, match="source: 'file' gives no bytes; open it with 'rb', or give its text"):
        contacts.read_csv(StringIO("email\na@shop.example\n"))
    closed = BytesIO()
    closed.close()
    with pytest.raises(UnreadableFile, match="file cannot be read: I/O operation on closed file"):
        contacts.read_csv(closed)


@pytest.mark.parametrize("source", [None, 5, ["customers.csv"], {}])
def test_a_source_that_is_none_is_refused(source):
    for read in (contacts.read_csv, contacts.read_xlsx):
        with pytest.raises(InvalidValue, match=r"source: .* is neither a path nor what stands in a file"):
            read(source)


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoding": 5},
        {"encoding": "a\x00b"},
        {"delimiter": 5},
        {"columns": ["email"]},
        {"required": None},
        {"required": 5},
        {"required": [5]},
        {"required": "email"},
        {"converters": ["email"]},
        {"converters": {"email": 5}},
    ],
)
def test_an_argument_that_cannot_be_meant_is_named(wrong):
    (name,) = wrong
    with pytest.raises(InvalidValue, match=rf"^{name}"):
        contacts.read_csv(b"email\na@shop.example\n", **wrong)


def test_a_workbook_is_not_read_as_a_csv(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_bytes(workbook(["email"], ["a@shop.example"]))
    with pytest.raises(UnreadableFile, match=r"customers\.csv is an Excel workbook .*; use read_xlsx"):
        contacts.read_csv(path)
    with pytest.raises(UnreadableFile, match=r"bytes is a workbook of an older Excel .*; save it as \.xlsx"):
        contacts.read_csv(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))


def test_a_stray_nul_costs_its_own_row_at_most():
    found = contacts.read_csv(b"email,name\na@shop.example,A\x00nna\nb\x00@shop.example,Boris\nc@shop.example,Carl\n")
    assert [record["email"] for record in found.records] == ["a@shop.example", "c@shop.example"]
    assert [rejected.row for rejected in found.rejected] == [3]


def test_an_address_is_checked_though_only_other_columns_are_asked_for():
    text = "Name,email\nAnna,a@shop.example\nBoris,broken@\nCarl,\nDora,A@shop.example\n"
    found = contacts.read_csv(text, columns={"name": "Name"}, required=["name"])
    assert [record["name"] for record in found.records] == ["Anna", "Carl"]
    assert [rejected.findings[0].code for rejected in found.rejected] == [
        "contacts.bad-address",
        "contacts.repeated-address",
    ]
    assert found.columns == {"name": "Name", "email": "email"}


def test_lines_in_another_encoding_are_told():
    raw = "email;имя\na@shop.example;Анна\n".encode() + "b@shop.example;Борис\n".encode("cp1251") * 6
    raw += "c@shop.example;Вера\n".encode() * 6
    found = contacts.read_csv(raw)
    assert {record["first_name"] for record in found.records} == {"Анна", "Борис", "Вера"}
    finding = next(finding for finding in found.findings if finding.code == "contacts.mixed-encoding")
    assert finding.message.endswith("3, 4, 5, 6, 7, …")


def test_a_single_line_in_another_encoding_is_named():
    raw = "email;имя\n".encode() + "b@shop.example;Борис\n".encode("cp1251")
    (finding,) = [f for f in contacts.read_csv(raw).findings if f.code == "contacts.mixed-encoding"]
    assert finding.message.endswith("could be: 2")


def test_a_spreadsheet_gives_the_records_that_its_csv_would():
    raw = workbook(
        [None, None, None],
        ["Код клиента", "E-mail", "since", "total", "member"],
        [17.0, "anna@shop.example", DAY, 29.33, True],
        [18, None, date(2024, 1, 6), None, False],
        [19, "vera@shop.example", DAY + timedelta(hours=12, minutes=30), 3, None],
        [20, "g@shop.example", time(9, 30), 1e20, "=1+1"],
    )
    found = contacts.read_xlsx(raw, required=["id", "email"])
    assert found.records == (
        {"id": "17", "email": "anna@shop.example", "since": "2024-01-05", "total": "29.33", "member": "TRUE"},
        {"id": "19", "email": "vera@shop.example", "since": "2024-01-05T12:30:00", "total": "3", "member": ""},
        {"id": "20", "email": "g@shop.example", "since": "09:30:00", "total": "1" + "0" * 20, "member": ""},
    )
    assert [(rejected.row, rejected.findings[0].code) for rejected in found.rejected] == [(4, "contacts.missing-value")]


def test_a_sheet_is_chosen_by_name(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook(["email"], ["a@shop.example"], title="People"))
    assert len(contacts.read_xlsx(path, sheet="People").records) == 1
    with pytest.raises(UnreadableFile, match=r"book\.xlsx has no sheet 'Peple'; did you mean 'People'\?"):
        contacts.read_xlsx(path, sheet="Peple")


def rewritten(raw, change):
    """A workbook some of whose parts are others."""
    file = BytesIO()
    with ZipFile(BytesIO(raw)) as old, ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def cut(part):
    return lambda name, content: content[: len(content) // 2] if name.endswith(part) else content


WORKBOOK = workbook(["email", "name"], ["a@shop.example", "Anna"])


@pytest.mark.parametrize("part", ["sheet1.xml", "workbook.xml", "styles.xml", "[Content_Types].xml", ".rels"])
def test_a_workbook_with_a_damaged_part_is_refused(part):
    with pytest.raises(UnreadableFile, match="is not an Excel workbook"):
        contacts.read_xlsx(rewritten(WORKBOOK, cut(part)))


def test_a_workbook_with_a_password_is_refused():
    at = WORKBOOK.index(b"PK\x01\x02")
    raw = bytearray(WORKBOOK)
    while at >= 0:  # say of every part that it is encrypted
        raw[at + 8] |= 1
        at = raw.find(b"PK\x01\x02", at + 1)
    with pytest.raises(UnreadableFile, match="without a password"):
        contacts.read_xlsx(bytes(raw))


@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=60)
def test_whatever_has_happened_to_a_workbook_it_is_read_or_refused(place, damage):
    raw = WORKBOOK[:place] + damage + WORKBOOK[place + len(damage) :]
    with suppress(UnreadableFile):
        contacts.read_xlsx(raw)


def test_a_workbook_without_a_table_is_refused():
    book, file = Workbook(), BytesIO()
    book.remove(book.active)
    book.create_chartsheet("Chart").add_chart(BarChart())
    book.save(file)
    with pytest.raises(UnreadableFile, match="has no sheet with cells"):
        contacts.read_xlsx(file.getvalue())
    with pytest.raises(UnreadableFile, match="has no sheet 'Chart'"):
        contacts.read_xlsx(file.getvalue(), sheet="Chart")


def test_a_sheet_is_named_by_text():
    with pytest.raises(InvalidValue, match="sheet: 1 is not the name of a sheet"):
        contacts.read_xlsx(WORKBOOK, sheet=1)


def test_an_empty_sheet_is_refused():
    with pytest.raises(UnreadableFile, match="has an empty sheet"):
        contacts.read_xlsx(workbook())


def test_what_is_no_workbook_is_refused():
    with pytest.raises(UnreadableFile, match="is not an Excel workbook"):
        contacts.read_xlsx(b"email\na@shop.example\n")
