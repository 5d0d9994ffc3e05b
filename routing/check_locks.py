"""The rule LOCK: what the coordinator fixed is as it was. Recomputed from the scenario's locks and the plan alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from geodata.errors import Text
from routing.model import Earlier, Lock, Plan, Problem, Route, Violation


def check_locks(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every lock that the plan breaks, naming vehicle and visit."""
    routes = {route.vehicle: route for route in plan.routes}
    places = _places(plan)
    found: list[Violation] = []
    for lock in problem.scenario.locks:
        if lock.visit is None:
            found += _check_route(problem.scenario.earlier, lock.vehicle, routes.get(lock.vehicle))
        else:
            found += _check_visit(lock, lock.visit, places)
    return tuple(found)


def _places(plan: Plan) -> Mapping[str, tuple[str, int]]:
    """By visit: its vehicle, and the how-manieth stop of the vehicle's whole route it is."""
    places: dict[str, tuple[str, int]] = {}
    for route in plan.routes:
        stops = (stop for loop in route.loops for stop in loop.stops)
        places |= {stop.visit.id: (route.vehicle, number) for number, stop in enumerate(stops, 1)}
    return places


def _check_visit(lock: Lock, visit: str, places: Mapping[str, tuple[str, int]]) -> Iterator[Violation]:
    if visit not in places:
        text = Text(f"锁定由 {lock.vehicle} 送达，却未送达", f"is locked to {lock.vehicle}, but not served")
        yield Violation("LOCK", text, vehicle=lock.vehicle, visit=visit)
        return
    vehicle, number = places[visit]
    if vehicle != lock.vehicle:
        text = Text(
            f"锁定由 {lock.vehicle} 送达，却由 {vehicle} 送达", f"is locked to {lock.vehicle}, served by {vehicle}"
        )
        yield Violation("LOCK", text, vehicle=lock.vehicle, visit=visit)
    elif lock.position is not None and number != lock.position:
        text = Text(
            f"锁定为第 {lock.position} 站，却是第 {number} 站",
            f"is locked as stop {lock.position}, but is stop {number}",
        )
        yield Violation("LOCK", text, vehicle=lock.vehicle, visit=visit)


def _check_route(earlier: Earlier | None, vehicle: str, route: Route | None) -> Iterator[Violation]:
    """Depots and visits in their order, as in the earlier plan; times follow from them."""
    if earlier is None or earlier.routes is None:
        text = Text(
            "线路已锁定，但没有原方案可比", "the route is locked, but there is no earlier plan to compare it with"
        )
        yield Violation("LOCK", text, vehicle=vehicle)
        return
    before = [(loop.depot, name) for loop in earlier.routes.get(vehicle, ()) for name in loop.visits]
    loops = route.loops if route is not None else ()
    now = [(loop.depot, stop.visit.id) for loop in loops for stop in loop.stops]
    for number, (was, is_) in enumerate(zip_longest(before, now), 1):
        if was != is_:
            old, new = (" ".join(each) if each else "—" for each in (was, is_))
            text = Text(
                f"锁定线路的第 {number} 站原为 {old}，现为 {new}",
                f"stop {number} of the locked route was {old}, is {new}",
            )
            yield Violation("LOCK", text, vehicle=vehicle, visit=(was or is_ or ("", ""))[1])
            return
    if len(loops) != len(earlier.routes.get(vehicle, ())):
        text = Text("锁定线路的趟次有变", "the loops of the locked route have changed")
        yield Violation("LOCK", text, vehicle=vehicle)
