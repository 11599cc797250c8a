"""The RFC 7208 suite, over the wire: 203 results and 22 explanations that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailkit.dns import AsyncResolver, TimedOut
from mailkit.dns.drive import run_sync
from mailkit.dns.spf import evaluate
from mailkit.dns.spf.lint import lint
from mailkit.dns.spf.result import SpfResult
from mailkit.dns.spf.tree import walk
from mailkit.findings import Severity
from mailkit.testing import DNSZone

SUITE = Path(__file__).parents[2].parent / "shared" / "corpora" / "spf" / "rfc7208.json"
SCENARIOS: dict[str, Any] = json.loads(SUITE.read_text(encoding="utf-8")) if SUITE.exists() else {}
DEFAULT = "the default explanation"

pytestmark = pytest.mark.skipif(not SCENARIOS, reason="the suite lies beside the project, in ../shared")


async def evaluated(scenario: dict[str, Any]) -> list[SpfResult]:
    """All tests of a scenario at once, with a name server of its own."""
    with DNSZone(scenario["zone"]) as zone:
        is_silent = any("TIMEOUT" in node for node in scenario["zone"].values())
        quick = timedelta(seconds=1 if is_silent else 5)  # nobody waits for an answer that comes, on a busy machine too
        asked = AsyncResolver(nameservers=[zone.host], port=zone.port, timeout=quick)
        return await asyncio.gather(
            *(
                evaluate(test["ip"], test["mail_from"], test["helo"], resolver=asked, default_explanation=DEFAULT)
                for test in scenario["tests"]
            )
        )


@pytest.fixture(scope="module")
def results() -> dict[str, list[SpfResult]]:
    """The results of all scenarios, side by side: some names are silent on purpose."""

    async def together() -> list[list[SpfResult]]:
        return await asyncio.gather(*map(evaluated, SCENARIOS.values()))

    return dict(zip(SCENARIOS, asyncio.run(together()), strict=True))


def test_the_suite_is_whole() -> None:
    tests = [test for scenario in SCENARIOS.values() for test in scenario["tests"]]
    assert (len(tests), sum(test["explanation"] is not None for test in tests)) == (203, 22)


@pytest.mark.parametrize("name", SCENARIOS or ["absent"])
def test_every_result_and_explanation_of_the_suite_comes_out(name: str, results: dict[str, list[SpfResult]]) -> None:
    for test, result in zip(SCENARIOS[name]["tests"], results[name], strict=True):
        assert result.result in test["results"], (test["name"], str(result))
        if test["explanation"] is not None:
            expected = DEFAULT if test["explanation"] == "DEFAULT" else test["explanation"]
            assert result.explanation == expected, test["name"]


@pytest.mark.parametrize("name", SCENARIOS or ["absent"])
def test_lint_calls_what_is_a_permanent_error_an_error_and_nothing_that_is_valid(name: str) -> None:
    """Counted over tests with one right result: permerror, or any of pass, fail, softfail and neutral."""
    scenario = SCENARIOS[name]
    resolver = as_dict(scenario["zone"])
    for test in scenario["tests"]:
        if len(test["results"]) > 1 or test["results"][0] in ("none", "temperror"):
            continue
        domain = (test["mail_from"] or test["helo"]).rpartition("@")[2].rstrip(".").lower()
        tree = run_sync(walk(domain), resolver=resolver)
        errors = [str(finding) for finding in lint(tree) if finding.severity is Severity.ERROR]
        assert bool(errors) is (test["results"] == ["permerror"]), (test["name"], tree.texts, errors)


def as_dict(zone: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """A scenario's zone as a dict resolver takes it."""
    found: dict[tuple[str, str], Any] = {}
    for name, node in zone.items():
        silent = node.get("TIMEOUT", False)
        for kind in ("TXT", "A", "AAAA", "MX", "PTR", "CNAME"):
            values = node.get(kind)
            if values:
                found[name, kind] = [f"{one[0]} {one[1]}" for one in values] if kind == "MX" else values
            elif (silent is True and "CNAME" not in node) or (silent and silent is not True and kind in silent):
                found[name, kind] = TimedOut()
    return found
