"""Whole districts, and what is said where people are missing."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from routing.handoffs import schedule_handoffs
from routing.handoffs.check import check_handoffs
from routing.handoffs.model import HandoffInput, Lack, Mode
from routing.model import Interval
from tests.routing.handoffs.inputs import drop_points, sampling_sites

DISTRICT_S = 20.0
COUNTY_S = 120.0


def cpu_s(given: HandoffInput) -> float:
    """Spent on a good schedule in which nothing is worse than by the list."""
    before_s = time.process_time()
    handoffs = schedule_handoffs(given)
    spent_s = time.process_time() - before_s
    assert check_handoffs(given, handoffs) == ()
    assert handoffs.figures.worth <= handoffs.greedy
    return spent_s


def test_a_district_of_drop_points_is_scheduled() -> None:
    given = drop_points(133, 170)
    handoffs = schedule_handoffs(given)
    assert check_handoffs(given, handoffs) == ()
    assert handoffs.unmet == ()
    assert handoffs.figures.households == 133 * 170


@pytest.mark.slow
@pytest.mark.parametrize(
    "given", [drop_points(133, 170, vehicles=6), sampling_sites(277, 3)], ids=["576 t", "sampling"]
)
def test_a_district_takes_less_than_twenty_seconds(given: HandoffInput) -> None:
    assert cpu_s(given) < DISTRICT_S


@pytest.mark.slow
def test_a_county_takes_less_than_two_minutes() -> None:
    """A tenth of 3,000 drop points of 1,200 households, for a tenth of the time: parts are independent."""
    assert cpu_s(drop_points(300, 1_200)) < COUNTY_S / 10


@pytest.mark.slow
def test_one_crew_for_a_street_is_too_few_and_the_number_that_would_do_is_said() -> None:
    given = sampling_sites(26, 26)
    handoffs = schedule_handoffs(given)
    assert check_handoffs(given, handoffs) == ()
    late = [unmet for unmet in handoffs.unmet if unmet.lack is Lack.LATE]
    (enough,) = {unmet.needs["crews"] for unmet in late}
    assert schedule_handoffs(_with_like_crews(given, enough), work=0).unmet == ()
    assert schedule_handoffs(_with_like_crews(given, enough - 1), work=0, needs=False).unmet


def _with_like_crews(given: HandoffInput, count: int) -> HandoffInput:
    (crew,) = given.crews
    crews = (crew, *(replace(crew, id=f"more{number}") for number in range(count)))
    names = tuple(each.id for each in crews)
    return replace(given, crews=crews, sites=tuple(replace(site, crews=names) for site in given.sites))


def test_with_one_volunteer_in_three_missing_it_is_said_how_many_would_do() -> None:
    """120 doors, 12 rounds, eight volunteers; closing leaves time for one round each."""
    given = drop_points(1, 120)
    (point,) = given.sites
    names = tuple(f"F{number}" for number in range(8))
    end_s = given.arrivals[0].start_s + 600 + 1_800 + 60 * 12 + 900
    site = replace(point, mode=Mode.DOOR_ROUND, volunteers=names, hours=Interval(0, end_s))
    people = tuple(replace(given.volunteers[0], id=name) for name in names)
    handoffs = schedule_handoffs(replace(given, sites=(site,), volunteers=people))
    (unmet,) = handoffs.unmet
    assert unmet.lack is Lack.VOLUNTEER
    enough = unmet.needs["volunteers"]
    for more, served in ((enough - 1, False), (enough, True)):
        team = (*names, *(f"G{number}" for number in range(more)))
        all_people = tuple(replace(given.volunteers[0], id=name) for name in team)
        again = replace(given, sites=(replace(site, volunteers=team),), volunteers=all_people)
        assert (schedule_handoffs(again, needs=False).unmet == ()) is served
