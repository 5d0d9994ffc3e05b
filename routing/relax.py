"""What would have helped: for a visit that is late or unserved the cheapest change under which it was made in time.

Every change is tried out: the problem is changed, the visit inserted into the plan's own routes (or into those of one
more vehicle), and the plan that results is judged by ``check_plan``; it counts only if the visit is then in time and no
other is worse off. Visits share work: one more vehicle is filled with all it can serve in time. Work is bounded by a
count, not by a clock, so that the same plan always says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from geodata.errors import Text
from routing.check import check_plan
from routing.check_locks import check_locks
from routing.evaluate import Solution, plan_of
from routing.explain import minutes
from routing.model import (
    Figures,
    Plan,
    Problem,
    Reason,
    ReasonCode,
    Relaxation,
    Relief,
    Route,
    Seconds,
    Stop,
    Vehicle,
    Visit,
    total_load,
)
from routing.schedule import timetable
from routing.solvers.improve import without
from routing.variants import with_any_hours, with_one_more, with_pass, with_stock, with_targets, with_visit

Routes = tuple[tuple[int, ...], ...]

LITTLE_S = 900
"""So much more time is taken to be cheaper than one more vehicle."""

MOST_WORK = 400_000
"""Stops that may be timed or judged: two to eight seconds. Visits whose turn comes later keep their reason alone."""

TRIED: Mapping[ReasonCode, tuple[Relief, ...]] = {
    ReasonCode.NO_CAPACITY_LEFT: (
        Relief.A_LITTLE_MORE_TIME,
        Relief.ONE_MORE_VEHICLE,
        Relief.OTHER_HOURS,
        Relief.MORE_TIME,
    ),
    ReasonCode.WINDOW_MISSED: (Relief.A_LITTLE_MORE_TIME, Relief.OTHER_HOURS, Relief.MORE_TIME),
    ReasonCode.NO_PASS: (Relief.A_PASS,),
    ReasonCode.NO_STOCK: (Relief.MORE_STOCK,),
}
"""What may help against which reason. Distance and size have no remedy here: their figures say what is lacking."""


def relax_plan(problem: Problem, plan: Plan, *, most_work: int = MOST_WORK) -> Plan:
    """The explained plan with what would have helped each visit that is late or unserved. Deterministic."""
    cases = tuple(_cases(plan))
    if not cases:
        return plan
    return _told(plan, _Search(problem, plan, cases, most_work).run())


def with_relaxations_of(stated: Plan, plan: Plan) -> Plan:
    """The plan with what another says would have helped: what a plan that breaks rules says is not tried out."""
    reasons = [(stop.visit.id, stop.reason) for stop in stated.stops()]
    reasons += [(left.visit.id, left.reason) for left in stated.unserved]
    said = {visit: reason.relaxation for visit, reason in reasons if reason is not None}
    return _told(plan, {visit: relaxation for visit, relaxation in said.items() if relaxation is not None})


def _told(plan: Plan, found: Mapping[str, Relaxation]) -> Plan:
    def told(visit: Visit, reason: Reason | None) -> Reason | None:
        return None if reason is None else replace(reason, relaxation=found.get(visit.id))

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
    late = [_Case(s.visit, s.reason.code, s.late_s) for s in plan.stops() if s.reason is not None]
    left = [_Case(u.visit, u.reason.code, None) for u in plan.unserved if u.reason is not None]
    yield from sorted((each for each in (*left, *late) if each.code in TRIED), key=lambda each: each.visit.urgency)


class _Exhausted(Exception):
    """The work bound is reached."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A visit inserted: when it begins, and the routes that result."""

    taken_s: Seconds
    routes: Routes


class _Search:
    def __init__(self, problem: Problem, plan: Plan, cases: Sequence[_Case], most_work: int) -> None:
        self._problem = problem
        self._cases = cases
        self._left_s = most_work
        self._routes = routes_of(problem, plan)
        self._number = {visit.id: index for index, visit in enumerate(problem.visits)}
        self._late_s = {stop.visit.id: stop.late_s for stop in plan.stops()}
        self._free_s = {stop.visit.id: stop.departure_s for stop in plan.stops()}
        self._until_s = {stop.visit.id: max(stop.latest_s, stop.start_s) for stop in plan.stops()}
        self._loads = [total_load(problem.visits[n].load for n in route if n >= 0) for route in self._routes]
        self._sent = _sent(plan)
        self._locked = _locked(problem, plan)
        self.found: dict[str, Relaxation] = {}

    def run(self) -> Mapping[str, Relaxation]:
        steps: tuple[tuple[Relief, Callable[[Sequence[_Case]], None]], ...] = (
            (Relief.A_LITTLE_MORE_TIME, self._a_little_more_time),
            (Relief.ONE_MORE_VEHICLE, self._one_more_vehicle),
            (Relief.OTHER_HOURS, self._each(self._other_hours)),
            (Relief.A_PASS, self._each(self._a_pass)),
            (Relief.MORE_STOCK, self._each(self._more_stock)),
            (Relief.MORE_TIME, self._more_time),
        )
        try:
            for relief, step in steps:
                step([case for case in self._waiting() if case.may_be_helped_by(relief)])
        except _Exhausted:
            return self.found | {case.visit.id: NOT_TRIED for case in self._waiting()}
        return self.found | {case.visit.id: NONE_FOUND for case in self._waiting()}

    def _waiting(self) -> list[_Case]:
        return [case for case in self._cases if case.visit.id not in self.found]

    def _each(self, find: Callable[[_Case], Relaxation | None]) -> Callable[[Sequence[_Case]], None]:
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

    # --- more time ----------------------------------------------------------------------------------------------

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
            extra_s = self._extra_s(case, most_s)
            if extra_s is not None:
                self.found[case.visit.id] = _time(relief, extra_s)

    def _extend(self, cases: Sequence[_Case], relief: Relief) -> None:
        """Late visits get what they are late, all at once: one site's target does not touch another's stops."""
        extra_s = {case.visit.id: _whole_minutes(case.late_s or 0) for case in cases}
        within_s: dict[str, Seconds] = {}
        for case in cases:
            whole_s = case.visit.within_s + extra_s[case.visit.id]
            within_s[case.visit.site] = max(whole_s, within_s.get(case.visit.site, 0))
        if cases and self._good(with_targets(self._problem, within_s), self._routes, extra_s.keys()):
            self.found |= {visit: _time(relief, seconds) for visit, seconds in extra_s.items()}
        elif len(cases) > 1:
            for case in cases:
                self._extend([case], relief)

    def _extra_s(self, case: _Case, most_s: Seconds) -> Seconds | None:
        """How much later than its target a visit left out could be made beside the rest, and no more than so much."""
        visit = case.visit
        self._spend(1 + len(self._problem.visits) // 50)
        latest = with_targets(self._problem, {visit.site: visit.within_s + most_s})
        placed = self._best_place(latest, self._number[visit.id], range(len(self._routes)))
        if placed is None:
            return None
        extra_s = _whole_minutes(placed.taken_s - visit.within_s)
        relaxed = with_targets(self._problem, {visit.site: visit.within_s + extra_s})
        return extra_s if self._good(relaxed, placed.routes, [visit.id]) else None

    # --- one more vehicle ---------------------------------------------------------------------------------------

    def _one_more_vehicle(self, cases: Sequence[_Case]) -> None:
        """Vehicle after vehicle, each of the kind and depot that helps most visits; each visit is helped by one."""
        waiting = [case.visit.id for case in cases if case.visit.id not in self._locked]
        while waiting:
            helped = self._help(waiting)
            waiting = [visit for visit in waiting if visit not in self.found and visit not in helped]

    def _help(self, waiting: Sequence[str]) -> Collection[str]:
        """Those helped by the best vehicle; where none helps the first, that one, which is then out of the question."""
        trials = [(like, *self._filled(like, waiting)) for like in self._kinds()]
        for like, routes, aboard in sorted(trials, key=lambda trial: -len(trial[2])):
            if aboard and self._good(with_one_more(self._problem, like), routes, aboard):
                self.found |= {visit: _vehicle(like, len(aboard) - 1) for visit in aboard}
                return aboard
        for like in self._kinds() if len(waiting) > 1 else ():
            routes, aboard = self._filled(like, waiting[:1])
            if aboard and self._good(with_one_more(self._problem, like), routes, aboard):
                self.found |= {visit: _vehicle(like, 0) for visit in aboard}
                return aboard
        return waiting[:1]

    def _kinds(self) -> list[Vehicle]:
        """One of each kind, depot and whatever else vehicles differ in but their names."""
        alike: dict[Vehicle, Vehicle] = {}
        for vehicle in self._problem.scenario.vehicles:
            alike.setdefault(replace(vehicle, id="", name=""), vehicle)
        return list(alike.values())

    def _filled(self, like: Vehicle, waiting: Sequence[str]) -> tuple[Routes, list[str]]:
        """One more vehicle with as many of the waiting as it can serve in time, taken out of their routes."""
        self._spend(1 + len(waiting) // 10)
        problem = with_one_more(self._problem, like)
        route: tuple[int, ...] = ()
        for visit in waiting:
            route = self._longer(problem, route, self._number[visit])
        emptier = tuple(without(each, set(route)) for each in self._routes)
        return (*emptier, route), [problem.visits[index].id for index in route]

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

    # --- hours, passes, stock -----------------------------------------------------------------------------------

    def _other_hours(self, case: _Case) -> Relaxation | None:
        visit = case.visit
        relaxed = with_any_hours(self._problem, visit.site)
        placed = self._best_place(relaxed, self._number[visit.id], range(len(self._routes)))
        if placed is None or placed.taken_s > visit.within_s:
            return None
        plan = self._judged(relaxed, placed.routes, [visit.id])
        if plan is None:
            return None
        return _hours(next(stop for stop in plan.stops() if stop.visit.id == visit.id))

    def _a_pass(self, case: _Case) -> Relaxation | None:
        visit, asked = case.visit, case.visit.needs_pass
        if asked is None:
            return None
        posed = self._problem if visit.id in self._number else with_visit(self._problem, visit)
        welcome = replace(visit, needs_pass=None)
        numbers = [n for n, vehicle in enumerate(posed.scenario.vehicles) if welcome.takes(vehicle)]
        names = [posed.scenario.vehicles[number].id for number in numbers]
        index = self._number.get(visit.id, len(self._problem.visits))
        placed = self._best_place(with_pass(posed, frozenset(names), asked), index, numbers)
        if placed is None:
            return None
        holder = next(number for number, route in enumerate(placed.routes) if index in route)
        vehicle = posed.scenario.vehicles[holder]
        relaxed = with_pass(posed, frozenset({vehicle.id}), asked)
        return _pass(vehicle, asked) if self._good(relaxed, placed.routes, [visit.id]) else None

    def _more_stock(self, case: _Case) -> Relaxation | None:
        depots = self._problem.scenario.depots
        lacking = {depot.place.id: self._lacking(depot.place.id, case.visit) for depot in depots}
        for depot in sorted(lacking, key=lambda name: sum(lacking[name].values())):
            relaxed = with_stock(self._problem, depot, lacking[depot])
            loading = [n for n, each in enumerate(self._problem.scenario.vehicles) if each.start == depot]
            placed = self._best_place(relaxed, self._number[case.visit.id], loading)
            if placed is not None and self._good(relaxed, placed.routes, [case.visit.id]):
                return _stock(depot, lacking[depot])
        return None

    def _lacking(self, depot: str, visit: Visit) -> dict[str, int]:
        stock = self._problem.depots[depot].stock
        left = {
            line.kind: stock.get(line.kind, line.units) - self._sent.get((depot, line.kind), 0) for line in visit.lines
        }
        return {line.kind: line.units - left[line.kind] for line in visit.lines if left[line.kind] < line.units}

    # --- inserting and judging ----------------------------------------------------------------------------------

    def _best_place(self, problem: Problem, visit: int, numbers: Collection[int]) -> _Placed | None:
        """Where the visit begins earliest, in time and with nobody on its route worse off; of idle alike vehicles one."""
        routes = tuple(without(route, {visit}) if visit in route else route for route in self._routes)
        best: _Placed | None = None
        idle: set[Vehicle] = set()
        self._spend(1 + len(numbers) // 20)
        for number in numbers:
            vehicle, route = problem.scenario.vehicles[number], routes[number]
            alike = replace(vehicle, id="", name="")
            if not problem.visits[visit].takes(vehicle) or (not route and alike in idle):
                continue
            if not route:
                idle.add(alike)
            at_home = visit in self._routes[number]
            if not at_home and not self._has_room(vehicle, number, problem.visits[visit]):
                continue
            for place in range(len(route) + 1):
                if not at_home and not self._may_fit(problem, number, place, problem.visits[visit]):
                    continue
                longer = (*route[:place], visit, *route[place:])
                taken_s = self._taken_s(problem, vehicle, longer, visit)
                if taken_s is not None and (best is None or taken_s < best.taken_s):
                    best = _Placed(taken_s, (*routes[:number], longer, *routes[number + 1 :]))
        return best

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
        start_s = free_s + problem.drive_s(row, visit.row)
        if problem.scenario.policy.target_from == "order" and start_s > visit.deadline_s:
            return False
        if after is None or after < 0:
            return True
        onward_s = start_s + visit.service_s + problem.drive_s(visit.row, problem.visits[after].row)
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


def _locked(problem: Problem, plan: Plan) -> frozenset[str]:
    """Visits that no other vehicle may make."""
    whole = {lock.vehicle for lock in problem.scenario.locks if lock.visit is None}
    held = {stop.visit.id for r in plan.routes if r.vehicle in whole for loop in r.loops for stop in loop.stops}
    return frozenset(held.union(lock.visit for lock in problem.scenario.locks if lock.visit is not None))


def _sent(plan: Plan) -> dict[tuple[str, str], int]:
    """Units by depot and kind."""
    sent: dict[tuple[str, str], int] = {}
    for loop in (loop for route in plan.routes for loop in route.loops):
        for line in (line for stop in loop.stops for line in stop.visit.lines):
            sent[loop.depot, line.kind] = sent.get((loop.depot, line.kind), 0) + line.units
    return sent


def _whole_minutes(seconds: Seconds) -> Seconds:
    return -(-seconds // 60) * 60


# --- what is said -----------------------------------------------------------------------------------------------


NONE_FOUND = Relaxation(
    Relief.NONE_FOUND,
    Text("试过的单项调整都不够", "no single change that was tried would do"),
    {},
)
NOT_TRIED = Relaxation(
    Relief.NOT_TRIED,
    Text(
        "迟到和未送达的任务太多，未再试算什么可以补救",
        "what would help was not tried: too many visits are late or unserved",
    ),
    {},
)


def _time(relief: Relief, extra_s: Seconds) -> Relaxation:
    zh, en = f"时限放宽 {minutes(extra_s)} 即可按时", f"with {minutes(extra_s)} more it would be in time"
    return Relaxation(relief, Text(zh, en), {"extra_s": extra_s})


def _vehicle(like: Vehicle, others: int) -> Relaxation:
    kind = like.kind or like.name or like.id
    zh, en = f"“{like.start}”再增加一辆{kind}即可按时", f"one more {kind} at {like.start} would do"
    if others:
        zh, en = f"{zh}（同一辆车还可使另外 {others} 项按时）", f"{en} (and would make {others} more of them in time)"
    figures: Figures = {"vehicle_kind": like.kind, "like": like.id, "depot": like.start, "others": others}
    return Relaxation(Relief.ONE_MORE_VEHICLE, Text(zh, en), figures)


def _hours(stop: Stop) -> Relaxation:
    after_s = stop.start_s - stop.visit.order.order_s
    zh, en = (
        f"若指令后 {minutes(after_s)} 可接收即可按时",
        f"it would do if it received {minutes(after_s)} after the order",
    )
    figures = {"receives_s": stop.start_s, "until_s": stop.departure_s}
    return Relaxation(Relief.OTHER_HOURS, Text(zh, en), figures)


def _pass(vehicle: Vehicle, asked: str) -> Relaxation:
    zh, en = (
        f"给车辆“{vehicle.id}”办理通行证“{asked}”即可按时",
        f"the pass {asked!r} for vehicle {vehicle.id!r} would do",
    )
    return Relaxation(Relief.A_PASS, Text(zh, en), {"vehicle": vehicle.id, "pass": asked})


def _stock(depot: str, units: Mapping[str, int]) -> Relaxation:
    zh = "、".join(f"“{kind}” {count} 件" for kind, count in units.items())
    en = ", ".join(f"{count} of {kind}" for kind, count in units.items())
    text = Text(f"“{depot}”增加{zh}库存即可按时", f"{en} more in stock at {depot} would do")
    figures: dict[str, float | int | str | None] = {f"units:{kind}": count for kind, count in units.items()}
    figures["depot"] = depot
    return Relaxation(Relief.MORE_STOCK, text, figures)
