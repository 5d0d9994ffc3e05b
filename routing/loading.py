"""Loading bays where they are short: which loop loads when, so that no more load at once than there are bays."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from routing.model import Problem, Seconds, Vehicle, Visit
from routing.schedule import (
    LoopCalls,
    Timetable,
    Timetables,
    first_instant,
    last_instant,
    lateness,
    loading_time_s,
    loading_windows,
)

Slots = Mapping[str, tuple[Seconds | None, ...]]
"""Per vehicle and loop the instant at which its loading begins, None where bays are not short."""


def loading_slots(problem: Problem, routes: Sequence[Sequence[int]], tables: Timetables) -> Slots:
    """First come, first served; of those that come together the one with the least time to spare.

    First everybody comes when it suits best. Where that makes somebody wait for a bay, everybody also comes as early as
    possible and is then put off as far as does no harm, and the better of the two is taken. List schedules, not an
    optimum. A route that cannot be driven with its slot is left as far as it was scheduled.
    """
    if all(depot.bays is None for depot in problem.scenario.depots):
        return {}
    yard = _Yard(problem, routes, tables, hurry=False)
    if yard.somebody_waits:
        early = _Yard(problem, routes, tables, hurry=True)
        early.put_off()
        yard = min(yard, early, key=_Yard.worth)
    return {problem.scenario.vehicles[number].id: tuple(slots) for number, slots in yard.slots.items()}


class _Waiting(NamedTuple):
    """Ordered by when it could load, then by how little time its stops have to spare."""

    ready_s: Seconds
    spare_s: Seconds
    number: int
    loop: int


class _Loaded(NamedTuple):
    """Ordered by when. ``bay`` None: bays are not short there."""

    slot_s: Seconds
    number: int
    loop: int
    bay: tuple[str, int] | None


class _Yard:
    def __init__(self, problem: Problem, routes: Sequence[Sequence[int]], tables: Timetables, *, hurry: bool) -> None:
        self._problem = problem
        self._tables = tables
        self._hurry = hurry
        self._routes = {number: tuple(route) for number, route in enumerate(routes) if route}
        self._loops = {number: tables.loops(self._vehicle(number), route) for number, route in self._routes.items()}
        self._free = {
            depot.place.id: [(-(10**12), bay) for bay in range(depot.bays)]
            for depot in problem.scenario.depots
            if depot.bays is not None
        }
        self._loaded: list[_Loaded] = []
        self._queue: list[_Waiting] = []
        self.slots: dict[int, list[Seconds | None]] = {number: [] for number in self._routes}
        self.somebody_waits = False
        self._load_all()

    def _load_all(self) -> None:
        for number in self._routes:
            self._wait(number, 0)
        while self._queue:
            self._load(heapq.heappop(self._queue))

    def worth(self) -> tuple[int, ...]:
        """Smaller is better: routes that cannot be driven, what is late, and how long everybody is out."""
        tables = {number: self._table(number) for number in self._routes}
        late = [lateness(self._visits(number), table) for number, table in tables.items() if table is not None]
        out_s = sum(table.back_s - table.departure_s for table in tables.values() if table is not None)
        return (len(tables) - len(late), *(sum(column) for column in zip(*late, strict=True)), out_s)

    def _vehicle(self, number: int) -> Vehicle:
        return self._problem.scenario.vehicles[number]

    def _visits(self, number: int) -> list[Visit]:
        return [self._problem.visits[call] for call in self._routes[number] if call >= 0]

    def _table(self, number: int) -> Timetable | None:
        slots, route = self.slots[number], self._routes[number]
        return self._tables.of(self._vehicle(number), route, slots, hurry=self._hurry)

    def _wait(self, number: int, loop: int) -> None:
        table = self._table(number)
        if table is None or loop >= len(table.loops):
            return
        timed = zip(self._visits(number), table.starts_s, table.due_s, strict=True)
        spare_s = min(min(due_s, visit.windows[-1].close_s) - start_s for visit, start_s, due_s in timed)
        heapq.heappush(self._queue, _Waiting(table.loops[loop].load_s, spare_s, number, loop))

    def _load(self, waiting: _Waiting) -> None:
        loop = self._loops[waiting.number][waiting.loop]
        bays, duration_s = self._free.get(loop.depot), self._duration_s(loop)
        slot_s, bay = None, None
        if bays is not None and duration_s:
            free_s, number = heapq.heappop(bays)
            windows = loading_windows(self._problem, self._vehicle(waiting.number), loop)
            ready_s = max(waiting.ready_s, free_s)
            found_s = first_instant(windows, ready_s)
            slot_s, bay = ready_s if found_s is None else found_s, (loop.depot, number)
            self.somebody_waits = self.somebody_waits or slot_s > waiting.ready_s
            heapq.heappush(bays, (free_s if found_s is None else slot_s + duration_s, number))
        self.slots[waiting.number].append(slot_s)
        self._loaded.append(_Loaded(waiting.ready_s if slot_s is None else slot_s, waiting.number, waiting.loop, bay))
        self._wait(waiting.number, waiting.loop + 1)

    def _duration_s(self, loop: LoopCalls) -> Seconds:
        return loading_time_s(self._problem.depots[loop.depot], loop.load)

    def put_off(self) -> None:
        """Load as late as moves no end and leaves the bay before the next comes, the last ones first."""
        self._hurry = False
        taken_s: dict[tuple[str, int], Seconds] = {}
        for each in sorted(self._loaded, reverse=True):
            if each.bay is None:
                continue
            self._put_off(each, taken_s.get(each.bay))
            kept_s = self.slots[each.number][each.loop]
            if kept_s is not None:
                taken_s[each.bay] = kept_s

    def _put_off(self, each: _Loaded, next_s: Seconds | None) -> None:
        slots, loop = self.slots[each.number], self._loops[each.number][each.loop]
        slots[each.loop] = None
        table = self._table(each.number)
        latest_s = each.slot_s if table is None else table.loops[each.loop].load_s
        if next_s is not None:
            latest_s = min(latest_s, next_s - self._duration_s(loop))
        windows = loading_windows(self._problem, self._vehicle(each.number), loop)
        slots[each.loop] = last_instant(windows, latest_s) if latest_s > each.slot_s else each.slot_s
