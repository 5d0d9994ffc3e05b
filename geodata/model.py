"""Words of the road world. Coordinates are WGS-84 degrees, lon before lat; lengths metres; times milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class LonLat(NamedTuple):
    lon: float
    lat: float


class Datum(StrEnum):
    """The coordinate system a list of points was recorded in."""

    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A stretch of road between two junctions, as a reader hands it to ``build_network``.

    ``points`` is an array (p, 2) of lon, lat from ``tail`` to ``head``, p >= 2. ``forward`` and ``backward`` say
    which of the two arcs exist in the source at all; whether a vehicle may use them is the profile's business.
    ``tags`` are the OpenStreetMap tags a profile may ask for, ``names`` those that name the road.
    """

    tail: int
    head: int
    points: Floats
    way: int
    tags: Mapping[str, str]
    names: Mapping[str, str]
    forward: bool = True
    backward: bool = True


@dataclass(frozen=True, slots=True)
class RoadPosition:
    """A point on an edge of the network: ``fraction`` in [0, 1] of the edge's length from its tail to its head."""

    edge: int
    fraction: float
    point: LonLat


@dataclass(frozen=True, slots=True)
class Leg:
    """A drive between two positions. ``arcs`` is every arc touched in order, the first and last usually in part.

    ``ms`` is the exact time; ``travel_s`` is that sum rounded up to whole seconds, once.
    """

    ms: int
    length_m: float
    arcs: tuple[int, ...]

    @property
    def travel_s(self) -> int:
        return -(-self.ms // 1000)
