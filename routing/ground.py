"""Where places meet the roads, and the roads as each class of vehicles may drive them in each wave.

Vehicles alike in kind, size and passes share a class. A wave is a dispatch order: what restricts at any time between the
order and the end of the last shift does so for all of it. A *row* stands for an access point in a wave, so that the roads
and the place of the hand-over may differ between waves; a depot's row belongs to none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from geodata.errors import BadInput, Complaint, Text
from geodata.locate import RoadIndex, locate_depots, locate_sites
from geodata.model import Ints, Leg, LonLat, RoadPosition
from geodata.network import Network
from geodata.profile import KINDS, RoadUser, Span
from geodata.restrictions import HandOver, Resolved, Zone, hand_overs, passes_held, resolve, served_from
from geodata.roads import Roads, open_roads
from geodata.travel_times import TravelTimes, exact_times
from routing.model import AtGate, LocatedPlaces, Measured, Scenario, Seconds, Vehicle, ZoneLevel


class Row(NamedTuple):
    """``wave``: the number of its order; None for a depot's."""

    access_point: str
    wave: int | None


class RoadClass(NamedTuple):
    """Vehicles alike on the roads: a kind and size, and the passes that hold throughout each wave."""

    like: Vehicle
    passes: tuple[frozenset[str], ...]


_Key = tuple[int, int, int | None]
"""Class, wave, and hour if it is not the wave's own."""


@dataclass(frozen=True, eq=False)
class Ground:
    """``positions``: where vehicles of each class stop for each row. ``at_gate``: those rows that are so for a gate."""

    network: Network
    scenario: Scenario
    classes: tuple[RoadClass, ...]
    index: RoadIndex
    located: LocatedPlaces
    resolved: Resolved | None
    rows: tuple[Row, ...]
    positions: tuple[tuple[RoadPosition, ...], ...] = ()
    at_gate: Mapping[tuple[int, int], AtGate] = field(default_factory=dict)
    _roads: dict[_Key, Roads] = field(default_factory=dict)
    _times: dict[_Key, TravelTimes] = field(default_factory=dict)

    @property
    def unrestricted(self) -> Roads:
        """The roads of the first class without tonight's restrictions, on which places are located."""
        return self.index.roads

    def roads(self, road_class: int, wave: int, hour: int | None = None) -> Roads:
        """In the wave's own hour if none is given."""
        key = (road_class, wave, hour)
        if key not in self._roads:
            self._roads[key] = self._restricted(road_class, wave, hour)
        return self._roads[key]

    def _restricted(self, road_class: int, wave: int, hour: int | None) -> Roads:
        roads = open_roads(self.network, road_user(self.scenario, self.classes[road_class].like, wave, hour))
        if self.resolved is None:
            return roads
        passes = self.classes[road_class].passes[wave]
        return self.resolved.roads_for(roads, span=span_of(self.scenario, wave), passes=passes)

    def times(self, road_class: int, wave: int, hour: int | None = None) -> TravelTimes:
        key = (road_class, wave, hour)
        if key not in self._times:
            self._times[key] = exact_times(self.roads(road_class, wave, hour))
        return self._times[key]

    def wave(self, origin_row: int, destination_row: int) -> int:
        """The wave a drive belongs to: that of the stop it leads to, else of the one it comes from."""
        return self.rows[destination_row].wave or self.rows[origin_row].wave or 0

    def leg(self, road_class: int, origin_row: int, destination_row: int, hour: int | None = None) -> Leg | None:
        """A fastest way, or None where no way leads."""
        positions = self.positions[road_class]
        times = self.times(road_class, self.wave(origin_row, destination_row), hour)
        return times.leg(positions[origin_row], positions[destination_row])

    def tables(self, hour: int | None = None) -> Ints:
        """[classes, rows, rows] whole seconds, in each wave's own hour if none is given."""
        return np.stack([self._table(number, hour) for number in range(len(self.classes))])

    def _table(self, road_class: int, hour: int | None) -> Ints:
        positions = self.positions[road_class]
        waves = np.array(
            [[self.wave(origin, row) for row in range(len(positions))] for origin in range(len(positions))]
        )
        seconds = np.empty(waves.shape, dtype=np.int64)
        for wave in np.unique(waves).tolist():
            here = waves == wave
            origins, destinations = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
            block = self.times(road_class, wave, hour).table(
                [positions[row] for row in origins], [positions[row] for row in destinations]
            )
            whole = np.empty(waves.shape, dtype=np.int64)
            whole[np.ix_(origins, destinations)] = block
            seconds[here] = whole[here]
        return seconds

    def measured(self) -> Measured:
        """What a problem is posed of."""
        orders = self.scenario.orders
        row_of: dict[str, int] = {}
        in_wave: dict[tuple[str, str], int] = {}
        for number, row in enumerate(self.rows):
            row_of.setdefault(row.access_point, number)
            if row.wave is not None:
                in_wave[row.access_point, orders[row.wave].id] = number
        levels = dict(self._zone_levels())
        return Measured(self.scenario, self.located, self.tables(), row_of, in_wave, self.at_gate, levels)

    def _zone_levels(self) -> Iterator[tuple[tuple[str, str], ZoneLevel]]:
        for point in self.scenario.access_points if self.resolved is not None else ():
            for wave, order in enumerate(self.scenario.orders):
                yield (point.id, order.id), zone_level(self, point.location, wave)


def open_ground(scenario: Scenario, network: Network) -> Ground:
    """Tie every place to the roads, and its restrictions to the network. Raises BadInput for what lies off it."""
    classes, number = classes_of(scenario)
    vehicles = tuple(replace(each, road_class=number[each.id]) for each in scenario.vehicles)
    scenario = replace(scenario, vehicles=vehicles)
    plain = [open_roads(network, road_user(scenario, each.like, 0, None)) for each in classes]
    index = RoadIndex(plain[0])
    located = locate_places(index, plain, scenario)
    resolved = resolve(index, scenario.restrictions) if scenario.restrictions.all else None
    rows = tuple(_rows(scenario, located))
    ground = Ground(network, scenario, classes, index, located, resolved, rows)
    positions = tuple(_position(located, row) for row in rows)
    handed = dict(_handed_over(ground, positions))
    by_class = tuple(
        tuple(
            handed[number, row].position if (number, row) in handed else position
            for row, position in enumerate(positions)
        )
        for number in range(len(classes))
    )
    return replace(ground, positions=by_class, at_gate=handed)


def classes_of(scenario: Scenario) -> tuple[tuple[RoadClass, ...], Mapping[str, int]]:
    """The classes, and the number of each vehicle's."""
    spoken_of = {restriction.id for restriction in scenario.restrictions.all}
    spoken_of |= {name for each in scenario.restrictions.checkpoints for name in each.lets_through or ()}
    spans = [span_of(scenario, wave) for wave in range(len(scenario.orders))]
    found: dict[object, int] = {}
    classes: list[RoadClass] = []
    number = {}
    for vehicle in scenario.vehicles:
        passes = tuple((vehicle.passes | passes_held(scenario.permits, vehicle.id, span)) & spoken_of for span in spans)
        key = (vehicle.profile, vehicle.size, passes)
        if key not in found:
            found[key] = len(classes)
            classes.append(RoadClass(vehicle, passes))
        number[vehicle.id] = found[key]
    return tuple(classes), number


def span_of(scenario: Scenario, wave: int) -> Span:
    """From the wave's order to the end of the last shift."""
    order_s = scenario.orders[wave].order_s
    end_s = max([order_s, *(vehicle.shift.close_s for vehicle in scenario.vehicles)])
    return Span(_instant(scenario, order_s), _instant(scenario, end_s))


def road_user(scenario: Scenario, vehicle: Vehicle, wave: int, hour: int | None) -> RoadUser:
    return RoadUser(
        profile=KINDS[vehicle.profile],
        size=vehicle.size,
        span=span_of(scenario, wave),
        factors=scenario.hour_factors,
        hour=hour_at(scenario, scenario.orders[wave].order_s) if hour is None else hour,
        ferries=scenario.ferries,
    )


def hour_at(scenario: Scenario, instant_s: Seconds) -> int:
    """0 to 23, by the clock of the scenario's time zone."""
    return _instant(scenario, instant_s).astimezone(ZoneInfo(scenario.timezone)).hour


def _instant(scenario: Scenario, instant_s: Seconds) -> datetime:
    return scenario.epoch + timedelta(seconds=instant_s)


# --- places -------------------------------------------------------------------------------------------------------


def locate_places(index: RoadIndex, roads: Sequence[Roads], scenario: Scenario) -> LocatedPlaces:
    """Tie every access point to the roads of some class. A depot that is off them is bad input; a site is not."""
    points = {point.id: point.location for point in scenario.access_points}
    at_depots = list(dict.fromkeys(depot.place.access_point for depot in scenario.depots))
    depots = locate_depots(index, [points[point] for point in at_depots], limit_m=scenario.snap_limit_m)
    located = dict(zip(at_depots, depots, strict=True))
    _require_depots_on_roads(scenario, [located[depot.place.access_point].nearest_m for depot in scenario.depots])
    others = [point for point in points if point not in located]
    positions = [place.position for place in depots if place.position is not None]
    sites = locate_sites(
        index, [points[point] for point in others], depots=positions, limit_m=scenario.snap_limit_m, roads=roads
    )
    return LocatedPlaces(located | dict(zip(others, sites, strict=True)))


def _require_depots_on_roads(scenario: Scenario, nearest_m: Sequence[float]) -> None:
    complaints = [
        Complaint(
            Text(
                f"储备库“{depot.place.id}”离最近的道路 {metres:.0f} 米，超过 {scenario.snap_limit_m:.0f} 米",
                f"depot {depot.place.id!r} is {metres:.0f} m from the nearest road;"
                f" the limit is {scenario.snap_limit_m:.0f} m",
            ),
            pointer=f"/depots/{row}",
        )
        for row, (depot, metres) in enumerate(zip(scenario.depots, nearest_m, strict=True))
        if metres > scenario.snap_limit_m
    ]
    if complaints:
        raise BadInput(complaints)


def _rows(scenario: Scenario, located: LocatedPlaces) -> Iterator[Row]:
    """In the order of access points; with one order a place that is a depot and a site has one row."""
    depots = {depot.place.access_point for depot in scenario.depots}
    number = {order.id: wave for wave, order in enumerate(scenario.orders)}
    wanted: dict[str, set[int]] = {}
    for site in scenario.sites:
        wanted.setdefault(site.place.access_point, set()).update(number[each.order] for each in site.demands)
    for point in scenario.access_points:
        if located.by_access_point[point.id].position is None:
            continue
        if point.id in depots:
            yield Row(point.id, None)
        if point.id not in depots or len(number) > 1:
            for wave in sorted(wanted.get(point.id, set())) or ([] if point.id in depots else [0]):
                yield Row(point.id, wave)


def _position(located: LocatedPlaces, row: Row) -> RoadPosition:
    position = located.by_access_point[row.access_point].position
    if position is None:
        raise ValueError(f"{row.access_point!r} is off the roads")
    return position


# --- zones --------------------------------------------------------------------------------------------------------


def _handed_over(ground: Ground, positions: Sequence[RoadPosition]) -> Iterator[tuple[tuple[int, int], AtGate]]:
    """By class and row the gates at which goods are handed over."""
    if ground.resolved is None:
        return
    depots = [position for position, row in zip(positions, ground.rows, strict=True) if row.wave is None]
    for number, each in enumerate(ground.classes):
        for wave, passes in enumerate(each.passes):
            rows = [row for row, stands_for in enumerate(ground.rows) if stands_for.wave == wave]
            found = hand_overs(
                ground.resolved,
                served_from(ground.roads(number, wave), depots),
                [positions[row] for row in rows],
                span=span_of(ground.scenario, wave),
                passes=passes,
            )
            for row, handed in zip(rows, found, strict=True):
                if handed is not None and handed.gate is not None:
                    yield (number, row), _at_gate(ground, wave, handed)


def _at_gate(ground: Ground, wave: int, handed: HandOver) -> AtGate:
    gate = handed.gate
    if gate is None or ground.resolved is None:
        raise ValueError("no gate")
    outside = zone_level(ground, gate.location, wave, inside=frozenset(handed.zones))
    return AtGate(gate.id, gate.name, gate.location, gate.position, handed.zones, outside)


def zone_level(ground: Ground, location: LonLat, wave: int, *, inside: frozenset[str] = frozenset()) -> ZoneLevel:
    """The highest level of the zones in force that hold a place, but for some of them."""
    level = ZoneLevel.OPEN
    if ground.resolved is None:
        return level
    point = shapely.Point(ground.resolved.plane.points([location])[0])
    for each in ground.resolved.placed:
        zone = each.restriction
        if isinstance(zone, Zone) and each.area is not None and zone.id not in inside:
            holds = zone.in_force.meets(span_of(ground.scenario, wave)) and each.area.covers(point)
            level = max(level, ZoneLevel[zone.level.upper()] if holds else level)
    return level
