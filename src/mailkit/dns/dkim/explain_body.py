"""Why the hash of a body is not the one that was signed.

Whatever is tried here either gives the signed hash, or is not told.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from quopri import decodestring
from typing import Final, TypeAlias

from mailkit.dns.dkim.bodies import BODIES
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.signature import Signature
from mailkit.dns.tags import cut

__all__ = ["explain_body", "shown"]

_LONGEST: Final = 4_000_000
"""Larger bodies are compared, but nothing is tried on them."""
_MOST_SHOWN: Final = 12
_MOST_CUT_BELOW: Final = 1000
_MOST_CUT_ABOVE: Final = 12
_MOST_CUT_WITHIN: Final = 30
_MOST_ENDS: Final = 8
_BUDGET: Final = 12_000_000
"""How many bytes of bodies are tried for one explanation; what is not found by then is not found."""

_Try: TypeAlias = tuple[str, bytes]
"""What may have happened, and the body as it was before."""


def explain_body(mail: Mail, signature: Signature) -> tuple[str, str]:
    """What happened to the body since it was signed, and the difference; the latter is empty if nobody knows.

    >>> from mailkit.dns.headers import Field
    >>> signed = sha256(b"Hello\\r\\n").digest()
    >>> signature = Signature(field=Field(b""), domain="example.com", body_hash=signed)
    >>> print(*explain_body(Mail(fields=(), body=b"Hello\\r\\n-- \\r\\nThe list\\r\\n"), signature), sep=chr(10))
    2 lines were added at its end
    + --
    + The list
    """
    if len(mail.body) > _LONGEST:
        return "what, is not looked for in bodies as large as this", ""
    added = _added_below(mail, signature)
    if added is not None:
        return f"{_lines(len(added))} added at its end", shown((), added)
    form = BODIES[signature.body_form]
    spent = 0
    for what, body in chain(_as_hashed(mail.body, signature), ((what, form(was)) for what, was in _as_it_was(mail))):
        spent += len(mail.body)
        if spent > _BUDGET:
            break
        if sha256(body[: signature.length]).digest() == signature.body_hash:
            return what, _difference(body, mail.body_as(signature.body_form))
    return "how, is not known; nothing that lists and gateways usually do explains it", ""


def shown(before: tuple[bytes, ...] | list[bytes], after: tuple[bytes, ...] | list[bytes]) -> str:
    """A few lines that went and came.

    >>> print(shown([b"Subject: News"], [b"Subject: [list] News"]))
    - Subject: News
    + Subject: [list] News
    """
    lines = [f"- {_text(line)}".rstrip() for line in before[:_MOST_SHOWN]]
    lines += [f"+ {_text(line)}".rstrip() for line in after[:_MOST_SHOWN]]
    return "\n".join(lines + (["…"] if max(len(before), len(after)) > _MOST_SHOWN else []))


def _added_below(mail: Mail, signature: Signature) -> list[bytes] | None:
    """The lines at the end without which the hash fits; each prefix costs one line, not the whole."""
    lines = mail.body_as(signature.body_form).split(b"\r\n")[:-1]
    if signature.body_hash == sha256(b"\r\n" if signature.body_form == "simple" else b"").digest():
        return lines
    state, empty, first = sha256(), 0, len(lines) - _MOST_CUT_BELOW
    for number, line in enumerate(lines):
        if not line:
            empty += 1
            continue
        state.update(b"\r\n" * empty + line + b"\r\n")
        empty = 0
        if number >= first and state.digest() == signature.body_hash:
            return lines[number + 1 :]
    return None


def _as_hashed(body: bytes, signature: Signature) -> Iterator[_Try]:
    """What signers hash by mistake."""
    if signature.body_form == "simple":
        yield "only blanks have, or its signer hashed it as 'relaxed' and called it 'simple'", BODIES["relaxed"](body)
    else:
        yield "its signer hashed it as 'simple' and called it 'relaxed'", BODIES["simple"](body)
    yield "its signer hashed it with bare line feeds", body.replace(b"\r\n", b"\n")
    yield "its signer hashed nothing", b""


def _as_it_was(mail: Mail) -> Iterator[_Try]:
    """The body before what is done to it on the way."""
    body = mail.body
    yield "lines that begin with From have got a > before them", re.sub(rb"(?m)^>From ", b"From ", body)
    yield "lines that begin with a dot have lost it", re.sub(rb"(?m)^\.", b"..", body)
    yield "lines that begin with a dot have got a second one", re.sub(rb"(?m)^\.\.", b".", body)
    yield "each line break was doubled", body.replace(b"\r\n\r\n", b"\r\n")
    yield "blanks have become tabs", body.replace(b"\t", b" ")
    yield from _recoded(mail)
    yield from _wrapped(body)
    yield from _cut_above(body)
    yield from _cut_within(body)


def _recoded(mail: Mail) -> Iterator[_Try]:
    encoding = b"".join(field.text for field in mail.named("Content-Transfer-Encoding")[-1:]).strip().lower()
    if encoding == b"quoted-printable":
        yield "it was encoded as quoted-printable on its way", _with_breaks(decodestring(mail.body))
    if encoding == b"base64":
        try:
            yield "it was encoded as base64 on its way", _with_breaks(b64decode(mail.body))
        except NotBase64:
            return


def _with_breaks(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _wrapped(body: bytes) -> Iterator[_Try]:
    """Each part of a multipart as the body that it was before a list put it into one."""
    boundary = next((line for line in body.split(b"\r\n", 20)[:20] if line.startswith(b"--") and len(line) > 3), b"")
    parts = body.split(boundary + b"\r\n")[1:_MOST_ENDS] if boundary else []
    for part in parts:
        content = part.partition(b"\r\n\r\n")[2]
        yield "it was put into a multipart, with parts added to it", content.partition(b"\r\n" + boundary)[0]


def _cut_above(body: bytes) -> Iterator[_Try]:
    rest = body
    for number in range(1, _MOST_CUT_ABOVE + 1):
        _, found, rest = rest.partition(b"\r\n")
        if not found:
            return
        yield f"{_lines(number)} added at its top", rest


def _cut_within(body: bytes) -> Iterator[_Try]:
    """Lines at the end of a part of a multipart, where lists put their footers."""
    ends = [found.start() for found in re.finditer(rb"\r\n--[^ \r\n]", body)][:_MOST_ENDS]
    for end in ends:
        start = end
        for number in range(1, _MOST_CUT_WITHIN + 1):
            start = body.rfind(b"\r\n", 0, start)
            if start < 0:
                break
            yield f"{_lines(number)} added at the end of one of its parts", body[:start] + body[end:]


def _difference(before: bytes, after: bytes) -> str:
    """The lines between the first and the last in which two bodies differ; empty if only blanks or breaks do."""
    old, new = before.split(b"\r\n"), after.split(b"\r\n")
    top = 0
    while top < min(len(old), len(new)) and old[top] == new[top]:
        top += 1
    bottom = 0
    while bottom < min(len(old), len(new)) - top and old[-1 - bottom] == new[-1 - bottom]:
        bottom += 1
    return shown(old[top : len(old) - bottom], new[top : len(new) - bottom])


def _lines(count: int) -> str:
    return "a line was" if count == 1 else f"{count} lines were"


def _text(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return cut("".join(letter if letter.isprintable() else "·" for letter in text), longest=120)
