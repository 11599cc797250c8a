from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import dns.rdatatype
import dns.zone
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailkit.dns.publishing import octodns_yaml, table, table_html, terraform, zone_text
from mailkit.dns.records import AnyRecord, Record, TextRecord
from mailkit.errors import InvalidValue

yaml = pytest.importorskip("yaml", reason="PyYAML, which comes with the documentation tools, reads octoDNS files back")

ZONE = "example.com"
labels = st.from_regex(r"[a-z0-9_]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
names = st.lists(labels, max_size=3).map(lambda parts: ".".join([*parts, ZONE]))
below = names.filter(lambda name: name != ZONE)  # an alias at the zone's own name is no zone
bytes_as_text = st.text(st.characters(max_codepoint=255), max_size=600)
texts = st.builds(TextRecord, name=names, text=bytes_as_text)
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)
others = st.one_of(
    st.builds(Record, name=below, type=st.just("CNAME"), text=hosts),
    st.builds(Record, name=names, type=st.just("MX"), text=st.builds("{} {}".format, st.integers(0, 65535), hosts)),
    st.builds(
        Record,
        name=names,
        type=st.just("TLSA"),
        text=st.binary(min_size=32, max_size=32).map(lambda b: f"3 1 1 {b.hex()}"),
    ),
    st.builds(Record, name=names, type=st.just("A"), text=st.ip_addresses(v=4).map(str)),
    st.builds(Record, name=names, type=st.just("AAAA"), text=st.ip_addresses(v=6).map(str)),
)
records = st.lists(st.one_of(texts, others), max_size=6)

MANY: list[AnyRecord] = [
    TextRecord(name="example.com", text="v=spf1 -all", why="lets nobody\nsend"),
    TextRecord(name="_dmarc.example.com", text="v=DMARC1; p=none"),
    Record(name="example.com", type="MX", text="10 mx1.example.com."),
    Record(name="example.com", type="mx", text="20 mx2.example.com"),
    Record(name="click.example.com", type="CNAME", text="track.example.net", why="leads tracked links"),
    Record(name="_25._tcp.mx1.example.com", type="TLSA", text="3 1 1 " + "AB" * 32),
    Record(name="mx1.example.com", type="A", text="192.0.2.1"),
]


def parsed(text: str) -> dict[tuple[str, str], set[Any]]:
    """A zone file read by dnspython."""
    head = f"$ORIGIN {ZONE}.\n@ 3600 IN SOA ns hostmaster 1 1 1 1 1\n@ IN NS ns\n"
    zone = dns.zone.from_text("$TTL 3600\n" + head + text, relativize=False, check_origin=False)
    found: dict[tuple[str, str], set[Any]] = {}
    for name, _, rdata in zone.iterate_rdatas():
        kind = dns.rdatatype.to_text(rdata.rdtype)
        if kind not in ("SOA", "NS"):
            value: Any = b"".join(rdata.strings) if kind == "TXT" else rdata.to_text()
            found.setdefault((name.to_text(omit_final_dot=True), kind), set()).add(value)
    return found


@given(st.one_of(texts, others))
def test_a_zone_file_line_says_what_the_record_says(record: AnyRecord) -> None:
    (((name, kind), values),) = parsed(zone_text([record])).items()
    assert (name, kind) == (record.name, record.type)
    expected: Any = record.text.encode("latin-1") if kind == "TXT" else record.content
    if kind == "AAAA":  # one address may be written in several ways
        expected, values = ip_address(expected), {ip_address(value) for value in values}
    assert values == {expected}


def test_all_records_stand_in_one_zone_file_below_their_reasons() -> None:
    text = zone_text(MANY)
    assert text.startswith("; lets nobody\n; send\nexample.com. IN TXT")
    found = parsed(text)
    assert found[("example.com", "MX")] == {"10 mx1.example.com.", "20 mx2.example.com."}
    assert found[("click.example.com", "CNAME")] == {"track.example.net."}
    assert zone_text([]) == ""


@given(records)
def test_octodns_reads_every_record_back(some: list[AnyRecord]) -> None:
    read = yaml.safe_load(octodns_yaml(some, zone="Example.com."))
    said: dict[tuple[str, str], list[Any]] = {}
    for owner, entries in read.items():
        assert [entry["type"] for entry in entries] == sorted({entry["type"] for entry in entries})
        for entry in entries:
            name = f"{owner}.{ZONE}" if owner else ZONE
            said[(name, entry["type"])] = entry.get("values") or [entry["value"]]
    assert set(said) == {(record.name, record.type) for record in some}
    for record in some:
        values = said[(record.name, record.type)]
        match record.type:
            case "TXT":
                assert record.text in [value.replace("\\;", ";") for value in values]
            case "MX":
                assert record.content in [f"{value['preference']} {value['exchange']}" for value in values]
            case "TLSA":
                written = [" ".join(str(value[name]) for name in TLSA) for value in values]
                assert record.content in written
            case "CNAME":
                assert len(values) == 1
            case _:
                assert record.content in values


TLSA = ("certificate_usage", "selector", "matching_type", "certificate_association_data")


def test_octodns_has_its_owners_in_order_and_semicolons_escaped() -> None:
    text = octodns_yaml(MANY, zone=ZONE)
    owners = [line for line in text.splitlines() if re.match(r'"', line)]
    assert owners == sorted(owners)
    assert '"v=DMARC1\\\\; p=none"' in text
    assert yaml.safe_load(octodns_yaml([], zone=ZONE)) == {}


@pytest.mark.parametrize("name", ["example.net", "badexample.com"])
def test_a_record_of_another_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match=r"not of the zone example\.com"):
        octodns_yaml([TextRecord(name=name, text="x")], zone=ZONE)


def unquoted(literal: str) -> str:
    """A string of Terraform's language as it means it."""
    import json

    text: str = json.loads(literal)
    return text.replace("$${", "${").replace("%%{", "%{")


@example('a "quoted\\ text\n')
@given(
    st.text(st.characters(max_codepoint=255), max_size=600).filter(lambda text: "$$" not in text and "%%" not in text)
)
def test_terraform_says_a_text_as_each_provider_wants_it(text: str) -> None:
    record = TextRecord(name=ZONE, text=text)
    cloudflare = re.search(r"content = (.*)$", terraform([record]), re.MULTILINE)
    assert cloudflare
    assert unquoted(cloudflare[1]) == record.content
    route53 = re.search(r"records = \[(.*)\]$", terraform([record], provider="route53"), re.MULTILINE)
    assert route53
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', f'"{unquoted(route53[1])}"')
    said = "".join(
        re.sub(r"\\([0-7]{3}|.)", lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else m[1], one) for one in strings
    )
    assert said == text
    assert all(len(one) <= 255 for one in record.strings)


def test_terraform_begins_nothing_of_its_own_within_a_text() -> None:
    assert "$${x} %%{y}" in terraform([TextRecord(name=ZONE, text="${x} %{y}")])


def test_route_53_has_one_resource_for_each_name_and_type_and_cloudflare_one_for_each_record() -> None:
    route53, cloudflare = terraform(MANY, provider="route53"), terraform(MANY)
    assert route53.count("resource ") == 6
    assert 'records = ["10 mx1.example.com.", "20 mx2.example.com."]' in route53
    labels_of = re.findall(r'resource "cloudflare_dns_record" "([a-z0-9_-]+)"', cloudflare)
    assert len(labels_of) == len(set(labels_of)) == len(MANY)
    assert "priority = 10" in cloudflare
    assert f'data    = {{ usage = 3, selector = 1, matching_type = 1, certificate = "{"ab" * 32}" }}' in cloudflare
    assert 'content = "track.example.net"' in cloudflare


def test_a_provider_that_is_not_known_is_refused() -> None:
    with pytest.raises(InvalidValue, match="did you mean 'route53'"):
        terraform(MANY, provider="route-53")


def test_tables_show_each_record_on_a_line_of_its_own() -> None:
    lines = table([*MANY, TextRecord(name="example.com", text="a\nb")]).splitlines()
    assert len(lines) == 1 + len(MANY) + 1
    assert lines[1].endswith("lets nobody send")
    assert "a\\010b" in lines[-1]
    html = table_html([TextRecord(name="example.com", text="<b>&")])
    assert "&lt;b&gt;&amp;" in html
    assert table([]) == "Type  Name  Value"


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("TXT", "x", "use TextRecord"),
        ("SRV", "x", "known are"),
        (5, "x", "not a type"),
        ("A", "::1", "does not appear|Expected|expected"),
        ("AAAA", "192.0.2.1", "At least 3 parts"),
        ("MX", "mx.example.com", "begin with a preference"),
        ("MX", "65536 mx.example.com", "begin with a preference"),
        ("MX", "10 a b", "mean something else"),
        ("CNAME", "a..b", "empty label"),
        ("CNAME", "", "empty label"),
        ("TLSA", "3 1 1 abc", "hexadecimal"),
        ("TLSA", "3 1 1", "hexadecimal"),
        ("CNAME", 5, "not text"),
    ],
)
def test_what_no_record_of_the_type_can_say_is_refused(kind: Any, text: Any, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        Record(name=ZONE, type=kind, text=text)


@pytest.mark.parametrize("name", ["a b", "a..b", 5])
def test_a_name_that_no_zone_can_hold_is_refused(name: Any) -> None:
    with pytest.raises(InvalidValue, match=r"Record\.name"):
        Record(name=name, type="CNAME", text="example.net")


def test_the_null_mx_can_be_written() -> None:
    assert str(Record(name=ZONE, type="MX", text="0 .")) == "example.com. IN MX 0 ."
    assert 'content  = "."' in terraform([Record(name=ZONE, type="MX", text="0 .")])


@pytest.mark.parametrize("ttl", [-5, "1\n}", True, 1 << 31, None])
def test_a_time_to_live_is_a_number_of_seconds(ttl: Any) -> None:
    records = [TextRecord(name="example.com", text="v=spf1 -all")]
    with pytest.raises(InvalidValue, match="seconds"):
        terraform(records, ttl=ttl)
    with pytest.raises(InvalidValue, match="seconds"):
        octodns_yaml(records, zone="example.com", ttl=ttl)
