"""The rule ROAD with turns, roads for ends only and partly closed roads: the checker agrees with the hierarchy, and tells."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from geodata.network import Network
from geodata.profile import CLOSED
from geodata.roads import Roads, open_roads
from routing import ground
from routing.check_roads import check_roads
from routing.model import Plan
from routing.pipeline import Posed, finish_plan, pose
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.geodata.edge_expanded import with_bans
from tests.routing import small
from tests.routing.hand_made import driven_on

NETWORKS = 12


def planned(roads: Roads, monkeypatch: pytest.MonkeyPatch) -> tuple[Posed, Plan]:
    """Four sites of a grid, served from a corner on these roads."""
    monkeypatch.setattr(ground, "open_roads", lambda *_: roads)
    places = {"D": (0, 0), "S1": (2, 1), "S2": (3, 3), "S3": (1, 2), "S4": (0, 3)}
    given = small.at(small.scenario([small.site(name) for name in places if name != "D"]), **places)
    posed = pose(given, roads.network)
    solver, stop = known_solver("pyvrp"), Stop(iterations=10)
    found = solver.solve(posed.problem, stop=stop, seed=0, on_improvement=lambda _: None)
    return posed, finish_plan(posed, found)


def restricted_grid(chance: random.Random) -> Roads:
    """Forbidden sequences of two or three arcs, turns that take up to half a minute, roads for ends only, a broken one."""
    plain = small.grid_network()
    network = with_bans(plain, [random_way(plain, chance) for _ in range(8)])
    turn_ms = np.array([chance.randint(0, 30_000) for _ in range(network.turns)], dtype=np.int64)
    turn_ms[network.ban_turn] = CLOSED
    ends_only = np.array([chance.random() < 0.25 for _ in range(network.arcs)], dtype=np.bool_)
    broken = {chance.randrange(network.edges): ((0.25, 0.5),)}
    return replace(open_roads(network), turn_ms=turn_ms, ends_only=ends_only, closed_parts=broken)


def random_way(network: Network, chance: random.Random) -> tuple[int, ...]:
    way = [chance.randrange(network.arcs)]
    for _ in range(chance.randint(1, 2)):
        way.append(chance.choice(np.flatnonzero(network.tail == network.head[way[-1]]).tolist()))
    return tuple(way)


def test_the_checkers_own_search_finds_the_times_of_the_hierarchy(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(20221126)
    legs = 0
    for _ in range(NETWORKS):
        posed, plan = planned(restricted_grid(chance), monkeypatch)
        assert check_roads(posed.ground, posed.problem, plan) == ()
        legs += sum(stop.leg is not None and len(stop.leg.arcs) > 1 for stop in plan.stops())
    assert legs > 2 * NETWORKS


def slower_turn(roads: Roads, arcs: tuple[int, ...]) -> Roads:
    turn_ms = roads.turn_ms.copy()
    turn_ms[turn(roads, arcs)] += 5_000
    return replace(roads, turn_ms=turn_ms)


def forbidden_turn(roads: Roads, arcs: tuple[int, ...]) -> Roads:
    turn_ms = roads.turn_ms.copy()
    turn_ms[turn(roads, arcs)] = CLOSED
    return replace(roads, turn_ms=turn_ms)


def passed_through(roads: Roads, arcs: tuple[int, ...]) -> Roads:
    ends_only = roads.ends_only.copy()
    ends_only[arcs[1]] = True
    return replace(roads, ends_only=ends_only)


def broken_in_the_middle(roads: Roads, arcs: tuple[int, ...]) -> Roads:
    return replace(roads, closed_parts={int(roads.network.arc_edge[arcs[1]]): ((0.4, 0.6),)})


def turn(roads: Roads, arcs: tuple[int, ...]) -> int:
    network = roads.network
    (found,) = np.flatnonzero((network.turn_from == arcs[0]) & (network.state_arc[network.turn_to] == arcs[1]))
    return int(found)


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (slower_turn, "add up"),
        (forbidden_turn, "forbidden"),
        (passed_through, "open to its ends only"),
        (broken_in_the_middle, "is closed"),
    ],
)
def test_what_changed_since_is_told(
    since: Callable[[Roads, tuple[int, ...]], Roads], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    posed, plan = planned(open_roads(small.grid_network()), monkeypatch)
    assert check_roads(posed.ground, posed.problem, plan) == ()
    stop = next(stop for stop in plan.stops() if stop.leg is not None and len(stop.leg.arcs) > 2)
    assert stop.leg is not None
    found = check_roads(driven_on(posed.ground, since(posed.ground.roads(0, 0), stop.leg.arcs)), posed.problem, plan)
    mine = [one.message.en for one in found if one.rule == "ROAD" and one.visit == stop.visit.id]
    assert any(told in message for message in mine)
