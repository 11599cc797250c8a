"""Findings, errors, the clock, checks, extras, blocking calls and progress."""

from __future__ import annotations

import asyncio
import copy
import pickle
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import attrs
import pytest

import mailkit
from mailkit import blocking, errors, extras, progress
from mailkit.checks import at_least, share
from mailkit.clock import Clock, ShiftedClock, SystemClock
from mailkit.findings import Finding, Place, Severity, findings_html, worst
from mailkit.segment import nodes


def finding(severity: str, **more: object) -> Finding:
    return Finding(code="test.one", severity=Severity(severity), message="something <is> odd", **more)  # type: ignore[arg-type]


def test_the_worst_of_findings() -> None:
    assert worst([finding("info"), finding("error"), finding("warning")]) is Severity.ERROR
    assert worst([]) is None


def test_a_finding_reads_as_a_sentence_and_leaves_out_what_it_has_not() -> None:
    assert str(finding("info")) == "info: something <is> odd"
    full = finding(
        "error", place=Place(source="a.csv", row=2, line=3, column=4, field="email"), evidence="x", mend="mend it"
    )
    assert str(full) == "error: a.csv, row 2, line 3, column 4, field 'email': something <is> odd ('x'); mend it"


def test_long_names_break_and_push_no_column_off_the_page() -> None:
    shown = findings_html([finding("info", mend="a" * 200)])
    assert shown.count("overflow-wrap:anywhere") == 3, "where, what, and what to do"
    assert shown.count("max-width") == 3


def test_findings_are_shown_worst_first_and_escaped() -> None:
    shown = findings_html([finding("info"), finding("error", evidence="<script>")])
    assert shown.index("error") < shown.index("info")
    assert "<script>" not in shown
    assert "<is>" not in shown


@pytest.mark.parametrize(
    "place", [{"row": 0}, {"line": -1}, {"column": True}, {"row": "3"}, {"row": 1.5}, {"source": "a\nb"}]
)
def test_a_place_counts_from_one(place: dict[str, object]) -> None:
    with pytest.raises(errors.InvalidValue):
        Place(**place)  # type: ignore[arg-type]


def every_error() -> list[errors.MailkitError]:
    return [
        errors.InvalidValue("Event.kind", 7, "is not a word", "write 'x'"),
        errors.AddressError("address", "x", "is none"),
        errors.HeaderError("header X", "x", "is none"),
        errors.MissingExtra("the stores", "sqlalchemy", "stores"),
        errors.UnreadableFile("a.csv", "is empty"),
        errors.TemplateError("odd", template="subject", line=3, excerpt="  {{ x "),
        errors.UnknownField("nmae", ["name"], template="html"),
        errors.SegmentError("odd"),
        errors.SegmentError("odd", text="a => b"),
        errors.SegmentError("odd", text="a => b", start=2),
        errors.NotPortable(nodes.Now(), "sqlite", "it has none", text="now"),
        errors.TransportError("127.0.0.1:25", "connect", "refused"),
        errors.InvalidToken(),
        errors.StoreError("too new"),
        errors.ResolverError("none"),
    ]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_an_error_survives_going_to_another_process(error: errors.MailkitError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert str(copy.copy(error)) == str(error)


def test_every_error_is_in_the_tree_that_the_module_draws() -> None:
    drawn = errors.__doc__ or ""
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert {error.__name__ for error in classes} == {type(error).__name__ for error in every_error()} | {"MailkitError"}
    for error in classes:
        assert error.__name__ in drawn
        assert issubclass(error, errors.MailkitError)


def test_errors_refine_the_builtin_that_people_catch() -> None:
    assert issubclass(errors.AddressError, ValueError)
    assert issubclass(errors.UnknownField, LookupError)
    assert issubclass(errors.MissingExtra, ImportError)
    assert issubclass(errors.TransportError, ConnectionError)


def test_a_template_error_without_a_place_is_only_its_reason() -> None:
    assert str(errors.TemplateError("odd")) == "odd"


class Sulky:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_an_error_is_told_even_about_a_value_that_cannot_tell_what_it_is() -> None:
    assert str(errors.InvalidValue("Event.kind", Sulky(), "is odd")) == "Event.kind: <Sulky whose repr fails> is odd"


def test_a_severity_that_is_none_says_which_there_are() -> None:
    with pytest.raises(errors.InvalidValue, match="write 'info', 'warning' or 'error'"):
        Finding(code="x.y", severity="bad", message="x")


def test_an_extra_that_is_missing_is_named_and_a_broken_one_keeps_its_own_error(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.MissingExtra, match='extra "stores"'):
        extras.load("no_such_module.inside", extra="stores", purpose="the stores")
    (tmp_path / "broken_module.py").write_text("import no_such_module_either\n")  # type: ignore[operator]
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_module_either"):
        extras.load("broken_module", extra="stores", purpose="the stores")


def test_importing_mailkit_loads_no_other_package_and_few_modules() -> None:
    code = (
        "import sys; before = set(sys.modules); import mailkit; new = set(sys.modules) - before; "
        "outside = {name.partition('.')[0] for name in new} - set(sys.stdlib_module_names) - {'mailkit'}; "
        "print(len(new), sorted(outside))"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": next(iter(mailkit.__path__)) + "/.."},
    )
    number, outside = told.stdout.split(maxsplit=1)
    assert outside.strip() == "[]"
    assert int(number) <= 30


def test_every_public_name_is_there() -> None:
    for name in mailkit.__all__:
        assert getattr(mailkit, name) is not None
        assert name in dir(mailkit)
    with pytest.raises(AttributeError, match="no attribute 'sned'"):
        mailkit.sned  # noqa: B018


def test_clocks_tell_the_time_in_utc_and_wait() -> None:
    for clock in (SystemClock(), ShiftedClock.starting(datetime(1998, 2, 1, tzinfo=UTC))):
        assert isinstance(clock, Clock)
        before = clock.now()
        asyncio.run(clock.sleep(timedelta(milliseconds=2)))
        asyncio.run(clock.sleep(timedelta(seconds=-5)))
        assert timedelta(milliseconds=1) < clock.now() - before < timedelta(seconds=5)


def test_a_shifted_clock_begins_where_it_is_told() -> None:
    clock = ShiftedClock.starting(datetime(1998, 2, 1, tzinfo=UTC))
    assert abs(clock.now() - datetime(1998, 2, 1, tzinfo=UTC)) < timedelta(minutes=1)


@attrs.frozen
class Sample:
    size: int = attrs.field(default=1, validator=at_least(1))
    part: float = attrs.field(default=0.5, validator=share)


@pytest.mark.parametrize(
    "parts",
    [{"size": 0}, {"size": "1"}, {"size": float("nan")}, {"size": True}, {"part": 1.1}, {"part": "x"}, {"part": True}],
)
def test_numbers_out_of_range_are_refused(parts: dict[str, object]) -> None:
    assert Sample() == Sample(1, 0.5)
    with pytest.raises(errors.InvalidValue, match=r"Sample\."):
        Sample(**parts)  # type: ignore[arg-type]


async def half(number: int) -> int:
    await asyncio.sleep(0)
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def test_a_blocking_call_works_in_a_script_and_inside_a_running_loop() -> None:
    async def main() -> int:
        return blocking.run(lambda: half(8))

    assert blocking.run(lambda: half(8)) == 4
    assert asyncio.run(main()) == 4


def test_a_blocking_call_raises_what_the_coroutine_raises() -> None:
    async def main() -> int:
        return blocking.run(lambda: half(7))

    with pytest.raises(ValueError, match="7 is odd"):
        blocking.run(lambda: half(7))
    with pytest.raises(ValueError, match="7 is odd"):
        asyncio.run(main())


def test_interrupting_a_blocking_call_inside_a_loop_ends_its_work_too() -> None:
    ended: list[str] = []

    async def long_work() -> None:
        try:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    async def cell() -> None:
        blocking.run(long_work)

    loop = asyncio.new_event_loop()  # as a notebook has it: without asyncio.run's own handling of the interrupt
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(cell())
    finally:
        signal.signal(signal.SIGINT, before)
        loop.close()
    assert ended == ["ended"]


def test_progress_is_told_to_a_callable_and_to_nobody_else() -> None:
    seen: list[tuple[int, int]] = []
    with progress.watch(2, "sending", lambda done, total: seen.append((done, total))) as done:
        done(1)
    with progress.watch(2, "sending", False) as done:
        done(1)
    with progress.watch(2, "sending", None) as done:
        done(2)
    assert seen == [(1, 2)]
