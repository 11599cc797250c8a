"""Aggregate reports are read, whoever wrote them and whatever they come in."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import aggregate
from mailkit.dns.aggregate import AuthResult, Disposition, DKIMResult, Published, Reason, Report, Row, SPFResult
from mailkit.dns.dmarc import Alignment, Policy
from mailkit.errors import InvalidValue

REPORTS = Path(__file__).parent / "reports"
PLAIN = (REPORTS / "plain-7489.xml").read_bytes()


def codes(found: aggregate.Reading | aggregate.Rows) -> list[str]:
    return [finding.code.removeprefix("dns.aggregate-") for finding in found.findings]


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def mail(media_type: str, content: bytes, *, encoding: str = "base64", kind: str = "multipart/mixed") -> bytes:
    body = base64.encodebytes(content) if encoding == "base64" else content
    return (
        b"Received: from receiver.example\r\nSubject: Report Domain: shop.example\r\n"
        + f'MIME-Version: 1.0\r\nContent-Type: {kind}; boundary="=_b"\r\n\r\npreamble\r\n--=_b\r\n'.encode()
        + b"Content-Type: text/plain\r\n\r\n<https://receiver.example> says hello\r\n--=_b\r\n"
        + f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n".encode()
        + b'Content-Disposition: attachment; filename="r!shop.example!1!2.xml.gz"\r\n\r\n'
        + body
        + b"\r\n--=_b--\r\n"
    )


# Laws

WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Zs", "Zl"]), max_size=20
)
DOMAINS = st.from_regex(r"[a-z0-9-]{1,12}(\.[a-z0-9]{1,8}){1,3}", fullmatch=True)
RESULTS = st.sampled_from([one for one in AuthResult if one is not AuthResult.UNREAD])
POLICIES = st.none() | st.sampled_from(list(Policy))
MODES = st.none() | st.sampled_from(list(Alignment))
INSTANTS = st.integers(1_300_000_000, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
IPS = st.ip_addresses().filter(lambda ip: not getattr(ip, "ipv4_mapped", None))
NAMES = WORDS.filter(bool)
REASONS = st.builds(Reason, type=st.sampled_from(["forwarded", "other"]), comment=WORDS)
SCOPES = st.sampled_from(["", "mfrom", "helo"])
HEADS = st.builds(
    Report,
    org_name=NAMES,
    email=WORDS,
    extra_contact=WORDS,
    report_id=NAMES,
    begin=INSTANTS,
    end=INSTANTS,
    errors=st.lists(WORDS, max_size=2).map(tuple),
    generator=WORDS,
    version=st.sampled_from(["", "1.0"]),
    namespace=st.sampled_from(["", "urn:ietf:params:xml:ns:dmarc-2.0", "http://dmarc.org/dmarc-xml/0.1"]),
    policy=st.builds(
        Published,
        domain=DOMAINS,
        p=POLICIES,
        sp=POLICIES,
        np=POLICIES,
        adkim=MODES,
        aspf=MODES,
        fo=st.sampled_from(["", "0", "1:d"]),
        is_testing=st.booleans(),
        discovery_method=st.sampled_from(["", "psl", "treewalk"]),
        pct=st.none() | st.integers(0, 100),
    ),
)


def rows_for(report: Report) -> st.SearchStrategy[Row]:
    return st.builds(
        Row,
        report=st.just(report),
        source_ip=IPS,
        count=st.integers(0, 10**15),
        disposition=st.sampled_from([one for one in Disposition if one is not Disposition.UNREAD]),
        dkim_aligned=st.booleans(),
        spf_aligned=st.booleans(),
        reasons=st.lists(
            st.builds(Reason, type=st.sampled_from(["forwarded", "other"]), comment=WORDS), max_size=2
        ).map(tuple),
        header_from=DOMAINS,
        envelope_from=st.just("") | DOMAINS,
        envelope_to=st.just("") | DOMAINS,
        dkim=st.lists(
            st.builds(DKIMResult, domain=DOMAINS, selector=WORDS, result=RESULTS, human_result=WORDS), max_size=3
        ).map(tuple),
        spf=st.lists(
            st.builds(
                SPFResult,
                domain=DOMAINS,
                scope=st.sampled_from(["", "mfrom", "helo"]),
                result=RESULTS,
                human_result=WORDS,
            ),
            max_size=2,
        ).map(tuple),
    )


READINGS = HEADS.flatmap(lambda head: st.tuples(st.just(head), st.lists(rows_for(head), min_size=1, max_size=4)))


def element(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>" if value not in ("", None) else ""


def group(name: str, *parts: str) -> str:
    return f"<{name}>{''.join(parts)}</{name}>"


def result_xml(name: str, one: DKIMResult | SPFResult, *more: str) -> str:
    told = (element("domain", one.domain), *more, element("result", one.result.value))
    return group(name, *told, element("human_result", one.human_result))


def row_xml(row: Row) -> str:
    evaluated = group(
        "policy_evaluated",
        element("disposition", row.disposition.value),
        element("dkim", "pass" if row.dkim_aligned else "fail"),
        element("spf", "pass" if row.spf_aligned else "fail"),
        *(group("reason", element("type", one.type), element("comment", one.comment)) for one in row.reasons),
    )
    identifiers = (
        element("header_from", row.header_from),
        element("envelope_from", row.envelope_from),
        element("envelope_to", row.envelope_to),
    )
    return group(
        "record",
        group("row", element("source_ip", row.source_ip), element("count", row.count), evaluated),
        group("identifiers", *identifiers),
        group(
            "auth_results",
            *(result_xml("dkim", one, element("selector", one.selector)) for one in row.dkim),
            *(result_xml("spf", one, element("scope", one.scope)) for one in row.spf),
        ),
    )


def report_xml(head: Report, rows: list[Row]) -> str:
    policy = head.policy
    assert head.begin is not None
    assert head.end is not None
    dates = (element("begin", int(head.begin.timestamp())), element("end", int(head.end.timestamp())))
    metadata = group(
        "report_metadata",
        element("org_name", head.org_name),
        element("email", head.email),
        element("extra_contact_info", head.extra_contact),
        element("report_id", head.report_id),
        group("date_range", *dates),
        *(f"<error>{escape(one)}</error>" for one in head.errors),
        element("generator", head.generator),
    )
    words = ((name, getattr(policy, name)) for name in ("domain", "p", "sp", "np", "adkim", "aspf", "fo", "pct"))
    published = group(
        "policy_published",
        *(element(name, "" if value is None else value) for name, value in words),
        element("discovery_method", policy.discovery_method),
        element("testing", "y" if policy.is_testing else ""),
    )
    namespace = f' xmlns="{head.namespace}"' if head.namespace else ""
    body = "".join((element("version", head.version), metadata, published, *map(row_xml, rows)))
    return f"<feedback{namespace}>{body}</feedback>"


@given(READINGS)
def test_what_a_report_says_is_what_is_read(made: tuple[Report, list[Row]]) -> None:
    head, rows = made
    found = aggregate.read(report_xml(head, rows))
    assert found.reports == (head,)
    assert list(found.rows) == rows
    assert not found.findings


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    aggregate.read(content)
    aggregate.read(b"<feedback><record>" + content)
    aggregate.read(b"\x1f\x8b" + content)
    aggregate.read(b"PK\x03\x04" + content)
    aggregate.read(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + content)


def wrappings() -> dict[str, bytes]:
    return {
        "xml": PLAIN,
        "gzip": gzip.compress(PLAIN),
        "twice gzip": gzip.compress(gzip.compress(PLAIN)),
        "zip": zipped({"a.xml": PLAIN}),
        "mail": mail("application/gzip", gzip.compress(PLAIN)),
        "utf-16": PLAIN.decode().replace("UTF-8", "utf-16").encode("utf-16"),
    }


@given(st.data(), st.sampled_from(sorted(wrappings())))
def test_a_report_with_wrong_bytes_is_read_without_an_error(data: st.DataObject, kind: str) -> None:
    raw = bytearray(wrappings()[kind])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    found = aggregate.read(bytes(raw))
    assert len(found.rows) >= 2 or found.findings or b"<record>" not in raw


@given(st.integers(0, len(PLAIN)))
def test_a_report_that_is_cut_off_gives_the_rows_before_the_cut(at: int) -> None:
    found = aggregate.read(PLAIN[:at])
    assert len(found.rows) == PLAIN[:at].count(b"</record>")
    assert found.findings or at >= len(PLAIN) - 1


@given(st.integers(1, 300))
def test_it_does_not_matter_in_which_pieces_a_report_comes(size: int) -> None:
    class Dripping(io.BytesIO):
        def read(self, most: int | None = -1, /) -> bytes:
            return super().read(min(most or 0, size))

    odd = (REPORTS / "prefixed-odd.xml").read_bytes() + b" " * 5000
    assert aggregate.read(Dripping(odd)) == aggregate.read(odd)
    assert aggregate.read(Dripping(b" " * 4000 + PLAIN)) == aggregate.read(PLAIN)


# What it comes in


@pytest.mark.parametrize("kind", sorted(wrappings()))
def test_a_report_says_the_same_in_all_that_it_comes_in(kind: str) -> None:
    found = aggregate.read(wrappings()[kind])
    assert [row.count for row in found.rows] == [412, 9]
    assert found.messages == 421
    assert found == aggregate.read(PLAIN)
    assert not found.findings


@pytest.mark.parametrize(
    "media_type", ["application/gzip", "application/zip", "application/octet-stream", "text/xml", "message/feedback"]
)
@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/report"])
def test_an_attachment_is_known_by_its_content_and_not_by_its_type(media_type: str, kind: str) -> None:
    for content in (PLAIN, gzip.compress(PLAIN), zipped({"a.xml": PLAIN})):
        found = aggregate.read(mail(media_type, content, kind=kind))
        assert len(found.rows) == 2
        assert not found.findings


def test_a_mail_may_be_the_report_itself_or_hold_the_mail_that_does() -> None:
    alone = b"From x@y Sat\nSubject: Report\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n"
    assert len(aggregate.read(alone + base64.encodebytes(gzip.compress(PLAIN))).rows) == 2
    quoted = b"Content-Type: text/xml\nContent-Transfer-Encoding: quoted-printable\n\n" + PLAIN.replace(b"=", b"=3D")
    assert len(aggregate.read(quoted).rows) == 2
    forwarded = mail("message/rfc822", mail("text/xml", PLAIN), encoding="8bit")
    assert len(aggregate.read(forwarded).rows) == 2
    assert len(aggregate.read(zipped({"report.eml": forwarded})).rows) == 2


def test_all_reports_of_one_source_are_read() -> None:
    other = PLAIN.replace(b"6291840257738400112", b"2")
    found = aggregate.read(
        zipped({"a.xml": PLAIN, "__MACOSX/a.xml": b"x", "b.xml": other, "c.xml.gz": gzip.compress(other)})
    )
    assert [report.report_id for report in found.reports] == ["6291840257738400112", "2", "2"]
    assert found.reports[1].identity == found.reports[2].identity != found.reports[0].identity
    assert len(found.rows) == 6
    assert len(aggregate.read(gzip.compress(PLAIN) + gzip.compress(other)).reports) == 2


def test_a_report_comes_as_bytes_path_file_or_text(tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    path.write_bytes(zipped({"a.xml": PLAIN}))
    expected = aggregate.read(PLAIN)
    assert aggregate.read(path) == aggregate.read(str(path)) == expected
    with path.open("rb") as file:
        assert aggregate.read(file) == expected
    assert (
        aggregate.read(PLAIN.decode())
        == aggregate.read(bytearray(PLAIN))
        == aggregate.read(memoryview(PLAIN))
        == expected
    )

    class Pipe:
        def __init__(self, raw: bytes) -> None:
            self._raw = io.BytesIO(raw)

        def read(self, size: int = -1) -> bytes:
            return self._raw.read(size)

    assert aggregate.read(Pipe(path.read_bytes())) == expected  # type: ignore[arg-type]  # it cannot seek
    with pytest.raises(FileNotFoundError):
        aggregate.read(tmp_path / "absent.xml")
    with pytest.raises(InvalidValue, match="is no path"):
        aggregate.read("a\x00b")
    with pytest.raises(InvalidValue, match="neither bytes"):
        aggregate.read(17)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="'rb'"):
        aggregate.read(io.StringIO("<feedback/>"))  # type: ignore[arg-type]


# What reporters write


def test_the_form_of_rfc_7489() -> None:
    found = aggregate.read(REPORTS / "plain-7489.xml")
    (report,) = found.reports
    assert report.begin == datetime(2026, 11, 1, tzinfo=UTC)
    assert (report.org_name, report.policy.domain, report.policy.pct) == ("big-receiver.example", "shop.example", 100)
    first, second = found.rows
    assert first.source_ip == IPv4Address("192.0.2.10")
    assert first.dkim == (DKIMResult(domain="shop.example", selector="news", result="pass"),)
    assert second.source_ip == IPv6Address("2001:db8:77::25")
    assert str(second.reasons[0]) == "forwarded (looks forwarded)"
    assert str(Reason(type="other")) == "other"
    assert second.report is report


def test_the_form_of_rfc_9990() -> None:
    found = aggregate.read(REPORTS / "namespaced-9990.xml")
    (report,), (row,) = found.reports, found.rows
    assert report.policy == Published(
        domain="shop.example",
        p="quarantine",
        sp="none",
        np="reject",
        fo="1",
        adkim="s",
        aspf="r",
        is_testing=True,
        discovery_method="treewalk",
    )
    assert report.errors == ("two records were found at _dmarc.news.shop.example",)
    assert report.generator == "report-writer 3.1"
    assert row.source_ip == IPv4Address("198.51.100.7"), "an extension does not speak for the report"
    assert row.envelope_to == "new-receiver.example"
    assert [one.result for one in row.dkim] == [AuthResult.PASS, AuthResult.PERMERROR]
    assert row.spf[0].human_result == "~all"
    assert not row.passes


def test_what_reporters_do_to_the_form_does_not_hide_what_they_say() -> None:
    found = aggregate.read(REPORTS / "prefixed-odd.xml")
    (report,) = found.reports
    assert report.org_name == "AT&T of Example"
    assert report.report_id == "77"
    assert report.end == datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC)
    assert (report.policy.domain, report.policy.p, report.policy.sp) == ("shop.example", Policy.NONE, None)
    first, last = found.rows
    assert (str(first.source_ip), first.count, first.disposition) == ("192.0.2.11", 5, Disposition.NONE)
    assert first.envelope_from == "shop.example"
    assert first.spf[0].result is AuthResult.FAIL
    assert first.dkim[0].result is AuthResult.UNREAD
    assert (str(last.source_ip), last.count) == ("2001:db8::7", 1200)
    assert last.disposition is Disposition.UNREAD
    assert last.dkim_aligned, "what the report does not say of alignment, its results do"
    assert codes(found) == ["encoding", "bad-row"]
    assert found.findings[1].place.row == 2


def test_a_broken_record_costs_only_itself() -> None:
    found = aggregate.read(REPORTS / "broken-in-the-middle.xml")
    assert [row.count for row in found.rows] == [1, 3]
    assert codes(found) == ["broken"]
    assert found.findings[0].place.row == 2


def record(count: str = "1", ip: str = "192.0.2.1", more: str = "") -> str:
    return (
        f"<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated><disposition>none</disposition>"
        f"<dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>shop.example</header_from>"
        f"</identifiers>{more}</record>"
    )


HEAD = (
    "<report_metadata><org_name>r.example</org_name><report_id>1</report_id><date_range><begin>1793491200</begin>"
    "<end>1793577599</end></date_range></report_metadata>"
)
POLICY = "<policy_published><domain>shop.example</domain><p>none</p></policy_published>"


def feedback(*parts: str, head: str = HEAD + POLICY) -> str:
    return f"<feedback>{head}{''.join(parts)}</feedback>"


def counts(text: str | bytes) -> list[int]:
    return [row.count for row in aggregate.rows(text)]


@pytest.mark.parametrize(
    "bad",
    [
        record("2").replace("</record>", ""),
        record("2").replace("</count>", "</sum>"),
        record("2", more="<x a=1/>"),
        "<record><row><source_ip>192.0.2.1",
        "<record><<<>>>",
        record("2", ip="nowhere"),
        record("-2"),
        record("two"),
        record("2.5"),
        record("1e99"),
        record("nan"),
        record("9" * 50),
        record(""),
    ],
)
@pytest.mark.parametrize("padding", ["", "<!-- -->" * 8190, " " * 65440])
def test_no_bad_record_stops_the_others(bad: str, padding: str) -> None:
    found = aggregate.read(feedback(record("1"), padding, bad, record("3"), record("4")))
    assert [row.count for row in found.rows] == [1, 3, 4]
    assert found.findings
    assert len(found.reports) == 1


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1793491200000", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01 01:00:00+01:00", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("", None),
        ("1" * 41, None),
        ("1" * 39, None),
        ("nan", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_instants_are_read_in_all_ways_that_reporters_write_them(said: str, meant: datetime | None) -> None:
    head = HEAD.replace("1793491200", said)
    assert aggregate.read(feedback(record("1"), head=head + POLICY)).reports[0].begin == meant


@given(st.text("<>/&;\"'= abcdefkor\n\x00é", max_size=40), st.sampled_from(["", record("2")[:-9], "<a>", "<a b='"]))
def test_no_junk_between_records_costs_the_records_around_it(junk: str, more: str) -> None:
    assert counts(feedback(record("1"), junk, more, record("3"), junk, record("4")))[:1] == [1]
    assert {3, 4} <= set(counts(feedback(record("1"), junk, more, record("3"), junk, record("4"))))


def test_a_count_may_be_written_as_no_integer() -> None:
    assert counts(feedback(record("12.0"), record("1,200"), record("0"), record("٣"))) == [12, 1200, 0, 3]


def test_the_head_may_come_behind_the_records_or_not_at_all() -> None:
    found = aggregate.read(f"<feedback>{record('1')}{record('2')}{HEAD}{POLICY}{record('3')}</feedback>")
    assert [row.count for row in found.rows] == [1, 2, 3]
    assert {row.report.org_name for row in found.rows} == {"r.example"}
    bare = aggregate.read(f"<feedback>{record('1')}</feedback>")
    assert [row.count for row in bare.rows] == [1]
    assert set(codes(bare)) == {"incomplete", "bad-value"}
    many = aggregate.read(f"<feedback>{record('1') * 1500}</feedback>")
    assert len(many.rows) == 1500


def test_a_head_that_breaks_off_is_kept_as_far_as_it_was_read() -> None:
    broken = HEAD.replace("<date_range>", "<date_range <")
    found = aggregate.read(feedback(record("1"), head=broken + POLICY))
    assert found.reports[0].org_name == "r.example"
    assert found.reports[0].begin is None
    assert found.reports[0].policy.domain == "shop.example"
    assert [row.count for row in found.rows] == [1]
    broken = POLICY.replace("<p>", "<p <")
    found = aggregate.read(feedback(record("1"), head=HEAD + broken))
    assert found.reports[0].policy.domain == "shop.example"
    cut_off = aggregate.read(f"<feedback><report_metadata><org_name>r.example</org_name>{record('1')}")
    assert codes(cut_off)[:2] == ["broken", "truncated"]
    assert [(row.count, row.report.org_name) for row in cut_off.rows] == [(1, "r.example")]


def test_two_reports_may_stand_one_behind_the_other() -> None:
    found = aggregate.read(feedback(record("1")) + "\n" + feedback(record("2")).replace("r.example", "s.example"))
    assert [(row.count, row.report.org_name) for row in found.rows] == [(1, "r.example"), (2, "s.example")]
    assert counts(feedback(record("1")) + "\n\x00 \n") == [1]
    assert counts(feedback(record("1")) + "</feedback> end") == [1]
    assert counts(feedback(record("1")) + "<") == [1]


@pytest.mark.parametrize("said", ["", "cp1252", "iso-8859-1", "UTF-7", "zip", "no-such", "utf-16", "ascii"])
def test_the_wrong_encoding_costs_at_most_the_letters_that_it_concerns(said: str) -> None:
    declared = f'<?xml version="1.0" encoding="{said}"?>' if said else '<?xml version="1.0"?>'
    text = declared + feedback(record("1")).replace("r.example", "Größe")
    for encoding in ("utf-8", "cp1252"):
        found = aggregate.read(text.encode(encoding))
        assert [row.count for row in found.rows] == [1]
        assert found.reports[0].org_name.startswith("Gr")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_and_wide_letters_are_understood(encoding: str) -> None:
    found = aggregate.read(feedback(record("1")).replace("r.example", "Größe").encode(encoding))
    assert found.reports[0].org_name == "Größe"
    assert not found.findings


def test_references_are_read_and_stray_ampersands_are_mended_wherever_a_piece_ends() -> None:
    for padding in range(4060, 4096):
        text = feedback(
            record("1"), head="<!--" + "x" * padding + "-->" + HEAD.replace("r.example", "A&B &lt;&#65;") + POLICY
        )
        assert aggregate.read(text).reports[0].org_name == "A&B <A"
    assert aggregate.read(feedback(record("1"), head=HEAD.replace("r.example", "<![CDATA[A&B]]>") + POLICY)).rows
    assert codes(aggregate.read(feedback(record("1")) + "&")) == ["broken"]


def test_alignment_that_is_not_said_is_judged_from_the_results() -> None:
    def judged(results: str, policy: str = POLICY) -> tuple[bool, bool]:
        bare = record("1", more=f"<auth_results>{results}</auth_results>")
        bare = bare.replace("<dkim>pass</dkim><spf>fail</spf>", "")
        (row,) = aggregate.rows(feedback(bare, head=HEAD + policy))
        return row.dkim_aligned, row.spf_aligned

    strict = POLICY.replace("<p>", "<adkim>s</adkim><aspf>s</aspf><p>")
    spf = "<spf><domain>b.shop.example</domain><scope>{}</scope><result>pass</result></spf>"
    dkim = "<dkim><domain>shop.example</domain><result>pass</result></dkim>"
    assert judged(dkim + spf.format("mfrom")) == (True, True)
    assert judged(dkim + spf.format("helo")) == (True, False)
    assert judged(dkim + spf.format("mfrom"), strict) == (True, False)
    assert judged(dkim.replace("pass", "fail")) == (False, False)
    assert judged(dkim, "<policy_published><p>odd</p><pct>lots</pct></policy_published>") == (True, False)


def test_a_row_without_a_from_domain_takes_that_of_the_policy() -> None:
    found = aggregate.read(feedback(record("1").replace("<header_from>shop.example</header_from>", "")))
    assert found.rows[0].header_from == "shop.example"
    assert codes(found) == ["bad-value"]


def test_rows_tell_what_they_know_while_they_go() -> None:
    going = aggregate.rows(feedback(record("1"), record("x"), record("3")))
    assert next(going).count == 1
    assert going.reports[0].org_name == "r.example"
    assert [row.count for row in going] == [3]
    assert codes(going) == ["bad-row"]
    assert codes(aggregate.read(feedback())) == ["empty"]


def test_a_row_that_cannot_be_is_not_built() -> None:
    report = Report()
    for count in (-1, True, 1.0):
        with pytest.raises(InvalidValue, match="from 0 up"):
            Row(
                report=report,
                source_ip=ip_address("192.0.2.1"),
                count=count,  # type: ignore[arg-type]
                dkim_aligned=True,
                spf_aligned=True,
                header_from="a.example",
            )
    with pytest.raises(InvalidValue):
        Report(begin=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_a_report_of_values_that_come_and_go_is_read_right() -> None:
    parts = [
        record(
            str(n), ip=str(ip_address(n)), more=f"<auth_results><spf><domain>d{n}.example</domain></spf></auth_results>"
        )
        for n in range(12_000)
    ]
    found = aggregate.read(feedback(*parts))
    assert [row.count for row in found.rows] == list(range(12_000))
    assert all(row.source_ip == ip_address(row.count) for row in found.rows)
    assert all(row.spf[0].domain == f"d{row.count}.example" for row in found.rows)


def test_a_reading_shows_itself_as_a_table_of_reports() -> None:
    found = aggregate.read(PLAIN)
    shown = found._repr_html_()
    assert f"{found.messages:,}" in shown
    assert found.reports[0].policy.domain in shown
    many = aggregate.Reading(reports=found.reports * 101, rows=found.rows, findings=found.findings)
    assert "… and 1 more reports" in many._repr_html_()
    dateless = aggregate.read("<feedback><record></record></feedback>")
    assert "mailkit-findings" in dateless._repr_html_()
