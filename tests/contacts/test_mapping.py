import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.contacts.mapping import lay_out
from mailkit.contacts.table import Row, Table
from mailkit.errors import InvalidValue, UnreadableFile


def table(*head, rows=()):
    rows = tuple(Row(number=number, cells=cells) for number, cells in enumerate(rows, 2))
    return Table(source="x.csv", head=Row(number=1, cells=head), rows=rows)


def codes(layout):
    return [finding.code for finding in layout.findings]


def test_columns_are_found_without_case_blanks_and_punctuation():
    layout = lay_out(
        table("CUSTOMER_ID", "e-mail"), columns={"id": "Customer ID", "email": "Email"}, required=["email"]
    )
    assert layout.fields == {"id": 0, "email": 1}
    assert not layout.findings


def test_an_exact_name_wins_over_a_similar_one():
    layout = lay_out(table("E-MAIL", "E-mail"), columns={"email": "E-mail"}, required=[])
    assert layout.fields == {"email": 1}


def test_a_misspelt_required_column_is_named_with_what_was_meant():
    with pytest.raises(UnreadableFile, match=r"no column 'Emial' for the field 'email'; did you mean 'Email'\?"):
        lay_out(table("Email", "id"), columns={"email": "Emial"}, required=["email"])


def test_a_misspelt_column_that_is_not_required_is_a_finding():
    layout = lay_out(table("Email", "City"), columns={"email": "Email", "city": "Citty"}, required=["email"])
    (finding,) = layout.findings
    assert finding.code == "contacts.missing-column"
    assert "did you mean 'City'?" in finding.message
    assert "city" not in layout.fields
    assert layout.others == {"City": 1}


def test_usual_names_are_recognised_in_two_languages_and_each_guess_is_told():
    layout = lay_out(table("Код клиента", "Эл. почта", "Имя", "Город", "Баллы"), columns=None, required=["email"])
    assert layout.fields == {"id": 0, "email": 1, "first_name": 2, "city": 3}
    assert layout.others == {"Баллы": 4}
    assert codes(layout) == ["contacts.guessed-column"] * 4


def test_a_column_called_as_the_field_needs_no_word():
    assert not lay_out(table("email", "id"), columns=None, required=["email"]).findings


def test_of_two_columns_for_one_field_the_first_is_guessed():
    layout = lay_out(table("Email", "Mail"), columns=None, required=["email"])
    assert (layout.fields, layout.others) == ({"email": 0}, {"Mail": 1})


def test_a_required_field_may_have_a_column_of_its_own_name_or_a_usual_one():
    layout = lay_out(table("Mail", "plan"), columns={}, required=["email", "plan"])
    assert layout.fields == {"email": 0, "plan": 1}


def test_a_required_field_without_a_column_is_refused():
    with pytest.raises(UnreadableFile, match="no column for the field 'email'; its columns are 'id', 'name'"):
        lay_out(table("id", "name"), columns=None, required=["email"])


def test_a_missing_line_of_names_is_noticed():
    with pytest.raises(UnreadableFile, match="the line of column names seems to be missing"):
        lay_out(table("1", "anna@example.com"), columns=None, required=["email"])


def test_one_column_may_serve_two_fields():
    layout = lay_out(table("E-mail"), columns={"email": "E-mail", "login": "E-mail"}, required=["email"])
    assert (layout.fields, layout.others) == ({"email": 0, "login": 0}, {})


def test_repeated_and_empty_names_are_made_unique():
    layout = lay_out(table("email", "note", "note", ""), columns=None, required=["email"])
    assert layout.names == ("email", "note", "note (2)", "column 4")[: len(layout.names)]
    assert codes(layout) == ["contacts.repeated-column"]


def test_a_column_without_a_name_and_values_is_none():
    assert lay_out(table("email", "", ""), columns=None, required=[]).names == ("email",)
    layout = lay_out(table("email", "", "", rows=[("a", "b", " ")]), columns=None, required=[])
    assert layout.names == ("email", "column 2")


def test_another_column_with_a_fields_name_keeps_its_place():
    layout = lay_out(table("name", "Full name"), columns={"name": "Full name"}, required=[])
    assert (layout.fields, layout.others) == ({"name": 1}, {"name (2)": 0})


def test_other_columns_can_be_left_out():
    assert lay_out(table("email", "note"), columns=None, required=[], keep_other=False).others == {}


def test_columns_that_are_no_mapping_are_refused():
    with pytest.raises(InvalidValue, match=r"""columns: \['email'\] is not a mapping.*\{"email": "E-mail"\}"""):
        lay_out(table("E-mail"), columns=["email"], required=[])


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        (("E-mail", "id"), {"E-mail": "email", "id": "id"}),
        (("E-mail", "Kunde"), {"E-mail": "email", "Kunde": "id"}),
        (("E-mail", "Plan"), {"Plan": "plan"}),
        ((" E-mail\n", "Name"), {"E-mail": "email"}),
    ],
)
def test_a_mapping_the_wrong_way_round_says_what_was_meant(head, columns):
    turned = {field: column for column, field in columns.items()}
    with pytest.raises(InvalidValue, match="wrong way round") as told:
        lay_out(table(*head), columns=columns, required=["email", "plan"])
    assert told.value.mend == f"did you mean columns={turned!r}?"


@pytest.mark.parametrize(
    ("head", "columns", "fields"),
    [
        (("email", "id"), {"email": "E-mail"}, {"email": 0}),
        (("name", "Full name"), {"name": "full name"}, {"name": 1}),
        (("Name", "email"), {"Name": "Name", "login": "email"}, {"Name": 0, "login": 1}),
        (("Login", "email"), {"Login": "email"}, {"Login": 1}),
        (("Plan", "id"), {"Plan": "tarif"}, {}),
    ],
)
def test_a_mapping_the_right_way_round_is_taken_as_it_is(head, columns, fields):
    assert lay_out(table(*head), columns=columns, required=[]).fields == fields


def test_a_column_called_email_is_the_field_though_only_others_are_mapped():
    layout = lay_out(table("Name", "email", "E-mail"), columns={"name": "Name"}, required=["name"])
    assert (layout.fields, layout.others) == ({"name": 0, "email": 1}, {"E-mail": 2})
    alone = lay_out(table("Name", "email"), columns={"name": "Name"}, required=["name"], keep_other=False)
    assert alone.fields == {"name": 0}
    other = lay_out(table("email"), columns={"login": "email"}, required=[])
    assert other.fields == {"login": 0}


@given(st.lists(st.sampled_from(["c", "c (2)", "c (3)", "c (2) (2)", "d", ""]), min_size=1, max_size=12))
def test_names_are_made_unique_whatever_they_are(head):
    layout = lay_out(table(*head, rows=[("x",) * len(head)]), columns={}, required=[])
    assert len(set(layout.names)) == len(layout.names) == len(head)
    assert layout.others == {name: index for index, name in enumerate(layout.names)}
    firsts = {name: index for index, name in reversed(list(enumerate(head))) if name}
    assert all(layout.names[index] in (name, f"{name} (2)", f"{name} (3)") for name, index in firsts.items())


@pytest.mark.parametrize(
    "head", [["c"] * 60_000, [f"c{number}" for number in range(60_000)], [""] * 60_000, ["c", "c (2)"] * 30_000]
)
def test_a_line_of_many_names_takes_time_in_proportion(head):
    """Each of these took minutes when a name was compared with all before it."""
    rows = [("x",)] * 2_000
    assert len(lay_out(table("email", *head, rows=rows), columns=None, required=["email"]).names) in (1, 60_001)


@pytest.mark.parametrize("columns", [{"email": 3}, {"": "E-mail"}, {"email": " "}])
def test_a_mapping_that_is_no_text_is_refused(columns):
    with pytest.raises(InvalidValue, match="is not a field and a column name"):
        lay_out(table("E-mail"), columns=columns, required=[])
