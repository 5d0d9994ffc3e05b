"""Rounds on foot: the order of places against all orders, and who goes."""

from __future__ import annotations

import math
import random
from itertools import pairwise, permutations

import pytest

from geodata.model import LonLat
from routing.handoffs import schedule_handoffs
from routing.handoffs.check import check_handoffs
from routing.handoffs.door_rounds import trips_on_foot
from routing.handoffs.model import Crew, Door, Foot, Group, HandoffInput, Mode, SiteInput, Volunteer
from routing.handoffs.reception import Asked
from routing.model import Interval
from tests.routing.handoffs.inputs import arrival, asked

METRES_PER_DEGREE = math.radians(1) * 6_371_000


def on_a_line(*metres: float) -> HandoffInput:
    """A door on the ground in each building, so far east of the drop point, at the equator."""
    groups = tuple(
        Group(
            f"{number}",
            1,
            minutes=at_m / 72,
            location=LonLat(at_m / METRES_PER_DEGREE, 0.0),
            doors=(Door("101", "1", 1),),
        )
        for number, at_m in enumerate(metres, start=1)
    )
    site = SiteInput("A", Mode.DOOR_ROUND, ("C",), groups, volunteers=("F",), foot=Foot(detour=1.0))
    return asked(arrival("a"), sites=(site,), volunteers=(Volunteer("F"),))


def round_s(given: HandoffInput) -> int:
    (trip,) = trips_on_foot(Asked(given), given.sites[0])
    return trip.length_s


def test_a_round_along_a_street_goes_out_and_back() -> None:
    # 1.2 m/s: 240 m out and back are 400 s, whatever lies between; 60 s to take parcels up, 4 doors of 20 s. Each way
    # between two buildings is rounded up, which makes some seconds.
    assert 60 + 400 + 80 <= round_s(on_a_line(180, 60, 240, 120)) <= 60 + 400 + 80 + 5


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_few_places_is_quicker(seed: int) -> None:
    chance = random.Random(seed)
    at_m = [chance.choice([-1, 1]) * chance.randrange(40, 400) for _ in range(5)]
    best_m = min(
        abs(order[0]) + sum(abs(one - other) for one, other in pairwise(order)) + abs(order[-1])
        for order in permutations(at_m)
    )
    groups = tuple(
        Group(
            f"{n}", 1, minutes=abs(at) / 72, location=LonLat(at / METRES_PER_DEGREE, 0.0), doors=(Door("101", "1", 1),)
        )
        for n, at in enumerate(at_m, start=1)
    )
    given = on_a_line(1)
    site = given.sites[0]
    found_s = round_s(asked(arrival("a"), sites=(SiteInput("A", site.mode, site.crews, groups, foot=site.foot),)))
    assert 60 + 100 + best_m / 1.2 <= found_s <= 60 + 100 + best_m / 1.2 + 6


def test_many_places_are_walked_about_as_quickly_as_out_and_back() -> None:
    # Nine buildings on a line: nothing is quicker than to the farthest and back, 540 m: 450 s.
    found_s = round_s(on_a_line(150, 30, 270, 90, 210, 60, 240, 120, 180))
    assert found_s <= 60 + 9 * 20 + 450 + 10


def test_doors_of_a_unit_are_served_from_floor_to_floor() -> None:
    # Up to the sixth floor once: 5 * 18 s up, down by way of the fourth and second, and to the ground: 180 s in all.
    doors = tuple(Door(f"{floor}01", "1", floor) for floor in (2, 6, 4))
    site = SiteInput("A", Mode.DOOR_ROUND, ("C",), (Group("1", 3, doors=doors),))
    assert round_s(asked(arrival("a"), sites=(site,))) == 60 + 3 * 20 + 180


def test_work_is_shared_between_volunteers() -> None:
    # Four rounds, two volunteers of whom a third is missing: two rounds each.
    site = SiteInput("A", Mode.DOOR_ROUND, ("C",), (Group("1", 40),), volunteers=("F", "G"))
    handoffs = schedule_handoffs(asked(arrival("a"), sites=(site,), volunteers=(Volunteer("F"), Volunteer("G"))))
    assert sorted(each.volunteer for each in handoffs.rounds) == ["F", "F", "G", "G"]
    assert handoffs.figures.least_work_s == handoffs.figures.most_work_s


def test_a_volunteer_of_two_sites_needs_time_to_change() -> None:
    sites = tuple(
        SiteInput(name, Mode.DOOR_ROUND, (f"C{name}",), (Group("1", 10),), volunteers=("F",)) for name in "AB"
    )
    given = asked(
        arrival("a"), arrival("b", site="B"), sites=sites, crews=(Crew("CA"), Crew("CB")), volunteers=(Volunteer("F"),)
    )
    handoffs = schedule_handoffs(given)
    first, second = sorted(handoffs.rounds, key=lambda each: each.start_s)
    assert second.start_s == first.back_s + 600
    assert check_handoffs(given, handoffs) == ()


def test_a_volunteer_goes_out_only_within_the_hours_given() -> None:
    site = SiteInput("A", Mode.DOOR_ROUND, ("C",), (Group("1", 5),), volunteers=("F",))
    given = asked(arrival("a"), sites=(site,), volunteers=(Volunteer("F", Interval(5_000, 9_000)),))
    (one,) = schedule_handoffs(given).rounds
    assert one.start_s == 5_000
