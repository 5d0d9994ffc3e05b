"""What the graph of turns forbids is what a look back over the whole way driven forbids."""

from __future__ import annotations

import random

import numpy as np
import pytest

from geodata.turn_graph import Ban, TurnGraph, turn_graph


class Streets:
    """Arcs between few nodes, drawn at random; parallels and loops happen."""

    def __init__(self, dice: random.Random) -> None:
        nodes = dice.randint(2, 6)
        roads = [
            (dice.randrange(nodes), dice.randrange(nodes), dice.random() < 0.7) for _ in range(dice.randint(2, 12))
        ]
        arcs = [
            pair for one, other, both in roads for pair in ([(one, other), (other, one)] if both else [(one, other)])
        ]
        self.tail = np.array([tail for tail, _ in arcs])
        self.head = np.array([head for _, head in arcs])

    def after(self, arc: int) -> list[int]:
        return [other for other in range(len(self.tail)) if self.tail[other] == self.head[arc]]

    def walk(self, dice: random.Random, steps: int, start: tuple[int, ...] = ()) -> tuple[int, ...]:
        """A walk of so many arcs, or shorter where it comes to an end."""
        arcs = list(start) or [dice.randrange(len(self.tail))]
        while len(arcs) < steps and (onward := self.after(arcs[-1])):
            arcs.append(dice.choice(onward))
        return tuple(arcs)


def random_bans(streets: Streets, dice: random.Random) -> list[Ban]:
    """Walks of two to five arcs; half of them begin or go on like an earlier one, so that they overlap and nest."""
    walks: list[tuple[int, ...]] = []
    for _ in range(dice.randint(1, 8)):
        earlier = dice.choice(walks) if walks and dice.random() < 0.5 else ()
        begun = earlier[dice.randrange(len(earlier)) :][: dice.randint(1, 3)] if earlier else ()
        walk = streets.walk(dice, dice.randint(2, 5), begun)
        walks += [walk] if len(walk) > 1 else []
    return [Ban(walk, by=dice.randrange(4)) for walk in walks]


def bans_on(graph: TurnGraph, walk: tuple[int, ...]) -> list[set[int]]:
    """Which restrictions forbid each turn of a walk that began without memory."""
    state, found = walk[0], []
    for arc in walk[1:]:
        (turn,) = np.flatnonzero((graph.turn_from == state) & (graph.state_arc[graph.turn_to] == arc))
        found.append(set(graph.ban_by[graph.ban_turn == turn].tolist()))
        state = int(graph.turn_to[turn])
    return found


def bans_looking_back(bans: list[Ban], walk: tuple[int, ...]) -> list[set[int]]:
    return [{ban.by for ban in bans if walk[: last + 1][-len(ban.arcs) :] == ban.arcs} for last in range(1, len(walk))]


def test_random_walks_are_forbidden_where_they_contain_a_forbidden_sequence() -> None:
    forbidden = 0
    for seed in range(300):
        dice = random.Random(seed)
        streets = Streets(dice)
        bans = random_bans(streets, dice)
        graph = turn_graph(streets.tail, streets.head, bans)
        for _ in range(5):
            begun = dice.choice(bans).arcs[:-1] if bans else ()
            walk = streets.walk(dice, 40, begun)
            expected = bans_looking_back(bans, walk)
            assert bans_on(graph, walk) == expected, f"seed {seed}"
            forbidden += sum(map(bool, expected))
    assert forbidden > 1_000


@pytest.mark.parametrize("seed", range(20))
def test_every_state_can_turn_into_every_arc_that_leaves_its_end_exactly_once(seed: int) -> None:
    dice = random.Random(seed)
    streets = Streets(dice)
    graph = turn_graph(streets.tail, streets.head, random_bans(streets, dice))
    assert graph.state_arc[: len(streets.tail)].tolist() == list(range(len(streets.tail)))
    turns = [(state, int(arc)) for state, arc in zip(graph.turn_from, graph.state_arc[graph.turn_to], strict=True)]
    assert sorted(turns) == [
        (state, arc) for state, end in enumerate(graph.state_arc) for arc in streets.after(int(end))
    ]
    pairs = list(zip(graph.turn_from.tolist(), graph.turn_to.tolist(), strict=True))
    assert pairs == sorted(pairs)


def test_turns_over_a_node_need_no_memory() -> None:
    """Two streets 0 - 1 - 2, arcs 0 and 1 there and back on the first, 2 and 3 on the second."""
    graph = turn_graph(np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1]), [Ban((0, 2), by=0), Ban((0, 1), by=1)])
    turns = list(zip(graph.turn_from.tolist(), graph.turn_to.tolist(), strict=True))
    assert turns == [(0, 1), (0, 2), (1, 0), (2, 3), (3, 1), (3, 2)]
    assert [(turns[turn], by) for turn, by in zip(graph.ban_turn, graph.ban_by, strict=True)] == [
        ((0, 1), 1),
        ((0, 2), 0),
    ]


def test_a_ban_over_a_street_is_remembered_by_one_copy_of_it() -> None:
    """0 → 1 → 2 → 3 and 4 → 1: only who came from 0 may not go on from 2 to 3."""
    tail, head = np.array([0, 1, 2, 4]), np.array([1, 2, 3, 1])
    graph = turn_graph(tail, head, [Ban((0, 1, 2), by=0)])
    assert graph.state_arc.tolist() == [0, 1, 2, 3, 1]
    turns = list(zip(graph.turn_from.tolist(), graph.turn_to.tolist(), strict=True))
    assert turns == [(0, 4), (1, 2), (3, 1), (4, 2)]
    assert [turns[turn] for turn in graph.ban_turn] == [(4, 2)]
