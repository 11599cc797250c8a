"""Letters as JSON: nothing is lost, and what is wrong is told by its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.compose.codec import type_name
from mailkit.errors import HeaderError, InvalidValue
from mailkit.message import Attachment
from mailkit.testing.strategies import letters

SCHEMA = compose.letter_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KEPT = Path(__file__).parents[2] / "docs" / "_static" / "letter.schema.json"

EVERY: list[b.Block] = [
    b.Heading("x", level=2),
    b.Text("x", muted=True),
    b.Quote("x", by="y"),
    b.Html("<p>x</p>"),
    b.Image("https://shop.example.com/a.png", alt="", dark_src="https://shop.example.com/b.png"),
    b.Hero("https://shop.example.com/a.png", blocks=[b.Heading("x")], valign="top"),
    b.Video("https://shop.example.com/a.png", alt="x", href="https://shop.example.com"),
    b.Countdown("x", src="{{ clock }}"),
    b.Live("{{ stock }}", alt="x"),
    b.Button("x", href="https://shop.example.com", kind="secondary", wide=True),
    b.Menu({"x": "https://shop.example.com"}),
    b.Social([b.Link("x", "https://shop.example.com", icon="https://shop.example.com/i.png")]),
    b.Product("x", price="1", kind="card"),
    b.Products(each="cart", name="{{ item.name }}", columns=2),
    b.Table(
        ["x", b.TableColumn("y", cell="{{ item }}", numeric=True)], rows=[["1", "2"]], each="cart", total=["", "3"]
    ),
    b.Divider(),
    b.Spacer(10),
    b.Columns([b.Column([b.Text("x")], share=2), b.Column([])], stacks=False, gap_px=10, valign="middle"),
    b.If("x", [b.Text("y")], otherwise=[b.Divider()]),
    b.Each("cart", [b.Text("{{ item }}")]),
    b.Footer(address="x", preferences="y", links={"z": "https://shop.example.com"}),
]
FULL = compose.Letter(
    subject="Привет",
    blocks=[b.Preheader("hidden"), *EVERY],
    theme=compose.Theme(accent="#000000", heading_px=(40, 30, 20), button_padding_px=(10, 20)),
    lang="ru",
    headers={"X-Shop": "books"},  # type: ignore[arg-type]
    attachments=[Attachment(filename="a.png", content=b"\x00\xff", content_type="image/png", content_id="a")],
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(letters())
def test_a_letter_comes_back_from_its_json_and_the_schema_allows_it(letter: compose.Letter) -> None:
    text = letter.to_json()
    assert compose.Letter.from_json(text) == letter
    assert compose.Letter.from_json(text).to_json() == text
    VALIDATOR.validate(json.loads(text))


def test_every_block_comes_back() -> None:
    assert {type(block) for block in EVERY} == set(b.KINDS) - {b.Preheader}
    again = compose.Letter.from_json(FULL.to_json().encode())
    assert again == FULL
    assert again.attachments[0].content == b"\x00\xff"
    VALIDATOR.validate(json.loads(FULL.to_json()))


def test_half_of_a_surrogate_pair_survives_where_utf_8_has_no_room_for_it() -> None:
    letter = compose.Letter(subject="\ud83d", blocks=[b.Divider()])
    assert compose.Letter.from_json(letter.to_json().encode()) == letter


def test_a_preheader_is_kept_in_one_place() -> None:
    as_block = compose.Letter(subject="s", blocks=[b.Preheader("p"), b.Text("x")])
    as_field = compose.Letter(subject="s", preheader="p", blocks=[b.Text("x")])
    assert as_block == as_field
    data = {"version": 1, "subject": "s", "blocks": [{"type": "preheader", "text": "p"}, {"type": "text", "text": "x"}]}
    assert compose.Letter.from_json(data) == as_field


def letter_of(*blocks: Any, **more: Any) -> dict[str, Any]:
    return {"version": 1, "subject": "s", "blocks": list(blocks), **more}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{", "Letter: '{' is no JSON: Expecting"),
        (b"\xff", "is no JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ("[]", "Letter: [] is not an object of JSON"),
        ({}, 'Letter.version: None is not a version that this release reads; write "version": 1'),
        ({"version": 2}, "Letter.version: 2 is not a version that this release reads; it was written by a later"),
        ({"version": True}, "Letter.version: True is not"),
        ({"version": 1, "subject": "s"}, "Letter: 'blocks' is not given, and Letter needs it"),
        (letter_of(subjet="x"), "Letter: 'subjet' is not a field of Letter; did you mean 'subject'?"),
        (letter_of(), "Letter.blocks: () is empty"),
        (
            letter_of({"type": "heding"}),
            "blocks[0].type: 'heding' is not a block's type; did you mean 'heading'?",
        ),
        (letter_of({"text": "x"}), 'Letter.blocks[0].type: None is not a block\'s type; write e.g. "type": "text"'),
        (letter_of("x"), "Letter.blocks[0]: 'x' is not an object"),
        (
            letter_of({"type": "text", "txt": "x"}),
            "blocks[0]: 'txt' is not a field of Text; did you mean 'text'?",
        ),
        (letter_of({"type": "text"}), "Letter.blocks[0].text: '' is empty; write Text"),
        (letter_of({"type": "heading", "text": "x", "level": 4}), "Letter.blocks[0].level: 4 is not a whole number"),
        (letter_of({"type": "menu", "links": {"a": "b"}}), "Letter.blocks[0].links: {'a': 'b'} is not a list"),
        (letter_of({"type": "menu", "links": [{"text": "a"}]}), "Letter.blocks[0].links[0]: 'href' is not given"),
        (letter_of({"type": "divider"}, theme=[]), "Letter.theme: [] is not an object"),
        (letter_of({"type": "divider"}, theme={"accent": "red"}), "Letter.theme.accent: 'red' is not a colour"),
        (letter_of({"type": "divider"}, attachments=[{"filename": "a", "content": "*"}]), "content: '*' is not base64"),
        (letter_of({"type": "divider"}, attachments=[{"filename": "a", "content": 1}]), "content: 1 is not base64"),
        (
            letter_of({"type": "columns", "columns": [{"blocks": [{"type": "divider"}, {"type": "footer"}]}]}),
            "Letter.blocks[0].columns[0].blocks[1]: 'address' is not given, and Footer needs it",
        ),
    ],
)
def test_what_is_wrong_is_told_by_its_place(source: Any, told: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        compose.Letter.from_json(source)
    assert told in str(caught.value)


def test_a_header_that_may_not_be_sent_is_refused_by_its_name() -> None:
    with pytest.raises(HeaderError, match="header From"):
        compose.Letter.from_json(letter_of({"type": "divider"}, headers=[["From", "a@example.com"]]))


def test_a_letter_nested_without_end_is_refused_before_python_gives_up() -> None:
    inner: dict[str, Any] = {"type": "divider"}
    for _ in range(300):
        inner = {"type": "if", "test": "x", "blocks": [inner]}
    with pytest.raises(InvalidValue, match="is nested too deeply"):
        compose.Letter.from_json(letter_of(inner))


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert compose.Letter.from_json(letter_of({"type": "spacer", "height_px": 8.0})).blocks == (b.Spacer(8),)


def scalars() -> list[tuple[str, str]]:
    """The fields of blocks that hold no other values, by type."""
    found = []
    for block in EVERY:
        name = type_name(type(block))
        rules = SCHEMA["$defs"][type(block).__name__]["properties"]
        found += [
            (name, field) for field, rule in rules.items() if rule.get("type") in ("string", "integer", "boolean")
        ]
        found += [(name, field) for field, rule in rules.items() if "enum" in rule]
    return found


# What one field says about another, the schema leaves to the reader.
CROSSED = {("text", "text"), ("text", "html"), ("product", "button"), ("products", "button"), ("table", "each")}
PLAIN = {type_name(type(block)): json.loads(compose.Letter(subject="s", blocks=[block]).to_json()) for block in EVERY}


@settings(max_examples=150, deadline=None)
@given(
    place=st.sampled_from([one for one in scalars() if one not in CROSSED]),
    value=st.none()
    | st.booleans()
    | st.integers(-2, 1000)
    | st.sampled_from(
        [2.0, 0.5, "", " ", "x", "start", "row", "#12ab9F", "#12ab9", "cid:x", "{{ x }}", "a.b", "a b", []]
    )
    | st.text(max_size=5),
)
def test_schema_and_reader_agree_on_every_field(place: tuple[str, str], value: Any) -> None:
    kind, field = place
    data = json.loads(json.dumps(PLAIN[kind]))
    data["blocks"][0][field] = value
    try:
        compose.Letter.from_json(data)
        is_read = True
    except InvalidValue:
        is_read = False
    # JSON Schema's \s and Python's differ in a few characters; both are blank.
    assert is_read == VALIDATOR.is_valid(data)


def test_the_schema_is_a_schema_that_explains_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name, said in SCHEMA["$defs"].items():
        assert said["title"] == name
        for field, rule in said.get("properties", {}).items():
            assert field == "type" or (rule["title"] and rule["description"]), (name, field)
    assert {one["then"]["$ref"].rpartition("/")[2] for one in SCHEMA["$defs"]["Block"]["allOf"]} == {
        k.__name__ for k in b.KINDS
    }


def test_the_kept_schema_is_the_one_that_is_made() -> None:
    assert json.loads(KEPT.read_text("utf-8")) == SCHEMA, "run python docs/block_pictures.py --schema"


def test_a_field_is_required_exactly_where_it_has_no_default() -> None:
    for kind in (compose.Letter, compose.Theme, *b.KINDS):
        rules = SCHEMA if kind is compose.Letter else SCHEMA["$defs"][kind.__name__]
        for field in attrs.fields(kind):  # type: ignore[arg-type]
            is_needed = field.name in rules["required"]
            assert is_needed == (field.default is attrs.NOTHING)


def test_the_schema_says_where_a_deep_letter_is_wrong_and_looks_at_each_block_once() -> None:
    block: dict[str, object] = {"type": "heading", "text": "x", "level": 4}
    for _ in range(14):
        block = {"type": "if", "test": "x", "blocks": [block]}
    (error,) = VALIDATOR.iter_errors({"version": 1, "subject": "x", "blocks": [block]})
    assert error.json_path == "$" + ".blocks[0]" * 15 + ".level"
    assert "4 is greater than the maximum of 3" in error.message


def test_what_is_said_twice_is_refused_since_one_of_the_two_is_not_meant() -> None:
    with pytest.raises(InvalidValue, match="'subject' is said twice in one object"):
        compose.Letter.from_json('{"version": 1, "subject": "a", "subject": "b", "blocks": [{"type": "divider"}]}')


@pytest.mark.parametrize("given", ["letter.json", Path("letter.json")])
def test_a_file_is_read_before(given: object) -> None:
    with pytest.raises(InvalidValue, match=r"read_text\(encoding='utf-8'\)"):
        compose.Letter.from_json(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", [str, str.encode, lambda text: text[1:].encode("utf-16")])
def test_a_byte_order_mark_is_no_part_of_a_letter(form: Any, tmp_path: Path) -> None:
    source = '\ufeff{"version": 1, "subject": "s", "blocks": [{"type": "divider"}]}'
    assert compose.Letter.from_json(form(source)).subject == "s"
    path = tmp_path / "letter.json"
    path.write_text(source, encoding="utf-8")
    assert compose.compile(path).render({}).subject == "s"
