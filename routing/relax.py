"""What would have helped: for a visit that is late or unserved the cheapest change under which it was made in time.

Every change is tried out: the problem is changed, the visit inserted into the plan's own routes (or into those of one
more vehicle) where locks allow it, and the plan that results is judged by ``check_plan`` and ``check_locks``; it counts
only if the visit is then in time and no other is worse off. Where no single change would do, some are tried two at a
time. Visits share work: one more vehicle is filled with all it can serve in time. Work is bounded by a count, not by a
clock, so that the same plan always says the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from routing import remedies
from routing.check import check_plan
from routing.check_locks import check_locks
from routing.evaluate import (
    Solution,
    Use,
    limits,
    limits_hold,
    one_of_each_kind,
    plan_of,
    route_worth,
    uses,
    vehicle_kinds,
)
from routing.explain import shut_off
from routing.ground import Ground
from routing.holding import holds_pins, pins_of
from routing.midday import ON_BOARD
from routing.model import (
    AtGate,
    Plan,
    Problem,
    Reason,
    ReasonCode,
    Relaxation,
    Relief,
    Route,
    Seconds,
    ShutOff,
    Stop,
    Vehicle,
    Visit,
    total_load,
)
from routing.schedule import timetable
from routing.solvers.improve import without
from routing.variants import (
    with_any_hours,
    with_cap,
    with_hand_over,
    with_one_more,
    with_pass,
    with_road_classes,
    with_stock,
    with_targets,
    with_visit,
)

Routes = tuple[tuple[int, ...], ...]

LITTLE_S = 900
"""So much more time is taken to be cheaper than one more vehicle."""

MOST_WORK = 400_000
"""Stops that may be timed or judged: two to eight seconds. Visits whose turn comes later keep their reason alone."""

TRIED: Mapping[ReasonCode, tuple[Relief, ...]] = {
    ReasonCode.NO_CAPACITY_LEFT: (
        Relief.A_HIGHER_PRICE,
        Relief.A_LITTLE_MORE_TIME,
        Relief.ONE_MORE_VEHICLE,
        Relief.OTHER_HOURS,
        Relief.MORE_STOCK,
        Relief.A_HIGHER_CAP,
        Relief.MORE_TIME,
        Relief.HOURS_AND_TIME,
        Relief.VEHICLE_AND_TIME,
        Relief.VEHICLE_AND_HOURS,
        Relief.VEHICLE_AND_STOCK,
        Relief.VEHICLE_AND_CAP,
    ),
    ReasonCode.WINDOW_MISSED: (
        Relief.A_LITTLE_MORE_TIME,
        Relief.OTHER_HOURS,
        Relief.MORE_TIME,
        Relief.HOURS_AND_TIME,
        Relief.VEHICLE_AND_HOURS,
    ),
    ReasonCode.UNREACHABLE: (Relief.NEAREST_OPEN_POINT,),
    ReasonCode.NO_PASS: (Relief.A_PASS, Relief.NEAREST_OPEN_POINT, Relief.VEHICLE_AND_PASS),
    ReasonCode.NO_STOCK: (
        Relief.A_LITTLE_MORE_TIME,
        Relief.MORE_STOCK,
        Relief.MORE_TIME,
        Relief.VEHICLE_AND_STOCK,
    ),
    ReasonCode.TOO_BIG: (Relief.ONE_MORE_VEHICLE, Relief.A_HIGHER_CAP, Relief.VEHICLE_AND_CAP),
}
"""What may help against which reason. Distance, and a unit too large, have no remedy here: their figures say what lacks."""


def relax_plan(problem: Problem, plan: Plan, *, ground: Ground | None = None, most_work: int = MOST_WORK) -> Plan:
    """The explained plan with what would have helped each visit that is late or unserved. Deterministic.

    On its ``ground``, passes to zones and other places to hand over are tried, too.
    """
    cases = tuple(_cases(plan))
    if not cases:
        return plan
    return _told(plan, _Search(problem, plan, cases, ground, most_work).run())


def with_relaxations_of(stated: Plan, plan: Plan) -> Plan:
    """The plan with what another says would have helped: what a plan that breaks rules says is not tried out."""
    reasons = [(stop.visit.id, stop.reason) for stop in stated.stops()]
    reasons += [(left.visit.id, left.reason) for left in stated.unserved]
    said = {visit: reason.relaxation for visit, reason in reasons if reason is not None}
    return _told(plan, {visit: relaxation for visit, relaxation in said.items() if relaxation is not None})


def _told(plan: Plan, found: Mapping[str, Relaxation]) -> Plan:
    def told(visit: Visit, reason: Reason | None) -> Reason | None:
        relaxation = found.get(visit.id)
        if reason is not None and relaxation is not None and relaxation.relief is Relief.A_HIGHER_PRICE:
            return remedies.left_out_for_its_price(reason, relaxation)
        return None if reason is None else replace(reason, relaxation=relaxation)

    def stop_told(stop: Stop) -> Stop:
        return stop if stop.reason is None else replace(stop, reason=told(stop.visit, stop.reason))

    routes = tuple(_with_stops(route, stop_told) for route in plan.routes)
    unserved = tuple(replace(left, reason=told(left.visit, left.reason)) for left in plan.unserved)
    return replace(plan, routes=routes, unserved=unserved)


def _with_stops(route: Route, change: Callable[[Stop], Stop]) -> Route:
    loops = tuple(replace(loop, stops=tuple(change(stop) for stop in loop.stops)) for loop in route.loops)
    return replace(route, loops=loops)


def routes_of(problem: Problem, plan: Plan) -> Routes:
    """The order of calls that a plan's routes make, per vehicle of the scenario, as solvers number them."""
    number = {visit.id: index for index, visit in enumerate(problem.visits)}
    calls: dict[str, tuple[int, ...]] = {}
    for route in plan.routes:
        numbers: list[int] = []
        for loop in route.loops:
            numbers += [problem.reload_number(loop.depot)] if numbers else []
            numbers += [number[stop.visit.id] for stop in loop.stops]
        calls[route.vehicle] = tuple(numbers)
    return tuple(calls.get(vehicle.id, ()) for vehicle in problem.scenario.vehicles)


class _Case(NamedTuple):
    """A visit to be helped. ``late_s`` None: it is not made at all."""

    visit: Visit
    code: ReasonCode
    late_s: Seconds | None

    def may_be_helped_by(self, relief: Relief) -> bool:
        return relief in TRIED[self.code]


def _cases(plan: Plan) -> Iterator[_Case]:
    """Most urgent first."""
    given = [(stop.visit, stop.reason, stop.late_s) for stop in plan.stops() if stop.reason is not None]
    left = [(left.visit, left.reason, None) for left in plan.unserved if left.reason is not None]
    cases = (_Case(visit, reason.code, late_s) for visit, reason, late_s in (*left, *given) if _has_remedy(reason))
    yield from sorted(cases, key=lambda each: each.visit.urgency)


def _has_remedy(reason: Reason) -> bool:
    """Of what is too big only what a cap on vehicles makes so, of what cannot be reached what restrictions cut off."""
    needed = {ReasonCode.TOO_BIG: "most_vehicles", ReasonCode.UNREACHABLE: "restrictions"}
    return reason.code in TRIED and (reason.code not in needed or needed[reason.code] in reason.figures)


class _Exhausted(Exception):
    """The work bound is reached."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A visit inserted: when it begins, counted as its target is, into which vehicle's route, and all that result."""

    taken_s: Seconds
    number: int
    routes: Routes


class _Joined(NamedTuple):
    """A visit made by one more vehicle like the given one, and the plan that results."""

    like: Vehicle
    routes: Routes
    plan: Plan

    def stop(self, visit: Visit) -> Stop:
        return next(stop for stop in self.plan.stops() if stop.visit.id == visit.id)


Find = Callable[[_Case], Relaxation | None]


class _Search:
    def __init__(
        self, problem: Problem, plan: Plan, cases: Sequence[_Case], ground: Ground | None, most_work: int
    ) -> None:
        self._problem = problem
        self._ground = ground
        self._with_more_passes: dict[tuple[str, ...], tuple[Problem, Mapping[int, int]]] = {}
        self._elsewhere: dict[int, Problem] = {}
        self._cases = cases
        self._left_s = most_work
        self._cost_s = plan.summary.objective.cost_s
        self._routes = routes_of(problem, plan)
        self._number = {visit.id: index for index, visit in enumerate(problem.visits)}
        self._late_s = {stop.visit.id: stop.late_s for stop in plan.stops()}
        self._free_s = {stop.visit.id: stop.departure_s for stop in plan.stops()}
        self._until_s = {stop.visit.id: max(stop.latest_s, stop.start_s) for stop in plan.stops()}
        self._loads = [total_load(problem.visits[n].load for n in route if n >= 0) for route in self._routes]
        self._kind = vehicle_kinds(problem)
        self._kinds = [each for each in one_of_each_kind(problem) if not each.start.endswith(ON_BOARD)]
        self._drawn = [
            uses(problem, *each) if each[1] else Counter[Use]()
            for each in zip(problem.scenario.vehicles, self._routes, strict=True)
        ]
        self._pins = pins_of(problem)
        self._whole = {lock.vehicle for lock in problem.scenario.locks if lock.visit is None}
        self._sites = {site.place.id: site for site in problem.scenario.sites}
        self.found: dict[str, Relaxation] = {}

    def run(self) -> Mapping[str, Relaxation]:
        steps: tuple[tuple[Relief, Callable[[Sequence[_Case]], None]], ...] = (
            (Relief.A_HIGHER_PRICE, self._each(self._a_higher_price)),
            (Relief.A_LITTLE_MORE_TIME, self._a_little_more_time),
            (Relief.ONE_MORE_VEHICLE, self._one_more_vehicle),
            (Relief.OTHER_HOURS, self._each(self._other_hours)),
            (Relief.A_PASS, self._each(self._a_pass)),
            (Relief.NEAREST_OPEN_POINT, self._each(self._nearest_open_point)),
            (Relief.MORE_STOCK, self._each(self._more_stock)),
            (Relief.A_HIGHER_CAP, self._each(self._a_higher_cap)),
            (Relief.MORE_TIME, self._more_time),
            (Relief.HOURS_AND_TIME, self._each(self._hours_and_time)),
            (Relief.VEHICLE_AND_TIME, self._each(self._vehicle_and_time)),
            (Relief.VEHICLE_AND_HOURS, self._each(self._vehicle_and_hours)),
            (Relief.VEHICLE_AND_PASS, self._each(self._vehicle_and_pass)),
            (Relief.VEHICLE_AND_STOCK, self._each(self._vehicle_and_stock)),
            (Relief.VEHICLE_AND_CAP, self._each(self._vehicle_and_cap)),
        )
        try:
            for relief, step in steps:
                step([case for case in self._waiting() if case.may_be_helped_by(relief)])
        except _Exhausted:
            return self.found | {case.visit.id: remedies.NOT_TRIED for case in self._waiting()}
        return self.found | {case.visit.id: remedies.NONE_FOUND for case in self._waiting()}

    def _waiting(self) -> list[_Case]:
        return [case for case in self._cases if case.visit.id not in self.found]

    def _each(self, find: Find) -> Callable[[Sequence[_Case]], None]:
        def step(cases: Sequence[_Case]) -> None:
            for case in cases:
                relaxation = find(case)
                if relaxation is not None:
                    self.found[case.visit.id] = relaxation

        return step

    def _spend(self, work: int) -> None:
        self._left_s -= work
        if self._left_s < 0:
            raise _Exhausted

    # --- prices and time ----------------------------------------------------------------------------------------

    def _a_higher_price(self, case: _Case) -> Relaxation | None:
        """Where leaving out has a price: what it would cost to make the visit beside the rest, as things are."""
        policy, visit = self._problem.scenario.policy, case.visit
        if policy.objective != "prices" or case.late_s is not None:
            return None
        places = self._places(self._problem, self._number[visit.id], range(len(self._routes)))
        placed = min(places, key=self._added_cost_s, default=None)
        plan = None if placed is None else self._judged(self._problem, placed.routes, [visit.id])
        if plan is None:
            return None
        price_s = policy.prices[visit.priority]
        cost_s = plan.summary.objective.cost_s - (self._cost_s - price_s)
        return remedies.A_LONGER_SEARCH if cost_s < price_s else remedies.a_higher_price(cost_s, price_s)

    def _a_little_more_time(self, cases: Sequence[_Case]) -> None:
        little = [case for case in cases if case.late_s is not None and case.late_s <= LITTLE_S]
        self._extend(little, Relief.A_LITTLE_MORE_TIME)
        self._insert_later([case for case in cases if case.late_s is None], LITTLE_S, Relief.A_LITTLE_MORE_TIME)

    def _more_time(self, cases: Sequence[_Case]) -> None:
        self._extend([case for case in cases if case.late_s is not None], Relief.MORE_TIME)
        for case in [case for case in cases if case.late_s is None]:
            self._insert_later([case], case.visit.order.round_limit_s, Relief.MORE_TIME)

    def _insert_later(self, cases: Sequence[_Case], most_s: Seconds, relief: Relief) -> None:
        for case in cases:
            extra_s = self._extra_s(self._problem, case, most_s)
            if extra_s is not None:
                self.found[case.visit.id] = (
                    remedies.relaxation(relief, remedies.more_time(extra_s)) if extra_s else remedies.A_LONGER_SEARCH
                )

    def _extend(self, cases: Sequence[_Case], relief: Relief) -> None:
        """Late visits get what they are late, all at once: one site's target does not touch another's stops."""
        extra_s = {case.visit.id: _whole_minutes(case.late_s or 0) for case in cases}
        within_s: dict[str, Seconds] = {}
        for case in cases:
            whole_s = case.visit.within_s + extra_s[case.visit.id]
            within_s[case.visit.site] = max(whole_s, within_s.get(case.visit.site, 0))
        if cases and self._good(with_targets(self._problem, within_s), self._routes, extra_s.keys()):
            self.found |= {
                visit: remedies.relaxation(relief, remedies.more_time(seconds)) for visit, seconds in extra_s.items()
            }
        elif len(cases) > 1:
            for case in cases:
                self._extend([case], relief)

    def _extra_s(self, problem: Problem, case: _Case, most_s: Seconds) -> Seconds | None:
        """How much later than its target a visit could be made beside the rest, and no more than so much."""
        visit = case.visit
        self._spend(1 + len(self._problem.visits) // 50)
        latest = with_targets(problem, {visit.site: visit.within_s + most_s})
        placed = self._best_place(latest, self._number[visit.id], range(len(self._routes)))
        if placed is None:
            return None
        extra_s = max(0, _whole_minutes(placed.taken_s - visit.within_s))
        relaxed = with_targets(problem, {visit.site: visit.within_s + extra_s})
        return extra_s if self._good(relaxed, placed.routes, [visit.id]) else None

    # --- one more vehicle ---------------------------------------------------------------------------------------

    def _one_more_vehicle(self, cases: Sequence[_Case]) -> None:
        """Vehicle after vehicle, each of the kind and depot that helps most visits; each visit is helped by one."""
        waiting = [case.visit.id for case in cases]
        while waiting:
            helped = self._help(waiting)
            waiting = [visit for visit in waiting if visit not in self.found and visit not in helped]

    def _help(self, waiting: Sequence[str]) -> Collection[str]:
        """Those helped by the best vehicle; where none helps the first, that one, which is then out of the question."""
        trials = [(like, *self._filled(like, waiting)) for like in self._kinds]
        for like, routes, aboard in sorted(trials, key=lambda trial: -len(trial[2])):
            if self._helped(like, routes, aboard):
                return aboard
        for like in self._kinds if len(waiting) > 1 else ():
            routes, aboard = self._filled(like, waiting[:1])
            if self._helped(like, routes, aboard):
                return aboard
        return waiting[:1]

    def _helped(self, like: Vehicle, routes: Routes, aboard: Sequence[str]) -> bool:
        if not aboard or not self._good(with_one_more(self._problem, like), routes, aboard):
            return False
        vehicle = remedies.one_more(like, len(aboard) - 1)
        self.found |= {visit: remedies.relaxation(Relief.ONE_MORE_VEHICLE, vehicle) for visit in aboard}
        return True

    def _filled(self, like: Vehicle, waiting: Sequence[str]) -> tuple[Routes, list[str]]:
        """One more vehicle with as many of the waiting as it can serve in time, taken out of their routes."""
        self._spend(1 + len(waiting) // 10)
        problem = with_one_more(self._problem, like)
        route: tuple[int, ...] = ()
        for visit in waiting:
            longer = self._longer(problem, route, self._number[visit])
            if longer != route and self._may_move(problem, longer):
                route = longer
        return self._moved(route), [problem.visits[index].id for index in route]

    def _moved(self, route: tuple[int, ...]) -> Routes:
        """The routes with these visits taken out of them and given to one more vehicle."""
        return (*(without(each, set(route)) for each in self._routes), route)

    def _may_move(self, problem: Problem, route: tuple[int, ...]) -> bool:
        """Whether locks, stock and sites' caps on vehicles allow it."""
        *rest, _ = routes = self._moved(route)
        return all(self._held(n, each) for n, each in enumerate(rest)) and limits_hold(problem, Solution(routes))

    def _held(self, number: int, route: tuple[int, ...]) -> bool:
        """Whether the locks of a vehicle allow this route."""
        if self._problem.scenario.vehicles[number].id in self._whole:
            return route == self._routes[number]
        return holds_pins(route, self._pins.get(number, ()))

    def _longer(self, problem: Problem, route: tuple[int, ...], visit: int) -> tuple[int, ...]:
        """The route with the visit where the vehicle is back earliest, everything in time; else as it was."""
        vehicle = problem.scenario.vehicles[-1]
        load = total_load(problem.visits[index].load for index in (*route, visit))
        if not problem.visits[visit].takes(vehicle) or not load.fits(vehicle.capacity):
            return route
        backs: list[tuple[Seconds, tuple[int, ...]]] = []
        for place in range(len(route) + 1):
            longer = (*route[:place], visit, *route[place:])
            self._spend(len(longer))
            table = timetable(problem, vehicle, [problem.visits[index] for index in longer])
            if table is not None and not table.late_s:
                backs.append((table.back_s, longer))
        return min(backs)[1] if backs else route

    # --- hours, passes, stock, caps -----------------------------------------------------------------------------

    def _other_hours(self, case: _Case) -> Relaxation | None:
        visit = case.visit
        relaxed = with_any_hours(self._problem, visit.site)
        placed = self._best_place(relaxed, self._number[visit.id], range(len(self._routes)))
        if placed is None or placed.taken_s > visit.within_s:
            return None
        plan = self._judged(relaxed, placed.routes, [visit.id])
        if plan is None:
            return None
        stop = next(stop for stop in plan.stops() if stop.visit.id == visit.id)
        return remedies.relaxation(Relief.OTHER_HOURS, remedies.other_hours(stop))

    def _a_pass(self, case: _Case) -> Relaxation | None:
        visit, asked = case.visit, self._passes_asked(case.visit)
        if not asked:
            return None
        posed, number_of = self._welcoming(visit)
        numbers = [n for n, vehicle in enumerate(posed.scenario.vehicles) if vehicle.road_class in number_of]
        welcome = replace(visit, needs_pass=None)
        numbers = [n for n in numbers if welcome.takes(posed.scenario.vehicles[n])]
        everyone = frozenset(posed.scenario.vehicles[number].id for number in numbers)
        index = self._index(visit)
        placed = self._best_place(_holding(posed, everyone, asked, number_of), index, numbers)
        if placed is None:
            return None
        vehicle = posed.scenario.vehicles[placed.number]
        if not self._good(_holding(posed, frozenset({vehicle.id}), asked, number_of), placed.routes, [visit.id]):
            return None
        return remedies.relaxation(Relief.A_PASS, remedies.a_pass(vehicle, asked))

    def _passes_asked(self, visit: Visit) -> tuple[str, ...]:
        """By its site, and on the way."""
        shut = shut_off(self._problem, visit)
        own = () if visit.needs_pass is None else (visit.needs_pass,)
        return tuple(dict.fromkeys((*own, *(shut.passes if shut else ()))))

    def _welcoming(self, visit: Visit) -> tuple[Problem, Mapping[int, int]]:
        """The problem with the visit, and tables for classes that hold the passes on the way besides: their numbers.

        Where no pass on the way is wanted, each class stays what it is.
        """
        posed, shut = self._with_dismissed(visit), shut_off(self._problem, visit)
        if shut is None:
            return posed, {number: number for number in range(len(posed.travel_s))}
        if shut.passes not in self._with_more_passes:
            self._with_more_passes[shut.passes] = self._measured_with(shut.passes, visit)
        measured, number_of = self._with_more_passes[shut.passes]
        return replace(posed, travel_s=measured.travel_s, at_gate=measured.at_gate, hourly=None), number_of

    def _measured_with(self, passes: tuple[str, ...], visit: Visit) -> tuple[Problem, Mapping[int, int]]:
        posed = self._problem
        if self._ground is None:
            return posed, {}
        welcome = replace(visit, needs_pass=None)
        classes = sorted({vehicle.road_class for vehicle in posed.scenario.vehicles if welcome.takes(vehicle)})
        number_of = {}
        for road_class in classes:
            self._spend(1 + len(self._ground.rows) ** 2 // 10)
            grown = self._ground.with_passes(road_class, passes)
            number_of[road_class] = number = len(posed.travel_s)
            table = grown.table(len(grown.classes) - 1)
            gates = {
                (number, row): gate for (last, row), gate in grown.at_gate.items() if last + 1 == len(grown.classes)
            }
            travel_s = np.concatenate([posed.travel_s, table[None]])
            posed = replace(posed, travel_s=travel_s, at_gate={**posed.at_gate, **gates})
        return posed, number_of

    def _nearest_open_point(self, case: _Case) -> Relaxation | None:
        visit, shut = case.visit, shut_off(self._problem, case.visit)
        if self._ground is None or shut is None or shut.nearest is None or shut.nearest_m is None:
            return None
        posed, index = self._with_dismissed(visit), self._index(visit)
        if visit.row not in self._elsewhere:
            self._elsewhere[visit.row] = self._handing_over_at(self._ground, visit.row, shut)
        moved = self._elsewhere[visit.row]
        posed = replace(posed, travel_s=moved.travel_s, at_gate=moved.at_gate, hourly=None)
        placed = self._best_place(posed, index, range(len(self._routes)))
        if placed is None or not self._good(posed, placed.routes, [visit.id]):
            return None
        measure = remedies.nearest_open_point(shut.nearest.point, shut.nearest_m)
        return remedies.relaxation(Relief.NEAREST_OPEN_POINT, measure)

    def _handing_over_at(self, ground: Ground, row: int, shut: ShutOff) -> Problem:
        """Whoever is kept away hands over at the nearest open road."""
        if shut.nearest is None:
            return self._problem
        self._spend(1 + len(ground.rows))
        gate = AtGate("", "", shut.nearest.point, shut.nearest, (), shut.outside)
        classes = [number for number, other in self._problem.shut_off if other == row]
        travel_s = ground.moved(self._problem.travel_s, row, shut.nearest, classes)
        return with_hand_over(self._problem, row, travel_s, dict.fromkeys(classes, gate))

    def _with_dismissed(self, visit: Visit) -> Problem:
        """The problem in which the visit is to be made, also where it was dismissed."""
        return self._problem if visit.id in self._number else with_visit(self._problem, visit)

    def _index(self, visit: Visit) -> int:
        return self._number.get(visit.id, len(self._problem.visits))

    def _more_stock(self, case: _Case) -> Relaxation | None:
        for depot, lacking in self._least_lacking_first(case.visit):
            relaxed = with_stock(self._problem, depot, lacking)
            loading = [n for n, each in enumerate(self._problem.scenario.vehicles) if each.start == depot]
            placed = self._best_place(relaxed, self._number[case.visit.id], loading)
            if placed is not None and self._good(relaxed, placed.routes, [case.visit.id]):
                return remedies.relaxation(Relief.MORE_STOCK, remedies.more_stock(depot, lacking))
        return None

    def _least_lacking_first(self, visit: Visit) -> list[tuple[str, dict[str, int]]]:
        """What each depot is short of to supply the visit, too, by depot."""
        names = [name for name in self._problem.depots if not name.endswith(ON_BOARD)]
        lacking = [(name, self._lacking(name, visit)) for name in names]
        return sorted((each for each in lacking if each[1]), key=lambda each: sum(each[1].values()))

    def _lacking(self, depot: str, visit: Visit) -> dict[str, int]:
        """The visit's own draw counts as left."""
        stock = self._problem.depots[depot].stock
        home = self._home(self._index(visit))
        drawn = sum((each for n, each in enumerate(self._drawn) if n != home), Counter[Use]())
        if home is not None:
            rest = without(self._routes[home], {self._index(visit)})
            drawn += uses(self._problem, self._problem.scenario.vehicles[home], rest) if rest else Counter()
        short = {
            line.kind: line.units - stock[line.kind] + drawn["stock", depot, line.kind]
            for line in visit.lines
            if line.kind in stock
        }
        return {kind: units for kind, units in short.items() if units > 0}

    def _a_higher_cap(self, case: _Case) -> Relaxation | None:
        visit, most = case.visit, self._sites[case.visit.site].most_vehicles
        if most is None:
            return None
        relaxed = with_cap(self._problem, visit.site, most + 1)
        placed = self._best_place(relaxed, self._number[visit.id], range(len(self._routes)))
        if placed is None or not self._good(relaxed, placed.routes, [visit.id]):
            return None
        return remedies.relaxation(Relief.A_HIGHER_CAP, remedies.a_higher_cap(most + 1))

    # --- two at a time ------------------------------------------------------------------------------------------

    def _hours_and_time(self, case: _Case) -> Relaxation | None:
        relaxed = with_any_hours(self._problem, case.visit.site)
        extra_s = self._extra_s(relaxed, case, LITTLE_S)
        if not extra_s:
            return None
        relaxed = with_targets(relaxed, {case.visit.site: case.visit.within_s + extra_s})
        placed = self._best_place(relaxed, self._number[case.visit.id], range(len(self._routes)))
        plan = None if placed is None else self._judged(relaxed, placed.routes, [case.visit.id])
        if plan is None:
            return None
        stop = next(stop for stop in plan.stops() if stop.visit.id == case.visit.id)
        measures = remedies.other_hours(stop), remedies.more_time(extra_s)
        return remedies.relaxation(Relief.HOURS_AND_TIME, *measures)

    def _vehicle_and_time(self, case: _Case) -> Relaxation | None:
        visit = case.visit
        latest = with_targets(self._problem, {visit.site: visit.within_s + LITTLE_S})
        joined = self._joined(latest, visit, self._kinds)
        if joined is None:
            return None
        stop = joined.stop(visit)
        over_s = stop.start_s - (stop.latest_s - stop.visit.within_s + visit.within_s)
        extra_s = _whole_minutes(over_s)
        relaxed = with_one_more(
            with_targets(self._problem, {visit.site: visit.within_s + max(0, extra_s)}), joined.like
        )
        if extra_s <= 0 or not self._good(relaxed, joined.routes, [visit.id]):
            return None
        measures = remedies.one_more(joined.like), remedies.more_time(extra_s)
        return remedies.relaxation(Relief.VEHICLE_AND_TIME, *measures)

    def _vehicle_and_hours(self, case: _Case) -> Relaxation | None:
        joined = self._joined(with_any_hours(self._problem, case.visit.site), case.visit, self._kinds)
        if joined is None:
            return None
        measures = remedies.one_more(joined.like), remedies.other_hours(joined.stop(case.visit))
        return remedies.relaxation(Relief.VEHICLE_AND_HOURS, *measures)

    def _vehicle_and_pass(self, case: _Case) -> Relaxation | None:
        asked = self._passes_asked(case.visit)
        if not asked:
            return None
        posed, number_of = self._welcoming(case.visit)
        carrying = [
            replace(each, passes=each.passes.union(asked), road_class=number_of[each.road_class])
            for each in self._kinds
            if each.road_class in number_of
        ]
        joined = self._joined(posed, case.visit, carrying)
        if joined is None:
            return None
        measures = remedies.one_more(joined.like), remedies.its_pass(asked)
        return remedies.relaxation(Relief.VEHICLE_AND_PASS, *measures)

    def _vehicle_and_stock(self, case: _Case) -> Relaxation | None:
        for depot, lacking in self._least_lacking_first(case.visit):
            kinds = [each for each in self._kinds if each.start == depot]
            joined = self._joined(with_stock(self._problem, depot, lacking), case.visit, kinds)
            if joined is not None:
                measures = remedies.one_more(joined.like), remedies.more_stock(depot, lacking)
                return remedies.relaxation(Relief.VEHICLE_AND_STOCK, *measures)
        return None

    def _vehicle_and_cap(self, case: _Case) -> Relaxation | None:
        most = self._sites[case.visit.site].most_vehicles
        if most is None:
            return None
        joined = self._joined(with_cap(self._problem, case.visit.site, most + 1), case.visit, self._kinds)
        if joined is None:
            return None
        measures = remedies.one_more(joined.like), remedies.a_higher_cap(most + 1)
        return remedies.relaxation(Relief.VEHICLE_AND_CAP, *measures)

    def _joined(self, problem: Problem, visit: Visit, kinds: Sequence[Vehicle]) -> _Joined | None:
        """The visit by one more vehicle that makes no other; the first good one by when it begins."""
        index = self._index(visit)
        routes = self._moved((index,))
        if not all(self._held(number, route) for number, route in enumerate(routes[:-1])):
            return None
        starts: list[tuple[Seconds, int, Problem]] = []
        for number, like in enumerate(kinds):
            self._spend(1 + len(problem.visits) // 50)
            larger = with_one_more(problem, like)
            table = timetable(larger, larger.scenario.vehicles[-1], [larger.visits[index]])
            if table is not None and not table.late_s:
                starts.append((table.starts_s[0], number, larger))
        for _, number, larger in sorted(starts, key=lambda each: each[:2]):
            plan = self._judged(larger, routes, [visit.id])
            if plan is not None:
                return _Joined(kinds[number], routes, plan)
        return None

    # --- inserting and judging ----------------------------------------------------------------------------------

    def _home(self, visit: int) -> int | None:
        return next((number for number, route in enumerate(self._routes) if visit in route), None)

    def _best_place(self, problem: Problem, visit: int, numbers: Collection[int]) -> _Placed | None:
        """Where the visit begins earliest."""
        return min(self._places(problem, visit, numbers), key=lambda placed: placed.taken_s, default=None)

    def _places(self, problem: Problem, visit: int, numbers: Collection[int]) -> Iterator[_Placed]:
        """Where the visit is in time and nobody on its route is worse off; of idle alike vehicles the first."""
        home, wanted = self._home(visit), problem.visits[visit]
        routes = list(self._routes)
        if home is not None:
            routes[home] = without(routes[home], {visit})
            if not self._held(home, routes[home]):
                numbers = [number for number in numbers if number == home]
        room = _Room(problem, self._drawn, home, routes)
        self._spend(1 + len(numbers) // 20)
        for number in self._worth_trying(problem, wanted, numbers, home, routes):
            vehicle, route = problem.scenario.vehicles[number], routes[number]
            for place in range(len(route) + 1):
                longer = (*route[:place], visit, *route[place:])
                if number != home and not self._may_fit(problem, number, place, wanted):
                    continue
                if not self._held(number, longer) or not room.holds(number, longer):
                    continue
                taken_s = self._taken_s(problem, vehicle, longer, visit)
                if taken_s is not None:
                    yield _Placed(taken_s, number, (*routes[:number], longer, *routes[number + 1 :]))

    def _worth_trying(
        self,
        problem: Problem,
        wanted: Visit,
        numbers: Collection[int],
        home: int | None,
        routes: Sequence[tuple[int, ...]],
    ) -> Iterator[int]:
        """Vehicles that may come and may have room; of idle alike ones the first."""
        idle: set[int] = set()
        for number in numbers:
            vehicle, kind = problem.scenario.vehicles[number], self._kind[number]
            if not wanted.takes(vehicle) or (not routes[number] and kind in idle):
                continue
            if not routes[number]:
                idle.add(kind)
            if number == home or self._has_room(vehicle, number, wanted):
                yield number

    def _added_cost_s(self, placed: _Placed) -> Seconds:
        """Of one that was left out before."""
        vehicle = self._problem.scenario.vehicles[placed.number]
        before, after = (
            route_worth(self._problem, vehicle, routes[placed.number]) for routes in (self._routes, placed.routes)
        )
        return 0 if before is None or after is None else after[-1] - before[-1]

    def _has_room(self, vehicle: Vehicle, number: int, visit: Visit) -> bool:
        """A first look; loops are reckoned with later."""
        return vehicle.max_loops > 1 or self._loads[number].plus(visit.load).fits(vehicle.capacity)

    def _may_fit(self, problem: Problem, number: int, place: int, visit: Visit) -> bool:
        """A first look at the times, before the route is reckoned: stops begin as early as they can already."""
        route, vehicle = self._routes[number], problem.scenario.vehicles[number]
        before, after = route[place - 1] if place else None, route[place] if place < len(route) else None
        if before is not None and before < 0:
            return True
        if before is None:
            row, free_s = problem.depot_row(vehicle.start), max(vehicle.shift.open_s, visit.order.order_s)
        else:
            row, free_s = problem.visits[before].row, self._free_s[problem.visits[before].id]
        start_s = free_s + problem.drive_s(vehicle, row, visit.row)
        if problem.scenario.policy.target_from == "order" and start_s > visit.deadline_s:
            return False
        if after is None or after < 0:
            return True
        onward_s = start_s + visit.service_s + problem.drive_s(vehicle, visit.row, problem.visits[after].row)
        return onward_s <= self._until_s[problem.visits[after].id]

    def _taken_s(self, problem: Problem, vehicle: Vehicle, route: tuple[int, ...], visit: int) -> Seconds | None:
        """Seconds from where the target counts to the beginning of the visit; None where it or another comes to harm."""
        self._spend(len(route))
        calls = [problem.call(number) for number in route]
        table = timetable(problem, vehicle, calls)
        if table is None:
            return None
        visits = [index for index in route if index >= 0]
        for index, start_s, due_s in zip(visits, table.starts_s, table.due_s, strict=True):
            allowed_s = 0 if index == visit else self._late_s.get(problem.visits[index].id, 0)
            if start_s - due_s > allowed_s:
                return None
        at = visits.index(visit)
        return table.starts_s[at] - table.due_s[at] + problem.visits[visit].within_s

    def _good(self, problem: Problem, routes: Routes, wanted: Collection[str]) -> bool:
        return self._judged(problem, routes, wanted) is not None

    def _judged(self, problem: Problem, routes: Routes, wanted: Collection[str]) -> Plan | None:
        """The plan these routes mean, if it keeps every rule, makes the wanted in time and no other visit worse."""
        self._spend(len(problem.visits))
        try:
            plan = plan_of(problem, Solution(routes))
        except ValueError:
            return None
        late_s = {stop.visit.id: stop.late_s for stop in plan.stops()}
        helped = all(late_s.get(visit) == 0 for visit in wanted)
        unharmed = all(visit in late_s and late_s[visit] <= before_s for visit, before_s in self._late_s.items())
        lawful = not check_plan(problem, plan, explained=False) and not check_locks(problem, plan)
        return plan if helped and unharmed and lawful else None


class _Room:
    """What stock, and sites' caps on vehicles, leave to a route beside all others."""

    def __init__(
        self, problem: Problem, drawn: Sequence[Counter[Use]], home: int | None, routes: Sequence[tuple[int, ...]]
    ) -> None:
        self._problem = problem
        self._limits = limits(problem)
        self._drawn = list(drawn) if self._limits else []
        if self._limits and home is not None:
            self._drawn[home] = self._draw(home, routes[home])
        self._total = sum(self._drawn, Counter[Use]())

    def _draw(self, number: int, route: tuple[int, ...]) -> Counter[Use]:
        return uses(self._problem, self._problem.scenario.vehicles[number], route) if route else Counter()

    def holds(self, number: int, route: tuple[int, ...]) -> bool:
        if not self._limits:
            return True
        return all(
            self._total[use] - self._drawn[number][use] + amount <= self._limits[use]
            for use, amount in self._draw(number, route).items()
            if use in self._limits
        )


def _holding(
    problem: Problem, vehicles: frozenset[str], passes: Sequence[str], number_of: Mapping[int, int]
) -> Problem:
    """These vehicles carry the passes, too, and are on the roads as a class that does."""
    for name in passes:
        problem = with_pass(problem, vehicles, name)
    every = problem.scenario.vehicles
    return with_road_classes(problem, {each.id: number_of[each.road_class] for each in every if each.id in vehicles})


def _whole_minutes(seconds: Seconds) -> Seconds:
    return -(-seconds // 60) * 60
