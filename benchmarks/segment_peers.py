"""The segment of `bench_segment` in the words of rule engines, each of them if it is installed.

What is asked of one person: two tests of fields, nothing bought in 90 days, two opened in 60. The
engines know nothing of time, so it is given to them as whole seconds, and their records hold the
events; what takes time but once (compiling, and where there is such a thing, reading the data) is
done before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

__all__ = ["asked_of_one"]

Ask = Callable[[], object]


def asked_of_one(records: list[dict[str, Any]], quarter: int, two_months: int) -> dict[str, list[Ask]]:
    """A question about each record for every engine that is installed, by the engine's name."""
    found: dict[str, list[Ask]] = {}
    for module, make in (
        ("datalogic_py", _datalogic),
        ("zen", _zen),
        ("json_logic", _json_logic),
        ("rule_engine", _rule_engine),
    ):
        if find_spec(module):
            found |= make(records, quarter, two_months)
    return found


def _rule(quarter: int, two_months: int) -> dict[str, Any]:
    """JSON Logic."""
    bought = {"and": [{"==": [{"var": "kind"}, "purchase"]}, {">": [{"var": "at"}, quarter]}]}
    opened = {"and": [{"==": [{"var": "kind"}, "opened"]}, {">": [{"var": "at"}, two_months]}]}
    times = {
        "reduce": [{"filter": [{"var": "events"}, opened]}, {"+": [{"var": "accumulator"}, 1]}, 0],
    }
    return {
        "and": [
            {"in": [{"var": "country"}, ["DE", "FR"]]},
            {">=": [{"var": "age"}, 18]},
            {"none": [{"var": "events"}, bought]},
            {">=": [times, 2]},
        ]
    }


def _datalogic(records: list[dict[str, Any]], quarter: int, two_months: int) -> dict[str, list[Ask]]:
    from datalogic_py import DataHandle, Engine

    engine = Engine()
    rule, session = engine.compile(_rule(quarter, two_months)), engine.session()
    return {
        "datalogic-py, prepared handle": [
            partial(session.evaluate_bool, rule, DataHandle(json.dumps(record))) for record in records
        ],
        "datalogic-py, from a dict": [partial(rule.evaluate, record) for record in records],
    }


def _zen(records: list[dict[str, Any]], quarter: int, two_months: int) -> dict[str, list[Ask]]:
    import zen

    rule = zen.compile_expression(
        f'country in ["DE", "FR"] and age >= 18 and none(events, #.kind == "purchase" and #.at > {quarter})'
        f' and count(events, #.kind == "opened" and #.at > {two_months}) >= 2'
    )
    return {"zen-engine, compiled": [partial(rule.evaluate, record) for record in records]}


def _json_logic(records: list[dict[str, Any]], quarter: int, two_months: int) -> dict[str, list[Ask]]:
    from json_logic import jsonLogic

    rule = _rule(quarter, two_months)
    return {"json-logic-qubit": [partial(jsonLogic, rule, record) for record in records]}


def _rule_engine(records: list[dict[str, Any]], quarter: int, two_months: int) -> dict[str, list[Ask]]:
    import rule_engine

    rule = rule_engine.Rule(
        "country in ['DE', 'FR'] and age >= 18"
        f" and [e for e in events if e['kind'] == 'purchase' and e['at'] > {quarter}].length == 0"
        f" and [e for e in events if e['kind'] == 'opened' and e['at'] > {two_months}].length >= 2"
    )
    return {"rule-engine, compiled": [partial(rule.matches, record) for record in records]}
