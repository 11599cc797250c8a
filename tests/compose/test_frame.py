"""How parts, images and files stand in one another, as the standard library reads them."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Attachment
from mailkit.compose.frame import frame
from mailkit.errors import InvalidValue

LOGO = Attachment(filename="logo.png", content=b"png", content_type="image/png", content_id="logo")
TERMS = Attachment(filename="terms.pdf", content=b"%PDF" * 99, content_type="application/pdf")
LETTER = (
    b'From: a@example.com\r\nContent-Type: multipart/mixed; boundary="=_mailkit-mixed"\r\n\r\n--=_mailkit-mixed\r\n'
)


def built(types: list[str], *attachments: Attachment) -> EmailMessage:
    leads = frame(types, attachments)
    parts = [f"Content-Type: {one}\r\n\r\n{one}\r\n".encode() for one in types]
    raw = b"".join(piece for pair in zip(leads, parts, strict=False) for piece in pair) + leads[-1]
    parsed = email.message_from_bytes(b"MIME-Version: 1.0\r\n" + raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not [defect for part in parsed.walk() for defect in part.defects]
    return parsed


@pytest.mark.parametrize(
    ("types", "attachments", "tree"),
    [
        (["text/html"], (), ["text/html"]),
        (["text/plain", "text/html"], (), ["multipart/alternative", "text/plain", "text/html"]),
        (["text/html"], (LOGO,), ["multipart/related", "text/html", "image/png"]),
        (["text/html"], (TERMS,), ["multipart/mixed", "text/html", "application/pdf"]),
        (
            ["text/plain", "text/x-amp-html", "text/html", "text/calendar"],
            (TERMS, LOGO),
            [
                *("multipart/mixed", "multipart/alternative", "text/plain", "text/x-amp-html"),
                *("multipart/related", "text/html", "image/png", "text/calendar", "application/pdf"),
            ],
        ),
    ],
)
def test_images_stand_by_their_html_and_files_outside(
    types: list[str], attachments: tuple[Attachment, ...], tree: list[str]
) -> None:
    parsed = built(types, *attachments)
    assert [part.get_content_type() for part in parsed.walk()] == tree
    assert [part.get_param("type") for part in parsed.walk() if part.get_content_subtype() == "related"] == (
        ["text/html"] if LOGO in attachments else []
    )


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/\\"), min_size=1, max_size=120
    )
)
def test_a_file_keeps_its_name(name: str) -> None:
    (found,) = built(["text/html"], Attachment(filename=name, content=b"x")).iter_attachments()
    assert found.get_filename() == name.strip()  # the standard library leaves out blanks at the ends
    assert found.get_content() == b"x"


def test_an_attached_message_is_sent_as_it_is_and_its_boundaries_are_its_own() -> None:
    content = LETTER + b"\r\nHello\r\n--=_mailkit-mixed--\r\n"
    attached = Attachment(filename="letter.eml", content=content, content_type="message/rfc822")
    assert attached.is_message
    parsed = built(["text/html"], attached, TERMS)
    message, terms = parsed.iter_attachments()
    assert message.get_content_type() == "message/rfc822"
    assert message["Content-Transfer-Encoding"] is None
    assert message.get_content()["From"] == "a@example.com"
    assert terms.get_content() == TERMS.content


@pytest.mark.parametrize("content", [b"a" * 999, b"x\r\n.y", "ж".encode(), b"a\nb", b"a\rb", b"\0"])
def test_a_message_that_cannot_be_carried_as_it_is_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidValue, match="application/octet-stream"):
        Attachment(filename="letter.eml", content=content, content_type="message/rfc822")
