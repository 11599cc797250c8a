"""The RFC 7208 suite, over the wire: 203 results and 22 explanations that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailkit.dns import AsyncResolver
from mailkit.dns.spf import evaluate
from mailkit.dns.spf.result import SpfResult
from mailkit.testing import DNSZone

SUITE = Path(__file__).parents[2].parent / "shared" / "corpora" / "spf" / "rfc7208.json"
SCENARIOS: dict[str, Any] = json.loads(SUITE.read_text(encoding="utf-8")) if SUITE.exists() else {}
DEFAULT = "the default explanation"

pytestmark = pytest.mark.skipif(not SCENARIOS, reason="the suite lies beside the project, in ../shared")


async def evaluated(scenario: dict[str, Any]) -> list[SpfResult]:
    """All tests of a scenario at once, with a real name server."""
    with DNSZone(scenario["zone"]) as zone:
        asked = AsyncResolver(nameservers=[zone.host], port=zone.port, timeout=timedelta(seconds=0.25), tries=1)
        return await asyncio.gather(
            *(
                evaluate(test["ip"], test["mail_from"], test["helo"], resolver=asked, default_explanation=DEFAULT)
                for test in scenario["tests"]
            )
        )


@pytest.mark.parametrize("name", SCENARIOS or ["absent"])
def test_every_result_and_explanation_of_the_suite_comes_out(name: str) -> None:
    scenario = SCENARIOS[name]
    results = asyncio.run(evaluated(scenario))
    for test, result in zip(scenario["tests"], results, strict=True):
        assert result.verdict in test["results"], (test["name"], str(result))
        if test["explanation"] is not None:
            expected = DEFAULT if test["explanation"] == "DEFAULT" else test["explanation"]
            assert result.explanation == expected, test["name"]
