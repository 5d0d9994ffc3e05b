"""The graph of turns: what may follow what, with as much memory of the way driven as restrictions over several arcs ask.

Its nodes are *states*. State i < m is arc i with no memory. The others are the states of the Aho–Corasick automaton
(Aho and Corasick 1975, doi:10.1145/360825.360855) of the forbidden arc sequences: each stands for a proper prefix, two
arcs or longer, of one of them, and is where a vehicle is whose way ends with that prefix and with no longer one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geodata.model import Ints

Arcs = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ban:
    """Arcs, at least two, that must not be driven one after the other, and the number of the restriction that says so."""

    arcs: Arcs
    by: int


@dataclass(frozen=True, slots=True, eq=False)
class TurnGraph:
    """``state_arc`` [s]; ``turn_from``, ``turn_to`` [t], sorted; ``ban_turn``, ``ban_by`` [x], sorted: see ``Network``."""

    state_arc: Ints
    turn_from: Ints
    turn_to: Ints
    ban_turn: Ints
    ban_by: Ints


def turn_graph(tail: Ints, head: Ints, bans: Sequence[Ban] = ()) -> TurnGraph:
    """Every turn between the m arcs, U-turns too, and which of them each ban forbids. The arcs of a ban must meet."""
    leaving = Leaving(tail)
    memory = _memory(bans, first=len(tail))
    state_arc = np.concatenate([np.arange(len(tail)), np.array([arcs[-1] for arcs in memory], dtype=np.int64)])
    turns = leaving.count(head[state_arc])
    first_turn = np.cumsum(turns) - turns
    turn_from = np.repeat(np.arange(len(state_arc)), turns)
    turn_to = leaving.arc(head[state_arc][turn_from], np.arange(len(turn_from)) - first_turn[turn_from])
    state, arc, target = _columns(_remembering(memory, leaving, head), 3)
    turn_to[first_turn[state] + leaving.rank[arc]] = target
    state, arc, by = _columns(_forbidden(memory, bans), 3)
    forbidden = first_turn[state] + leaving.rank[arc]
    order = np.lexsort((turn_to, turn_from))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    found = np.unique(np.column_stack([place[forbidden], by]), axis=0)
    return TurnGraph(state_arc, turn_from, turn_to[order], ban_turn=found[:, 0].copy(), ban_by=found[:, 1].copy())


class Leaving:
    """The arcs that leave each node, in ascending order; ``rank`` [m] is an arc's place among those of its tail."""

    def __init__(self, tail: Ints) -> None:
        self._arcs = np.argsort(tail, kind="stable")
        self._count = np.bincount(tail)
        self._first = np.cumsum(self._count) - self._count
        self.rank = np.empty(len(tail), dtype=np.int64)
        self.rank[self._arcs] = np.arange(len(tail)) - self._first[tail[self._arcs]]

    def count(self, nodes: Ints) -> Ints:
        """How many arcs leave each of the nodes."""
        known = nodes < len(self._count)
        counts: Ints = np.where(known, self._count[np.where(known, nodes, 0)], 0)
        return counts

    def arc(self, nodes: Ints, rank: Ints) -> Ints:
        arcs: Ints = self._arcs[self._first[nodes] + rank]
        return arcs

    def arcs_from(self, node: int) -> Ints:
        return self.arc(np.array(node), np.arange(int(self.count(np.array(node)))))


def _columns(rows: Iterator[tuple[int, ...]], width: int) -> Ints:
    return np.array(list(rows), dtype=np.int64).reshape(-1, width).T


# --- the automaton ------------------------------------------------------------------------------------------------


def _memory(bans: Sequence[Ban], *, first: int) -> dict[Arcs, int]:
    """The states with memory: each beginning of a ban, by the arcs it remembers."""
    begun = {ban.arcs[:length] for ban in bans for length in range(2, len(ban.arcs))}
    return {arcs: first + index for index, arcs in enumerate(sorted(begun))}


def _remembering(memory: Mapping[Arcs, int], leaving: Leaving, head: Ints) -> Iterator[tuple[int, int, int]]:
    """Turns that end in a state with memory: state, next arc, the state with the longest memory then."""
    for arcs, state in memory.items():
        if len(arcs) == 2:
            yield arcs[0], arcs[1], state
        for arc in leaving.arcs_from(int(head[arcs[-1]])).tolist():
            driven = (*arcs, arc)
            remembered = next((memory[end] for end in _endings(driven) if end in memory), None)
            if remembered is not None:
                yield state, arc, remembered


def _endings(arcs: Arcs) -> Iterator[Arcs]:
    """The ends of a sequence, the longest first."""
    return (arcs[start:] for start in range(len(arcs)))


def _forbidden(memory: Mapping[Arcs, int], bans: Sequence[Ban]) -> Iterator[tuple[int, int, int]]:
    """Turns that complete a ban: state, next arc, restriction."""
    states: dict[Arcs, list[int]] = defaultdict(list)
    for arcs, state in memory.items():
        for ending in _endings(arcs):
            states[ending].append(state)
    for ban in bans:
        *begun, last = ban.arcs
        plain = begun if len(begun) == 1 else []
        for state in [*plain, *states[tuple(begun)]]:
            yield state, last, ban.by
