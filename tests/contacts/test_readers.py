from datetime import date, datetime, time, timedelta
from io import BytesIO

import pytest
from openpyxl import Workbook

from mailkit import contacts
from mailkit.errors import UnreadableFile

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


def test_an_empty_sheet_is_refused():
    with pytest.raises(UnreadableFile, match="has an empty sheet"):
        contacts.read_xlsx(workbook())


def test_what_is_no_workbook_is_refused():
    with pytest.raises(UnreadableFile, match="is not an Excel workbook"):
        contacts.read_xlsx(b"email\na@shop.example\n")
