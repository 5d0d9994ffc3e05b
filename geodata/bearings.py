"""The angle between two stretches of road where they meet, taken a few metres from the junction."""

from __future__ import annotations

import numpy as np

from geodata.model import Floats, Ints

_EARTH_M = 6_371_009.0

LOOK_M = 12.0
"""How far from a junction a road's direction is taken: past the splay of the corner, before the next bend."""

LOOK_ON_ROUNDABOUT_M = 2.0
"""On a roundabout, which would bend away before. As OSRM's ``CoordinateExtractor`` has it."""


def end_bearings(points: Floats, first_point: Ints, look_m: Floats | float = LOOK_M) -> tuple[Floats, Floats]:
    """[k], [k] degrees clockwise from north at which each line leaves its tail, and its head when followed back.

    ``points`` (p, 2) lon, lat; line e is ``points[first_point[e]:first_point[e + 1]]``. NaN for a line without length.
    ``look_m``: how far from its end a line's direction is taken, of all or [k] of each.
    Plane geometry with the longitude scaled at each line's own latitude: a few metres need no more.
    """
    first, last = first_point[:-1], first_point[1:] - 1
    line = np.repeat(np.arange(len(first)), last - first + 1)
    metres = np.radians(points - points[first][line]) * _EARTH_M
    metres[:, 0] *= np.cos(np.radians(points[first, 1]))[line]
    along = _along(metres, first, line)
    rest = along[last][line] - along
    index, look = np.arange(len(points)), np.broadcast_to(look_m, len(first))
    ahead = np.minimum(np.minimum.reduceat(np.where(along >= look[line], index, len(points)), first), last)
    back = np.maximum(np.maximum.reduceat(np.where(rest >= look[line], index, -1), first), first)
    from_tail = _sight(metres, along, ahead - 1, ahead, look)
    from_head = _sight(metres, rest, back + 1, back, look) - metres[last]
    return _degrees(from_tail), _degrees(from_head)


def _along(metres: Floats, first: Ints, line: Ints) -> Floats:
    """[p] metres along its line to each point."""
    steps = np.zeros(len(metres))
    steps[1:] = np.hypot(np.diff(metres[:, 0]), np.diff(metres[:, 1]))
    steps[first] = 0.0
    sums = np.cumsum(steps)
    along: Floats = sums - sums[first][line]
    return along


def _sight(metres: Floats, travelled: Floats, before: Ints, reached: Ints, look_m: Floats) -> Floats:
    """Where between two points ``look_m`` have been travelled, or the second if it is nearer."""
    step = travelled[reached] - travelled[before]
    share = np.clip((look_m - travelled[before]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    target: Floats = metres[before] + share[:, None] * (metres[reached] - metres[before])
    return target


def _degrees(towards: Floats) -> Floats:
    """Clockwise from north; NaN for no direction."""
    bearing = np.degrees(np.arctan2(towards[:, 0], towards[:, 1]))
    return np.where((towards == 0).all(axis=1), np.nan, bearing)


def angles(arriving: Floats, leaving: Floats) -> Floats:
    """Degrees to the right, in [-180, 180), from one bearing to another; 0 where one of them is not known."""
    return np.nan_to_num((leaving - arriving + 180.0) % 360.0 - 180.0)
