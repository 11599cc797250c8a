"""Links: numbered in reading order, and filled in for each reader."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailkit import Envelope, compose
from mailkit.compose import blocks as b
from mailkit.errors import TemplateError, UnknownField
from mailkit.findings import Severity

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Tracker:
    """Follows every link but those to /plain."""

    def __init__(self, picture: str = "https://t.example.com/o?a=1&b=2") -> None:
        self.seen: list[compose.Link] = []
        self.picture = picture

    def place(self, link: compose.Link) -> bool:
        self.seen.append(link)
        return "plain" not in link.href

    def url(self, number: int, *, person: int, at: datetime) -> str:
        return f"https://t.example.com/{number}/{person}/{at:%d}?a&b"

    def pixel(self, *, person: int, at: datetime) -> str:
        return self.picture

    def unsubscribe(self, *, person: int, at: datetime) -> str:
        return f"https://t.example.com/u/{person}"


LETTER = compose.Letter(
    subject="s",
    blocks=[
        b.Image(src="https://example.com/i.png", alt="Sale", href="https://shop.example.com/?a=1&b=2"),
        b.Text("[One](https://shop.example.com/plain) and [{{ name }}](https://shop.example.com/two)"),
        b.If("x", [b.Button("Go", href="https://shop.example.com/go")]),
        b.Button("Own", href="{{ url }}"),
        b.Text("[Mail](mailto:a@example.com) [Here](#top)"),
        b.Footer(address="Books"),
    ],
)
RECORD = {"name": "Anna", "x": True, "url": "https://shop.example.com/own"}


def test_links_are_numbered_in_reading_order_with_label_and_block() -> None:
    tracker = Tracker()
    template = compose.compile(LETTER, links=tracker)
    assert template.links == tuple(tracker.seen)
    assert [(link.number, link.href, link.label, link.block) for link in template.links] == [
        (1, "https://shop.example.com/?a=1&b=2", "Sale", "blocks[0]"),
        (2, "https://shop.example.com/plain", "One", "blocks[1]"),
        (3, "https://shop.example.com/two", "{{ name }}", "blocks[1]"),
        (4, "https://shop.example.com/go", "Go", "blocks[2].blocks[0]"),
    ]


def test_for_a_person_links_lead_to_the_tracker_in_both_parts_and_in_outlook() -> None:
    message = compose.compile(LETTER, links=Tracker()).render(RECORD, person=7, at=AT)
    assert message.html.count('href="https://t.example.com/4/7/01?a&amp;b"') == 2  # the button, and Outlook's copy
    assert 'href="https://shop.example.com/plain"' in message.html
    assert 'href="https://shop.example.com/own"' in message.html
    assert "One (https://shop.example.com/plain) and Anna\n(https://t.example.com/3/7/01?a&b)" in message.text
    assert "Unsubscribe (https://t.example.com/u/7)" in message.text
    assert 'href="mailto:a@example.com"' in message.html
    assert message.html.count('<img src="https://t.example.com/o?a=1&amp;b=2" width="1" height="1" alt=""') == 1
    assert message.html.index("t.example.com/o") < message.html.index("</body>")


def test_encode_uses_the_date_and_the_person() -> None:
    envelope = Envelope(sender="a@example.com", recipient="b@example.com")
    template = compose.compile(LETTER, links=Tracker())
    raw = template.encode(RECORD, envelope, message_id="1@example.com", date=AT, person=7)
    assert b"https://t.example.com/u/7" in raw


def test_without_a_person_links_are_as_written_and_there_is_no_picture() -> None:
    tracked = compose.compile(LETTER, links=Tracker())
    plain = compose.compile(LETTER)
    record = RECORD | {"unsubscribe_url": "https://shop.example.com/bye"}
    assert tracked.render(record).html == plain.render(record).html
    assert tracked.render(record).text == plain.render(record).text


def test_the_records_own_unsubscribe_address_wins() -> None:
    record = RECORD | {"unsubscribe_url": "https://shop.example.com/bye"}
    assert "shop.example.com/bye" in compose.compile(LETTER, links=Tracker()).render(record, person=7, at=AT).html


def test_a_letter_nobody_could_leave_is_refused() -> None:
    with pytest.raises(UnknownField, match="unsubscribe_url"):
        compose.compile(LETTER).render(RECORD)
    with pytest.raises(UnknownField, match="unsubscribe_url"):
        compose.compile(LETTER, fields=RECORD)
    compose.compile(LETTER, fields=RECORD, links=Tracker())


def test_a_person_needs_the_time_of_sending() -> None:
    with pytest.raises(TemplateError, match="give at="):
        compose.compile(LETTER, links=Tracker()).render(RECORD, person=7)


def test_html_without_a_body_gets_the_picture_at_its_end_or_none() -> None:
    source = "<p>x</p>"
    assert (
        compose.compile(source, subject="s", links=Tracker()).render({}, person=1, at=AT).html.endswith('border:0">\n')
    )
    assert compose.compile(source, subject="s", links=Tracker("")).render({}, person=1, at=AT).html == "<p>x</p>\n"


def test_a_link_survives_inlining_and_inlining_for_each_reader() -> None:
    for attribute, findings in (("", 0), (' class="{{ c }}"', 1)):
        source = f"<style>.a {{ color: red }}</style><body><a{attribute} href='https://shop.example.com/'>Go</a></body>"
        template = compose.compile(source, subject="s", links=Tracker())
        assert len(template.findings) == findings
        html = template.render({"c": "a"}, person=3, at=AT).html
        assert 'href="https://t.example.com/1/3/01?a&amp;b"' in html
        assert html.count("t.example.com/o") == 1


def test_an_unended_link_has_the_rest_as_its_label() -> None:
    assert compose.compile("<a href='https://a.example/'>Go <b>on</b>", subject="s").links[0].label == "Go on"


def test_a_link_inside_another_ends_the_others_label() -> None:
    links = compose.compile("<a href='https://a.example/'>Go <a href='https://b.example/'>on", subject="s").links
    assert [link.label for link in links] == ["Go", "on"]


def test_many_links_without_an_end_are_numbered_at_once() -> None:
    source = "<a href='https://a.example/'>x " * 8_000
    assert len(compose.compile(source, subject="s", text="").links) == 8_000


def test_the_picture_stands_in_the_body_and_in_no_comment() -> None:
    source = "<body><p>x</p></body><!-- was </body> -->"
    html = compose.compile(source, subject="s", links=Tracker()).render({}, person=1, at=AT).html
    assert html.index("t.example.com/o") < html.index("</body><!-- was")


@pytest.mark.parametrize(
    ("href", "is_told"),
    [
        ("{{ url }}", True),
        ("https://shop.example.com/{{ url }}", True),
        ("{% if vip %}https://a.example/{% else %}https://b.example/{% endif %}", True),
        ("{{ unsubscribe_url }}", False),
        ("{{ unsubscribe_url }}?why={{ url }}", False),
        ("mailto:{{ url }}", False),
        ("#{{ url }}", False),
        ("https://shop.example.com/", False),
    ],
)
def test_a_link_whose_address_differs_by_reader_is_told_to_be_uncounted(href: str, is_told: bool) -> None:
    template = compose.compile(f'\n<a href="{href}">x</a><a href="{href}">y</a>', subject="s", links=Tracker())
    assert [finding.code for finding in template.findings] == ["compose.untracked-link"] * is_told
    for finding in template.findings:
        assert (finding.severity, finding.place.line, finding.evidence) == (Severity.WARNING, 2, href)
    assert not compose.compile(f'<a href="{href}">x</a>', subject="s").findings


def test_an_uncounted_link_is_told_with_its_block() -> None:
    (finding,) = compose.compile(LETTER, links=Tracker()).findings
    assert finding.place.source == "html, blocks[3]"
    assert finding.evidence == "{{ url }}"


def test_a_picture_that_has_another_for_the_dark_is_named_once() -> None:
    logo = b.Image("https://a.example/l.png", alt="Logo", href="https://a.example", dark_src="https://a.example/d.png")
    (found,) = compose.compile(compose.Letter(subject="s", blocks=[logo])).links
    assert found.label == "Logo"
