"""The best plan of up to seven visits with loops and every rule of a vehicle: every route there is, timed loop by loop.

A second enumeration beside ``enumerate_loops``, against which it is tested, and fast enough for seven visits: what a prefix
of a route comes to is a few *courses*, one for each instant of loading and way to rest that may yet turn out best, and
prefixes that come to the same are gone on with once. Nothing is taken from the timetable or a solver. Rules bind vehicles
one by one but for stock and sites' caps, so the fleet's best is put together from each vehicle's best route per set of
visits and what it draws. Loading bays are left to other tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations
from typing import NamedTuple

from routing.evaluate import Worth
from routing.model import Break, Interval, Problem, Vehicle, Visit, ZoneLevel
from tests.routing.enumerate_loops import STEP_S, Best, Draws, best_of_fleet, drawn_on_top, stranger_price_s

ALWAYS = (Interval(0, 10**6),)


class Course(NamedTuple):
    """How a prefix of a route may have gone: late visits by urgency and late seconds; when it is free; when it left.

    ``left_s``: its last loop, where the target counts from that, else 0. ``rests``: those it has yet to take.
    """

    late: tuple[int, ...]
    now_s: int
    first_s: int
    left_s: int
    rests: tuple[Break, ...]

    def beats(self, other: Course) -> bool:
        """Whatever follows: no more late, no later, having left no earlier."""
        return (
            self.rests == other.rests
            and self.late <= other.late
            and self.now_s <= other.now_s
            and self.first_s >= other.first_s
            and self.left_s >= other.left_s
        )


Courses = frozenset[Course]


class Prefix(NamedTuple):
    """What the loops so far have in common with all others that may be gone on with in the same ways."""

    served: frozenset[str]
    draws: Draws
    strangers_s: int
    loops: int
    row: int
    gap_s: int


def best_worth(problem: Problem) -> Worth:
    """The least worth over all ways to deal the visits out to the vehicles, in loops."""
    return best_of_fleet(problem, [_Routes(problem, vehicle).best() for vehicle in problem.scenario.vehicles])


class _Routes:
    """All routes of one vehicle."""

    def __init__(self, problem: Problem, vehicle: Vehicle) -> None:
        self._problem = problem
        self._vehicle = vehicle
        self._policy = problem.scenario.policy
        self._apart = {kind.id: kind.apart for kind in problem.scenario.kinds}
        self._from_departure = self._policy.target_from == "departure"
        self._loads = [load for load in self._sets() if self._may_ride(load)]

    def best(self) -> Best:
        """Per set of visits, and what is drawn for them, the least worth of a route."""
        found: Best = {}
        ends = {(Prefix(frozenset(), frozenset(), 0, 0, -1, 0), frozenset[Course]())}
        for _ in range(self._vehicle.max_loops):
            ends = set(chain.from_iterable(self._one_more_loop(prefix, courses) for prefix, courses in ends))
            for prefix, courses in ends:
                worth = self._worth(prefix, courses)
                key = prefix.served, prefix.draws
                if worth is not None and (key not in found or worth < found[key]):
                    found[key] = worth
        return found

    def _sets(self) -> Iterator[tuple[Visit, ...]]:
        visits = self._problem.visits
        return chain.from_iterable(combinations(visits, size) for size in range(1, len(visits) + 1))

    def _may_ride(self, visits: tuple[Visit, ...]) -> bool:
        kinds = {line.kind for visit in visits for line in visit.lines}
        return (
            sum(visit.load.crates for visit in visits) <= self._vehicle.capacity.crates
            and not any(one in self._apart[other] for one in kinds for other in kinds)
            and all(visit.allowed is None or self._vehicle.id in visit.allowed for visit in visits)
            and all(visit.needs_pass is None or visit.needs_pass in self._vehicle.passes for visit in visits)
        )

    def _one_more_loop(self, prefix: Prefix, courses: Courses) -> Iterator[tuple[Prefix, Courses]]:
        for visits in self._loads:
            if not any(visit.id in prefix.served for visit in visits):
                for depot in self._vehicle.reload_at if prefix.loops else (self._vehicle.start,):
                    left = self._loaded(prefix, courses, depot, visits)
                    sealed = any(visit.zone is ZoneLevel.SEALED for visit in visits)
                    longer = Prefix(
                        prefix.served.union(visit.id for visit in visits),
                        drawn_on_top(prefix.draws, depot, visits),
                        prefix.strangers_s + stranger_price_s(self._problem, self._vehicle, visits),
                        prefix.loops + 1,
                        -1,
                        self._policy.disinfection_s if sealed else 0,
                    )
                    row = self._problem.depot_row(depot)
                    for last, ended in self._orders(row, frozenset(visits), ZoneLevel.OPEN, left):
                        yield longer._replace(row=last), ended

    def _orders(
        self, row: int, visits: frozenset[Visit], risk: ZoneLevel, courses: Courses
    ) -> Iterator[tuple[int, Courses]]:
        """Every order of the visits, as far as it can be driven: where it ends, and how it may have gone."""
        if not courses:
            return
        if not visits:
            yield row, courses
        if any(visit.zone < risk for visit in visits):
            return
        for visit in visits:
            reached = self._reached(courses, self._problem.drive_s(self._vehicle, row, visit.row))
            made = _best_of(chain.from_iterable(self._made(course, visit) for course in reached))
            yield from self._orders(visit.row, visits - {visit}, visit.zone, made)

    # --- times ------------------------------------------------------------------------------------------------

    def _loaded(self, prefix: Prefix, courses: Courses, depot: str, visits: tuple[Visit, ...]) -> Courses:
        """Loading has ended, begun at any instant if the target counts from then, or for a first time, else at once."""
        found: list[Course] = []
        for course in self._at_depot(prefix, courses, depot):
            instants = [course.now_s]
            if self._from_departure or not prefix.loops:
                instants = [at_s for at_s in range(0, self._vehicle.shift.close_s + 1, STEP_S) if at_s >= course.now_s]
            for at_s in instants:
                left_s = self._left_s(depot, visits, at_s)
                if left_s is not None:
                    first_s = course.first_s if prefix.loops else left_s
                    since_s = left_s if self._from_departure else 0
                    found.append(course._replace(now_s=left_s, first_s=first_s, left_s=since_s))
        return _best_of(found)

    def _at_depot(self, prefix: Prefix, courses: Courses, depot: str) -> Iterable[Course]:
        if not prefix.loops:
            return [Course((0,) * 5, 0, 0, 0, self._vehicle.breaks)]
        drive_s = self._problem.drive_s(self._vehicle, prefix.row, self._problem.depot_row(depot))
        there = self._reached(courses, drive_s)
        return [course._replace(now_s=course.now_s + prefix.gap_s) for course in there]

    def _left_s(self, depot: str, visits: tuple[Visit, ...], from_s: int) -> int | None:
        """When it leaves, loaded from the given instant on."""
        known = self._problem.depots[depot]
        duration_s = known.loading_s + round(known.loading_per_crate_s * sum(visit.load.crates for visit in visits))
        from_s = max([from_s, self._vehicle.shift.open_s, *(visit.order.order_s for visit in visits)])
        begins = [max(from_s, open_s) for open_s, _ in known.opening or ALWAYS]
        ends = [
            begin_s + duration_s
            for begin_s, (_, close_s) in zip(begins, known.opening or ALWAYS, strict=True)
            if begin_s + duration_s <= close_s
        ]
        return min(ends, default=None)

    def _reached(self, courses: Iterable[Course], drive_s: int) -> Iterator[Course]:
        """A drive, with or without rests before it."""
        for course in chain.from_iterable(_resting(course) for course in courses):
            now_s = course.now_s + drive_s
            if now_s <= self._vehicle.shift.close_s:
                yield course._replace(now_s=now_s)

    def _made(self, course: Course, visit: Visit) -> Iterator[Course]:
        """A visit, with or without rests before it."""
        for rested in _resting(course):
            starts = [max(rested.now_s, open_s) for open_s, close_s in visit.windows if rested.now_s <= close_s]
            if starts:
                start_s = min(starts)
                due_s = (rested.left_s if self._from_departure else visit.order.order_s) + visit.within_s
                if start_s <= due_s:
                    yield rested._replace(now_s=start_s + visit.service_s)
                elif self._policy.after_target == "deliver_late":
                    late = [*rested.late[:4], rested.late[4] + start_s - due_s]
                    late[visit.urgency] += 1
                    yield rested._replace(now_s=start_s + visit.service_s, late=tuple(late))

    def _worth(self, prefix: Prefix, courses: Courses) -> Worth | None:
        """Of the ways it may go home: fewest late, least late, earliest back, latest away."""
        drive_s = self._problem.drive_s(self._vehicle, prefix.row, self._problem.depot_row(self._vehicle.end))
        home = self._reached(courses, drive_s)
        best = min(
            ((*course.late, course.now_s, -course.first_s) for course in home if self._stands(course)), default=()
        )
        if not best:
            return None
        *late, back_s, minus_first_s = best
        return (0, 0, 0, 0, *late, back_s + minus_first_s + self._vehicle.fixed_cost_s + prefix.strangers_s)

    def _stands(self, course: Course) -> bool:
        """Not out too long, and what rests were not taken are spared."""
        longest_s = self._policy.longest_route_s
        return (longest_s is None or course.now_s - course.first_s <= longest_s) and all(
            course.first_s >= rest.window.open_s + rest.duration_s or course.now_s <= rest.window.close_s
            for rest in course.rests
        )


def _resting(course: Course) -> Iterator[Course]:
    """At once, or after any of its rests, each begun as soon as it may be."""
    yield course
    for number, rest in enumerate(course.rests):
        if course.now_s <= rest.window.close_s:
            over_s = max(course.now_s, rest.window.open_s) + rest.duration_s
            others = (*course.rests[:number], *course.rests[number + 1 :])
            yield from _resting(course._replace(now_s=over_s, rests=others))


def _best_of(courses: Iterable[Course]) -> Courses:
    """Without those that another one beats."""
    kept: list[Course] = []
    for course in sorted(set(courses), key=lambda each: (each.late, each.now_s, -each.first_s, -each.left_s)):
        if not any(better.beats(course) for better in kept):
            kept.append(course)
    return frozenset(kept)
