"""Where places meet the roads, and the roads as each class of vehicles may drive them in each wave.

Vehicles alike in kind, size and passes share a class. A wave is a dispatch order: what restricts at any time between the
order and the end of the last shift does so for all of it. A *row* stands for an access point in a wave, so that the roads
and the place of the hand-over may differ between waves; a depot's row belongs to none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from geodata.errors import BadInput, Complaint, Text
from geodata.locate import RoadIndex, locate_depots, locate_sites
from geodata.model import Ints, Leg, LonLat, RoadPosition
from geodata.network import Network
from geodata.profile import KINDS, RoadUser, Span
from geodata.restrictions import (
    HandOver,
    Resolved,
    Zone,
    hand_overs,
    passes_held,
    resolve,
    served_from,
)
from geodata.roads import Roads, open_roads
from geodata.travel_times import NO_WAY_S, TravelTimes, exact_times
from routing.model import (
    AtGate,
    HourlyTimes,
    LocatedPlaces,
    Measured,
    Scenario,
    Seconds,
    ShutOff,
    Vehicle,
    ZoneLevel,
)
from routing.shut_off import Asked, Barriers, barriers


class Row(NamedTuple):
    """``wave``: the number of its order; None for a depot's."""

    access_point: str
    wave: int | None


class RoadClass(NamedTuple):
    """Vehicles alike on the roads: a kind and size, and the passes that hold throughout each wave."""

    like: Vehicle
    passes: tuple[frozenset[str], ...]


YEARS_S = 10 * 366 * 86_400
"""Only a forged plan drives later, or earlier."""

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
    _hours: dict[int, Ints] = field(default_factory=dict)

    @property
    def unrestricted(self) -> Roads:
        """The roads of the first class without tonight's restrictions, on which places are located."""
        return self.index.roads

    def roads(self, road_class: int, wave: int, hour: int | None = None) -> Roads:
        """In the wave's own hour if none is given."""
        key = self._key(road_class, wave, hour)
        if key not in self._roads:
            self._roads[key] = self._restricted(road_class, wave, hour)
        return self._roads[key]

    def _key(self, road_class: int, wave: int, hour: int | None) -> _Key:
        """Hours alike share their roads."""
        factors = self.scenario.hour_factors
        if factors is None:
            return road_class, wave, None
        own = hour_at(self.scenario, self.scenario.orders[wave].order_s)
        return road_class, wave, factors.like(own if hour is None else hour)

    def _restricted(self, road_class: int, wave: int, hour: int | None) -> Roads:
        roads = self.roads_without_restrictions(road_class, wave, hour)
        resolved = self.resolved_in(wave)
        if resolved is None:
            return roads
        passes = self.classes[road_class].passes[wave]
        return resolved.roads_for(roads, span=span_of(self.scenario, wave), passes=passes)

    def roads_without_restrictions(self, road_class: int, wave: int, hour: int | None = None) -> Roads:
        return open_roads(self.network, road_user(self.scenario, self.classes[road_class].like, wave, hour))

    def resolved_in(self, wave: int) -> Resolved | None:
        """The restrictions that count in a wave, or None where there are none."""
        exempt = self.scenario.exempt.get(self.scenario.orders[wave].id, frozenset())
        if self.resolved is None or not exempt:
            return self.resolved
        return replace(self.resolved, placed=tuple(each for each in self.resolved.placed if each.id not in exempt))

    def times(self, road_class: int, wave: int, hour: int | None = None) -> TravelTimes:
        key = self._key(road_class, wave, hour)
        if key not in self._times:
            self._times[key] = exact_times(self.roads(road_class, wave, hour))
        return self._times[key]

    def wave(self, origin_row: int, destination_row: int) -> int:
        """The wave a drive belongs to: that of the stop it leads to, else of the one it comes from."""
        waves = (self.rows[destination_row].wave, self.rows[origin_row].wave, 0)
        return next(wave for wave in waves if wave is not None)

    def leg(self, road_class: int, origin_row: int, destination_row: int, hour: int | None = None) -> Leg | None:
        """A fastest way, or None where no way leads."""
        positions = self.positions[road_class]
        times = self.times(road_class, self.wave(origin_row, destination_row), hour)
        return times.leg(positions[origin_row], positions[destination_row])

    def tables(self, hour: int | None = None) -> Ints:
        """[classes, rows, rows] whole seconds, in each wave's own hour if none is given."""
        return np.stack([self.table(number, hour) for number in range(len(self.classes))])

    def table_in(self, hour: int) -> Ints:
        """As ``tables``, kept for as long as the ground is; equal for hours alike."""
        if hour not in self._hours:
            factors = self.scenario.hour_factors
            alike = hour if factors is None else factors.like(hour)
            self._hours[hour] = self.tables(hour) if alike == hour else self.table_in(alike)
            self._hours[hour].setflags(write=False)
        return self._hours[hour]

    def table(self, road_class: int, hour: int | None = None) -> Ints:
        """[rows, rows] of one class."""
        every = range(len(self.rows))
        return self._block(road_class, self.positions[road_class], every, every, hour)

    def _block(
        self,
        road_class: int,
        positions: Sequence[RoadPosition],
        origins: Sequence[int],
        destinations: Sequence[int],
        hour: int | None = None,
    ) -> Ints:
        """[origins, destinations] seconds between rows at these positions, each in the wave it belongs to."""
        waves = self.waves(origins, destinations)
        seconds = np.empty(waves.shape, dtype=np.int64)
        for wave in np.unique(waves).tolist():
            here = waves == wave
            lines, columns = np.flatnonzero(here.any(axis=1)).tolist(), np.flatnonzero(here.any(axis=0)).tolist()
            block = self.times(road_class, wave, hour).table(
                [positions[origins[line]] for line in lines], [positions[destinations[column]] for column in columns]
            )
            whole = np.empty(waves.shape, dtype=np.int64)
            whole[np.ix_(lines, columns)] = block
            seconds[here] = whole[here]
        return seconds

    def waves(self, origins: Sequence[int], destinations: Sequence[int]) -> Ints:
        """[origins, destinations] as ``wave``."""
        own = np.array([-1 if row.wave is None else row.wave for row in self.rows], dtype=np.int64)
        leads, comes = own[list(destinations)][None, :], own[list(origins)][:, None]
        return np.where(leads >= 0, leads, np.maximum(comes, 0))

    def moved(self, travel_s: Ints, row: int, position: RoadPosition, road_classes: Collection[int]) -> Ints:
        """The table [classes, rows, rows] with one row elsewhere on the roads for some classes."""
        travel_s, every = travel_s.copy(), range(len(self.rows))
        for number in sorted(road_classes):
            positions = list(self.positions[number])
            positions[row] = position
            travel_s[number, row, :] = self._block(number, positions, [row], every)[0]
            travel_s[number, :, row] = self._block(number, positions, every, [row])[:, 0]
        return travel_s

    def with_passes(self, road_class: int, places: Collection[str]) -> Ground:
        """The same ground with one class more, last: like the given one, holding passes to these places besides."""
        like, passes = self.classes[road_class]
        held = tuple(each.union(places) for each in passes)
        grown = replace(
            self,
            classes=(*self.classes, RoadClass(like, held)),
            _roads=dict(self._roads),
            _times=dict(self._times),
            _hours={},
        )
        return _stationed(grown, [len(self.classes)])

    def measured(self) -> Measured:
        """What a problem is posed of."""
        orders = self.scenario.orders
        row_of: dict[str, int] = {}
        in_wave: dict[tuple[str, str], int] = {}
        for number, row in enumerate(self.rows):
            row_of.setdefault(row.access_point, number)
            if row.wave is not None:
                in_wave[row.access_point, orders[row.wave].id] = number
        levels, travel_s = dict(self._zone_levels()), self.tables()
        shut = _shut_off(self, travel_s, row_of, in_wave) if self.resolved is not None else {}
        hourly = self._hourly(travel_s)
        return Measured(self.scenario, self.located, travel_s, row_of, in_wave, self.at_gate, levels, shut, hourly)

    def _hourly(self, own: Ints) -> HourlyTimes | None:
        if self.scenario.hour_factors is None:
            return None
        every = range(len(self.rows))
        return HourlyTimes(partial(hour_at, self.scenario), self.table_in, own, self.waves(every, every))

    def _zone_levels(self) -> Iterator[tuple[tuple[str, str], ZoneLevel]]:
        for point in self.scenario.access_points if self.resolved is not None else ():
            for wave, order in enumerate(self.scenario.orders):
                yield (point.id, order.id), zone_level(self, point.location, wave)


def open_ground(scenario: Scenario, network: Network) -> Ground:
    """Tie every place to the roads, and its restrictions to the network. Raises BadInput for what lies off it."""
    classes, number = classes_of(scenario)
    vehicles = tuple(
        replace(each, road_class=number[each.id], passes=each.passes | _held_all_day(scenario, each))
        for each in scenario.vehicles
    )
    scenario = replace(scenario, vehicles=vehicles)
    plain = [open_roads(network, road_user(scenario, each.like, 0, None)) for each in classes]
    index = RoadIndex(plain[0])
    located = locate_places(index, plain, scenario)
    resolved = resolve(index, scenario.restrictions) if scenario.restrictions.all else None
    rows = tuple(_rows(scenario, located))
    return _stationed(Ground(network, scenario, classes, index, located, resolved, rows), range(len(classes)))


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


def _held_all_day(scenario: Scenario, vehicle: Vehicle) -> frozenset[str]:
    """Passes that are valid throughout every wave: a site that asks for one asks for that."""
    held = [passes_held(scenario.permits, vehicle.id, span_of(scenario, wave)) for wave in range(len(scenario.orders))]
    return frozenset.intersection(*held)


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
    bounded_s = max(-YEARS_S, min(instant_s, YEARS_S))
    return _hour(scenario.epoch, scenario.timezone, (scenario.epoch.second + bounded_s) // 60)


@lru_cache(maxsize=100_000)
def _hour(epoch: datetime, timezone: str, minute: int) -> int:
    """Of the clock, so many minutes after that of the epoch."""
    began = epoch.replace(second=0, microsecond=0)
    return (began + timedelta(minutes=minute)).astimezone(ZoneInfo(timezone)).hour


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


def _stationed(ground: Ground, numbers: Collection[int]) -> Ground:
    """Where vehicles of these further classes stop for each row."""
    plain = _plain_positions(ground)
    handed = {key: gate for number in numbers for key, gate in _handed_over(ground, plain, number)}
    positions = tuple(
        tuple(
            handed[number, row].position if (number, row) in handed else position for row, position in enumerate(plain)
        )
        for number in numbers
    )
    return replace(ground, positions=(*ground.positions, *positions), at_gate={**ground.at_gate, **handed})


def _plain_positions(ground: Ground) -> tuple[RoadPosition, ...]:
    return tuple(_position(ground.located, row) for row in ground.rows)


def depot_positions(ground: Ground) -> tuple[RoadPosition, ...]:
    return tuple(_position(ground.located, row) for row in ground.rows if row.wave is None)


def _handed_over(
    ground: Ground, positions: Sequence[RoadPosition], number: int
) -> Iterator[tuple[tuple[int, int], AtGate]]:
    """By class and row the gates at which vehicles of a class hand over."""
    depots = depot_positions(ground)
    for wave, passes in enumerate(ground.classes[number].passes):
        resolved = ground.resolved_in(wave)
        if resolved is None:
            continue
        rows = [row for row, stands_for in enumerate(ground.rows) if stands_for.wave == wave]
        found = hand_overs(
            resolved,
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
    if gate is None:
        raise ValueError("no gate")
    outside = zone_level(ground, gate.location, wave, inside=frozenset(handed.zones))
    return AtGate(gate.id, gate.name, gate.location, gate.position, handed.zones, outside)


def zone_level(ground: Ground, location: LonLat, wave: int, *, inside: frozenset[str] = frozenset()) -> ZoneLevel:
    """The highest level of the zones in force that hold a place, but for some of them."""
    level, resolved = ZoneLevel.OPEN, ground.resolved_in(wave)
    if resolved is None:
        return level
    point = shapely.Point(resolved.plane.points([location])[0])
    for each in resolved.placed:
        zone = each.restriction
        if isinstance(zone, Zone) and each.area is not None and zone.id not in inside:
            holds = zone.in_force.meets(span_of(ground.scenario, wave)) and each.area.covers(point)
            level = max(level, ZoneLevel[zone.level.upper()] if holds else level)
    return level


# --- what is shut off ---------------------------------------------------------------------------------------------


def _shut_off(
    ground: Ground, travel_s: Ints, row_of: Mapping[str, int], in_wave: Mapping[tuple[str, str], int]
) -> dict[tuple[int, int], ShutOff]:
    """By class and row what shuts a site off from all vehicles of the class."""
    wanted: dict[tuple[int, int], set[int]] = {}
    reached: set[tuple[int, int]] = set()
    wave_of = {order.id: wave for wave, order in enumerate(ground.scenario.orders)}
    rows = {
        (in_wave.get((site.place.access_point, demand.order), row_of.get(site.place.access_point, -1)), demand.order)
        for site in ground.scenario.sites
        for demand in site.demands
    }
    at = {depot.place.id: row_of[depot.place.access_point] for depot in ground.scenario.depots}
    ways = {(vehicle.road_class, at[vehicle.start], at[vehicle.end]) for vehicle in ground.scenario.vehicles}
    for road_class, start, end in sorted(ways):
        for row, order in rows:
            if row >= 0 and max(travel_s[road_class, start, row], travel_s[road_class, row, end]) < NO_WAY_S:
                reached.add((road_class, row))
            elif row >= 0:
                wanted.setdefault((road_class, wave_of[order]), set()).add(row)
    found: dict[tuple[int, int], ShutOff] = {}
    for (road_class, wave), shut_rows in sorted(wanted.items()):
        left = sorted(row for row in shut_rows if (road_class, row) not in reached)
        found |= {(road_class, row): shut for row, shut in _shut_off_from(ground, road_class, wave, left)}
    return found


def _shut_off_from(ground: Ground, road_class: int, wave: int, rows: Sequence[int]) -> Iterator[tuple[int, ShutOff]]:
    resolved = ground.resolved_in(wave)
    if resolved is None or not rows:
        return
    asked = Asked(
        resolved,
        ground.roads_without_restrictions(road_class, wave),
        depot_positions(ground),
        span_of(ground.scenario, wave),
        ground.classes[road_class].passes[wave],
    )
    for row, found in zip(
        rows, barriers(asked, [_position(ground.located, ground.rows[row]) for row in rows]), strict=True
    ):
        if found is not None:
            yield row, _as_shut_off(ground, wave, found)


def _as_shut_off(ground: Ground, wave: int, found: Barriers) -> ShutOff:
    if found.nearest is None:
        return ShutOff(found.by, found.passes, found.zones)
    outside = zone_level(ground, found.nearest.point, wave, inside=found.barring)
    return ShutOff(found.by, found.passes, found.zones, found.nearest, round(found.nearest_m, 1), outside)
