"""Laws of the dispatcher, which hold in whatever order things happen."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import Envelope
from mailkit.send import Job, Rate, Reply
from mailkit.send.dispatcher import Dispatcher
from mailkit.send.meter import Allotment, Reservation, Slot, Toll
from mailkit.send.outbox import Lane, Lease
from mailkit.send.transport import Accepted
from mailkit.send.unlimited import Unlimited

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OK = Accepted(reply=Reply.parse("250 Ok"))


class Rooms(Unlimited):
    """Limits as a test sets them: room by provider, and a toll for those that have one."""

    def __init__(self, rooms=None, tolls=(), again=None):
        super().__init__()
        self.rooms, self.tolled, self.again, self.under_way, self.heard_of = rooms or {}, tolls, again, Counter(), []

    def tolls(self, lane, identity, now):
        return (Toll(key=lane.provider, rate=Rate(1, per=SECOND)),) if lane.provider in self.tolled else ()

    def room(self, identity, provider, now):
        return self.rooms.get(provider, 10**6)

    def again_at(self, identity, provider, now):
        return self.again if self.room(identity, provider, now) == 0 else None

    def began(self, identity, provider):
        self.under_way[provider] += 1
        assert self.under_way[provider] <= self.room(identity, provider, NOW)

    def ended(self, identity, provider):
        self.under_way[provider] -= 1

    def heard(self, identity, provider, delivery, *, under_way, now, campaign=""):
        self.heard_of.append(provider)
        return ()


def limited(**given):
    """A dispatcher whose limits are asked for each letter."""
    shaping = Rooms(**given)
    dispatcher = Dispatcher({"": 10}, shaping, lease_for=timedelta(minutes=5))
    dispatcher._is_limited = True  # `Rooms` only borrows from `Unlimited` how turns are dealt
    return dispatcher, shaping


def lane(number, **changes):
    given = {
        "priority": 0,
        "is_transactional": False,
        "account": "",
        "campaign": "june",
        "identity": "",
        "provider": "",
    }
    return Lane(number=number, due=NOW, **{**given, **changes})


def lease(number, one, address=None):
    envelope = Envelope(sender="shop@example.com", recipient=f"{address or f'n{number}'}@example.org")
    job = Job(
        person=str(number),
        envelope=envelope,
        message_id=f"{number}@example.com",
        date=NOW,
        raw=b"x",
        campaign=one.campaign,
        provider=one.provider,
        priority=one.priority,
    )
    return Lease(
        number=number, job=job, epoch=1, tries=0, until=NOW + timedelta(minutes=5), queued_at=NOW, lane=one.number
    )


def filled(lanes, counts, *, addresses=None, **given):
    """A dispatcher with so many prepared jobs of each lane in hand."""
    dispatcher, shaping = limited(**given)
    dispatcher.lanes_are(lanes, frozenset())
    numbers = iter(range(1, 10_000))
    leases = [
        lease(number, one, addresses and addresses[number - 1])
        for one, count in zip(lanes, counts, strict=True)
        for number in [next(numbers) for _ in range(count)]
    ]
    held = dispatcher.leased(leases, {one.number: count for one, count in zip(lanes, counts, strict=True)}, NOW)
    for each in held:
        dispatcher.prepared(each)
    return dispatcher, shaping


def begun(dispatcher, most=10_000, now=NOW):
    found = []
    while len(found) < most and (held := dispatcher.next(dispatcher.pools[""], now)) is not None:
        found.append(held)
    return found


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["lease", "begin", "end", "release", "pause", "wait", "shut", "return", "reserve"]),
        st.integers(0, 2**16),
    ),
    max_size=60,
)


class _World:
    """Jobs in an outbox, and a dispatcher that is told of them."""

    def __init__(self):
        self.dispatcher, self.shaping = limited(tolls={"tolled"})
        self.lanes = [lane(1), lane(2, provider="tolled", campaign="july"), lane(3, provider="narrow", priority=5)]
        self.shaping.rooms = {"narrow": 2}
        self.outbox = {number: self.lanes[number % 3] for number in range(1, 60)}
        self.in_hand, self.ended, self.done, self.under_way = set(), [], set(), []
        self.now, self.paused, self.mark = NOW, frozenset(), NOW
        self.epochs = Counter()

    def do(self, step, chance):
        getattr(self, step)(chance)
        self.check()

    def lease(self, chance):
        present = [one for one in self.lanes if one.campaign not in self.paused]
        present = [one for one in present if one in self.outbox.values()]
        self.dispatcher.lanes_are(present, self.paused)
        wanted = self.dispatcher.wanted(self.now)
        assert set(wanted) <= {one.number for one in present}
        found = []
        for number, one in list(self.outbox.items()):
            if sum(each.lane == one.number for each in found) < wanted.get(one.number, 0) and (number + chance) % 5:
                found.append(lease(number, one, f"a{number % 7}"))
                del self.outbox[number]
        for held in self.dispatcher.leased(found, wanted, self.now):
            self.in_hand.add(held.lease.number)
            if (held.lease.number + chance) % 11 == 0:
                self.dispatcher.dropped(held)
                self.finish(held)
            else:
                self.dispatcher.prepared(held)

    def finish(self, held):
        self.in_hand.remove(held.lease.number)
        self.done.add(held.lease.number)

    def begin(self, chance):
        for held in begun(self.dispatcher, 1 + chance % 4, self.now):
            assert held.address not in {other.address for other in (*self.under_way, *self.ended)}
            self.under_way.append(held)

    def end(self, chance):
        if self.under_way:
            held = self.under_way.pop(chance % len(self.under_way))
            self.dispatcher.ended(held, OK if chance % 2 else None, self.now)
            self.ended.append(held)

    def release(self, chance):
        if self.ended:
            held = self.ended.pop(chance % len(self.ended))
            self.dispatcher.released(held)
            self.finish(held)

    def pause(self, chance):
        self.paused = frozenset([(), ("june",), (None,), ("july",)][chance % 4])

    def wait(self, chance):
        self.now += timedelta(milliseconds=chance % 4000)
        self.dispatcher.wake(self.now)

    def shut(self, chance):
        self.shaping.rooms["narrow"] = max(chance % 3, self.shaping.under_way["narrow"])
        self.shaping.again = self.now + timedelta(milliseconds=chance % 9000)

    def reserve(self, chance):
        for stream, _, count in self.dispatcher.to_reserve(self.now):
            assert stream.lane.provider == "tolled"
            slots = []
            while len(slots) < count and self.mark <= self.now + self.dispatcher.horizon:
                begins = self.mark = max(self.mark, self.now) + SECOND / 4
                slots.append(Slot(begins_at=begins, ends_at=begins + SECOND))
            again = None if len(slots) == count else self.mark + timedelta(milliseconds=chance % 5000)
            self.dispatcher.reserved(stream, Reservation(slots=tuple(slots), again_at=again))

    def give_back(self, returning):
        for held in returning:
            self.in_hand.remove(held.lease.number)
            self.outbox[held.lease.number] = held.stream.lane

    def __getattr__(self, name):
        if name == "return":  # a keyword, and so no name for a method
            return lambda chance: self.give_back([held for held, _ in self.dispatcher.to_return(self.now)])
        raise AttributeError(name)

    def check(self):
        assert self.dispatcher.in_hand == len(self.in_hand)
        assert self.dispatcher.under_way == len(self.under_way)
        assert len(self.outbox) + len(self.in_hand) + len(self.done) == 59

    def come_to_an_end(self):
        self.shaping.rooms["narrow"], self.paused = 2, frozenset()
        for turn in range(120):
            for step in ("lease", "reserve", "return", "wait", "begin", "begin"):
                self.do(step, 101 * turn % 497)
            while self.under_way or self.ended:
                self.do("end", 1)
                self.do("release", 0)


@settings(max_examples=60)
@given(STEPS)
def test_whatever_happens_no_job_is_lost_and_all_go_in_the_end(steps):
    world = _World()
    for step, chance in steps:
        world.do(step, chance)
    world.come_to_an_end()
    assert not world.outbox
    assert not world.in_hand


@given(STEPS)
def test_a_run_that_ends_gives_back_all_that_has_not_begun(steps):
    world = _World()
    for step, chance in steps:
        world.do(step, chance)
    world.give_back(world.dispatcher.everything())
    world.check()
    assert world.in_hand == {held.lease.number for held in (*world.under_way, *world.ended)}
    assert not begun(world.dispatcher)


def test_a_provider_that_is_shut_holds_up_nobody_else():
    lanes = [lane(1, provider="gmail"), lane(2, provider="yahoo")]
    dispatcher, _ = filled(lanes, [20, 5], rooms={"gmail": 0})
    assert [held.stream.lane.provider for held in begun(dispatcher)] == ["yahoo"] * 5
    assert len(dispatcher.to_return(NOW)) == 20
    assert set(dispatcher.wanted(NOW)) == {2}


def test_a_provider_that_is_shut_for_a_moment_is_waited_for():
    dispatcher, shaping = filled([lane(1, provider="gmail")], [3], rooms={"gmail": 0}, again=NOW + SECOND)
    assert not begun(dispatcher)
    assert not dispatcher.to_return(NOW)
    assert dispatcher.ask_at(NOW) == NOW + SECOND
    shaping.rooms = {}
    dispatcher.wake(NOW + SECOND)
    assert len(begun(dispatcher)) == 3


def test_no_more_are_begun_than_there_is_room_and_the_next_goes_when_one_has_ended():
    dispatcher, _ = filled([lane(1, provider="gmail")], [5], rooms={"gmail": 2})
    first, _ = begun(dispatcher)
    assert not begun(dispatcher)
    dispatcher.ended(first, OK, NOW)
    assert len(begun(dispatcher)) == 1


def test_what_is_urgent_goes_first_and_the_rest_has_a_tenth():
    lanes = [lane(1), lane(2, priority=5), lane(3, is_transactional=True, priority=5)]
    dispatcher, _ = filled(lanes, [30, 30, 200])
    order = [held.stream.lane.number for held in begun(dispatcher, 100)]
    assert order[:9] == [3] * 9
    assert Counter(order)[3] == 90
    assert Counter(order)[2] == 9
    assert Counter(order)[1] == 1


def test_equals_take_turns():
    dispatcher, _ = filled([lane(1), lane(2, campaign="july")], [20, 20])
    order = [held.stream.lane.number for held in begun(dispatcher, 10)]
    assert Counter(order) == {1: 5, 2: 5}


def test_the_second_letter_to_an_address_goes_once_what_came_of_the_first_is_written():
    dispatcher, _ = filled([lane(1)], [3], addresses=["anna", "anna", "ben"])
    first, other = begun(dispatcher)
    assert [first.lease.number, other.lease.number] == [1, 3]
    dispatcher.ended(first, OK, NOW)
    assert not begun(dispatcher)
    dispatcher.released(first)
    assert [held.lease.number for held in begun(dispatcher)] == [2]


def test_too_many_letters_to_one_address_are_put_off_rather_than_held():
    dispatcher, _ = filled([lane(1)], [50], addresses=["anna"] * 50)
    assert len(begun(dispatcher)) == 1
    put_off = dispatcher.to_return(NOW)
    assert len(put_off) == 50 - 1 - 20
    assert {due for _, due in put_off} == {NOW + 5 * SECOND}


def test_letters_of_a_paused_campaign_are_given_back_parked_ones_too():
    lanes = [lane(1), lane(2, campaign="july")]
    dispatcher, _ = filled(lanes, [4, 2], addresses=["anna", "anna", "ben", "carl", "anna", "dora"])
    started = begun(dispatcher, 2)
    assert len(begun(dispatcher, 1)) == 1
    dispatcher.lanes_are([lanes[1]], frozenset({"june"}))
    back = {held.lease.job.campaign for held, _ in dispatcher.to_return(NOW)}
    assert back == {"june"}
    dispatcher.lanes_are([], frozenset({None}))
    dispatcher.to_return(NOW)
    assert dispatcher.in_hand == len(started) + 1


def test_a_job_whose_lease_ends_soon_is_given_back_and_not_begun():
    dispatcher, _ = filled([lane(1)], [2])
    assert not begun(dispatcher, now=NOW + timedelta(minutes=4))
    assert [due for _, due in dispatcher.to_return(NOW + timedelta(minutes=4))] == [None, None]


def test_a_slot_that_was_missed_is_lost():
    dispatcher, _ = filled([lane(1, provider="tolled")], [2], tolls={"tolled"})
    assert not begun(dispatcher)
    ((stream, _, count),) = dispatcher.to_reserve(NOW)
    assert count == 2
    slots = tuple(Slot(begins_at=NOW + n * SECOND, ends_at=NOW + (n + 0.5) * SECOND) for n in range(2))
    dispatcher.reserved(stream, Reservation(slots=slots))
    assert dispatcher.ask_at(NOW - SECOND) == NOW
    assert len(begun(dispatcher, now=NOW + 0.7 * SECOND)) == 0
    dispatcher.wake(NOW + SECOND)
    assert len(begun(dispatcher, now=NOW + SECOND)) == 1
    ((_, _, count),) = dispatcher.to_reserve(NOW + SECOND)
    assert count == 1


def test_a_slot_that_begins_between_two_looks_is_asked_about_at_once_and_not_while_there_is_no_room():
    dispatcher, shaping = filled([lane(1, provider="tolled")], [2], tolls={"tolled"})
    assert not begun(dispatcher)
    ((stream, _, _),) = dispatcher.to_reserve(NOW)
    dispatcher.reserved(stream, Reservation(slots=(Slot(begins_at=NOW + SECOND, ends_at=NOW + 9 * SECOND),)))
    assert not begun(dispatcher)
    assert dispatcher.ask_at(NOW + SECOND) == NOW + SECOND
    shaping.rooms = {"tolled": 0}
    assert dispatcher.ask_at(NOW + SECOND) is None


def test_what_must_wait_long_for_its_slot_goes_back_and_its_lane_is_left_until_then():
    dispatcher, _ = filled([lane(1, provider="tolled")], [3], tolls={"tolled"})
    ((stream, _, _),) = dispatcher.to_reserve(NOW)
    slot = Slot(begins_at=NOW, ends_at=NOW + SECOND)
    dispatcher.reserved(stream, Reservation(slots=(slot,), again_at=NOW + 60 * SECOND))
    assert len(dispatcher.to_return(NOW)) == 2
    assert dispatcher.wanted(NOW) == {}
    assert dispatcher.ask_at(NOW) == NOW + 60 * SECOND
    assert dispatcher.to_reserve(NOW) == []
    assert len(begun(dispatcher)) == 1
    assert set(dispatcher.wanted(NOW + 61 * SECOND)) == {1}


def test_more_is_held_where_letters_go_fast_and_less_where_they_do_not():
    dispatcher, _ = limited()
    dispatcher.lanes_are([lane(1)], frozenset())
    pool = dispatcher.pools[""]
    assert dispatcher.wanted(NOW) == {1: 20}
    for _ in range(9):
        dispatcher.wanted(NOW)
    assert pool.target == 500
    for hours in range(1, 9):
        dispatcher.wanted(NOW + timedelta(hours=hours))
    assert pool.target == 20


def test_a_lane_that_gave_too_few_is_not_asked_again_until_it_is_looked_at():
    dispatcher, _ = limited()
    dispatcher.lanes_are([lane(1)], frozenset())
    assert dispatcher.is_thirsty(dispatcher.pools[""])
    dispatcher.leased([], dispatcher.wanted(NOW), NOW)
    assert dispatcher.wanted(NOW) == {}
    assert not dispatcher.is_thirsty(dispatcher.pools[""])
    dispatcher.lanes_are([lane(1)], frozenset())
    assert dispatcher.wanted(NOW) == {1: 20}


def test_what_is_due_later_is_waited_for():
    dispatcher, _ = limited()
    dispatcher.lanes_are([Lane(**{**_fields(lane(1)), "due": NOW + 9 * SECOND})], frozenset())
    assert dispatcher.wanted(NOW) == {}
    assert dispatcher.ask_at(NOW) == NOW + 9 * SECOND


def _fields(one):
    names = ("number", "priority", "is_transactional", "account", "campaign", "identity", "provider", "due")
    return {name: getattr(one, name) for name in names}


@pytest.mark.parametrize(("names", "pool"), [(("ip1", "ip2"), "ip2"), (("ip1", ""), ""), (("ip1",), "ip1")])
def test_letters_go_by_the_transport_of_their_identity_or_by_the_one_for_all(names, pool):
    dispatcher = Dispatcher(dict.fromkeys(names, 3), Unlimited(), lease_for=timedelta(minutes=5))
    one = lane(1, identity="ip2")
    dispatcher.lanes_are([one], frozenset())
    (held,) = dispatcher.leased([lease(1, one)], dispatcher.wanted(NOW), NOW)
    assert held.stream.pool.name == pool


def test_without_limits_nothing_is_learnt_from_answers():
    shaping = Unlimited()
    shaping.began("", "gmail")
    shaping.ended("", "gmail")
    assert shaping.heard("", "gmail", OK, under_way=1, now=NOW) == ()
    assert shaping.again_at("", "gmail", NOW) is None
    assert shaping.room("", "gmail", NOW) >= 10**6


def test_a_quota_gets_back_what_no_server_took_and_its_account_is_asked_for_again():
    dispatcher, shaping = filled([lane(1, account="shop"), lane(2)], [3, 1])
    quota = Allotment(key="quota", number=1, most=1, ends_at=NOW + timedelta(days=1))
    shaping.tolls = lambda lane, identity, now: (quota,) if lane.account else ()
    ((stream, _, _),) = dispatcher.to_reserve(NOW)
    slot = Slot(begins_at=NOW, ends_at=NOW + SECOND)
    dispatcher.reserved(stream, Reservation(slots=(slot,), again_at=quota.ends_at))
    dispatcher.to_return(NOW)
    dispatcher.lanes_are([lane(1, account="shop"), lane(2)], frozenset())
    assert 1 not in dispatcher.wanted(NOW)
    held = next(held for held in begun(dispatcher) if held.stream is stream)
    dispatcher.ended(held, None, NOW)
    assert dispatcher.unused(NOW) == [((quota,), 1)]
    assert dispatcher.unused(NOW) == []
    assert 1 in dispatcher.wanted(NOW)


def slots_asked(dispatcher, now):
    return sum(count for _, _, count in dispatcher.to_reserve(now))


def paced(letters):
    """A dispatcher with so many letters under one toll, all ready, and their stream."""
    dispatcher, _ = limited(tolls=("gmail",))
    gmail = lane(1, provider="gmail")
    dispatcher.lanes_are([gmail], frozenset())
    for held in dispatcher.leased([lease(number, gmail) for number in range(letters)], {1: letters}, NOW):
        dispatcher.prepared(held)
    ((stream, _, _),) = dispatcher.to_reserve(NOW)
    return dispatcher, stream


def lasting(seconds, count):
    return Reservation(slots=(Slot(begins_at=NOW, ends_at=NOW + seconds * SECOND),) * count)


def test_a_stream_that_misses_most_of_its_slots_asks_for_ever_fewer_but_never_for_none():
    dispatcher, stream = paced(1000)
    now, asked = NOW, []
    for _ in range(6):
        now += SECOND
        asked.append(slots_asked(dispatcher, now))
        dispatcher.reserved(stream, Reservation(slots=(Slot(begins_at=now, ends_at=now),) * asked[-1]))
    assert asked == [32, 16, 8, 4, 4, 4]


def test_a_stream_that_uses_all_its_slots_asks_for_ever_more():
    dispatcher, stream = paced(2000)
    asked = []
    for _ in range(6):
        asked.append(slots_asked(dispatcher, NOW))
        dispatcher.reserved(stream, lasting(60, asked[-1]))
        while (held := dispatcher.next(dispatcher.pools[""], NOW)) is not None:
            dispatcher.ended(held, OK, NOW)
            dispatcher.released(held)
    assert asked == [32, 64, 128, 256, 500, 500]


def test_a_stream_asks_again_once_half_of_its_slots_are_gone():
    dispatcher, stream = paced(100)
    dispatcher.reserved(stream, lasting(60, 32))
    for left in range(31, 15, -1):
        assert slots_asked(dispatcher, NOW) == 0, left
        assert dispatcher.next(dispatcher.pools[""], NOW) is not None
    assert slots_asked(dispatcher, NOW) == 64 - 16


def test_a_stream_under_a_limit_that_binds_asks_for_no_fewer_when_it_was_late_once():
    dispatcher, stream = paced(1000)
    now, asked = NOW, []
    for _ in range(3):
        now += 60 * SECOND
        asked.append(slots_asked(dispatcher, now))
        begins = (now + number * SECOND / 2 for number in range(asked[-1]))
        slots = tuple(Slot(begins_at=at, ends_at=at + SECOND) for at in begins)
        dispatcher.reserved(stream, Reservation(slots=slots))
    assert asked == [32, 32, 32]
