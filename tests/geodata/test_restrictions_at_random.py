"""Random closures, zones and checkpoints against plain searches in networkx, on graphs whose streets are cut in two.

What is closed is found anew here, street by street, by shapely's own intersection.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely

from geodata.locate import RoadIndex
from geodata.model import LonLat, RoadPosition, Segment
from geodata.network import Network, build_network
from geodata.profile import CLOSED
from geodata.restrictions import (
    Checkpoint,
    Closure,
    InForce,
    Resolved,
    Restrictions,
    Zone,
    explain_cut_off,
    hand_overs,
    resolve,
    served_from,
)
from geodata.roads import Part, Roads
from geodata.travel_times import NO_WAY_S, DijkstraTimes, HierarchyTimes
from tests.geodata.edge_expanded import World, reference_row
from tests.geodata.small_roads import Node, at, part_behind, plain_roads
from tests.geodata.test_restrictions import WAVE
from tests.geodata.test_travel_times_with_turns import random_positions, random_world

EFFORT = int(os.environ.get("BAOGONG_SOAK", "1"))
SEED = 20221128
PASSES = frozenset({"Z0", "C0", "K0"})
SPREAD_DEG = 0.01
NEVER = InForce(end=WAVE.begin)


# --- what there may be --------------------------------------------------------------------------------------------


def random_network(chance: random.Random) -> Network:
    """Streets with a bend or without, some one-way, some from a corner to itself left out."""
    corners = [_place(chance) for _ in range(chance.randint(3, 8))]
    segments = []
    for number in range(chance.randint(3, 14)):
        tail, head = chance.sample(range(len(corners)), 2)
        bend = [_place(chance)] if chance.random() < 0.4 else []
        points = np.array([corners[tail], *bend, corners[head]])
        names, backward = {"name": f"street {number}"}, chance.random() < 0.7
        segments.append(Segment(tail, head, points, number + 1, {"highway": "residential"}, names, backward=backward))
    return build_network(segments, name="random", attribution="")


def _place(chance: random.Random) -> LonLat:
    return LonLat(121.6 + chance.uniform(-1, 1) * SPREAD_DEG, 38.9 + chance.uniform(-1, 1) * SPREAD_DEG)


def random_restrictions(chance: random.Random, network: Network, *, checkpoints: bool) -> Restrictions:
    closures = [
        Closure(f"C{number}", _area(chance), _times(chance), spares_holders=chance.random() < 0.5)
        for number in range(chance.randint(0, 2))
    ]
    zones = [
        Zone(f"Z{number}", _area(chance), chance.choice(["sealed", "controlled"]), chance.random() < 0.7,
             in_force=_times(chance))
        for number in range(chance.randint(0, 2))
    ]  # fmt: skip
    points = [
        _checkpoint(chance, network, f"K{number}") for number in range(chance.randint(1, 3) if checkpoints else 0)
    ]
    return Restrictions(tuple(closures), tuple(points), tuple(zones))


def _times(chance: random.Random) -> InForce:
    return NEVER if chance.random() < 0.1 else InForce()


def _area(chance: random.Random) -> shapely.Polygon | shapely.MultiPolygon:
    """A star around some point, with a hole at times, or two of them."""
    star = _star(chance)
    if chance.random() < 0.3:
        star = star.difference(
            shapely.transform(star, lambda points: points.mean(axis=0) + 0.4 * (points - points.mean(axis=0)))
        )
    other = _star(chance)
    return shapely.MultiPolygon([star, other]) if chance.random() < 0.2 and not star.intersects(other) else star


def _star(chance: random.Random) -> shapely.Polygon:
    middle, corners = _place(chance), chance.randint(3, 12)
    size = SPREAD_DEG * chance.uniform(0.05, 0.6)
    angles = [2 * np.pi * corner / corners for corner in range(corners)]
    radii = [size * chance.uniform(0.3, 1.0) for _ in angles]
    return shapely.Polygon(
        [
            (middle.lon + far * np.cos(angle), middle.lat + far * np.sin(angle))
            for far, angle in zip(radii, angles, strict=True)
        ]
    )


def _checkpoint(chance: random.Random, network: Network, name: str) -> Checkpoint:
    street = shapely.LineString(network.geometry(chance.randrange(network.edges)))
    point = street.interpolate(chance.random(), normalized=True)
    lets_through = chance.choice([None, None, frozenset({name}), frozenset({"Z0", "X"})])
    location = LonLat(point.x + chance.uniform(-1, 1) * 1e-4, point.y + chance.uniform(-1, 1) * 1e-4)
    return Checkpoint(name, location, chance.choice([0, 30, 600]), None, lets_through, _times(chance))


# --- the same, found anew -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cuts:
    """By edge: what is closed, and delays in milliseconds at fractions."""

    closed: Mapping[int, tuple[Part, ...]]
    delays: Mapping[int, list[tuple[float, int]]]


def cuts(resolved: Resolved, restrictions: Restrictions, passes: frozenset[str]) -> Cuts:
    plane = resolved.plane
    streets = [
        shapely.LineString(plane.points(list(plane.network.geometry(edge)))) for edge in range(plane.network.edges)
    ]
    found: dict[int, list[Part]] = {}
    delays: dict[int, list[tuple[float, int]]] = {}
    areas = [closure.shape for closure in restrictions.closures if closure.in_force != NEVER
             and not (closure.spares_holders and closure.id in passes)]  # fmt: skip
    areas += [zone.area for zone in restrictions.zones if zone.in_force != NEVER and zone.id not in passes
              and (zone.needs_pass or zone.level == "sealed")]  # fmt: skip
    for area in areas:
        inside = plane.projected(area)
        for edge, street in enumerate(streets):
            found.setdefault(edge, []).extend(_covered(street, inside))
    for checkpoint in restrictions.checkpoints:
        point = shapely.Point(plane.points([checkpoint.location])[0])
        edge = min(range(len(streets)), key=lambda number: streets[number].distance(point))
        metres = min(max(streets[edge].project(point), 1.0), streets[edge].length - 1.0)
        fraction, half = metres / streets[edge].length, 0.5 / streets[edge].length
        if checkpoint.in_force != NEVER:
            delays.setdefault(edge, []).append((fraction, checkpoint.delay_s * 1_000))
            if checkpoint.lets_through is not None and not checkpoint.lets_through & passes:
                found.setdefault(edge, []).append((fraction - half, fraction + half))
    return Cuts({edge: _joined(parts) for edge, parts in found.items() if parts}, delays)


def _covered(street: shapely.LineString, area: Any) -> list[Part]:
    if not street.length:
        return [(0.0, 1.0)] if area.contains(shapely.Point(street.coords[0])) else []
    inside = street.intersection(area)
    pieces = [piece for piece in shapely.get_parts(inside) if piece.length > 0.001]
    ends = [
        sorted(street.project(shapely.Point(piece.coords[end]), normalized=True) for end in (0, -1)) for piece in pieces
    ]
    return [(start, end) for start, end in ends]


def _joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    joined: list[Part] = []
    for start, end in sorted(parts):
        if joined and start <= joined[-1][1] + 1e-9:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def cut_graph(roads: Roads, positions: Sequence[RoadPosition], cut: Cuts) -> nx.MultiDiGraph[Node]:
    """Positions split streets; a piece with anything closed in it is left out, one with a checkpoint takes longer."""
    graph: nx.MultiDiGraph[Node] = nx.MultiDiGraph()
    network = roads.network
    for arc in np.flatnonzero(roads.ms < CLOSED).tolist():
        edge, ms, forward = int(network.arc_edge[arc]), int(roads.ms[arc]), bool(network.arc_forward[arc])
        places = sorted({position.fraction for position in positions if position.edge == edge})
        ends = [int(network.tail[arc]), int(network.head[arc])][:: 1 if forward else -1]
        marks: list[tuple[float, Node]] = [
            (0.0, ends[0]),
            *((place, (edge, place)) for place in places),
            (1.0, ends[1]),
        ]
        for (low, before), (high, after) in pairwise(marks):
            if any(max(low, start) < min(high, end) for start, end in cut.closed.get(edge, ())):
                continue
            took = abs(part_behind(ms, high, forward=forward) - part_behind(ms, low, forward=forward))
            took += sum(delay for fraction, delay in cut.delays.get(edge, ()) if low < fraction < high)
            graph.add_edge(*((before, after) if forward else (after, before)), ms=took)
    graph.add_nodes_from((position.edge, position.fraction) for position in positions)
    return graph


# --- the comparison -----------------------------------------------------------------------------------------------


def compare_cut(chance: random.Random) -> tuple[int, int, int]:
    network = random_network(chance)
    ms = np.array(
        [chance.choice([CLOSED, 0, *(chance.randint(1, 90_000) for _ in range(8))]) for _ in range(network.arcs)]
    )
    roads = plain_roads(network, ms)
    restrictions = random_restrictions(chance, network, checkpoints=True)
    resolved = resolve(RoadIndex(plain_roads(network, np.zeros_like(ms))), without_idle(roads, restrictions))
    positions = [at(roads, chance.randrange(network.edges), chance.choice([0.0, 1.0, *(chance.random() for _ in range(6))]))
                 for _ in range(7)]  # fmt: skip
    passes = frozenset(each for each in PASSES if chance.random() < 0.3)
    cut = cuts(resolved, restrictions, passes)
    graph = cut_graph(roads, positions, cut)
    expected = []
    for origin in positions:
        found: Mapping[Node, int] = nx.single_source_dijkstra_path_length(
            graph, (origin.edge, origin.fraction), weight="ms"
        )
        expected.append([found.get((to.edge, to.fraction)) for to in positions])
    now = resolved.roads_for(roads, span=WAVE, passes=passes)
    require_same(now, positions, expected, cut)
    return len(positions) ** 2, sum(ms is not None for row in expected for ms in row), len(cut.closed)


def without_idle(roads: Roads, restrictions: Restrictions) -> Restrictions:
    """Without closures that touch no street, which are bad input."""
    streets = [shapely.LineString(roads.network.geometry(edge)) for edge in range(roads.network.edges)]
    touching = tuple(
        closure for closure in restrictions.closures
        if any(street.intersection(closure.shape).length > 1e-7 for street in streets)
    )  # fmt: skip
    return replace(restrictions, closures=touching)


def require_same(
    roads: Roads, positions: Sequence[RoadPosition], expected: Sequence[Sequence[int | None]], cut: Cuts
) -> None:
    shut = [
        not roads.edge_is_open[place.edge]
        or any(start < place.fraction < end for start, end in cut.closed.get(place.edge, ()))
        for place in positions
    ]
    # where nothing drives, not even a leg of no length is one
    expected = [[None] * len(row) if at_shut else row for at_shut, row in zip(shut, expected, strict=True)]
    seconds = [[NO_WAY_S if ms is None else -(-ms // 1000) for ms in row] for row in expected]
    for engine in (HierarchyTimes, DijkstraTimes):
        times = engine(roads)
        assert times.table(positions, positions).tolist() == seconds
        for origin, row in zip(positions, expected, strict=True):
            for destination, ms in zip(positions, row, strict=True):
                leg = times.leg(origin, destination)
                assert (leg.ms if leg else None) == ms


def compare_with_turns(chance: random.Random) -> tuple[int, int, int]:
    """With turn restrictions, turn times and roads for ends only, and no checkpoints."""
    world: World = random_world(chance)
    restrictions = random_restrictions(chance, world.network, checkpoints=False)
    open_roads = replace(world.roads, closed_parts={})
    always_open = plain_roads(world.network, np.zeros(world.network.arcs, dtype=np.int64))
    resolved = resolve(RoadIndex(always_open), without_idle(open_roads, restrictions))
    cut = cuts(resolved, restrictions, frozenset())
    now = resolved.roads_for(open_roads, span=WAVE)
    world = replace(world, closed_parts=cut.closed)
    positions = random_positions(world, chance)
    expected = [reference_row(world, origin, positions) for origin in positions]
    require_same(now, positions, expected, Cuts({}, {}))
    return len(positions) ** 2, sum(ms is not None for row in expected for ms in row), len(cut.closed)


def test_what_cuts_places_off_is_as_small_as_trying_every_set_tells() -> None:
    """Every set of up to two, and for larger ones that none of it can be left out, by the times of the tables."""
    chance, sizes = random.Random(SEED), []
    for _ in range(60):
        network = random_network(chance)
        roads = plain_roads(network, np.ones(network.arcs, dtype=np.int64))
        drawn = [Closure(f"C{number}", _area(chance)) for number in range(chance.randint(2, 5))]
        restrictions = without_idle(roads, Restrictions(tuple(drawn)))
        resolved = resolve(RoadIndex(roads), restrictions)
        depot, *places = [at(roads, chance.randrange(network.edges), chance.random()) for _ in range(6)]

        def is_open(place: RoadPosition, *lifted: str) -> bool:
            now = resolved.roads_for(roads, span=WAVE, lifted=lifted)  # noqa: B023
            there_and_back = [([depot], [place]), ([place], [depot])]  # noqa: B023
            return all(DijkstraTimes(now).table(*ends)[0, 0] < NO_WAY_S for ends in there_and_back)

        names = [closure.id for closure in restrictions.closures]
        for place, found in zip(
            places, explain_cut_off(resolved, roads, places, depots=[depot], span=WAVE), strict=True
        ):
            assert (found is None) == is_open(place)
            if found is None:
                continue
            small = next((sets for size in (1, 2) if (sets := [
                lifted for lifted in combinations(names, size) if is_open(place, *lifted)
            ])), None)  # fmt: skip
            sizes.append(len(found.by[0]) if found.by else 0)
            if small is not None:
                assert list(found.by) == small
            elif found.by:
                (lifted,) = found.by
                assert is_open(place, *lifted)
                assert not any(is_open(place, *fewer) for fewer in combinations(lifted, len(lifted) - 1))
            else:
                assert not is_open(place, *names)
    assert {0, 1, 2} <= set(sizes)


def test_gates_are_the_nearest_border_points_that_can_be_driven_to_and_left() -> None:
    """Of one zone at a time: every place at which shapely has a street cross its border is tried by the tables."""
    chance, found = random.Random(SEED), 0
    for _ in range(60):
        network = random_network(chance)
        roads = plain_roads(network, np.ones(network.arcs, dtype=np.int64))
        restrictions = Restrictions(zones=(Zone("Z", _area(chance)),))
        resolved = resolve(RoadIndex(roads), restrictions)
        now, plane = resolved.roads_for(roads, span=WAVE), resolved.plane
        closed = cuts(resolved, restrictions, frozenset()).closed
        inside = [(edge, chance.uniform(*part)) for edge, parts in closed.items() for part in parts]
        anywhere = [(chance.randrange(network.edges), chance.random()) for _ in range(4)]
        depot, *places = [plane.position(*place) for place in (*anywhere, *inside)]
        times = DijkstraTimes(now)
        borders = [
            plane.position(edge, mark) for edge, parts in now.closed_parts.items() for part in parts for mark in part
        ]
        at_border = [border for border in borders if 0.0 < border.fraction < 1.0]
        assert len(at_border) == sum(0.0 < mark < 1.0 for parts in closed.values() for part in parts for mark in part)
        there, back = times.table([depot], at_border)[0], times.table(at_border, [depot])[:, 0]
        usable = [border for border, *ways in zip(at_border, there, back, strict=True) if max(ways) < NO_WAY_S]
        handed = hand_overs(resolved, served_from(now, [depot]), places, span=WAVE)
        for place, hand_over in zip(places, handed, strict=True):
            within = any(start < place.fraction < end for start, end in closed.get(place.edge, ()))
            assert (hand_over is not None) == within
            if hand_over is None or hand_over.gate is None:
                assert hand_over is None or not usable
                continue
            found += 1
            here, *others = plane.points([place.point, *(border.point for border in usable)])
            nearest = min(float(np.hypot(*(other - here))) for other in others)
            # crossings within a metre of one another are one gate
            assert hand_over.away_m == pytest.approx(nearest, abs=1.0)
    assert found > 40


def compare(count: int, seed: int) -> None:
    """Every other network has checkpoints and no turns to mind; the others have turns and no checkpoints."""
    chance = random.Random(seed)
    figures = np.array([(compare_cut if number % 2 else compare_with_turns)(chance) for number in range(count)])
    pairs, ways, closed = figures.sum(axis=0).tolist()
    some = int((figures[:, 2] > 0).sum())
    print(
        f"seed {seed}: {count} networks, {some} with something closed, {closed} streets cut; {pairs} pairs, {ways} with a way"
    )
    assert some > count // 3
    assert ways > pairs // 8


def test_times_under_random_restrictions_are_those_of_streets_cut_in_two() -> None:
    compare(60, SEED)


@pytest.mark.slow
def test_times_on_a_thousand_random_networks_are_those_of_streets_cut_in_two() -> None:
    compare(1_000 * EFFORT, random.SystemRandom().randrange(10**9) if EFFORT > 1 else SEED + 1)
