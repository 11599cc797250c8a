"""Calendar parts: values cannot leave their places, lines are folded."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Envelope, compose
from mailkit.compose import blocks as b
from mailkit.compose.invitations import folded, parameter, text_value
from mailkit.errors import InvalidValue, TemplateError, UnknownField
from mailkit.message import calendar_type

SOURCE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Books//Shop//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:{{ uid }}
DTSTAMP:20260301T120000Z
DTSTART:{{ start }}
SUMMARY:Reading with {{ name }}
{% for guest in guests %}
ATTENDEE;CN="{{ guest }}";RSVP=TRUE:mailto:{{ address }}
{% endfor %}
URL:{{ url }}
END:VEVENT
END:VCALENDAR
"""
RECORD = {
    "uid": "1@example.com",
    "start": "20260401T170000Z",
    "name": "Anna",
    "guests": ["Boris", "Галина"],
    "address": "anna@example.org",
    "url": "https://shop.example.com/a,b;c",
}
ENVELOPE = Envelope(sender="shop@example.com", recipient="anna@example.org")
TEMPLATE = compose.compile("<p>Come!</p>", subject="Reading", calendar=SOURCE)


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n,;:\\\"'")))
def test_a_text_reads_back_and_is_one_line(text: str) -> None:
    assert unescaped(text_value(text)) == text
    assert "\n" not in text_value(text)
    assert "\n" not in parameter(text)
    assert '"' not in parameter(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_folded_lines_are_short_and_unfold_to_the_text(text: str) -> None:
    made = folded(text)
    assert all(len(line.encode()) <= 75 for line in made.split("\n"))
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    assert made.replace("\n ", "") == "".join(f"{line}\n" for line in lines).replace("\n ", "")


@given(st.text(max_size=200))
def test_no_value_adds_a_line_to_the_calendar(name: str) -> None:
    made = TEMPLATE.render(RECORD | {"name": name, "guests": [name]}).calendar
    names = [re.split("[;:]", line)[0] for line in made.replace("\n ", "").split("\n") if line]
    assert [one for one in names if one.isupper()][4:-2] == [
        "BEGIN",
        "UID",
        "DTSTAMP",
        "DTSTART",
        "SUMMARY",
        "ATTENDEE",
        "URL",
    ]


def test_an_invitation_is_made_and_read_back() -> None:
    raw = TEMPLATE.encode(RECORD, ENVELOPE, message_id="1@example.com", date=datetime(2026, 3, 1, tzinfo=UTC))
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    part = list(parsed.iter_parts())[-1]
    assert (part.get_content_type(), part.get_param("method"), part.get_param("charset")) == (
        "text/calendar",
        "REQUEST",
        "utf-8",
    )
    calendar = TEMPLATE.render(RECORD).calendar
    assert part.get_content().replace("\r\n", "\n") == calendar
    assert 'ATTENDEE;CN="Галина";RSVP=TRUE:mailto:anna@example.org\n' in calendar
    assert "URL:https://shop.example.com/a,b;c\n" in calendar
    assert "\n\n" not in calendar


def test_values_are_escaped_as_their_places_want_it() -> None:
    from markupsafe import Markup

    made = TEMPLATE.render(RECORD | {"name": "A, B; C\nD", "guests": ['"E"^\nF']}).calendar
    assert "SUMMARY:Reading with A\\, B\\; C\\nD\n" in made
    assert "CN=\"^'E^'^^^nF\"" in made
    assert "with Anna & co\n" in TEMPLATE.render(RECORD | {"name": Markup("<b>Anna</b> &amp; co")}).calendar


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"start": "20260401\nATTACH:x"}, "has a line break"),
        ({"address": "a\r\nb"}, "has a line break"),
        ({"name": None}, "'name' is None"),
        ({"name": ["a"]}, "'name' is a list"),
        ({"name": len}, "'name' is a method"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as caught:
        TEMPLATE.render(RECORD | changes)
    assert caught.value.template == "calendar"
    assert caught.value.line is not None


def test_a_misspelt_field_of_a_calendar_is_named() -> None:
    with pytest.raises(UnknownField, match="did you mean 'name'"):
        compose.compile("<p>x</p>", subject="s", calendar=SOURCE.replace("{{ name", "{{ nmae"), fields=RECORD)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("Come!", "this is no calendar"),
        ("BEGIN:VCALENDAR\nSUMMARY:x", "this is no calendar"),
        ("BEGIN:VCALENDAR\n{{ ics }}\nEND:VCALENDAR", "where a property's name should"),
        ("BEGIN:VCALENDAR\nATTENDEE;CN={{ name }}:mailto:a@example.com\nEND:VCALENDAR", "must stand in quotes"),
    ],
)
def test_a_calendar_that_cannot_be_made_safe_is_refused(source: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        compose.compile("<p>x</p>", subject="s", calendar=source)
    with pytest.raises(InvalidValue, match="is not text"):
        compose.compile("<p>x</p>", subject="s", calendar=5)  # type: ignore[arg-type]


def test_a_calendar_without_a_method_names_none() -> None:
    assert calendar_type("BEGIN:VCALENDAR\nEND:VCALENDAR\n") == "text/calendar"
    assert calendar_type("BEGIN:VCALENDAR\r\nmethod:cancel\r\n") == "text/calendar; method=CANCEL"


def test_a_letter_of_blocks_may_have_a_calendar() -> None:
    letter = compose.Letter(subject="Reading", blocks=[b.Text("Come!")], calendar=SOURCE)
    assert compose.compile(letter).render(RECORD).calendar == TEMPLATE.render(RECORD).calendar
    with pytest.raises(InvalidValue, match="say it in the letter"):
        compose.compile(letter, calendar=SOURCE)
