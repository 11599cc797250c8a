from __future__ import annotations

import tomllib
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.readiness import DEMANDS, Fact, Readiness, Status, judge, readiness_html

facts = st.lists(
    st.builds(Fact, demand=st.sampled_from(DEMANDS), holds=st.sampled_from([True, False, None])),
    unique_by=lambda fact: fact.demand,
)


def test_every_rule_asks_for_a_known_demand_once_and_has_a_source() -> None:
    table = tomllib.loads(files("mailkit.dns").joinpath("readiness.toml").read_text(encoding="utf-8"))
    asked = [(rule["provider"], rule["demand"]) for rule in table["rule"]]
    assert len(set(asked)) == len(asked)
    for rule in table["rule"]:
        assert rule["demand"] in DEMANDS
        assert rule["of"] in ("everyone", "bulk")
        assert rule["provider"] in table["source"]
    assert {provider for provider, _ in asked} == set(table["source"])


@given(facts)
def test_what_was_not_seen_is_never_met_nor_unmet(seen: list[Fact]) -> None:
    holds = {fact.demand: fact.holds for fact in seen}
    for found in judge(seen):
        for demand in found.demands:
            expected = {True: Status.MET, False: Status.UNMET, None: Status.UNKNOWN}[holds.get(demand.demand)]
            assert demand.status is expected
        musts = [demand.status for demand in found.demands if demand.is_must]
        assert found.is_ready is (False if Status.UNMET in musts else None if Status.UNKNOWN in musts else True)


@given(facts)
def test_the_table_has_a_row_for_each_demand_and_a_cell_for_each_provider(seen: list[Fact]) -> None:
    found = judge(seen)
    html = readiness_html(found)
    assert html.count("<tr>") == 1 + len({demand.demand for one in found for demand in one.demands})
    assert html.count("<td") == (html.count("<tr>") - 1) * (len(found) + 1)


def _of(provider: str, seen: list[Fact]) -> Readiness:
    return next(one for one in judge(seen) if one.provider == provider)


def test_advice_makes_nobody_unready() -> None:
    musts = [demand.demand for demand in _of("Yandex", []).demands if demand.is_must]
    seen = [Fact(demand=word, holds=True) for word in musts] + [Fact(demand="dmarc", holds=False, mend="publish one")]
    yandex = _of("Yandex", seen)
    assert yandex.is_ready is True
    assert yandex.verdict == "ready"
    assert "NO  a DMARC policy (advice): publish one" in str(yandex)
    assert "publish one" in yandex._repr_html_()


def test_the_verdict_says_how_much_is_amiss_or_unseen() -> None:
    assert _of("Microsoft", [Fact(demand="spf", holds=False, evidence="none <there>")]).verdict.startswith(
        "not ready: 1 of"
    )
    assert "not seen" in _of("Microsoft", []).verdict
    assert "none &lt;there&gt;" in readiness_html(
        [_of("Microsoft", [Fact(demand="spf", holds=False, evidence="none <there>")])]
    )


def test_one_is_counted_as_one() -> None:
    musts = [demand.demand for demand in _of("Microsoft", []).demands if demand.is_must]
    met = [Fact(demand=word, holds=True) for word in musts[1:]]
    assert "1 demand was not seen" in _of("Microsoft", met).verdict
    assert "demands is not met" in _of("Microsoft", [*met, Fact(demand=musts[0], holds=False)]).verdict
    assert f"{len(musts)} demands were not seen" in _of("Microsoft", []).verdict
    worse = [Fact(demand=word, holds=False) for word in musts[:2]]
    assert "demands are not met" in _of("Microsoft", worse).verdict
