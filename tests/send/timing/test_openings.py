from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Envelope
from mailkit.errors import InvalidValue
from mailkit.send import Job
from mailkit.send.timing import EVERY_DAY, WEEKDAYS, Hours, Window, next_instant, openings

BERLIN = "Europe/Berlin"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# Zones that jump by an hour, by half an hour, over midnight, by a whole day, and not at all.
ZONES = st.sampled_from(
    [BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "UTC"]
)
INSTANTS = st.integers(0, 30 * 365 * 24 * 60).map(lambda minutes: datetime(2005, 1, 1, tzinfo=UTC) + minutes * MINUTE)
NEAR_JUMPS = st.builds(
    lambda jump, minutes: jump + minutes * MINUTE,
    st.sampled_from([
        datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin
        datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia left out a day
        datetime(2018, 11, 4, 3, tzinfo=UTC), datetime(2018, 2, 18, 2, tzinfo=UTC),  # São Paulo, at midnight
    ]),
    st.integers(-3_000, 3_000),
)  # fmt: skip
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
WINDOWS = st.builds(Window, TIMES, TIMES, weekdays=st.sets(st.integers(0, 6), min_size=1))


@st.composite
def some_hours(draw) -> Hours:
    try:
        return Hours(
            windows=draw(st.lists(WINDOWS, max_size=3)),
            quiet=draw(st.lists(WINDOWS, max_size=1)),
            closed=draw(st.sets(st.dates(date(2026, 3, 25), date(2026, 4, 4)), max_size=3)),
        )
    except InvalidValue:
        return Hours(windows=Window(time(9), time(20)))


def may_go(hours: Hours, zone: str, at: datetime) -> bool:
    """What is meant by hours, said of one instant."""
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    is_open = not hours.windows or any(window.contains(wall) for window in hours.windows)
    return is_open and not any(window.contains(wall) for window in hours.quiet) and wall.date() not in hours.closed


@given(some_hours(), ZONES, INSTANTS | NEAR_JUMPS)
def test_the_next_instant_is_not_before_now_and_allowed_and_its_own_next(hours, zone, now):
    then = next_instant(hours, zone, now)
    assert then >= now
    assert may_go(hours, zone, then)
    assert next_instant(hours, zone, then) == then
    assert (then == now) == may_go(hours, zone, now)


@given(some_hours(), ZONES, NEAR_JUMPS)
def test_no_earlier_minute_would_have_been_allowed(hours, zone, now):
    then = next_instant(hours, zone, now)
    minutes = min(4_000, -(-(then - now) // MINUTE))
    assert not any(may_go(hours, zone, now + minute * MINUTE) for minute in range(minutes))


@given(some_hours(), ZONES, INSTANTS | NEAR_JUMPS, st.integers(1, 5_000))
def test_openings_are_apart_in_order_and_exactly_what_is_allowed(hours, zone, begins, minutes):
    ends = begins + minutes * MINUTE
    found = list(openings(hours, zone, begins, ends))
    instants = [instant for stretch in found for instant in stretch]
    assert instants == sorted(set(instants))
    assert all(begins <= instant <= ends for instant in instants)
    for minute in range(0, minutes, 13):
        at = begins + minute * MINUTE
        assert any(begin <= at < end for begin, end in found) == may_go(hours, zone, at)


@given(some_hours(), ZONES, INSTANTS, st.integers(-12, 12))
def test_the_zone_in_which_now_is_given_does_not_matter(hours, zone, now, shift):
    elsewhere = now.astimezone(timezone(timedelta(hours=shift)))
    assert next_instant(hours, zone, now) == next_instant(hours, zone, elsewhere)


def local(zone: str, *wall: int, fold: int = 0) -> datetime:
    return datetime(*wall, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_a_window_that_begins_in_the_hour_that_is_left_out_begins_after_it():
    hours = Hours(windows=Window(time(2, 30), time(4)))
    assert next_instant(hours, BERLIN, local(BERLIN, 2026, 3, 29, 0)) == local(BERLIN, 2026, 3, 29, 3)


def test_a_window_that_lies_in_the_hour_that_is_left_out_is_not_there_that_day():
    hours = Hours(windows=Window(time(2, 15), time(2, 45)))
    assert next_instant(hours, BERLIN, local(BERLIN, 2026, 3, 29, 0)) == local(BERLIN, 2026, 3, 30, 2, 15)


def test_a_window_in_the_hour_that_comes_twice_is_there_twice():
    hours = Hours(windows=Window(time(2, 15), time(2, 45)))
    begin = local(BERLIN, 2026, 10, 25, 0)
    found = list(openings(hours, BERLIN, begin, begin + DAY))
    assert [one for one, _ in found] == [local(BERLIN, 2026, 10, 25, 2, 15, fold=fold) for fold in (0, 1)]


def test_a_night_is_an_hour_longer_in_autumn():
    hours = Hours(windows=Window(time(23), time(4)))
    begin = local(BERLIN, 2026, 10, 24, 12)
    ((opens, closes),) = openings(hours, BERLIN, begin, begin + DAY)
    assert closes - opens == timedelta(hours=6)


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins():
    friday_night = Hours(windows=Window(time(22), time(2), weekdays={4}))
    friday = datetime(2026, 3, 6, tzinfo=UTC)
    found = list(openings(friday_night, "UTC", friday, friday + 7 * DAY))
    assert found == [(friday + timedelta(hours=22), friday + timedelta(hours=26))]


def test_a_window_up_to_midnight_has_no_morning_and_one_from_midnight_to_midnight_is_a_day():
    saturday = datetime(2026, 3, 7, tzinfo=UTC)
    evening, whole = (Hours(windows=Window(time(hour), time(0), weekdays={5})) for hour in (22, 0))
    assert list(openings(evening, "UTC", saturday, saturday + 3 * DAY)) == [
        (saturday + timedelta(hours=22), saturday + DAY)
    ]
    assert list(openings(whole, "UTC", saturday, saturday + 3 * DAY)) == [(saturday, saturday + DAY)]


def test_several_windows_quiet_hours_and_holidays_go_together():
    hours = Hours(
        windows=[Window(time(9), time(12), weekdays=WEEKDAYS), Window(time(11), time(18), weekdays=WEEKDAYS)],
        quiet=Window(time(12, 30), time(13)),
        closed=[date(2026, 4, 3), datetime(2026, 4, 6, 15, tzinfo=UTC)],  # Good Friday and Easter Monday
    )
    thursday = local(BERLIN, 2026, 4, 2, 10)
    found = list(openings(hours, BERLIN, thursday, thursday + 6 * DAY))
    assert found[0] == (thursday, local(BERLIN, 2026, 4, 2, 12, 30))
    assert found[1] == (local(BERLIN, 2026, 4, 2, 13), local(BERLIN, 2026, 4, 2, 18))
    assert found[2][0] == local(BERLIN, 2026, 4, 7, 9)


def test_years_of_closed_days_are_waited_out():
    closed = {date(2026, 1, 1) + number * DAY for number in range(1_000)}
    hours = Hours(windows=Window(time(9), time(10), weekdays={0}), closed=closed)
    assert next_instant(hours, "UTC", datetime(2026, 1, 2, tzinfo=UTC)) == datetime(2028, 10, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("unknown", [None, "", "Mars/Olympus", "../etc/passwd", "Europe", "\0", 17])
def test_a_missing_or_unknown_zone_takes_the_fallback_or_is_told(unknown):
    now = datetime(2026, 3, 2, 4, tzinfo=UTC)
    nine = Window(time(9), time(20))
    assert next_instant(Hours(windows=nine, fallback=BERLIN), unknown, now) == local(BERLIN, 2026, 3, 2, 9)
    with pytest.raises(InvalidValue, match="give the hours a fallback"):
        next_instant(Hours(windows=nine), unknown, now)


def test_several_fallbacks_must_all_allow_it():
    hours = Hours(windows=Window(time(9), time(20)), fallback=["America/New_York", "America/Los_Angeles"])
    now = local("America/New_York", 2026, 3, 2, 9)
    (first, second) = openings(hours, None, now, now + timedelta(hours=30))
    assert first == (local("America/Los_Angeles", 2026, 3, 2, 9), local("America/New_York", 2026, 3, 2, 20))
    assert second[0] == local("America/Los_Angeles", 2026, 3, 3, 9)
    swapped = Hours(windows=hours.windows, fallback=hours.fallback[::-1])
    assert [*openings(swapped, None, now, now + timedelta(hours=30))] == [first, second]
    with pytest.raises(InvalidValue, match="never meet"):
        next_instant(Hours(windows=Window(time(9), time(10)), fallback=["UTC", "Asia/Tokyo"]), None, now)


def test_a_fallback_that_is_no_zone_is_told_with_the_likeliest_name():
    hours = Hours(fallback="Europe/Berlim")
    with pytest.raises(InvalidValue, match="did you mean 'Europe/Berlin'"):
        next_instant(hours, None, datetime(2026, 3, 2, tzinfo=UTC))
    assert Hours(fallback=UTC).fallback == (UTC,)


def test_a_zone_may_be_given_as_such_and_its_change_need_not_be_at_a_full_hour():
    hours = Hours(windows=Window(time(9), time(20)))
    now = datetime(2026, 3, 2, 4, 30, 0, 5, tzinfo=UTC)
    assert next_instant(hours, timezone(timedelta(hours=3)), now) == datetime(2026, 3, 2, 6, tzinfo=UTC)
    begin = datetime(1946, 10, 6, 20, 59, 59, 500_000, tzinfo=UTC)
    assert next(openings(hours, BERLIN, begin, begin + DAY))[0] == datetime(1946, 10, 7, 8, tzinfo=UTC)


def test_at_the_end_of_the_calendar_the_search_ends():
    hours = Hours(windows=Window(time(9), time(10), weekdays={0}))
    with pytest.raises(InvalidValue):
        next_instant(hours, "UTC", datetime(9999, 12, 29, tzinfo=UTC))


def test_the_instant_is_what_a_job_waits_for():
    then = next_instant(Hours(windows=Window(time(9), time(20))), BERLIN, datetime(2026, 3, 2, 3, tzinfo=UTC))
    envelope = Envelope(sender="shop@example.com", recipient="anna@example.org")
    job = Job(person="1", envelope=envelope, message_id="1@example.com", date=then, raw=b"Subject: Hi", not_before=then)
    assert job.not_before == then


@pytest.mark.parametrize("wrong", [(9, time(20)), (time(9), time(20, tzinfo=UTC)), (time(9), None)])
def test_a_window_of_anything_but_plain_times_is_refused(wrong):
    with pytest.raises(InvalidValue, match="is not a time without a zone"):
        Window(*wrong)


def test_hours_that_are_never_open_are_refused():
    with pytest.raises(InvalidValue, match="never open"):
        Hours(windows=Window(time(9), time(12)), quiet=Window(time(8), time(12)))
    with pytest.raises(InvalidValue, match="are not weekdays"):
        Window(time(9), time(12), weekdays=[7])
    assert EVERY_DAY > WEEKDAYS
