from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import contacts
from mailkit.address import Address
from mailkit.errors import InvalidValue, UnreadableFile
from mailkit.findings import Severity

LOCALS = st.text(st.sampled_from("abcABC"), min_size=1, max_size=4)
GOOD = LOCALS.map(lambda local: f"{local}@example.com")
BAD = st.sampled_from(["", "anna@", "@example.com", "anna example.com", "a@b", "a,b@example.com", '"'])
CELL = st.text(st.sampled_from('aж;," \n'), max_size=6)


def codes(found):
    return [finding.code for finding in found.findings]


@given(st.lists(st.tuples(GOOD | BAD, CELL, st.integers(0, 2))), st.sampled_from(";,\t"))
def test_every_row_is_a_record_or_left_out_with_a_reason(rows, delimiter):
    quoted = [
        [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in (email, note, *["x"] * spare)]
        for email, note, spare in rows
    ]
    text = "\n".join(delimiter.join(cells) for cells in [["email", "note"], *quoted]) + "\n"
    found = contacts.read_csv(text, delimiter=delimiter)
    assert len(found.records) + len(found.rejected) == found.total_rows
    assert len(found.records) == len(found.rows)
    assert all(rejected.findings for rejected in found.rejected)
    assert sorted([*found.rows, *(rejected.row for rejected in found.rejected)]) == sorted(
        {*found.rows, *(rejected.row for rejected in found.rejected)}
    )
    good = {
        email.lower()
        for email, _, spare in rows
        if email.endswith("@example.com") and "," not in email and spare == 0 and email[0] != "@"
    }
    assert {record["email"].lower() for record in found.records} == good


@given(st.text())
def test_any_text_gives_an_import_or_one_clear_error(text):
    try:
        found = contacts.read_csv(text + "\n", required=())
    except UnreadableFile:
        return
    assert len(found.records) + len(found.rejected) == found.total_rows
    assert found._repr_html_()


@given(st.lists(GOOD, min_size=1))
def test_no_two_records_have_one_address(emails):
    found = contacts.read_csv("email\n" + "\n".join(emails))
    keys = [Address.parse(record["email"]).key for record in found.records]
    assert len(keys) == len(set(keys)) == len({email.lower() for email in emails})


def test_a_customer_file_from_a_shop_is_read_with_findings_and_loses_no_good_row():
    text = (
        "Код клиента;E-mail;Имя;Дата\r\n"
        '1;Anna@Example.COM;"Анна ""А"" \r\nСемёнова";2024-01-05\r\n'
        "2;boris(at)example.com;Борис;\r\n"
        "\r\n"
        "3;anna@EXAMPLE.com;Анна;\r\n"
        "4; mailto:vera@example.org ;Вера;05.01.2024;лишнее\r\n"
        "5;grigori@example.org\r\n"
    )
    found = contacts.read_csv(text.encode("cp1251"), required=["id", "email"])
    assert (found.encoding, found.delimiter, found.total_rows) == ("cp1251", ";", 5)
    assert found.records == (
        {"id": "1", "email": "Anna@example.com", "first_name": 'Анна "А" \nСемёнова', "Дата": "2024-01-05"},
        {"id": "5", "email": "grigori@example.org", "first_name": "", "Дата": ""},
    )
    assert found.rows == (2, 7)
    assert [(rejected.row, rejected.findings[-1].code) for rejected in found.rejected] == [
        (3, "contacts.bad-address"),
        (5, "contacts.repeated-address"),
        (6, "contacts.mended-address"),
    ]
    assert "row 2 already" in found.rejected[1].findings[0].message
    assert found.rejected[2].cells["+"] == "лишнее"
    assert codes(found)[:5] == ["contacts.guessed-encoding", *["contacts.guessed-column"] * 3, "contacts.blank-rows"]
    assert codes(found)[-1] == "contacts.few-cells"


def test_a_finding_names_file_row_and_column_as_the_file_does():
    (finding,) = contacts.read_csv("E-mail address,name\nanna@,Anna\n").errors
    assert str(finding.place) == "text, row 2, field 'E-mail address'"
    assert finding.evidence == "anna@"


def test_a_broken_address_without_a_dot_says_what_to_write():
    (finding,) = contacts.read_csv("email\nanna@example\n").errors
    assert finding.message == "it has a domain without a dot: write the whole domain"


def test_a_lone_surrogate_is_a_broken_address():
    (finding,) = contacts.read_csv("email\nann\ud800@example.com\n").errors
    assert "unsafe characters: U+D800" in finding.message


def test_a_name_around_the_address_is_told_and_taken_off():
    found = contacts.read_csv("email\nAnna <anna@shop.example>\nboris@shop.example\u200b\n")
    assert [record["email"] for record in found.records] == ["anna@shop.example", "boris@shop.example"]
    assert codes(found).count("contacts.mended-address") == 2


def test_a_domain_for_tests_is_warned_of_and_kept():
    found = contacts.read_csv("email\nanna@shop.test\n")
    assert len(found.records) == 1
    assert [(finding.code, finding.severity) for finding in found.findings] == [
        ("contacts.reserved-domain", Severity.WARNING)
    ]


@pytest.mark.parametrize("domain", ["shop.invalid", "printer.local", "localhost", "nas.home.arpa"])
def test_an_address_that_nobody_can_write_to_is_left_out_with_the_reason(domain):
    found = contacts.read_csv(f"email\nAnna <anna@{domain}>\n")
    (finding,) = found.errors
    assert finding.code == "contacts.reserved-domain"
    assert finding.source.startswith("RFC")
    assert len(found.rejected) == 1


def test_example_domains_are_told_once():
    found = contacts.read_csv("email\nanna@example.com\nboris@shop.example\nvera@shop.test\n")
    (finding,) = [finding for finding in found.findings if finding.code == "contacts.example-domain"]
    assert finding.message == "2 addresses at domains that are reserved for examples; no mail arrives there"


def test_a_repeated_id_is_told_and_loses_nobody():
    found = contacts.read_csv(
        "id,email\n1,anna@shop.example\n1,boris@shop.example\n,vera@shop.example\n,g@shop.example\n"
    )
    assert len(found.records) == 4
    assert [finding.place.row for finding in found.findings if finding.code == "contacts.repeated-id"] == [3]


def test_an_id_that_is_nobodys_field_is_not_looked_at():
    found = contacts.read_csv("id,email\n1,a@shop.example\n1,b@shop.example\n", columns={"email": "email"})
    assert not [finding for finding in found.findings if finding.code == "contacts.repeated-id"]


def test_what_comes_along_as_email_is_an_address_and_other_columns_are_text():
    text = "id,email,E-mail 2\n1,nobody,\n2,a@shop.example,nobody\n"
    found = contacts.read_csv(text, columns={"id": "id"}, required=["id"])
    assert found.records == ({"id": "2", "email": "a@shop.example", "E-mail 2": "nobody"},)
    alone = contacts.read_csv(text, columns={"id": "id"}, required=["id"], keep_other=False)
    assert alone.records == ({"id": "1"}, {"id": "2"})


def test_a_file_without_addresses_is_read_too():
    found = contacts.read_csv("id,total\n1,2\n", required=["id"], converters={"total": int})
    assert found.records == ({"id": "1", "total": 2},)


def test_the_first_usable_row_with_an_address_is_kept():
    found = contacts.read_csv("email,total\na@shop.example,many\na@shop.example,5\n", converters={"total": int})
    assert [record["total"] for record in found.records] == [5]
    assert [rejected.row for rejected in found.rejected] == [2]


def test_rows_without_an_address_are_fine_if_none_is_required():
    found = contacts.read_csv("id,email\n1,\n2,\n", required=["id"])
    assert len(found.records) == 2


def test_an_empty_required_field_leaves_the_row_out():
    found = contacts.read_csv("id,email\n,anna@shop.example\n2,\n", required=["id", "email"])
    assert codes(found) == ["contacts.missing-value"] * 2


def test_a_converter_makes_values_and_its_refusal_is_a_finding():
    def fails(text):
        raise KeyError

    text = "email,total,plan\na@shop.example,29.33,\nb@shop.example,,\nc@shop.example,lots,\nd@shop.example,1,gold\n"
    found = contacts.read_csv(text, converters={"total": Decimal, "plan": fails})
    assert [record["total"] for record in found.records] == [Decimal("29.33"), None]
    assert [finding.evidence for finding in found.errors] == ["lots", "gold"]
    assert found.errors[1].message == "it cannot be read: KeyError"


def test_a_converter_for_no_field_is_refused():
    with pytest.raises(InvalidValue, match="did you mean 'total'"):
        contacts.read_csv("email,total\n", converters={"totl": Decimal})


def test_a_converter_for_a_column_that_is_missing_is_no_error():
    found = contacts.read_csv("email\na@shop.test\n", columns={"total": "Sum"}, converters={"total": Decimal})
    assert "contacts.missing-column" in codes(found)
    assert "total" not in found.records[0]


def test_required_fields_are_a_list():
    with pytest.raises(InvalidValue, match=r"write \['email'\]"):
        contacts.read_csv("email\n", required="email")


def test_column_names_alone_are_no_error():
    found = contacts.read_csv("email,name\n")
    assert (found.total_rows, codes(found)) == (0, ["contacts.no-rows"])
    assert str(found) == "text: 0 rows, 0 records, 0 left out; findings: 1 warning"


def test_a_loose_quotation_mark_is_told_and_loses_no_row():
    found = contacts.read_csv('email,name\na@shop.test,"Anna\nb@shop.test,Boris\n')
    assert [record["name"] for record in found.records] == ['"Anna', "Boris"]
    assert [finding.place.row for finding in found.findings if finding.code == "contacts.loose-quote"] == [2]


def test_a_notebook_sees_the_first_records_and_the_findings_safely():
    rows = "\n".join(f"{number},<b>{number}</b>" for number in range(7))
    shown = contacts.read_csv(f"id,name\n{rows}\n", required=["id"])._repr_html_()
    assert "&lt;b&gt;0&lt;/b&gt;" in shown
    assert "<b>0" not in shown
    assert "… and 2 records more." in shown
    assert "No findings." in shown
