"""A sender's parts together: unwanted campaigns, keys that cannot sign, and transports that go to many places."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from mailkit import Envelope
from mailkit.errors import InvalidValue, StoreError
from mailkit.send import Job, JobState, Limits, MemoryOutbox, MXTransport, Sender
from mailkit.send.limits import Rule, Shape
from mailkit.send.signing import DKIMKey, DKIMSigner, Signers
from mailkit.send.smtp.direct_policy import Destination, Security
from mailkit.send.smtp.mx import Exchange, Route
from mailkit.send.unlimited import Unlimited
from mailkit.testing.clock import FakeClock
from mailkit.testing.transport import MemoryTransport

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SEED = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
UNWANTED = Rule(id="unwanted", codes=["5"], pattern="spam", measure="stop", lasts=timedelta(days=1))


def job(name, **changes):
    given = {
        "person": name,
        "envelope": Envelope(sender="shop@example.com", recipient=name if "@" in name else f"{name}@example.org"),
        "message_id": f"{name}.{changes.get('campaign', '')}".replace("@", ".") + "@example.com",
        "date": START,
        "raw": b"From: shop@example.com\r\nSubject: Hello\r\n\r\nHello",
    }
    return Job(**{**given, **changes})


def sender(transport=None, **options):
    options = {"clock": FakeClock(START), "rng": Random(1), "outbox": MemoryOutbox(), "progress": False, **options}
    return Sender(transport=transport or MemoryTransport(), **options)


def spam(envelope):
    return "554 5.7.1 This is spam" if envelope.recipient.address.local.startswith("bad") else None


def test_a_campaign_that_is_not_wanted_is_paused_and_the_others_go_on(caplog):
    it = sender(MemoryTransport(spam), limits=Limits(rules=[UNWANTED]), workers=1)
    bad = [job(f"bad{number}", campaign="june") for number in range(200)]
    it.add_sync([*bad, *(job(f"n{number}", campaign="july") for number in range(200)), job("bad", campaign="")])
    summary = it.run_sync()
    assert summary.providers[""]["accepted"] == 200
    assert 1 <= summary[JobState.BOUNCED] < 100
    assert summary.open_jobs > 100
    assert (set(summary.paused), set(summary.stopped)) == ({"june"}, {"june"})
    assert "the campaign 'june' was paused: all: stop until 2026-03-03" in str(summary)
    assert "june" in summary._repr_html_()
    assert sum("is paused until somebody resumes it" in one.message for one in caplog.records) == 1
    it.resume_sync("june")
    assert it.run_sync()[JobState.BOUNCED] >= 1


def test_a_letter_without_a_campaign_stops_nobody(caplog):
    it = sender(MemoryTransport(spam), limits=Limits(rules=[UNWANTED]))
    it.add_sync([job("bad"), job("anna")])
    summary = it.run_sync()
    assert (summary.outcomes, dict(summary.stopped)) == ({"bounced": 1, "accepted": 1}, {})
    assert "no campaign that could be paused" in caplog.text


def test_a_campaign_is_paused_even_if_its_last_letter_ends_the_run():
    it = sender(MemoryTransport(spam), limits=Limits(rules=[UNWANTED]))
    it.add_sync([job("bad", campaign="june")])
    it.run_sync()
    assert asyncio.run(it.outbox.paused()) == {"june"}


def test_an_outbox_that_cannot_pause_ends_the_run():
    class Broken(MemoryOutbox):
        async def pause(self, campaign=None):
            raise StoreError("shop.db", "is locked")

    it = sender(MemoryTransport(spam), limits=Limits(rules=[UNWANTED]), outbox=Broken())
    it.add_sync([job("bad", campaign="june")])
    with pytest.raises(StoreError, match="locked"):
        it.run_sync()


# -- keys


def refuses(digest):
    raise ConnectionError("the HSM is away")


@pytest.mark.parametrize("how", ["alone", "among", "unknown"])
def test_a_key_that_cannot_sign_is_told_before_any_job_is_taken(how):
    good = DKIMSigner("example.org", DKIMKey("news", SEED))
    broken = DKIMSigner("example.com", DKIMKey("hsm", refuses, algorithm="rsa-sha256"))
    signers = {
        "alone": broken,
        "among": Signers({"example.org": good, "example.com": broken}),
        "unknown": Signers({"example.org": good}, unknown=broken),
    }
    it = sender(signer=signers[how])
    it.add_sync([job("anna")])
    with pytest.raises(InvalidValue, match="'hsm' cannot sign: ConnectionError: the HSM is away"):
        it.run_sync()
    assert asyncio.run(it.outbox.counts()) == {"queued": 1}


def test_letters_of_a_domain_without_a_key_fail_alone():
    it = sender(signer=Signers({"example.com": DKIMSigner("example.com", DKIMKey("news", SEED))}))
    it.add_sync([job("anna"), job("ben", raw=b"From: shop@books.test\r\n\r\nHello")])
    assert it.run_sync().outcomes == {"accepted": 1, "failed": 1}


def test_a_key_kept_elsewhere_is_asked_once_and_not_before_each_run():
    asked = []

    def sign(digest):
        asked.append(digest)
        return b"s" * 256

    it = sender(signer=DKIMSigner("example.com", DKIMKey("hsm", sign, algorithm="rsa-sha256")))
    for _ in range(3):
        it.run_sync()
    assert len(asked) == 1


def test_a_signer_of_ones_own_needs_no_more_than_to_sign():
    class Plain:
        is_slow = False

        def sign(self, raw, *, now=None):
            return b"X-Signed: yes\r\n" + raw

    mixed = Signers({"example.com": Plain()}, unknown="leave")
    for signer in (Plain(), mixed):
        it = sender(signer=signer)
        it.add_sync([job("anna")])
        assert it.run_sync()[JobState.ACCEPTED] == 1


# -- many places


class ManyPlaces(MemoryTransport):
    """Letters to slow.test are answered only once all others are."""

    def __init__(self, others):
        super().__init__()
        self.left, self.over, self.shapes = others, asyncio.Event(), None

    def heed(self, shape_of):
        self.shapes = shape_of

    async def deliver(self, envelope, raw, *, commit):
        if envelope.recipient.address.domain.ascii == "slow.test":
            await self.over.wait()
        else:
            self.left -= 1
            if not self.left:
                self.over.set()
        return await super().deliver(envelope, raw, commit=commit)


def test_a_slow_domain_does_not_hold_up_the_others_without_limits():
    async def send():
        it = sender(ManyPlaces(30), workers=10)
        slow = [job(f"n{number}@slow.test", priority=1) for number in range(100)]
        await it.add([*slow, *(job(f"n{number}@d{number}.test") for number in range(30))])
        return await asyncio.wait_for(it.run(), 20)

    assert asyncio.run(send())[JobState.ACCEPTED] == 130


def test_a_transport_to_many_places_keeps_to_the_shapes_of_limits():
    transport = ManyPlaces(1)
    limits = Limits(providers={"gmail": Shape(connections=3, letters_per_connection=20)})
    it = sender(transport, limits=limits)
    it.add_sync([job("anna@gmail.com")])
    it.run_sync()
    assert (transport.shapes("gmail.com"), transport.shapes("a.test")) == (limits.providers["gmail"], Shape())
    own = sender(ManyPlaces(1), shaper=Unlimited())
    own.run_sync()
    assert own.transport.shapes is None


def test_the_shapes_reach_the_connections_to_a_domain():
    async def pool():
        transport = MXTransport()
        sender(transport, limits=Limits(providers={"gmail": Shape(connections=3, letters_per_connection=20)}))
        transport.heed(lambda domain: Shape(connections=3) if domain == "gmail.com" else Shape())
        route = Route(exchanges=(Exchange(preference=0, host="mx.test"),))
        wanted = [Destination(route=route, security=security) for security in Security]
        one, two = transport._pool(wanted[0], "gmail.com"), transport._pool(wanted[1], "a.test")
        return one.connections, two.connections, two.messages_per_connection

    assert asyncio.run(pool()) == (3, 5, 100)
    assert sender(MXTransport()).limits == Limits(default=Shape())
    assert sender(MemoryTransport()).limits is None
