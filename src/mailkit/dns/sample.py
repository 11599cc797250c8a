"""A letter of one's own, looked at as mailbox providers look at it: its form, and what bulk mail must carry.

Whether its signatures verify is DKIM's to say, and whether they are aligned DMARC's; here is
what can be read off the letter alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from mailkit.dns.authors import domains, from_domains
from mailkit.dns.headers import LONGEST_HEADER, Field, divide, named
from mailkit.dns.mailparts import decoded
from mailkit.dns.tags import Tag, plain, read
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Place, Severity

__all__ = ["Sample", "lint", "look"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_ONCE: Final = ("From", "Date", "Message-ID", "Subject", "To", "Cc", "Reply-To", "Sender")
_NEEDED: Final = ("From", "Date")
_URI: Final = re.compile(r"<([^<>]*)>")
_TLS: Final = re.compile(r"\bwith\s+(?:UTF8)?(?:E?SMTPSA?|LMTPSA?)\b|\busing\s+TLS|\(version=TLS", re.IGNORECASE)
_LONGEST_LINE: Final = 998
_BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_BASE64: Final = re.compile(rb"(?:^[A-Za-z0-9+/]{40,76}=?=?\r?\n)+(?:[A-Za-z0-9+/]+=?=?)?", re.MULTILINE)
_LEAVES: Final = (
    "unsubscribe", "opt-out", "opt out", "отпис", "abmelden", "abbestellen", "désinscrire", "désabonner",
    "darse de baja", "cancelar suscripci", "annulla iscrizione", "disiscri", "descadastrar", "wypisz",
    "配信停止", "退订",
)  # fmt: skip
_LINK: Final = re.compile(r"https?://|<a\b", re.IGNORECASE)
_LONGEST_BODY: Final = 2_000_000


@attrs.frozen(kw_only=True)
class Sample:
    """What a letter shows.

    Attributes:
        fields: Its header.
        from_domains: The domains of its From, each once.
        signatures: The domain and the selector of each DKIM signature.
        signed: For each of these, the names of the fields that it covers, in small letters.
        return_path: The domain of its Return-Path; empty if it has none.
        list_unsubscribe: The URIs of its List-Unsubscribe.
        is_one_click: Whether List-Unsubscribe-Post says so, and there is an https URI (RFC 8058).
        came_by_tls: Whether the newest Received says that it came encrypted; None if there is none.
        has_unsubscribe_link: Whether its text seems to have a link by which one leaves.
        faults: What is wrong about its form (RFC 5322), each as a sentence and with evidence.

    >>> from mailkit.dns.sample import look
    >>> raw = b"From: shop@example.com\\r\\nDate: x\\r\\nList-Unsubscribe: <https://example.com/u>\\r\\n\\r\\nHello\\r\\n"
    >>> look(raw).from_domains, look(raw).is_one_click
    (('example.com',), False)
    """

    fields: tuple[Field, ...] = attrs.field(repr=False)
    from_domains: tuple[str, ...]
    signatures: tuple[tuple[str, str], ...]
    signed: tuple[frozenset[str], ...] = attrs.field(repr=False)
    return_path: str
    list_unsubscribe: tuple[str, ...]
    is_one_click: bool
    came_by_tls: bool | None
    has_unsubscribe_link: bool
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def one_click_is_signed(self) -> bool:
        """Whether one signature covers both of the fields (RFC 8058, 4)."""
        return any({"list-unsubscribe", "list-unsubscribe-post"} <= names for names in self.signed)


def look(raw: bytes) -> Sample:
    """Read a letter, whatever its bytes are.

    Raises:
        InvalidValue: It is not bytes.

    >>> look(b"").from_domains
    ()
    """
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise InvalidValue(
            "sample", type(raw).__name__, "is not bytes", "give the letter as it was received, undecoded"
        )
    raw = bytes(raw)
    lines, body = divide(raw, longest=LONGEST_HEADER)
    found = tuple(line for line in lines if line.is_field)
    tags = [{tag.name: tag.value for tag in read(value, names_have_case=True) if isinstance(tag, Tag)}
            for value in named("DKIM-Signature", found)]  # fmt: skip
    uris = tuple(uri for value in named("List-Unsubscribe", found) for uri in map(str.strip, _URI.findall(value)))
    post = ["".join(value.split()).lower() for value in named("List-Unsubscribe-Post", found)]
    received = named("Received", found)
    return Sample(
        fields=found,
        from_domains=tuple(dict.fromkeys(from_domains(raw))),
        signatures=tuple((_compact(one.get("d", "")).lower(), _compact(one.get("s", ""))) for one in tags),
        signed=tuple(frozenset(_compact(one.get("h", "")).lower().split(":")) for one in tags),
        return_path=next((one for value in named("Return-Path", found)[:1] for one in domains(value)), ""),
        list_unsubscribe=uris,
        is_one_click=post == ["list-unsubscribe=one-click"] and any(uri.lower().startswith("https://") for uri in uris),
        came_by_tls=bool(_TLS.search(received[0])) if received else None,
        has_unsubscribe_link=_has_link(body[:_LONGEST_BODY]),
        faults=tuple(_faults(raw, found)),
    )


def _compact(text: str) -> str:
    return "".join(text.split())


def _faults(raw: bytes, found: tuple[Field, ...]) -> Iterator[tuple[str, str]]:
    """What RFC 5322 does not allow."""
    for name in _NEEDED:
        if not named(name, found):
            yield f"it has no {name}", ""
    for name in _ONCE:
        values = named(name, found)
        if len(values) > 1:
            yield f"it has {len(values)} {name} fields where one is allowed", " | ".join(values)
    for field in found:
        if not field.value.isascii():
            yield f"its {field.name.decode()} has bytes that are not ASCII, outside of an encoded word", field.value
            break
    if not named("Message-ID", found):
        yield "it has no Message-ID", ""
    if len(max(raw.replace(b"\r", b"\n").split(b"\n"), key=len)) > _LONGEST_LINE:
        yield "a line is longer than 998 bytes", ""
    if b"\r\n" in raw and _BARE.search(raw):
        yield "a line ends with a CR or an LF alone", ""
    if b"\0" in raw:
        yield "it has a NUL byte", ""


def _has_link(body: bytes) -> bool:
    """Whether any reading of the body has a word of leaving near a link."""
    blocks = b"\n".join(decoded("base64", block) for block in _BASE64.findall(body))
    texts = (reading.decode("utf-8", "replace") for reading in (body, decoded("quoted-printable", body), blocks))
    return any(_LINK.search(text) is not None and _says_leave(text.lower()) for text in texts)


def _says_leave(text: str) -> bool:
    return any(word in text for word in _LEAVES)


def lint(sample: Sample, domain: str) -> tuple[Finding, ...]:
    """What is to be said about a letter of a domain.

    >>> [finding.code for finding in lint(look(b"From: a@example.com\\r\\nDate: x\\r\\nMessage-ID: <1@x>\\r\\n\\r\\n"),
    ...                                   "example.com")]
    ['dns.sample-unsigned', 'dns.sample-no-unsubscribe', 'dns.sample-no-unsubscribe-link']
    """
    return tuple(_lint(sample, domain))


def _lint(sample: Sample, domain: str) -> Iterator[Finding]:
    for message, evidence in sample.faults:
        yield _say("form", _ERROR, message, evidence, "mend the program that makes the letter", "RFC 5322, 3.6")
    strangers = [one for one in sample.from_domains if one != domain and not one.endswith(f".{domain}")]
    if len(sample.from_domains) > 1:
        message = "its From names several domains, so that DMARC cannot judge it"
        yield _say("from", _ERROR, message, ", ".join(sample.from_domains), "write from one address", "RFC 9989, 4.5")
    elif strangers:
        message = f"its From is of another domain than {domain}"
        yield _say("from", _WARNING, message, strangers[0], f"check {strangers[0]}, or give a letter of {domain}")
    if not sample.signatures:
        yield _say(
            "unsigned", _ERROR, "it has no DKIM signature", "", "sign letters before they leave", "RFC 6376, 3.5"
        )
    yield from _leaving(sample)


def _leaving(sample: Sample) -> Iterator[Finding]:
    mend = "List-Unsubscribe: <https://…>, and List-Unsubscribe-Post: List-Unsubscribe=One-Click, both signed"
    if not sample.list_unsubscribe:
        message = "it has no List-Unsubscribe, which large mailbox providers demand of bulk mail"
        yield _say("no-unsubscribe", _WARNING, message, "", mend, "RFC 2369, 3.2")
    elif not sample.is_one_click:
        message = "one cannot unsubscribe with one click, which large mailbox providers demand of bulk mail"
        yield _say("no-one-click", _WARNING, message, ", ".join(sample.list_unsubscribe), mend, "RFC 8058, 3.1")
    elif not sample.one_click_is_signed:
        message = "no DKIM signature covers List-Unsubscribe and List-Unsubscribe-Post, so that they are not heeded"
        yield _say("one-click-unsigned", _WARNING, message, "", "sign both fields: name them in h=", "RFC 8058, 4")
    if not sample.has_unsubscribe_link:
        message = "no link to unsubscribe was seen in its text"
        yield _say("no-unsubscribe-link", _INFO, message, "", "put one where readers see it", "RFC 8058, 1")


def _say(word: str, severity: Severity, message: str, evidence: str = "", mend: str = "", source: str = "") -> Finding:
    return Finding(
        code=f"dns.sample-{word}",
        severity=severity,
        message=message,
        place=Place(source="the sample letter"),
        evidence=plain(evidence, longest=300),
        mend=mend,
        source=source,
    )
