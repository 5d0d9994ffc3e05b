"""Which parts of which edges a shape covers, by plane geometry on all edges at once.

Edges are split where they cross the border of an area, and a piece is covered if its middle is. A road that runs on the
very border is not. So an area of v corners on s stretches of road costs some (s + v) log(s + v), whatever its form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely

from geodata.model import Booleans, Floats, Ints
from geodata.restrictions.model import Area
from geodata.restrictions.plane import Plane

REACH_M = 10.0
"""A drawn line follows roads so near to it."""

ADVANCE = 0.7
"""What follows a line advances along it by so much of its own length, that is, within some 45 degrees."""

CROSSING_M = 5.0
"""A road that a line crosses is closed for so far on either side of it."""

SHORTEST_M = 0.001
_EPSILON = 1e-9


class Parts(NamedTuple):
    """[x] edges, and the fractions between which they are covered; sorted, and disjoint on each edge."""

    edge: Ints
    start: Floats
    end: Floats

    def of_edges(self, wanted: Booleans) -> Parts:
        """Those of edges [k]."""
        return self.only(wanted[self.edge])

    def only(self, kept: Booleans) -> Parts:
        """Those marked [x]."""
        return Parts(self.edge[kept], self.start[kept], self.end[kept])


NOTHING = Parts(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))


def whole(edges: Ints) -> Parts:
    """All of some edges."""
    edges = np.unique(edges).astype(np.int64)
    return Parts(edges, np.zeros(len(edges)), np.ones(len(edges)))


def together(several: Sequence[Parts]) -> Parts:
    """What any of them covers."""
    some = [parts for parts in several if len(parts.edge)]
    if not some:
        return NOTHING
    if len(some) == 1:
        return some[0]
    return _merged(*(np.concatenate(column) for column in zip(*some, strict=True)))


def _merged(edge: Ints, start: Floats, end: Floats) -> Parts:
    order = np.lexsort((start, edge))
    edge, start, end = edge[order], start[order], end[order]
    # two apart, no fraction of an edge comes near those of the next
    reached = np.maximum.accumulate(end + 2.0 * edge)
    begins = np.ones(len(edge), dtype=np.bool_)
    begins[1:] = start[1:] + 2.0 * edge[1:] > reached[:-1] + _EPSILON
    first = np.flatnonzero(begins)
    if not len(first):
        return NOTHING
    return Parts(edge[first], start[first], np.maximum.reduceat(end, first))


def parts_inside(plane: Plane, area: Area) -> Parts:
    """The parts of edges inside an area in the plane, its holes left out."""
    shapely.prepare(area)
    near = plane.tree.query(area).astype(np.int64)
    if not len(near):
        return NOTHING
    lines = plane.lines[near]
    length = shapely.length(lines)
    inside = shapely.contains_properly(area, lines)
    points = length == 0
    inside[points] = shapely.contains(area, shapely.get_point(lines[points], 0))
    border = near[~inside & ~points & shapely.intersects(area, lines)]
    return together([whole(near[inside]), _crossing(plane, border, area)])


def _crossing(plane: Plane, edges: Ints, area: Area) -> Parts:
    """The covered parts of edges that touch the border of an area."""
    if not len(edges):
        return NOTHING
    steps = _Steps.of(plane, edges)
    step, along = steps.split_by(shapely.get_coordinates(area.boundary, return_index=False), _borders(area))
    middle = steps.at(step, (along[:, 0] + along[:, 1]) / 2)
    covered = shapely.contains_xy(area, middle[:, 0], middle[:, 1])
    step, along = step[covered], along[covered]
    start, end = (steps.fraction(step, along[:, side]) for side in (0, 1))
    parts = _merged(edges[steps.owner[step]], start, end)
    long_enough = (parts.end - parts.start) * shapely.length(plane.lines[parts.edge]) >= SHORTEST_M
    return parts.only(long_enough)


def _borders(area: Area) -> Ints:
    """[c] the ring that each corner of the border belongs to."""
    rings = shapely.get_parts(area.boundary)
    return np.repeat(np.arange(len(rings)), shapely.get_num_coordinates(rings))


class _Steps(NamedTuple):
    """The straight steps [z] of some lines: where each begins, what it goes, whose it is, and its place on that line."""

    begin: Floats
    goes: Floats
    owner: Ints
    before_m: Floats
    length_m: Floats
    line_m: Floats

    @classmethod
    def of(cls, plane: Plane, edges: Ints) -> _Steps:
        corners, owner = shapely.get_coordinates(plane.lines[edges], return_index=True)
        inner = owner[:-1] == owner[1:]
        begin, goes, owner = corners[:-1][inner], np.diff(corners, axis=0)[inner], owner[:-1][inner].astype(np.int64)
        length_m = np.hypot(goes[:, 0], goes[:, 1])
        sums = np.cumsum(length_m)
        first = np.searchsorted(owner, np.arange(len(edges)))
        before_line = (sums - length_m)[first]
        line_m = np.add.reduceat(length_m, first)
        return cls(begin, goes, owner, sums - length_m - before_line[owner], length_m, line_m)

    def split_by(self, corners: Floats, ring: Ints) -> tuple[Ints, Floats]:
        """[y] steps and [y, 2] from where to where along them their pieces go, cut by a border's straight steps."""
        inner = ring[:-1] == ring[1:]
        border, side = corners[:-1][inner], np.diff(corners, axis=0)[inner]
        tree = shapely.STRtree(np.asarray(shapely.linestrings(np.stack([border, border + side], axis=1))))
        step, met = tree.query(shapely.linestrings(np.stack([self.begin, self.begin + self.goes], axis=1)))
        cut_step, cut = _cuts(self.begin[step], self.goes[step], border[met], side[met])
        every = np.arange(len(self.owner))
        owner = np.concatenate([every, every, step[cut_step]])
        along = np.concatenate([np.zeros(len(every)), np.ones(len(every)), cut])
        order = np.lexsort((along, owner))
        owner, along = owner[order], along[order]
        follows = (owner[:-1] == owner[1:]) & (along[:-1] < along[1:])
        return owner[:-1][follows], np.column_stack([along[:-1], along[1:]])[follows]

    def at(self, step: Ints, along: Floats) -> Floats:
        return self.begin[step] + along[:, None] * self.goes[step]

    def fraction(self, step: Ints, along: Floats) -> Floats:
        """Of the line's length; exactly 0 and 1 at its ends."""
        line_m = self.line_m[self.owner[step]]
        fraction = (self.before_m[step] + along * self.length_m[step]) / line_m
        fraction[fraction < _EPSILON] = 0.0
        fraction[fraction > 1.0 - _EPSILON] = 1.0
        return fraction


def _cuts(begin: Floats, goes: Floats, border: Floats, side: Floats) -> tuple[Ints, Floats]:
    """Of pairs [x] of steps, which is cut and where along the first of the two.

    Where the other's line meets it beyond the other's ends, it is cut as well: to no harm.
    """
    to_border = border - begin
    across = _cross(goes, side)
    pair = np.arange(len(across))
    parallel = across == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        meets = _cross(to_border, side) / across
        square = (goes**2).sum(axis=1)
        ends = [((to_border + shift) * goes).sum(axis=1) / square for shift in (0.0, side)]
    found = [(pair[~parallel], meets[~parallel]), *((pair[parallel], each[parallel]) for each in ends)]
    pairs, along = (np.concatenate(column) for column in zip(*found, strict=True))
    within = (along > 0.0) & (along < 1.0)
    return pairs[within], along[within]


def _cross(one: Floats, other: Floats) -> Floats:
    product: Floats = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return product


# --- lines --------------------------------------------------------------------------------------------------------


def parts_along(plane: Plane, line: shapely.LineString) -> Parts:
    """What a drawn line closes: the roads that it follows and, where it follows none, those that it crosses."""
    followed = parts_followed(plane, line, REACH_M)
    return together([followed, _crossed(plane, line, _along(plane, line, followed))])


def parts_followed(plane: Plane, line: shapely.LineString, reach_m: float) -> Parts:
    """The parts of edges within reach of a line that lead the way it does, not beyond its ends."""
    near = parts_inside(plane, line.buffer(reach_m, cap_style="flat"))
    advance = np.abs(np.diff(_along(plane, line, near), axis=1))[:, 0]
    own = (near.end - near.start) * shapely.length(plane.lines[near.edge])
    kept = (advance >= ADVANCE * own) & (own > 0)
    return near.only(kept)


def _along(plane: Plane, line: shapely.LineString, parts: Parts) -> Floats:
    """[x, 2] metres along a line at which each part begins and ends."""
    ends = [plane.on_edges(parts.edge, side) for side in (parts.start, parts.end)]
    return np.column_stack([shapely.line_locate_point(line, end) for end in ends])


def _crossed(plane: Plane, line: shapely.LineString, followed: Floats) -> Parts:
    edges = plane.tree.query(line, predicate="intersects").astype(np.int64)
    meets, owner = shapely.get_parts(shapely.intersection(plane.lines[edges], line), return_index=True)
    points = shapely.get_type_id(meets) == shapely.GeometryType.POINT
    meets, edges = meets[points], edges[owner[points]]
    at = shapely.line_locate_point(line, meets)
    low, high = np.sort(followed, axis=1).T
    on_its_way = ((at[:, None] >= low - REACH_M) & (at[:, None] <= high + REACH_M)).any(axis=1)
    meets, edges = meets[~on_its_way], edges[~on_its_way]
    half = CROSSING_M / np.maximum(shapely.length(plane.lines[edges]), SHORTEST_M)
    middle = shapely.line_locate_point(plane.lines[edges], meets, normalized=True)
    return _merged(edges, np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0))
