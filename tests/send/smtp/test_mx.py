from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Address
from mailkit.errors import AddressError
from mailkit.send.returns.causes import Action
from mailkit.send.returns.classify import classify
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.smtp.lookup import NoSuchName, Outcome, Records, Unanswered
from mailkit.send.smtp.mx import AddressesOf, Exchange, Failure, Route, Target, Way, reach, route, usable
from mailkit.send.transport import Lost, Refused

HOSTS = [f"mx{number}.example.org" for number in range(1, 9)]


def hosts(*records: str, own: frozenset[str] = frozenset()) -> list[str]:
    found = route("example.org", Records(records), own=own)
    assert isinstance(found, Route)
    return [exchange.host for exchange in found.exchanges]


def reply(found: Route | Failure) -> Reply:
    assert isinstance(found, Refused)
    assert found.phase is Phase.RCPT
    return found.reply


# -- a route ----------------------------------------------------------------------------------------------------------


def test_the_smallest_preference_comes_first() -> None:
    assert hosts("20 b.example.org", "5 c.example.org.", "10 A.Example.org") == [
        "c.example.org",
        "a.example.org",
        "b.example.org",
    ]


def test_a_domain_without_mx_records_takes_its_mail_itself() -> None:
    assert hosts() == ["example.org"]


def test_a_null_mx_is_a_refusal_for_good() -> None:
    said = reply(route("example.org", Records(["0 ."])))
    assert (said.code, said.enhanced) == (556, "5.1.10")
    assert classify(said, phase=Phase.RCPT).action is Action.SUPPRESS


def test_a_null_mx_beside_others_counts_for_nothing() -> None:
    assert hosts("0 .", "10 mx.example.org") == ["mx.example.org"]


def test_a_domain_that_does_not_exist_is_a_refusal_for_good() -> None:
    said = reply(route("example.org", NoSuchName()))
    assert (said.code, said.enhanced) == (550, "5.1.2")
    assert classify(said, phase=Phase.RCPT).action is Action.SUPPRESS


@pytest.mark.parametrize("reason", ["no answer in time", "SERVFAIL"])
def test_what_is_not_answered_is_tried_again(reason: str) -> None:
    found = route("example.org", Unanswered(reason))
    assert found == Lost(
        phase=Phase.CONNECT, server="example.org", reason=f"where its mail goes is not known: {reason}"
    )


@pytest.mark.parametrize(
    "record",
    [
        "10 192.0.2.1",
        "10 2001:db8::1",
        "10 [192.0.2.1]",
        "10 mx..example.org",
        "10 -mx.example.org",
        "10 mx example.org",
        "10",
        "ten mx.example.org",
        "10 b\\252cher.example",
        "10 bücher.example",
        f"10 {'a' * 64}.example.org",
        "10 " + ".".join(["a" * 60] * 5),
    ],
)
def test_a_record_that_names_no_host_is_passed_over(record: str) -> None:
    assert hosts(record, "20 mx.example.org") == ["mx.example.org"]
    assert reply(route("example.org", Records([record]))).enhanced == "5.4.4"


def test_an_alphabet_other_than_latin_is_looked_up_in_a_labels() -> None:
    domain = Address.parse("анна@пример.испытание").domain.ascii
    assert domain == "xn--e1afmkfd.xn--80akhbyknj4f"
    assert route(domain, Records()) == Route(exchanges=(Exchange(0, domain),), is_implicit=True)


def test_an_address_literal_is_no_address_that_could_come_here() -> None:
    with pytest.raises(AddressError):
        Address.parse("anna@[192.0.2.1]")


def test_hosts_that_are_no_better_than_ourselves_are_left_out() -> None:
    records = ("5 far.example", "10 own.example", "10 twin.example", "20 worse.example")
    assert hosts(*records, own=frozenset({"own.example"})) == ["far.example"]


def test_a_letter_that_would_come_back_to_us_is_refused() -> None:
    own = frozenset({"own.example"})
    assert reply(route("example.org", Records(["10 own.example", "20 b.example"]), own=own)).enhanced == "5.4.6"
    assert reply(route("own.example", Records(), own=own)).enhanced == "5.4.6"


records = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(HOSTS)), min_size=1, max_size=8)


@given(records, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(listed: list[tuple[int, str]], rng: Random) -> None:
    values = [f"{preference} {host}" for preference, host in listed]
    shuffled = rng.sample(values, len(values))
    assert route("example.org", Records(values)) == route("example.org", Records(shuffled))


@given(records, st.randoms(use_true_random=False))
def test_hosts_are_shuffled_among_equals_only(listed: list[tuple[int, str]], rng: Random) -> None:
    found = route("example.org", Records(f"{preference} {host}" for preference, host in listed))
    assert isinstance(found, Route)
    preferences = {exchange.host: exchange.preference for exchange in found.exchanges}
    order = found.hosts(rng)
    assert sorted(order) == sorted(preferences) == sorted({host for _, host in listed})
    assert [preferences[host] for host in order] == sorted(preferences.values())


def test_chance_decides_among_equals() -> None:
    found = Route(exchanges=tuple(Exchange(10, host) for host in HOSTS))
    assert len({found.hosts(Random(seed))[0] for seed in range(100)}) == len(HOSTS)


# -- addresses --------------------------------------------------------------------------------------------------------


def test_versions_of_ip_take_turns_in_the_order_that_is_asked_for() -> None:
    found = Records(["2a00::1", "8.8.8.8", "2a00::2", "2a00::3"])
    four_first = usable(found, way=Way(), rng=Random(1))
    assert [":" in address for address in four_first] == [False, True, True, True]
    six_first = usable(found, way=Way(versions=(6, 4)), rng=Random(1))
    assert [":" in address for address in six_first] == [True, False, True, True]
    assert usable(found, way=Way(versions=(4,)), rng=Random(1)) == ("8.8.8.8",)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001::f5ff:fffe",
        "ff02::1",
        "mx.example.org",
    ],
)
def test_a_stranger_cannot_lead_us_to_what_is_not_public(address: str) -> None:
    assert usable(Records([address]), way=Way(), rng=Random(1)) == ()


def test_private_addresses_are_used_where_that_is_wanted() -> None:
    assert usable(Records(["10.0.0.1"]), way=Way(allows_private=True), rng=Random(1)) == ("10.0.0.1",)


@pytest.mark.parametrize("found", [Records(), NoSuchName(), Unanswered()])
def test_what_has_no_addresses_gives_none(found: Outcome) -> None:
    assert usable(found, way=Way(), rng=Random(1)) == ()


# -- reaching a host --------------------------------------------------------------------------------------------------

DEAD = Lost(phase=Phase.CONNECT, server="mx.example.org:25", reason="the server did not answer within 30 s")
BUSY = Refused(reply=Reply.parse("421 4.7.0 Too many connections"), phase=Phase.CONNECT)
CLOSED = Refused(reply=Reply.parse("554 5.7.1 Go away"), phase=Phase.CONNECT)


def walk(
    search: Generator[AddressesOf | Target, Any, Failure], zone: Mapping[str, Outcome], *failures: Failure
) -> tuple[list[str], Failure]:
    """What was tried, with each try's failure, the last of which is that of all others too."""
    tried: list[str] = []
    answer: Any = None
    try:
        while True:
            step = search.send(answer)
            if isinstance(step, AddressesOf):
                answer = zone.get(step.host, NoSuchName())
            else:
                answer = failures[min(len(tried), len(failures) - 1)]
                tried.append(step.address)
    except StopIteration as end:
        return tried, end.value


def search(
    hosts: Sequence[str], *, way: Way | None = None, resting: Mapping[str, Failure] | None = None
) -> Generator[AddressesOf | Target, Any, Failure]:
    exchanges = tuple(Exchange(number, host) for number, host in enumerate(hosts))
    found = Route(exchanges=exchanges, is_implicit=tuple(hosts) == ("example.org",))
    return reach(found, way=way or Way(), rng=Random(1), resting=resting or {})


def test_the_next_host_is_tried_when_one_is_dead() -> None:
    zone = {"a.example": Records(["8.8.8.1"]), "b.example": Records(["8.8.8.2"])}
    assert walk(search(["a.example", "b.example"]), zone, DEAD) == (["8.8.8.1", "8.8.8.2"], DEAD)


def test_one_host_with_many_dead_addresses_leaves_tries_to_the_next() -> None:
    zone = {"a.example": Records(f"8.8.8.{n}" for n in range(20)), "b.example": Records(["9.9.9.9"])}
    tried, _ = walk(search(["a.example", "b.example"]), zone, DEAD)
    assert len(tried) == Way().tries
    assert "9.9.9.9" in tried[:3]


def test_what_failed_a_moment_ago_is_passed_over_and_told() -> None:
    zone = {"a.example": Records(["8.8.8.1"]), "b.example": Records(["8.8.8.2"])}
    assert walk(search(["a.example", "b.example"], resting={"8.8.8.1": DEAD}), zone, CLOSED) == (["8.8.8.2"], DEAD)
    assert walk(search(["a.example"], resting={"8.8.8.1": DEAD}), zone, CLOSED) == ([], DEAD)


def test_a_refusal_for_good_is_told_only_if_no_host_says_otherwise() -> None:
    zone = {"a.example": Records(["8.8.8.1"]), "b.example": Records(["8.8.8.2"])}
    both = ["a.example", "b.example"]
    assert walk(search(both), zone, CLOSED, BUSY)[1] == BUSY
    assert walk(search(both), zone, CLOSED, CLOSED)[1] == CLOSED
    assert walk(search(both), zone, DEAD, BUSY)[1] == DEAD


def test_a_domain_with_neither_mx_nor_address_takes_no_mail() -> None:
    _, failure = walk(search(["example.org"]), {"example.org": Records()}, DEAD)
    assert reply(failure).enhanced == "5.1.2"


def test_mx_hosts_without_an_address_are_no_way() -> None:
    zone = {"a.example": Records(), "b.example": Records(["127.0.0.1"])}
    _, failure = walk(search(["a.example", "b.example", "c.example"]), zone, DEAD)
    assert reply(failure).enhanced == "5.4.4"


def test_an_address_that_is_not_known_is_asked_for_again_later() -> None:
    zone = {"a.example": Records(), "b.example": Unanswered("SERVFAIL")}
    _, failure = walk(search(["a.example", "b.example"]), zone, DEAD)
    assert failure == Lost(phase=Phase.CONNECT, server="b.example", reason="its addresses are not known: SERVFAIL")


zones = st.dictionaries(
    st.sampled_from(HOSTS),
    st.lists(st.integers(1, 60), max_size=8).map(lambda numbers: Records(f"8.8.8.{number}" for number in numbers)),
    min_size=1,
)


@given(zones, st.integers(2, 6))
def test_no_more_addresses_are_tried_than_allowed_and_two_where_there_are_two(
    zone: dict[str, Outcome], tries: int
) -> None:
    tried, failure = walk(search(list(zone), way=Way(tries=tries)), zone, DEAD)
    places = [(host, one) for host, found in zone.items() for one in set(found.values)]  # type: ignore[union-attr]
    assert min(2, len(places)) <= len(tried) <= tries
    assert (failure == DEAD) == bool(places)


def test_a_host_of_a_hundred_does_not_cost_a_hundred_questions() -> None:
    asked = []
    steps = search([f"mx{number}.example" for number in range(100)])
    answer = None
    with pytest.raises(StopIteration):
        while True:
            asked.append(steps.send(answer))
            answer = NoSuchName()
    assert len(asked) == 10
