"""Times for a given order of calls: as early as possible, leaving as late as that allows so that nobody waits.

A vehicle's calls are visits, and reloads between its loops. Laid out they are a chain of steps: loading at a depot, the
visits of the loop, loading again …, rests where they fall due, and the way home. Each step begins within windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from geodata.travel_times import NO_WAY_S
from routing.model import (
    Break,
    Depot,
    Interval,
    Load,
    Problem,
    Reload,
    Rest,
    Seconds,
    Vehicle,
    Visit,
    ZoneLevel,
    total_load,
)

Call = Visit | Reload


class LoopTimes(NamedTuple):
    """``load_s``: loading begins. ``back_s``: at the depot of the next loop, or where the route ends."""

    depot: str
    load_s: Seconds
    departure_s: Seconds
    back_s: Seconds


class Timetable(NamedTuple):
    """Per visit when unloading begins and when it would be late; per loop its times; the rests taken."""

    loops: tuple[LoopTimes, ...]
    starts_s: tuple[Seconds, ...]
    due_s: tuple[Seconds, ...]
    rests: tuple[Rest, ...] = ()

    @property
    def departure_s(self) -> Seconds:
        return self.loops[0].departure_s

    @property
    def back_s(self) -> Seconds:
        return self.loops[-1].back_s

    @property
    def late_s(self) -> Seconds:
        pairs = zip(self.starts_s, self.due_s, strict=True)
        return sum(max(0, start_s - due_s) for start_s, due_s in pairs)


def timetable(
    problem: Problem, vehicle: Vehicle, calls: Sequence[Call], *, loading_at: Sequence[Seconds | None] = ()
) -> Timetable | None:
    """When the vehicle makes these calls in this order; None where a rule that binds one vehicle alone forbids it.

    Every stop begins as early as any departure allows; of the departures that bring the vehicle back equally early,
    without making a late stop later, the latest is taken: the least waiting for the least time on the road.
    ``loading_at``: per loop the instant at which its loading bay is kept for it, None or nothing where none is short.
    """
    table = _table(problem, vehicle, calls, loading_at)
    accepts_late = problem.scenario.policy.after_target == "deliver_late"
    return table if table is not None and (accepts_late or not table.late_s) else None


def earliest_alone(problem: Problem, vehicle: Vehicle, visit: Visit) -> Timetable | None:
    """The visit as a vehicle's only one, late or not; None where it cannot be done in its shift and the site's hours."""
    if problem.drive_s(problem.depot_row(vehicle.start), visit.row) >= NO_WAY_S:
        return None
    return _table(problem, vehicle, (visit,), ())


def _table(
    problem: Problem, vehicle: Vehicle, calls: Sequence[Call], loading_at: Sequence[Seconds | None]
) -> Timetable | None:
    loops = loops_of(vehicle, calls)
    if not loops_allowed(problem, vehicle, loops):
        return None
    chain = _Chain(problem, vehicle, loops, loading_at)
    earliest = chain.as_early_as_possible()
    if earliest is None:
        return None
    table = chain.table(chain.leaving_late(earliest))
    longest_s = problem.scenario.policy.longest_route_s
    return table if longest_s is None or table.back_s - table.departure_s <= longest_s else None


# --- loops --------------------------------------------------------------------------------------------------------


class LoopCalls(NamedTuple):
    depot: str
    visits: tuple[Visit, ...]

    @property
    def load(self) -> Load:
        return total_load(visit.load for visit in self.visits)


def loops_of(vehicle: Vehicle, calls: Sequence[Call]) -> list[LoopCalls]:
    depot, loops = vehicle.start, list[LoopCalls]()
    visits: list[Visit] = []
    for call in calls:
        if isinstance(call, Reload):
            loops.append(LoopCalls(depot, tuple(visits)))
            depot, visits = call.depot, []
        else:
            visits.append(call)
    return [*loops, LoopCalls(depot, tuple(visits))]


def loops_allowed(problem: Problem, vehicle: Vehicle, loops: Sequence[LoopCalls]) -> bool:
    """Capacity, who may go, number of loops, where to reload, what rides together, and the order of risk."""
    return (
        len(loops) <= vehicle.max_loops
        and all(loop.depot in vehicle.reload_at for loop in loops[1:])
        and all(loop.visits and loop.load.fits(vehicle.capacity) for loop in loops)
        and all(visit.takes(vehicle) for loop in loops for visit in loop.visits)
        and all(_rides_together(problem, loop.visits) and _risk_rises(loop.visits) for loop in loops)
    )


def _rides_together(problem: Problem, visits: Sequence[Visit]) -> bool:
    if not problem.apart:
        return True
    kinds = {line.kind for visit in visits for line in visit.lines}
    return not any(kinds & problem.apart.get(kind, frozenset()) for kind in kinds)


def _risk_rises(visits: Sequence[Visit]) -> bool:
    return all(before.zone <= after.zone for before, after in pairwise(visits))


def loading_time_s(depot: Depot, load: Load) -> Seconds:
    """Fixed plus per crate, as for unloading."""
    return depot.loading_s + round(depot.loading_per_crate_s * load.crates)


# --- the chain ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """``row``: where, -1 for wherever the vehicle is. ``gap_s``: after arriving, before it may begin."""

    row: int
    windows: tuple[Interval, ...]
    duration_s: Seconds = 0
    gap_s: Seconds = 0
    visit: Visit | None = None
    depot: str = ""
    rest: Break | None = None


@dataclass(frozen=True, slots=True)
class _Timed:
    step: _Step
    start_s: Seconds

    @property
    def end_s(self) -> Seconds:
        return self.start_s + self.step.duration_s


class _Chain:
    def __init__(
        self, problem: Problem, vehicle: Vehicle, loops: Sequence[LoopCalls], loading_at: Sequence[Seconds | None]
    ) -> None:
        self._problem = problem
        self._vehicle = vehicle
        self._steps = list(self._laid_out(loops, loading_at))

    def _laid_out(self, loops: Sequence[LoopCalls], loading_at: Sequence[Seconds | None]) -> Iterator[_Step]:
        gap_s = 0
        for number, loop in enumerate(loops):
            yield self._loading(loop, loading_at[number] if number < len(loading_at) else None, gap_s)
            for visit in loop.visits:
                yield _Step(visit.row, visit.windows, visit.service_s, visit=visit)
            sealed = any(visit.zone is ZoneLevel.SEALED for visit in loop.visits)
            gap_s = self._problem.scenario.policy.disinfection_s if sealed else 0
        home = Interval(self._vehicle.shift.open_s, self._vehicle.shift.close_s)
        yield _Step(self._problem.depot_row(self._vehicle.end), (home,))

    def _loading(self, loop: LoopCalls, kept_s: Seconds | None, gap_s: Seconds) -> _Step:
        depot = self._problem.depots[loop.depot]
        duration_s = loading_time_s(depot, loop.load)
        ordered_s = max(visit.order.order_s for visit in loop.visits)
        on_duty = Interval(max(self._vehicle.shift.open_s, ordered_s), self._vehicle.shift.close_s)
        slot = on_duty if kept_s is None else Interval(kept_s, kept_s)
        opening = (on_duty,) if depot.opening is None else depot.opening
        met = (Interval(hours.open_s, hours.close_s - duration_s).meet(on_duty) for hours in opening)
        windows = tuple(kept for window in met if window is not None and (kept := window.meet(slot)) is not None)
        return _Step(self._problem.depot_row(loop.depot), windows, duration_s, gap_s, depot=loop.depot)

    def as_early_as_possible(self) -> list[_Timed] | None:
        timed: list[_Timed] = []
        rests = list(self._vehicle.breaks)
        for step in self._steps:
            following = self._next(timed, step)
            while following is not None and rests and self._falls_due(timed, following, rests[0]):
                resting = self._next(timed, _Step(-1, (rests[0].window,), rests[0].duration_s, rest=rests[0]))
                if resting is None:
                    return None
                timed.append(resting)
                rests.pop(0)
                following = self._next(timed, step)
            if following is None:
                return None
            timed.append(following)
        return timed

    def _falls_due(self, timed: Sequence[_Timed], following: _Timed, rest: Break) -> bool:
        """Whether the rest must come now: it cannot begin after the next step, nor was it over before leaving."""
        if not timed or following.end_s <= rest.window.close_s:
            return False
        return timed[0].end_s < rest.window.open_s + rest.duration_s

    def _next(self, timed: Sequence[_Timed], step: _Step) -> _Timed | None:
        """The step as early as possible after those before it."""
        ready_s = timed[-1].end_s + self._drive_s(timed, step) + step.gap_s if timed else -NO_WAY_S
        starts = (max(ready_s, window.open_s) for window in step.windows if ready_s <= window.close_s)
        start_s = min(starts, default=None)
        return None if start_s is None else _Timed(step, start_s)

    def _drive_s(self, timed: Sequence[_Timed], step: _Step) -> Seconds:
        if step.row < 0:
            return 0
        row = next(before.step.row for before in reversed(timed) if before.step.row >= 0)
        return self._problem.drive_s(row, step.row)

    def leaving_late(self, earliest: list[_Timed]) -> list[_Timed]:
        """The same steps with each loading begun as late as moves neither the end, nor a late stop, nor a window."""
        timed: list[_Timed] = []
        for before, latest_s in zip(earliest, self._latest(earliest), strict=True):
            step = replace(before.step, windows=(Interval(latest_s, latest_s),)) if before.step.depot else before.step
            following = self._next(timed, step)
            if following is None:
                return earliest
            timed.append(following)
        return timed

    def _latest(self, earliest: list[_Timed]) -> list[Seconds]:
        """How late may each step begin."""
        due_s = self._due_s(earliest)
        latest = [earliest[-1].start_s]
        for number in range(len(earliest) - 2, -1, -1):
            timed, after = earliest[number], earliest[number + 1]
            drive_s = self._drive_s(earliest[: number + 1], after.step)
            bound_s = latest[0] - after.step.gap_s - drive_s - timed.step.duration_s
            if timed.step.visit is not None:
                late = timed.start_s > due_s[number]
                bound_s = timed.start_s if late else min(bound_s, due_s[number])
            latest.insert(0, _last_instant(timed.step.windows, bound_s))
        return latest

    def _due_s(self, timed: Sequence[_Timed]) -> dict[int, Seconds]:
        """By number of the step: the last second at which a visit begins in time."""
        from_departure = self._problem.scenario.policy.target_from == "departure"
        due_s, left_s = {}, 0
        for number, each in enumerate(timed):
            if each.step.depot:
                left_s = each.end_s
            if each.step.visit is not None:
                due_s[number] = (left_s if from_departure else each.step.visit.order.order_s) + each.step.visit.within_s
        return due_s

    def table(self, timed: list[_Timed]) -> Timetable:
        loads = [number for number, each in enumerate(timed) if each.step.depot]
        loops = tuple(
            LoopTimes(timed[load].step.depot, timed[load].start_s, timed[load].end_s, self._arrival_s(timed, after))
            for load, after in zip(loads, [*loads[1:], len(timed) - 1], strict=True)
        )
        due_s = self._due_s(timed)
        visits = [number for number, each in enumerate(timed) if each.step.visit is not None]
        return Timetable(
            loops=loops,
            starts_s=tuple(timed[number].start_s for number in visits),
            due_s=tuple(due_s[number] for number in visits),
            rests=tuple(self._rests(timed)),
        )

    def _arrival_s(self, timed: Sequence[_Timed], number: int) -> Seconds:
        return timed[number - 1].end_s + self._drive_s(timed[:number], timed[number].step)

    def _rests(self, timed: Sequence[_Timed]) -> Iterator[Rest]:
        return (Rest(each.start_s, each.step.duration_s) for each in timed if each.step.rest is not None)


def _last_instant(windows: Sequence[Interval], bound_s: Seconds) -> Seconds:
    """The last instant of the windows up to the bound."""
    return max(min(window.close_s, bound_s) for window in windows if window.open_s <= bound_s)


def leaving_windows(problem: Problem, vehicle: Vehicle) -> Iterator[Interval]:
    """When the vehicle may leave its first depot: in its shift, the depot open."""
    opening = problem.depots[vehicle.start].opening
    for hours in (vehicle.shift,) if opening is None else opening:
        window = hours.meet(vehicle.shift)
        if window is not None:
            yield window
