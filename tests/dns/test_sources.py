"""Who sends as us: rows of many reports folded into sources with names and kinds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import aggregate
from mailkit.dns.aggregate import DKIMResult, Kind, Published, Reason, Report, Row, SPFResult, sources
from mailkit.errors import InvalidValue

START = datetime(2026, 11, 1, tzinfo=UTC)
REPORT = Report(
    org_name="receiver.example",
    begin=START,
    end=START + timedelta(days=1),
    policy=Published(domain="shop.example", p="none"),
)


def row(
    ip: str,
    count: int = 10,
    *,
    dkim: str = "",
    spf: str = "",
    broken: str = "",
    sender: str = "shop.example",
    reasons: tuple[str, ...] = (),
    report: Report = REPORT,
) -> Row:
    """A row; `dkim` and `broken` are "selector domain", `spf` is the return path's domain; only `broken` fails."""

    def signed(text: str, result: str) -> list[DKIMResult]:
        selector, _, domain = text.partition(" ")
        return [DKIMResult(domain=domain, selector=selector, result=result)] if text else []

    def is_ours(domain: str) -> bool:
        return domain == "shop.example" or domain.endswith(".shop.example")

    return Row(
        report=report,
        source_ip=ip_address(ip),
        count=count,
        dkim_aligned=is_ours(dkim.partition(" ")[2]),
        spf_aligned=is_ours(spf),
        header_from=sender,
        reasons=tuple(Reason(type=word) for word in reasons),
        dkim=tuple(signed(dkim, "pass") + signed(broken, "fail")),
        spf=(SPFResult(domain=spf, result="pass"),) if spf else (),
    )


OURS = row("192.0.2.10", 400, dkim="news shop.example", spf="bounce.shop.example")


def test_a_source_adds_up_what_its_network_sent() -> None:
    later = report_of(begin=START + timedelta(days=4), end=START + timedelta(days=5))
    found = sources([OURS, row("192.0.2.77", 5, spf="shop.example", report=later), row("2001:db8::1", 2)])
    first, last = found
    assert (first.name, first.kind) == ("192.0.2.0/24", Kind.OWN)
    assert (first.messages, first.passing, first.failing) == (405, 405, 0)
    assert (first.dkim_aligned, first.spf_aligned) == (400, 405)
    assert first.selectors == ("news._domainkey.shop.example",)
    assert first.return_paths == ("bounce.shop.example", "shop.example")
    assert (first.first_seen, first.last_seen) == (START, START + timedelta(days=5))
    assert first.sends_for_us
    assert (last.name, last.kind, last.failing_share) == ("2001:db8::/48", Kind.UNKNOWN, 1.0)
    assert found.messages == 407


def report_of(begin: datetime | None = None, end: datetime | None = None) -> Report:
    return Report(policy=REPORT.policy, begin=begin, end=end)


def test_vendors_are_named_by_reverse_name_then_signer_then_return_path() -> None:
    names = {"198.51.100.1": "o1.ptr.sendgrid.net.", "198.51.100.9": "nobody.example"}
    found = sources(
        [
            row("198.51.100.1", 5, dkim="x amazonses.com"),
            row("198.51.100.2", 4, dkim="x amazonses.com", spf="mcsv.net"),
            row("198.51.100.3", 3, spf="servers.mcsv.net"),
            row("198.51.100.9", 2),
        ],
        names=names,
    )
    assert [one.name for one in found] == ["SendGrid", "Amazon SES", "Mailchimp", "198.51.100.0/24"]
    assert [one.kind for one in found] == [Kind.VENDOR] * 3 + [Kind.UNKNOWN]
    assert found[0].hosts == ("o1.ptr.sendgrid.net",)
    assert found[0].vendor is not None
    assert found[3].hosts == ("nobody.example",)
    assert found[3].vendor is None


def test_what_only_passes_our_mail_on_is_a_forwarder() -> None:
    forwarder = row("203.0.113.1", 9, dkim="news shop.example", spf="alumni.example")
    told = row("203.0.114.1", 8, reasons=("forwarded",), dkim="other shop.example")
    service = row("203.0.115.1", 7, dkim="billing shop.example", spf="billing.example")
    found = {one.name: one.kind for one in sources([OURS, forwarder, told, service])}
    assert found["203.0.113.0/24"] is Kind.FORWARDER
    assert found["203.0.114.0/24"] is Kind.FORWARDER
    assert found["203.0.115.0/24"] is Kind.OWN, "it has a key of its own, so somebody set it up"


def test_what_breaks_our_signature_is_a_mailing_list() -> None:
    breaking = row("203.0.113.1", 9, broken="news shop.example", spf="list.example")
    told = row("203.0.114.1", 8, reasons=("mailing_list",))
    forged = row("203.0.115.1", 7, broken="guess shop.example", spf="forger.example")
    found = {one.name: one.kind for one in sources([OURS, breaking, told, forged])}
    assert found["203.0.113.0/24"] is Kind.MAILING_LIST
    assert found["203.0.114.0/24"] is Kind.MAILING_LIST
    assert found["203.0.115.0/24"] is Kind.UNKNOWN
    unsigned = attrs.evolve(forged, dkim=(DKIMResult(domain="shop.example", selector="news", result="none"),))
    assert sources([OURS, unsigned])[1].broken_selectors == ()


def test_there_is_an_end_to_how_many_sources_are_told_apart() -> None:
    rows = [row(f"10.{high}.{low}.1", 1, spf=f"{high}.example") for high in range(60) for low in range(250)]
    found = sources(rows, most=100)
    assert len(found) == 101
    assert found[0].name == "other networks"
    assert found[0].messages == 15_000 - 100
    assert len(found[0].return_paths) == 50
    many = {f"10.0.{low}.{end}": f"h{low}-{end}.example" for low in range(1) for end in range(100)}
    (one,) = sources([row(ip, 1) for ip in many], names=many)
    assert len(one.hosts) == 50


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(InvalidValue, match="not an IP address"):
        sources([], names={"mta": "x"})
    for most in (0, True, 1.5):
        with pytest.raises(InvalidValue, match="from 1 up"):
            sources([], most=most)  # type: ignore[arg-type]


def test_sources_show_themselves() -> None:
    found = sources([OURS, row("2001:db8::1", 2, dkim="<b> <i>.shop.example", report=report_of())])
    page = found._repr_html_()
    assert "<b>" not in page
    assert "2026-11-02" in page
    assert str(found).splitlines() == [
        "192.0.2.0/24 (own): 400 messages, 0 failing",
        "2001:db8::/48 (own): 2 messages, 0 failing",
    ]
    assert repr(found) == str(found)
    assert "No sources" in sources([])._repr_html_()
    assert sources([row("192.0.2.1", 0)])[0].failing_share == 0


ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from(["192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8::5"]),
        st.integers(0, 1000),
        dkim=st.sampled_from(["", "a shop.example", "b shop.example", "x amazonses.com"]),
        spf=st.sampled_from(["", "shop.example", "b.shop.example", "other.example", "mcsv.net"]),
        broken=st.sampled_from(["", "a shop.example"]),
        reasons=st.sampled_from([(), ("forwarded",), ("other",)]),
    ),
    max_size=12,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_no_message_is_lost_and_the_order_of_rows_does_not_matter(rows: list[Row], rng: object) -> None:
    found = sources(rows)
    assert found.messages == sum(one.count for one in rows)
    assert sum(one.passing for one in found) == sum(one.count for one in rows if one.passes)
    rng.shuffle(rows)  # type: ignore[attr-defined]
    assert aggregate.sources(iter(rows)) == found
