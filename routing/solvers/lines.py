"""A problem in flat lists, and how late each call of a route may come: what tests made millions of times look at.

Time to spare before and after each call bounds what an insertion may cost (Savelsbergh 1992, doi:10.1287/ijoc.4.2.146).
The bounds here leave out breaks, loading bays and disinfection: what they forbid cannot be, what they let pass is timed
exactly by ``routing/schedule.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from geodata.travel_times import NO_WAY_S
from routing.model import Interval, Load, Problem, Seconds, Vehicle, Visit, zone_in
from routing.schedule import first_instant, last_instant, loading_time_s

Calls = tuple[int, ...]
_Times = Sequence[Sequence[Seconds]]


class Ground:
    """Numbers of places: the visits', then the depots'. ``windows``: of visits, those in time, where time is known.

    ``drive_s``, ``zones``: for each class of vehicles alike on the roads.
    """

    def __init__(self, problem: Problem) -> None:
        visits, depots, policy = problem.visits, problem.scenario.depots, problem.scenario.policy
        rows = [visit.row for visit in visits] + [problem.depot_row(depot.place.id) for depot in depots]
        self.problem = problem
        self.drive_s: list[list[list[int]]] = problem.travel_s[:, rows][:, :, rows].tolist()
        self.windows = [_windows_in_time(problem, visit) for visit in visits]
        self.service_s = [visit.service_s for visit in visits]
        self.order_s = [visit.order.order_s for visit in visits]
        self.zones = [[int(zone_in(problem, number, visit)) for visit in visits] for number in range(len(self.drive_s))]
        self.loads = [visit.load for visit in visits]
        self.depot = {depot.place.id: number for number, depot in enumerate(depots)}
        self.kinds, self.apart = kinds_apart(problem)
        self.reloads = [[self.depot[name] for name in vehicle.reload_at] for vehicle in problem.scenario.vehicles]
        self.late_costs = policy.objective == "lexicographic" or policy.after_target == "leave_out"
        self.takers = [
            [number for number, vehicle in enumerate(problem.scenario.vehicles) if visit.takes(vehicle)]
            for visit in visits
        ]

    def place(self, depot: int) -> int:
        return len(self.windows) + depot

    def together(self, visit: int, span: Span) -> bool:
        """Whether the visit's kinds may ride with those of a loop."""
        return not (self.kinds[visit] & span.apart or self.apart[visit] & span.kinds)

    def rises(self, road_class: int, before: int, after: int) -> bool:
        """Whether risk does not fall from one place to another; depots have none."""
        zones = self.zones[road_class]
        return before >= len(zones) or after >= len(zones) or zones[before] <= zones[after]

    def least_loading_s(self, depot: int) -> Seconds:
        return self.problem.scenario.depots[depot].loading_s

    def near(self, visit: int) -> list[int]:
        """All visits, this one first, then the nearest, as the first class of vehicles drives."""
        away_s = self.drive_s[0][visit]
        return sorted(range(len(self.windows)), key=lambda other: (other != visit, away_s[other], other))


def _windows_in_time(problem: Problem, visit: Visit) -> tuple[Interval, ...]:
    """A target that counts from the departure cuts nothing off, nor does one that may be missed for nothing."""
    policy = problem.scenario.policy
    if policy.target_from == "departure" or (policy.objective, policy.after_target) == ("prices", "deliver_late"):
        return visit.windows
    in_time = Interval(-NO_WAY_S, visit.deadline_s)
    return tuple(met for window in visit.windows if (met := window.meet(in_time)) is not None)


def kinds_apart(problem: Problem) -> tuple[list[int], list[int]]:
    """Of each visit the kinds that something must be kept apart from, and those that it must be kept apart from: bits."""
    bit = {kind: 1 << number for number, kind in enumerate(problem.apart)}
    own = {kind: bit.get(kind, 0) for visit in problem.visits for kind in {line.kind for line in visit.lines}}
    others = {kind: sum(bit[other] for other in problem.apart.get(kind, ()) if other in bit) for kind in own}
    brought = [{line.kind for line in visit.lines} for visit in problem.visits]
    return [_together(own, kinds) for kinds in brought], [_together(others, kinds) for kinds in brought]


def _together(bits: Mapping[str, int], kinds: Iterable[str]) -> int:
    found = 0
    for kind in kinds:
        found |= bits[kind]
    return found


class Span(NamedTuple):
    """A loop within a line: calls from ``first`` up to ``end``, what they weigh, and what must ride apart from them."""

    depot: int
    first: int
    end: int
    load: Load
    kinds: int
    apart: int


class Line:
    """A vehicle's route with bounds: per call the place, when it is free to go on at the earliest, and when the one after
    it must begin at the latest. The depot where it starts is call 0, the one where it ends the last."""

    __slots__ = ("calls", "drive_s", "free_s", "latest_s", "places", "road_class", "spans")

    def __init__(self, ground: Ground, vehicle: Vehicle, calls: Calls, ready_s: Seconds) -> None:
        """``ready_s``: before it no bay is free."""
        self.calls, self.road_class = calls, vehicle.road_class
        self.drive_s = ground.drive_s[vehicle.road_class]
        depots = [len(ground.windows) - 1 - call if call < 0 else call for call in calls]
        start, end = ground.place(ground.depot[vehicle.start]), ground.place(ground.depot[vehicle.end])
        self.places = [start, *depots, end]
        self.spans = _spans(ground, self.places)
        windows, durations_s = self._windows(ground, vehicle, ready_s)
        starts_s = _earliest(self.drive_s, self.places, windows, durations_s)
        self.free_s = [start_s + duration_s for start_s, duration_s in zip(starts_s, durations_s, strict=True)]
        self.latest_s = _latest(self.drive_s, self.places, windows, durations_s)

    def _windows(
        self, ground: Ground, vehicle: Vehicle, ready_s: Seconds
    ) -> tuple[list[Sequence[Interval]], list[Seconds]]:
        """Of every place; loading is held to the shift and to the orders, not to opening hours."""
        windows: list[Sequence[Interval]] = [[vehicle.shift]] * len(self.places)
        durations_s = [0] * len(self.places)
        depots = ground.problem.scenario.depots
        for span in self.spans:
            visits = self.places[span.first : span.end]
            ordered_s = max((ground.order_s[visit] for visit in visits), default=vehicle.shift.open_s)
            open_s = max(vehicle.shift.open_s, ordered_s, ready_s)
            windows[span.first - 1] = [Interval(open_s, vehicle.shift.close_s)]
            durations_s[span.first - 1] = loading_time_s(depots[span.depot], span.load)
            windows[span.first : span.end] = [ground.windows[visit] for visit in visits]
            durations_s[span.first : span.end] = [ground.service_s[visit] for visit in visits]
        return windows, durations_s


def _spans(ground: Ground, places: Sequence[int]) -> list[Span]:
    visits = len(ground.windows)
    loads_at = [number for number, place in enumerate(places[:-1]) if place >= visits]
    spans = []
    for at, following in zip(loads_at, [*loads_at[1:], len(places) - 1], strict=True):
        grams = cm3 = crates = kinds = apart = 0
        for visit in places[at + 1 : following]:
            load = ground.loads[visit]
            grams, cm3, crates = grams + load.grams, cm3 + load.cm3, crates + load.crates
            kinds, apart = kinds | ground.kinds[visit], apart | ground.apart[visit]
        spans.append(Span(places[at] - visits, at + 1, following, Load(grams, cm3, crates), kinds, apart))
    return spans


def _earliest(
    drive_s: _Times, places: Sequence[int], windows: Sequence[Sequence[Interval]], durations_s: Sequence[Seconds]
) -> list[Seconds]:
    """When each begins; once one cannot, never."""
    starts_s, end_s, before = [], -NO_WAY_S, places[0]
    for place, open_in, duration_s in zip(places, windows, durations_s, strict=True):
        start_s = first_instant(open_in, end_s + drive_s[before][place])
        start_s = NO_WAY_S if start_s is None else start_s
        starts_s.append(start_s)
        end_s, before = start_s + duration_s, place
    return starts_s


def _latest(
    drive_s: _Times, places: Sequence[int], windows: Sequence[Sequence[Interval]], durations_s: Sequence[Seconds]
) -> list[Seconds]:
    """When each must begin so that all after it can in their windows; what cannot had to begin long ago."""
    latest_s, bound_s, after = [], NO_WAY_S, places[-1]
    for number in range(len(places) - 1, -1, -1):
        place = places[number]
        bound_s -= drive_s[place][after] + durations_s[number]
        open_by = [window for window in windows[number] if window.open_s <= bound_s]
        bound_s = last_instant(open_by, bound_s) if open_by else -NO_WAY_S
        latest_s.append(bound_s)
        after = place
    return latest_s[::-1]
