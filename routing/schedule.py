"""Times for a given order of visits: as early as possible, leaving as late as that allows so that nobody waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from geodata.travel_times import NO_WAY_S
from routing.model import Interval, Problem, Seconds, Vehicle, Visit


class Timetable(NamedTuple):
    """``starts_s``: when unloading begins at each visit. ``back_s``: when the vehicle is at its end depot."""

    departure_s: Seconds
    starts_s: tuple[Seconds, ...]
    back_s: Seconds

    def late_s(self, visits: Sequence[Visit]) -> Seconds:
        pairs = zip(self.starts_s, visits, strict=True)
        return sum(max(0, start_s - visit.order.deadline_s) for start_s, visit in pairs)


def timetable(problem: Problem, vehicle: Vehicle, visits: Sequence[Visit]) -> Timetable | None:
    """When the vehicle makes these visits in this order; None where a window, a round's limit or its shift forbids it.

    Every stop begins as early as any departure allows; of the departures that bring the vehicle back equally early,
    without making a late stop later, the latest is taken: the least waiting for the least time on the road.
    """
    openings = tuple(departure_windows(problem, vehicle, visits))
    if not openings:
        return None
    earliest = _as_early_as_possible(problem, vehicle, visits, openings[0].open_s)
    if earliest is None:
        return None
    latest_s = _latest_departure(problem, vehicle, visits, earliest)
    departure_s = max(min(opening.close_s, latest_s) for opening in openings if opening.open_s <= latest_s)
    return _as_early_as_possible(problem, vehicle, visits, departure_s)


def departure_windows(problem: Problem, vehicle: Vehicle, visits: Sequence[Visit]) -> Iterator[Interval]:
    """When the vehicle may leave, in order of time: on duty, its depot open, every order it carries goods for given."""
    ordered_s = max((visit.order.order_s for visit in visits), default=vehicle.shift.open_s)
    on_duty = Interval(max(vehicle.shift.open_s, ordered_s), vehicle.shift.close_s)
    opening = problem.depots[vehicle.start].opening
    for hours in (on_duty,) if opening is None else opening:
        window = hours.meet(on_duty)
        if window is not None:
            yield window


def _as_early_as_possible(
    problem: Problem, vehicle: Vehicle, visits: Sequence[Visit], departure_s: Seconds
) -> Timetable | None:
    row, now_s = problem.depot_row(vehicle.start), departure_s
    starts_s = []
    for visit in visits:
        start_s = _first_start(visit, now_s + problem.drive_s(row, visit.row))
        if start_s is None:
            return None
        starts_s.append(start_s)
        row, now_s = visit.row, start_s + visit.service_s
    back_s = now_s + problem.drive_s(row, problem.depot_row(vehicle.end))
    return Timetable(departure_s, tuple(starts_s), back_s) if back_s <= vehicle.shift.close_s else None


def _first_start(visit: Visit, arrival_s: Seconds) -> Seconds | None:
    return min((max(arrival_s, window.open_s) for window in visit.windows if arrival_s <= window.close_s), default=None)


def _latest_departure(problem: Problem, vehicle: Vehicle, visits: Sequence[Visit], earliest: Timetable) -> Seconds:
    """Walk back from the end: how late may each stop begin without moving the end, a late stop or a window."""
    latest_s, row = earliest.back_s, problem.depot_row(vehicle.end)
    for visit, start_s in zip(reversed(visits), reversed(earliest.starts_s), strict=True):
        latest_s -= problem.drive_s(visit.row, row) + visit.service_s
        latest_s = _latest_start(visit, start_s, latest_s)
        row = visit.row
    return latest_s - problem.drive_s(problem.depot_row(vehicle.start), row)


def _latest_start(visit: Visit, earliest_s: Seconds, bound_s: Seconds) -> Seconds:
    """The last instant of a window up to the bound, a stop that is late anyway staying where it is."""
    deadline_s = visit.order.deadline_s
    if earliest_s > deadline_s:
        return earliest_s
    bound_s = min(bound_s, deadline_s)
    return max(min(window.close_s, bound_s) for window in visit.windows if window.open_s <= bound_s)


def earliest_alone(problem: Problem, vehicle: Vehicle, visit: Visit) -> Timetable | None:
    """The visit as a vehicle's only one; None where that cannot be done in its shift and the site's hours."""
    if not visit.load.fits(vehicle.capacity):
        return None
    if problem.drive_s(problem.depot_row(vehicle.start), visit.row) >= NO_WAY_S:
        return None
    return timetable(problem, vehicle, (visit,))
