"""Turn restrictions, turn times, roads for ends only and partly closed roads, against a plain edge-expanded graph."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from geodata.model import RoadPosition
from geodata.profile import CLOSED
from geodata.roads import Part, Roads
from geodata.travel_times import NO_WAY_S, DijkstraTimes, HierarchyTimes, TravelTimes
from tests.geodata.edge_expanded import Arcs, World, ms_of_way, reference_row, world_of
from tests.geodata.small_roads import Street, at

Engine = Callable[[Roads], TravelTimes]
either_engine = pytest.mark.parametrize("engine", [HierarchyTimes, DijkstraTimes])
EFFORT = int(os.environ.get("BAOGONG_SOAK", "1"))
SEED = 20221125


def arc(world: World, edge: int, *, forward: bool = True) -> int:
    return int(world.network.edge_arcs[edge, 0 if forward else 1])


def require(engine: Engine, world: World, start: tuple[int, float], end: tuple[int, float], ms: int | None) -> None:
    """Both the leg and the table say so, and the leg is a way that may be driven and takes that long."""
    origin, destination = at(world.roads, *start), at(world.roads, *end)
    times = engine(world.roads)
    leg = times.leg(origin, destination)
    table = times.table([origin], [destination]).tolist()
    assert table == [[NO_WAY_S if ms is None else -(-ms // 1000)]]
    assert (None if leg is None else leg.ms) == ms
    if leg is not None:
        assert ms_of_way(world, origin, destination, leg.arcs) == ms


# --- by hand ------------------------------------------------------------------------------------------------------

S = 1_000
BOTH = {(0, 1): (10 * S, 10 * S)}


def two_way(*ends: tuple[int, int, int]) -> list[Street]:
    """Streets of so many seconds."""
    return [(tail, head, seconds * S, seconds * S) for tail, head, seconds in ends]


@either_engine
def test_a_forbidden_turn_is_driven_round(engine: Engine) -> None:
    """A-B-C straight on is forbidden at B; round by D it takes 4 + 4 s more than the 10 it would."""
    streets = two_way((0, 1, 10), (1, 2, 10), (1, 3, 4), (3, 2, 16))
    free, bound = world_of(streets), world_of(streets, forbidden=[(0, 2)])
    assert [arc(free, 0), arc(free, 1)] == [0, 2]
    require(engine, free, (0, 0.5), (1, 0.5), 10 * S)
    # A-B, then to D and, where U-turns cost nothing, back at once: B-D-B-C
    require(engine, bound, (0, 0.5), (1, 0.5), 5 * S + 8 * S + 5 * S)


@either_engine
def test_the_time_of_a_turn_counts_once_each(engine: Engine) -> None:
    streets = two_way((0, 1, 10), (1, 2, 10), (2, 3, 10))
    world = world_of(streets, penalty={(0, 2): 300, (2, 4): 70})
    require(engine, world, (0, 0.5), (2, 0.5), 20 * S + 370)


@either_engine
def test_a_u_turn_costs_what_it_costs_or_is_forbidden(engine: Engine) -> None:
    """From near B back towards A on the same street, wanting to arrive beyond the start: the other arc of the edge."""
    streets: list[Street] = [(0, 1, 10 * S, 10 * S), (2, 0, 6 * S, None), (0, 2, 6 * S, None)]
    turning = world_of(streets, penalty={(0, 1): 2 * S, (1, 0): 20 * S})
    require(engine, turning, (2, 0.5), (1, 0.5), 6 * S)
    require(engine, turning, (0, 0.5), (2, 0.5), 8 * S)
    one_way_start: list[Street] = [(0, 1, 10 * S, None), (1, 2, 4 * S, 4 * S), (1, 3, 3 * S, None)]
    u_turn = (1, 2)
    free, bound = (world_of(one_way_start, penalty={u_turn: ms}, forbidden=[(0, 3)]) for ms in (2 * S, CLOSED))
    assert (arc(free, 1), arc(free, 1, forward=False)) == u_turn
    require(engine, free, (0, 0.5), (2, 1.0), 5 * S + 4 * S + 2 * S + 4 * S + 3 * S)
    require(engine, bound, (0, 0.5), (2, 1.0), None)


@either_engine
def test_a_destination_behind_on_the_same_one_way_street_is_reached_round_the_block_with_its_turns(
    engine: Engine,
) -> None:
    streets: list[Street] = [(0, 1, 10 * S, None), (1, 0, 3 * S, None)]
    world = world_of(streets, penalty={(0, 1): 500, (1, 0): 250})
    require(engine, world, (0, 0.75), (0, 0.25), 2_500 + 500 + 3 * S + 250 + 2_500)
    require(engine, world, (0, 0.25), (0, 0.75), 5 * S)
    require(engine, world_of(streets, forbidden=[(1, 0)]), (0, 0.75), (0, 0.25), None)
    require(engine, world_of(streets, forbidden=[(0, 1, 0)]), (0, 0.75), (0, 0.25), None)


@either_engine
def test_a_restriction_over_a_via_way_binds_only_who_came_that_way(engine: Engine) -> None:
    """A>B>C>D is forbidden from A, not from E, which joins at B."""
    streets: list[Street] = [(0, 1, 5 * S, None), (4, 1, 5 * S, None), (1, 2, 5 * S, None), (2, 3, 5 * S, None)]
    world = world_of(streets, forbidden=[(0, 2, 3)])
    require(engine, world, (0, 0.0), (3, 1.0), None)
    require(engine, world, (1, 0.0), (3, 1.0), 15 * S)
    require(engine, world, (2, 0.0), (3, 1.0), 10 * S)
    require(engine, world, (0, 0.0), (2, 1.0), 10 * S)


@either_engine
def test_a_road_for_ends_only_is_driven_at_the_ends_and_not_through(engine: Engine) -> None:
    """The short cut B-C is for ends only, A-B and C-D are open, and so is the long way B-E-C."""
    streets = two_way((0, 1, 10), (1, 2, 4), (2, 3, 10), (1, 4, 30), (4, 2, 30))
    shut = [False] * 2 + [True] * 2 + [False] * 6
    world = world_of(streets, ends_only=shut)
    require(engine, world, (0, 0.0), (2, 1.0), 80 * S)
    require(engine, world, (0, 0.0), (1, 0.5), 12 * S)
    require(engine, world, (1, 0.5), (2, 1.0), 12 * S)
    require(engine, world, (1, 0.25), (1, 0.75), 2 * S)


@either_engine
def test_a_leg_may_lie_wholly_within_an_area_for_ends_only(engine: Engine) -> None:
    """B-C-D-E is such an area; the only open way from B to E takes longer than the way inside."""
    streets = two_way((0, 1, 10), (1, 2, 4), (2, 3, 4), (3, 4, 4), (1, 4, 5))
    world = world_of(streets, ends_only=[False] * 2 + [True] * 6 + [False] * 2)
    require(engine, world, (1, 0.5), (3, 0.5), 8 * S)
    require(engine, world, (2, 0.5), (2, 0.25), 1 * S)
    # out of the area at whichever end makes the whole way shorter
    require(engine, world, (2, 0.25), (0, 0.0), 1 * S + 4 * S + 10 * S)
    require(engine, world, (3, 0.25), (0, 0.0), 3 * S + 5 * S + 10 * S)
    require(engine, world, (0, 0.0), (3, 0.25), 10 * S + 5 * S + 3 * S)


@either_engine
def test_two_areas_for_ends_only_that_touch_are_left_and_entered_without_an_open_road(engine: Engine) -> None:
    """Two dead ends, A-B and B-C, each for ends only, meet at B; the open road D-B leads there too."""
    streets = two_way((0, 1, 6), (1, 2, 6), (3, 1, 6))
    world = world_of(streets, ends_only=[True] * 4 + [False] * 2)
    require(engine, world, (0, 0.5), (1, 0.5), 6 * S)
    require(engine, world, (2, 0.5), (1, 0.5), 6 * S)


@either_engine
def test_two_areas_apart_are_joined_by_open_roads_alone(engine: Engine) -> None:
    """From one area to another past a third, which would be the shorter way."""
    streets = two_way((0, 1, 2), (1, 2, 1), (1, 2, 50), (2, 3, 2), (0, 4, 90), (4, 3, 90))
    world = world_of(streets, ends_only=[True, True, True, True, False, False, True, True, False, False, False, False])
    # all of the way inside, as the three areas are one
    require(engine, world, (0, 0.5), (3, 0.5), 3 * S)
    apart = world_of(streets, ends_only=[False, False, True, True, *[False] * 8])
    require(engine, apart, (0, 0.5), (3, 0.5), 52 * S)


@either_engine
def test_a_partly_closed_road_is_come_to_from_either_side_and_not_passed(engine: Engine) -> None:
    streets = two_way((0, 1, 10), (1, 2, 10), (0, 2, 40))
    world = world_of(streets, closed_parts={1: ((0.4, 0.6),)})
    require(engine, world, (0, 0.0), (1, 0.4), 14 * S)
    require(engine, world, (0, 0.0), (1, 0.6), 44 * S)
    require(engine, world, (0, 0.0), (1, 0.5), None)
    require(engine, world, (1, 0.5), (1, 0.5), None)
    require(engine, world, (1, 0.3), (1, 0.7), 3 * S + 10 * S + 40 * S + 3 * S)
    require(engine, world, (1, 0.7), (1, 0.9), 2 * S)
    require(engine, world, (0, 1.0), (2, 1.0), 50 * S)


@either_engine
def test_without_any_turn_a_street_can_still_be_driven_along(engine: Engine) -> None:
    world = world_of([(0, 1, 10 * S, None)])
    assert world.network.turns == 0
    require(engine, world, (0, 0.25), (0, 0.75), 5 * S)
    require(engine, world, (0, 0.75), (0, 0.25), None)


# --- at random ----------------------------------------------------------------------------------------------------


def random_world(chance: random.Random) -> World:
    """Some streets, one to four restrictions of two to four arcs, and any of the rest."""
    nodes = chance.randint(2, 7)
    streets: list[Street] = [(0, 1, chance.randint(0, 9_000), None)]
    streets += [
        (chance.randrange(nodes), chance.randrange(nodes), _random_ms(chance), _random_ms(chance))
        for _ in range(chance.randint(1, 2 * nodes))
    ]
    plain = world_of(streets)
    arcs = range(plain.network.arcs)
    pairs = [(before, after) for before in arcs for after in plain.followers[before]]
    dear, share = chance.choice([(0.0, 0.0), (0.5, 0.1), (0.9, 0.3)]), chance.choice([0.0, 0.2, 0.5])
    penalty = {pair: chance.choice([CLOSED, 0, 2_000]) if chance.random() < dear[1] else chance.randint(0, 9_000)
               for pair in pairs if chance.random() < dear[0]}  # fmt: skip
    return world_of(
        streets,
        penalty=penalty,
        forbidden=sorted({_random_way(plain, chance) for _ in range(chance.randint(0, 4))} - {()}),
        ends_only=[chance.random() < share for _ in arcs],
        closed_parts={edge: _random_parts(chance) for edge in range(len(streets)) if chance.random() < 0.1},
    )


def _random_ms(chance: random.Random) -> int | None:
    return chance.choice([None, CLOSED, 0, *(chance.randint(1, 100_000) for _ in range(8))])


def _random_way(world: World, chance: random.Random) -> Arcs:
    way = [chance.randrange(world.network.arcs)]
    for _ in range(chance.randint(1, 3)):
        if not world.followers[way[-1]]:
            break
        way.append(chance.choice(world.followers[way[-1]]))
    return tuple(way) if len(way) > 1 else ()


def _random_parts(chance: random.Random) -> tuple[Part, ...]:
    marks = sorted(chance.sample(range(17), 2 * chance.randint(1, 2)))
    return tuple((start / 16, end / 16) for start, end in zip(marks[::2], marks[1::2], strict=True))


def random_positions(world: World, chance: random.Random) -> list[RoadPosition]:
    fractions = [chance.choice([0.0, 1.0, chance.randint(0, 16) / 16, chance.random()]) for _ in range(6)]
    return [at(world.roads, chance.randrange(world.network.edges), fraction) for fraction in fractions]


def require_everything(world: World, positions: Sequence[RoadPosition]) -> tuple[int, int]:
    """Tables and legs of both engines are those of the reference; returns how many pairs and how many with a way."""
    expected = [reference_row(world, origin, positions) for origin in positions]
    seconds = [[NO_WAY_S if ms is None else -(-ms // 1000) for ms in row] for row in expected]
    for engine in (HierarchyTimes, DijkstraTimes):
        times = engine(world.roads)
        assert times.table(positions, positions).tolist() == seconds
        for origin, row in zip(positions, expected, strict=True):
            for destination, ms in zip(positions, row, strict=True):
                leg = times.leg(origin, destination)
                assert (None if leg is None else leg.ms) == ms
                assert leg is None or ms_of_way(world, origin, destination, leg.arcs) == ms
    return len(positions) ** 2, sum(ms is not None for row in expected for ms in row)


def compare_networks(count: int, seed: int) -> None:
    chance = random.Random(seed)
    pairs = ways = with_memory = 0
    for _ in range(count):
        world = random_world(chance)
        more = require_everything(world, random_positions(world, chance))
        pairs, ways = pairs + more[0], ways + more[1]
        with_memory += world.roads.network.states > world.network.arcs
    print(f"seed {seed}: {count} networks, {with_memory} with memory, {pairs} pairs, {ways} with a way")
    assert ways > pairs // 4
    assert with_memory > count // 4


def test_times_on_random_networks_are_those_of_an_edge_expanded_graph_in_networkx() -> None:
    compare_networks(120, SEED)


@pytest.mark.slow
def test_times_on_a_thousand_random_networks_are_those_of_an_edge_expanded_graph_in_networkx() -> None:
    compare_networks(1_000 * EFFORT, random.SystemRandom().randrange(10**9) if EFFORT > 1 else SEED + 1)


@pytest.mark.parametrize("seed", range(3))
def test_roads_otherwise_restricted_share_the_topology_and_nothing_else(seed: int) -> None:
    """The times of one do not change when others are made of the same network, before or after."""
    chance = random.Random(seed)
    world = random_world(chance)
    positions = random_positions(world, chance)
    first = HierarchyTimes(world.roads)
    before = first.table(positions, positions)
    others = [np.full(world.network.arcs, CLOSED), np.zeros(world.network.arcs, dtype=np.int64)]
    for ms in others:
        changed = Roads(world.roads.network, ms, world.roads.turn_ms, world.roads.ends_only)
        tables = [engine(changed).table(positions, positions).tolist() for engine in (HierarchyTimes, DijkstraTimes)]
        assert tables[0] == tables[1]
    assert first.table(positions, positions).tolist() == before.tolist()
