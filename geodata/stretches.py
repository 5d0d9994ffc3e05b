"""First and last stretches: how a leg leaves its origin for the open roads, and comes from them to its destination.

The hierarchy knows open roads alone. Where a position lies on a road that is open to its ends only, a search of the
roads around that are so too finds every place where it meets the open ones, and what can be reached without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from geodata.model import RoadPosition
from geodata.roads import Roads

Arcs = tuple[int, ...]


_HERE = -1
"""Follows the last arc of a stretch, where the position is."""


@dataclass(frozen=True, slots=True, eq=False)
class FirstStretch:
    """States come to from an origin, with the milliseconds to their start and the state before them.

    ``ends``: where the way on open roads, or else the last stretch, can begin. ``inside``: those of ends-only arcs that
    are come to without leaving such. Before the first state stands the origin's own arc a, as -2 - a.
    """

    ends: Mapping[int, int]
    inside: Mapping[int, int]
    before_end: Mapping[int, int]
    before_inside: Mapping[int, int]

    def arcs_to_end(self, roads: Roads, state: int) -> Arcs:
        """Arcs driven from the origin to the start of an end's arc."""
        return self._arcs(roads, self.before_end[state])

    def arcs_to_inside(self, roads: Roads, state: int) -> Arcs:
        return self._arcs(roads, self.before_inside[state])

    def _arcs(self, roads: Roads, state: int) -> Arcs:
        arcs = []
        while state > _HERE:
            arcs.append(int(roads.network.state_arc[state]))
            state = self.before_inside[state]
        return (-2 - state, *reversed(arcs))


@dataclass(frozen=True, slots=True, eq=False)
class LastStretch:
    """States a destination is come to from, with the milliseconds from their start and the state after them.

    ``ends``: where the way on open roads can end. ``own``: the states of the destination's own arcs that are for ends
    only.
    """

    ends: Mapping[int, int]
    own: Mapping[int, int]
    after: Mapping[int, int]

    def arcs_after(self, roads: Roads, state: int) -> Arcs:
        """Arcs driven from the end of a state's arc to the destination."""
        arcs = []
        while (state := self.after[state]) != _HERE:
            arcs.append(int(roads.network.state_arc[state]))
        return tuple(arcs)


def first_stretch(roads: Roads, origin: RoadPosition) -> FirstStretch:
    ends: dict[int, tuple[int, int]] = {}
    starts: list[tuple[int, int, int]] = []
    for arc in roads.arcs_out(origin):
        behind_ms = roads.ms_behind(arc, origin)
        for state, weight in roads.turns_out(arc):
            if roads.ends_only[arc]:
                starts.append((weight - behind_ms, state, -2 - arc))
            else:
                _keep_nearest(ends, state, (weight - behind_ms, -2 - arc))
    reached, before = _search(starts, lambda state: roads.turns_out(state) if _may_go_on(roads, state) else [])
    inside = {state: ms for state, ms in reached.items() if _is_ends_only(roads, state)}
    for state, ms in reached.items():
        if state not in inside:
            _keep_nearest(ends, state, (ms, before[state]))
    end_ms, before_end = ({state: end[part] for state, end in ends.items()} for part in (0, 1))
    return FirstStretch(end_ms, inside, before_end, before)


def last_stretch(roads: Roads, destination: RoadPosition) -> LastStretch:
    behind = {
        state: (roads.ms_behind(arc, destination), state, _HERE)
        for arc in roads.arcs_in(destination)
        for state in roads.network.states_of(arc)
    }
    inside = [start for state, start in behind.items() if _is_ends_only(roads, state)]
    reached, after = _search(
        inside, lambda state: [turn for turn in roads.turns_in(state) if _may_go_on(roads, turn[0])]
    )
    ends = {state: ms for state, ms in reached.items() if _meets_open_roads(roads, state)}
    for state in behind.keys() - reached.keys():
        ends[state], after[state] = behind[state][0], _HERE
    return LastStretch(ends, {state: ms for ms, state, _ in inside}, after)


def _meets_open_roads(roads: Roads, state: int) -> bool:
    return any(not _is_ends_only(roads, left) for left, _ in roads.turns_in(state))


def _keep_nearest(found: dict[int, tuple[int, int]], state: int, end: tuple[int, int]) -> None:
    found[state] = min(found.get(state, end), end)


def _is_ends_only(roads: Roads, state: int) -> bool:
    return bool(roads.ends_only[roads.network.state_arc[state]])


def _may_go_on(roads: Roads, state: int) -> bool:
    """Whether the arc may be driven to its end on a first or last stretch."""
    arc = roads.network.state_arc[state]
    return bool(roads.ends_only[arc] and roads.whole[arc])


def _search(
    starts: list[tuple[int, int, int]], spread: Callable[[int], list[tuple[int, int]]]
) -> tuple[dict[int, int], dict[int, int]]:
    """Dijkstra's algorithm from (milliseconds, state, where it comes from): milliseconds and whence, by state reached."""
    queue = list(starts)
    heapify(queue)
    reached: dict[int, int] = {}
    whence: dict[int, int] = {}
    while queue:
        ms, state, came_from = heappop(queue)
        if state in reached:
            continue
        reached[state], whence[state] = ms, came_from
        for following, weight in spread(state):
            if following not in reached:
                heappush(queue, (ms + weight, following, state))
    return reached, whence
