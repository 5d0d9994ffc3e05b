"""The roads as they are tonight: what hangs together, what each restriction shuts off, and how much longer ways become.

For every wave and class of vehicles the roads under the restrictions in force are held against those without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.model import Ints, RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED, Span
from geodata.restrictions import (
    Checkpoint,
    CutOff,
    Loss,
    Plane,
    Restriction,
    Served,
    explain_cut_off,
    losses,
    served_from,
    served_m,
)
from geodata.roads import Roads
from geodata.travel_times import NO_WAY_S, TravelTimes, exact_times
from routing.ground import Ground, depot_positions, open_ground, span_of
from routing.model import AtGate, Scenario, Seconds, Site

SMALLEST_COMPONENT = 2
"""Arcs. A one-way stretch that leads from one component to another is one by itself."""


class SiteState(StrEnum):
    """In the order of what serves a site best. NEVER: not reached without restrictions either."""

    OPEN = "open"
    GATE = "gate"
    CUT_OFF = "cut_off"
    NEVER = "never"
    OFF_THE_ROADS = "off_the_roads"


class Standing(StrEnum):
    """What a restriction means in a wave. LETS_THROUGH: in force, but these vehicles pass without loss of time."""

    BARS = "bars"
    DELAYS = "delays"
    LETS_THROUGH = "lets_through"
    EXEMPT = "exempt"
    NOT_YET = "not_yet"
    OVER = "over"


class Quickest(NamedTuple):
    """From the depot that is nearest in time, to where goods are handed over."""

    depot: str
    travel_s: Seconds


@dataclass(frozen=True, slots=True)
class SiteRoads:
    """A site as vehicles of a class come to it. ``cut_off``: what shuts it off, where that is so."""

    site: str
    state: SiteState
    before: Quickest | None
    after: Quickest | None
    gate: AtGate | None = None
    cut_off: CutOff | None = None

    @property
    def extra_s(self) -> Seconds | None:
        """How much longer the way has become; None where there is none to compare."""
        if self.before is None or self.after is None:
            return None
        return self.after.travel_s - self.before.travel_s


class Component(NamedTuple):
    """Roads on which one can drive from any to any other. ``sites``: how many lie on it."""

    km: float
    depots: tuple[str, ...]
    sites: int


class Applied(NamedTuple):
    """A restriction in a wave, for a class. ``sites``, ``road_km``: from what it alone bars them, its own roads aside."""

    id: str
    standing: Standing
    sites: tuple[str, ...] = ()
    road_km: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ClassReport:
    """``before_km``: of road that depots can serve without restrictions, ``served_km`` with them.

    ``components``: those of the roads served before, as restrictions leave them, the longest first. ``cut_edges``: served
    before and no longer at either end.
    """

    vehicles: tuple[str, ...]
    profile: str
    passes: tuple[str, ...]
    before_km: float
    served_km: float
    components_before: int
    components: tuple[Component, ...]
    restrictions: tuple[Applied, ...]
    sites: tuple[SiteRoads, ...]
    cut_edges: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WaveReport:
    """``sites``: each by its best state over the vehicles that may come."""

    order: str
    span: Span
    classes: tuple[ClassReport, ...]
    sites: Mapping[str, SiteState]


@dataclass(frozen=True, slots=True, eq=False)
class RoadReport:
    ground: Ground
    waves: tuple[WaveReport, ...]


class Stranded(NamedTuple):
    """Vehicles that restrictions keep from every site of a wave. ``by``: a smallest set that would have to be lifted."""

    order: str
    start: str
    vehicles: tuple[str, ...]
    by: tuple[str, ...]


def report_roads(scenario: Scenario, network: Network) -> RoadReport:
    """Raises BadInput for restrictions and depots that do not lie on the network."""
    ground = open_ground(scenario, network)
    return RoadReport(ground, tuple(_wave(ground, wave) for wave in range(len(ground.scenario.orders))))


def _wave(ground: Ground, wave: int) -> WaveReport:
    classes = tuple(_ClassInWave(ground, number, wave).report() for number in range(len(ground.classes)))
    sites = {site.place.id: _best_state(ground, classes, site) for site in _wanting(ground.scenario, wave)}
    return WaveReport(ground.scenario.orders[wave].id, span_of(ground.scenario, wave), classes, sites)


def _wanting(scenario: Scenario, wave: int) -> tuple[Site, ...]:
    """Sites with a demand in the wave."""
    order = scenario.orders[wave].id
    return tuple(site for site in scenario.sites if any(demand.order == order for demand in site.demands))


def _best_state(ground: Ground, classes: Sequence[ClassReport], site: Site) -> SiteState:
    vehicles = ground.scenario.vehicles
    coming = {vehicle.road_class for vehicle in vehicles if site.takes(vehicle)}
    numbers = coming or {vehicle.road_class for vehicle in vehicles}
    states = [each.state for number in numbers for each in classes[number].sites if each.site == site.place.id]
    return min(states, key=list(SiteState).index)


class _Stop(NamedTuple):
    """A site of the wave: where it meets the roads, and where this class hands over, or None off the roads."""

    site: str
    plain: RoadPosition | None
    handed: RoadPosition | None
    gate: AtGate | None


class _ClassInWave:
    """One class of vehicles in one wave."""

    def __init__(self, ground: Ground, number: int, wave: int) -> None:
        self._ground, self._number, self._wave = ground, number, wave
        self._class, self._order = ground.classes[number], ground.scenario.orders[wave].id
        self._resolved = ground.resolved_in(wave)
        self._span = span_of(ground.scenario, wave)
        self._passes = self._class.passes[wave]
        self._depots = depot_positions(ground)
        self._plain_roads = ground.roads_without_restrictions(number, wave)
        self._before = served_from(self._plain_roads, self._depots)
        self._now = self._before if self._resolved is None else served_from(ground.roads(number, wave), self._depots)
        self._stops = tuple(self._stops_of_wave())

    def report(self) -> ClassReport:
        plane = Plane(self._ground.index)
        vehicles = self._ground.scenario.vehicles
        components = _components(self._ground, self._now.roads, self._before, self._stops)
        return ClassReport(
            vehicles=tuple(vehicle.id for vehicle in vehicles if vehicle.road_class == self._number),
            profile=self._class.like.profile,
            passes=tuple(sorted(self._passes)),
            before_km=_km(served_m(plane, self._before)),
            served_km=_km(served_m(plane, self._now)),
            components_before=len(_components(self._ground, self._plain_roads, self._before, self._stops)),
            components=components,
            restrictions=tuple(self._applied()),
            sites=tuple(self._sites()),
            cut_edges=tuple(np.flatnonzero(self._before.edges & ~self._now.edges).tolist()),
        )

    def _stops_of_wave(self) -> Iterator[_Stop]:
        ground = self._ground
        rows = {row.access_point: number for number, row in enumerate(ground.rows) if row.wave in (None, self._wave)}
        for site in _wanting(ground.scenario, self._wave):
            plain = ground.located.by_access_point[site.place.access_point].position
            if plain is None:
                yield _Stop(site.place.id, None, None, None)
                continue
            row = rows[site.place.access_point]
            handed = ground.positions[self._number][row]
            yield _Stop(site.place.id, plain, handed, ground.at_gate.get((self._number, row)))

    # --- sites ---

    def _sites(self) -> Iterator[SiteRoads]:
        states = [self._state(stop) for stop in self._stops]
        befores = self._quickest(exact_times(self._plain_roads), [stop.plain for stop in self._stops])
        now = self._ground.times(self._number, self._wave)
        afters = self._quickest(now, [stop.handed for stop in self._stops])
        cut_off = self._cut_off([stop.plain for stop, state in zip(self._stops, states, strict=True) if _is_cut(state)])
        for stop, state, before, after in zip(self._stops, states, befores, afters, strict=True):
            reached = state in (SiteState.OPEN, SiteState.GATE)
            why = cut_off.pop(0) if _is_cut(state) else None
            yield SiteRoads(stop.site, state, before, after if reached else None, stop.gate, why)

    def _state(self, stop: _Stop) -> SiteState:
        if stop.plain is None:
            return SiteState.OFF_THE_ROADS
        if stop.gate is not None:
            return SiteState.GATE
        if self._now.has(stop.plain):
            return SiteState.OPEN
        return SiteState.CUT_OFF if self._before.has(stop.plain) else SiteState.NEVER

    def _quickest(self, times: TravelTimes, places: Sequence[RoadPosition | None]) -> list[Quickest | None]:
        """From any depot, for each place."""
        on_roads = [place for place in places if place is not None]
        rows = {row.access_point: at for at, row in enumerate(r for r in self._ground.rows if r.wave is None)}
        depots = [(depot.place.id, rows[depot.place.access_point]) for depot in self._ground.scenario.depots]
        table = times.table(list(self._depots), on_roads)
        columns = iter(range(len(on_roads)))
        return [None if place is None else _least(table[:, next(columns)], depots) for place in places]

    def _cut_off(self, positions: Sequence[RoadPosition | None]) -> list[CutOff | None]:
        places = [position for position in positions if position is not None]
        if self._resolved is None:
            return [None] * len(places)
        found = explain_cut_off(
            self._resolved, self._plain_roads, places, depots=self._depots, span=self._span, passes=self._passes
        )
        return list(found)

    # --- restrictions ---

    def _applied(self) -> Iterator[Applied]:
        on_roads = [stop for stop in self._stops if stop.plain is not None]
        lost = self._losses([stop.plain for stop in on_roads if stop.plain is not None])
        for restriction in self._ground.scenario.restrictions.all:
            loss = lost.get(restriction.id, Loss((), 0.0))
            sites = tuple(on_roads[at].site for at in loss.positions)
            yield Applied(restriction.id, self._standing(restriction), sites, loss.road_km)

    def _losses(self, places: Sequence[RoadPosition]) -> dict[str, Loss]:
        if self._resolved is None:
            return {}
        depots, span, passes = self._depots, self._span, self._passes
        return losses(self._resolved, self._plain_roads, places, depots=depots, span=span, passes=passes)

    def _standing(self, restriction: Restriction) -> Standing:
        in_force = restriction.in_force
        if restriction.id in self._ground.scenario.exempt.get(self._order, frozenset()):
            return Standing.EXEMPT
        if not in_force.meets(self._span):
            return Standing.OVER if in_force.end is not None and in_force.end <= self._span.begin else Standing.NOT_YET
        if restriction.bars(self._span, self._passes):
            return Standing.BARS
        delays = isinstance(restriction, Checkpoint) and restriction.delay_s > 0
        return Standing.DELAYS if delays else Standing.LETS_THROUGH


def _is_cut(state: SiteState) -> bool:
    return state is SiteState.CUT_OFF


def _least(column: Ints, depots: Sequence[tuple[str, int]]) -> Quickest | None:
    """``column``: seconds from each depot's place; of depots equally near the first."""
    name, seconds = min(((name, int(column[at])) for name, at in depots), key=lambda pair: pair[1])
    return None if seconds >= NO_WAY_S else Quickest(name, seconds)


# --- what hangs together ----------------------------------------------------------------------------------------


def _components(ground: Ground, roads: Roads, before: Served, stops: Sequence[_Stop]) -> tuple[Component, ...]:
    """Those of the roads that could be served before, the longest first."""
    of_edge = np.where(before.edges, _component_of_edge(roads), -1)
    depots = _depots_by_edge(ground)
    lengths_m = ground.network.edge_length_m
    edges_of_sites = np.array([stop.plain.edge for stop in stops if stop.plain is not None], dtype=np.int64)
    labels, numbers = np.unique(of_edge[of_edge >= 0], return_inverse=True)
    km = np.bincount(numbers, weights=lengths_m[of_edge >= 0], minlength=len(labels)) / 1_000
    sites = (of_edge[edges_of_sites][None, :] == labels[:, None]).sum(axis=1)
    found = (
        Component(round(float(km[at]), 3), _named(depots, of_edge, label), int(sites[at]))
        for at, label in enumerate(labels.tolist())
    )
    return tuple(sorted(found, key=lambda component: -component.km))


def _component_of_edge(roads: Roads) -> Ints:
    """[k] the component of each edge, -1 for those in none of two arcs or more.

    From any place to any other by drives that may stop on the way: at a stop one leaves in either direction.
    """
    network = roads.network
    labels = _component_of_state(roads)[: network.arcs]
    arcs = np.flatnonzero(roads.whole)
    sizes = np.bincount(labels[arcs], minlength=1)
    arcs = arcs[sizes[labels[arcs]] >= SMALLEST_COMPONENT]
    by_size = arcs[np.lexsort((arcs, sizes[labels[arcs]]))]
    of_edge = np.full(network.edges, -1, dtype=np.int64)
    of_edge[network.arc_edge[by_size]] = labels[by_size]
    return of_edge


def _component_of_state(roads: Roads) -> Ints:
    """[s] by turns between arcs open from end to end, and by turning round at a stop."""
    network = roads.network
    whole = roads.whole[network.state_arc]
    turns = (roads.turn_weight < CLOSED) & whole[network.turn_from] & whole[network.turn_to]
    both_ways = (network.edge_arcs >= 0).all(axis=1)
    pairs = network.edge_arcs[both_ways]
    pairs = pairs[roads.whole[pairs].all(axis=1)]
    copies = np.arange(network.arcs, network.states)
    starts = np.concatenate([network.turn_from[turns], pairs[:, 0], pairs[:, 1], copies])
    ends = np.concatenate([network.turn_to[turns], pairs[:, 1], pairs[:, 0], network.state_arc[copies]])
    graph = csr_array((np.ones(len(starts)), (starts, ends)), shape=(network.states, network.states))
    return connected_components(graph, directed=True, connection="strong")[1].astype(np.int64)


def _depots_by_edge(ground: Ground) -> tuple[tuple[str, int], ...]:
    at = ground.located.by_access_point
    places = ((depot.place.id, at[depot.place.access_point].position) for depot in ground.scenario.depots)
    return tuple((name, position.edge) for name, position in places if position is not None)


def _named(depots: Sequence[tuple[str, int]], of_edge: Ints, label: int) -> tuple[str, ...]:
    return tuple(name for name, edge in depots if of_edge[edge] == label)


def _km(metres: float) -> float:
    return round(metres / 1_000, 3)


# --- who cannot leave ---------------------------------------------------------------------------------------------


def stranded(ground: Ground) -> tuple[Stranded, ...]:
    """By wave, and by class and depots of vehicles. Those that would reach no site without restrictions are not told."""
    waves = range(len(ground.scenario.orders))
    return tuple(found for wave in waves for found in _stranded_in(ground, wave))


def _stranded_in(ground: Ground, wave: int) -> Iterator[Stranded]:
    resolved = ground.resolved_in(wave)
    if resolved is None:
        return
    order, rows = ground.scenario.orders[wave].id, _rows_of_sites(ground, wave)
    at = {depot.place.id: _place(ground, depot.place.access_point) for depot in ground.scenario.depots}
    for (number, start, end), vehicles in _by_way(ground.scenario).items():
        ends = (at[start], at[end])
        if not rows or _reaches_any(ground, number, wave, ends, rows):
            continue
        sets = explain_cut_off(
            resolved,
            ground.roads_without_restrictions(number, wave),
            [_place(ground, ground.rows[row].access_point) for row in rows],
            depots=ends,
            span=span_of(ground.scenario, wave),
            passes=ground.classes[number].passes[wave],
        )
        by = min((each for found in sets if found for each in found.by), key=_by_size, default=())
        if by:
            yield Stranded(order, start, vehicles, by)


def _rows_of_sites(ground: Ground, wave: int) -> list[int]:
    rows = {row.access_point: number for number, row in enumerate(ground.rows) if row.wave in (None, wave)}
    points = (site.place.access_point for site in _wanting(ground.scenario, wave))
    return sorted({rows[point] for point in points if point in rows})


def _place(ground: Ground, access_point: str) -> RoadPosition:
    position = ground.located.by_access_point[access_point].position
    if position is None:
        raise ValueError(f"{access_point!r} is off the roads")
    return position


def _by_way(scenario: Scenario) -> dict[tuple[int, str, str], tuple[str, ...]]:
    """Vehicles by class and by where they start and end."""
    found: dict[tuple[int, str, str], tuple[str, ...]] = {}
    for vehicle in scenario.vehicles:
        key = (vehicle.road_class, vehicle.start, vehicle.end)
        found[key] = (*found.get(key, ()), vehicle.id)
    return found


def _reaches_any(
    ground: Ground, number: int, wave: int, ends: tuple[RoadPosition, RoadPosition], rows: Sequence[int]
) -> bool:
    """Whether a vehicle can drive from the first end to where goods for any of the sites are handed over, and home."""
    times, places = ground.times(number, wave), [ground.positions[number][row] for row in rows]
    there_s, back_s = times.table([ends[0]], places)[0], times.table(places, [ends[1]])[:, 0]
    return bool((np.maximum(there_s, back_s) < NO_WAY_S).any())


def _by_size(names: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(names), names
