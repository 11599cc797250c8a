import pytest

from mailkit.send import MemoryOutbox
from mailkit.testing.outboxes import check_outbox


class ForgetsEpochs(MemoryOutbox):
    def _newest(self, lease):
        return self._entries.get(lease.number)


class ForgetsLateAnswers(MemoryOutbox):
    async def settle(self, settlements):
        return await super().settle([one for one in settlements if one.lease.number in self._leased])


class SendsTwice(MemoryOutbox):
    async def mark_data_sent(self, leases, *, now):
        return frozenset(lease.number for lease in leases)


class KeepsNoFacts(MemoryOutbox):
    async def settle(self, settlements):
        facts = list(self.events)
        held = await super().settle(settlements)
        self.events = facts
        return held


@pytest.mark.parametrize("broken", [ForgetsEpochs, ForgetsLateAnswers, SendsTwice, KeepsNoFacts])
def test_an_outbox_that_breaks_its_promise_is_found_out(broken):
    with pytest.raises(AssertionError, match="breaks its contract"):
        check_outbox(broken, events=lambda outbox: outbox.events)


def test_facts_are_checked_only_where_they_can_be_seen():
    check_outbox(KeepsNoFacts)
