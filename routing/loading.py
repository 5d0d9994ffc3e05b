"""Loading bays where they are short: which loop loads when, so that no more load at once than there are bays."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from routing.model import Problem, Seconds, Vehicle
from routing.schedule import Call, Timetable, loading_time_s, loops_of, timetable

Slots = Mapping[str, tuple[Seconds | None, ...]]
"""Per vehicle and loop the instant at which its loading begins, None where bays are not short."""


class _Waiting(NamedTuple):
    """Ordered by when it could load, then by how little time its stops have to spare."""

    ready_s: Seconds
    spare_s: Seconds
    number: int
    loop: int


def loading_slots(problem: Problem, routes: Sequence[Sequence[int]]) -> Slots:
    """First come, first served; of those that come together the one with the least time to spare.

    A list schedule, not an optimum. A route that cannot be driven with its slot is left as far as it was scheduled.
    """
    free = {depot.place.id: [-(10**12)] * depot.bays for depot in problem.scenario.depots if depot.bays is not None}
    if not free:
        return {}
    yard = _Yard(problem, routes, free)
    while yard.queue:
        yard.load(heapq.heappop(yard.queue))
    return {problem.scenario.vehicles[number].id: tuple(slots) for number, slots in yard.slots.items()}


class _Yard:
    def __init__(self, problem: Problem, routes: Sequence[Sequence[int]], free: dict[str, list[Seconds]]) -> None:
        self._problem = problem
        self._calls = {number: self._read(route) for number, route in enumerate(routes) if route}
        self._free = free
        self.slots: dict[int, list[Seconds | None]] = {number: [] for number in self._calls}
        self.queue: list[_Waiting] = []
        for number in self._calls:
            self._wait(number, 0)

    def _read(self, route: Sequence[int]) -> list[Call]:
        return [self._problem.call(number) for number in route]

    def _vehicle(self, number: int) -> Vehicle:
        return self._problem.scenario.vehicles[number]

    def _table(self, number: int) -> Timetable | None:
        return timetable(self._problem, self._vehicle(number), self._calls[number], loading_at=self.slots[number])

    def _wait(self, number: int, loop: int) -> None:
        table = self._table(number)
        if table is not None and loop < len(table.loops):
            spare_s = min(due_s - start_s for due_s, start_s in zip(table.due_s, table.starts_s, strict=True))
            heapq.heappush(self.queue, _Waiting(table.loops[loop].load_s, spare_s, number, loop))

    def load(self, waiting: _Waiting) -> None:
        loop = loops_of(self._vehicle(waiting.number), self._calls[waiting.number])[waiting.loop]
        bays = self._free.get(loop.depot)
        slot_s = None
        if bays is not None:
            slot_s = max(waiting.ready_s, heapq.heappop(bays))
            heapq.heappush(bays, slot_s + loading_time_s(self._problem.depots[loop.depot], loop.load))
        self.slots[waiting.number].append(slot_s)
        self._wait(waiting.number, waiting.loop + 1)
