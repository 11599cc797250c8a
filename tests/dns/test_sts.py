from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Malformed, NoData, NoSuchDomain, ServerFailure, TimedOut, tls
from mailkit.dns.drive import Helpers, run_sync
from mailkit.dns.errands import Fetch, Fetched
from mailkit.dns.tls.sts import LONGEST_AGE
from mailkit.errors import InvalidValue

D = "example.com"
MX = "mx1.example.com"
ZONE = {("_mta-sts.example.com", "TXT"): ["v=STSv1; id=20261128"]}
FILE = "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmax_age: 604800\n"

labels = st.from_regex(r"[a-z0-9_]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
host_names = st.lists(labels, min_size=1, max_size=4).map(".".join)
patterns = st.builds(lambda name, is_wild: f"*.{name}" if is_wild else name, host_names, st.booleans())
ages = st.integers(0, int(LONGEST_AGE.total_seconds())).map(lambda seconds: timedelta(seconds=seconds))
policies = st.builds(
    tls.StsPolicy,
    mode=st.none() | st.sampled_from(tls.Mode),
    mx=st.lists(patterns, max_size=4),
    max_age=st.none() | ages,
    has_version=st.booleans(),
)


@attrs.frozen
class Page:
    """Brings one page, and remembers nothing."""

    found: Any

    def fetch(self, page: Fetch) -> Any:
        assert page == Fetch("https://mta-sts.example.com/.well-known/mta-sts.txt")
        return self.found


def policy(body: str | bytes, *, status: int = 200, kind: str = "text/plain") -> Fetched:
    return Fetched(status=status, media_type=kind, body=body.encode() if isinstance(body, str) else body)


def found(zone: Any = None, page: Any = None) -> tls.StsFound:
    helpers = Helpers(fetcher=Page(policy(FILE) if page is None else page))
    return run_sync(tls.find_sts(D), resolver=ZONE if zone is None else zone, helpers=helpers)


def codes(zone: Any = None, page: Any = None, hosts: tuple[str, ...] = (MX,)) -> list[str]:
    return [f"{one.severity} {one.code.removeprefix('dns.mta-sts-')}" for one in tls.lint_sts(found(zone, page), hosts)]


@given(policies)
def test_a_policy_reads_back_from_its_file(one: tls.StsPolicy) -> None:
    assert tls.StsPolicy.parse(str(one)) == one
    assert tls.StsPolicy.parse(str(one).replace("\n", "\r\n")) == one


@given(st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True))
def test_a_record_reads_back_from_its_text(identifier: str) -> None:
    record = tls.StsRecord(id=identifier)
    assert tls.StsRecord.parse(str(record)) == record
    assert record.is_valid
    assert tls.sts_record(D, identifier).text == str(record)


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_text_is_read_as_a_policy(text: str | bytes) -> None:
    one = tls.StsPolicy.parse(text)
    assert tls.StsPolicy.parse(str(one)) == attrs.evolve(one, broken=())


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_text_behind_the_version_is_read_as_a_record(text: str) -> None:
    record = tls.StsRecord.parse(f"v=STSv1;{text}")
    assert record.is_valid is (bool(record.id) and not any(part.fault != "repeated" for part in record.broken))


@given(host_names, st.lists(host_names, min_size=1, max_size=4), st.sampled_from(["testing", "enforce"]))
def test_what_is_generated_is_found_sound_for_the_hosts_given(name: str, hosts: list[str], mode: str) -> None:
    made = tls.sts_policy(hosts, mode=mode)
    zone = {("_mta-sts.example.com", "TXT"): [tls.sts_record(D, "1").text]}
    assert codes(zone, policy(str(made)), tuple(hosts)) == (["info testing"] if mode == "testing" else [])


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("mx.example.com", "mx.example.com", True),
        ("mx.example.com", "MX.Example.COM.", True),
        ("*.example.com", "mx.example.com", True),
        ("*.example.com", "a.mx.example.com", False),
        ("*.example.com", "example.com", False),
        ("mx.example.com", "mx.example.net", False),
        ("MX.example.com", "mx.example.com", True),
    ],
)
def test_a_star_stands_for_one_label(pattern: str, host: str, expected: bool) -> None:
    assert tls.StsPolicy(mx=[pattern]).covers(host) is expected


def test_the_example_of_the_rfc_is_read() -> None:
    lines = ("version: STSv1", "mode: enforce", "mx: mail.example.com", "mx: *.example.net", "mx: backupmx.example.com")
    text = "\r\n".join((*lines, "max_age: 604800"))
    one = tls.StsPolicy.parse(text)
    assert one.mode is tls.Mode.ENFORCE
    assert one.mx == ("mail.example.com", "*.example.net", "backupmx.example.com")
    assert one.max_age == timedelta(weeks=1)
    assert not one.faults
    assert tls.StsRecord.parse("v=STSv1; id=20160831085700Z;").id == "20160831085700Z"


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("v=STSv1", False),
        ("v=STSv1;", False),
        ("v=STSv1; id=", False),
        ("v=STSv1; id=a-b", False),
        ("v=STSv1; id=" + "a" * 33, False),
        ("v=STSv1 ;id=1 ; more=x", True),
        ("v=STSv1; id=1; id=2", True),
        ("v=STSv1; id=1; oops", False),
        ("v=STSv1; id=1; a=b=c", False),
        ("v=STSv1; id=1=2", False),
        ("v=STSv1; id=1;", True),
        ("v=STSv1; id=1 ; ", True),
        ("v=STSv1; id=1;;", False),
        ("v=STSv1;; id=1", False),
        ("v=STSv1; id = 1", False),
    ],
)
def test_which_records_senders_look_at(text: str, is_valid: bool) -> None:
    assert tls.StsRecord.parse(text).is_valid is is_valid


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (ZONE, []),
        ({}, ["info absent"]),
        ({("_mta-sts.example.com", "TXT"): NoData()}, ["info absent"]),
        ({("_mta-sts.example.com", "TXT"): TimedOut()}, ["warning unanswered"]),
        ({("_mta-sts.example.com", "TXT"): Malformed("x")}, ["warning unanswered"]),
        ({("_mta-sts.example.com", "TXT"): ["v=spf1 -all"]}, ["warning not-a-record"]),
        ({("_mta-sts.example.com", "TXT"): ["v=spf1 -all", "v=STSv1; id=1"]}, []),
        ({("_mta-sts.example.com", "TXT"): ["v=STSv1; id=2", "v=STSv1; id=1"]}, ["error several"]),
        ({("_mta-sts.example.com", "TXT"): ["v=STSv1"]}, ["error syntax"]),
        ({("_mta-sts.example.com", "TXT"): ["v=STSv1; id=a-b"]}, ["error syntax"]),
        ({("_mta-sts.example.com", "TXT"): ["v=STSv1; id=1; id=2"]}, ["warning syntax"]),
        ({("_mta-sts.example.com", "TXT"): ["v=STSv1; id=1;;"]}, ["error syntax"]),
    ],
)
def test_what_is_said_about_the_record(zone: Any, expected: list[str]) -> None:
    assert codes(zone) == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (policy(FILE, kind="text/html"), ["warning policy-media-type"]),
        (policy(FILE, kind=""), ["warning policy-media-type"]),
        (policy("", status=404), ["error policy-absent"]),
        (policy("", status=301), ["error policy-absent"]),
        (TimedOut(), ["warning policy-unanswered"]),
        (ServerFailure("not reachable: refused"), ["warning policy-unanswered"]),
        (ServerFailure("certificate: expired"), ["error policy-certificate"]),
        (Malformed("it is longer than 65536 bytes"), ["error policy-unreadable"]),
        (policy(b""), ["error policy-invalid"]),
        (policy(FILE + "oops\n"), ["error policy-syntax", "error policy-invalid"]),
        (policy(FILE + "mx: a b\n"), ["error policy-syntax", "error policy-invalid"]),
        (policy(FILE.replace("STSv1", "STSv2")), ["error policy-syntax", "error policy-invalid"]),
        (policy(FILE.replace("enforce", "Enforce")), ["error policy-syntax", "error policy-invalid"]),
        (policy(FILE.replace("604800", "x")), ["error policy-syntax", "error policy-invalid"]),
        (policy(FILE.replace("604800", "99999999")), ["warning policy-syntax"]),
        (policy(FILE.replace("604800", "99999999999")), ["error policy-syntax", "error policy-invalid"]),
        (policy(FILE.replace(MX, f"{MX}.")), ["warning policy-syntax"]),
        (policy(FILE.replace(MX, f"{MX}..")), ["error policy-syntax", "error policy-invalid"]),
        (policy(FILE + "mode: none\n"), ["warning policy-syntax"]),
        (
            policy(FILE + "\n more\n".replace(" ", "") + ": x\n"),
            ["error policy-syntax", "error policy-syntax", "error policy-invalid"],
        ),
        (policy(FILE + "policy_extra: x\n\n"), []),
        (policy(FILE.replace("enforce", "none")), ["warning none"]),
        (policy("version: STSv1\nmode: none\nmax_age: 60\n"), ["warning none"]),
        (policy(FILE.replace("enforce", "testing")), ["info testing"]),
        (policy(FILE.replace("604800", "3600")), ["warning max-age"]),
        (policy(FILE.replace("604800", "86400")), ["info max-age"]),
    ],
)
def test_what_is_said_about_the_policy(page: Any, expected: list[str]) -> None:
    assert codes(None, page) == expected


def test_a_host_that_the_policy_does_not_allow_is_an_error_once_it_is_enforced() -> None:
    assert codes(hosts=(MX, "mx2.example.com")) == ["error mx-not-covered"]
    testing = policy(FILE.replace("enforce", "testing"))
    assert codes(None, testing, ("mx2.example.com",)) == ["info testing", "warning mx-not-covered", "info mx-unused"]
    assert codes(hosts=()) == []
    (finding,) = tls.lint_sts(found(), [MX, "mx2.example.com"])
    assert finding.mend == "mx: mx2.example.com"


def test_a_line_that_cannot_be_read_is_told_by_its_number() -> None:
    first, *_ = tls.lint_sts(found(page=policy(FILE + "oops\n")))
    assert first.place.line == 5


def test_without_a_fetcher_the_policy_is_not_asked_for() -> None:
    (finding,) = tls.lint_sts(run_sync(tls.find_sts(D), resolver=ZONE))
    assert finding.code == "dns.mta-sts-policy-not-asked"


def test_a_policy_is_enforced_only_if_senders_do_not_ignore_it() -> None:
    assert found().is_enforced
    assert not found(page=policy(FILE + "oops\n")).is_enforced
    assert not found(page=TimedOut()).is_enforced
    assert not found({("_mta-sts.example.com", "TXT"): NoSuchDomain()}).is_enforced
    assert not found({("_mta-sts.example.com", "TXT"): ["v=STSv1; id=1; a=b=c"]}).is_enforced


def test_a_policy_is_taken_for_what_it_must_mean() -> None:
    one = tls.StsPolicy.parse(FILE.replace("604800", "31557601").replace(MX, "*.Example.com."))
    assert (one.max_age, one.mx, one.faults) == (LONGEST_AGE, ("*.example.com",), ())
    assert one.covers(MX)
    assert [str(part) for part in one.broken] == ["mx: *.Example.com.", "max_age: 31557601"]
    assert tls.StsPolicy.parse(str(one)) == one


def test_a_finding_on_values_alone_has_no_line_to_tell() -> None:
    one = attrs.evolve(found(page=policy("oops\n")), page=None)
    assert tls.lint_sts(one)[0].place.line == 1


@pytest.mark.parametrize(
    "build",
    [
        lambda: tls.StsRecord(id="a b"),
        lambda: tls.StsRecord(id=5),
        lambda: tls.StsRecord.parse("v=spf1"),
        lambda: tls.StsRecord.parse(5),
        lambda: tls.sts_record(D, ""),
        lambda: tls.StsPolicy(mode="strict"),
        lambda: tls.StsPolicy(mx=["a b"]),
        lambda: tls.StsPolicy(mx=["a." * 130 + "b"]),
        lambda: tls.StsPolicy(mx="mx.example.com"),
        lambda: tls.StsPolicy(max_age=60),
        lambda: tls.StsPolicy(max_age=timedelta(days=400)),
        lambda: tls.StsPolicy(max_age=timedelta(seconds=0.5)),
    ],
)
def test_a_wrong_value_cannot_be_built(build: Any) -> None:
    with pytest.raises(InvalidValue):
        build()


def test_a_policy_of_broken_lines_is_told_in_time_that_grows_with_it() -> None:
    findings = tls.lint_sts(found(page=policy("\n" + "x\n" * 30000)))
    assert [one.place.line for one in findings[:-1]] == list(range(2, 30002))


def test_a_long_policy_is_read_in_time_that_grows_with_it() -> None:
    one = tls.StsPolicy.parse("mx: a.example\n" * 4000 + "x" * 8000)
    assert len(one.mx) == 4000


def test_a_policy_names_hosts_as_they_are_written_anywhere() -> None:
    policy = tls.sts_policy(["mx.example.com.", "почта.рф", "*.example.net"])
    assert policy.mx == ("mx.example.com", "xn--80a1acny.xn--p1ai", "*.example.net")
    assert tls.sts_policy([], mode="none").mx == ()


@pytest.mark.parametrize(
    ("hosts", "mode"), [([], "testing"), (["mx.example.com"], "nope"), ("mx.example.com", "testing")]
)
def test_what_is_no_policy_is_refused_before_it_is_published(hosts: Any, mode: str) -> None:
    with pytest.raises(InvalidValue):
        tls.sts_policy(hosts, mode=mode)
