"""The forms in which mails are signed are those of dkimpy, and forms of forms are the same."""

from __future__ import annotations

import pytest
from dkim.canonicalization import CanonicalizationPolicy
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.dkim.bodies import BODIES
from mailkit.dns.dkim.canonical import FIELDS, choose, without_signature
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.headers import Field
from mailkit.errors import InvalidValue

lines = st.text(alphabet=" \tab.", max_size=10).map(str.encode)
bodies = st.lists(lines, max_size=8).map(lambda found: b"".join(line + b"\r\n" for line in found))
names = st.sampled_from([b"From", b"SUBJECT", b"X-A"])
values = st.lists(lines.map(lambda line: b" x" + line), min_size=1, max_size=3).map(b"\r\n".join)


@pytest.mark.parametrize("form", ["simple", "relaxed"])
@given(body=bodies)
def test_bodies_have_the_form_that_dkimpy_gives_them(form: str, body: bytes) -> None:
    theirs = CanonicalizationPolicy.from_c_value(f"simple/{form}".encode()).canonicalize_body(body)
    ours = BODIES[form](body)
    assert ours == (theirs or b"") or (form == "simple" and not body)
    assert BODIES[form](ours) == ours


@pytest.mark.parametrize("form", ["simple", "relaxed"])
@given(body=st.binary(max_size=60))
def test_any_bytes_have_a_form_that_ends_once(form: str, body: bytes) -> None:
    ours = BODIES[form](body)
    assert BODIES[form](ours) == ours
    assert not ours or ours.endswith(b"\r\n")
    assert not ours.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("form", ["simple", "relaxed"])
@given(name=names, value=values)
def test_fields_have_the_form_that_dkimpy_gives_them(form: str, name: bytes, value: bytes) -> None:
    policy = CanonicalizationPolicy.from_c_value(f"{form}/simple".encode())
    ((key, text),) = policy.canonicalize_headers([(name, value + b"\r\n")])
    assert FIELDS[form](Field.of(name, value)) + b"\r\n" == key + b":" + text


@given(st.lists(st.tuples(names, values), max_size=5), bodies)
def test_a_mail_reads_as_it_was_put_together(fields: list[tuple[bytes, bytes]], body: bytes) -> None:
    raw = b"".join(name + b":" + value + b"\r\n" for name, value in fields) + b"\r\n" + body
    mail = Mail.parse(raw)
    assert [(field.name, field.text) for field in mail.fields] == fields
    assert mail.body == body
    assert Mail.parse(raw.replace(b"\r\n", b"\n")) == mail


@given(st.binary(max_size=80))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    mail = Mail.parse(raw)
    assert b"\n" not in mail.body.replace(b"\r\n", b"")
    assert len(choose(mail.fields, ["from", "from"])) == 2
    for field in mail.fields:
        without_signature(field)


def test_text_is_no_mail() -> None:
    with pytest.raises(InvalidValue, match="undecoded"):
        Mail.parse("Subject: News")  # type: ignore[arg-type]
