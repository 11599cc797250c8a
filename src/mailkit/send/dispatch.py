"""From what came of a delivery to what is written down: a rule without I/O.

| delivery | settled as |
| --- | --- |
| accepted | accepted |
| refused for good | bounced; but deferred if the refusal was meant for us, not for this recipient |
| refused for now, or lost before the message | deferred; expired once the policy or the job's own time is over |
| lost within the message | unknown: it may have arrived; and then deferred if the policy says so |
| cannot be sent, or not be rendered | failed |
"""

from __future__ import annotations

import re
from datetime import datetime
from random import Random
from typing import Final, assert_never

import attrs

from mailkit.event import Kind, Property
from mailkit.send.jobs import JobState
from mailkit.send.outbox import Lease, Settlement
from mailkit.send.retry import RetryPolicy, next_try
from mailkit.send.returns.causes import Action, Cause, Family
from mailkit.send.returns.classify import Verdict, classify
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.transport import Accepted, Delivery, Lost, Refused, Unsendable

__all__ = ["broke", "conclude", "expire", "fail", "give_back", "obstacle", "put_off", "suppress"]

_LONGEST_REPLY: Final = 1_000
"""Characters of a reply that an event keeps."""
_ADDRESS: Final = re.compile(r"\S*@\S*")
_BROKE: Final = "the transport failed: "
_TRANSPORT_FAILED: Final[dict[str, Property]] = {
    "cause": Cause.NETWORKERROR.value,
    "family": Family.TRANSPORT.value,
    "action": Action.RETRY.value,
}


def conclude(
    lease: Lease, delivery: Accepted | Refused | Lost | Unsendable, *, policy: RetryPolicy, now: datetime, rng: Random
) -> Settlement:
    """Say what becomes of a job after a delivery, and the fact to write down.

    What was lost within the message is `unknown`, and stays so unless the policy tries it again:
    then that it was unknown is written down first.

    A refusal of the connection or of the login speaks of us and not of this recipient, so it
    defers the job even if the server calls it permanent.
    """
    match delivery:
        case Accepted():
            return _accepted(lease, delivery, now)
        case Refused():
            return _refused(lease, delivery, policy=policy, now=now, rng=rng)
        case Lost(phase=Phase.MESSAGE):
            reason = f"no answer to the final dot was seen: {delivery.reason}"
            facts: dict[str, Property] = {"reason": reason, "server": delivery.server, "phase": delivery.phase.value}
            facts.update(_about(lease))
            unknown = _final(lease, JobState.UNKNOWN, now, tries=lease.tries + 1, **facts)
            return unknown if policy.on_unknown == "hold" else _once_more(unknown, facts, policy, now, rng)
        case Lost():
            said: dict[str, Property] = {
                "reason": str(delivery),
                "server": delivery.server,
                "phase": delivery.phase.value,
                **_TRANSPORT_FAILED,
            }
            return _later(lease, None, said, policy=policy, now=now, rng=rng)
        case Unsendable():
            return fail(lease, delivery.reason, now=now)
        case _:  # pragma: no cover - the type checker proves it
            assert_never(delivery)


def _accepted(lease: Lease, delivery: Accepted, now: datetime) -> Settlement:
    """The commonest outcome, on the shortest way."""
    reply = delivery.reply
    said: dict[str, Property] = {
        "reply": reply.text[:_LONGEST_REPLY],
        "code": reply.code,
        "enhanced": reply.enhanced,
        "tries": lease.tries + 1,
    }
    if delivery.server:
        said["server"] = delivery.server
    said.update(_about(lease))
    return Settlement.end(lease, JobState.ACCEPTED, lease.job.fact(Kind.ACCEPTED, now, said))


def _about(lease: Lease) -> dict[str, Property]:
    """What a letter was, for caps and warm-up: only what is said of it."""
    job = lease.job
    said: dict[str, Property] = {}
    if job.topic:
        said["topic"] = job.topic
    if job.is_transactional:
        said["transactional"] = True
    if job.identity:
        said["identity"] = job.identity
    if job.provider:
        said["provider"] = job.provider
    return said


def _once_more(
    unknown: Settlement, facts: dict[str, Property], policy: RetryPolicy, now: datetime, rng: Random
) -> Settlement:
    """Try again what may have arrived, unless it would be too late then: it stays unknown, as nobody knows better."""
    said = {**facts, **_TRANSPORT_FAILED}
    later = _later(unknown.lease, None, said, policy=policy, now=now, rng=rng)
    return attrs.evolve(later, before=unknown.event) if later.state is JobState.DEFERRED else unknown


def fail(lease: Lease, reason: str, *, now: datetime) -> Settlement:
    """The job cannot be sent for a reason of our own."""
    return _final(lease, JobState.FAILED, now, tries=lease.tries, reason=reason[:_LONGEST_REPLY])


def expire(lease: Lease, *, now: datetime) -> Settlement:
    """The job's own time is over."""
    return _final(lease, JobState.EXPIRED, now, tries=lease.tries, reason="the letter's own time was over")


def suppress(lease: Lease, reason: str, cause: str, *, now: datetime) -> Settlement:
    """The letter must not go to this person."""
    return _final(lease, JobState.SUPPRESSED, now, tries=lease.tries, reason=reason, cause=cause)


def put_off(lease: Lease, due: datetime) -> Settlement:
    """Give a job back untried, until it may go."""
    return Settlement(lease=lease, state=JobState.QUEUED, event=None, due=due)


def give_back(lease: Lease) -> Settlement:
    """Give a job back untried, to be leased again at any time."""
    return put_off(lease, lease.job.not_before or lease.queued_at)


def broke(transport: object, error: Exception, *, is_sent: bool) -> Lost:
    """A transport that raised where it should have said what came of a delivery."""
    phase = Phase.MESSAGE if is_sent else Phase.CONNECT
    return Lost(phase=phase, server=type(transport).__name__, reason=f"{_BROKE}{type(error).__name__}: {error}")


def obstacle(delivery: Delivery) -> str:
    """What keeps every letter from going, in words that may stand in a log; empty if nothing does.

    Addresses are left out, and so is the text of an exception, which may quote an address or a key.
    """
    if not isinstance(delivery, Lost | Refused) or delivery.phase not in (Phase.CONNECT, Phase.EHLO):
        return ""
    if isinstance(delivery, Refused):
        said = f"the server turns us away: {delivery.reply.line[:_LONGEST_REPLY]}"
    elif delivery.reason.startswith(_BROKE):
        said = f"{delivery.server}: {_BROKE}{delivery.reason.removeprefix(_BROKE).partition(':')[0]}"
    else:
        said = str(delivery)
    return _ADDRESS.sub("<address>", said)


def _refused(lease: Lease, refused: Refused, *, policy: RetryPolicy, now: datetime, rng: Random) -> Settlement:
    verdict = classify(refused.reply, phase=refused.phase, provider=lease.job.provider)
    said = {
        **_said(refused.reply),
        "cause": verdict.cause.value,
        "family": verdict.family.value,
        "fault": verdict.fault.value,
        "action": verdict.action.value,
        "phase": refused.phase.value,
        "evidence": refused.reply.line[:_LONGEST_REPLY],
        "rule": verdict.evidence.rule,
    }
    if verdict.is_permanent and not _speaks_of_us(refused, verdict):
        return _final(lease, JobState.BOUNCED, now, tries=lease.tries + 1, **said)
    return _later(lease, verdict, said, policy=policy, now=now, rng=rng)


def _speaks_of_us(refused: Refused, verdict: Verdict) -> bool:
    is_before_any_letter = refused.phase in (Phase.CONNECT, Phase.EHLO)
    return is_before_any_letter or (refused.phase is Phase.MAIL and verdict.cause is Cause.SECURITYERROR)


def _later(
    lease: Lease,
    verdict: Verdict | None,
    said: dict[str, Property],
    *,
    policy: RetryPolicy,
    now: datetime,
    rng: Random,
) -> Settlement:
    """Try again, unless it would be too late then."""
    tries = lease.tries + 1
    due = next_try(policy, tries, now, verdict, rng, reply=str(said.get("evidence") or ""))
    ends = lease.job.expires_at
    since = max(lease.queued_at, lease.job.not_before or lease.queued_at)  # before that it could not go
    if policy.is_over(tries, since, due) or (ends is not None and due >= ends):
        reason = f"given up after {tries} {'try' if tries == 1 else 'tries'}"
        said = {**said, "reason": f"{reason}: {said.get('reason') or said.get('evidence')}"}
        return _final(lease, JobState.EXPIRED, now, tries=tries, **said)
    event = lease.job.event(Kind.DEFERRED, now, tries=tries, **said)
    return Settlement(lease=lease, state=JobState.DEFERRED, event=event, due=due)


def _final(lease: Lease, state: JobState, now: datetime, **properties: Property) -> Settlement:
    return Settlement(lease=lease, state=state, event=lease.job.event(Kind(state.value), now, **properties))


def _said(reply: Reply) -> dict[str, Property]:
    return {"reply": reply.text[:_LONGEST_REPLY], "code": reply.code, "enhanced": reply.enhanced}
