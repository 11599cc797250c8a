"""A shop with two brands sends politely, is killed in the middle, and goes on: `python examples/polite_run.py`.

Two brands share one program, each on an account of its own. "books" moves to a new identity that is being warmed up;
its old one takes what finds no place. A campaign is paused and resumed, receipts go ahead of it, a reader gets one
piece of news an hour at most, and everything is signed. The server on the far side is ours, and plays a provider that
greylists and asks to slow down. Half way the program is killed with SIGKILL, and a second process goes on from the
database. Readers are made up, nothing leaves this machine, and the clock is set forward while the program waits.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from mailkit import Envelope, stores
from mailkit.send import Cap, Caps, Job, Limits, Rate, Sender, SMTPTransport
from mailkit.send.limits import Quota, Shape
from mailkit.send.signing import DKIMKey, DKIMSigner, Signers
from mailkit.send.warmup import Plan, Warmup
from mailkit.testing import Answer, SMTPServer
from mailkit.testing.clock import FakeClock

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="  # of RFC 8463, for everybody to know: make your own
BRANDS = {"books": "books.example", "wine": "wine.example"}
MESSAGE_ID = re.compile(rb"Message-ID: <(.*?)>")
READERS = 40
"""Of each brand, half of them at Gmail."""


def letter(brand: str, number: int, *, campaign: str, **more: Any) -> Job:
    """A letter of a brand to one of its readers: Message-ID and date are fixed once and for all."""
    domain = BRANDS[brand]
    reader = f"reader{number}@{'gmail.com' if number % 2 else 'yahoo.com'}"
    message_id = f"{campaign}.{brand}.{number}@{domain}"
    head = f"From: {brand} <hello@{domain}>\r\nTo: {reader}\r\nMessage-ID: <{message_id}>\r\nSubject: {campaign}\r\n"
    given: dict[str, Any] = {
        "person": reader,
        "envelope": Envelope(sender=f"hello@{domain}", recipient=reader),
        "message_id": message_id,
        "date": BEGIN,
        "raw": f"{head}\r\nHello from {brand}.\r\n".encode(),
        "campaign": f"{campaign} {brand}",
        "account": brand,
        "identity": f"{brand}-new" if brand == "books" else brand,
    }
    return Job(**{**given, **more})


def letters() -> list[Job]:
    news = [letter(brand, number, campaign="spring") for brand in BRANDS for number in range(READERS)]
    receipts = [
        letter("wine", number, campaign="receipt", step=f"order {number}", is_transactional=True) for number in range(5)
    ]
    return [*news, *receipts]


def a_sender(store: stores.Store, port: int, now: datetime = BEGIN) -> Sender:
    """Everything that is asked of the shop's mail, in one place."""
    relay = SMTPTransport("127.0.0.1", port)
    minute, plan = timedelta(minutes=1), Plan(start=10, spread=timedelta(minutes=10))
    return Sender(
        transport=relay,
        transports={"books-new": SMTPTransport("127.0.0.1", port, local_hostname="new.books.example")},
        outbox=store.outbox,
        limits=Limits(
            accounts={"wine": Quota(1_000, per="day")},
            providers={"gmail": Shape(rate=Rate(60, per=minute, burst=5), connections=4)},
        ),
        meter=store.meter,
        warmup=Warmup({"books-new": plan}, overflow={"books-new": "books"}, patience=timedelta(minutes=2)),
        states=store.states,
        caps=Caps(Cap(1, within=timedelta(hours=1))),
        signer=Signers({domain: DKIMSigner(domain, DKIMKey("march", KEY)) for domain in BRANDS.values()}),
        clock=FakeClock(now),  # whoever waits moves it; leave this out in life
        rng=Random(1),
        progress=False,
    )


def work(folder: Path, port: int, *, dies_after: int = 0) -> None:
    """What a process does: go on with whatever the outbox holds; and for this example, die in the middle."""
    with stores.open(folder / "shop.db") as store:
        now = BEGIN if dies_after else BEGIN + timedelta(minutes=10)
        sender, told = a_sender(store, port, now), Counter[str]()

        def tell(event: object) -> None:
            told["events"] += 1
            if told["events"] == dies_after:
                os.kill(os.getpid(), signal.SIGKILL)  # no farewell: as if the power went

        sender.on_event = tell
        sender.pause_sync("spring wine")
        print(f"paused the news about wine: {sender.run_sync(until='idle')}", flush=True)
        sender.resume_sync("spring wine")
        print(f"resumed: {sender.run_sync()}", flush=True)


def provider(log: Path) -> SMTPServer:
    """A far side that greylists two readers and finds us too fast once."""
    later = Answer(reply="451 4.7.1 Greylisted, try again in 2 minutes", times=1)
    slow = "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail"
    return SMTPServer(
        answers={
            "reader1@gmail.com": later,
            "reader2@yahoo.com": later,
            "reader7@gmail.com": Answer(reply=slow, times=1),
            "reader8@yahoo.com": Answer(reply="550 5.1.1 No such user"),
        },
        log=log,
    )


def in_a_process(folder: Path, port: int, *, dies_after: int = 0) -> int:
    command = [sys.executable, __file__, "--to", str(folder), "--port", str(port), "--dies-after", str(dies_after)]
    return subprocess.run(command, check=False).returncode


def main(folder: Path) -> None:
    with provider(folder / "server.jsonl") as server:
        with stores.open(folder / "shop.db") as store:
            added = a_sender(store, server.port).add_sync(letters())
            print(f"{added} letters wait in the outbox", flush=True)
        code = in_a_process(folder, server.port, dies_after=30)
        print(f"the process was killed (code {code}); the server had taken {len(server.messages)} letters", flush=True)
        in_a_process(folder, server.port)
        settle(folder, server)
        report(folder, server)


def settle(folder: Path, server: SMTPServer) -> None:
    """What is unknown may have arrived, so nobody sends it again unasked; the far side's log says what is so."""
    taken = {message_id for message in server.messages for message_id in MESSAGE_ID.findall(message.content)}
    verdicts = {job.message_id: job.message_id.encode() in taken for job in letters()}
    with stores.open(folder / "shop.db") as store:
        sender = a_sender(store, server.port, BEGIN + timedelta(hours=3))
        print(f"settled by the server's log: {sender.resolve_sync(verdicts)} letters", flush=True)
        print(f"then: {sender.run_sync()}", flush=True)


def report(folder: Path, server: SMTPServer) -> None:
    taken = Counter(MESSAGE_ID.findall(message.content)[0] for message in server.messages)
    signed = sum(message.content.count(b"DKIM-Signature:") for message in server.messages)
    with stores.open(folder / "shop.db") as store:
        states = asyncio.run(store.outbox.counts())
        kept, warmup = store.states.load_sync("send.warmup"), a_sender(store, server.port).warmup
        assert kept is not None
        assert warmup is not None
        state = Warmup.from_text(kept[0], warmup.plans).state("books-new", "gmail")
    first = [b"receipt" in message.content for message in server.messages[:10]]
    print(f"of the first ten letters {sum(first)} were receipts, though they were put in last")
    print(f"the server took {len(server.messages)} letters, {max(taken.values())} of each at most, {signed} signatures")
    print("in the outbox:", ", ".join(f"{count} {name}" for name, count in sorted(states.items())))
    print(f"books-new at gmail: {state.taken} places were given on {state.taken_on}, at step {state.step} of its plan")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A polite run, killed in the middle.")
    parser.add_argument("--to", type=Path, help="where database and log go; a temporary folder if not given")
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--dies-after", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    logging.basicConfig(format="  told: %(message)s", stream=sys.stdout)
    if given.port:
        work(given.to, given.port, dies_after=given.dies_after)
    elif given.to is not None:
        given.to.mkdir(parents=True, exist_ok=True)
        main(given.to)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
