"""A domain with its own name server, web server and mail server, looked at through the public names."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from mailkit.dns import AsyncResolver, mx, tls
from mailkit.dns.drive import Helpers, run
from mailkit.dns.errands import Greeted
from mailkit.dns.fetcher import HttpsFetcher
from mailkit.dns.greeter import SMTPGreeter
from mailkit.dns.lookup import Check, together
from mailkit.testing import SMTPServer
from mailkit.testing.zone import DNSZone

D, HOST, WEB = "example.com", "mx.example.com", "mta-sts.example.com"
LOOPBACK = timedelta(seconds=5)


def looked_at() -> Check[tuple[tuple[mx.Found, tls.ServersFound], tls.StsFound, tls.RptFound]]:
    def servers() -> Check[tuple[mx.Found, tls.ServersFound]]:
        mail = yield from mx.find(D)
        return mail, (yield from tls.find_servers(D, mail.names, greets=True))

    return (yield from together(servers(), tls.find_sts(D), tls.find_rpt(D)))


def test_a_domain_that_publishes_what_we_generate_is_sound_and_its_next_certificate_is_not(
    serving: Any, authority: Any
) -> None:
    policy = str(tls.sts_policy([HOST], mode="enforce"))

    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(policy)}\r\n\r\n"
        writer.write((head + policy).encode())
        await writer.drain()
        await reader.read()

    context = authority.context(HOST)
    records: dict[Any, Any] = {
        (D, "MX"): [[10, HOST]],
        (HOST, "A"): ["8.8.8.8"],
        **{(one.name, "TXT"): [one.text] for one in (tls.sts_record(D, "1"), tls.rpt_record(D))},
    }

    def look(zone: dict[Any, Any], web_port: int, mail_port: int) -> tuple[list[str], Any]:
        reach = {"allow_private": True, "ca_file": str(authority.file), "timeout": LOOPBACK}
        helpers = Helpers(
            fetcher=HttpsFetcher(**reach, routes={WEB: ("127.0.0.1", web_port)}),
            greeter=SMTPGreeter(**reach, routes={HOST: ("127.0.0.1", mail_port)}),
        )
        with DNSZone(zone) as names:
            resolver = AsyncResolver(nameservers=[names.host], port=names.port)
            (mail, servers), sts, rpt = asyncio.run(run(looked_at(), resolver=resolver, helpers=helpers))
        findings = [
            *mx.lint(mail),
            *tls.lint_sts(sts, mail.names),
            *tls.lint_rpt(rpt),
            *tls.lint_servers(servers, is_enforced=sts.is_enforced, now=datetime.now(UTC)),
        ]
        return [finding.code for finding in findings], servers.servers[0].greeted

    with serving(authority.context(WEB), web) as web_port, SMTPServer(tls_context=context) as server:
        first, greeted = look(records, web_port, server.port)
        assert first == ["dns.dane-absent"]
        assert isinstance(greeted, Greeted)
        dane = tls.tlsa_record(HOST, greeted.certificate)
        records[(dane.name, "TLSA")] = [dane.text]
        assert look(records, web_port, server.port)[0] == ["dns.dane-unsigned"]  # the zone is not
        with SMTPServer(tls_context=authority.context("other.example.com")) as changed:
            second, _ = look(records, web_port, changed.port)
    assert second == ["dns.starttls-untrusted", "dns.dane-unsigned", "dns.dane-mismatch"]
