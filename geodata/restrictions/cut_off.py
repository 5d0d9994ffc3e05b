"""Which restrictions cut a place off, found by lifting them; and where the nearest open road is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice

import numpy as np

from geodata.model import RoadPosition
from geodata.profile import Span
from geodata.restrictions.parts import Parts
from geodata.restrictions.plane import Plane
from geodata.restrictions.pockets import Pockets, pockets_of
from geodata.restrictions.resolve import Placed, Resolved
from geodata.restrictions.served import Served, served_from
from geodata.roads import Roads

MOST_PAIRS = 100
"""So many pairs are tried; beyond them a set is found that opens the way and holds nothing needless."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """``by``: sets of restrictions, as small as were found, each of which opens the way if it is lifted.

    None at all: the place cannot be served without restrictions either. ``nearest``: the nearest point of a road that
    can be served, ``nearest_m`` away in a straight line.
    """

    by: tuple[tuple[str, ...], ...]
    nearest: RoadPosition | None
    nearest_m: float


@dataclass(frozen=True, slots=True)
class Loss:
    """What lifting one restriction alone would open: numbers of positions, and kilometres of road besides its own."""

    positions: tuple[int, ...]
    road_km: float


@dataclass(slots=True, eq=False)
class _Trials:
    """What is served with some restrictions lifted, those that bar the holder being numbered in order."""

    resolved: Resolved
    roads: Roads
    depots: Sequence[RoadPosition]
    span: Span
    passes: frozenset[str]
    barring: tuple[Placed, ...] = ()

    def __post_init__(self) -> None:
        self.barring = self.resolved.barring(self.span, self.passes)

    def without(self, *lifted: int) -> Served:
        names = frozenset(self.barring[number].id for number in lifted)
        roads = self.resolved.roads_for(self.roads, span=self.span, passes=self.passes, lifted=names)
        return served_from(roads, self.depots)


def explain_cut_off(
    resolved: Resolved,
    roads: Roads,
    positions: Sequence[RoadPosition],
    *,
    depots: Sequence[RoadPosition],
    span: Span,
    passes: frozenset[str] = frozenset(),
) -> tuple[CutOff | None, ...]:
    """For each position what cuts it off, or None where it can be served. ``roads``: those without restrictions."""
    trials = _Trials(resolved, roads, depots, span, passes)
    now = trials.without()
    shut = [number for number, position in enumerate(positions) if not now.has(position)]
    sets = _smallest_sets(trials, {number: positions[number] for number in shut})
    nearest = nearest_served(resolved.plane, now, [positions[number] for number in shut])
    found = {number: CutOff(sets[number], *near) for number, near in zip(shut, nearest, strict=True)}
    return tuple(found.get(number) for number in range(len(positions)))


def losses(
    resolved: Resolved,
    roads: Roads,
    positions: Sequence[RoadPosition],
    *,
    depots: Sequence[RoadPosition],
    span: Span,
    passes: frozenset[str] = frozenset(),
) -> dict[str, Loss]:
    """By restriction that bars the holder: which of the positions, and how much road, it alone cuts off."""
    trials = _Trials(resolved, roads, depots, span, passes)
    now = trials.without()
    shut = [number for number, position in enumerate(positions) if not now.has(position)]
    now_m = served_m(resolved.plane, now)
    found = {}
    for number, each in enumerate(trials.barring):
        then = trials.without(number)
        opened_m = served_m(resolved.plane, then) - now_m - _own_m(resolved.plane, then, each.parts)
        opens = tuple(at for at in shut if then.has(positions[at]))
        found[each.id] = Loss(opens, round(opened_m / 1_000, 3) + 0.0)
    return found


def served_m(plane: Plane, served: Served) -> float:
    """Metres of road that can be served, those of edges closed in part counted by their open pieces."""
    edges = served.edges
    edges[list(served.roads.closed_parts)] = False
    pieces = sum(_open_m(plane, served, edge, 0.0, 1.0) for edge in served.roads.closed_parts)
    return pieces + float(plane.network.edge_length_m[edges].sum())


def _own_m(plane: Plane, served: Served, parts: Parts) -> float:
    """Metres of a restriction's own stretches that can be served once it is lifted."""
    stretches = zip(parts.edge.tolist(), parts.start.tolist(), parts.end.tolist(), strict=True)
    return sum(_open_m(plane, served, *stretch) for stretch in stretches)


def _open_m(plane: Plane, served: Served, edge: int, low: float, high: float) -> float:
    """Metres of an edge between two fractions that are not closed and can be served."""
    closed = served.roads.closed_parts.get(edge, ())
    marks = [low, *(min(max(mark, low), high) for part in closed for mark in part), high]
    pieces = zip(marks[::2], marks[1::2], strict=True)
    share = sum(
        end - start for start, end in pieces if start < end and served.has(plane.position(edge, (start + end) / 2))
    )
    return share * float(plane.network.edge_length_m[edge])


# --- lifting ------------------------------------------------------------------------------------------------------


def _smallest_sets(trials: _Trials, shut: Mapping[int, RoadPosition]) -> dict[int, tuple[tuple[str, ...], ...]]:
    numbers = range(len(trials.barring))
    places = list(shut.values())
    opened: list[list[tuple[int, ...]]] = [[] for _ in places]
    if not places:
        return {}
    pockets = pockets_of(trials.roads, trials.barring, places, trials.depots)
    opens = _Opening(trials, places)
    left = [at for at, is_open in enumerate(opens(tuple(numbers))) if is_open]
    for size, most in ((1, len(numbers)), (2, MOST_PAIRS)):
        hopeful = ((lifted, pockets.joined(lifted)[left]) for lifted in combinations(numbers, size) if left)
        for lifted in islice((lifted for lifted, joined in hopeful if joined.any()), most):
            for at in left:
                if opens(lifted)[at]:
                    opened[at].append(lifted)
        left = [at for at in left if not opened[at]]
    for at in left:
        opened[at].append(_needed(len(numbers), pockets, opens, at))
    names = [each.id for each in trials.barring]
    return {
        number: tuple(tuple(names[each] for each in lifted) for lifted in sets)
        for number, sets in zip(shut, opened, strict=True)
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Opening:
    """Which of some places can be served with restrictions lifted; each set is driven once."""

    trials: _Trials
    places: Sequence[RoadPosition]
    known: dict[tuple[int, ...], list[bool]] = field(default_factory=dict)

    def __call__(self, lifted: tuple[int, ...]) -> list[bool]:
        if lifted not in self.known:
            served = self.trials.without(*lifted)
            self.known[lifted] = [served.has(place) for place in self.places]
        return self.known[lifted]


def _needed(count: int, pockets: Pockets, opens: _Opening, at: int) -> tuple[int, ...]:
    """A set that opens the way and holds nothing needless: at first by pockets alone, if that proves to be enough."""
    by_pockets = _without_needless(count, lambda lifted: bool(pockets.joined(lifted)[at]))
    if opens(by_pockets)[at]:
        return by_pockets
    return _without_needless(count, lambda lifted: bool(pockets.joined(lifted)[at]) and opens(lifted)[at])


def _without_needless(count: int, is_enough: Callable[[tuple[int, ...]], bool]) -> tuple[int, ...]:
    """All restrictions but those that can stay, put back one after the other."""
    lifted = tuple(range(count))
    for each in range(count):
        fewer = tuple(other for other in lifted if other != each)
        if is_enough(fewer):
            lifted = fewer
    return lifted


# --- the nearest open road -----------------------------------------------------------------------------------------


def nearest_served(
    plane: Plane, served: Served, positions: Sequence[RoadPosition]
) -> list[tuple[RoadPosition | None, float]]:
    """For each position the nearest point of a road that can be served, and metres in a straight line."""
    if not positions:
        return []
    closed_parts = served.roads.closed_parts
    unbroken = served.edges
    broken = [edge for edge in closed_parts if unbroken[edge]]
    unbroken[broken] = False
    borders = [
        plane.position(edge, fraction) for edge in sorted(broken) for part in closed_parts[edge] for fraction in part
    ]
    borders = [border for border in borders if served.has(border)]
    edges, _ = plane.index.nearest([position.point for position in positions], unbroken)
    return [
        _nearest(plane, served, position, int(edge), borders) for position, edge in zip(positions, edges, strict=True)
    ]


def _nearest(
    plane: Plane, served: Served, position: RoadPosition, edge: int, borders: Sequence[RoadPosition]
) -> tuple[RoadPosition | None, float]:
    on_edge = [] if edge < 0 else [plane.index.position(position.point, edge)]
    best = _first_of(plane, position, [*on_edge, *borders])
    if best[0] is None:
        return best
    near = {border.edge for border in borders} & set(plane.index.edges_within(position.point, best[1]).tolist())
    feet = [plane.index.position(position.point, each) for each in sorted(near)]
    return _first_of(plane, position, [best[0], *(foot for foot in feet if served.has(foot))])


def _first_of(
    plane: Plane, position: RoadPosition, offered: Sequence[RoadPosition]
) -> tuple[RoadPosition | None, float]:
    """The nearest of some positions, and metres to it."""
    if not offered:
        return None, float("inf")
    places = plane.points([each.point for each in offered])
    away = np.hypot(*(places - plane.points([position.point])).T)
    best = int(np.argmin(np.round(away, 3)))
    return offered[best], float(away[best])
