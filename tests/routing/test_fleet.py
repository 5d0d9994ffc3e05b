"""Fleets of other sizes: who joins next, the number that is enough, and a curve that never falls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from geodata.network import Network
from routing.check import check_plan
from routing.fleet import FleetStudy, growing_fleet, study_fleet
from routing.model import DispatchOrder, Load, Problem, Site, Vehicle
from routing.solvers import known_solver
from routing.solvers.base import Stop
from routing.variants import with_vehicles
from tests.routing import small

ROOM_FOR_ONE = Load(1_000, 10**9, 10**9)


def vans(count: int) -> list[Vehicle]:
    return [small.vehicle(f"V{number}", capacity=ROOM_FOR_ONE) for number in range(1, count + 1)]


def study(sites: Sequence[Site], fleet: Sequence[Vehicle], network: Network | None = None, **blocks: int) -> FleetStudy:
    scenario = small.at(small.scenario(sites, fleet, orders=(DispatchOrder("w1", 0, target_s=600),)), **blocks)
    stop = Stop(iterations=20)
    return study_fleet(scenario, network or small.line_network(), solver=known_solver("pyvrp"), stop=stop)


def four_sites(count: int) -> FleetStudy:
    """Each needs a van of its own."""
    return study([small.site(name) for name in "ABCE"], vans(count), A=2, B=4, C=6, E=8)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 9])
def test_the_number_that_is_enough_is_found_from_above_and_from_below(count: int) -> None:
    found = four_sites(count)
    assert (found.reachable, found.given, found.enough) == (4, count, 4)
    for point in found.points:
        assert point.plan.summary.served_in_time == min(4, point.vehicles)
        assert point.missed == 4 - min(4, point.vehicles)
        assert point.plan.summary.vehicles == point.vehicles


def test_every_point_passes_the_check_and_no_curve_falls() -> None:
    found = four_sites(6)
    sizes = [point.vehicles for point in found.points]
    assert sizes == sorted(set(sizes))
    served = [point.plan.summary.served_in_time for point in found.points]
    assert served == sorted(served)
    fleet, alike = growing_fleet(found.problem, max(sizes))
    for point in found.points:
        assert check_plan(with_vehicles(found.problem, fleet[: point.vehicles], alike), point.plan) == ()


def test_what_no_number_of_vehicles_reaches_in_time_is_counted_apart() -> None:
    found = study([small.site("A"), small.site("B")], vans(3), A=2, B=12)
    assert (found.reachable, found.enough) == (1, 1)
    assert all(point.missed == 0 for point in found.points)


def test_where_vehicles_do_not_help_no_number_is_named() -> None:
    """Stock for one of two; both are within reach."""
    depot = small.depot()
    scenario = small.scenario(
        [small.site("A"), small.site("B")],
        vans(2),
        depots=[type(depot)(depot.place, stock={"kit": 1})],
    )
    found = study_fleet(
        small.at(scenario, A=2, B=3), small.line_network(), solver=known_solver("pyvrp"), stop=Stop(iterations=20)
    )
    assert (found.reachable, found.enough) == (2, None)
    assert max(point.vehicles for point in found.points) == 8


def test_same_seed_and_work_limit_give_the_same_study() -> None:
    one, other = four_sites(5), four_sites(5)
    assert [(p.vehicles, p.plan) for p in one.points] == [(p.vehicles, p.plan) for p in other.points]


def test_it_stops_when_told_to_and_says_so() -> None:
    stop = Stop(iterations=20)
    scenario = small.at(small.scenario([small.site("A"), small.site("B")], vans(6)), A=2, B=3)
    found = study_fleet(
        scenario,
        small.line_network(),
        solver=known_solver("pyvrp"),
        stop=stop,
        on_fleet=lambda _vehicles, _in_time: stop.cancelled.set(),
    )
    assert not found.finished
    assert [point.vehicles for point in found.points] == [6]


# --- the order in which fleets grow -----------------------------------------------------------------------------


def problem_of(fleet: Sequence[Vehicle], sites: Sequence[Site] = ()) -> Problem:
    return small.line_problem(small.scenario(sites, fleet))


@given(some.lists(some.integers(1, 9), min_size=1, max_size=5), some.integers(0, 60))
def test_fleets_grow_in_proportion(counts: list[int], most: int) -> None:
    given_fleet = [
        small.vehicle(f"{kind}-{number}", kind=str(kind))
        for kind, count in enumerate(counts)
        for number in range(count)
    ]
    fleet, alike = growing_fleet(problem_of(given_fleet), most)
    assert len({vehicle.id for vehicle in fleet}) == len(fleet) == most
    assert set(alike) == {vehicle.id for vehicle in fleet} - {vehicle.id for vehicle in given_fleet}
    if most == len(given_fleet):
        assert {vehicle.id for vehicle in fleet} == {vehicle.id for vehicle in given_fleet}
    made_of = Counter(vehicle.kind for vehicle in fleet)
    for kind, count in enumerate(counts):
        assert abs(made_of[str(kind)] - most * count / sum(counts)) < len(counts)


def test_a_vehicle_added_has_a_name_nobody_has() -> None:
    fleet, alike = growing_fleet(problem_of([small.vehicle("V"), small.vehicle("V+1")]), 4)
    assert [vehicle.id for vehicle in fleet] == ["V", "V+1", "V+2", "V+3"]
    assert alike == {"V+2": "V", "V+3": "V"}


def test_a_vehicle_that_a_site_asks_for_by_name_is_a_kind_of_its_own() -> None:
    """One of three: of six, two are like it."""
    fleet, alike = growing_fleet(problem_of(vans(3), [small.site("A", allowed=frozenset({"V3"}))]), 6)
    assert Counter(alike.get(vehicle.id, vehicle.id) for vehicle in fleet)["V3"] == 2
