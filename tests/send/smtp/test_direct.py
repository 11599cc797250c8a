"""Letters straight to the servers of a domain: several servers on loopback addresses, and one port for all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from mailkit import Envelope
from mailkit.dns.tls import StsPolicy
from mailkit.errors import InvalidValue
from mailkit.send import Job, JobState, MemoryOutbox, Phase, Sender, Transport
from mailkit.send.smtp.direct import MXTransport
from mailkit.send.smtp.lookup import DictLookup, Unanswered
from mailkit.send.smtp.lookup_dns import DNSLookup
from mailkit.send.transport import Accepted, Lost, Refused
from mailkit.testing import Answer, DNSZone, FakeClock, SMTPServer
from mailkit.testing.contracts import check_transport

LETTER = b"Subject: Hello\r\n\r\n.Hello\r\n"
START = datetime(2026, 3, 1, tzinfo=UTC)


def yes() -> asyncio.Future[bool]:
    answer = asyncio.get_running_loop().create_future()
    answer.set_result(True)
    return answer


@contextlib.contextmanager
def servers(*options, **common):
    """Servers on 127.0.0.1, 127.0.0.2 and so on, all on one port; None leaves one address without a server."""
    for attempt in range(20):
        with contextlib.ExitStack() as stack:
            try:
                port, running = 0, []
                for number, given in enumerate(options, start=1):
                    if given is None:
                        running.append(None)
                        continue
                    server = stack.enter_context(SMTPServer(host=f"127.0.0.{number}", port=port, **common | given))
                    port = server.port
                    running.append(server)
            except OSError:  # the port is taken on one of the addresses
                if attempt == 19:
                    raise
                continue
            yield port, running
            return


def direct(port, zone, **options):
    lookup = DictLookup(zone) if isinstance(zone, dict) else zone
    given = {"timeout": timedelta(seconds=5), "rng": Random(1), "clock": FakeClock(START), **options}
    return MXTransport(lookup=lookup, port=port, allows_private=True, local_hostname="mail.shop.example", **given)


def envelope(recipient="anna@example.org", **more):
    return Envelope(sender="shop@example.com", recipient=recipient, **more)


def deliver(transport, *recipients, at_once=False):
    async def main():
        await transport.open()
        letters = [transport.deliver(envelope(one), LETTER, commit=yes) for one in recipients or ("anna@example.org",)]
        try:
            if at_once:
                return await asyncio.gather(*letters)
            return [await letter for letter in letters]
        finally:
            await transport.close()

    return asyncio.run(main())


TWO = {
    "example.org": ["10 mx1.example.org", "20 mx2.example.org"],
    "mx1.example.org": ["127.0.0.1"],
    "mx2.example.org": ["127.0.0.2"],
}


# -- which server -----------------------------------------------------------------------------------------------------


def test_it_is_a_transport():
    transport = MXTransport(connections=7)
    assert isinstance(transport, Transport)
    assert transport.capacity >= 7


def test_it_keeps_the_contract_of_a_transport():
    def answer(recipient):
        who = recipient.partition("@")[0]
        if who in ("refused", "deferred"):
            return Answer(phase="rcpt", reply=f"{550 if who == 'refused' else 450} {who}")
        return Answer(phase="message", drop=True) if who == "lost" else None

    zone = {"example.org": ["10 mx.example.org"], "mx.example.org": ["127.0.0.1"]}
    with servers({"answers": answer}) as (port, (server,)):
        check_transport(
            lambda: direct(port, zone),
            arrived=lambda: [message.content for message in server.messages],
            refused="refused@example.org",
            deferred="deferred@example.org",
            lost="lost@example.org",
        )


def test_the_preferred_server_gets_the_letter_and_is_named():
    with servers({}, {}) as (port, (first, second)):
        (delivery,) = deliver(direct(port, TWO))
    assert isinstance(delivery, Accepted)
    assert delivery.server == f"mx1.example.org:{port}"
    assert [len(server.messages) for server in (first, second)] == [1, 0]
    assert first.messages[0].content == b"Subject: Hello\r\n\r\n.Hello\r\n"


@pytest.mark.parametrize("trouble", [None, {"fault": "busy"}, {"fault": "close"}, {"fault": "garbage"}])
def test_the_next_server_gets_it_if_the_first_cannot_be_had(trouble):
    with servers(trouble, {}) as (port, (_, second)):
        if trouble is None:
            (delivery,) = deliver(direct(second.port, TWO))
        else:
            (delivery,) = deliver(direct(port, TWO))
        assert isinstance(delivery, Accepted)
        assert delivery.server.startswith("mx2.example.org:")
        assert len(second.messages) == 1


def test_the_next_address_of_a_host_is_tried():
    zone = {"example.org": ["10 mx.example.org"], "mx.example.org": [f"127.0.0.{number}" for number in range(2, 6)]}
    with servers(None, {}, None, None, None) as (_, running):
        port = running[1].port
        assert isinstance(deliver(direct(port, zone))[0], Accepted)


def test_a_domain_without_mx_records_takes_its_mail_itself():
    with servers({}) as (port, _):
        (delivery,) = deliver(direct(port, {"example.org": ["127.0.0.1"]}))
    assert isinstance(delivery, Accepted)
    assert delivery.server == f"example.org:{port}"


def test_letters_are_spread_among_equals():
    zone = {"example.org": ["10 a.example", "10 b.example"], "a.example": ["127.0.0.1"], "b.example": ["127.0.0.2"]}
    with servers({}, {}) as (port, running):
        deliver(direct(port, zone, messages_per_connection=1), *["anna@example.org"] * 20)
    assert min(len(server.messages) for server in running) > 3


def test_what_a_server_says_of_the_recipient_is_not_asked_of_another():
    refusing = {"answers": {"anna@example.org": _answer("450 4.2.1 Busy mailbox")}}
    with servers(refusing, {}) as (port, (_, second)):
        (delivery,) = deliver(direct(port, TWO))
    assert isinstance(delivery, Refused)
    assert (delivery.phase, delivery.server) == (Phase.RCPT, f"mx1.example.org:{port}")
    assert second.connections == 0


def _answer(reply):
    return Answer(phase="rcpt", reply=reply)


@pytest.mark.parametrize(
    ("zone", "enhanced"),
    [
        ({}, "5.1.2"),
        ({"example.org": []}, "5.1.2"),
        ({"example.org": ["0 ."]}, "5.1.10"),
        ({"example.org": ["10 mx.example.org"]}, "5.4.4"),
        ({"example.org": ["10 127.0.0.1"]}, "5.4.4"),
        ({"example.org": ["10 Us.example"], "us.example": ["127.0.0.1"]}, "5.4.6"),
    ],
)
def test_what_the_dns_says_for_good_is_a_refusal(zone, enhanced):
    (delivery,) = deliver(direct(9, zone, own_hostnames="us.example"))
    assert isinstance(delivery, Refused)
    assert (delivery.reply.enhanced, delivery.phase, delivery.server) == (enhanced, Phase.RCPT, "")


def test_a_name_server_that_does_not_answer_puts_letters_off():
    (delivery,) = deliver(direct(9, {"example.org": Unanswered("SERVFAIL")}))
    assert delivery == Lost(
        phase=Phase.CONNECT, server="example.org", reason="where its mail goes is not known: SERVFAIL"
    )


def test_a_stranger_cannot_make_us_connect_to_ourselves():
    with servers({}) as (port, (server,)):
        transport = MXTransport(lookup=DictLookup(TWO), port=port, timeout=timedelta(seconds=5))
        (delivery,) = deliver(transport)
    assert isinstance(delivery, Refused)
    assert delivery.reply.enhanced == "5.4.4"
    assert server.connections == 0


def test_real_name_servers_lead_to_real_servers():
    zone = {"xn--e1afmkfd.example": {"MX": [[10, "mx.example.org"]]}, "mx.example.org": {"A": ["127.0.0.1"]}}
    with DNSZone(zone) as names, servers({}) as (port, (server,)):
        lookup = DNSLookup(nameservers=[names.host], port=names.port)
        deliver(direct(port, lookup), "anna@пример.example", "ben@xn--e1afmkfd.example")
        assert [one.recipient for one in server.messages] == ["anna@xn--e1afmkfd.example", "ben@xn--e1afmkfd.example"]
        assert Counter(names.questions())["xn--e1afmkfd.example", "MX"] == 1


# -- connections ------------------------------------------------------------------------------------------------------


def test_domains_with_the_same_hosts_share_a_connection():
    zone = TWO | {f"shop{number}.example": TWO["example.org"] for number in range(5)}
    with servers({}, {}) as (port, (server, _)):
        deliver(direct(port, zone), *[f"anna@shop{number}.example" for number in range(5)])
        assert (server.connections, len(server.messages)) == (1, 5)


def test_connections_to_one_destination_are_bounded():
    with servers({}, {}) as (port, (server, _)):
        names = [f"reader{number}@example.org" for number in range(40)]
        assert len(deliver(direct(port, TWO, connections_per_destination=3), *names, at_once=True)) == 40
        assert (server.connections <= 3, len(server.messages)) == (True, 40)


def test_connections_are_bounded_in_all():
    zone = {f"shop{number}.example": [f"127.0.0.{number % 2 + 1}"] for number in range(30)}
    open_at_once = []

    def count():
        open_at_once.append(sum(server.open_connections for server in running))
        return yes()

    async def main():
        transport = direct(port, zone, connections=4)
        await transport.open()
        letters = (transport.deliver(envelope(f"anna@{domain}"), LETTER, commit=count) for domain in zone)
        found = await asyncio.gather(*letters)
        await transport.close()
        return found

    with servers({}, {}) as (port, running):
        assert all(isinstance(delivery, Accepted) for delivery in asyncio.run(main()))
    assert max(open_at_once) <= 5  # a server may learn of a goodbye a moment late


def test_letters_wait_for_room_while_all_connections_are_busy():
    """Two destinations and one connection: the second is dialled when the first has nothing to do."""
    zone = {"a.example": ["127.0.0.1"], "b.example": ["127.0.0.2"]}
    recipients = [f"reader{number}@{'ab'[number % 2]}.example" for number in range(20)]
    with servers({}, {}) as (port, running):
        deliveries = deliver(direct(port, zone, connections=1), *recipients, at_once=True)
        assert [len(server.messages) for server in running] == [10, 10]
    assert all(isinstance(delivery, Accepted) for delivery in deliveries)


def test_a_letter_that_nobody_waits_for_any_longer_leaves_the_others_alone():
    async def main():
        transport = direct(port, TWO, connections=1)
        letters = [asyncio.ensure_future(transport.deliver(envelope(), LETTER, commit=yes)) for _ in range(4)]
        await asyncio.sleep(0)
        letters[0].cancel()
        letters[2].cancel()
        found = await asyncio.gather(*letters, return_exceptions=True)
        await transport.close()
        return [type(one) for one in found]

    with servers({}, {}) as (port, (server, _)):
        assert asyncio.run(main()) == [asyncio.CancelledError, Accepted, asyncio.CancelledError, Accepted]
        assert len(server.messages) == 2


def test_it_may_be_used_again_in_another_loop():
    with servers({}, {}) as (port, (server, _)):
        transport = direct(port, TWO)
        for _ in range(2):
            assert isinstance(deliver(transport)[0], Accepted)
        assert len(server.messages) == 2


def test_connections_that_are_idle_are_closed():
    async def main():
        transport = direct(port, TWO, idle_timeout=timedelta(milliseconds=20))
        await transport.deliver(envelope(), LETTER, commit=yes)
        while server.open_connections:
            await asyncio.sleep(0.01)
        await transport.close()

    with servers({}, {}) as (port, (server, _)):
        asyncio.run(main())
        assert len(server.messages) == 1


def test_the_hosts_of_a_domain_tell_whose_they_are():
    from mailkit import Domain
    from mailkit.send.limits.providers import provider_of

    zone = {"shop.example": ["20 b.example", "10 aspmx.l.google.com"], "sick.example": Unanswered()}

    async def provider(name):
        domain = Domain.parse(name)
        return provider_of(domain.ascii, await direct(9, zone).mx_hosts(domain))

    assert asyncio.run(provider("shop.example")) == "gmail"
    assert asyncio.run(provider("sick.example")) == asyncio.run(provider("nobody.example")) == ""


def test_a_dead_address_costs_one_time_out_and_is_tried_again_later():
    clock = FakeClock(START)

    async def main():
        transport = direct(port, TWO, clock=clock, messages_per_connection=1)
        await transport.open()
        connections = []
        for _ in range(3):
            assert isinstance(await transport.deliver(envelope(), LETTER, commit=yes), Accepted)
            connections.append(busy.connections)
        clock.advance(timedelta(minutes=2))
        await transport.deliver(envelope(), LETTER, commit=yes)
        await transport.close()
        return [*connections, busy.connections]

    with servers({"fault": "busy"}, {}) as (port, (busy, _)):
        assert asyncio.run(main()) == [1, 1, 1, 2]


def test_if_all_addresses_rest_the_letter_is_put_off_at_once_with_the_reason():
    with servers({"fault": "busy"}, {"fault": "busy"}) as (port, running):
        deliveries = deliver(direct(port, TWO), *["anna@example.org"] * 5)
        assert [server.connections for server in running] == [1, 1]
    assert {delivery.reply.code for delivery in deliveries} == {421}
    assert {delivery.phase for delivery in deliveries} == {Phase.CONNECT}


def test_a_domain_that_turns_us_away_for_good_at_all_hosts_says_so():
    away = Answer(phase="connect", reply="554 5.7.1 No mail from you")
    with servers({"faults": [away]}, {"faults": [away]}) as (port, running):
        (delivery,) = deliver(direct(port, TWO))
        assert [server.connections for server in running] == [1, 1]
    assert isinstance(delivery, Refused)
    assert (delivery.phase, delivery.reply.enhanced) == (Phase.CONNECT, "5.7.1")


def test_a_server_that_says_nothing_is_left_for_the_next():
    with servers({"fault": "silent"}, {}) as (port, (_, second)):
        (delivery,) = deliver(direct(port, TWO, timeout=timedelta(milliseconds=200)))
        assert len(second.messages) == 1
    assert isinstance(delivery, Accepted)


def test_nobody_listening_is_told_with_host_and_address():
    with servers({}) as (port, _):
        pass
    (delivery,) = deliver(direct(port, {"example.org": ["10 mx.example.org"], "mx.example.org": ["127.0.0.1"]}))
    assert isinstance(delivery, Lost)
    assert (delivery.phase, delivery.server) == (Phase.CONNECT, f"mx.example.org:{port}")
    assert delivery.reason == "the connection was refused; is a server listening there? [127.0.0.1]"


def test_a_sender_delivers_to_many_domains():
    zone = {f"shop{number}.example": [f"10 mx{number % 3}.example"] for number in range(30)}
    zone |= {f"mx{number}.example": [f"127.0.0.{number + 1}"] for number in range(3)}
    jobs = [
        Job(
            person=f"{domain}",
            envelope=envelope(f"anna@{domain}"),
            message_id=f"{domain}@example.com",
            date=START,
            raw=LETTER,
        )
        for domain in [*zone, "nobody.example"]
        if domain.startswith(("shop", "nobody"))
    ]
    with servers({}, {}, {}) as (port, running):
        sender = Sender(transport=direct(port, zone), outbox=MemoryOutbox(), clock=FakeClock(START))
        sender.add_sync(jobs)
        summary = sender.run_sync()
        assert [len(server.messages) for server in running] == [10, 10, 10]
    assert summary.outcomes == {JobState.ACCEPTED: 30, JobState.BOUNCED: 1}


# -- TLS --------------------------------------------------------------------------------------------------------------


class Authority:
    """One that vouches for servers' names, and whom nobody knows but who is given its certificate."""

    def __init__(self, folder: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self._folder, self._made = folder, 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._own = self._certificate("Authority", self._key, is_authority=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(_pem(self._own))

    def server(self, name: str, **changes) -> ssl.SSLContext:
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        self._made += 1
        file = self._folder / f"{self._made}.pem"
        file.write_bytes(_pem(self._certificate(name, key, **changes)) + _pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.file))

    def _certificate(self, name, key, *, is_authority=False, until=datetime(2099, 1, 1, tzinfo=UTC)):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        def named(text):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("Authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(until)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        )
        if is_authority:
            signs = dict.fromkeys(("content_commitment", "data_encipherment", "key_agreement"), False)
            signs |= dict.fromkeys(("key_encipherment", "encipher_only", "decipher_only"), False)
            usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **signs)
            builder = builder.add_extension(identifier, critical=False).add_extension(usage, critical=True)
        return builder.sign(self._key, hashes.SHA256())


def _pem(what) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if hasattr(what, "private_bytes"):
        return what.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return what.public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def policy(mode: str, *hosts: str):
    return lambda domain: StsPolicy(mode=mode, mx=hosts, max_age=timedelta(days=7))


ONE = {"example.org": ["10 mx.example.org"], "mx.example.org": ["127.0.0.1"]}
GOOD = policy("enforce", "mx.example.org")


def test_an_enforced_policy_is_content_with_a_valid_certificate(authority):
    with servers({"tls_context": authority.server("mx.example.org")}) as (port, _):
        (delivery,) = deliver(direct(port, ONE, policy=GOOD, tls_context=authority.client()))
    assert isinstance(delivery, Accepted)


@pytest.mark.parametrize(
    ("name", "changes", "trusts", "reason"),
    [
        ("other.example.org", {}, True, "certificate is not to be trusted"),
        ("mx.example.org", {"until": datetime(2021, 1, 1, tzinfo=UTC)}, True, "certificate is not to be trusted"),
        ("mx.example.org", {}, False, "certificate is not to be trusted"),
        ("", {}, True, "does not offer STARTTLS"),
    ],
    ids=["another name", "expired", "unknown authority", "no TLS"],
)
def test_an_enforced_policy_puts_letters_off_where_a_server_cannot_prove_who_it_is(
    authority, name, changes, trusts, reason
):
    given = {"tls_context": authority.server(name, **changes)} if name else {}
    options = {"tls_context": authority.client()} if trusts else {}
    with servers(given) as (port, (server,)):
        (delivery,) = deliver(direct(port, ONE, policy=GOOD, **options))
        assert server.messages == []
    assert isinstance(delivery, Lost)
    assert delivery.phase is Phase.EHLO
    assert delivery.reason.startswith("mx.example.org does not do what MTA-STS demands: ")
    assert reason in delivery.reason


def test_an_enforced_policy_goes_on_to_a_host_that_can(authority):
    with servers({}, {"tls_context": authority.server("mx2.example.org")}) as (port, (first, second)):
        asked = policy("enforce", "*.example.org")
        (delivery,) = deliver(direct(port, TWO, policy=asked, tls_context=authority.client()))
        assert (len(first.messages), len(second.messages)) == (0, 1)
    assert isinstance(delivery, Accepted)


def test_an_enforced_policy_keeps_letters_from_hosts_that_it_does_not_cover(authority, caplog):
    with servers({"tls_context": authority.server("mx.example.org")}) as (port, (server,)):
        elsewhere = policy("enforce", "mx.elsewhere.example")
        (delivery,) = deliver(direct(port, ONE, policy=elsewhere, tls_context=authority.client()))
        assert server.connections == 0
    assert isinstance(delivery, Lost)
    assert delivery.reason == "the domain's MTA-STS policy covers none of its MX hosts (mx.example.org)"
    assert caplog.messages == ["the MTA-STS policy of example.org does not cover mx.example.org"]


NO_TLS_NOW = Answer(phase="starttls", reply="454 4.7.0 TLS not available due to temporary reason")


def test_a_server_that_cannot_do_tls_now_gets_its_mail_without_unless_a_policy_forbids_it(authority, caplog):
    given = {"tls_context": authority.server("mx.example.org"), "faults": [NO_TLS_NOW]}
    with servers(given) as (port, (server,)):
        assert isinstance(deliver(direct(port, ONE))[0], Accepted)
        asked = policy("testing", "mx.example.org")
        assert isinstance(deliver(direct(port, ONE, policy=asked, tls_context=authority.client()))[0], Accepted)
        (delivery,) = deliver(direct(port, ONE, policy=GOOD, tls_context=authority.client()))
        assert len(server.messages) == 2
    assert isinstance(delivery, Lost)
    assert delivery.reason == (
        "mx.example.org does not do what MTA-STS demands: "
        "it answers '454 4.7.0 TLS not available due to temporary reason'"
    )


@pytest.mark.parametrize("name", ["other.example.org", ""], ids=["another name", "no TLS"])
def test_a_policy_in_testing_lets_letters_pass_and_tells_once(authority, caplog, name):
    given = {"tls_context": authority.server(name)} if name else {}
    with servers(given) as (port, _), caplog.at_level(logging.WARNING, "mailkit.send"):
        transport = direct(port, ONE, policy=policy("testing", "mx.example.org"), messages_per_connection=1)
        deliveries = deliver(transport, *["anna@example.org"] * 3)
    assert all(isinstance(delivery, Accepted) for delivery in deliveries)
    (told,) = [record.getMessage() for record in caplog.records if record.name == "mailkit.send"]
    assert told.startswith("mx.example.org does not do what MTA-STS demands: ")


def test_without_a_policy_a_certificate_for_another_name_is_good_enough(authority):
    with servers({"tls_context": authority.server("other.example.org")}) as (port, _):
        assert isinstance(deliver(direct(port, ONE))[0], Accepted)


def test_without_a_policy_broken_tls_is_worse_than_none():
    """A server that offers STARTTLS and cannot shake hands still gets its mail (RFC 7435, 3)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # it has no certificate
    with servers({"tls_context": context}) as (port, (server,)):
        assert isinstance(deliver(direct(port, ONE))[0], Accepted)
        assert len(server.messages) == 1


def test_domains_with_and_without_a_policy_do_not_share_connections(authority):
    zone = ONE | {"free.example": ["10 mx.example.org"]}
    strict = GOOD("example.org")
    asked = {"example.org": strict}.get
    with servers({"tls_context": authority.server("mx.example.org")}) as (port, (server,)):
        transport = direct(port, zone, policy=asked, tls_context=authority.client())
        deliver(transport, "anna@free.example", "anna@example.org", "ben@free.example", "ben@example.org")
        assert server.connections == 2


def test_a_policy_may_be_fetched_by_a_coroutine(authority):
    async def fetch(domain):
        await asyncio.sleep(0)
        return StsPolicy(mode="enforce", mx=["mx.elsewhere.example"], max_age=timedelta(days=7))

    (delivery,) = deliver(direct(9, ONE, policy=fetch))
    assert isinstance(delivery, Lost)


def test_a_policy_that_cannot_be_had_puts_letters_off():
    def fail(domain):
        raise RuntimeError("the cache is down")

    (delivery,) = deliver(direct(9, ONE, policy=fail))
    assert delivery == Lost(
        phase=Phase.CONNECT,
        server="example.org",
        reason="its MTA-STS policy could not be had (RuntimeError: the cache is down)",
    )


def test_a_letter_that_requires_tls_goes_only_to_a_server_that_proves_its_name(authority):
    async def main():
        transport = direct(port, ONE, tls_context=authority.client())
        try:
            return await transport.deliver(envelope(require_tls=True), LETTER, commit=yes)
        finally:
            await transport.close()

    with servers({"tls_context": authority.server("other.example.org")}) as (port, (server,)):
        unproven = asyncio.run(main())
        assert server.messages == []
    assert isinstance(unproven, Lost)
    assert "certificate is not to be trusted" in unproven.reason
    with servers({"tls_context": authority.server("mx.example.org")}) as (port, _):
        assert isinstance(asyncio.run(main()), Accepted)


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("addresses_tried", 1),
        ("ip_versions", (5,)),
        ("ip_versions", ()),
        ("ip_versions", (4, 4)),
        ("connections", 0),
        ("port", 0),
        ("rest", timedelta(0)),
        ("local_hostname", "no name"),
    ],
)
def test_what_could_never_work_is_told_when_it_is_built(setting, value):
    with pytest.raises(InvalidValue, match=f"MXTransport.{setting}"):
        MXTransport(**{setting: value})


def test_ip_versions_may_be_one():
    assert MXTransport(ip_versions=[6]).ip_versions == (6,)


def test_the_connections_of_the_thousand_and_first_destination_are_kept_and_closed_too():
    zone = {f"d{n}.example.org": [f"10 mx{n}.example.org"] for n in range(1002)}
    zone |= {"mx1001.example.org": ["127.0.0.1"], "mx1000.example.org": ["127.0.0.1"]}

    async def main(server):
        transport = direct(server.port, zone)
        for n in range(1002):
            await transport.deliver(envelope(f"anna@d{n}.example.org"), LETTER, commit=yes)
        again = [await transport.deliver(envelope("anna@d1000.example.org"), LETTER, commit=yes) for _ in range(3)]
        await transport.close()
        while server.open_connections:
            await asyncio.sleep(0.01)
        return again

    with SMTPServer() as server:
        assert all(isinstance(one, Accepted) for one in asyncio.run(asyncio.wait_for(main(server), 20)))
    assert server.connections == 2


def test_a_destination_that_is_always_busy_starves_no_other():
    zone = {f"{name}.example.org": [f"10 mx-{name}.example.org"] for name in ("big", "small")}
    zone |= {"mx-big.example.org": ["127.0.0.1"], "mx-small.example.org": ["127.0.0.1"]}

    async def main(server):
        transport = direct(server.port, zone, connections=2, messages_per_connection=5)
        sent = 0

        async def keep_busy():
            nonlocal sent
            while True:
                await transport.deliver(envelope("anna@big.example.org"), LETTER, commit=yes)
                sent += 1

        busy = [asyncio.create_task(keep_busy()) for _ in range(8)]
        while sent < 20:
            await asyncio.sleep(0)
        before = sent
        await transport.deliver(envelope("ben@small.example.org"), LETTER, commit=yes)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        await transport.close()
        return sent - before

    with SMTPServer() as server:
        assert asyncio.run(asyncio.wait_for(main(server), 10)) < 100


def test_connections_that_rest_beside_a_slow_letter_make_room_for_another_destination():
    zone = {f"{name}.example.org": [f"10 mx-{name}.example.org"] for name in ("big", "small")}
    zone |= {"mx-big.example.org": ["127.0.0.1"], "mx-small.example.org": ["127.0.0.1"]}
    slow = {"slow@big.example.org": Answer(phase="message", delay=5)}

    async def main(server):
        transport = direct(server.port, zone, connections=2)
        tasks = [asyncio.create_task(transport.deliver(envelope(one), LETTER, commit=yes)) for one in slow]
        await transport.deliver(envelope("anna@big.example.org"), LETTER, commit=yes)
        await transport.deliver(envelope("ben@small.example.org"), LETTER, commit=yes)
        is_first = not tasks[0].done()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await transport.close()
        return is_first

    with SMTPServer(answers=slow) as server:
        assert asyncio.run(asyncio.wait_for(main(server), 20))
