from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, Malformed, TimedOut, paths
from mailkit.dns.drive import run_sync
from mailkit.errors import InvalidValue

CLICK, TRACK = "click.example.com", "track.example.net"
BOUNCE, RETURN = "bounces.example.com", "return.example.net"
SERVED: dict[Any, Any] = {
    (CLICK, "CNAME"): [TRACK],
    (TRACK, "A"): ["8.8.8.8"],
    (BOUNCE, "CNAME"): [RETURN],
    (RETURN, "MX"): ["10 mx.example.net"],
    (RETURN, "TXT"): ["v=spf1 ip4:8.8.8.8 -all"],
}


def codes(zone: dict[Any, Any], name: str = CLICK, *, domain: str = "", **settings: Any) -> list[str]:
    purpose = "tracking" if name == CLICK else "return path"
    (found,) = run_sync(paths.find([paths.Path(name=name, purpose=purpose, **settings)]), resolver=zone)
    return [f"{one.severity} {one.code.removeprefix('dns.path-')}" for one in paths.lint(found, domain=domain)]


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)


@given(labels, st.lists(labels, min_size=1, max_size=3).map(".".join))
def test_the_alias_that_is_generated_is_found_sound(label: str, target: str) -> None:
    path = paths.Path(name=f"{label}.example.com", purpose="tracking", target=f"{target}.example.net")
    made = paths.record(path)
    assert made
    zone = {(made.name, made.type): [made.text], (path.target, "A"): ["8.8.8.8"]}
    (found,) = run_sync(paths.find([path]), resolver=zone)
    assert paths.lint(found, domain="example.com") == ()


def test_the_alias_that_is_generated_says_whose_it_is() -> None:
    path = paths.Path(name=BOUNCE, purpose="return path", target=RETURN, vendor="sendgrid")
    made = paths.record(path)
    assert made
    assert str(made) == "bounces.example.com. IN CNAME return.example.net."
    assert "SendGrid" in made.why
    assert paths.record(paths.Path(name=BOUNCE, purpose="return path")) is None


@pytest.mark.parametrize(
    ("zone", "settings", "expected"),
    [
        (SERVED, {}, []),
        (SERVED, {"target": TRACK + "."}, []),
        (SERVED, {"target": "other.example.net"}, ["warning elsewhere"]),
        (SERVED, {"vendor": "sendgrid"}, ["info elsewhere"]),
        (
            {(CLICK, "CNAME"): ["u1.wl.sendgrid.net"], ("u1.wl.sendgrid.net", "A"): ["8.8.8.8"]},
            {"vendor": "sendgrid"},
            [],
        ),
        ({(CLICK, "A"): ["8.8.8.8"]}, {"target": TRACK}, ["warning not-alias"]),
        ({(CLICK, "A"): ["8.8.8.8"]}, {}, []),
        ({(CLICK, "A"): ["8.8.8.8"]}, {"vendor": "sendgrid"}, []),
        ({}, {"target": TRACK}, ["error absent"]),
        ({(CLICK, "TXT"): ["x"]}, {}, ["error absent"]),
        ({(CLICK, "CNAME"): ["gone.example.org"]}, {}, ["error dangling"]),
        ({(CLICK, "CNAME"): [TRACK], (TRACK, "TXT"): ["x"]}, {}, ["error absent"]),
        ({(CLICK, "A"): TimedOut()}, {}, ["warning unanswered"]),
        ({(CLICK, "A"): Malformed("x"), (CLICK, "AAAA"): ["2606:4700::1"]}, {}, ["warning unanswered"]),
    ],
)
def test_what_is_said_about_a_tracking_host(zone: Any, settings: Any, expected: list[str]) -> None:
    assert codes(zone, **settings) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (SERVED, []),
        (SERVED | {(RETURN, "TXT"): ["x"]}, ["warning no-spf"]),
        (SERVED | {(RETURN, "TXT"): []}, ["warning no-spf"]),
        (SERVED | {(RETURN, "TXT"): TimedOut()}, []),
        (SERVED | {(RETURN, "MX"): []}, ["error unreachable"]),
        (SERVED | {(RETURN, "MX"): TimedOut()}, []),
        ({(BOUNCE, "A"): ["8.8.8.8"], (BOUNCE, "TXT"): ["V=SPF1 -all"]}, []),
        ({}, ["error absent"]),
    ],
)
def test_what_is_said_about_a_return_path(zone: Any, expected: list[str]) -> None:
    assert codes(zone, BOUNCE) == expected


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("example.com", []),
        ("bounces.example.com.", []),
        ("example.org", ["warning unaligned"]),
        ("ces.example.com", ["warning unaligned"]),
    ],
)
def test_a_return_path_has_to_be_of_the_domain(domain: str, expected: list[str]) -> None:
    assert codes(SERVED, BOUNCE, domain=domain) == expected
    assert codes(SERVED, CLICK, domain=domain) == []


def test_an_alias_is_told_also_where_one_question_was_not_answered() -> None:
    found = paths.Found(
        path=paths.Path(name=CLICK, purpose="tracking"), a=TimedOut(), aaaa=Answer(["2606:4700::1"], aliases=(TRACK,))
    )
    assert found.aliases == (TRACK,)
    assert paths.lint(found) == ()


@pytest.mark.parametrize(
    "settings", [{"name": "a..b"}, {"name": 5}, {"purpose": "mail"}, {"target": 5}, {"purpose": None}]
)
def test_a_wrong_value_cannot_be_built(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        paths.Path(**({"name": CLICK, "purpose": "tracking"} | settings))
