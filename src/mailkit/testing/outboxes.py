"""The contract of an outbox, as checks that any implementation can run.

`mailkit.send.Outbox` says what its methods do; `check_outbox` tries it. Each check begins
with an outbox of its own, and none of them waits: the instants are made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import attrs

from mailkit.blocking import run
from mailkit.envelope import Envelope
from mailkit.event import Event, Kind
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lease, Outbox, Settlement

__all__ = ["check_outbox"]

_NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)
_LATER: Final = _NOW + 5 * _MINUTE


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


def _claim(holds: bool, text: str, *found: object) -> None:
    if not holds:
        seen = f" (found {', '.join(map(repr, found))})" if found else ""
        raise AssertionError(f"the outbox breaks its contract: {text}{seen}")


def _job(number: int, **changes: Any) -> Job:
    job = Job(
        person=str(number),
        envelope=Envelope(sender="Books <shop@example.com>", recipient=f"Reader{number}@example.org"),
        message_id=f"{number}.letter@example.com",
        date=_NOW,
        campaign="spring",
        step="1",
        raw=b"Subject: Hello\r\n\r\nHello\r\n",
    )
    return attrs.evolve(job, **changes)


async def _lease(outbox: Outbox, *, now: datetime = _NOW, limit: int = 100) -> Sequence[Lease]:
    return await outbox.lease(now=now, until=now + 5 * _MINUTE, limit=limit)


async def _lease_one(outbox: Outbox, *, now: datetime = _NOW) -> Lease:
    leases = await _lease(outbox, now=now, limit=1)
    _claim(len(leases) == 1, "a job that is due can be leased", leases)
    return leases[0]


def _settled(lease: Lease, state: JobState, *, at: datetime = _NOW, due: datetime | None = None) -> Settlement:
    event = None if state is JobState.QUEUED else lease.job.event(Kind(state.value), at, reply="250 2.0.0 Ok")
    return Settlement(lease=lease, state=state, event=event, due=due)


async def _jobs_come_back_as_they_were(outbox: Outbox) -> None:
    given = _job(1, raw=b"", template="cart", record={"name": "Анна", "items": [1, 2.5, None, True]}, topic="news")
    given = attrs.evolve(given, account="acme", identity="ip1", provider="gmail")
    given = attrs.evolve(given, brand="books", priority=3, expires_at=_LATER, not_before=_NOW, is_transactional=True)
    await outbox.add([given], now=_NOW)
    lease = await _lease_one(outbox)
    _claim(lease.job == given, "a leased job equals the one that was added", lease.job, given)
    _claim(lease.epoch == 1 and lease.tries == 0, "the first lease has epoch 1 and no tries", lease)
    _claim(lease.queued_at == _NOW and lease.until == _LATER, "a lease tells its instants", lease)


async def _a_key_is_there_once(outbox: Outbox) -> None:
    same_mailbox = attrs.evolve(_job(2), envelope=Envelope(sender="s@example.com", recipient="reader1@EXAMPLE.org"))
    new = await outbox.add([_job(1), _job(1), same_mailbox, _job(1, step="2"), _job(3)], now=_NOW)
    _claim(new == 3, "campaign, recipient without case and step are unique", new)
    _claim(await outbox.add([_job(1), _job(3)], now=_NOW) == 0, "jobs that are there already are passed over")
    _claim(await outbox.add([], now=_NOW) == 0, "no jobs are no jobs")
    lease = await _lease_one(outbox)
    await outbox.settle([_settled(lease, JobState.ACCEPTED)])
    _claim(await outbox.add([lease.job], now=_LATER) == 0, "a finished job's key stays taken")


async def _a_letter_of_no_campaign_is_told_by_its_message_id(outbox: Outbox) -> None:
    alone = _job(1, campaign="", step="")
    new = await outbox.add([alone, alone, attrs.evolve(alone, message_id="another.letter@example.com")], now=_NOW)
    _claim(new == 2, "without campaign and step, letters to one person are told apart by their Message-ID", new)


async def _jobs_go_in_order(outbox: Outbox) -> None:
    jobs = [
        _job(1, not_before=_NOW - _MINUTE),
        _job(2, priority=5, not_before=_NOW),
        _job(3, not_before=_NOW - 3 * _MINUTE),
        _job(4, priority=5, not_before=_NOW - _MINUTE),
        _job(5, not_before=_NOW + _MINUTE),
    ]
    await outbox.add(jobs, now=_NOW - 10 * _MINUTE)
    first = [lease.job.person for lease in await _lease(outbox, limit=2)]
    rest = [lease.job.person for lease in await _lease(outbox)]
    _claim(first == ["4", "2"], "higher priority goes first, then the longest due", first)
    _claim(rest == ["3", "1"], "the limit and `not_before` are kept, and nothing is leased twice", rest)
    _claim(await outbox.next_due() == _NOW + _MINUTE, "next_due tells the next job's instant", await outbox.next_due())


async def _leases_never_overlap(outbox: Outbox) -> None:
    await outbox.add([_job(number) for number in range(40)], now=_NOW)
    batches = await asyncio.gather(*(_lease(outbox, limit=7) for _ in range(8)))
    numbers = [lease.number for batch in batches for lease in batch]
    _claim(len(numbers) == len(set(numbers)) == 40, "workers that lease at once get different jobs", len(numbers))


async def _only_the_newest_lease_counts(outbox: Outbox) -> None:
    await outbox.add([_job(1)], now=_NOW)
    old = await _lease_one(outbox)
    _claim(await outbox.mark_data_sent([old], now=_LATER) == frozenset(), "a lease that ran out cannot send")
    _claim(len(await outbox.recover(now=_LATER)) == 0, "a lease without a final dot leaves no fact")
    _claim(await outbox.mark_data_sent([old], now=_LATER) == frozenset(), "a lease taken back cannot send")
    _claim(await outbox.settle([_settled(old, JobState.ACCEPTED)]) == frozenset(), "nor can it settle")
    new = await _lease_one(outbox, now=_LATER)
    _claim(new.epoch > old.epoch and new.number == old.number, "every lease has a higher epoch", old, new)
    _claim(await outbox.mark_data_sent([old], now=_LATER) == frozenset(), "an old epoch cannot send")
    _claim(await outbox.settle([_settled(old, JobState.ACCEPTED)]) == frozenset(), "nor can it settle a newer lease")
    held = await outbox.mark_data_sent([new], now=_LATER)
    _claim(held == frozenset({new.number}), "the newest lease can send", held)
    _claim(await outbox.mark_data_sent([new], now=_LATER) == frozenset(), "the final dot goes out once")
    await outbox.recover(now=_LATER + 5 * _MINUTE)
    held = await outbox.settle([_settled(old, JobState.ACCEPTED)])
    _claim(held == frozenset(), "an old epoch's answer settles no newer lease that became unknown", held)


async def _an_answer_is_settled_once(outbox: Outbox) -> None:
    await outbox.add([_job(1), _job(2)], now=_NOW)
    sent, refused = await _lease(outbox)
    await outbox.mark_data_sent([sent], now=_NOW)
    both = [_settled(sent, JobState.ACCEPTED), _settled(refused, JobState.BOUNCED)]
    held = await outbox.settle(both)
    _claim(held == frozenset({sent.number, refused.number}), "leases that hold are settled", held)
    _claim(await outbox.settle(both) == frozenset(), "settling again changes nothing")
    counts = dict(await outbox.counts())
    _claim(counts == {JobState.ACCEPTED: 1, JobState.BOUNCED: 1}, "counts tell the states that there are", counts)
    _claim(await outbox.next_due() is None, "no job is open, so nothing is due")
    _claim(len(await _lease(outbox, now=_LATER)) == 0, "a finished job is never leased")


async def _a_late_answer_counts(outbox: Outbox) -> None:
    await outbox.add([_job(number) for number in range(6)], now=_NOW)
    leases = await _lease(outbox)
    await outbox.mark_data_sent(leases, now=_NOW)
    await outbox.recover(now=_LATER)
    accepted, bounced, deferred, expired, failed, lost = leases
    late = [
        _settled(accepted, JobState.ACCEPTED, at=_LATER),
        _settled(bounced, JobState.BOUNCED, at=_LATER),
        _settled(deferred, JobState.DEFERRED, at=_LATER, due=_LATER + _MINUTE),
        _settled(expired, JobState.EXPIRED, at=_LATER),
    ]
    held = await outbox.settle(late)
    _claim(held == {one.lease.number for one in late}, "a late answer to an unknown job's own lease counts", held)
    _claim(await outbox.settle(late) == frozenset(), "it counts once")
    no_news = [
        _settled(failed, JobState.FAILED, at=_LATER),
        _settled(lost, JobState.UNKNOWN, at=_LATER),
        _settled(lost, JobState.QUEUED, due=_LATER),
    ]
    _claim(await outbox.settle(no_news) == frozenset(), "what is no answer settles no unknown job")
    await outbox.resolve({lost.job.message_id: False}, now=_LATER)
    _claim(await outbox.settle([_settled(lost, JobState.ACCEPTED, at=_LATER)]) == frozenset(), "nor a resolved one")
    again = {lease.number for lease in await _lease(outbox, now=_LATER + _MINUTE)}
    _claim(again == {deferred.number, lost.number}, "what was put off or resolved comes again, and nothing else", again)


async def _a_deferred_job_comes_again(outbox: Outbox) -> None:
    await outbox.add([_job(1)], now=_NOW)
    first = await _lease_one(outbox)
    await outbox.settle([_settled(first, JobState.DEFERRED, due=_LATER)])
    _claim(dict(await outbox.counts()) == {JobState.DEFERRED: 1}, "a deferred job is counted as one")
    _claim(len(await _lease(outbox, now=_LATER - _MINUTE)) == 0, "a deferred job waits until it is due")
    _claim(await outbox.next_due() == _LATER, "next_due tells when a deferred job comes again")
    again = await _lease_one(outbox, now=_LATER)
    _claim((again.tries, again.epoch) == (1, 2), "a deferral counts as a try", again)
    _claim(again.queued_at == _NOW and again.job == first.job, "a job stays itself over its tries", again)


async def _a_job_can_be_given_back(outbox: Outbox) -> None:
    await outbox.add([_job(1)], now=_NOW)
    lease = await _lease_one(outbox)
    await outbox.settle([_settled(lease, JobState.QUEUED, due=_LATER)])
    _claim(dict(await outbox.counts()) == {JobState.QUEUED: 1}, "a job given back is queued")
    again = await _lease_one(outbox, now=_LATER)
    _claim((again.tries, again.epoch) == (0, 2), "giving back is no try, yet the next lease is a new one", again)


async def _what_ran_out_is_taken_back(outbox: Outbox) -> None:
    await outbox.add([_job(1), _job(2)], now=_NOW)
    waiting, sent = await _lease(outbox)
    await outbox.mark_data_sent([sent], now=_NOW)
    _claim(await outbox.next_due() == _LATER, "next_due tells when a lease runs out", await outbox.next_due())
    _claim(len(await outbox.recover(now=_LATER - _MINUTE)) == 0, "a lease that holds is left alone")
    states = {JobState.LEASED: 1, JobState.DATA_SENT: 1}
    _claim(dict(await outbox.counts()) == states, "counts tell what is under way", await outbox.counts())
    unknown = await outbox.recover(now=_LATER)
    said = [(event.kind, event.message_id) for event in unknown]
    _claim(said == [(Kind.UNKNOWN, sent.job.message_id)], "a dot without an answer is told as unknown", said)
    _claim(len(await outbox.recover(now=_LATER)) == 0, "it is told once")
    leases = await _lease(outbox, now=_LATER)
    _claim([lease.number for lease in leases] == [waiting.number], "what was not sent is due again at once", leases)
    _claim(leases[0].tries == 0, "a lease that ran out is no try", leases[0])
    _claim((await outbox.counts()).get(JobState.UNKNOWN) == 1, "an unknown job is never tried again by itself")


async def _what_is_unknown_can_be_resolved(outbox: Outbox) -> None:
    await outbox.add([_job(1), _job(2), _job(3), _job(4)], now=_NOW)
    taken, lost, unheard, _ = await _lease(outbox)
    await outbox.mark_data_sent([taken, lost, unheard], now=_NOW)
    await outbox.recover(now=_LATER)
    verdicts = {taken.job.message_id: True, lost.job.message_id: False, _job(4).message_id: True, "nobody's": False}
    told = await outbox.resolve(verdicts, now=_LATER)
    said = sorted((event.message_id, str(event.kind)) for event in told)
    wanted = sorted([(taken.job.message_id, "accepted"), (lost.job.message_id, "deferred")])
    _claim(said == wanted, "resolve settles unknown jobs and no others", said)
    _claim(len(await outbox.resolve(verdicts, now=_LATER)) == 0, "each is settled once")
    _claim(len(await outbox.resolve({}, now=_LATER)) == 0, "and nothing by nothing")
    again = [lease.number for lease in await _lease(outbox, now=_LATER)]
    _claim(lost.number in again, "what the server did not take is due again", again)
    _claim(taken.number not in again and unheard.number not in again, "what it took, or may have, is not", again)
    counts = await outbox.counts()
    _claim((counts.get(JobState.ACCEPTED), counts.get(JobState.UNKNOWN)) == (1, 1), "the states say the same", counts)
    told = await outbox.resolve({f"<{unheard.job.message_id}>": True}, now=_LATER)
    _claim([event.kind for event in told] == [Kind.ACCEPTED], "angle brackets around a Message-ID do not matter", told)


async def _what_failed_can_be_brought_back(outbox: Outbox) -> None:
    await outbox.add([_job(1), _job(2), _job(3)], now=_NOW)
    failed, hopeless, bounced = await _lease(outbox)
    states = (JobState.FAILED, JobState.FAILED, JobState.BOUNCED)
    await outbox.settle([_settled(*pair) for pair in zip((failed, hopeless, bounced), states, strict=True)])
    verdicts = {failed.job.message_id: False, hopeless.job.message_id: True, bounced.job.message_id: False}
    told = await outbox.resolve(verdicts, now=_LATER)
    said = [(event.kind, event.message_id) for event in told]
    _claim(said == [(Kind.DEFERRED, failed.job.message_id)], "resolve with False brings a failed job back", said)
    _claim(len(await outbox.resolve(verdicts, now=_LATER)) == 0, "it is brought back once")
    again = [lease.number for lease in await _lease(outbox, now=_LATER)]
    _claim(again == [failed.number], "and it is due at once; no other job is", again)


async def _jobs_wait_in_lanes(outbox: Outbox) -> None:
    urgent = {"priority": 5, "is_transactional": True, "campaign": "receipt"}
    jobs = [
        _job(1, provider="gmail", account="acme", identity="ip1"),
        _job(2, provider="gmail", account="acme", identity="ip1", not_before=_NOW + _MINUTE),
        _job(3, provider="yahoo", account="acme", identity="ip1", not_before=_LATER),
        _job(4, **urgent),
    ]
    await outbox.add(jobs, now=_NOW)
    seen = await outbox.lanes()
    said = sorted((lane.priority, lane.is_transactional, lane.account, lane.campaign) for lane in seen)
    wanted = [(0, False, "acme", "spring"), (0, False, "acme", "spring"), (5, True, "", "receipt")]
    _claim(said == wanted, "jobs wait in lanes by priority, class, account and campaign", said)
    ways = sorted((lane.identity, lane.provider, lane.due) for lane in seen)
    wanted_ways = [("", "", _NOW), ("ip1", "gmail", _NOW), ("ip1", "yahoo", _LATER)]
    _claim(ways == wanted_ways, "and by identity and provider, each with its first job's instant", ways)
    leases = {lease.job.person: lease for lease in await _lease(outbox)}
    numbers = {lane.number for lane in seen if lane.due == _NOW}
    _claim({lease.lane for lease in leases.values()} == numbers, "a lease tells its lane", leases)
    left = sorted(lane.due for lane in await outbox.lanes())
    _claim(left == [_NOW + _MINUTE, _LATER], "a lane in which no job waits is left out", left)
    back = _settled(leases["4"], JobState.QUEUED, due=_NOW)
    await outbox.settle([back])
    _claim(leases["4"].lane in {lane.number for lane in await outbox.lanes()}, "a job given back waits in its lane")


async def _leases_can_be_asked_for_by_lane(outbox: Outbox) -> None:
    await outbox.add([_job(number, provider="gmail") for number in range(5)], now=_NOW)
    await outbox.add([_job(number, provider="yahoo", priority=1) for number in range(5, 9)], now=_NOW)
    gmail, yahoo = sorted(await outbox.lanes(), key=lambda lane: lane.provider)

    async def take(lanes: dict[int, int], *, limit: int = 100) -> list[str]:
        leases = await outbox.lease(now=_NOW, until=_LATER, limit=limit, lanes=lanes)
        return [lease.job.provider for lease in leases]

    taken = await take({gmail.number: 2})
    _claim(taken == ["gmail"] * 2, "no more are leased from a lane than was asked for, and none from others", taken)
    taken = await take({gmail.number: 1, yahoo.number: 1})
    _claim(taken == ["yahoo", "gmail"], "from several lanes, higher priority goes first", taken)
    taken = await take({gmail.number: 2, yahoo.number: 2}, limit=3)
    _claim(taken == ["yahoo", "yahoo", "gmail"], "the limit holds over all lanes", taken)
    taken = await take({gmail.number: 0, yahoo.number: 9, 10**6: 3})
    _claim(taken == ["yahoo"], "none of a lane is none, and a lane that is not there gives nothing", taken)
    _claim(await take({}) == [], "no lanes give nothing")


async def _what_is_paused_waits(outbox: Outbox) -> None:
    await outbox.add([_job(1), _job(2), _job(3, campaign="summer")], now=_NOW)
    held = await _lease_one(outbox)
    _claim(await outbox.paused() == frozenset(), "nothing is paused at first")
    await outbox.pause("spring")
    await outbox.pause("spring")
    _claim(await outbox.paused() == {"spring"}, "what is paused is told", await outbox.paused())
    _claim(await outbox.mark_data_sent([held], now=_NOW) == frozenset(), "nothing is sent of a paused campaign")
    seen = [lane.campaign for lane in await outbox.lanes()]
    _claim(seen == ["summer"], "lanes of paused campaigns are left out", seen)
    leases = await _lease(outbox)
    _claim([lease.job.person for lease in leases] == ["3"], "jobs of paused campaigns are not leased", leases)
    await outbox.settle([_settled(leases[0], JobState.ACCEPTED), _settled(held, JobState.QUEUED, due=_NOW)])
    _claim(await outbox.next_due() is None, "nor are they due")
    await outbox.resume("autumn")
    await outbox.resume("spring")
    again = [lease.job.person for lease in await _lease(outbox)]
    _claim(again == ["1", "2"], "after resume, all of them come again", again)


async def _everything_can_be_paused(outbox: Outbox) -> None:
    await outbox.add([_job(1), _job(2, campaign="summer")], now=_NOW)
    held, sent = await _lease(outbox)
    await outbox.mark_data_sent([sent], now=_NOW)
    await outbox.pause("spring")
    await outbox.pause()
    _claim(await outbox.paused() == {None, "spring"}, "everything is paused beside campaigns", await outbox.paused())
    _claim(await outbox.mark_data_sent([held], now=_NOW) == frozenset(), "then nothing is sent")
    counted = await outbox.settle([_settled(held, JobState.QUEUED, due=_NOW), _settled(sent, JobState.ACCEPTED)])
    _claim(len(counted) == 2, "what was under way is settled all the same", counted)
    _claim(len(await outbox.lanes()) == len(await _lease(outbox)) == 0, "nothing is leased")
    await outbox.resume()
    _claim(await outbox.paused() == {"spring"}, "a campaign's own pause outlasts the one for everything")
    _claim(len(await _lease(outbox)) == 0, "and holds")


async def _a_campaign_can_be_cancelled(outbox: Outbox) -> None:
    await outbox.add([*(_job(number) for number in range(1, 5)), _job(5, campaign="summer")], now=_NOW)
    sent, held, deferred = await outbox.lease(now=_NOW, until=_LATER, limit=3)
    await outbox.mark_data_sent([sent], now=_NOW)
    await outbox.settle([_settled(deferred, JobState.DEFERRED, due=_LATER)])
    cancelled = await outbox.cancel("spring", now=_NOW)
    _claim(cancelled == 3, "queued, deferred and leased jobs are called back, and sent ones are not", cancelled)
    _claim(await outbox.cancel("spring", now=_NOW) == 0, "once")
    _claim(await outbox.mark_data_sent([held], now=_NOW) == frozenset(), "what is called back is not sent")
    late = [_settled(held, JobState.QUEUED, due=_NOW), _settled(held, JobState.BOUNCED)]
    _claim(await outbox.settle(late) == frozenset(), "nor does it come back")
    _claim(len(await outbox.settle([_settled(sent, JobState.ACCEPTED)])) == 1, "what was sent comes to its end")
    counts = dict(await outbox.counts())
    wanted = {JobState.CANCELLED: 3, JobState.ACCEPTED: 1, JobState.QUEUED: 1}
    _claim(counts == wanted, "no other campaign is touched", counts)
    _claim(await outbox.add([_job(1)], now=_NOW) == 0, "a cancelled job's key stays taken")
    rest = [lease.job.campaign for lease in await _lease(outbox, now=_LATER)]
    _claim(rest == ["summer"], "cancelled jobs are not leased", rest)


async def _what_is_unknown_may_be_tried_again(outbox: Outbox) -> None:
    await outbox.add([_job(1), _job(2, is_transactional=True), _job(3, is_transactional=True)], now=_NOW)
    leases = await _lease(outbox)
    sent = {lease.job.person: lease for lease in leases}
    await outbox.mark_data_sent([sent["1"], sent["2"]], now=_NOW)
    told = await outbox.recover(now=_LATER, retries=lambda job: job.is_transactional)
    said = sorted((event.person, str(event.kind)) for event in told)
    wanted = [("1", "unknown"), ("2", "deferred"), ("2", "unknown")]
    _claim(said == wanted, "what is tried again is told as unknown, and then as deferred", said)
    kinds = [event.kind for event in told if event.person == "2"]
    _claim(kinds == [Kind.UNKNOWN, Kind.DEFERRED], "in this order", kinds)
    again = {lease.job.person: lease for lease in await _lease(outbox, now=_LATER)}
    _claim(set(again) == {"2", "3"}, "it is due at once, and what is held is not", again)
    _claim((again["2"].tries, again["3"].tries) == (1, 0), "the try that was not heard of counts", again)
    late = await outbox.settle([_settled(sent["2"], JobState.ACCEPTED, at=_LATER)])
    _claim(late == frozenset(), "its late answer counts no more, as another lease holds it", late)


async def _facts_are_written_in_pairs(outbox: Outbox, events: Callable[[], Sequence[Event]]) -> None:
    await outbox.add([_job(1), _job(2)], now=_NOW)
    lost, _ = await _lease(outbox)
    await outbox.mark_data_sent([lost], now=_NOW)
    before = lost.job.event(Kind.UNKNOWN, _NOW, reason="gone")
    deferred = attrs.evolve(_settled(lost, JobState.DEFERRED, due=_LATER), before=before)
    await outbox.settle([deferred])
    await outbox.cancel("spring", now=_NOW)
    kinds = sorted(event.kind for event in events() if event.kind != Kind.QUEUED)
    wanted = sorted([Kind.UNKNOWN, Kind.DEFERRED, Kind.CANCELLED, Kind.CANCELLED])
    _claim(kinds == wanted, "a settlement's earlier fact is written too, and each cancellation", kinds)
    _claim(before in events(), "the earlier fact is written as it was given", before)


async def _nothing_is_due_in_an_empty_outbox(outbox: Outbox) -> None:
    _claim(dict(await outbox.counts()) == {}, "an empty outbox counts nothing")
    _claim(await outbox.next_due() is None, "and nothing is due in it")
    _claim(len(await outbox.lanes()) == len(await _lease(outbox)) == 0, "and nothing can be leased from it")
    _claim(len(await outbox.recover(now=_NOW)) == 0, "and nothing is taken back")
    _claim(await outbox.cancel("spring", now=_NOW) == 0, "nor called back")
    _claim(await outbox.mark_data_sent([], now=_NOW) == frozenset(), "and nothing is sent")
    _claim(await outbox.settle([]) == frozenset(), "and nothing is settled")


async def _facts_are_written_once(outbox: Outbox, events: Callable[[], Sequence[Event]]) -> None:
    await outbox.add([_job(1), _job(1), _job(2), _job(3)], now=_NOW)
    _claim([event.kind for event in events()] == [Kind.QUEUED] * 3, "each new job is a `queued` fact", events())
    accepted, lost, given_back = await _lease(outbox)
    await outbox.mark_data_sent([accepted, lost], now=_NOW)
    settlement = _settled(accepted, JobState.ACCEPTED)
    await outbox.settle([settlement, _settled(given_back, JobState.QUEUED, due=_LATER)])
    await outbox.settle([settlement, _settled(given_back, JobState.FAILED)])
    _claim(settlement.event in events(), "a settlement's fact is written with its state", events())
    told = await outbox.recover(now=_LATER)
    await outbox.settle([_settled(lost, JobState.ACCEPTED)])
    kinds = sorted(event.kind for event in events())
    wanted = sorted([Kind.QUEUED] * 3 + [Kind.ACCEPTED, Kind.UNKNOWN, Kind.ACCEPTED])
    _claim(kinds == wanted, "each fact is written once, and a late answer after its unknown", kinds)
    await outbox.settle([_settled(lost, JobState.BOUNCED)])
    _claim(len(events()) == len(wanted), "a lease that counts no more writes nothing", events())
    _claim(told[0] in events(), "what recover tells is written down", told)


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
    _jobs_wait_in_lanes,
    _leases_can_be_asked_for_by_lane,
    _what_is_paused_waits,
    _everything_can_be_paused,
    _a_campaign_can_be_cancelled,
    _what_is_unknown_may_be_tried_again,
)
