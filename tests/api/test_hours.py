"""Opening hours: what is read, what it means, and what is left unread."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.hours import Hours, read_breaks, read_hours, why_no_breaks, why_unread

WEDNESDAY, THURSDAY, SATURDAY, SUNDAY = (date(2022, 11, day) for day in (23, 24, 26, 27))


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def intervals(text: str) -> tuple[tuple[int, int], ...]:
    """``8:00-11:30 13:00-18:00`` in minutes, worked out here by itself."""
    return tuple((clock(part.split("-")[0]), clock(part.split("-")[1])) for part in text.split())


def hours(text: str) -> Hours:
    found = read_hours(text)
    assert found is not None, why_unread(text)
    return found


@pytest.mark.parametrize(
    ("text", "wednesday", "thursday", "saturday"),
    [
        ("", "0:00-24:00", "0:00-24:00", "0:00-24:00"),
        ("24小时", "0:00-24:00", "0:00-24:00", "0:00-24:00"),
        ("全天", "0:00-24:00", "0:00-24:00", "0:00-24:00"),
        ("08:00-11:30;13:00-18:00", "8:00-11:30 13:00-18:00", "8:00-11:30 13:00-18:00", "8:00-11:30 13:00-18:00"),
        ("8:00~12:00", "8:00-12:00", "8:00-12:00", "8:00-12:00"),
        ("周三、周六8：00-11：30、13：00-18：00", "8:00-11:30 13:00-18:00", "", "8:00-11:30 13:00-18:00"),
        ("周三、周六8：00-11：：00", "8:00-11:00", "", "8:00-11:00"),
        ("周三、周六8：00－10.30、13.30－18.00", "8:00-10:30 13:30-18:00", "", "8:00-10:30 13:30-18:00"),
        ("周三、周六8：00—11：00", "8:00-11:00", "", "8:00-11:00"),
        ("周一到周五8：00-11：30、13：00-16：00", "8:00-11:30 13:00-16:00", "8:00-11:30 13:00-16:00", ""),
        ("周一至周日：13：30-15：30", "13:30-15:30", "13:30-15:30", "13:30-15:30"),
        ("周二、三、五 上午8:30-11:00", "8:30-11:00", "", ""),
        ("周一、三、五、日：8：00-9：30", "8:00-9:30", "", ""),
        ("每周二、周四、周五、周日 7：30-9：30", "", "7:30-9:30", ""),
        ("周三14：00-16：30  周六9：00-10：00", "14:00-16:30", "", "9:00-10:00"),
        ("周一至周五8：00-11：00、12：30-15：00、周六、周日8：00-11：00", "8:00-11:00 12:30-15:00", "8:00-11:00 12:30-15:00", "8:00-11:00"),
        ("周一至周日 8：30-17：00、", "8:30-17:00", "8:30-17:00", "8:30-17:00"),
        ("周五至周一 9:00-10:00", "", "", "9:00-10:00"),
        ("下午1:00-3:30", "13:00-15:30", "13:00-15:30", "13:00-15:30"),
        ("8点30分至11时", "8:30-11:00", "8:30-11:00", "8:30-11:00"),
        ("Mon-Wed 08:00-12:00, Sat 09:00-10:00", "8:00-12:00", "", "9:00-10:00"),
        ("8:00-12:00 11:00-13:00", "8:00-13:00", "8:00-13:00", "8:00-13:00"),
    ],
)  # fmt: skip
def test_hours_mean_what_a_coordinator_wrote(text: str, wednesday: str, thursday: str, saturday: str) -> None:
    found = hours(text)
    assert [found.on(day) for day in (WEDNESDAY, THURSDAY, SATURDAY)] == [
        intervals(wednesday),
        intervals(thursday),
        intervals(saturday),
    ]


@pytest.mark.parametrize("text", ["22:00-次日6:00", "22:00-next day 6:00", "22:00-06:00+1"])
def test_an_interval_marked_as_ending_the_next_day_runs_over_midnight(text: str) -> None:
    assert hours(text).on(WEDNESDAY) == ((22 * 60, 30 * 60),)
    assert hours(text).over(WEDNESDAY, days=1) == ((0, 360), (22 * 60, 30 * 60))


def test_days_that_follow_each_other_without_a_break_are_one_interval() -> None:
    assert hours("24小时").over(WEDNESDAY, days=3) == ((0, 3 * 1440),)


def test_a_closed_day_leaves_a_gap() -> None:
    assert hours("周三、周六 8:00-9:00").over(WEDNESDAY, days=4) == ((480, 540), (3 * 1440 + 480, 3 * 1440 + 540))


@pytest.mark.parametrize(
    "text",
    [
        "周一、周三、周五、周日、隔周 周二、周四、周六8：00-11：00",
        "周三、周六（以村通知为准）",
        "自11月16日开始每逢双日检 8：00-11：30、13：00-16：00",
        "流动采样点",
        "周一至周日16：30-8：00",
        "周一至周日6：00-22：00（根据列车时刻动态调整）",
        "11:00-08:00",
        "8:00-8:00",
        "周三、周六",
        "8:00",
        "25:00-26:00",
        "8:60-9:00",
        "上午13:00-14:00",
        "8:00-11:00:00",
        "2022-11-23 8:00-9:00",
        "工作日 8:00-9:00",
        "8:00-9:00(",
        "-",
    ],
)
def test_what_has_no_single_meaning_is_not_read_and_the_reason_is_told_in_both_languages(text: str) -> None:
    assert read_hours(text) is None
    reason = why_unread(text)
    assert reason is not None
    assert reason.zh
    assert reason.en


def test_a_window_that_ends_before_it_starts_is_named_as_such() -> None:
    reason = why_unread("11:00-08:00")
    assert reason is not None
    assert "end before they start" in reason.en


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("周一至周五9：00-11：00（节假日除外）", "节假日除外"),
        ("周一至周日（限号）8：00-11：00、13：00-15：00", "限号"),
        ("周一至周日8：00-17：00(预约检测）", "预约检测"),
    ],
)
def test_a_note_that_leaves_the_hours_as_they_are_is_handed_on(text: str, note: str) -> None:
    assert hours(text).notes == (note,)


def test_the_hours_of_the_official_sites_of_dalian_are_read(data_dir: Path) -> None:
    path = data_dir / "dalian" / "dalian_sites_wgs84.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    near = [row for row in rows if float(row["dist_to_core_network_m"]) <= 300]
    # Counted by hand from the 238 forms: 53 rows speak of alternate weeks, odd dates, notices, or run backwards.
    assert sum(read_hours(row["hours"]) is not None for row in rows) == len(rows) - 53
    assert sum(read_hours(row["hours"]) is not None for row in near) == len(near) - 9


@given(st.text(alphabet="周一二日每至到0123456789:：.-—、；()（）上下午次小时 隔x", max_size=40))
def test_no_text_breaks_the_reader_and_what_is_read_is_in_order(text: str) -> None:
    found = read_hours(text)
    assert (found is None) == (why_unread(text) is not None)
    for start, end in found.over(SUNDAY, days=3) if found else ():
        assert 0 <= start < end


def minutes(text: str) -> list[tuple[int, int, int]]:
    return [(rest.start, rest.end, rest.minutes) for rest in read_breaks(text)]


def test_breaks_say_when_they_begin_and_how_long_they_last() -> None:
    assert minutes("11:30-13:00/30") == [(690, 780, 30)]
    assert minutes("11：30—13：00 ／ 30分钟；18:00-19:00/15；") == [(690, 780, 30), (1080, 1140, 15)]
    assert minutes("23:30-次日0:30/45 min") == [(1410, 1470, 45)]
    assert minutes("") == []


def test_a_break_may_be_on_some_weekdays_only() -> None:
    (rest,) = read_breaks("周一至周五 11:30-13:00/30")
    assert rest.window.weekdays == frozenset(range(5))


@pytest.mark.parametrize(
    "text",
    [
        "30", "11:30-13:00", "/30", "11:30-13:00/", "11:30-13:00/0", "11:30-13:00/1441", "11:30-13:00/-5", "11:30/30",
        "11:30-13:00/半小时", "8:00-9:00、10:00-11:00/30", "周一8:00-9:00 周二8:00-9:00/30", "13:00-11:30/30", "25:00-26:00/30",
    ],
)  # fmt: skip
def test_a_break_without_one_meaning_is_not_read(text: str) -> None:
    reason = why_no_breaks(f"9:00-9:30/10；{text}")
    assert reason is not None
    assert reason.zh != reason.en
    assert minutes(text) == []
