"""Times for a given order of calls: as early as possible, leaving as late as that allows so that nobody waits.

A vehicle's calls are visits, and reloads between its loops. Laid out they are a chain of steps: loading at a depot, the
visits of the loop, loading again …, rests where they fall due, and the way home. Each step begins within windows.

Where a drive's time is that of the hour in which it begins, the chain is timed forwards with the hours that result. How
late each loading may begin is then reckoned backwards with these times, and timed forwards again: the hours may be others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from geodata.travel_times import NO_WAY_S
from routing.model import (
    Break,
    Depot,
    Interval,
    Load,
    Policy,
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

MOST_TIMETABLES = 50_000
"""Remembered at a time: some hundred megabytes."""


MOST_DEPARTURES = 4
"""So often is a later departure tried that changes the hours in which drives begin."""


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
    problem: Problem,
    vehicle: Vehicle,
    calls: Sequence[Call],
    *,
    loading_at: Sequence[Seconds | None] = (),
    hurry: bool = False,
) -> Timetable | None:
    """When the vehicle makes these calls in this order; None where a rule that binds one vehicle alone forbids it.

    Every stop begins as early as any departure allows; of the departures that bring the vehicle back equally early,
    without making a late stop later, the latest is taken: the least waiting for the least time on the road. Of the ways
    to take the breaks, the one that makes the fewest stops late and is back first. ``loading_at``: per loop the instant
    at which its loading bay is kept for it, None or nothing where none is short. ``hurry``: loading begins at once.
    """
    table = _table(problem, vehicle, calls, loading_at, hurry=hurry)
    accepts_late = problem.scenario.policy.after_target == "deliver_late"
    return table if table is not None and (accepts_late or not table.late_s) else None


class Timetables:
    """Timetables of one problem, by numbers of calls, each reckoned once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._known: dict[object, Timetable | None] = {}
        self._loops: dict[object, list[LoopCalls]] = {}

    def of(
        self,
        vehicle: Vehicle,
        numbers: Sequence[int],
        loading_at: Sequence[Seconds | None] = (),
        *,
        hurry: bool = False,
    ) -> Timetable | None:
        """As ``timetable``."""
        key = (vehicle.id, tuple(numbers), tuple(loading_at), hurry)
        if key not in self._known:
            if len(self._known) >= MOST_TIMETABLES:
                self._known.clear()
            calls = [self.problem.call(number) for number in numbers]
            self._known[key] = timetable(self.problem, vehicle, calls, loading_at=loading_at, hurry=hurry)
        return self._known[key]

    def loops(self, vehicle: Vehicle, numbers: Sequence[int]) -> Sequence[LoopCalls]:
        """As ``loops_of``."""
        key = (vehicle.start, tuple(numbers))
        if key not in self._loops:
            if len(self._loops) >= MOST_TIMETABLES:
                self._loops.clear()
            self._loops[key] = loops_of(vehicle, [self.problem.call(number) for number in numbers])
        return self._loops[key]


def earliest_alone(problem: Problem, vehicle: Vehicle, visit: Visit) -> Timetable | None:
    """The visit as a vehicle's only one, late or not; None where it cannot be done in its shift and the site's hours."""
    if problem.drive_s(vehicle, problem.depot_row(vehicle.start), visit.row) >= NO_WAY_S:
        return None
    return _table(problem, vehicle, (visit,), ())


def _table(
    problem: Problem,
    vehicle: Vehicle,
    calls: Sequence[Call],
    loading_at: Sequence[Seconds | None],
    *,
    hurry: bool = False,
) -> Timetable | None:
    loops = loops_of(vehicle, calls)
    if not loops_allowed(problem, vehicle, loops):
        return None
    steps = tuple(_steps(problem, vehicle, loops, loading_at))
    clock = _Clock(problem.scenario.policy, hurry=hurry, by_hour=problem.hourly is not None)
    if not vehicle.breaks:
        return clock.table(steps)
    found = min(clock.tables_with_rests(steps, vehicle.breaks), key=_preference, default=None)
    return None if found is None else found[1]


# --- loops --------------------------------------------------------------------------------------------------------


class LoopCalls(NamedTuple):
    depot: str
    visits: tuple[Visit, ...]
    load: Load


def loops_of(vehicle: Vehicle, calls: Sequence[Call]) -> list[LoopCalls]:
    depot, loops = vehicle.start, list[LoopCalls]()
    visits: list[Visit] = []
    for call in calls:
        if isinstance(call, Reload):
            loops.append(LoopCalls(depot, tuple(visits), total_load([visit.load for visit in visits])))
            depot, visits = call.depot, []
        else:
            visits.append(call)
    return [*loops, LoopCalls(depot, tuple(visits), total_load([visit.load for visit in visits]))]


def loops_allowed(problem: Problem, vehicle: Vehicle, loops: Sequence[LoopCalls]) -> bool:
    """Capacity, who may go, number of loops, where to reload, what rides together, and the order of risk."""
    return (
        len(loops) <= vehicle.max_loops
        and all(loop.depot in vehicle.reload_at for loop in loops[1:])
        and all(loop.visits and loop.load.fits(vehicle.capacity) for loop in loops)
        and all(visit.takes(vehicle) for loop in loops for visit in loop.visits)
        and all(_rides_together(problem, loop.visits) and _risk_rises(problem, vehicle, loop.visits) for loop in loops)
        and problem.zone_of(vehicle, loops[0].visits[0]) >= vehicle.been
    )


def _rides_together(problem: Problem, visits: Sequence[Visit]) -> bool:
    if not problem.apart:
        return True
    kinds = {line.kind for visit in visits for line in visit.lines}
    return not any(kinds & problem.apart.get(kind, frozenset()) for kind in kinds)


def _risk_rises(problem: Problem, vehicle: Vehicle, visits: Sequence[Visit]) -> bool:
    zones = [problem.zone_of(vehicle, visit) for visit in visits]
    return all(before <= after for before, after in pairwise(zones))


def loading_time_s(depot: Depot, load: Load) -> Seconds:
    """Fixed plus per crate, as for unloading."""
    return depot.loading_s + round(depot.loading_per_crate_s * load.crates)


# --- the chain ----------------------------------------------------------------------------------------------------


Drive = Callable[[Seconds], Seconds]
"""Seconds of a drive by the instant at which it begins."""


class _Step(NamedTuple):
    """``lead_s``: to drive there, and ``gap_s`` of it to be disinfected, after what comes before.

    With a ``drive``, what that takes comes on top.
    """

    lead_s: Seconds
    windows: tuple[Interval, ...]
    duration_s: Seconds = 0
    visit: Visit | None = None
    depot: str = ""
    gap_s: Seconds = 0
    rest: bool = False
    drive: Drive | None = None

    def led_s(self, left_s: Seconds) -> Seconds:
        """As ``lead_s``, drive included, where what comes before ends at ``left_s``."""
        return self.lead_s if self.drive is None else self.lead_s + self.drive(left_s)


_Steps = Sequence[_Step]


def _steps(
    problem: Problem, vehicle: Vehicle, loops: Sequence[LoopCalls], loading_at: Sequence[Seconds | None]
) -> Iterator[_Step]:
    row = problem.depot_row(vehicle.start)
    gap_s = 0
    for number, loop in enumerate(loops):
        depot, before = problem.depot_row(loop.depot), row
        kept_s = loading_at[number] if number < len(loading_at) else None
        lead_s, drive = _way(problem, vehicle, before, depot) if number else (0, None)
        yield _loading(problem, vehicle, loop, kept_s)._replace(lead_s=lead_s + gap_s, gap_s=gap_s, drive=drive)
        row = depot
        for visit in loop.visits:
            lead_s, drive = _way(problem, vehicle, row, visit.row)
            yield _Step(lead_s, visit.windows, visit.service_s, visit, drive=drive)
            row = visit.row
        gap_s = problem.scenario.policy.disinfection_s if _was_sealed(problem, vehicle, loop) else 0
    lead_s, drive = _way(problem, vehicle, row, problem.depot_row(vehicle.end))
    yield _Step(lead_s, (vehicle.shift,), drive=drive)


def _way(problem: Problem, vehicle: Vehicle, origin: int, destination: int) -> tuple[Seconds, Drive | None]:
    """The lead of a step after a drive between these rows, or the drive where it depends on the hour."""
    if problem.hourly is None:
        return problem.drive_s(vehicle, origin, destination), None
    return 0, partial(problem.driven_s, vehicle, origin, destination)


def _was_sealed(problem: Problem, vehicle: Vehicle, loop: LoopCalls) -> bool:
    return problem.zone_of(vehicle, loop.visits[-1]) is ZoneLevel.SEALED


def _loading(problem: Problem, vehicle: Vehicle, loop: LoopCalls, kept_s: Seconds | None) -> _Step:
    duration_s = loading_time_s(problem.depots[loop.depot], loop.load)
    windows = loading_windows(problem, vehicle, loop)
    if kept_s is not None:
        windows = [Interval(kept_s, kept_s) for window in windows if window.holds(kept_s)][:1]
    return _Step(0, tuple(windows), duration_s, depot=loop.depot)


def loading_windows(problem: Problem, vehicle: Vehicle, loop: LoopCalls) -> list[Interval]:
    """When loading may begin: the vehicle on duty, the order given, the depot open until it ends."""
    depot = problem.depots[loop.depot]
    ordered_s = max(visit.order.order_s for visit in loop.visits)
    on_duty = Interval(max(vehicle.shift.open_s, ordered_s), vehicle.shift.close_s)
    if depot.opening is None:
        return [on_duty]
    duration_s = loading_time_s(depot, loop.load)
    open_hours = (Interval(hours.open_s, hours.close_s - duration_s).meet(on_duty) for hours in depot.opening)
    return [window for window in open_hours if window is not None]


def _earliest(steps: _Steps) -> list[Seconds] | None:
    """When each step begins, as early as it can after those before it."""
    starts_s: list[Seconds] = []
    end_s = -NO_WAY_S
    for step in steps:
        lead_s = step.lead_s if step.drive is None else step.led_s(end_s)
        start_s = first_instant(step.windows, end_s + lead_s)
        if start_s is None:
            return None
        starts_s.append(start_s)
        end_s = start_s + step.duration_s
    return starts_s


def first_instant(windows: Sequence[Interval], ready_s: Seconds) -> Seconds | None:
    """The first instant of the windows from the given one on."""
    found: Seconds | None = None
    for open_s, close_s in windows:
        if ready_s <= close_s:
            start_s = max(open_s, ready_s)
            if found is None or start_s < found:
                found = start_s
    return found


def last_instant(windows: Sequence[Interval], bound_s: Seconds) -> Seconds:
    """The last instant of the windows up to the bound."""
    return max(min(window.close_s, bound_s) for window in windows if window.open_s <= bound_s)


class _Clock:
    """Times the steps of one vehicle. ``hurry``: each loading begins at once, too, and not as late as does no harm."""

    def __init__(self, policy: Policy, *, hurry: bool, by_hour: bool) -> None:
        self._from_departure = policy.target_from == "departure"
        self._longest_s = NO_WAY_S if policy.longest_route_s is None else policy.longest_route_s
        self._hurry = hurry
        self._by_hour = by_hour

    def table(self, steps: _Steps) -> Timetable | None:
        """None where a window is missed or the route is longer than allowed."""
        starts_s = _earliest(steps)
        if starts_s is None:
            return None
        leads_s = self._leads(steps, starts_s)
        if not self._hurry and _waits(steps, starts_s, leads_s):
            starts_s = self._leaving_late(steps, starts_s, leads_s)
        table = self._tabulated(steps, starts_s)
        return table if table.back_s - table.departure_s <= self._longest_s else None

    def tables_with_rests(self, steps: _Steps, breaks: Sequence[Break]) -> Iterator[tuple[_Steps, Timetable]]:
        """Every way worth trying to take the breaks: before or after any drive, or by leaving after them."""
        starts_s = _earliest(steps)
        if starts_s is None:
            return
        out = Interval(starts_s[0] + steps[0].duration_s, starts_s[-1])
        due = next((rest for rest in breaks if not _spared(rest, out)), None)
        if due is None:
            table = self.table(steps)
            if table is not None:
                yield steps, table
            return
        others = [rest for rest in breaks if rest is not due]
        yield from self.tables_with_rests(_leaving_after(steps, due), others)
        for resting in _resting(steps, starts_s, due, even_if_over=self._from_departure):
            yield from self.tables_with_rests(resting, others)

    def _leads(self, steps: _Steps, starts_s: Sequence[Seconds]) -> list[Seconds]:
        """What each step is led in by where steps begin at these instants."""
        if not self._by_hour:
            return [step.lead_s for step in steps]
        ends_s = [-NO_WAY_S, *(start_s + step.duration_s for step, start_s in zip(steps, starts_s, strict=True))]
        return [step.led_s(end_s) for step, end_s in zip(steps, ends_s, strict=False)]

    def _leaving_late(self, steps: _Steps, earliest_s: list[Seconds], leads_s: Sequence[Seconds]) -> list[Seconds]:
        """The same steps with each loading begun as late as moves neither the end, nor a late stop, nor a window.

        ``leads_s``: when leaving early. Where leaving late makes others of them, it is reckoned with those again.
        """
        found_s = earliest_s
        for _ in range(MOST_DEPARTURES):
            latest_s = self._latest(steps, earliest_s, leads_s)
            starts_s = None if latest_s is None else _earliest(_loaded_from(steps, latest_s))
            if starts_s is None:
                break
            if not self._by_hour:
                return starts_s
            driven_s = self._leads(steps, starts_s)
            if all(driven <= reckoned for driven, reckoned in zip(driven_s, leads_s, strict=True)):
                found_s = starts_s
                if driven_s == leads_s:
                    break
                leads_s = driven_s
            else:
                leads_s = [max(pair) for pair in zip(driven_s, leads_s, strict=True)]
        return found_s

    def _latest(self, steps: _Steps, earliest_s: list[Seconds], leads_s: Sequence[Seconds]) -> list[Seconds] | None:
        """How late may each step begin with these leads; None where they are too long for its windows.

        A target that counts from the departure moves with it, and binds nothing.
        """
        latest_s = [earliest_s[-1]]
        for number in range(len(steps) - 2, -1, -1):
            step = steps[number]
            bound_s = latest_s[-1] - leads_s[number + 1] - step.duration_s
            if step.visit is not None and not self._from_departure:
                bound_s = min(bound_s, max(earliest_s[number], step.visit.deadline_s))
            if self._by_hour and all(window.open_s > bound_s for window in step.windows):
                return None
            latest_s.append(last_instant(step.windows, bound_s))
        return latest_s[::-1]

    def _tabulated(self, steps: _Steps, starts_s: list[Seconds]) -> Timetable:
        loops, visits_s, due_s, rests = [], [], [], []
        depot, load_s, left_s, end_s = "", 0, 0, 0
        for step, start_s in zip(steps, starts_s, strict=True):
            if step.visit is not None:
                visits_s.append(start_s)
                due_s.append(left_s + step.visit.within_s if self._from_departure else step.visit.deadline_s)
            elif step.rest:
                rests.append(Rest(start_s, step.duration_s))
            else:
                if depot:
                    loops.append(LoopTimes(depot, load_s, left_s, end_s + step.led_s(end_s) - step.gap_s))
                depot, load_s, left_s = step.depot, start_s, start_s + step.duration_s
            end_s = start_s + step.duration_s
        return Timetable(tuple(loops), tuple(visits_s), tuple(due_s), tuple(rests))


def _loaded_from(steps: _Steps, from_s: Sequence[Seconds]) -> _Steps:
    """The same steps with no loading begun before these instants, of which each is in a window of its step."""
    return [
        step._replace(windows=_cut(step.windows, at_s)) if step.depot else step
        for step, at_s in zip(steps, from_s, strict=True)
    ]


def _cut(windows: Sequence[Interval], from_s: Seconds) -> tuple[Interval, ...]:
    rest = Interval(from_s, NO_WAY_S)
    return tuple(met for window in windows if (met := window.meet(rest)) is not None)


def _waits(steps: _Steps, starts_s: Sequence[Seconds], leads_s: Sequence[Seconds]) -> bool:
    end_s = NO_WAY_S
    for step, start_s, lead_s in zip(steps, starts_s, leads_s, strict=True):
        if end_s + lead_s < start_s:
            return True
        end_s = start_s + step.duration_s
    return False


def _spared(rest: Break, out: Interval) -> bool:
    """Whether the rest was over before leaving, or can still begin after the return."""
    return out.open_s >= rest.window.open_s + rest.duration_s or out.close_s <= rest.window.close_s


def _leaving_after(steps: _Steps, rest: Break) -> _Steps:
    """The same steps, loaded no earlier than lets the vehicle leave when the rest is over."""
    loading = steps[0]
    over = Interval(rest.window.open_s + rest.duration_s - loading.duration_s, NO_WAY_S)
    later = tuple(met for window in loading.windows if (met := window.meet(over)) is not None)
    return [loading._replace(windows=later), *steps[1:]]


def _resting(steps: _Steps, starts_s: list[Seconds], rest: Break, *, even_if_over: bool) -> Iterator[_Steps]:
    """The steps with the rest before or after a drive, where it may begin.

    Not before a step that is over when the rest may begin, except where a rest before leaving is better than on the way.
    """
    for number in range(1, len(steps)):
        step, end_s = steps[number], starts_s[number - 1] + steps[number - 1].duration_s
        over = not even_if_over and starts_s[number] + step.duration_s <= rest.window.open_s and number < len(steps) - 1
        if over or end_s > rest.window.close_s:
            continue
        resting = _Step(0, (rest.window,), rest.duration_s, rest=True)
        yield [*steps[:number], resting, *steps[number:]]
        if step.visit is not None and end_s + step.led_s(end_s) <= rest.window.close_s:
            resting = resting._replace(lead_s=step.lead_s, drive=step.drive)
            yield [*steps[:number], resting, step._replace(lead_s=0, drive=None), *steps[number + 1 :]]


def _preference(found: tuple[_Steps, Timetable]) -> tuple[int, ...]:
    """Of the ways to rest: the fewest late, most urgent first, the least late, the earliest back, the latest away."""
    steps, table = found
    visits = [step.visit for step in steps if step.visit is not None]
    return (*lateness(visits, table), table.back_s, -table.departure_s)


def lateness(visits: Sequence[Visit], table: Timetable) -> tuple[int, ...]:
    """How many are late by urgency, most urgent first, and for how many seconds together."""
    timed = zip(visits, table.starts_s, table.due_s, strict=True)
    late = Counter(visit.urgency for visit, start_s, due_s in timed if start_s > due_s)
    return (*(late[urgency] for urgency in range(4)), table.late_s)


def leaving_windows(problem: Problem, vehicle: Vehicle) -> Iterator[Interval]:
    """When the vehicle may leave its first depot: in its shift, the depot open."""
    opening = problem.depots[vehicle.start].opening
    for hours in (vehicle.shift,) if opening is None else opening:
        window = hours.meet(vehicle.shift)
        if window is not None:
            yield window
