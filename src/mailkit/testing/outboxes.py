"""The contract of an outbox, as checks that any implementation can run.

`mailkit.send.Outbox` says what its methods do; `check_outbox` tries it. Each check begins
with an outbox of its own, and none of them waits: the instants are made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Final

import attrs

from mailkit.blocking import run
from mailkit.envelope import Envelope
from mailkit.event import Event, Kind
from mailkit.send.jobs import JobState
from mailkit.send.outbox import Outbox
from mailkit.testing.outbox_control import CONTROL_CHECKS
from mailkit.testing.outbox_tools import LATER, MINUTE, NOW, claim, lease_all, lease_one, made_job, settled

__all__ = ["check_outbox"]


def check_outbox(make: Callable[[], Outbox], *, events: Callable[[Any], Iterable[Event]] | None = None) -> None:
    """Try the whole contract of `mailkit.send.Outbox`.

    Args:
        make: Gives a new, empty outbox; called once for each check.
        events: Gives all facts that an outbox has written down, `queued` ones included, in
            any order. Without it, what is written down is not checked.

    Raises:
        AssertionError: The outbox breaks its contract; the text says in what.

    >>> from mailkit.send import MemoryOutbox
    >>> check_outbox(MemoryOutbox, events=lambda outbox: outbox.events)
    """
    for check in _CHECKS:
        run(partial(check, make()))
    if events is not None:
        for check_facts in (_facts_are_written_once, _facts_are_written_in_pairs):
            outbox = make()
            run(partial(check_facts, outbox, partial(_all, events, outbox)))


def _all(events: Callable[[Any], Iterable[Event]], outbox: Outbox) -> tuple[Event, ...]:
    return tuple(events(outbox))


async def _jobs_come_back_as_they_were(outbox: Outbox) -> None:
    given = made_job(1, raw=b"", template="cart", record={"name": "Анна", "items": [1, 2.5, None, True]}, topic="news")
    given = attrs.evolve(given, account="acme", identity="ip1", provider="gmail")
    given = attrs.evolve(given, brand="books", priority=3, expires_at=LATER, not_before=NOW, is_transactional=True)
    await outbox.add([given], now=NOW)
    lease = await lease_one(outbox)
    claim(lease.job == given, "a leased job equals the one that was added", lease.job, given)
    claim(lease.epoch == 1 and lease.tries == 0, "the first lease has epoch 1 and no tries", lease)
    claim(lease.queued_at == NOW and lease.until == LATER, "a lease tells its instants", lease)


async def _a_key_is_there_once(outbox: Outbox) -> None:
    same_mailbox = attrs.evolve(made_job(2), envelope=Envelope(sender="s@example.com", recipient="reader1@EXAMPLE.org"))
    new = await outbox.add([made_job(1), made_job(1), same_mailbox, made_job(1, step="2"), made_job(3)], now=NOW)
    claim(new == 3, "campaign, recipient without case and step are unique", new)
    claim(await outbox.add([made_job(1), made_job(3)], now=NOW) == 0, "jobs that are there already are passed over")
    claim(await outbox.add([], now=NOW) == 0, "no jobs are no jobs")
    lease = await lease_one(outbox)
    await outbox.settle([settled(lease, JobState.ACCEPTED)])
    claim(await outbox.add([lease.job], now=LATER) == 0, "a finished job's key stays taken")


async def _a_letter_of_no_campaign_is_told_by_its_message_id(outbox: Outbox) -> None:
    alone = made_job(1, campaign="", step="")
    new = await outbox.add([alone, alone, attrs.evolve(alone, message_id="another.letter@example.com")], now=NOW)
    claim(new == 2, "without campaign and step, letters to one person are told apart by their Message-ID", new)


async def _jobs_go_in_order(outbox: Outbox) -> None:
    jobs = [
        made_job(1, not_before=NOW - MINUTE),
        made_job(2, priority=5, not_before=NOW),
        made_job(3, not_before=NOW - 3 * MINUTE),
        made_job(4, priority=5, not_before=NOW - MINUTE),
        made_job(5, not_before=NOW + MINUTE),
    ]
    await outbox.add(jobs, now=NOW - 10 * MINUTE)
    first = [lease.job.person for lease in await lease_all(outbox, limit=2)]
    rest = [lease.job.person for lease in await lease_all(outbox)]
    claim(first == ["4", "2"], "higher priority goes first, then the longest due", first)
    claim(rest == ["3", "1"], "the limit and `not_before` are kept, and nothing is leased twice", rest)
    claim(await outbox.next_due() == NOW + MINUTE, "next_due tells the next job's instant", await outbox.next_due())


async def _leases_never_overlap(outbox: Outbox) -> None:
    await outbox.add([made_job(number) for number in range(40)], now=NOW)
    batches = await asyncio.gather(*(lease_all(outbox, limit=7) for _ in range(8)))
    numbers = [lease.number for batch in batches for lease in batch]
    claim(len(numbers) == len(set(numbers)) == 40, "workers that lease at once get different jobs", len(numbers))


async def _only_the_newest_lease_counts(outbox: Outbox) -> None:
    await outbox.add([made_job(1)], now=NOW)
    old = await lease_one(outbox)
    claim(await outbox.mark_data_sent([old], now=LATER) == frozenset(), "a lease that ran out cannot send")
    claim(len(await outbox.recover(now=LATER)) == 0, "a lease without a final dot leaves no fact")
    claim(await outbox.mark_data_sent([old], now=LATER) == frozenset(), "a lease taken back cannot send")
    claim(await outbox.settle([settled(old, JobState.ACCEPTED)]) == frozenset(), "nor can it settle")
    new = await lease_one(outbox, now=LATER)
    claim(new.epoch > old.epoch and new.number == old.number, "every lease has a higher epoch", old, new)
    claim(await outbox.mark_data_sent([old], now=LATER) == frozenset(), "an old epoch cannot send")
    claim(await outbox.settle([settled(old, JobState.ACCEPTED)]) == frozenset(), "nor can it settle a newer lease")
    held = await outbox.mark_data_sent([new], now=LATER)
    claim(held == frozenset({new.number}), "the newest lease can send", held)
    claim(await outbox.mark_data_sent([new], now=LATER) == frozenset(), "the final dot goes out once")
    await outbox.recover(now=LATER + 5 * MINUTE)
    held = await outbox.settle([settled(old, JobState.ACCEPTED)])
    claim(held == frozenset(), "an old epoch's answer settles no newer lease that became unknown", held)


async def _an_answer_is_settled_once(outbox: Outbox) -> None:
    await outbox.add([made_job(1), made_job(2)], now=NOW)
    sent, refused = await lease_all(outbox)
    await outbox.mark_data_sent([sent], now=NOW)
    both = [settled(sent, JobState.ACCEPTED), settled(refused, JobState.BOUNCED)]
    held = await outbox.settle(both)
    claim(held == frozenset({sent.number, refused.number}), "leases that hold are settled", held)
    claim(await outbox.settle(both) == frozenset(), "settling again changes nothing")
    counts = dict(await outbox.counts())
    claim(counts == {JobState.ACCEPTED: 1, JobState.BOUNCED: 1}, "counts tell the states that there are", counts)
    claim(await outbox.next_due() is None, "no job is open, so nothing is due")
    claim(len(await lease_all(outbox, now=LATER)) == 0, "a finished job is never leased")


async def _a_late_answer_counts(outbox: Outbox) -> None:
    await outbox.add([made_job(number) for number in range(6)], now=NOW)
    leases = await lease_all(outbox)
    await outbox.mark_data_sent(leases, now=NOW)
    await outbox.recover(now=LATER)
    accepted, bounced, deferred, expired, failed, lost = leases
    late = [
        settled(accepted, JobState.ACCEPTED, at=LATER),
        settled(bounced, JobState.BOUNCED, at=LATER),
        settled(deferred, JobState.DEFERRED, at=LATER, due=LATER + MINUTE),
        settled(expired, JobState.EXPIRED, at=LATER),
    ]
    held = await outbox.settle(late)
    claim(held == {one.lease.number for one in late}, "a late answer to an unknown job's own lease counts", held)
    claim(await outbox.settle(late) == frozenset(), "it counts once")
    no_news = [
        settled(failed, JobState.FAILED, at=LATER),
        settled(lost, JobState.UNKNOWN, at=LATER),
        settled(lost, JobState.QUEUED, due=LATER),
    ]
    claim(await outbox.settle(no_news) == frozenset(), "what is no answer settles no unknown job")
    await outbox.resolve({lost.job.message_id: False}, now=LATER)
    claim(await outbox.settle([settled(lost, JobState.ACCEPTED, at=LATER)]) == frozenset(), "nor a resolved one")
    again = {lease.number for lease in await lease_all(outbox, now=LATER + MINUTE)}
    claim(again == {deferred.number, lost.number}, "what was put off or resolved comes again, and nothing else", again)


async def _a_deferred_job_comes_again(outbox: Outbox) -> None:
    await outbox.add([made_job(1)], now=NOW)
    first = await lease_one(outbox)
    await outbox.settle([settled(first, JobState.DEFERRED, due=LATER)])
    claim(dict(await outbox.counts()) == {JobState.DEFERRED: 1}, "a deferred job is counted as one")
    claim(len(await lease_all(outbox, now=LATER - MINUTE)) == 0, "a deferred job waits until it is due")
    claim(await outbox.next_due() == LATER, "next_due tells when a deferred job comes again")
    again = await lease_one(outbox, now=LATER)
    claim((again.tries, again.epoch) == (1, 2), "a deferral counts as a try", again)
    claim(again.queued_at == NOW and again.job == first.job, "a job stays itself over its tries", again)


async def _a_job_can_be_given_back(outbox: Outbox) -> None:
    await outbox.add([made_job(1)], now=NOW)
    lease = await lease_one(outbox)
    await outbox.settle([settled(lease, JobState.QUEUED, due=LATER)])
    claim(dict(await outbox.counts()) == {JobState.QUEUED: 1}, "a job given back is queued")
    again = await lease_one(outbox, now=LATER)
    claim((again.tries, again.epoch) == (0, 2), "giving back is no try, yet the next lease is a new one", again)


async def _what_ran_out_is_taken_back(outbox: Outbox) -> None:
    await outbox.add([made_job(1), made_job(2)], now=NOW)
    waiting, sent = await lease_all(outbox)
    await outbox.mark_data_sent([sent], now=NOW)
    claim(await outbox.next_due() == LATER, "next_due tells when a lease runs out", await outbox.next_due())
    claim(len(await outbox.recover(now=LATER - MINUTE)) == 0, "a lease that holds is left alone")
    states = {JobState.LEASED: 1, JobState.DATA_SENT: 1}
    claim(dict(await outbox.counts()) == states, "counts tell what is under way", await outbox.counts())
    unknown = await outbox.recover(now=LATER)
    said = [(event.kind, event.message_id) for event in unknown]
    claim(said == [(Kind.UNKNOWN, sent.job.message_id)], "a dot without an answer is told as unknown", said)
    claim(len(await outbox.recover(now=LATER)) == 0, "it is told once")
    leases = await lease_all(outbox, now=LATER)
    claim([lease.number for lease in leases] == [waiting.number], "what was not sent is due again at once", leases)
    claim(leases[0].tries == 0, "a lease that ran out is no try", leases[0])
    claim((await outbox.counts()).get(JobState.UNKNOWN) == 1, "an unknown job is never tried again by itself")


async def _what_is_unknown_can_be_resolved(outbox: Outbox) -> None:
    await outbox.add([made_job(1), made_job(2), made_job(3), made_job(4)], now=NOW)
    taken, lost, unheard, _ = await lease_all(outbox)
    await outbox.mark_data_sent([taken, lost, unheard], now=NOW)
    await outbox.recover(now=LATER)
    verdicts = {taken.job.message_id: True, lost.job.message_id: False, made_job(4).message_id: True, "nobody's": False}
    told = await outbox.resolve(verdicts, now=LATER)
    said = sorted((event.message_id, str(event.kind)) for event in told)
    wanted = sorted([(taken.job.message_id, "accepted"), (lost.job.message_id, "deferred")])
    claim(said == wanted, "resolve settles unknown jobs and no others", said)
    claim(len(await outbox.resolve(verdicts, now=LATER)) == 0, "each is settled once")
    claim(len(await outbox.resolve({}, now=LATER)) == 0, "and nothing by nothing")
    again = [lease.number for lease in await lease_all(outbox, now=LATER)]
    claim(lost.number in again, "what the server did not take is due again", again)
    claim(taken.number not in again and unheard.number not in again, "what it took, or may have, is not", again)
    counts = await outbox.counts()
    claim((counts.get(JobState.ACCEPTED), counts.get(JobState.UNKNOWN)) == (1, 1), "the states say the same", counts)
    told = await outbox.resolve({f"<{unheard.job.message_id}>": True}, now=LATER)
    claim([event.kind for event in told] == [Kind.ACCEPTED], "angle brackets around a Message-ID do not matter", told)


async def _what_failed_can_be_brought_back(outbox: Outbox) -> None:
    await outbox.add([made_job(1), made_job(2), made_job(3)], now=NOW)
    failed, hopeless, bounced = await lease_all(outbox)
    states = (JobState.FAILED, JobState.FAILED, JobState.BOUNCED)
    await outbox.settle([settled(*pair) for pair in zip((failed, hopeless, bounced), states, strict=True)])
    verdicts = {failed.job.message_id: False, hopeless.job.message_id: True, bounced.job.message_id: False}
    told = await outbox.resolve(verdicts, now=LATER)
    said = [(event.kind, event.message_id) for event in told]
    claim(said == [(Kind.DEFERRED, failed.job.message_id)], "resolve with False brings a failed job back", said)
    claim(len(await outbox.resolve(verdicts, now=LATER)) == 0, "it is brought back once")
    again = [lease.number for lease in await lease_all(outbox, now=LATER)]
    claim(again == [failed.number], "and it is due at once; no other job is", again)


async def _what_is_unknown_may_be_tried_again(outbox: Outbox) -> None:
    await outbox.add([made_job(1), made_job(2, is_transactional=True), made_job(3, is_transactional=True)], now=NOW)
    leases = await lease_all(outbox)
    sent = {lease.job.person: lease for lease in leases}
    await outbox.mark_data_sent([sent["1"], sent["2"]], now=NOW)
    told = await outbox.recover(now=LATER, retries=lambda job: job.is_transactional)
    said = sorted((event.person, str(event.kind)) for event in told)
    wanted = [("1", "unknown"), ("2", "deferred"), ("2", "unknown")]
    claim(said == wanted, "what is tried again is told as unknown, and then as deferred", said)
    kinds = [event.kind for event in told if event.person == "2"]
    claim(kinds == [Kind.UNKNOWN, Kind.DEFERRED], "in this order", kinds)
    again = {lease.job.person: lease for lease in await lease_all(outbox, now=LATER)}
    claim(set(again) == {"2", "3"}, "it is due at once, and what is held is not", again)
    claim((again["2"].tries, again["3"].tries) == (1, 0), "the try that was not heard of counts", again)
    late = await outbox.settle([settled(sent["2"], JobState.ACCEPTED, at=LATER)])
    claim(late == frozenset(), "its late answer counts no more, as another lease holds it", late)


async def _facts_are_written_in_pairs(outbox: Outbox, events: Callable[[], Sequence[Event]]) -> None:
    await outbox.add([made_job(1), made_job(2)], now=NOW)
    lost, _ = await lease_all(outbox)
    await outbox.mark_data_sent([lost], now=NOW)
    before = lost.job.event(Kind.UNKNOWN, NOW, reason="gone")
    deferred = attrs.evolve(settled(lost, JobState.DEFERRED, due=LATER), before=before)
    await outbox.settle([deferred])
    await outbox.cancel("spring", now=NOW)
    kinds = sorted(event.kind for event in events() if event.kind != Kind.QUEUED)
    wanted = sorted([Kind.UNKNOWN, Kind.DEFERRED, Kind.CANCELLED, Kind.CANCELLED])
    claim(kinds == wanted, "a settlement's earlier fact is written too, and each cancellation", kinds)
    claim(before in events(), "the earlier fact is written as it was given", before)


async def _nothing_is_due_in_an_empty_outbox(outbox: Outbox) -> None:
    claim(dict(await outbox.counts()) == {}, "an empty outbox counts nothing")
    claim(await outbox.next_due() is None, "and nothing is due in it")
    claim(len(await outbox.lanes()) == len(await lease_all(outbox)) == 0, "and nothing can be leased from it")
    claim(len(await outbox.recover(now=NOW)) == 0, "and nothing is taken back")
    claim(await outbox.cancel("spring", now=NOW) == 0, "nor called back")
    claim(await outbox.mark_data_sent([], now=NOW) == frozenset(), "and nothing is sent")
    claim(await outbox.settle([]) == frozenset(), "and nothing is settled")


async def _facts_are_written_once(outbox: Outbox, events: Callable[[], Sequence[Event]]) -> None:
    await outbox.add([made_job(1), made_job(1), made_job(2), made_job(3)], now=NOW)
    claim([event.kind for event in events()] == [Kind.QUEUED] * 3, "each new job is a `queued` fact", events())
    accepted, lost, given_back = await lease_all(outbox)
    await outbox.mark_data_sent([accepted, lost], now=NOW)
    settlement = settled(accepted, JobState.ACCEPTED)
    await outbox.settle([settlement, settled(given_back, JobState.QUEUED, due=LATER)])
    await outbox.settle([settlement, settled(given_back, JobState.FAILED)])
    claim(settlement.event in events(), "a settlement's fact is written with its state", events())
    told = await outbox.recover(now=LATER)
    await outbox.settle([settled(lost, JobState.ACCEPTED)])
    kinds = sorted(event.kind for event in events())
    wanted = sorted([Kind.QUEUED] * 3 + [Kind.ACCEPTED, Kind.UNKNOWN, Kind.ACCEPTED])
    claim(kinds == wanted, "each fact is written once, and a late answer after its unknown", kinds)
    await outbox.settle([settled(lost, JobState.BOUNCED)])
    claim(len(events()) == len(wanted), "a lease that counts no more writes nothing", events())
    claim(told[0] in events(), "what recover tells is written down", told)


_CHECKS: Final[tuple[Callable[[Outbox], Coroutine[Any, Any, None]], ...]] = (
    _nothing_is_due_in_an_empty_outbox,
    _jobs_come_back_as_they_were,
    _a_key_is_there_once,
    _a_letter_of_no_campaign_is_told_by_its_message_id,
    _jobs_go_in_order,
    _leases_never_overlap,
    _only_the_newest_lease_counts,
    _an_answer_is_settled_once,
    _a_late_answer_counts,
    _a_deferred_job_comes_again,
    _a_job_can_be_given_back,
    _what_ran_out_is_taken_back,
    _what_is_unknown_can_be_resolved,
    _what_failed_can_be_brought_back,
    _what_is_unknown_may_be_tried_again,
    *CONTROL_CHECKS,
)
