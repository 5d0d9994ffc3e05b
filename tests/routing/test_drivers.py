"""Drivers: who may drive what, the best assignment against enumeration, and the judge that shares no code with it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from routing.check_drivers import check_drivers
from routing.drivers import assign_drivers, driver_warnings, familiarity
from routing.evaluate import Solution, plan_of
from routing.model import Driver, Interval, Plan, Route, Scenario
from tests.routing import small

SITES = "ABCXYZ"
LONG = Interval(0, 86_400)


def driver(name: str, *, shift: Interval = LONG, licences: str = "", known: str = "") -> Driver:
    return Driver(name, f"{name}师傅", shift, frozenset(licences.split()), frozenset(known.split()))


def planned(drivers: Sequence[Driver], licences: Sequence[str] = ("", "", "")) -> tuple[Scenario, Plan]:
    """Van n visits sites n and n + 3: A X, B Y, C Z; each is out for twice as many minutes as its farther site lies away."""
    sites = [small.site(name) for name in SITES]
    vans = [small.vehicle(f"V{number}", licence=licence) for number, licence in enumerate(licences)]
    given = small.scenario(sites, vans, drivers=tuple(drivers))
    problem = small.line_problem(given, A=1, B=2, C=3, X=4, Y=5, Z=6)
    routes = ((0, 3), (1, 4), (2, 5))[: len(vans)]
    return given, plan_of(problem, Solution(tuple(routes)))


def assigned(drivers: Sequence[Driver], licences: Sequence[str] = ("", "", "")) -> list[str | None]:
    given, plan = planned(drivers, licences)
    return [route.driver for route in assign_drivers(given, plan).routes]


def test_without_drivers_nothing_changes() -> None:
    given, plan = planned([])
    assert assign_drivers(given, plan) is plan
    assert driver_warnings(given, plan) == ()
    assert check_drivers(given, plan) == ()


def test_drivers_get_the_sites_they_know() -> None:
    assert assigned([driver("P", known="C Z"), driver("Q", known="A"), driver("R", known="B")]) == ["Q", "R", "P"]


def test_a_route_with_a_driver_counts_for_more_than_any_known_stop() -> None:
    """P alone may drive the truck; that P knows both stops of the van does not keep P from it."""
    drivers = [driver("P", licences="C1", known="A X"), driver("Q")]
    assert assigned(drivers, ["", "C1"]) == ["Q", "P"]


def test_the_first_in_the_list_are_called_first() -> None:
    assert assigned([driver("P"), driver("Q"), driver("R")], ["", ""]) in (["P", "Q"], ["Q", "P"])


def test_a_driver_whose_shift_is_too_short_by_a_second_does_not_drive() -> None:
    """Van 0 is out from 0 to 480 s."""
    assert assigned([driver("P", shift=Interval(0, 479))], [""]) == [None]
    assert assigned([driver("P", shift=Interval(0, 480))], [""]) == ["P"]
    assert assigned([driver("P", shift=Interval(1, 900))], [""]) == [None]


def test_loading_belongs_to_the_route() -> None:
    given, plan = planned([driver("P", shift=Interval(0, 480))], [""])
    loop = replace(plan.routes[0].loops[0], load_s=-60)
    earlier = replace(plan, routes=(replace(plan.routes[0], loops=(loop,)),))
    assert assign_drivers(given, earlier).routes[0].driver is None
    stated = replace(earlier, routes=(replace(earlier.routes[0], driver="P"),))
    assert [violation.rule for violation in check_drivers(given, stated)] == ["SHIFT"]


@pytest.mark.parametrize("seed", range(40))
def test_the_assignment_is_as_good_as_the_best_of_all(seed: int) -> None:
    chance = random.Random(seed)
    drivers = [_anybody(chance, name) for name in "PQRS"[: chance.randint(1, 4)]]
    given, plan = planned(drivers, [chance.choice(["", "C1", "B2"]) for _ in range(3)])
    found = assign_drivers(given, plan)
    assert check_drivers(given, found) == ()
    assert _worth(given, found) == _best(given, plan)


def _anybody(chance: random.Random, name: str) -> Driver:
    shift = chance.choice([LONG, LONG, Interval(0, 600), Interval(0, 100)])
    known = " ".join(chance.sample(SITES, chance.randint(0, 6)))
    return driver(name, shift=shift, licences=chance.choice(["", "C1", "B2", "B2 C1"]), known=known)


def _worth(given: Scenario, plan: Plan) -> tuple[int, int]:
    drivers = {each.id: each for each in given.drivers}
    driven = [route for route in plan.routes if route.driver is not None]
    return len(driven), sum(familiarity(drivers[route.driver or ""], route).known_stops for route in driven)


def _best(given: Scenario, plan: Plan) -> tuple[int, int]:
    """Every way of naming a driver or nobody for each route that the judge lets pass."""
    best = (0, 0)
    for names in product([None, *(each.id for each in given.drivers)], repeat=len(plan.routes)):
        routes = tuple(replace(route, driver=name) for route, name in zip(plan.routes, names, strict=True))
        tried = replace(plan, routes=routes)
        if not check_drivers(given, tried):
            best = max(best, _worth(given, tried))
    return best


# --- what is said -----------------------------------------------------------------------------------------------


def test_sites_a_driver_does_not_know_are_listed_once() -> None:
    given, plan = planned([driver("P", known="X")], [""])
    known = familiarity(given.drivers[0], plan.routes[0])
    assert (known.known_stops, known.unknown_sites) == (1, ("A",))
    assert familiarity(None, plan.routes[0]).unknown_sites == ()


@pytest.mark.parametrize(
    ("drivers", "licences", "words"),
    [
        ([driver("P")], ["C1"], "licence 'C1'"),
        ([driver("P", shift=Interval(0, 100))], [""], "covers 00:00 – 00:08"),
        ([driver("P")], ["", ""], "all drive other vehicles (P→V"),
    ],
)
def test_a_vehicle_without_a_driver_is_told_of_with_the_reason(
    drivers: list[Driver], licences: list[str], words: str
) -> None:
    given, plan = planned(drivers, licences)
    (warning,) = driver_warnings(given, assign_drivers(given, plan))
    assert words in warning.en
    assert "没有司机" in warning.zh


# --- the judge --------------------------------------------------------------------------------------------------


def with_drivers(plan: Plan, *names: str | None) -> Plan:
    routes = zip(plan.routes, names, strict=True)
    return replace(plan, routes=tuple(replace(route, driver=name) for route, name in routes))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("X", None), ["there is no driver X"]),
        (("P", "P"), ["driver P has 2 routes"]),
        (("Q", None), ["the shift of driver Q is 0 to 100 s"]),
        ((None, "R"), ["driver R does not hold licence C1"]),
        (("P", None), []),
    ],
)
def test_the_judge_finds_each_wrong_driver(names: tuple[str | None, ...], words: list[str]) -> None:
    drivers = [driver("P", licences="C1"), driver("Q", licences="C1", shift=Interval(0, 100)), driver("R")]
    given, plan = planned(drivers, ["", "C1"])
    found = check_drivers(given, with_drivers(plan, *names))
    assert len(found) == len(words)
    for violation, each in zip(found, words, strict=True):
        assert violation.rule == "SHIFT"
        assert each in violation.message.en


def test_a_route_keeps_its_driver_when_its_ways_are_added() -> None:
    route = Route("V", (), planned([])[1].routes[0].totals, driver="P")
    assert replace(route, rests=()).driver == "P"
