"""Which header field was changed after signing: each guess is verified, and told only if the signature then fits."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as NotBase64
from collections import Counter
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from functools import cached_property
from itertools import chain, combinations, islice
from quopri import decodestring, encodestring
from typing import Final, TypeAlias

import attrs

from mailkit.dns.dkim.canonical import FIELDS, choose, covered, without_signature
from mailkit.dns.dkim.crypto import Fits
from mailkit.dns.dkim.explain_body import shown
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.signature import Signature, TagList
from mailkit.dns.headers import Field

__all__ = ["explain_header"]

_MOST_BYTES: Final = 100_000
"""Of larger header sections nothing is tried."""
_MOST_FIELDS: Final = 500
_MOST_NAMES: Final = 60
_LONGEST_DECODED: Final = 2000
_MOST_TRIES: Final = 500
_MOST_PAIRS: Final = 400
_LISTS_CHANGE: Final = ("subject", "from", "reply-to", "sender", "to", "content-type", "content-transfer-encoding")
_PREFIX: Final = re.compile(rb"(?:\[[^\[\]]{0,80}\]|\([^()]{0,80}\)|\*{2,5}[^*]{1,40}\*{2,5}|[A-Za-z]{2,12}:)[ \t]*")
_BRACKETS: Final = re.compile(rb"\[[^\[\]]{1,80}\] ?")
_USUAL: Final = {
    "mime-version": (b"1.0",),
    "content-transfer-encoding": (b"7bit", b"8bit", b"quoted-printable", b"base64"),
}
_KEPT_BY_LISTS: Final = ("x-original-from", "reply-to", "x-original-sender", "original-from", "author")

_Change: TypeAlias = tuple[str, Field | None, Field | None]
"""What may have happened, the field as it is (None: it is gone), and as it was (None: it was not there)."""


@attrs.frozen
class _Covered:
    """What a signature covers, of whatever fields; each field is brought into its form once."""

    mail: Mail
    signature: Signature
    form: str
    mine: Field

    def of(self, fields: Sequence[Field]) -> bytes:
        chosen = choose([field for field in fields if field is not self.mine], self.signature.signed)
        return covered([self._piece(field) for field in chosen if field], self._own)

    def _piece(self, field: Field) -> bytes:
        found = self._pieces.get(id(field))
        return FIELDS[self.form](field) if found is None else found

    @cached_property
    def _pieces(self) -> dict[int, bytes]:
        return {id(field): FIELDS[self.form](field) for field in self.mail.fields}

    @cached_property
    def _own(self) -> bytes:
        return FIELDS[self.form](without_signature(self.signature.field))


def explain_header(mail: Mail, signature: Signature, fits: Fits) -> tuple[str, str]:
    """Which field changed, and the difference; if no guess verifies, which fields are signed, and which of them miss.

    >>> was, came = Field(b"Subject: News"), Field(b"Subject: [list] News")
    >>> signature = Signature(field=Field(b"DKIM-Signature: b="), domain="example.com", signed=("subject",))
    >>> fits = covered([FIELDS["simple"](was)], b"DKIM-Signature: b=").__eq__
    >>> print(*explain_header(Mail(fields=(came,), body=b""), signature, fits), sep=chr(10))
    Subject has got '[list] ' before it
    - Subject: News
    + Subject: [list] News
    """
    size = sum(len(field.raw) for field in mail.fields)
    if size <= _MOST_BYTES and max(len(mail.fields), len(signature.signed)) <= _MOST_FIELDS:
        tried = _as_a_whole(mail, signature, fits) or _by_one(mail, signature, fits) or _by_two(mail, signature, fits)
        if tried:
            return tried
    return _unexplained(mail, signature), ""


def _as_a_whole(mail: Mail, signature: Signature, fits: Fits) -> tuple[str, str] | None:
    other = "relaxed" if signature.header_form == "simple" else "simple"
    if fits(_Covered(mail, signature, other, signature.field).of(mail.fields)):
        return f"its signer wrote them as {other!r} and called it {signature.header_form!r}", ""
    upward = _Covered(mail, signature, signature.header_form, signature.field)
    if fits(upward.of(mail.fields[::-1])):
        return "fields of one name have changed their order", ""
    refolded = attrs.evolve(signature, field=Field(signature.field.raw.replace(b"\r\n\t", b"\r\n ")))
    for own in (refolded, attrs.evolve(signature, field=Field(re.sub(rb"\r\n[ \t]+", b" ", signature.field.raw)))):
        if fits(_Covered(mail, own, signature.header_form, signature.field).of(mail.fields)):
            return "DKIM-Signature itself was folded differently", shown([own.field.raw], [signature.field.raw])
    return None


def _by_one(mail: Mail, signature: Signature, fits: Fits) -> tuple[str, str] | None:
    whole = _Covered(mail, signature, signature.header_form, signature.field)
    for change in islice(_changes(mail, signature), _MOST_TRIES):
        if fits(_undone(whole, (change,))):
            return _told((change,))
    return None


def _by_two(mail: Mail, signature: Signature, fits: Fits) -> tuple[str, str] | None:
    """Lists change two fields at once: the subject's prefix, and the author or the encoding."""
    whole = _Covered(mail, signature, signature.header_form, signature.field)
    likely = [change for change in _changes(mail, signature) if _key(change) in _LISTS_CHANGE]
    pairs = (pair for pair in combinations(islice(likely, _MOST_NAMES), 2) if _key(pair[0]) != _key(pair[1]))
    for pair in islice(pairs, _MOST_PAIRS):
        if fits(_undone(whole, pair)):
            return _told(pair)
    return None


def _undone(whole: _Covered, changes: tuple[_Change, ...]) -> bytes:
    gone = tuple(now for _, now, was in changes if now and not was)
    put = {id(now): was for _, now, was in changes if now and was}
    fields = [put.get(id(field), field) for field in whole.mail.fields if not any(field is one for one in gone)]
    fields += [was for _, now, was in changes if was and not now]
    return whole.of(fields)


def _told(changes: tuple[_Change, ...]) -> tuple[str, str]:
    before = [was.raw for _, _, was in changes if was]
    after = [now.raw for _, now, _ in changes if now]
    return ", and ".join(what for what, _, _ in changes), shown(before, after)


def _key(change: _Change) -> str:
    _, now, was = change
    field = now or was
    return field.key.decode("latin-1") if field else ""


def _changes(mail: Mail, signature: Signature) -> Iterator[_Change]:
    """What may have been done to each signed field, the likeliest fields first."""
    names, copies = list(dict.fromkeys(signature.signed))[:_MOST_NAMES], _copies(signature)
    for name in sorted(names, key=lambda name: name not in _LISTS_CHANGE):
        for field in mail.named(name)[-4:]:
            shown_name = field.name.decode("latin-1")
            copied = (
                ("is not what it was; z= has a copy", Field.of(field.name, text)) for text in copies.get(name, ())
            )
            for what, was in chain(copied, _earlier(mail, name, field)):
                if was.raw != field.raw:
                    yield f"{shown_name} {what}", field, was
            yield f"{shown_name} was added", field, None
        if not mail.named(name):
            yield from _taken(mail, name, copies.get(name, ()))


def _copies(signature: Signature) -> dict[str, list[bytes]]:
    """The fields as they were when they were signed, where the signer has copied them (3.5, z=)."""
    copied = "".join(TagList.read(signature.field.text).tags.get("z", "").split())
    found: dict[str, list[bytes]] = {}
    for part in copied.split("|")[:_MOST_NAMES] if copied else ():
        name, _, text = part.partition(":")
        found.setdefault(name.lower(), []).append(decodestring(text.encode("latin-1")))
    return found


def _taken(mail: Mail, name: str, copies: Sequence[bytes]) -> Iterator[_Change]:
    """What may have stood in a signed field that is not there."""
    senders = [field.text for field in mail.named("From")] if name in ("sender", "reply-to") else []
    for text in (*copies, *_USUAL.get(name, ()), *senders):
        shown_name = "-".join(part.capitalize() for part in name.split("-")).replace("Mime", "MIME")
        yield f"{shown_name} was removed", None, Field(shown_name.encode("latin-1") + b": " + text.strip())


def _earlier(mail: Mail, name: str, field: Field) -> Iterator[tuple[str, Field]]:
    """A field as it may have been, and what then has happened to it."""
    written, text = field.name, field.text
    plain = re.sub(rb"\r\n[ \t]*", b" ", text).strip()
    if name == "subject":
        yield from _without_prefixes(written, plain)
    if name == "from":
        for kept in _KEPT_BY_LISTS:
            for other in mail.named(kept)[-1:]:
                yield f"was rewritten; {other.name.decode('latin-1')} holds what it was", Field.of(written, other.text)
    for value in _USUAL.get(name, ()):
        yield "was another one, as the body was encoded anew", Field.of(written, b" " + value)
    for folded in (
        b" " + plain,
        text.replace(b"\r\n\t", b"\r\n "),
        text.replace(b"\r\n ", b"\r\n\t"),
        text.replace(b"\r\n", b""),
    ):
        yield "was folded differently, or its blanks changed", Field.of(written, folded)
    yield "was folded differently, or its blanks changed", Field.of(written, b" " + re.sub(rb"[ \t]+", b" ", plain))
    for other_name in (
        name.encode("latin-1"),
        name.title().encode("latin-1"),
        name.title().replace("Id", "ID").encode("latin-1"),
    ):
        yield "had its name written differently", Field.of(other_name, text)
    others = _encodings(plain) if len(plain) <= _LONGEST_DECODED else ()
    yield from (("was encoded differently", Field.of(written, b" " + other)) for other in others)
    for quoted in (plain.replace(b'"', b""), re.sub(rb"^([^\"<]{1,200}?) <", rb'"\1" <', plain), plain.lower()):
        yield "had its quotes or its case changed", Field.of(written, b" " + quoted)


def _without_prefixes(written: bytes, plain: bytes) -> Iterator[tuple[str, Field]]:
    rest = plain
    while found := _PREFIX.match(rest):
        rest = rest[found.end() :]
        prefix = plain[: len(plain) - len(rest)].decode("utf-8", "replace")
        yield f"has got {prefix!r} before it", Field.of(written, b" " + rest)
    for within in islice(_BRACKETS.finditer(plain), 3):
        put = within[0].decode("utf-8", "replace")
        yield f"has got {put!r} within it", Field.of(written, b" " + plain[: within.start()] + plain[within.end() :])
    for end in (b"]", b":", b" "):
        behind = plain.partition(end)[2].strip()
        if behind:
            prefix = plain[: len(plain) - len(behind)].decode("utf-8", "replace")
            yield f"has got {prefix!r} before it", Field.of(written, b" " + behind)


def _encodings(plain: bytes) -> Iterator[bytes]:
    """The same text in the other ways to write it (RFC 2047, RFC 6532)."""
    try:
        parts = decode_header(plain.decode("ascii"))
        text = "".join(part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in parts)
    except (UnicodeDecodeError, LookupError, HeaderParseError, NotBase64, ValueError):
        text = plain.decode("utf-8", "replace")
    raw = text.encode("utf-8", "replace")
    yield raw
    for charset in (b"utf-8", b"UTF-8"):
        quoted = encodestring(raw, quotetabs=True, header=True).replace(b"=\n", b"").replace(b"?", b"=3F")
        for letter, body in ((b"q", quoted), (b"Q", quoted), (b"b", b64encode(raw)), (b"B", b64encode(raw))):
            yield b"=?" + charset + b"?" + letter + b"?" + body + b"?="


def _unexplained(mail: Mail, signature: Signature) -> str:
    counted = Counter(signature.signed)
    present = [name for name in counted if mail.named(name)]
    absent = [name for name in counted if not mail.named(name)]
    known = f"which one changed is not known; signed are {', '.join(present) or 'none that is there'}"
    return known + (f"; signed as absent, or gone since: {', '.join(absent)}" if absent else "")
