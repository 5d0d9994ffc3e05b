"""Tie places to roads: the nearest point on an edge, not the nearest node.

A site is tied to the nearest edge from which and to which at least one depot can be driven, on the network without
tonight's restrictions. The distance to the nearest open edge of all is reported beside it, so that a site beside an
unusable road is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from geodata.model import Booleans, Floats, Ints, LonLat, RoadPosition
from geodata.network import bounding_box
from geodata.roads import Roads

Shapes = npt.NDArray[np.object_]

SUBSTANTIAL = 0.1
"""A depot ignores roads whose strong component is less than this part of the largest one within its limit."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where a place meets the roads. ``position`` is None when no usable road is within the limit.

    ``snap_m``: metres to the nearest usable road (also when beyond the limit); ``nearest_m``: to the nearest of all.
    """

    position: RoadPosition | None
    snap_m: float | None
    nearest_m: float


@dataclass(frozen=True, eq=False)
class RoadIndex:
    """Nearest-edge search in a transverse Mercator plane centred on the network (scale error under 1 : 10,000)."""

    roads: Roads

    @cached_property
    def projection(self) -> Transformer:
        south_west, north_east = bounding_box(self.roads.network)
        lon, lat = (south_west.lon + north_east.lon) / 2, (south_west.lat + north_east.lat) / 2
        return Transformer.from_crs("EPSG:4326", f"+proj=tmerc +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True)

    @cached_property
    def lines(self) -> Shapes:
        network = self.roads.network
        x, y = self.projection.transform(network.points[:, 0], network.points[:, 1])
        owner = np.repeat(np.arange(network.edges), np.diff(network.first_point))
        return np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=owner))

    @cached_property
    def tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.lines)

    def nearest(self, locations: Sequence[LonLat], allowed: Booleans) -> tuple[Ints, Floats]:
        """Edge and metres per location, among the allowed edges [k]; -1 and infinity when none is allowed.

        Of equally near edges the one with the lowest number is taken.
        """
        edges = np.flatnonzero(allowed)
        best, metres = np.full(len(locations), -1, dtype=np.int64), np.full(len(locations), np.inf)
        if not len(edges) or not len(locations):
            return best, metres
        tree = shapely.STRtree(self.lines[edges])
        (owner, found), distance = tree.query_nearest(self._points(locations), return_distance=True)
        for row in np.lexsort((edges[found], owner))[::-1]:
            best[owner[row]], metres[owner[row]] = edges[found[row]], distance[row]
        return best, metres

    def edges_within(self, location: LonLat, limit_m: float) -> Ints:
        """Edges at most ``limit_m`` away, by the very distance that ``nearest`` tells."""
        point = self._points([location])[0]
        reach = limit_m + 1.0
        box = shapely.box(point.x - reach, point.y - reach, point.x + reach, point.y + reach)
        near = self.tree.query(box).astype(np.int64)
        within: Ints = near[shapely.distance(self.lines[near], point) <= limit_m]
        return within

    def position(self, location: LonLat, edge: int) -> RoadPosition:
        """The point of an edge nearest to a location."""
        line, point = self.lines[edge], self._points([location])[0]
        fraction = float(shapely.line_locate_point(line, point, normalized=True)) if line.length else 0.0
        foot = shapely.line_interpolate_point(line, fraction, normalized=True)
        lon, lat = self.projection.transform(foot.x, foot.y, direction="INVERSE")
        return RoadPosition(edge, fraction, LonLat(round(float(lon), 7), round(float(lat), 7)))

    def _points(self, locations: Sequence[LonLat]) -> Shapes:
        x, y = self.projection.transform([at.lon for at in locations], [at.lat for at in locations])
        return np.asarray(shapely.points(np.asarray(x), np.asarray(y)))


def locate_depots(index: RoadIndex, locations: Sequence[LonLat], *, limit_m: float) -> tuple[Located, ...]:
    """Tie each depot to the nearest edge of a substantial strong component, so that no depot is locked in a car park."""
    everywhere = index.nearest(locations, index.roads.edge_is_open)[1]
    return tuple(
        _locate_depot(index, location, limit_m, float(nearest_m))
        for location, nearest_m in zip(locations, everywhere, strict=True)
    )


def _locate_depot(index: RoadIndex, location: LonLat, limit_m: float, nearest_m: float) -> Located:
    if nearest_m > limit_m:
        return Located(None, None, nearest_m)
    allowed = np.zeros(index.roads.network.edges, dtype=np.bool_)
    allowed[index.edges_within(location, limit_m)] = True
    sizes = np.where(allowed, _edge_component_size(index.roads), 0)
    edge, metres = index.nearest([location], sizes >= max(SUBSTANTIAL * float(sizes.max()), min(2, sizes.max()), 1))
    return _located(index, location, int(edge[0]), float(metres[0]), nearest_m, limit_m)


def _edge_component_size(roads: Roads) -> Ints:
    """[k] arcs of the strong component an edge lies in, the larger one where its two directions lie in different ones.

    An arc that leads from one component to another is one by itself: from it there is no way back, or to it no way, so
    it is never substantial beside one of two arcs or more.
    """
    size = np.zeros(roads.network.edges, dtype=np.int64)
    arcs = roads.open_arcs
    np.maximum.at(size, roads.network.arc_edge[arcs], roads.component_size[roads.strong_component[arcs]])
    return size


def locate_sites(
    index: RoadIndex,
    locations: Sequence[LonLat],
    *,
    depots: Sequence[RoadPosition],
    limit_m: float,
    roads: Sequence[Roads] = (),
) -> tuple[Located, ...]:
    """Tie each site to the nearest edge that some depot can drive to and be driven back to from.

    ``roads``: as each class of vehicles may drive them, where that is not for all as for the index.
    """
    usable = np.zeros(index.roads.network.edges, dtype=np.bool_)
    for driven in roads or (index.roads,):
        for depot in depots:
            usable |= edges_served_by(driven, depot)
    edges, metres = index.nearest(locations, usable)
    nearest = index.nearest(locations, index.roads.edge_is_open)[1]
    return tuple(
        _located(index, location, int(edge), float(snap_m), float(nearest_m), limit_m)
        for location, edge, snap_m, nearest_m in zip(locations, edges, metres, nearest, strict=True)
    )


def edges_served_by(roads: Roads, depot: RoadPosition) -> Booleans:
    """[k] edges that can be entered coming from the depot and left for it."""
    entered, left = np.zeros(roads.network.edges, dtype=np.bool_), np.zeros(roads.network.edges, dtype=np.bool_)
    entered[roads.network.arc_edge[roads.reached_from(depot)]] = True
    left[roads.network.arc_edge[roads.leading_to(depot)]] = True
    served = entered & left
    served[depot.edge] = True
    return served


def _located(index: RoadIndex, location: LonLat, edge: int, snap_m: float, nearest_m: float, limit_m: float) -> Located:
    if edge < 0:
        return Located(None, None, nearest_m)
    return Located(index.position(location, edge) if snap_m <= limit_m else None, snap_m, nearest_m)
