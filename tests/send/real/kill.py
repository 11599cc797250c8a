"""A worker that is killed again and again, and what its server's log says then.

    python -m tests.send.real.kill --server faults --kills 100

Each run of the worker adds letters to one SQLite outbox and sends them, until it is killed at a random
instant; the next begins at once. The last is left alone until nothing is open. Workers are forked, so that a
run does not begin with the start of an interpreter. What is printed as JSON compares the server's log, which is
written before it answers, with the outbox's facts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from mailkit import Envelope, stores
from mailkit.send import Job, RetryPolicy, Sender
from mailkit.send.smtp.transport import SMTPTransport
from tests.send.real.exim import Exim
from tests.send.real.postfix import Postfix

CONNECTIONS, BATCH = 10, 200
RAW = b"From: shop@example.com\r\nSubject: Hello\r\nMessage-ID: <%b>\r\n\r\nHello\r\n"
FAULTS: list[dict[str, Any]] = [
    {"phase": "connect", "reply": "421 4.3.2 Too busy", "odds": 0.05},
    {"phase": "connect", "drop": True, "odds": 0.02},
    {"phase": "mail", "reply": "421 4.3.2 Closing", "odds": 0.005},
    {"phase": "mail", "drop": True, "odds": 0.005},
    {"phase": "rcpt", "reply": "451 4.7.1 Greylisted", "odds": 0.05},
    {"phase": "rcpt", "reply": "550 5.1.1 No such user", "odds": 0.02},
    {"phase": "rcpt", "raw": "what?\r\n", "odds": 0.002},
    {"phase": "data", "drop": True, "odds": 0.005},
    {"phase": "data", "reply": "452 4.3.1 Disk full", "odds": 0.01},
    {"phase": "message", "drop": True, "odds": 0.01},
    {"phase": "message", "reply": "451 4.3.0 Try again", "odds": 0.01},
    {"phase": "message", "reply": "554 5.6.0 No", "drop": True, "odds": 0.005},
    {"phase": "message", "delay": 0.02, "odds": 0.2},
    {"phase": "idle", "delay": 0.05, "odds": 0.2},
]
DROP_ODDS = 0.002
"""At which share of the pieces that pass the line before Postfix and Exim is dropped."""


def main(arguments: list[str] | None = None) -> None:
    """Kill, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.send.real.kill")
    parser.add_argument("--server", choices=["faults", "postfix", "exim"], default="faults")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policy", choices=["hold", "retry"], default="hold", help="what becomes of unknown letters")
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    with TemporaryDirectory(prefix="mailkit-kill-") as folder, ExitStack() as running:
        port, taken = running.enter_context(served(given.server, Path(folder), given.seed))
        database = Path(folder, "outbox.db")
        kill_again_and_again(database, port, kills=given.kills, seed=given.seed, policy=given.policy)
        found = compared(database, Counter(message_id for _, message_id in taken()))
    wall = round(time.monotonic() - begun, 1)
    print(json.dumps({"server": given.server, "policy": given.policy, "kills": given.kills, "seconds": wall, **found}))


@contextmanager
def served(name: str, folder: Path, seed: int) -> Iterator[tuple[int, Callable[[], list[tuple[str, str]]]]]:
    """A server with faults: its port, and what tells all that it took."""
    if name == "faults":
        (folder / "faults.json").write_text(json.dumps(FAULTS))
        options = ["--faults", str(folder / "faults.json"), "--log", str(folder / "log"), "--seed", str(seed)]
        with process("mailkit.testing.server", *options) as port:
            yield port, lambda: _of_log(folder / "log")
    else:
        with Postfix() if name == "postfix" else Exim() as server:
            options = ["--to", str(server.port), "--drop-odds", str(DROP_ODDS), "--seed", str(seed)]
            with process("mailkit.testing.delay", *options) as port:
                yield port, server.settled


def _of_log(path: Path) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(line["recipient"], line["message_id"]) for line in lines if line["verdict"] == "accepted"]


@contextmanager
def process(module: str, *options: str) -> Iterator[int]:
    """A module that runs as a process of its own, and prints its port first."""
    with subprocess.Popen([sys.executable, "-m", module, *options], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        try:
            yield int(one.stdout.readline())
        finally:
            one.terminate()


def kill_again_and_again(database: Path, port: int, *, kills: int, seed: int, policy: str) -> None:
    """Kill so many workers, and let a last one come to the end."""
    rng = Random(seed)
    work(database, port, policy, run="first")  # not killed, and here, so that its copies have imported everything
    for run in range(kills):
        worker = forked(partial(work, database, port, policy, run=str(run)))
        time.sleep(rng.uniform(0.02, 0.3))
        os.kill(worker, signal.SIGKILL)
        _, status = os.waitpid(worker, 0)
        if not os.WIFSIGNALED(status):
            raise RuntimeError("the worker ended by itself; see its error above")
    _, status = os.waitpid(forked(partial(work, database, port, policy, run="last")), 0)
    if status != 0:
        raise RuntimeError("the last worker failed; see its error above")


def forked(call: Callable[[], object]) -> int:
    """Do it in a copy of this process; give the copy's id."""
    child = os.fork()
    if child:
        return child
    try:
        call()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a copy must not go on as we do
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)


def work(database: Path, port: int, policy: Any, *, run: str) -> None:
    """Add and send until killed; or, in the first and the last run, until nothing is open."""

    async def main(sender: Sender) -> None:
        for batch in count():
            await sender.add(jobs(f"{run}-{batch}"))
            await sender.run(until="empty" if run in ("first", "last") else "idle")
            if run in ("first", "last"):
                return

    with stores.open(database) as store:
        transport = SMTPTransport("127.0.0.1", port, tls="none", connections=CONNECTIONS, timeout=timedelta(seconds=5))
        sender = Sender(
            transport=transport,
            outbox=store.outbox,
            retry=RetryPolicy(first=timedelta(seconds=0.05), longest=timedelta(seconds=0.2), on_unknown=policy),
            lease_for=timedelta(seconds=1),
            progress=False,
        )
        asyncio.run(main(sender))


def jobs(batch: str) -> list[Job]:
    """Letters that are told apart by where they came into being."""
    return [
        Job(
            person=f"{batch}-{number}",
            envelope=Envelope(sender="shop@example.com", recipient=f"reader-{batch}-{number}@example.org"),
            message_id=f"{batch}-{number}@example.com",
            date=datetime(2026, 3, 1, tzinfo=UTC),
            raw=RAW % f"{batch}-{number}@example.com".encode(),
        )
        for number in range(BATCH)
    ]


def compared(database: Path, taken: Counter[str]) -> dict[str, Any]:
    """What the server took, beside what the outbox says."""
    ways: dict[str, list[str]] = defaultdict(list)
    with stores.open(database) as store:
        for event in store.events.read():
            ways[event.message_id or ""].append(str(event.kind))
        states = {str(state): number for state, number in asyncio.run(store.outbox.counts()).items()}
    last = {message_id: _state(way) for message_id, way in ways.items()}
    twice = [message_id for message_id, times in taken.items() if times > 1]
    return {
        "letters": len(ways),
        "states": states,
        "taken": sum(taken.values()),
        "lost": sum(state == "accepted" and not taken[message_id] for message_id, state in last.items()),
        "left": sum(state in ("queued", "deferred", "none") for state in last.values()),
        "duplicates": sum(taken[message_id] - 1 for message_id in twice),
        "duplicates never unknown": sum("unknown" not in ways[message_id] for message_id in twice),
        "taken, and never told as accepted or unknown": sum(
            not {"accepted", "unknown"} & set(ways[message_id]) for message_id in list(taken)
        ),
        "unknown and taken": sum(state == "unknown" and taken[message_id] > 0 for message_id, state in last.items()),
    }


def _state(way: list[str]) -> str:
    """The state that a letter's facts end in; a late answer settles what was unknown."""
    for state in ("accepted", "bounced", "failed", "expired", "suppressed", "unknown", "deferred", "queued"):
        if state in way:
            return state
    return "none"


if __name__ == "__main__":
    main()
