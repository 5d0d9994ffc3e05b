"""Where a checkpoint sits: on the nearest road, and on the carriageways of the same road beside it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from geodata.model import Booleans, Floats, Ints, LonLat
from geodata.restrictions.parts import Parts
from geodata.restrictions.plane import Plane

ON_ROAD_M = 50.0
"""A checkpoint lies so near to a road."""

BESIDE_M = 25.0
"""Other carriageways of the same road are guarded if they are so near to the guarded point."""

PARALLEL_DEGREES = 30.0
FROM_JUNCTION_M = 1.0
"""A checkpoint nearest to the end of a street is taken to stand so far inside it, where the street allows."""

BARRIER_M = 1.0
"""So much of the road is closed to whom a checkpoint does not let through."""


class GuardedPoints(NamedTuple):
    """[x] edges and the fractions of each at which it is guarded; ``away_m`` from the nearest road."""

    edge: Ints
    fraction: Floats
    away_m: float

    def barrier(self, plane: Plane) -> Parts:
        length = shapely.length(plane.lines[self.edge])
        half = np.where(length > BARRIER_M, BARRIER_M / 2 / np.maximum(length, BARRIER_M), 1.0)
        return Parts(self.edge, np.maximum(self.fraction - half, 0.0), np.minimum(self.fraction + half, 1.0))


def guarded_points(plane: Plane, location: LonLat, allowed: Booleans) -> GuardedPoints:
    """No edge where no allowed one [k] is near enough."""
    (edge,), (away_m,) = plane.index.nearest([location], allowed)
    if away_m > ON_ROAD_M:
        return GuardedPoints(np.zeros(0, dtype=np.int64), np.zeros(0), float(away_m))
    line = plane.lines[int(edge)]
    length = float(shapely.length(line))
    if not length:
        return GuardedPoints(np.array([edge]), np.array([0.5]), float(away_m))
    inset = min(FROM_JUNCTION_M, length / 2) / length
    fraction = float(np.clip(plane.index.position(location, int(edge)).fraction, inset, 1.0 - inset))
    beside = _beside(plane, int(edge), fraction, allowed)
    edges = np.array([edge, *beside], dtype=np.int64)
    fractions = np.array([fraction, *beside.values()])
    order = np.argsort(edges)
    return GuardedPoints(edges[order], fractions[order], float(away_m))


def _beside(plane: Plane, edge: int, fraction: float, allowed: Booleans) -> dict[int, float]:
    """Edges of the same road that a line across it meets, and where; of two that meet there, the first."""
    foot, along = _heading(plane, edge, fraction)
    aside = BESIDE_M * np.array([-along[1], along[0]])
    across = shapely.LineString([foot - aside, foot + aside])
    found: dict[int, float] = {}
    places: list[Floats] = [foot]
    for other in np.sort(plane.tree.query(across, predicate="intersects")).tolist():
        same_road = plane.network.road_name(other) == plane.network.road_name(edge)
        if other == edge or not allowed[other] or not same_road:
            continue
        meets = shapely.get_coordinates(shapely.intersection(plane.lines[other], across))
        at = float(shapely.line_locate_point(plane.lines[other], shapely.Point(meets[0]), normalized=True))
        place, leads = _heading(plane, other, at)
        is_new = all(np.hypot(*(place - known)) > FROM_JUNCTION_M for known in places)
        if is_new and abs(float(leads @ along)) >= np.cos(np.radians(PARALLEL_DEGREES)):
            found[other] = at
            places.append(place)
    return found


def _heading(plane: Plane, edge: int, fraction: float) -> tuple[Floats, Floats]:
    """A point of an edge in the plane, and the direction the edge has there, of length one."""
    line = plane.lines[edge]
    metres = fraction * shapely.length(line)
    marks = shapely.line_interpolate_point(line, [metres, max(metres - 0.5, 0.0), metres + 0.5])
    point, before, after = shapely.get_coordinates(marks)
    along = after - before
    return point, along / max(float(np.hypot(*along)), 1e-12)
