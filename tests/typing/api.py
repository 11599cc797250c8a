"""The calls that users make, read by type checkers and never run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, assert_type
from zoneinfo import ZoneInfo

from mailkit import (
    Address,
    Envelope,
    Event,
    Finding,
    LetterState,
    Mailbox,
    Message,
    Refusal,
    Suppression,
    compose,
    contacts,
    dns,
    errors,
    letter_state,
    reports,
    send,
    stores,
    track,
)
from mailkit.compose import blocks as b
from mailkit.compose.fetching import WebFetch
from mailkit.dns import aggregate, arc, bimi, paths, publishing, rollout, tls, tls_reports
from mailkit.dns.authentication import authentication_results, dkim_identifiers, spf_identifier
from mailkit.dns.authors import from_domains
from mailkit.dns.fetcher import HttpsFetcher
from mailkit.dns.greeter import SMTPGreeter
from mailkit.findings import Findings
from mailkit.segment import (
    Chain,
    Period,
    Schema,
    Segment,
    Value,
    days,
    distance,
    hours,
    member,
    parse,
    partition,
    presets,
    previous,
    this,
    today,
)
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.sql import Column, Columns, Query

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def values() -> None:
    anna = Address.parse("anna@example.com")
    assert_type(anna.key, str)
    envelope = Envelope(sender="Shop <shop@example.com>", recipient=Mailbox(anna), headers={"X-Shop": "books"})
    assert_type(envelope.return_path, Address | None)
    event = Event(kind="purchase", person="17", at=NOW, value=29.33, currency="USD", properties={"discs": 2})
    assert_type(event.value, Decimal | None)
    assert_type(letter_state([event]), LetterState | None)
    assert_type(Suppression([event]).refusal(address=anna), Refusal | None)


def letters(links: track.CampaignLinks, envelope: Envelope) -> None:
    letter = compose.Letter(subject="Hi", blocks=[b.Heading("Hi"), b.If("vip", [b.Text("Thanks")])])
    template = compose.compile(letter, links=links, inliner="premailer")
    assert_type(template.render({"vip": True}, person=1, at=NOW), Message)
    assert_type(template.encode({"vip": True}, envelope, message_id="1@x.example", date=NOW), bytes)
    assert_type(template.encode({}, envelope, message_id="1@x.example", date=NOW, transfer="8bit"), bytes)
    compose.compile(letter, links=reports.LinkMarks())
    compose.compile(Path("letters/welcome.html"), text=Path("letters/welcome.txt"), lang="ru", templates="letters")
    assert_type(template.preview({"vip": True}, client="images off", sender="shop@example.com"), compose.Preview)
    assert_type(compose.lint(template, clients={"gmail": 0.5}, records=[{"vip": True}]), Findings)
    assert_type(compose.dry_render(template, [{"vip": True}]).failed, int)
    assert_type(compose.check_links(letter, fetch=WebFetch(timeout_seconds=3)), Findings)
    assert_type(compose.spam_score(b"", socket_path="/run/spamd").score, float)
    halves = b.Columns(
        [[b.Text("left"), b.Divider()], b.Column([b.Menu({"Shop": "https://shop.example.com"})], share=2)]
    )
    hours = b.Table(["Day", b.TableColumn("Hours", numeric=True)], rows=[["Monday", "9"]])
    again = compose.Letter.from_json(compose.Letter(subject="Hi", blocks=(halves, hours)).to_json())
    assert_type(again, compose.Letter)
    assert_type(again.blocks, tuple[b.Block, ...])


def segments(people: Sequence[Mapping[str, object]], log: Sequence[Event]) -> None:
    segment = (f.city == "Kazan") & ev.purchase.none(last=days(90)) & (ev.purchase.sum("value") >= 100)
    assert_type(segment, Segment)
    segment.filter(people, events=log, now=NOW)
    columns = Columns(fields={"city": "text"}, properties={"value": Column("cents", "decimal", stored="scaled")})
    assert_type(segment.to_sql("duckdb", columns=columns, now=NOW), Query)
    divided = partition(
        {"loyal": segment}, people, events=log, now=NOW, on_error=lambda record, error: print(error.text)
    )
    assert_type(divided[None], list[Mapping[str, object]])
    assert_type(segment.filter(people, events=log, on_error=bad_record), list[Mapping[str, object]])
    assert_type(parse("city = 'Kazan' and no purchase within last 90 days"), Segment)
    assert_type(segment.to_json(), str)
    assert_type(Segment.from_json('{"mailkit.segment": 1}'), Segment)
    assert_type(Segment.from_json({"mailkit.segment": 1}), Segment)


def bad_record(record: object, error: errors.SegmentError) -> None:
    print(record, error.reason)


def segments_ready_made(people: Sequence[Mapping[str, object]], log: Sequence[Event]) -> None:
    assert_type(presets.at_risk(after=days(60)) & ~presets.new(joined=f.since), Segment)
    assert_type(presets.lifecycle(kind="order"), dict[str, Segment])
    scored = presets.rfm(people, log, now=NOW, bins=4)
    assert_type(scored.segments, dict[str, Segment])
    assert_type(scored.segment(recency=(3, 4)), Segment)
    schema = Schema.of(people, events={"purchase": {"value": "decimal"}, "visit": None})
    schema.check(presets.active())
    assert_type(schema.faults(f.city == "Kazan"), tuple[errors.SegmentError, ...])
    Schema(fields={"city": "text", "address": {"zip": None}})
    assert_type(presets.active().bind({"loyal": f.orders > 9}), Segment)


def segments_by_the_calendar(zone: str) -> None:
    assert_type(this("month", zone=zone), Period)
    assert_type(ev.visit.did(during=previous(3, "week", zone=f.time_zone)), Segment)
    assert_type(f.joined_at.during(this("year", zone=ZoneInfo("Europe/Moscow"))), Segment)
    assert_type(f.born.anniversary(next=days(3), zone=zone), Segment)
    assert_type(f.at.hour(zone), Value)
    assert_type((f.at.part("weekday", zone) < 6) & (f.at.clock(zone) >= "09:00") & (f.ends == today(zone)), Segment)
    assert_type(this("day", zone=zone).start, Value)


def segments_by_order_and_place() -> None:
    chain = ev.clicked.then(ev.cart, within=hours(1)).then_not(ev.purchase, within=days(3)).started(last=days(30))
    assert_type(chain, Chain)
    assert_type(chain & ev.visit.regularly(3, of=4, every="week"), Segment)
    assert_type(ev.purchase.first_time(last=days(7)) | member("loyal"), Segment)
    assert_type(ev.visit.distinct("city"), Value)
    assert_type((distance(f.lat, f.lon, to=(55.79, 49.12)) <= 30) & (f.id.bucket("spring") < 0.2), Segment)
    assert_type(f.mail.matches(r"@corp\.") & (f.city.casefold() == "kazan") & (f.tags.size() >= 2), Segment)


async def sending(jobs: Sequence[send.Job], store: stores.Store) -> None:
    sender = send.Sender(transport=send.SMTPTransport("127.0.0.1", 25), outbox=store.outbox, on_event=print)
    async with sender:
        await sender.add(jobs)
        assert_type(await sender.run(), send.Summary)
    assert_type(sender.run_sync(), send.Summary)
    send.Sender(transport=send.SMTPTransport("127.0.0.1"), outbox=send.MemoryOutbox(), retry=send.RetryPolicy())
    limits = send.Limits(overall=send.Rate(count=10, per=timedelta(seconds=1)))
    assert_type(limits.overall, tuple[send.Rate, ...])
    rules = send.limits.rules_from([{"id": "ours", "codes": ["421"], "measure": "suspend", "for": "20m"}])
    shape = send.limits.Shape(rate=limits.overall, connections=5)
    send.Limits(
        rules=rules,
        providers={"gmail": shape, "yahoo": send.Rate(5, per=timedelta(seconds=1))},
        accounts={"shop": send.limits.Quota(100, per="day")},
        instead={"pool-a": "pool-b"},
    )
    send.Sender(
        transports={"new": send.MXTransport(ip_versions=(4,), own_hostnames=["mail.example.com"])},
        outbox=store.outbox,
        limits=limits,
        meter=store.meter,
        states=store.states,
        warmup=send.warmup.Warmup({"new": send.warmup.Plan(start=500)}, patience=timedelta(hours=9)),
        only_to=["@example.com"],
    )
    assert_type(send.classify(send.Reply.parse("550 5.1.1 no")), send.Verdict)


async def sending_with_everything(store: stores.Store, key: str, events: Sequence[Event]) -> None:
    shapes = {"gmail": send.limits.Shape(rate=send.Rate(20, per=timedelta(seconds=1)), connections=10)}
    quota = send.limits.Quota(100_000, per="day", zone="Europe/Berlin")
    plan = send.warmup.Plan(start=500, growth_share=0.3, target=20_000)
    signer = send.signing.DKIMSigner("example.com", send.signing.DKIMKey("news", key))
    sender = send.Sender(
        transport=send.MXTransport(local_hostname="mail.example.com"),
        transports={"new": send.SMTPTransport("127.0.0.1", 25)},
        outbox=store.outbox,
        limits=send.Limits(accounts={"shop": quota}, providers=shapes, default=send.limits.Shape()),
        meter=store.meter,
        warmup=send.warmup.Warmup({"new": plan}, overflow={"new": "old"}, on_decision=print),
        states=store.states,
        retry=send.RetryPolicies(),
        caps=send.Caps(send.Cap(3, within=timedelta(days=7))),
        only_to=["anna@example.org", "@example.com"],
        signer=send.signing.Signers({"example.com": signer}, unknown="leave"),
        signing_threads=2,
        progress=False,
    )
    await sender.pause("june")
    await sender.resume("june")
    assert_type(await sender.cancel("june"), int)
    assert_type(await sender.resolve({"1@example.com": True}), int)
    summary = sender.run_sync(until="idle")
    assert_type(summary.stopped, Mapping[str, str])
    assert_type(summary[send.JobState.ACCEPTED], int)
    assert_type(send.limits.provider_of("gmail.com"), str)
    assert_type(signer.sign(b"From: shop@example.com"), bytes)
    assert_type(plan.day_of(20_000), int | None)


def tracking(store: stores.Store) -> None:
    tracker = track.Tracker("https://t.example.com", keys=track.Keyring.generate())
    track.asgi(tracker, events=store.events.append)
    assert_type(track.respond(tracker, track.Request(method="GET", path="/"), now=NOW), track.Response)


async def domains(letter: bytes) -> None:
    assert_type(await dns.check("example.com", selectors=["news"]), dns.DomainReport)
    zone = {("example.com", "TXT"): ["v=spf1 -all"]}
    report = dns.check_sync(
        "example.com",
        sends_through=["google", "192.0.2.10"],
        selectors=["news"],
        sample=letter,
        helo="mx.example.com",
        serves=[paths.Path(name="click.example.com", purpose="tracking", vendor="mailgun")],
        blocklists=["spamhaus-zen"],
        resolver=zone,
        fetcher=HttpsFetcher(),
        greeter=SMTPGreeter(),
        deadline=timedelta(seconds=20),
        now=NOW,
    )
    assert_type(report, dns.DomainReport)
    assert_type(report.findings, tuple[Finding, ...])
    assert_type(publishing.zone_text(report.records), str)


async def incoming(letter: bytes) -> None:
    sender = await dns.spf.evaluate("192.0.2.1", "anna@example.com", "mx.example.com", receiver="mx.example.net")
    assert_type(sender, dns.spf.SpfResult)
    assert_type(sender.result, dns.spf.Result)
    assert_type(dns.spf.evaluate_sync(IPv4Address("192.0.2.1"), "", "mx.example.com", resolver={}), dns.spf.SpfResult)
    signed = await dns.dkim.verify(letter, deadline=timedelta(seconds=5), now=NOW)
    assert_type(signed, dns.dkim.Verification)
    assert_type(dns.dkim.verify_sync(letter, resolver={}).result, dns.dkim.Result)
    chain = await arc.verify(letter, resolver=dns.AsyncResolver(nameservers=["192.0.2.53"]))
    assert_type(chain, arc.Chain)
    assert_type([one.results.of("spf")[0].value("smtp.mailfrom") for one in chain.sets], list[str])
    verdict = await dns.dmarc.evaluate(
        from_domains(letter),
        spf=spf_identifier(sender, mail_from="anna@example.com", helo="mx.example.com"),
        dkim=dkim_identifiers(signed.results),
    )
    assert_type(verdict, dns.dmarc.Verdict)
    assert_type(verdict.disposition, dns.dmarc.Policy)
    assert_type(dns.dmarc.evaluate_sync("example.com", dkim=(), resolver={}).result, dns.dmarc.Result)
    found = authentication_results("mx.example.net", spf=sender, dkim=signed.results, dmarc=verdict, arc=chain)
    assert_type(found.header(), str)


def daily_reports(zipped: Path) -> None:
    reading = aggregate.read(zipped)
    assert_type(reading.findings, Findings)
    assert_type(reading.rows, tuple[aggregate.Row, ...])
    assert_type([row.passes for row in aggregate.rows(zipped.read_bytes())], list[bool])
    assert_type(rollout.plan(reading.rows, "v=DMARC1; p=none", now=NOW, ours=["shop"]), rollout.Plan)
    assert_type(tls_reports.read(zipped).reports, tuple[tls_reports.TLSReport, ...])


def records(certificate: bytes) -> None:
    assert_type(dns.spf.suggest("example.com", sends_through=["google"], all="-"), dns.spf.Suggestion)
    assert_type(dns.dkim.generate("example.com", "news", algorithm="ed25519").published, dns.TextRecord)
    assert_type(dns.dmarc.suggest("example.com", policy="reject", rua=["a@b.example"]), tuple[dns.TextRecord, ...])
    assert_type(tls.sts_record("example.com", "20261128"), dns.TextRecord)
    assert_type(tls.sts_policy(["mx.example.com"], mode="enforce", max_age=timedelta(weeks=4)), tls.StsPolicy)
    assert_type(tls.rpt_record("example.com", ["mailto:tls@example.com"]), dns.TextRecord)
    tls.tlsa_record("mx.example.com", certificate)
    assert_type(bimi.suggested("example.com", logo="https://example.com/logo.svg"), dns.TextRecord)


def numbers(log: Sequence[Event]) -> None:
    found = contacts.read_csv("customers.csv", columns={"email": "E-mail"})
    records: Sequence[Mapping[str, Any]] = found.records
    findings: Sequence[Finding] = found.findings
    funnel = reports.funnel(log)
    assert_type(reports.page("Spring", funnel=funnel, findings=findings), str)
    assert_type(reports.rates(funnel)[0].share, float | None)
    assert len(records) == found.total_rows
