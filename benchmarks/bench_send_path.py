"""The whole path of a letter: rendered, signed with DKIM, leased and acknowledged in SQLite, and sent.

    python -m benchmarks send_path

Beside it what people do today: a Jinja template, `EmailMessage`, dkimpy, and a pool of ten connections of
aiosmtplib, which keeps no account of what was sent. dkimpy signs with an RSA key of 2048 bits, as nearly everybody
does, or with Ed25519 by PyNaCl; it reads the key at each letter, and does RSA in Python. The letter is the same: 9 kB
of HTML and its text part, one signature, relaxed/relaxed. What counts is the client's processor time for one message,
all its threads included; medians of the rounds, interleaved, into smtp-sink. Each of our rows is told against both of
theirs, since who signs with Ed25519 instead of RSA saves time on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import dkim
import jinja2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.bench_send import LIMITS, NOW, measured
from benchmarks.send_peers import SENDER, Cost, aiosmtplib_pool, cost_of, here, recipient, run
from mailkit import Envelope, compose, stores
from mailkit.send import Job, JobState, Sender, SMTPTransport
from mailkit.send.signing import DKIMKey, DKIMSigner
from tests.send.real.servers import Sink

ROUNDS = 3
SUBJECT, TEXT = "{{ name }}, your books of March", "Hello, {{ name }}! You have {{ points }} points.\n" * 3
STORY = "<tr><td><p>We read every book before it goes on the shelf, and write down what we think of it.</p></td></tr>\n"
PAGE = (
    "<!DOCTYPE html><html><body><h1>Hello, {{ name }}!</h1><p>You have {{ points }} points.</p><table>"
    + STORY * 75
    + '</table><a href="https://shop.example.com/{{ name }}">Read on</a></body></html>'
)
ED25519 = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
KEYS = {"ed25519": (ED25519.encode(), b"ed25519-sha256"), "rsa-2048": (RSA, b"rsa-sha256")}
SIGNED = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]


def record(number: int) -> dict[str, Any]:
    """What is known of a reader."""
    return {"name": f"Reader {number}", "points": number}


def ours(key: str, port: int, messages: int) -> Cost:
    """Everything by mailkit; what is not counted is that the jobs are put in."""
    template = compose.compile(PAGE, subject=SUBJECT, text=TEXT)

    def render(job: Job) -> bytes:
        return template.encode(job.record, job.envelope, message_id=job.message_id, date=job.date)

    jobs = [
        Job(
            person=str(number),
            envelope=Envelope(sender=SENDER, recipient=recipient(number)),
            message_id=f"{number}@example.com",
            date=NOW,
            template="march",
            record=record(number),
        )
        for number in range(messages)
    ]
    with TemporaryDirectory(dir=here() / ".run") as folder, stores.open(f"{folder}/outbox.db") as store:
        sender = Sender(
            transport=SMTPTransport("127.0.0.1", port, tls="none"),
            outbox=store.outbox,
            limits=LIMITS,
            render=render,
            signer=DKIMSigner("example.com", DKIMKey("news", KEYS[key][0])),
            progress=False,
        )
        sender.add_sync(jobs)
        summaries: list[Any] = []

        async def main() -> None:
            summaries.append(await sender.run())

        cost = cost_of(messages, lambda: run(main))
    assert summaries[0][JobState.ACCEPTED] == messages, summaries
    return cost


def theirs(key: str, port: int, messages: int) -> Cost:
    """A Jinja template, `EmailMessage`, dkimpy and aiosmtplib."""
    environment = jinja2.Environment(autoescape=True)
    subject, text, page = (environment.from_string(source) for source in (SUBJECT, TEXT, PAGE))
    private, algorithm = KEYS[key]

    def raw(number: int) -> bytes:
        known = record(number)
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = SENDER, recipient(number), subject.render(known)
        message["Date"], message["Message-ID"] = NOW, f"<{number}@example.com>"
        message.set_content(text.render(known))
        message.add_alternative(page.render(known), subtype="html")
        octets = message.as_bytes()
        signature: bytes = dkim.sign(
            octets,
            b"news",
            b"example.com",
            private,
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=algorithm,
            include_headers=SIGNED,
        )
        return signature + octets

    return aiosmtplib_pool(port, messages, raw=raw)


def main() -> list[tuple[str, float]]:
    """Print a table, and give the ratios of processor time; above 1 is in our favour."""
    here().joinpath(".run").mkdir(exist_ok=True)
    makers: tuple[tuple[str, int, Callable[..., Cost]], ...] = (
        ("EmailMessage, dkimpy, aiosmtplib", 150, theirs),
        ("mailkit, SQLite", 4_000, ours),
    )
    with Sink() as sink:  # what is done once in a process is not counted: imports, regular expressions
        for key in KEYS:
            ours(key, sink.port, 200)
            theirs(key, sink.port, 10)
    rows = [(f"{name}, {key}", count, partial(make, key)) for key in KEYS for name, count, make in makers]
    costs = measured(rows, rounds=ROUNDS)
    print(f"{len(PAGE):,} characters of HTML, rendered, signed, leased, sent, acknowledged; medians of {ROUNDS} rounds")
    for name, cost in costs.items():
        print(f"  {name:<48}{cost.cpu_us:>9,.0f} µs a message{cost.rate:>9,.0f} messages/s")
    ratios = []
    for key in KEYS:
        for peer in KEYS:
            ratio = costs[f"{makers[0][0]}, {peer}"].cpu_us / costs[f"{makers[1][0]}, {key}"].cpu_us
            print(f"  mailkit, {key}, costs so many times less than {makers[0][0]}, {peer}: {ratio:.1f}")
            ratios.append((f"send path: mailkit, {key}, against {makers[0][0]}, {peer}", ratio))
    return ratios


if __name__ == "__main__":
    main()
