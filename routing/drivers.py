"""Who drives which vehicle: drivers are not vehicles, and are assigned when the routes are known.

A route has at most one driver and a driver at most one route of a plan; the driver's shift holds the route from loading
to its return, and the vehicle's licence is among the driver's. Of all such assignments one is taken that gives the most
routes a driver, then makes the most stops at sites their driver knows, then calls those first who stand first in the list:
a linear assignment problem, solved to its optimum (Crouse 2016, doi:10.1109/TAES.2016.140952, as in SciPy).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from geodata.errors import Text
from routing.model import Driver, Interval, Plan, Route, Scenario, Vehicle


@dataclass(frozen=True, slots=True)
class Familiarity:
    """Stops of a route at sites its driver knows, and the sites it does not know, which call for a drive beforehand."""

    known_stops: int = 0
    unknown_sites: tuple[str, ...] = ()


def assign_drivers(scenario: Scenario, plan: Plan) -> Plan:
    """The plan with its routes' drivers; unchanged where the scenario knows no drivers. Deterministic."""
    if not scenario.drivers or not plan.routes:
        return plan
    gains = _gains(scenario, plan.routes)
    pairs = zip(*linear_sum_assignment(gains, maximize=True), strict=True)
    driver_of = {int(row): scenario.drivers[int(column)].id for row, column in pairs if gains[row, column] > 0}
    routes = tuple(replace(route, driver=driver_of.get(row)) for row, route in enumerate(plan.routes))
    return replace(plan, routes=routes)


def familiarity(driver: Driver | None, route: Route) -> Familiarity:
    """What the driver knows of a route; nothing is said of a route without one."""
    if driver is None:
        return Familiarity()
    sites = [stop.visit.site for loop in route.loops for stop in loop.stops]
    unknown = tuple(dict.fromkeys(site for site in sites if site not in driver.known))
    return Familiarity(sum(1 for site in sites if site in driver.known), unknown)


def driver_warnings(scenario: Scenario, plan: Plan) -> tuple[Text, ...]:
    """Why a route has no driver: a sentence for each."""
    if not scenario.drivers:
        return ()
    vehicles = {vehicle.id: vehicle for vehicle in scenario.vehicles}
    bare = (route for route in plan.routes if route.driver is None)
    return tuple(_without_driver(scenario, plan, vehicles[route.vehicle], route) for route in bare)


def _gains(scenario: Scenario, routes: Sequence[Route]) -> NDArray[np.float64]:
    """[routes, drivers] what a pair is worth, 0 where it may not be. Whole numbers below 2**53, so sums are exact.

    The weights make a driver for one more route outweigh every known stop, and a known stop the order of the list.
    """
    known = _known_stops(scenario.drivers, routes)
    stops = sum(route.totals.stops for route in routes)
    drivers = len(scenario.drivers)
    first_come = np.arange(drivers, 0, -1, dtype=np.float64)
    step = drivers * min(len(routes), drivers) + 1
    gains: NDArray[np.float64] = _may_drive(scenario, routes) * ((known + stops + 1) * step + first_come)
    return gains


def _may_drive(scenario: Scenario, routes: Sequence[Route]) -> NDArray[np.bool_]:
    """[routes, drivers]"""
    opens_s = np.array([driver.shift.open_s for driver in scenario.drivers])
    closes_s = np.array([driver.shift.close_s for driver in scenario.drivers])
    licensed = _licensed(scenario)
    licence_of = {vehicle.id: vehicle.licence for vehicle in scenario.vehicles}
    return np.array(
        [
            (opens_s <= route.out.open_s) & (closes_s >= route.out.close_s) & licensed[licence_of[route.vehicle]]
            for route in routes
        ]
    )


def _licensed(scenario: Scenario) -> Mapping[str, NDArray[np.bool_]]:
    """By licence asked for: [drivers]"""
    asked = {vehicle.licence for vehicle in scenario.vehicles}
    return {each: np.array([not each or each in driver.licences for driver in scenario.drivers]) for each in asked}


def _known_stops(drivers: Sequence[Driver], routes: Sequence[Route]) -> NDArray[np.float64]:
    """[routes, drivers]"""
    who_knows: dict[str, list[int]] = {}
    for column, driver in enumerate(drivers):
        for site in driver.known:
            who_knows.setdefault(site, []).append(column)
    known = np.zeros((len(routes), len(drivers)))
    for row, route in enumerate(routes):
        for stop in (stop for loop in route.loops for stop in loop.stops):
            known[row, who_knows.get(stop.visit.site, [])] += 1
    return known


def _without_driver(scenario: Scenario, plan: Plan, vehicle: Vehicle, route: Route) -> Text:
    zh, en = f"车辆“{vehicle.id}”没有司机：", f"vehicle {vehicle.id!r} has no driver: "
    why = _why(scenario, plan, vehicle, route)
    return Text(zh + why.zh, en + why.en)


def _why(scenario: Scenario, plan: Plan, vehicle: Vehicle, route: Route) -> Text:
    licensed = [driver for driver in scenario.drivers if not vehicle.licence or vehicle.licence in driver.licences]
    if not licensed:
        return Text(f"没有司机持有准驾车型“{vehicle.licence}”", f"nobody holds the licence {vehicle.licence!r}")
    able = [driver for driver in licensed if _holds(driver.shift, route.out)]
    if not able:
        out = " – ".join(_clock(scenario, route.out))
        return Text(
            f"可驾驶它的司机中，没有一人的班次涵盖 {out}", f"nobody who may drive it has a shift that covers {out}"
        )
    names = ", ".join(_names(able, plan))
    return Text(
        f"能驾驶的 {len(able)} 名司机都已驾驶其他车辆（{names}）",
        f"the {len(able)} who could drive it all drive other vehicles ({names})",
    )


MOST_NAMES = 5


def _names(able: Sequence[Driver], plan: Plan) -> Iterator[str]:
    vehicle_of = {route.driver: route.vehicle for route in plan.routes}
    yield from (f"{driver.id}→{vehicle_of.get(driver.id, '?')}" for driver in able[:MOST_NAMES])
    if len(able) > MOST_NAMES:
        yield "…"


def _holds(shift: Interval, out: Interval) -> bool:
    return shift.open_s <= out.open_s and out.close_s <= shift.close_s


def _clock(scenario: Scenario, out: Interval) -> Iterator[str]:
    for instant_s in out:
        instant = scenario.epoch + timedelta(seconds=instant_s)
        yield instant.astimezone(ZoneInfo(scenario.timezone)).strftime("%H:%M")
