from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send import Phase, Rate, Reply
from mailkit.send.limits import shaper as module
from mailkit.send.limits.concurrency import Feedback
from mailkit.send.limits.limits import Limits, Shape
from mailkit.send.limits.providers import Providers
from mailkit.send.limits.quota import Quota
from mailkit.send.limits.shaper import Shaper
from mailkit.send.limits.shaping import Measure, Rule, rules_from
from mailkit.send.limits.turns import Turns
from mailkit.send.meter import Allotment
from mailkit.send.outbox import Lane
from mailkit.send.transport import Accepted, Lost, Refused, Unsendable, Withdrawn

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LANE = Lane(
    number=1, priority=0, is_transactional=False, account="shop", campaign="june", identity="a", provider="gmail",
    due=NOW,
)  # fmt: skip
ACCEPTED = Accepted(reply=Reply.parse("250 2.0.0 OK"))
UNREACHABLE = Lost(phase=Phase.CONNECT, server="mx.example:25", reason="timed out")


def refused(text: str, phase: Phase = Phase.RCPT) -> Refused:
    return Refused(reply=Reply.parse(text), phase=phase)


def rule(measure: Measure, **facts) -> Rule:
    return Rule(id="ours", codes=["471"], measure=measure, lasts=HOUR, **facts)


ANSWER = refused("471 whatever")


def hear(shaper: Shaper, delivery, *, now=NOW, identity="a", provider="gmail", under_way=5, campaign=""):
    return shaper.heard(identity, provider, delivery, under_way=under_way, now=now, campaign=campaign)


# -- tolls


def test_a_letter_passes_the_limits_of_all_that_it_has_to_do_with():
    limits = Limits(
        overall=Rate(100, per=SECOND),
        accounts={"shop": [Rate(50, per=SECOND), Quota(1000, per="day")]},
        identities={"a": Rate(20, per=SECOND)},
        providers={"gmail": [Rate(10, per=SECOND), Rate(1000, per=HOUR)]},
    )
    tolls = Shaper(limits).tolls(LANE, "a", NOW)
    assert {toll.key for toll in tolls} == {
        "overall", "account shop", "quota day UTC shop", "identity a", "provider gmail", "provider gmail 2",
    }  # fmt: skip


def test_what_has_no_limit_passes_no_toll():
    assert Shaper(Limits()).tolls(LANE, "a", NOW) == ()


def test_an_account_without_limits_of_its_own_gets_those_of_every_account():
    shaper = Shaper(Limits(accounts={"other": ()}, account=Rate(5, per=SECOND)))
    assert [toll.key for toll in shaper.tolls(LANE, "a", NOW)] == ["account shop"]
    assert shaper.tolls(attrs.evolve(LANE, account="other"), "a", NOW) == ()


def test_a_provider_s_rate_is_each_identity_s_own_if_so_said():
    shape = Shape(rate=Rate(5, per=SECOND), is_per_identity=True)
    shaper = Shaper(Limits(providers={"gmail": shape}))
    keys = {toll.key for identity in "ab" for toll in shaper.tolls(LANE, identity, NOW)}
    assert keys == {"provider gmail from a", "provider gmail from b"}


def test_the_tolls_of_a_lane_are_made_once_and_anew_when_its_day_is_over():
    shaper = Shaper(Limits(account=Quota(1000, per="day")))
    (today,) = shaper.tolls(LANE, "a", NOW)
    assert shaper.tolls(LANE, "a", NOW + HOUR)[0] is today
    (tomorrow,) = shaper.tolls(LANE, "a", NOW + 12 * HOUR)
    assert isinstance(tomorrow, Allotment)
    assert tomorrow.number == today.number + 1


def test_of_very_many_lanes_the_tolls_are_not_all_kept():
    shaper = Shaper(Limits(overall=Rate(5, per=SECOND)))
    for number in range(module._MANY + 1):
        shaper.tolls(attrs.evolve(LANE, account=str(number)), "a", NOW)
    assert len(shaper._tolls) == 1


# -- room


def test_an_unknown_provider_has_room_for_all_and_no_feedback():
    shaper = Shaper(Limits())
    for _ in range(50):
        hear(shaper, UNREACHABLE, provider="")
    hear(shaper, ACCEPTED, provider="")
    hear(shaper, refused("550 5.1.1 No such user"), provider="")
    assert shaper.room("a", "", NOW) > 1000
    assert shaper.again_at("a", "", NOW) is None


def test_room_grows_with_success_up_to_what_the_shape_allows():
    shaper = Shaper(Limits(providers={"gmail": Shape(connections=7)}))
    assert shaper.room("a", "gmail", NOW) == 5
    for _ in range(100):
        hear(shaper, ACCEPTED, under_way=shaper.room("a", "gmail", NOW))
    assert shaper.room("a", "gmail", NOW) == 7


def test_each_process_takes_its_part_of_the_connections_and_at_least_one():
    shapes = {"gmail": Shape(connections=8), "yahoo": Shape(connections=2)}
    shaper = Shaper(Limits(providers=shapes, processes=4))
    assert (shaper.room("a", "gmail", NOW), shaper.room("a", "yahoo", NOW)) == (2, 1)


def test_identities_share_a_provider_s_connections_unless_each_has_them():
    shared, each = (
        Shaper(Limits(providers={"gmail": Shape(connections=4, is_per_identity=own)})) for own in (False, True)
    )
    for shaper in (shared, each):
        for _ in range(3):
            shaper.began("a", "gmail")
    assert (shared.room("a", "gmail", NOW), shared.room("b", "gmail", NOW)) == (4, 1)
    assert (each.room("a", "gmail", NOW), each.room("b", "gmail", NOW)) == (4, 4)
    shared.ended("a", "gmail")
    assert shared.room("b", "gmail", NOW) == 2
    for _ in range(4):
        shared.began("a", "gmail")
    assert shared.room("b", "gmail", NOW) == 0


def test_providers_share_an_identity_s_connections():
    shaper = Shaper(Limits(identities={"a": Shape(connections=3)}))
    shaper.began("a", "gmail")
    assert (shaper.room("a", "gmail", NOW), shaper.room("a", "yahoo", NOW)) == (3, 2)


def test_a_destination_that_cannot_be_had_is_left_alone_for_a_time():
    shaper = Shaper(Limits(feedback=Feedback(dead_for=3 * MINUTE)))
    for _ in range(5):
        hear(shaper, UNREACHABLE)
    assert shaper.room("a", "gmail", NOW) == 0
    assert shaper.again_at("a", "gmail", NOW) == NOW + 3 * MINUTE
    assert shaper.room("b", "gmail", NOW) == 5
    assert shaper.room("a", "gmail", NOW + 3 * MINUTE) == 5
    assert shaper.again_at("a", "gmail", NOW + 3 * MINUTE) is None


@pytest.mark.parametrize("text", ["421 closing", "554 no service"])
def test_a_refused_greeting_speaks_of_the_destination(text):
    shaper = Shaper(Limits(rules=[Rule(id="none", measure="none")]))
    hear(shaper, refused(text, Phase.CONNECT))
    assert shaper.room("a", "gmail", NOW) == 4


def test_an_unknown_user_shows_that_the_destination_is_well():
    shaper = Shaper(Limits())
    for _ in range(5):
        hear(shaper, refused("550 5.1.1 No such user"))
    assert shaper.room("a", "gmail", NOW) == 6


def test_what_was_never_sent_says_nothing():
    shaper = Shaper(Limits())
    assert hear(shaper, Withdrawn()) == hear(shaper, Unsendable(reason="too large")) == ()
    assert shaper.room("a", "gmail", NOW) == 5


# -- measures


def test_a_suspended_way_is_closed_and_opens_again():
    shaper = Shaper(Limits(rules=[rule(Measure.SUSPEND)]))
    (taken,) = hear(shaper, ANSWER)
    assert (taken.measure, taken.until, taken.reply) == (Measure.SUSPEND, NOW + HOUR, "471 whatever")
    assert shaper.room("a", "gmail", NOW + HOUR - SECOND) == 0
    assert shaper.identity_for(LANE, NOW) == "a"
    assert shaper.room("a", "gmail", NOW + HOUR) == 5


def test_a_slowed_way_has_a_toll_of_its_own_for_a_time():
    shaper = Shaper(Limits(rules=[rule(Measure.SLOW, rate=Rate(1, per=SECOND))]))
    assert shaper.tolls(LANE, "a", NOW) == ()
    hear(shaper, ANSWER)
    assert [toll.key for toll in shaper.tolls(LANE, "a", NOW)] == ["slow gmail from a"]
    assert shaper.tolls(LANE, "b", NOW) == ()
    assert shaper.tolls(LANE, "a", NOW + HOUR) == ()


def test_a_narrowed_way_has_a_share_of_its_room_and_half_of_that_if_it_is_asked_again():
    shaper = Shaper(Limits(providers={"gmail": Shape(connections=20)}, rules=[rule(Measure.NARROW)]))
    for _ in range(200):
        hear(shaper, ACCEPTED, under_way=20)
    (taken,) = hear(shaper, ANSWER)
    assert (taken.connections, shaper.room("a", "gmail", NOW)) == (10, 10)
    assert hear(shaper, ANSWER, now=NOW + SECOND) == ()  # it was under way when the first was refused
    assert shaper.room("a", "gmail", NOW) == 10
    (taken,) = hear(shaper, ANSWER, now=NOW + 2 * MINUTE)
    assert taken.connections == 5
    assert shaper.room("a", "gmail", NOW + 2 * HOUR) == 20


def test_another_identity_stands_in_while_a_provider_turns_one_away():
    shaper = Shaper(Limits(instead={"a": ["b", "c"]}, rules=[rule(Measure.SWITCH)]))
    assert shaper.identity_for(LANE, NOW) == "a"
    hear(shaper, ANSWER)
    assert shaper.identity_for(LANE, NOW) == "b"
    assert shaper.identity_for(attrs.evolve(LANE, provider="yahoo"), NOW) == "a"
    hear(shaper, ANSWER, identity="b")
    assert shaper.identity_for(LANE, NOW) == "c"
    hear(shaper, ANSWER, identity="c")
    assert shaper.identity_for(LANE, NOW) == "a"  # nobody is left, and its way is closed
    assert shaper.room("a", "gmail", NOW) == 0
    assert shaper.identity_for(LANE, NOW + HOUR) == "a"


def test_who_names_no_identity_gets_the_one_with_most_room():
    limits = Limits(identities={"small": Shape(connections=2), "large": Shape(connections=4)})
    assert Shaper(limits).identity_for(attrs.evolve(LANE, identity=""), NOW) == "large"
    assert Shaper(Limits()).identity_for(attrs.evolve(LANE, identity=""), NOW) == ""


def test_it_takes_as_many_refusals_as_the_rule_says_within_its_time():
    shaper = Shaper(Limits(rules=[rule(Measure.SUSPEND, after=3, within=MINUTE)]))
    for seconds in (0, 40, 80):  # never three within a minute
        assert hear(shaper, ANSWER, now=NOW + seconds * SECOND) == ()
    (taken,) = hear(shaper, ANSWER, now=NOW + 90 * SECOND)
    assert taken.until == NOW + 90 * SECOND + HOUR


def test_refusals_that_stop_a_campaign_are_counted_for_each():
    shaper = Shaper(Limits(rules=[rule(Measure.STOP, after=2, within=MINUTE)]))
    assert hear(shaper, ANSWER, campaign="june") == ()
    assert hear(shaper, ANSWER, campaign="july") == ()
    (taken,) = hear(shaper, ANSWER, campaign="june")
    assert taken.measure is Measure.STOP
    assert shaper.room("a", "gmail", NOW) == 5


def test_a_measure_is_enough_and_the_window_does_not_shrink_beside_it():
    shaper = Shaper(Limits(rules=[Rule(id="ours", codes=["421"], measure="suspend", lasts=MINUTE)]))
    hear(shaper, refused("421 go away", Phase.CONNECT))
    assert shaper.room("a", "gmail", NOW + MINUTE) == 5


def test_a_longer_suspension_is_not_cut_short_by_a_shorter_one():
    rules = [rule(Measure.SUSPEND), Rule(id="short", codes=["472"], measure="suspend", lasts=MINUTE)]
    shaper = Shaper(Limits(rules=rules))
    hear(shaper, ANSWER)
    hear(shaper, refused("472 whatever"))
    assert shaper.again_at("a", "gmail", NOW) == NOW + HOUR


# -- what is kept


def test_what_was_learnt_can_be_kept_and_given_to_another_process():
    rules = [
        rule(Measure.SUSPEND), Rule(id="slow", codes=["472"], measure="slow", rate=Rate(1, per=SECOND), lasts=HOUR),
        Rule(id="narrow", codes=["473"], measure="narrow", lasts=HOUR),
        Rule(id="switch", codes=["474"], measure="switch", lasts=HOUR),
    ]  # fmt: skip
    shaper = Shaper(Limits(rules=rules))
    for identity, code in zip("abcd", (471, 472, 473, 474), strict=True):
        hear(shaper, refused(f"{code} whatever"), identity=identity)
    for _ in range(5):
        hear(shaper, ACCEPTED, identity="e")
    hear(shaper, ACCEPTED, provider="")
    other = Shaper(Limits(instead={"d": "e"}, rules=rules))
    other.load(shaper.to_json())
    assert other.room("a", "gmail", NOW) == 0
    assert [toll.key for toll in other.tolls(LANE, "b", NOW)] == ["slow gmail from b"]
    assert other.room("c", "gmail", NOW) == 2
    assert other.identity_for(attrs.evolve(LANE, identity="d"), NOW) == "e"
    assert other.room("e", "gmail", NOW) == 6
    assert json.loads(other.to_json()) == json.loads(shaper.to_json())


@given(st.lists(st.tuples(st.sampled_from([471, 472, 473, 474]), st.integers(0, 300)), max_size=12), st.data())
def test_of_two_states_whatever_lasts_longer_stands_whichever_came_first(answers, data):
    rules = [
        rule(Measure.SUSPEND), Rule(id="slow", codes=["472"], measure="slow", rate=Rate(1, per=SECOND), lasts=HOUR),
        Rule(id="narrow", codes=["473"], measure="narrow", lasts=HOUR, share=0.2),
        Rule(id="switch", codes=["474"], measure="switch", lasts=HOUR),
    ]  # fmt: skip
    one, two = Shaper(Limits(rules=rules)), Shaper(Limits(rules=rules))
    for code, minutes in answers:
        hear(data.draw(st.sampled_from([one, two])), refused(f"{code} x"), now=NOW + minutes * MINUTE)
    first, second = one.to_json(), two.to_json()
    one.load(second)
    two.load(first)
    assert one.to_json() == two.to_json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ways": [{}]}', '{"ways": [1]}', '{"ways": null}'])
def test_what_no_shaper_wrote_is_refused(text):
    with pytest.raises(InvalidValue, match="to_json"):
        Shaper(Limits()).load(text)


def test_ways_on_which_nothing_goes_on_are_forgotten_when_there_are_very_many():
    shaper = Shaper(Limits(rules=[rule(Measure.SUSPEND)]))
    hear(shaper, ANSWER, provider="closed.example")
    shaper.began("a", "busy.example")
    for number in range(module._MANY):
        shaper.room("a", f"{number}.example", NOW)
    assert len(shaper._ways) < module._MANY
    assert shaper.room("a", "closed.example", NOW) == 0
    shaper.ended("a", "busy.example")


# -- the rest


def test_a_job_s_provider_is_told_from_its_domain():
    mailboxes = Providers.shipped().adding("house", mx=["mx.house.example"])
    shaper = Shaper(Limits(domains={"ours.example": Rate(1, per=SECOND)}, mailboxes=mailboxes))
    assert shaper.provider_of("gmail.com") == "gmail"
    assert shaper.provider_of("ours.example", ["mx.house.example"]) == "ours.example"
    assert shaper.provider_of("theirs.example", ["mx.house.example"]) == "house"
    assert shaper.provider_of("theirs.example") == ""


def test_a_connection_carries_as_many_letters_as_its_shape_says():
    shaper = Shaper(Limits(providers={"gmail": Shape(letters_per_connection=50)}))
    assert shaper.letters_per_connection("gmail") == 50
    assert shaper.letters_per_connection("yahoo") is None


def test_turns_are_shared_as_the_limits_say_and_what_was_not_used_is_not_counted():
    shaper = Shaper(Limits(turns=Turns(accounts={"shop": 3})))
    lanes = [LANE, attrs.evolve(LANE, number=2, account="other")]
    assert shaper.shares(lanes, {1: 100, 2: 100}, 40) == {1: 30, 2: 10}
    shaper.unused(LANE, 30)
    assert shaper.shares(lanes, {1: 100, 2: 100}, 4) in ({1: 3, 2: 1}, {1: 4})
    assert shaper.shares(lanes, {2: 5}, 40) == {2: 5}


@pytest.mark.parametrize("processes", [0, 1.5, True])
def test_processes_are_counted_from_one(processes):
    with pytest.raises(InvalidValue, match="from 1 up"):
        Limits(processes=processes)


def test_one_server_does_not_speak_for_all_whose_provider_is_not_known() -> None:
    words = "421 4.3.2 System not accepting network messages"
    shaper = Shaper(Limits())
    hear(shaper, refused(words))
    assert shaper.room("a", "gmail", NOW) == 0
    hear(shaper, refused(words), identity="", provider="")
    assert shaper.room("", "", NOW) > 0
    own = rules_from([{"id": "ours", "codes": ["421"], "measure": "suspend", "for": "1m"}])
    shaper = Shaper(Limits(rules=own))
    hear(shaper, refused(words), identity="", provider="")
    assert shaper.room("", "", NOW) == 0
