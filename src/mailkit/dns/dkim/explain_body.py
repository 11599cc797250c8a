"""Why the hash of a body is not the one that was signed.

Whatever is tried here either gives the signed hash, or is not told.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import product
from quopri import decodestring
from typing import Final, TypeAlias

from mailkit.dns.dkim.bodies import BODIES, simple_body
from mailkit.dns.dkim.effort import SPENT, Effort
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
_CUT_LINES: Final = (998, 990, 1000)
_LEAST_CUT_LINE: Final = 980
_MARKED: Final = re.compile(rb"!\r\n ")
"""How sendmail cuts lines."""
_WAS_CUT: Final = "its long lines were cut"

_Try: TypeAlias = tuple[str, bytes]
"""What may have happened, and the body as it was before."""


def explain_body(mail: Mail, signature: Signature, effort: Effort) -> tuple[str, str]:
    """What happened to the body since it was signed, and the difference; the latter is empty if nobody knows.

    >>> from mailkit.dns.headers import Field
    >>> signed = sha256(b"Hello\\r\\n").digest()
    >>> signature = Signature(field=Field(b""), domain="example.com", body_hash=signed)
    >>> mail = Mail(fields=(), body=b"Hello\\r\\n-- \\r\\nThe list\\r\\n")
    >>> print(*explain_body(mail, signature, Effort(left=1000)), sep=chr(10))
    2 lines were added at its end
    + --
    + The list
    """
    if len(mail.body) > _LONGEST:
        return "what, is not looked for in bodies as large as this", ""
    if not effort.take(len(mail.body)):
        return f"how, is not known; {SPENT}", ""
    added = _added_below(mail, signature)
    if added is not None:
        return f"{_lines(len(added))} added at its end", shown((), added)
    for what, body in _tries(mail, signature, effort):
        if sha256(body[: signature.length]).digest() == signature.body_hash:
            return what, _difference(body, mail.body_as(signature.body_form)) if effort.take(2 * len(body)) else ""
    why = SPENT if effort.is_spent else "nothing that lists and gateways usually do explains it"
    return f"how, is not known; {why}", ""


def _tries(mail: Mail, signature: Signature, effort: Effort) -> Iterator[_Try]:
    """Bodies as they may have been hashed, as many as the effort allows; each has cost as much as it is long."""
    for what, body in _as_hashed(mail.body, signature):
        if not effort.take(len(mail.body)):
            return
        yield what, body
    form = BODIES[signature.body_form]
    for what, was in _as_it_was(mail):
        is_other = was != mail.body
        if not effort.take(len(mail.body) if is_other else len(mail.body) // 4):
            return
        if is_other:
            yield what, form(was)


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
    body = mail.body_as(signature.body_form)
    if signature.body_hash == sha256(b"\r\n" if signature.body_form == "simple" else b"").digest():
        return body.split(b"\r\n")[:-1]
    head, *lines = body.removesuffix(b"\r\n").rsplit(b"\r\n", _MOST_CUT_BELOW)
    kept = simple_body(head)
    is_blank = kept == b"\r\n"
    state, empty = sha256(b"" if is_blank else kept), (len(head) + 2 - len(kept)) // 2 + is_blank
    if not is_blank and state.digest() == signature.body_hash:
        return [b""] * empty + lines
    for number, line in enumerate(lines, 1):
        if not line:
            empty += 1
            continue
        state.update(b"\r\n" * empty + line + b"\r\n")
        empty = 0
        if state.digest() == signature.body_hash:
            return lines[number:]
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
    yield from _in_other_letters(body)
    yield from _cut_lines(body)
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


def _in_other_letters(body: bytes) -> Iterator[_Try]:
    if body.isascii():
        return
    for now, was in product(("utf-8", "iso-8859-1", "windows-1252"), repeat=2):
        if now != was and "utf-8" in (now, was):
            with suppress(UnicodeError):
                yield f"its letters were encoded anew, from {was} to {now}", body.decode(now).encode(was)


def _cut_lines(body: bytes) -> Iterator[_Try]:
    """Lines that were longer than RFC 5321, 4.5.3.1.6, allows, before somebody cut them."""
    lines = body.split(b"\r\n")
    if len(max(lines, key=len)) < _LEAST_CUT_LINE:
        return
    for longest in _CUT_LINES:
        yield _WAS_CUT, b"".join(line if len(line) == longest else line + b"\r\n" for line in lines)[:-2]
    yield _WAS_CUT, _MARKED.sub(b"", body)


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
