"""Rules under a condition: what forbids at any time of the span binds, what permits counts if it does throughout."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from geodata.profile import ON_FOOT, TRUCK, VAN, Profile, RoadUser, Size, Span
from tests.geodata.ascii_roads import drawn

SHANGHAI = ZoneInfo("Asia/Shanghai")


def on(begin: str, end: str, *, kind: Profile = VAN, size: Size = Size()) -> RoadUser:  # noqa: B008
    """A road user between two times of day, of Friday 25 November 2022 unless another date is said."""
    times = [text if "T" in text else f"2022-11-25T{text}" for text in (begin, end)]
    return RoadUser(kind, size, Span(*(datetime.fromisoformat(time).replace(tzinfo=SHANGHAI) for time in times)))


def way_past(tags: str, user: RoadUser) -> str:
    town = drawn(
        """
        s---a---b---c---t
            |       |
            d-------e
        """,
        {"sa": "residential", "abc": f"residential + {tags}", "ct": "residential", "adec": "residential"},
    )
    return {"sabct": "through", "sadect": "around"}[town.way("s", "t", user)]


RUSH = "motor_vehicle:conditional=no @ (Mo-Fr 07:00-09:00,17:00-19:00)"
NIGHTS = "access=no + motor_vehicle:conditional=yes @ (20:00-06:00)"


@pytest.mark.parametrize(
    ("tags", "user", "way"),
    [
        (RUSH, on("10:00", "12:00"), "through"),
        (RUSH, on("07:30", "08:00"), "around"),
        (RUSH, on("06:00", "07:30"), "around"),
        (RUSH, on("08:59", "12:00"), "around"),
        (RUSH, on("09:00", "12:00"), "through"),
        (RUSH, on("10:00", "20:00"), "around"),
        (RUSH, on("2022-11-26T07:30", "2022-11-26T08:00"), "through"),  # a Saturday
        (RUSH, RoadUser(), "around"),
        (NIGHTS, on("21:00", "23:00"), "through"),
        (NIGHTS, on("21:00", "2022-11-26T05:00"), "through"),
        (NIGHTS, on("21:00", "2022-11-26T07:00"), "around"),
        (NIGHTS, on("19:00", "21:00"), "around"),
        (NIGHTS, RoadUser(), "around"),
        ("access:conditional=no @ (2022 Nov 20-2022 Dec 10)", on("10:00", "12:00"), "around"),
        ("access:conditional=no @ (2022 Dec 20-2022 Dec 30)", on("10:00", "12:00"), "through"),
        ("access:conditional=no @ (PH)", on("2022-10-01T10:00", "2022-10-01T12:00"), "around"),  # National Day
        ("access:conditional=no @ (PH)", on("10:00", "12:00"), "through"),
        ("access:conditional=no @ (sunset-sunrise)", on("16:00", "17:00"), "around"),  # dusk in Dalian at 16:34
        ("access:conditional=no @ (sunset-sunrise)", on("12:00", "16:00"), "through"),
        ("access:conditional=no @ (24/7)", RoadUser(), "around"),
        ("access:conditional=no @ 10:00-11:00", on("10:30", "12:00"), "around"),
        ("access:conditional=no @ (Mo-Fr 07:00-09:00; Sa off)", on("08:00", "08:30"), "around"),
        ("access:conditional=no @ (00:00-24:00); yes @ (09:00-12:00)", on("10:00", "11:00"), "through"),
        ("access:conditional=no @ (00:00-24:00); yes @ (09:00-12:00)", on("10:00", "13:00"), "around"),
        ("access:conditional=no @ wet", on("10:00", "11:00"), "around"),
        ("access=no + access:conditional=yes @ (snow depth low)", on("10:00", "11:00"), "around"),
        ("access:conditional=nonsense", on("10:00", "11:00"), "through"),
    ],
)
def test_times(tags: str, user: RoadUser, way: str) -> None:
    assert way_past(tags, user) == way


@pytest.mark.parametrize(
    ("tags", "user", "way"),
    [
        ("access:conditional=no @ (weight>3)", RoadUser(), "around"),
        ("access:conditional=no @ (weight>5.5)", RoadUser(), "through"),
        ("access:conditional=no @ (weight>5.5)", RoadUser(TRUCK), "around"),
        ("access:conditional=no @ (length>=8 AND 07:00-09:00)", on("08:00", "10:00", kind=TRUCK), "around"),
        ("access:conditional=no @ (length>=8 AND 07:00-09:00)", on("10:00", "12:00", kind=TRUCK), "through"),
        ("access:conditional=no @ (length>=8 AND 07:00-09:00)", on("08:00", "10:00"), "through"),
        ("access:conditional=no @ (hgv AND Mo-Fr 07:00-19:00)", on("08:00", "10:00", kind=TRUCK), "around"),
        ("access:conditional=no @ (hgv AND Mo-Fr 07:00-19:00)", on("08:00", "10:00"), "through"),
        ("access=no + access:conditional=yes @ bus", RoadUser(), "around"),
        ("access:conditional=no @ hazmat", RoadUser(), "through"),
        ("access:conditional=no @ hazmat", RoadUser(size=Size(hazmat=True)), "around"),
        ("hgv:conditional=no @ (07:00-19:00)", on("08:00", "09:00", kind=TRUCK), "around"),
        ("hgv:conditional=no @ (07:00-19:00)", on("20:00", "21:00", kind=TRUCK), "through"),
        ("hgv:conditional=no @ (07:00-19:00)", on("08:00", "09:00"), "through"),
        ("hgv=no + hgv:conditional=yes @ (19:00-07:00)", on("20:00", "21:00", kind=TRUCK), "through"),
        ("foot:conditional=no @ (22:00-06:00)", on("23:00", "23:30", kind=ON_FOOT), "around"),
        ("maxweight:conditional=7.5 @ (07:00-19:00)", on("08:00", "09:00", kind=TRUCK), "around"),
        ("maxweight:conditional=7.5 @ (07:00-19:00)", on("20:00", "21:00", kind=TRUCK), "through"),
        ("maxweight=7.5 + maxweight:conditional=none @ (19:00-07:00)", on("20:00", "21:00", kind=TRUCK), "through"),
        ("maxweight=7.5 + maxweight:conditional=none @ (19:00-07:00)", on("18:00", "21:00", kind=TRUCK), "around"),
        ("maxweight=7.5 + maxweight:conditional=none @ destination", RoadUser(TRUCK), "around"),
        ("hgv=no + hgv:conditional=yes @ delivery", RoadUser(TRUCK), "around"),
        ("oneway=-1 + oneway:conditional=yes @ (07:00-12:00)", on("08:00", "11:00"), "through"),
        ("oneway:conditional=-1 @ (07:00-12:00)", on("08:00", "11:00"), "around"),
        ("oneway:conditional=-1 @ (07:00-12:00)", on("13:00", "14:00"), "through"),
        (
            "oneway=reversible + oneway:conditional=yes @ (06:00-12:00); -1 @ (12:00-22:00)",
            on("07:00", "09:00"),
            "through",
        ),
        (
            "oneway=reversible + oneway:conditional=yes @ (06:00-12:00); -1 @ (12:00-22:00)",
            on("13:00", "14:00"),
            "around",
        ),
        (
            "oneway=reversible + oneway:conditional=yes @ (06:00-12:00); -1 @ (12:00-22:00)",
            on("11:00", "14:00"),
            "around",
        ),
    ],
)
def test_vehicles_limits_and_directions(tags: str, user: RoadUser, way: str) -> None:
    assert way_past(tags, user) == way


@pytest.mark.parametrize(
    "tags",
    ["hgv=no + hgv:conditional=yes @ delivery", "maxweight=7.5 + maxweight:conditional=none @ destination"],
)
def test_an_exemption_for_deliveries_lets_the_truck_in_to_the_end(tags: str) -> None:
    town = drawn("a---b---c---d", {"abc": "residential", "cd": f"residential + {tags}"})
    assert town.way("a", "d", RoadUser(TRUCK)) == "abcd"


def test_hours_are_those_of_the_clocks_on_the_spot() -> None:
    """07:30 in Dalian is 23:30 of the day before in London."""
    london = ZoneInfo("Europe/London")
    span = Span(datetime(2022, 11, 24, 23, 30, tzinfo=london), datetime(2022, 11, 24, 23, 45, tzinfo=london))
    assert way_past(RUSH, RoadUser(span=span)) == "around"


@pytest.mark.parametrize(
    ("user", "seconds"),
    [
        (on("10:00", "11:00"), 18.0),  # 200 m at 0.8 x 50 km/h
        (on("22:30", "23:00"), 30.0),  # at 0.8 x 30 km/h
        (on("21:00", "23:00"), 30.0),
        (RoadUser(), 30.0),
    ],
)
def test_the_lower_limit_of_a_span_counts(user: RoadUser, seconds: float) -> None:
    road = drawn("a---b", {"ab": "residential + maxspeed=50 + maxspeed:conditional=30 @ (22:00-06:00)"})
    assert road.seconds("a", "b", user) == seconds
