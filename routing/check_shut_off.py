"""Whether what is said to shut a visit off does so: on roads closed anew, with some restrictions lifted or passes given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import shapely

from geodata.errors import Text
from geodata.model import RoadPosition
from geodata.restrictions import Resolved
from geodata.restrictions.resolve import Placed
from geodata.travel_times import NO_WAY_S, TravelTimes, exact_times
from routing.ground import Ground, depot_positions, span_of
from routing.model import Plan, Problem, ReasonCode, ShutOff, Unserved, Violation
from routing.shut_off import pass_to

Key = tuple[int, int, frozenset[str], frozenset[str]]
"""Class, wave, restrictions lifted, and passes given."""

ON_EDGE_M = 0.5
"""A place so near to a zone is in it."""


def check_shut_off(ground: Ground, problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Of each unserved visit: the sets named open the way, each taken whole, and passes do if they are said to."""
    if ground.resolved is None:
        return ()
    trials = _Trials(ground, ground.resolved)
    return tuple(violation for left in plan.unserved for violation in _check(trials, problem, left))


@dataclass(slots=True, eq=False)
class _Trials:
    ground: Ground
    resolved: Resolved
    _times: dict[Key, TravelTimes] = field(default_factory=dict)

    def opens(self, road_class: int, row: int, *, lifted: frozenset[str], passes: frozenset[str]) -> bool:
        """Whether some depot can drive to where a row is located, or to a gate of the zones there, and be driven back to."""
        ground, wave = self.ground, self.ground.wave(row, row)
        key = road_class, wave, lifted, passes
        held = ground.classes[road_class].passes[wave] | passes
        lifted |= ground.scenario.exempt.get(ground.scenario.orders[wave].id, frozenset())
        span = span_of(ground.scenario, wave)
        if key not in self._times:
            roads = ground.roads_without_restrictions(road_class, wave)
            roads = self.resolved.roads_for(roads, span=span, passes=held, lifted=lifted)
            self._times[key] = exact_times(roads)
        zones = [each for each in self.resolved.barring(span, held, lifted) if each.area is not None]
        places = [self.place(row), *_gates_for(self.resolved, zones, self.place(row))]
        depots = depot_positions(ground)
        out, back = self._times[key].table(depots, places), self._times[key].table(places, depots).T
        return bool(((out < NO_WAY_S) & (back < NO_WAY_S)).any())

    def place(self, row: int) -> RoadPosition:
        position = self.ground.located.by_access_point[self.ground.rows[row].access_point].position
        if position is None:
            raise ValueError(f"row {row} is off the roads")
        return position

    @property
    def every_pass(self) -> frozenset[str]:
        return frozenset(pass_to(each.restriction) for each in self.resolved.placed)


def _gates_for(resolved: Resolved, zones: Sequence[Placed], place: RoadPosition) -> list[RoadPosition]:
    """All gates of the zones around a place, and of those that hang together with them."""
    point = shapely.Point(resolved.plane.points([place.point])[0])
    joined = [each for each in zones if shapely.dwithin(each.area, point, ON_EDGE_M)]
    for each in joined:
        joined += [other for other in zones if other not in joined and shapely.intersects(other.area, each.area)]
    return [position for zone in joined for gate in zone.gates for position in gate.positions]


def _check(trials: _Trials, problem: Problem, left: Unserved) -> Iterator[Violation]:
    reason, row = left.reason, left.visit.row
    if reason is None or reason.code not in {ReasonCode.UNREACHABLE, ReasonCode.NO_PASS} or row < 0:
        return
    coming = [vehicle for vehicle in problem.scenario.vehicles if left.visit.takes(vehicle)]
    everyone = range(len(trials.ground.classes))
    classes = sorted({vehicle.road_class for vehicle in coming or problem.scenario.vehicles} or everyone)
    shut = {number: problem.shut_off[number, row] for number in classes if (number, row) in problem.shut_off}
    if {"restrictions", "nearest_open_m"} & reason.figures.keys() and not any(
        _says(reason.figures, s) for s in shut.values()
    ):
        text = Text("原因中写明的限制与实际不符", "the restrictions its reason names are not those that shut it off")
        yield Violation("DEMAND", text, visit=left.visit.id)
    for number, each in shut.items():
        yield from _check_sets(trials, number, row, each, left.visit.id)
        yield from _check_passes(trials, number, row, each, left.visit.id)


def _says(figures: Mapping[str, object], shut: ShutOff) -> bool:
    if figures.get("nearest_open_m") != shut.nearest_m:
        return False
    if shut.passes:
        return bool(figures.get("pass") == "+".join(shut.passes))
    return bool(figures.get("restrictions") == " / ".join("+".join(each) for each in shut.by))


def _check_sets(trials: _Trials, road_class: int, row: int, shut: ShutOff, visit: str) -> Iterator[Violation]:
    for named in shut.by:
        wholes = [frozenset(named), *(frozenset(named) - {each} for each in named)]
        opened = [trials.opens(road_class, row, lifted=lifted, passes=frozenset()) for lifted in wholes]
        if not opened[0] or any(opened[1:]):
            said = "、".join(named)
            text = Text(f"解除“{said}”不能恰好通达", f"lifting {said.replace('、', ', ')} does not just open the way")
            yield Violation("DEMAND", text, visit=visit)


def _check_passes(trials: _Trials, road_class: int, row: int, shut: ShutOff, visit: str) -> Iterator[Violation]:
    every = trials.opens(road_class, row, lifted=frozenset(), passes=trials.every_pass)
    enough = trials.opens(road_class, row, lifted=frozenset(), passes=frozenset(shut.passes))
    if bool(shut.passes) != every or (shut.passes and not enough):
        text = Text("通行证能否打开通路与原因不符", "whether passes open the way is not as its reason says")
        yield Violation("DEMAND", text, visit=visit)
