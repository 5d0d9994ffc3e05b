"""Routes under change in which everything is in time, and where else in them a visit fits."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from routing.evaluate import Solution, Use, Worth, limits, unpreferred_s, uses, vehicle_kinds, worth
from routing.loading import Slots, loading_slots
from routing.model import Problem, Seconds, Vehicle
from routing.schedule import Timetables, first_instant, loading_time_s
from routing.solvers.improve import without
from routing.solvers.lines import Calls, Ground, Line

LOOKS_PER_TIMETABLE = 40
"""Timing a route exactly is as much work as so many looks at a place."""

MOST_TIMED = 6
"""Of the places that pass a look so many at most are timed exactly, the cheapest first."""

MOST_LINES = 50_000
"""Remembered at a time."""

NEVER_BUSY_S = 10**9
"""As long before the first order a bay is free where none is short."""


class Place(NamedTuple):
    """Ordered by what going there costs, roughly."""

    price_s: Seconds
    number: int
    calls: Calls


class RoutesInTime:
    """A solution under change. What cannot be in time is left out; whether bays suffice, ``worth`` tells."""

    def __init__(self, problem: Problem, ground: Ground) -> None:
        self.looks = 0
        self.routes: list[Calls] = [() for _ in problem.scenario.vehicles]
        self.left = set(range(len(problem.visits)))
        self._problem = problem
        self._ground = ground
        self._tables = Timetables(problem)
        self._vehicles = problem.scenario.vehicles
        self._kind = vehicle_kinds(problem)
        self._limits = limits(problem)
        self._bays_short = any(depot.bays is not None for depot in problem.scenario.depots)
        self._looks_per_worth = LOOKS_PER_TIMETABLE * (len(self.routes) if self._bays_short else 1)
        self._drawn: Counter[Use] = Counter()
        self._lines: dict[object, Line] = {}
        self._ready_s: list[Seconds] = [-NEVER_BUSY_S for _ in self._vehicles]

    def leave_out_what_is_late(self) -> None:
        """Again and again, since those that are left load earlier."""
        while late := self._late():
            self.restart([self._rest(number, route, late) for number, route in enumerate(self.routes)])

    def _late(self) -> set[int]:
        """Of a route that cannot be driven with its slots only the last."""
        if not self._ground.late_costs:
            return set()
        self.looks += self._looks_per_worth
        slots = loading_slots(self._problem, self.routes, self._tables)
        late: set[int] = set()
        for vehicle, route in zip(self._vehicles, self.routes, strict=True):
            visits = [call for call in route if call >= 0]
            table = self._tables.of(vehicle, route, slots.get(vehicle.id, ())) if route else None
            if table is not None:
                timed = zip(visits, table.starts_s, table.due_s, strict=True)
                late.update(visit for visit, start_s, due_s in timed if start_s > due_s)
            else:
                late.update(visits[-1:])
        return late

    def _rest(self, number: int, route: Calls, visits: Collection[int]) -> Calls:
        remaining = without(route, visits)
        return remaining if remaining and self._tables.of(self._vehicles[number], remaining) is not None else ()

    def restart(self, routes: Sequence[Calls]) -> None:
        for number, calls in enumerate(routes):
            if self.routes[number] != calls:
                self._drive(number, calls)
        self.left = set(range(len(self._problem.visits))).difference(*routes)

    def route_of(self) -> dict[int, int]:
        """By visit the number of the vehicle that makes it."""
        return {call: number for number, route in enumerate(self.routes) for call in route if call >= 0}

    def worth(self) -> Worth | None:
        """Of the whole, with everything that routes share."""
        self.looks += self._looks_per_worth
        return worth(self._problem, Solution(tuple(self.routes)), self._tables)

    def take_out(self, visits: Collection[int]) -> None:
        """Where the rest of a route could not be driven in time (a detour may be a short cut), it stays as it is."""
        for number, route in enumerate(self.routes):
            remaining = without(route, visits)
            if remaining != route and self._in_time(number, remaining):
                self._drive(number, remaining)

    def put_in(self, visit: int, chance: random.Random, missed: float) -> bool:
        """At the cheapest place, of which each is overlooked with the chance ``missed``; whether there is one."""
        places = [place for place in self._places(visit) if chance.random() >= missed]
        for place in sorted(places)[:MOST_TIMED]:
            if self._in_time(place.number, place.calls) and self._within_limits(place.number, place.calls):
                self._drive(place.number, place.calls)
                return True
        return False

    def look_at_bays(self, *, heed: bool) -> None:
        """From when on each vehicle could load first, the others loading as they do; or as if it were alone."""
        if self._bays_short:
            slots = loading_slots(self._problem, self.routes, self._tables) if heed else {}
            self._ready_s = _first_free_s(self._problem, self._tables, self.routes, slots)

    def _drive(self, number: int, calls: Calls) -> None:
        before = self.routes[number]
        if self._limits:
            self._drawn.subtract(self._uses(number, before))
            self._drawn.update(self._uses(number, calls))
        self.routes[number] = calls
        self.left.update(call for call in before if call >= 0)
        self.left.difference_update(calls)

    def _uses(self, number: int, calls: Calls) -> Counter[Use]:
        return uses(self._problem, self._vehicles[number], calls) if calls else Counter()

    def _in_time(self, number: int, calls: Calls) -> bool:
        if not calls:
            return True
        self.looks += LOOKS_PER_TIMETABLE
        table = self._tables.of(self._vehicles[number], calls)
        return table is not None and not (self._ground.late_costs and table.late_s)

    def _within_limits(self, number: int, calls: Calls) -> bool:
        if not self._limits:
            return True
        less, more = self._uses(number, self.routes[number]), self._uses(number, calls)
        return all(self._drawn[use] - less[use] + more[use] <= self._limits[use] for use in more if use in self._limits)

    # --- a first look ----------------------------------------------------------------------------------------------

    def _places(self, visit: int) -> Iterator[Place]:
        """Those that time, room, risk and kinds seem to allow; of alike vehicles that stand idle only the first."""
        idle: set[int] = set()
        for number in self._ground.takers[visit]:
            vehicle, route = self._vehicles[number], self.routes[number]
            if not route and self._kind[number] in idle:
                continue
            line = self._line(number)
            price_s = unpreferred_s(self._problem, vehicle, [self._problem.visits[visit]])
            if route:
                yield from self._in_loops(visit, number, line, price_s)
                if len(line.spans) < vehicle.max_loops:
                    yield from self._in_new_loops(visit, number, line, price_s)
            else:
                idle.add(self._kind[number])
                yield from self._alone(visit, number, line, price_s + vehicle.fixed_cost_s)

    def _line(self, number: int) -> Line:
        key = (number, self.routes[number], self._ready_s[number])
        if key not in self._lines:
            if len(self._lines) >= MOST_LINES:
                self._lines.clear()
            self._lines[key] = Line(self._ground, self._vehicles[number], key[1], key[2])
        return self._lines[key]

    def _in_loops(self, visit: int, number: int, line: Line, price_s: Seconds) -> Iterator[Place]:
        capacity, load = self._vehicles[number].capacity, self._ground.loads[visit]
        for span in line.spans:
            self.looks += 1
            if not self._ground.together(visit, span) or not span.load.plus(load).fits(capacity):
                continue
            for at in range(span.first, span.end + 1):
                more_s = self._detour_s(visit, line, at)
                if more_s is not None:
                    calls = (*line.calls[: at - 1], visit, *line.calls[at - 1 :])
                    yield Place(price_s + more_s, number, calls)

    def _detour_s(self, visit: int, line: Line, at: int) -> Seconds | None:
        """How much longer the way gets with the visit before call ``at``; None where time or risk forbid it."""
        self.looks += 1
        ground = self._ground
        before, after = line.places[at - 1], line.places[at]
        if not ground.rises(line.road_class, before, visit) or not ground.rises(line.road_class, visit, after):
            return None
        there_s, on_s = line.drive_s[before][visit], line.drive_s[visit][after]
        start_s = first_instant(ground.windows[visit], line.free_s[at - 1] + there_s)
        if start_s is None or start_s + ground.service_s[visit] + on_s > line.latest_s[at]:
            return None
        return there_s + on_s - line.drive_s[before][after]

    def _alone(self, visit: int, number: int, line: Line, price_s: Seconds) -> Iterator[Place]:
        more_s = self._detour_s(visit, line, 1)
        if more_s is not None and self._ground.loads[visit].fits(self._vehicles[number].capacity):
            yield Place(price_s + more_s, number, (visit,))

    def _in_new_loops(self, visit: int, number: int, line: Line, price_s: Seconds) -> Iterator[Place]:
        """As the first or the last of the loop that begins or ends where the visit is put."""
        for depot in self._ground.reloads[number]:
            reload, calls = -1 - depot, line.calls
            for at in range(1, len(line.places)):
                before, after = calls[: at - 1], calls[at - 1 :]
                if before and before[-1] >= 0:
                    more_s = self._detour_by_s(visit, depot, line, at, first=False)
                    if more_s is not None:
                        yield Place(price_s + more_s, number, (*before, reload, visit, *after))
                if after and after[0] >= 0:
                    more_s = self._detour_by_s(visit, depot, line, at, first=True)
                    if more_s is not None:
                        yield Place(price_s + more_s, number, (*before, visit, reload, *after))

    def _detour_by_s(self, visit: int, depot: int, line: Line, at: int, *, first: bool) -> Seconds | None:
        """As ``_detour_s``, by a depot after the visit, or before it where the visit is not ``first``."""
        self.looks += 1
        ground, place = self._ground, self._ground.place(depot)
        before, after = line.places[at - 1], line.places[at]
        one, other = (visit, place) if first else (place, visit)
        ways_s = line.drive_s[before][one], line.drive_s[one][other], line.drive_s[other][after]
        loading_s = ground.least_loading_s(depot)
        ready_s = line.free_s[at - 1] + ways_s[0] + (0 if first else loading_s + ways_s[1])
        start_s = first_instant(ground.windows[visit], ready_s)
        if start_s is None:
            return None
        end_s = start_s + ground.service_s[visit] + ways_s[2] + (loading_s + ways_s[1] if first else 0)
        if end_s > line.latest_s[at]:
            return None
        return sum(ways_s) + loading_s - line.drive_s[before][after]


def _first_free_s(problem: Problem, tables: Timetables, routes: Sequence[Calls], slots: Slots) -> list[Seconds]:
    """Per vehicle the first instant from its shift's beginning at which its first depot has a bay that no other loads at."""
    busy: dict[str, list[tuple[Seconds, Seconds, str]]] = {}
    for vehicle, route in zip(problem.scenario.vehicles, routes, strict=True):
        for loop, slot_s in zip(tables.loops(vehicle, route) if route else (), slots.get(vehicle.id, ()), strict=False):
            if slot_s is not None:
                end_s = slot_s + loading_time_s(problem.depots[loop.depot], loop.load)
                busy.setdefault(loop.depot, []).append((slot_s, end_s, vehicle.id))
    return [_free_s(problem, vehicle, busy.get(vehicle.start, [])) for vehicle in problem.scenario.vehicles]


def _free_s(problem: Problem, vehicle: Vehicle, busy: Sequence[tuple[Seconds, Seconds, str]]) -> Seconds:
    bays = problem.depots[vehicle.start].bays
    others = [(start_s, end_s) for start_s, end_s, name in busy if name != vehicle.id]
    open_s = vehicle.shift.open_s
    if bays is None or not others:
        return open_s
    instants = sorted({open_s, *(end_s for _, end_s in others if end_s > open_s)})
    return next(at_s for at_s in instants if sum(start_s <= at_s < end_s for start_s, end_s in others) < bays)
