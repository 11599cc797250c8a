"""A sender signs what it sends, and a letter that cannot be signed fails alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mailkit.envelope import Envelope
from mailkit.send import Job, JobState, MemoryOutbox, Sender
from mailkit.send.signing import DKIMSigner, Signers
from mailkit.testing import MemoryTransport


def job(number: int, raw: bytes) -> Job:
    return Job(
        person=str(number),
        envelope=Envelope(sender="shop@example.com", recipient=f"n{number}@example.org"),
        message_id=f"{number}@example.com",
        date=datetime(2026, 3, 1, tzinfo=UTC),
        raw=raw,
    )


@pytest.mark.parametrize("is_slow", [True, False])
def test_every_letter_is_signed_and_a_bad_one_fails_alone(
    keys: Any, verified: Callable[..., list[bool]], is_slow: bool
) -> None:
    signers = Signers({"example.com": DKIMSigner("example.com", [keys.rsa, keys.ed25519] if is_slow else keys.ed25519)})
    jobs = [job(number, b"From: shop@example.com\nSubject: %d\n\nHello\n" % number) for number in range(20)]
    jobs += [job(20, b"Subject: from nobody\n\n"), job(21, b"From: a@unknown.example\n\n")]
    transport = MemoryTransport()
    with Sender(transport=transport, outbox=MemoryOutbox(), signer=signers, progress=False) as sender:
        sender.add_sync(jobs)
        summary = sender.run_sync()
    assert (summary[JobState.ACCEPTED], summary[JobState.FAILED]) == (20, 2)
    count = 2 if is_slow else 1
    for _, signed in transport.messages:
        assert verified(signed, signatures=count) == [True] * count
