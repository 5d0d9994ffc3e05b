"""The independent judge of drivers: each exists, drives one route, within the shift, with the licence the vehicle asks for.

Shares no code with the assignment. A route without a driver breaks no rule; the plan warns of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from geodata.errors import Text
from routing.model import Driver, Plan, Route, Scenario, Violation


def check_drivers(scenario: Scenario, plan: Plan) -> tuple[Violation, ...]:
    """Every violation of SHIFT that concerns a driver, empty when there is none."""
    drivers = {driver.id: driver for driver in scenario.drivers}
    licences = {vehicle.id: vehicle.licence for vehicle in scenario.vehicles}
    found: list[Violation] = []
    for route in plan.routes:
        if route.driver is not None:
            found += _check_route(drivers.get(route.driver), route, licences.get(route.vehicle, ""))
    for name, routes in Counter(route.driver for route in plan.routes if route.driver is not None).items():
        if routes > 1:
            text = Text(f"司机 {name} 有 {routes} 条线路", f"driver {name} has {routes} routes")
            found.append(Violation("SHIFT", text, subject=name))
    return tuple(found)


def _check_route(driver: Driver | None, route: Route, licence: str) -> Iterator[Violation]:
    if driver is None:
        text = Text(f"没有司机 {route.driver}", f"there is no driver {route.driver}")
        yield Violation("SHIFT", text, vehicle=route.vehicle, subject=route.driver or "")
        return
    if licence and licence not in driver.licences:
        text = Text(f"司机 {driver.id} 没有准驾车型 {licence}", f"driver {driver.id} does not hold licence {licence}")
        yield Violation("SHIFT", text, vehicle=route.vehicle, subject=driver.id)
    if not route.loops:
        return
    from_s, until_s = min(loop.loading_from_s for loop in route.loops), max(loop.back_s for loop in route.loops)
    if from_s < driver.shift.open_s or until_s > driver.shift.close_s:
        zh = f"线路为 {from_s} 至 {until_s} 秒，司机 {driver.id} 的班次为 {driver.shift.open_s} 至 {driver.shift.close_s} 秒"
        en = (
            f"is out from {from_s} to {until_s} s; the shift of driver {driver.id} is"
            f" {driver.shift.open_s} to {driver.shift.close_s} s"
        )
        yield Violation("SHIFT", Text(zh, en), vehicle=route.vehicle, subject=driver.id)
