"""A vehicle's stops in the positions they are locked to, with the best of the others around them."""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

from geodata.errors import BadInput, Complaint
from routing.evaluate import Solution, Worth, add_worths, left_out_worth, route_worth
from routing.locks import broken_lock, broken_rule
from routing.model import Problem
from routing.schedule import Call

WIDTH = 12
"""Partial routes kept while positions are filled (beam search)."""

NEARBY = 15
"""Visits of other vehicles that may be brought in to fill a position."""

MOST_ORDERED = 6
"""So many visits without a position are tried in every order; more only in the one given."""

Calls = tuple[int, ...]


class Pin(NamedTuple):
    """A visit that a vehicle must make, and where; ``lock``: the number of the lock that says so."""

    visit: int
    position: int | None
    lock: int


class Arrangement:
    """The best route of one vehicle with its visits where they are locked, from the one a search found for it."""

    def __init__(
        self,
        problem: Problem,
        number: int,
        pins: Mapping[int, Sequence[Pin]],
        found: Solution,
        fixed: Mapping[int, Calls],
    ) -> None:
        self._problem = problem
        self._vehicle = problem.scenario.vehicles[number]
        self._pins = pins[number]
        self._first = 0
        self._at = {pin.position: pin.visit for pin in self._pins if pin.position is not None}
        mine = [call for call in found.routes[number] if call >= 0]
        pinned = {pin.visit for each in pins.values() for pin in each}
        self._free = [visit for visit in mine if visit not in pinned]
        self._must = [pin.visit for pin in self._pins if pin.position is None]
        taken = {call for route in fixed.values() for call in route} | pinned | set(mine)
        self._others = self._nearest(visit for visit in range(len(problem.visits)) if visit not in taken)

    def start(self) -> Calls:
        """What is locked, and before it as much as its positions ask for.

        Raises BadInput, naming the lock and the rule, where there is no such route.
        """
        beam: list[Calls] = [()]
        for position in range(1, max(self._at, default=0) + 1):
            longer = self._longer(beam, position)
            if not longer:
                raise BadInput([self._no_way_on(beam[0], position)])
            beam = longer
        whole = [route for start in beam for route in self._with_must(start)]
        if not whole:
            raise BadInput([self._not_together(beam[0])])
        best, self._first = min(whole, key=lambda pair: self._loss(self._with_free(pair[0], pair[1], self._free)))
        return best

    def completed(self, start: Calls, left: Container[int]) -> Calls:
        """The start with as many as it pays of the visits that the search had given to the vehicle and are left."""
        return self._with_free(start, self._first, [visit for visit in self._free if visit in left])

    def _longer(self, beam: Sequence[Calls], position: int) -> list[Calls]:
        anyone = [*self._free, *self._must, *self._others]
        visits = [self._at[position]] if position in self._at else anyone
        tried = (step for route in beam for visit in visits if visit not in route for step in self._steps(route, visit))
        scored = ((self._worth(route), route) for route in tried)
        return [route for _, route in heapq.nsmallest(WIDTH, ((found, route) for found, route in scored if found))]

    def _steps(self, route: Calls, visit: int) -> Iterator[Calls]:
        yield (*route, visit)
        if route and sum(1 for call in route if call < 0) + 1 < self._vehicle.max_loops:
            for depot in self._vehicle.reload_at:
                yield (*route, self._problem.reload_number(depot), visit)

    def _with_must(self, start: Calls) -> Iterator[tuple[Calls, int]]:
        """The start with the visits that have no position of their own, and how much of it must stay as it is."""
        waiting = [visit for visit in self._must if visit not in start]
        orders = permutations(waiting) if len(waiting) <= MOST_ORDERED else iter([tuple(waiting)])
        for order in orders:
            route: Calls | None = start
            for visit in order:
                route = self._inserted(route, visit, len(start)) if route is not None else None
            if route is not None:
                yield route, len(start)
                return

    def _inserted(self, route: Calls, visit: int, first: int) -> Calls | None:
        """At the best place from the ``first`` call on; None where there is none."""
        ahead = ((*route[:place], visit, *route[place:]) for place in range(first, len(route) + 1))
        scored = [
            (found, each) for each in (*ahead, *self._steps(route, visit)) if (found := self._worth(each)) is not None
        ]
        return min(scored)[1] if scored else None

    def _with_free(self, route: Calls, first: int, free: Iterable[int]) -> Calls:
        for visit in free:
            if visit in route:
                continue
            longer, now = self._inserted(route, visit, first), self._worth(route)
            with_it = None if longer is None else self._worth(longer)
            if longer is None or with_it is None or now is None:
                continue
            if with_it < add_worths([now, left_out_worth(self._problem, self._problem.visits[visit])]):
                route = longer
        return route

    def _loss(self, route: Calls) -> Worth:
        left = (
            left_out_worth(self._problem, self._problem.visits[visit]) for visit in self._free if visit not in route
        )
        return add_worths([self._worth(route) or (), *left])

    def _worth(self, route: Calls) -> Worth | None:
        return route_worth(self._problem, self._vehicle, route)

    def _nearest(self, visits: Iterable[int]) -> list[int]:
        rows = [self._problem.visits[visit].row for visit in self._at.values()]
        may = (visit for visit in visits if self._problem.visits[visit].takes(self._vehicle))
        far_s = {
            visit: min(
                (self._problem.drive_s(self._vehicle, self._problem.visits[visit].row, row) for row in rows), default=0
            )
            for visit in may
        }
        return heapq.nsmallest(NEARBY, far_s, key=lambda visit: (far_s[visit], visit))

    def _no_way_on(self, start: Calls, position: int) -> Complaint:
        if position in self._at:
            pin = next(pin for pin in self._pins if pin.position == position)
            rule = broken_rule(self._problem, self._vehicle, self._calls((*start, pin.visit))) or "SHIFT"
        else:
            pin = min((pin for pin in self._pins if (pin.position or 0) > position), key=lambda pin: pin.position or 0)
            rule = "DEMAND"
        return broken_lock(pin.lock, rule, self._problem.visits[pin.visit].id, self._vehicle)

    def _not_together(self, start: Calls) -> Complaint:
        """The last visit for which there is no place beside those before it."""
        route = start
        for pin in (pin for pin in self._pins if pin.position is None and pin.visit not in start):
            longer = self._inserted(route, pin.visit, len(start))
            if longer is None:
                rule = broken_rule(self._problem, self._vehicle, self._calls((*route, pin.visit))) or "SHIFT"
                return broken_lock(pin.lock, rule, self._problem.visits[pin.visit].id, self._vehicle)
            route = longer
        return broken_lock(self._pins[-1].lock, "SHIFT", self._problem.visits[self._pins[-1].visit].id, self._vehicle)

    def _calls(self, route: Iterable[int]) -> list[Call]:
        return [self._problem.call(number) for number in route]
