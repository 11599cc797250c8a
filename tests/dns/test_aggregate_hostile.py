"""Hostile reports end soon, in little memory, and with a finding."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailkit.dns import aggregate
from mailkit.dns.mailparts import parts, split

ROW = (
    b"<record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated><dkim>pass</dkim><spf>pass</spf>"
    b"</policy_evaluated></row><identifiers><header_from>a.example</header_from></identifiers></record>"
)
START = b"<feedback><report_metadata><org_name>r</org_name><report_id>1</report_id>"
START += b"<date_range><begin>1793491200</begin><end>1793577599</end></date_range></report_metadata>"
START += b"<policy_published><domain>a.example</domain></policy_published>"
REPORT = START + ROW + b"</feedback>"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Time of this process alone, so that a busy machine does not matter."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def codes(source: bytes, **limits: int) -> set[str]:
    found = aggregate.read(source, limits=aggregate.Limits(**limits))
    return {finding.code.removeprefix("dns.aggregate-") for finding in found.findings}


def zeros(gigabytes: float = 1) -> Iterator[bytes]:
    for _ in range(int(gigabytes * 1024)):
        yield bytes(1024 * 1024)


def gzip_bomb(start: bytes = b"") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(start) + b"".join(map(packer.compress, zeros())) + packer.flush()


def zip_bomb(start: bytes = b"") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.xml", "w") as member:
        member.write(start)
        for piece in zeros():
            member.write(piece)
    return held.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gzip_bomb, zip_bomb])
def test_a_gigabyte_of_zeros_ends_at_once_and_keeps_the_rows_before_it(pack: object) -> None:
    for start, rows in ((START + ROW, 1), (b"", 0)):
        bomb = pack(start)  # type: ignore[operator]
        with within(2):
            found = aggregate.read(bomb)
        assert len(found.rows) == rows
        assert {"dns.aggregate-too-large", "dns.aggregate-unreadable"} & {finding.code for finding in found.findings}


def test_a_small_bomb_is_refused_by_its_ratio() -> None:
    bomb = START + ROW + b" " * 8_000_000
    for packed in (gzip.compress(bomb), gzip.compress(gzip.compress(bomb))):
        found = aggregate.read(packed)
        assert len(found.rows) == 1
        assert "dns.aggregate-too-large" in {finding.code for finding in found.findings}


def test_no_more_is_unpacked_than_is_allowed() -> None:
    long = START + ROW * 5000
    for source in (long, gzip.compress(long)):
        found = aggregate.read(source, limits=aggregate.Limits(longest_bytes=300_000))
        assert 500 < len(found.rows) < 5000
        assert "dns.aggregate-too-large" in {finding.code for finding in found.findings}
    mail = b"Content-Type: text/xml\n\n" + long
    assert codes(mail, longest_packed_bytes=100_000) == {"too-large"}


def test_billion_laughs_and_every_other_document_type_are_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "ha">'
    for one, more in zip(b"bcdefghij", b"abcdefghi", strict=True):
        laughs += b'<!ENTITY %c "%s">' % (one, b"&%c;" % more * 10)
    laughs += b"]><feedback><report_metadata><org_name>&j;</org_name></report_metadata></feedback>"
    with within(1):
        assert codes(laughs) == {"refused", "empty"}
    for doctype in (b"<!DOCTYPE feedback>", b'<!DOCTYPE feedback SYSTEM "http://attacker.example/x.dtd">'):
        assert codes(doctype + REPORT) == {"refused", "empty"}
    external = b'<!DOCTYPE feedback [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + REPORT.replace(b">r<", b">&x;<")
    found = aggregate.read(external)
    assert not found.rows
    assert not found.reports
    assert codes(REPORT + b"<!DOCTYPE feedback>") == {"broken"}


def test_a_million_nested_elements_are_refused() -> None:
    with within(2):
        assert "refused" in codes(START + b"<a>" * 1_000_000)
        found = aggregate.read(START + ROW + b"<record>" + b"<x>" * 1_000_000)
    assert len(found.rows) == 1
    assert "refused" in codes(b"<feedback><report_metadata><org_name>r</org_name>" + b"<a>" * 100)
    assert "refused" in codes(b"<feedback><policy_published><domain>a.example</domain>" + b"<a>" * 100)


def test_endless_tags_texts_and_names_end() -> None:
    with within(5):
        assert "refused" in codes(START + b'<a b="' + b"x" * 5_000_000)
        assert "refused" in codes(START + b"<!--" + b"x" * 5_000_000)
        assert "refused" in codes(START + b"".join(b"<a%d/>" % number for number in range(5000)))
        long = aggregate.read(START.replace(b">r<", b">" + b"r" * 3_000_000 + b"<") + ROW)
        assert len(long.reports[0].org_name) == 10_000
        assert len(long.rows) == 1
        texts = aggregate.read(START.replace(b">r<", b">" + b"r<a/>" * 300_000 + b"r<") + ROW)
        assert len(texts.rows) == 1


def test_endless_results_and_breaks_end() -> None:
    results = b"<auth_results>" + b"<dkim><domain>a.example</domain></dkim>" * 50_000 + b"</auth_results></record>"
    with within(5):
        (row,) = aggregate.rows(START + ROW.replace(b"</record>", results))
        assert len(row.dkim) == 200
        assert "broken" in codes(START + b"<record <" * 100_000)
        assert "more" in codes(START + ROW.replace(b">1<", b">x<") * 300 + ROW)
        assert "broken" in codes(START + b"<record>" * 100_000)
    found = aggregate.read(START + b"<record <" * 900 + ROW)
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    "junk", [b"<html><body>x</body></html>", b"<<<", b"<a", b"<!-- ", b"<", b"", b"{}", b"\x00\x01\x02"]
)
def test_what_is_no_report_is_said_to_be_none(junk: bytes) -> None:
    for source in (junk, gzip.compress(junk), zipped("a.xml", junk)):
        assert "unreadable" in codes(source)


def zipped(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr(name, content)
    return held.getvalue()


def test_zips_in_zips_secret_ones_and_odd_ones_are_left_shut() -> None:
    assert codes(zipped("b.zip", zipped("a.xml", REPORT))) == {"archive"}
    assert codes(zipped("a.xml", REPORT, zipfile.ZIP_LZMA)) == {"archive"}
    secret = bytearray(zipped("a.xml", REPORT))
    secret[secret.index(b"PK\x01\x02") + 8] |= 1
    assert codes(bytes(secret)) == {"archive"}
    packed = REPORT
    for _ in range(6):
        packed = gzip.compress(packed)
    assert codes(packed) == {"archive"}
    held = io.BytesIO()
    zipfile.ZipFile(held, "w").close()
    assert codes(held.getvalue()) == {"unreadable"}


def test_damaged_archives_give_what_can_be_read() -> None:
    long = START + b"".join(ROW.replace(b">1<", b">%d<" % number) for number in range(3000))
    packed = gzip.compress(long)
    for broken in (packed[: len(packed) // 2], packed[: len(packed) // 2] + b"\xff" * 50):
        found = aggregate.read(broken)
        assert 100 < len(found.rows) < 3000
        assert "dns.aggregate-archive" in {finding.code for finding in found.findings}
    archive = bytearray(zipped("a.xml", long))
    archive[len(archive) // 2] ^= 0xFF
    found = aggregate.read(bytes(archive))
    assert found.rows
    assert {"dns.aggregate-archive", "dns.aggregate-broken"} & {finding.code for finding in found.findings}
    assert codes(b"PK\x03\x04" + b"x" * 100) == {"archive"}
    stored = zipped("a.xml", REPORT, zipfile.ZIP_STORED).replace(b"a.example", b"b.example")
    assert len(aggregate.read(stored).rows) == 1
    assert codes(stored) == {"archive"}
    for at in (-5, -8):  # the check sum and the length, and nothing else
        damaged = bytearray(gzip.compress(REPORT))
        damaged[at] ^= 0xFF
        assert len(aggregate.read(bytes(damaged)).rows) == 1
        assert codes(bytes(damaged)) == {"archive"}
    assert len(aggregate.read(gzip.compress(REPORT) + b"trailing").rows) == 1


def test_zips_with_many_files_or_an_endless_table_of_contents_are_cut_short() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}.xml", REPORT)
    found = aggregate.read(held.getvalue(), limits=aggregate.Limits(most_members=10))
    assert len(found.rows) == 10
    assert {finding.code for finding in found.findings} == {"dns.aggregate-too-large"}
    endless = bytearray(held.getvalue())
    at = endless.rindex(b"PK\x05\x06")
    endless[at + 12 : at + 16] = (2**30).to_bytes(4, "little")
    assert codes(bytes(endless)) == {"too-large"}
    with within(2):
        many = aggregate.read(gzip.compress(REPORT) * 20_000)
    assert len(many.reports) == 100


def test_hostile_mails_end() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000))
    with within(5):
        assert codes(nested) == {"unreadable"}
        assert codes(b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 200_000) == {"unreadable"}
        assert codes(b"Content-Type: message/rfc822\n\n" * 20_000) == {"unreadable"}
        assert codes(b"Subject: x\n" * 200_000) == {"unreadable"}
        assert codes(b"A: b\n" + b"\n " * 1_000_000) == {"unreadable"}
        quotes = b"Content-Type: multipart/mixed;" + b'";' * 120_000 + b"\n\n"
        assert codes(b"Content-Type: multipart/mixed; boundary=x\n\n" + (b"--x\n" + quotes) * 50) == {"unreadable"}


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: multipart/mixed; boundary*=utf-99'en'x",
        b"Content-Type: multipart/mixed; boundary*0*=us-ascii'en'x; boundary*1",
        b"Content-Type: multipart/mixed; boundary=",
        b"Content-Type: multipart/mixed; boundary=\xff\xfe",
        b"Content-Type: multipart/mixed; boundary*=idna''%ff\nContent-Disposition: a; filename=x",
        b"Content-Type: text/xml\nContent-Disposition: attachment; filename*=idna''%ff",
        b"Content-Type: \xff\xfe; name*=\xff''\xff",
        b"Content-Type: text/xml; name*0*=x''%; name*2=y\nContent-Disposition: attachment; filename*=no-such'x'%ff",
        b"Content-Transfer-Encoding: \xff",
        b"Content-Transfer-Encoding: base64\n\nA",
        b"",
    ],
)
def test_odd_headers_are_read_without_an_error(header: bytes) -> None:
    assert list(parts(header + b"\n\n--x\n\nbody\n--x--\n"))
    split(header)


def test_parts_are_cut_where_their_boundaries_are() -> None:
    mail = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--xy\r\n--x  \r\n\r\ntwo"
    mail += b"\n--x--\r\n--x\r\n\r\nthree"
    assert [part.content for part in parts(mail)] == [b"one\r\n--xy", b"two"]
    assert [part.content for part in parts(mail.replace(b"\n--x--", b""))] == [b"one\r\n--xy", b"two", b"three"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_memory_does_not_grow_with_the_number_of_records() -> None:
    """Each size in a process of its own, so that each has a peak of its own."""
    program = """
import sys
from mailkit.dns import aggregate
row = (b"<record><row><source_ip>10.%d.%d.%d</source_ip><count>1</count><policy_evaluated><dkim>pass</dkim>"
       b"<spf>pass</spf></policy_evaluated></row><identifiers><header_from>a.example</header_from></identifiers></record>")
class File:
    def __init__(self, most):
        self.left, self.most, self.held = 0, most, b"<feedback>"
    def read(self, size=-1):
        while len(self.held) < size and self.left < self.most:
            n = self.left = self.left + 1
            self.held += row % (n >> 16 & 255, n >> 8 & 255, n & 255)
        found, self.held = self.held[:size], self.held[size:]
        return found
number = int(sys.argv[1])
assert sum(1 for _ in aggregate.rows(File(number))) == number
print(int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]))
"""

    def peak(number: int) -> int:
        command = [sys.executable, "-c", program, str(number)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert peak(200_000) < peak(20_000) + 4 * 1024


@pytest.mark.parametrize(("begin", "kind"), [(b'{"policies": [', "JSON"), (b"[1:", "JSON")])
def test_what_is_no_report_is_refused_early_and_in_the_right_words(begin: bytes, kind: str) -> None:
    packed = gzip.compress(begin + b'{"a": 1}, ' * 3_000_000)
    tracemalloc.start()
    try:
        with within(2):
            found = aggregate.read(packed)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [finding.message for finding in found.findings] == [f"is {kind}, where a report in XML is wanted"]
    assert peak < 2_000_000


def test_a_mail_that_is_too_long_is_refused_before_it_is_put_together() -> None:
    long = gzip.compress(b"Subject: x\n\n" + os.urandom(1000) * 5_000)
    limits = aggregate.Limits(longest_packed_bytes=1_000_000)
    (found,) = aggregate.read(long, limits=limits).findings
    assert found.message == "is a mail, or a zip that does not come as a file, of more than 1000000 bytes"
