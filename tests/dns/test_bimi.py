from __future__ import annotations

import gzip
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Malformed, ServerFailure, TimedOut, bimi, dmarc
from mailkit.dns.bimi.lint import lint
from mailkit.dns.bimi.svg import LONGEST_BYTES, unpacked
from mailkit.dns.drive import Helpers, run_sync
from mailkit.dns.errands import Fetch, Fetched
from mailkit.errors import InvalidValue

D, NAME = "example.com", "default._bimi.example.com"
LOGO_URL, MARK_URL = "https://example.com/logo.svg", "https://example.com/mark.pem"
RECORD = f"v=BIMI1; l={LOGO_URL}; a={MARK_URL}"
NOW = datetime.now(UTC)
STRICT = dmarc.Record(p="reject")
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 64 64">'
    '<title>Books</title><g><rect width="64" height="64" fill="url(#a)"/></g></svg>'
)
WORDS = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
URIS = st.just("") | st.builds("https://{}.example/{}".format, WORDS, WORDS)


class Pages:
    """Brings pages by their address."""

    def __init__(self, pages: dict[str, Any]) -> None:
        self.pages = pages

    def fetch(self, page: Fetch) -> Any:
        return self.pages[page.url]


def svg(body: bytes | str = SVG, *, status: int = 200, kind: str = "image/svg+xml") -> Fetched:
    return Fetched(status=status, media_type=kind, body=body.encode() if isinstance(body, str) else body)


def logotype(logo: bytes, *, kind: bytes = b"data:image/svg+xml;base64,") -> x509.UnrecognizedExtension:
    """An extension that holds a logo, near enough to RFC 3709's."""
    held = b"\x16\x10" + kind + b64encode(logo) + b"\x00"
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.12"), held)


PURPOSE = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.31")])


def certificate(authority: Any, *names: str, **settings: Any) -> Fetched:
    settings.setdefault("extensions", (PURPOSE, logotype(gzip.compress(SVG.encode()))))
    settings.setdefault("days", (-1, 300))
    issued, _ = authority.issue(*(names or (D,)), **settings)
    chain = issued.public_bytes(Encoding.PEM) + authority.certificate.public_bytes(Encoding.PEM)
    return Fetched(status=200, media_type="application/x-pem-file", body=chain)


def codes(texts: Any, logo: Any = None, mark: Any = None, *, policy: Any = STRICT, **settings: Any) -> list[str]:
    pages = {LOGO_URL: logo or svg(), MARK_URL: mark or TimedOut()}
    zone = {(NAME, "TXT"): [texts] if isinstance(texts, str) else texts}
    found = run_sync(bimi.find(D), resolver=zone, helpers=Helpers(fetcher=Pages(pages)))
    findings = lint(found, now=NOW, policy=policy, **settings)
    return [f"{one.severity} {one.code.removeprefix('dns.bimi-')}" for one in findings]


@given(st.builds(bimi.Record, logo=URIS, mark=URIS, avatar=st.sampled_from(bimi.Avatar), by_local_part=st.booleans()))
def test_a_record_reads_back_from_its_text(record: bimi.Record) -> None:
    assert bimi.Record.parse(str(record)) == record
    assert record.is_declination is not bool(record.logo or record.mark)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_text_behind_the_version_is_read(text: str) -> None:
    record = bimi.Record.parse(f"v=BIMI1;{text}")
    assert bimi.Record.parse(str(record)) == record


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ["info absent"]),
        (TimedOut(), ["warning unanswered"]),
        (Malformed("x"), ["warning unanswered"]),
        ("v=spf1 -all", ["warning not-a-record"]),
        ([RECORD, "v=BIMI1; l=; a="], ["error several"]),
        ("v=BIMI1; l=; a=;", ["info declined"]),
        ("v=BIMI1", ["error syntax"]),
        ("v=BIMI1; a=", ["error syntax"]),
        ("v=BIMI1; l=http://example.com/logo.svg", ["error syntax"]),
        ("v=BIMI1; l=https://localhost/logo.svg", ["error syntax"]),
        (f"v=BIMI1; l={LOGO_URL},https://b.example/", ["error syntax"]),
        (f"v=BIMI1; l={LOGO_URL}", ["warning no-mark"]),
        (f"v=BIMI1; l={LOGO_URL}; a=; avp=personal; lps=true; x=y", ["warning no-mark"]),
        (f"v=BIMI1; l={LOGO_URL}; a=; avp=mine", ["error syntax", "warning no-mark"]),
        (f"v=BIMI1; l={LOGO_URL}; a=; lps=yes; oops", ["error syntax", "error syntax", "warning no-mark"]),
        (f"v=BIMI1; l=; a={MARK_URL}", ["warning mark-unanswered"]),
    ],
)
def test_what_is_said_about_the_record(texts: Any, expected: list[str]) -> None:
    assert codes(texts) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, ["error policy"]),
        (dmarc.Record.parse("v=DMARC1; p=none"), ["error policy"]),
        (dmarc.Record.parse("v=DMARC1; p=reject; sp=none"), ["error policy"]),
        (dmarc.Record.parse("v=DMARC1; p=quarantine; pct=50"), ["warning policy"]),
        (dmarc.Record.parse("v=DMARC1; p=quarantine; pct=100"), []),
        (dmarc.Record.parse("v=DMARC1; p=quarantine; t=y"), ["warning policy"]),
        (dmarc.Record.parse("v=DMARC1; p=quarantine"), []),
    ],
)
def test_a_logo_wants_a_policy_that_is_enforced(policy: Any, expected: list[str]) -> None:
    assert codes(f"v=BIMI1; l={LOGO_URL}", policy=policy) == ["warning no-mark", *expected]
    assert codes(f"v=BIMI1; l={LOGO_URL}", policy=policy, is_policy_known=False) == ["warning no-mark"]
    assert codes("v=BIMI1; l=; a=", policy=policy) == ["info declined"]


@pytest.mark.parametrize(
    ("logo", "expected"),
    [
        (svg(gzip.compress(SVG.encode())), []),
        (svg(kind="text/plain"), ["warning logo-media-type"]),
        (svg(kind=""), ["warning logo-media-type"]),
        (svg("", status=404), ["error logo-absent"]),
        (TimedOut(), ["warning logo-unanswered"]),
        (ServerFailure(), ["warning logo-unanswered"]),
        (svg("oops"), ["error logo-xml"]),
        (svg(SVG.replace("64 64", "64 32")), ["warning logo-shape"]),
        (svg(SVG.replace("tiny-ps", "full")), ["error logo-profile"]),
    ],
)
def test_what_is_said_about_the_logo(logo: Any, expected: list[str]) -> None:
    assert codes(f"v=BIMI1; l={LOGO_URL}", logo) == ["warning no-mark", *expected]


def test_a_sound_mark_certificate_is_told_with_its_issuer(authority: Any) -> None:
    assert codes(RECORD, mark=certificate(authority)) == ["info mark-issuer"]
    assert codes(RECORD, mark=certificate(authority, NAME)) == ["info mark-issuer"]
    assert codes(RECORD, svg(gzip.compress(SVG.encode())), certificate(authority)) == ["info mark-issuer"]


def test_what_is_said_about_a_mark_certificate(authority: Any) -> None:
    def said(mark: Any, logo: Any = None) -> list[str]:
        return [code for code in codes(RECORD, logo, mark) if code != "info mark-issuer"]

    assert said(TimedOut()) == ["warning mark-unanswered"]
    assert said(svg("", status=500)) == ["error mark-absent"]
    assert said(svg("oops")) == ["error mark-unreadable"]
    assert said(svg("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")) == ["error mark-unreadable"]
    assert said(certificate(authority, days=(-9, -1))) == ["error mark-expired"]
    assert said(certificate(authority, days=(1, 9))) == ["error mark-expired"]
    assert said(certificate(authority, days=(-1, 9))) == ["warning mark-expires"]
    assert said(certificate(authority, "example.net")) == ["error mark-domain"]
    assert said(certificate(authority, extensions=(PURPOSE,))) == ["error mark-logotype"]
    assert said(certificate(authority, extensions=(logotype(SVG.encode()),))) == ["error mark-purpose"]
    assert said(certificate(authority), svg(SVG.replace("Books", "Boots"))) == ["error mark-logo"]
    assert said(certificate(authority), TimedOut()) == ["warning logo-unanswered"]
    for odd in (b"x", b"\x1f\x8b no"):
        assert said(certificate(authority, extensions=(PURPOSE, logotype(odd)))) in ([], ["error mark-logo"])
    broken = logotype(b"", kind=b"data:image/svg+xml;base64,AAAAA")
    assert said(certificate(authority, extensions=(PURPOSE, broken))) == []


def test_a_mark_certificate_tells_its_kind_and_names(authority: Any) -> None:
    kind = x509.NameAttribute(x509.ObjectIdentifier("1.3.6.1.4.1.53087.1.13"), "Registered Mark")
    page = certificate(authority, "Example.com", subject=x509.Name([kind]))
    mark = bimi.Mark.parse(page.body)
    assert (mark.kind, mark.names, mark.chain_length) == ("Registered Mark", ("example.com",), 2)
    assert mark.is_of("news.example.com")
    assert not mark.is_of("badexample.com")
    assert mark.shows(SVG.encode())
    bare = bimi.Mark.parse(certificate(authority, extensions=(PURPOSE,)).body)
    assert bare.shows(b"") is None
    nameless, _ = authority.issue()
    assert bimi.Mark.parse(nameless.public_bytes(Encoding.PEM)).names == ()


def test_a_certificate_with_an_extension_that_cannot_be_read_is_refused(authority: Any) -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.37"), b"\x30\x80")
    with pytest.raises(InvalidValue, match="cannot be read"):
        bimi.Mark.parse(certificate(authority, extensions=(odd,)).body)


def test_the_record_of_the_organizational_domain_stands_in() -> None:
    def found(zone: Any) -> bimi.Found:
        return run_sync(bimi.find("news.example.com", organizational=D), resolver=zone)

    own = "default._bimi.news.example.com"
    assert found({(NAME, "TXT"): ["v=BIMI1; l=; a="]}).name == NAME
    assert found({(NAME, "TXT"): ["v=BIMI1; l="], (own, "TXT"): ["v=BIMI1; l="]}).name == own
    assert found({(NAME, "TXT"): ["v=BIMI1; l="], (own, "TXT"): TimedOut()}).outcome == TimedOut()
    assert found({(NAME, "TXT"): TimedOut()}).outcome == TimedOut()
    assert found({}).name == own


def test_without_a_fetcher_nothing_is_fetched_and_that_is_said() -> None:
    found = run_sync(bimi.find(D), resolver={(NAME, "TXT"): [RECORD]})
    codes = [one.code for one in lint(found, now=NOW, policy=STRICT)]
    assert codes == ["dns.bimi-logo-not-asked", "dns.bimi-mark-not-asked"]


@given(st.builds("https://{}.example/logo.svg".format, WORDS), WORDS)
def test_what_is_generated_is_found_sound(logo: str, selector: str) -> None:
    made = bimi.suggested(D, logo=logo, mark=MARK_URL, selector=selector)
    found = run_sync(bimi.find(D, selector=selector), resolver={(made.name, "TXT"): [made.text]})
    codes = {one.code for one in lint(found, now=NOW, policy=STRICT)}
    assert codes == {"dns.bimi-logo-not-asked", "dns.bimi-mark-not-asked"}


XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink" '


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Books", "Books", []),
        ("<title>Books</title>", "", ["title"]),
        ("<title>Books", "<title> ", ["title"]),
        ("<title>Books</title><g>", "<g><title>Books</title>", ["title"]),
        ("<title>Books</title>", "<title>Books</title><title>More</title>", []),
        ('version="1.2" ', "", ["profile"]),
        ('version="1.2"', 'version="1.1"', ["profile"]),
        ("viewBox", 'x="0" y="0" viewBox', ["profile", "profile"]),
        ("viewBox", "viewbox", ["shape"]),
        ("0 0 64 64", "0,0,64.0,64", []),
        ("0 0 64 64", "0 0 0 0", ["shape"]),
        ("0 0 64 64", "0 0 64 .5", ["shape"]),
        ("http://www.w3.org/2000/svg", "http://www.example.com/", ["root"]),
        ("<g>", "<g><script/>", ["element"]),
        ("<g>", "<g><image/>", ["element"]),
        ("<g>", "<g><foreignObject/>", ["element"]),
        ("<g>", "<g><animate/>", ["element"]),
        ("<g>", "<g><filter/>", ["element"]),
        ("<g>", '<g><x xmlns="urn:x"/>', ["element"]),
        ("<g>", '<g style="fill:red">', ["element"]),
        ("<g>", '<g onclick="x()">', ["script"]),
        ("url(#a)", "url(https://example.com/a)", ["reference"]),
        ("url(#a)", "URL( 'data:x')", ["reference"]),
        ("<g>", '<g><use href="#a"/>', []),
        ("<g>", '<g><use href="https://example.com/#a"/>', ["reference"]),
        ("<g>", f'<g {XLINK}><use xlink:href="#a"/>', []),
        ("<g>", f'<g {XLINK}><use xlink:href=" data:image/png;base64,"/>', ["reference"]),
        ("<svg", '<?xml-stylesheet href="a.css"?><svg', ["reference"]),
        ("<svg", "<?xml version='1.0'?><?other x?><svg", []),
        ("<svg", "<?xml version='1.0' encoding='no-such'?><svg", ["xml"]),
        ("<svg", '<!DOCTYPE svg [<!ENTITY a "b">]><svg', ["xml"]),
        ("<svg", "<!DOCTYPE svg><svg", ["xml"]),
        ("</svg>", "", ["xml"]),
        ("<g>", "<g>&a;", ["xml"]),
        ("<g>", "<g>" * 200, ["xml"]),
    ],
)
def test_what_keeps_a_logo_from_being_shown(old: str, new: str, words: list[str]) -> None:
    assert SVG.count(old)
    assert [fault.word for fault in bimi.faults(SVG.replace(old, new, 1).encode())] == words


def test_many_faults_are_cut_short_and_the_reading_with_them() -> None:
    many = "".join(f"<script id='a{number}' onclick='{number}'/>" for number in range(100))
    assert len(bimi.faults(SVG.replace("<g>", f"<g>{many}").encode())) == 20


def test_a_logo_that_is_too_long_is_told_and_a_bomb_is_not_unpacked() -> None:
    long = SVG.replace("Books", "Books" + " " * 40000).encode()
    assert [(fault.word, fault.is_fatal) for fault in bimi.faults(long)] == [("size", False)]
    bomb = gzip.compress(b" " * 50_000_000)
    assert unpacked(bomb) is None
    assert [fault.word for fault in bimi.faults(bomb)] == ["size"]
    assert unpacked(b" " * (LONGEST_BYTES + 1)) is None
    assert unpacked(gzip.compress(SVG.encode())[:-9]) is None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_looked_at(body: bytes) -> None:
    assert bimi.faults(body)


@pytest.mark.parametrize(
    "build",
    [
        lambda: bimi.Record(logo="http://example.com/"),
        lambda: bimi.Record(mark="example.com"),
        lambda: bimi.Record(logo=5),
        lambda: bimi.Record(avatar="mine"),
        lambda: bimi.Record.parse("v=DMARC1"),
        lambda: bimi.Record.parse(5),
    ],
)
def test_a_wrong_value_cannot_be_built(build: Any) -> None:
    with pytest.raises(InvalidValue):
        build()


def test_the_end_of_a_mark_is_told_in_days(authority: Any) -> None:
    mark = bimi.Mark.parse(certificate(authority).body)
    assert mark.valid_until - mark.valid_from > timedelta(days=300)
