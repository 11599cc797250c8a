"""The contract of an outbox, in lanes, pauses and cancellations; a part of `mailkit.testing.outboxes`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from mailkit.send.jobs import JobState
from mailkit.send.outbox import Outbox
from mailkit.testing.outbox_tools import LATER, MINUTE, NOW, claim, lease_all, lease_one, made_job, settled

__all__ = ["CONTROL_CHECKS"]


async def _jobs_wait_in_lanes(outbox: Outbox) -> None:
    urgent = {"priority": 5, "is_transactional": True, "campaign": "receipt"}
    jobs = [
        made_job(1, provider="gmail", account="acme", identity="ip1"),
        made_job(2, provider="gmail", account="acme", identity="ip1", not_before=NOW + MINUTE),
        made_job(3, provider="yahoo", account="acme", identity="ip1", not_before=LATER),
        made_job(4, **urgent),
    ]
    await outbox.add(jobs, now=NOW)
    seen = await outbox.lanes()
    said = sorted((lane.priority, lane.is_transactional, lane.account, lane.campaign) for lane in seen)
    wanted = [(0, False, "acme", "spring"), (0, False, "acme", "spring"), (5, True, "", "receipt")]
    claim(said == wanted, "jobs wait in lanes by priority, class, account and campaign", said)
    ways = sorted((lane.identity, lane.provider, lane.due) for lane in seen)
    wanted_ways = [("", "", NOW), ("ip1", "gmail", NOW), ("ip1", "yahoo", LATER)]
    claim(ways == wanted_ways, "and by identity and provider, each with its first job's instant", ways)
    leases = {lease.job.person: lease for lease in await lease_all(outbox)}
    numbers = {lane.number for lane in seen if lane.due == NOW}
    claim({lease.lane for lease in leases.values()} == numbers, "a lease tells its lane", leases)
    left = sorted(lane.due for lane in await outbox.lanes())
    claim(left == [NOW + MINUTE, LATER], "a lane in which no job waits is left out", left)
    back = settled(leases["4"], JobState.QUEUED, due=NOW)
    await outbox.settle([back])
    claim(leases["4"].lane in {lane.number for lane in await outbox.lanes()}, "a job given back waits in its lane")


async def _leases_can_be_asked_for_by_lane(outbox: Outbox) -> None:
    await outbox.add([made_job(number, provider="gmail") for number in range(5)], now=NOW)
    await outbox.add([made_job(number, provider="yahoo", priority=1) for number in range(5, 9)], now=NOW)
    gmail, yahoo = sorted(await outbox.lanes(), key=lambda lane: lane.provider)

    async def take(lanes: dict[int, int], *, limit: int = 100) -> list[str]:
        leases = await outbox.lease(now=NOW, until=LATER, limit=limit, lanes=lanes)
        return [lease.job.provider for lease in leases]

    taken = await take({gmail.number: 2})
    claim(taken == ["gmail"] * 2, "no more are leased from a lane than was asked for, and none from others", taken)
    taken = await take({gmail.number: 1, yahoo.number: 1})
    claim(taken == ["yahoo", "gmail"], "from several lanes, higher priority goes first", taken)
    taken = await take({gmail.number: 2, yahoo.number: 2}, limit=3)
    claim(taken == ["yahoo", "yahoo", "gmail"], "the limit holds over all lanes", taken)
    taken = await take({gmail.number: 0, yahoo.number: 9, 10**6: 3})
    claim(taken == ["yahoo"], "none of a lane is none, and a lane that is not there gives nothing", taken)
    claim(await take({}) == [], "no lanes give nothing")


async def _what_is_paused_waits(outbox: Outbox) -> None:
    await outbox.add([made_job(1), made_job(2), made_job(3, campaign="summer")], now=NOW)
    held = await lease_one(outbox)
    claim(await outbox.paused() == frozenset(), "nothing is paused at first")
    await outbox.pause("spring")
    await outbox.pause("spring")
    claim(await outbox.paused() == {"spring"}, "what is paused is told", await outbox.paused())
    claim(await outbox.mark_data_sent([held], now=NOW) == frozenset(), "nothing is sent of a paused campaign")
    seen = [lane.campaign for lane in await outbox.lanes()]
    claim(seen == ["summer"], "lanes of paused campaigns are left out", seen)
    leases = await lease_all(outbox)
    claim([lease.job.person for lease in leases] == ["3"], "jobs of paused campaigns are not leased", leases)
    await outbox.settle([settled(leases[0], JobState.ACCEPTED), settled(held, JobState.QUEUED, due=NOW)])
    claim(await outbox.next_due() is None, "nor are they due")
    await outbox.resume("autumn")
    await outbox.resume("spring")
    again = [lease.job.person for lease in await lease_all(outbox)]
    claim(again == ["1", "2"], "after resume, all of them come again", again)


async def _everything_can_be_paused(outbox: Outbox) -> None:
    await outbox.add([made_job(1), made_job(2, campaign="summer")], now=NOW)
    held, sent = await lease_all(outbox)
    await outbox.mark_data_sent([sent], now=NOW)
    await outbox.pause("spring")
    await outbox.pause()
    claim(await outbox.paused() == {None, "spring"}, "everything is paused beside campaigns", await outbox.paused())
    claim(await outbox.mark_data_sent([held], now=NOW) == frozenset(), "then nothing is sent")
    counted = await outbox.settle([settled(held, JobState.QUEUED, due=NOW), settled(sent, JobState.ACCEPTED)])
    claim(len(counted) == 2, "what was under way is settled all the same", counted)
    claim(len(await outbox.lanes()) == len(await lease_all(outbox)) == 0, "nothing is leased")
    await outbox.resume()
    claim(await outbox.paused() == {"spring"}, "a campaign's own pause outlasts the one for everything")
    claim(len(await lease_all(outbox)) == 0, "and holds")


async def _a_campaign_can_be_cancelled(outbox: Outbox) -> None:
    await outbox.add([*(made_job(number) for number in range(1, 5)), made_job(5, campaign="summer")], now=NOW)
    sent, held, deferred = await outbox.lease(now=NOW, until=LATER, limit=3)
    await outbox.mark_data_sent([sent], now=NOW)
    await outbox.settle([settled(deferred, JobState.DEFERRED, due=LATER)])
    cancelled = await outbox.cancel("spring", now=NOW)
    claim(cancelled == 3, "queued, deferred and leased jobs are called back, and sent ones are not", cancelled)
    claim(await outbox.cancel("spring", now=NOW) == 0, "once")
    claim(await outbox.mark_data_sent([held], now=NOW) == frozenset(), "what is called back is not sent")
    late = [settled(held, JobState.QUEUED, due=NOW), settled(held, JobState.BOUNCED)]
    claim(await outbox.settle(late) == frozenset(), "nor does it come back")
    claim(len(await outbox.settle([settled(sent, JobState.ACCEPTED)])) == 1, "what was sent comes to its end")
    counts = dict(await outbox.counts())
    wanted = {JobState.CANCELLED: 3, JobState.ACCEPTED: 1, JobState.QUEUED: 1}
    claim(counts == wanted, "no other campaign is touched", counts)
    claim(await outbox.add([made_job(1)], now=NOW) == 0, "a cancelled job's key stays taken")
    rest = [lease.job.campaign for lease in await lease_all(outbox, now=LATER)]
    claim(rest == ["summer"], "cancelled jobs are not leased", rest)


CONTROL_CHECKS: Final[tuple[Callable[[Outbox], Coroutine[Any, Any, None]], ...]] = (
    _jobs_wait_in_lanes,
    _leases_can_be_asked_for_by_lane,
    _what_is_paused_waits,
    _everything_can_be_paused,
    _a_campaign_can_be_cancelled,
)
