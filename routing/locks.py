"""What the coordinator fixed: who alone may come, and which locks cannot hold, with the rule they would break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from geodata.errors import BadInput, Complaint, Text
from geodata.travel_times import NO_WAY_S
from routing.model import (
    Earlier,
    Interval,
    Lock,
    Policy,
    Problem,
    ReasonCode,
    Reload,
    Unserved,
    Vehicle,
    Visit,
    ZoneLevel,
)
from routing.schedule import Call, loops_of, timetable
from routing.solvers.improve import without

LONG_S = 10**9

Calls = tuple[int, ...]


# --- posing -------------------------------------------------------------------------------------------------------


def with_locks(problem: Problem) -> Problem:
    """The problem whose visits are open only to the vehicles they are locked to, and know who made them before.

    Raises BadInput with every lock that cannot hold, and the rule it would break. Being late is none.
    """
    scenario = problem.scenario
    complaints = [complaint for number in range(len(scenario.locks)) for complaint in _impossible(problem, number)]
    if complaints:
        raise BadInput(complaints)
    holder = _holders(scenario.locks, scenario.earlier)
    stops = scenario.earlier.stops if scenario.earlier else {}
    visits = tuple(
        replace(
            visit,
            allowed=frozenset({holder[visit.id]}) if visit.id in holder else visit.allowed,
            earlier=stops[visit.id].vehicle if visit.id in stops else None,
        )
        for visit in problem.visits
    )
    return replace(problem, visits=visits)


def _holders(locks: Iterable[Lock], earlier: Earlier | None) -> dict[str, str]:
    """The one vehicle that may make a visit, by visit."""
    holder = {lock.visit: lock.vehicle for lock in locks if lock.visit is not None}
    for lock in locks:
        if lock.visit is None:
            holder |= dict.fromkeys(_earlier_visits(earlier, lock.vehicle), lock.vehicle)
    return holder


def _earlier_visits(earlier: Earlier | None, vehicle: str) -> list[str]:
    loops = (earlier.routes or {}).get(vehicle, ()) if earlier else ()
    return [visit for loop in loops for visit in loop.visits]


def _impossible(problem: Problem, number: int) -> Iterator[Complaint]:
    """What one lock breaks by itself, or against another."""
    lock = problem.scenario.locks[number]
    vehicle = next((each for each in problem.scenario.vehicles if each.id == lock.vehicle), None)
    if vehicle is None:
        yield _complaint(number, Text(f"没有车辆“{lock.vehicle}”", f"there is no vehicle {lock.vehicle!r}"))
    elif lock.visit is not None:
        yield from _impossible_visit(problem, number, vehicle, lock.visit)
    elif problem.scenario.earlier is None or problem.scenario.earlier.routes is None:
        zh, en = "锁定线路须给出原方案（--from）", "a locked route needs the earlier plan (--from)"
        yield _complaint(number, Text(zh, en))
    else:
        yield from _impossible_route(problem, number, vehicle)


def _impossible_visit(problem: Problem, number: int, vehicle: Vehicle, name: str) -> Iterator[Complaint]:
    visit = next((each for each in problem.visits if each.id == name), None)
    dismissed = next((each for each in problem.dismissed if each.visit.id == name), None)
    if dismissed is not None:
        yield broken_lock(number, _rule_of(dismissed), name, vehicle)
    elif visit is None:
        yield _complaint(number, Text(f"没有配送任务“{name}”", f"there is no visit {name!r}"))
    else:
        rule = broken_rule(problem, vehicle, (visit,))
        if rule is not None:
            yield broken_lock(number, rule, name, vehicle)


def _impossible_route(problem: Problem, number: int, vehicle: Vehicle) -> Iterator[Complaint]:
    names = _earlier_visits(problem.scenario.earlier, vehicle.id)
    known = {visit.id for visit in problem.visits}
    dismissed = {left.visit.id: left for left in problem.dismissed}
    for name in names:
        if name not in known:
            yield broken_lock(number, _rule_of(dismissed[name]) if name in dismissed else "DEMAND", name, vehicle)
    for lock in problem.scenario.locks:
        if lock.visit is not None and _contradicts(lock, lock.visit, names, vehicle.id):
            yield broken_lock(number, "LOCK", lock.visit, vehicle)
    if known.issuperset(names):
        calls = [problem.call(call) for call in earlier_route(problem, vehicle.id)]
        rule = broken_rule(problem, vehicle, calls) if calls else None
        if rule is not None:
            yield broken_lock(number, rule, "", vehicle)


def _contradicts(lock: Lock, visit: str, route: Sequence[str], vehicle: str) -> bool:
    if (lock.vehicle == vehicle) != (visit in route):
        return True
    return lock.vehicle == vehicle and lock.position is not None and route[lock.position - 1 : lock.position] != [visit]


def earlier_route(problem: Problem, vehicle: str) -> Calls:
    """The vehicle's route in the earlier plan, of the visits that are still there."""
    earlier = problem.scenario.earlier
    index = {visit.id: number for number, visit in enumerate(problem.visits)}
    calls: list[int] = []
    for loop in (earlier.routes or {}).get(vehicle, ()) if earlier else ():
        if calls and loop.depot in problem.depots:
            calls.append(problem.reload_number(loop.depot))
        calls += [index[visit] for visit in loop.visits if visit in index]
    return without(calls, ())


def _rule_of(dismissed: Unserved) -> str:
    rules = {ReasonCode.UNREACHABLE: "ROAD", ReasonCode.NO_PASS: "ZONE"}
    return rules.get(dismissed.reason.code, "CAPACITY") if dismissed.reason else "CAPACITY"


def broken_lock(number: int, rule: str, visit: str, vehicle: Vehicle) -> Complaint:
    what = Text(f"任务 {visit} 由", f"visit {visit} by ") if visit else Text("线路", "the route of ")
    zh = f"锁定无法成立：{what.zh} {vehicle.id} 违反规则 {rule}"
    return _complaint(number, Text(zh, f"the lock cannot hold: {what.en}{vehicle.id} breaks the rule {rule}"))


def _complaint(number: int, message: Text) -> Complaint:
    return Complaint(message, pointer=f"/locks/{number}")


# --- which rule ---------------------------------------------------------------------------------------------------


def broken_rule(problem: Problem, vehicle: Vehicle, calls: Sequence[Call]) -> str | None:
    """Which rule keeps the vehicle from making these calls in this order; None where none does."""
    if timetable(problem, vehicle, calls) is not None:
        return None
    loops = loops_of(vehicle, calls)
    plain = (
        ("ZONE", any(not _holds_passes(problem, vehicle, visit) for loop in loops for visit in loop.visits)),
        ("CAPACITY", any(not loop.load.fits(vehicle.capacity) for loop in loops)),
        ("DEPOT", any(loop.depot not in vehicle.reload_at for loop in loops[1:])),
        ("SHIFT", len(loops) > vehicle.max_loops),
        ("ROAD", _no_way(problem, vehicle, calls)),
    )
    return next((rule for rule, broken in plain if broken), None) or _binding(problem, vehicle, calls)


def _holds_passes(problem: Problem, vehicle: Vehicle, visit: Visit) -> bool:
    """Those the site asks for, and those without which no road leads there."""
    shut = problem.shut_off.get((vehicle.road_class, visit.row))
    return visit.takes(vehicle) and not (shut and shut.passes)


def _no_way(problem: Problem, vehicle: Vehicle, calls: Sequence[Call]) -> bool:
    rows = [problem.depot_row(call.depot) if isinstance(call, Reload) else call.row for call in calls]
    rows = [problem.depot_row(vehicle.start), *rows, problem.depot_row(vehicle.end)]
    return any(problem.drive_s(vehicle, here, there) >= NO_WAY_S for here, there in pairwise(rows))


class _Case(NamedTuple):
    problem: Problem
    vehicle: Vehicle
    calls: tuple[Call, ...]

    def with_policy(self, **members: object) -> _Case:
        scenario = self.problem.scenario
        policy: Policy = replace(scenario.policy, **members)  # type: ignore[arg-type]
        return self._replace(problem=replace(self.problem, scenario=replace(scenario, policy=policy)))

    def with_visits(self, change: Callable[[Visit], Visit]) -> _Case:
        return self._replace(calls=tuple(call if isinstance(call, Reload) else change(call) for call in self.calls))

    def with_risk_alike(self) -> _Case:
        alike = self.with_visits(lambda visit: replace(visit, zone=ZoneLevel.OPEN))
        return alike._replace(problem=replace(alike.problem, at_gate={}))

    def with_depots_open(self) -> _Case:
        depots = {name: replace(depot, opening=None) for name, depot in self.problem.depots.items()}
        return self._replace(problem=replace(self.problem, depots=depots))


def _binding(problem: Problem, vehicle: Vehicle, calls: Sequence[Call]) -> str:
    """Rules are set aside one after the other until it works: the last of them is named."""
    case = _Case(problem, vehicle, tuple(calls))
    steps: tuple[tuple[str, Callable[[_Case], _Case]], ...] = (
        ("TARGET", lambda c: c.with_policy(after_target="deliver_late")),
        ("SEPARATE", lambda c: c._replace(problem=replace(c.problem, apart={}))),
        ("RISK", lambda c: c.with_risk_alike()),
        (
            "WINDOW",
            lambda c: c.with_visits(lambda v: replace(v, windows=(Interval(v.order.order_s, v.order.limit_s),))),
        ),
        ("DEPOT", lambda c: c.with_depots_open()),
        ("TARGET", lambda c: c.with_visits(lambda v: replace(v, windows=(Interval(v.order.order_s, LONG_S),)))),
    )
    for rule, relaxed in steps:
        case = relaxed(case)
        if timetable(*case) is not None:
            return rule
    return "SHIFT"
