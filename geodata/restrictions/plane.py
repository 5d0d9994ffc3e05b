"""The roads as lines in the plane in which places are located, metres to the east and north."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geodata.locate import RoadIndex, Shapes
from geodata.model import Floats, Ints, LonLat, RoadPosition
from geodata.network import Network

Drawn = TypeVar("Drawn", bound=BaseGeometry)


@dataclass(frozen=True, eq=False)
class Plane:
    index: RoadIndex

    @property
    def network(self) -> Network:
        return self.index.roads.network

    @property
    def lines(self) -> Shapes:
        """[k] the line of each edge."""
        return self.index.lines

    @property
    def tree(self) -> shapely.STRtree:
        return self.index.tree

    def projected(self, shape: Drawn) -> Drawn:
        """The shape in the plane, its coordinates finite or not."""
        return shapely.transform(shape, self._to_plane)

    def points(self, locations: list[LonLat] | tuple[LonLat, ...]) -> Floats:
        """[n, 2] places in the plane."""
        return self._to_plane(np.array(locations, dtype=np.float64).reshape(-1, 2))

    def on_edges(self, edges: Ints, fractions: Floats) -> Shapes:
        """The points at fractions [x] of edges [x], in the plane."""
        return np.asarray(shapely.line_interpolate_point(self.lines[edges], fractions, normalized=True))

    def position(self, edge: int, fraction: float) -> RoadPosition:
        point = shapely.line_interpolate_point(self.lines[edge], fraction, normalized=True)
        lon, lat = self.index.projection.transform(point.x, point.y, direction="INVERSE")
        return RoadPosition(edge, fraction, LonLat(round(float(lon), 7), round(float(lat), 7)))

    def _to_plane(self, places: Floats) -> Floats:
        return np.column_stack(self.index.projection.transform(places[:, 0], places[:, 1]))
