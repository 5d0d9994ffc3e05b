"""Words of the road world. Coordinates are WGS-84 degrees, lon before lat; lengths metres; times milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geodata.errors import Text

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
    ``tags`` are the OpenStreetMap tags a profile may ask for, ``names`` those that name the road. ``signal_forward``:
    traffic signals at ``head`` face what drives forward; ``signal_backward``: signals at ``tail`` what drives backward.
    ``barrier_node``: of a segment that joins copies of a barrier's node, the node as the map knows it.
    """

    tail: int
    head: int
    points: Floats
    way: int
    tags: Mapping[str, str]
    names: Mapping[str, str]
    forward: bool = True
    backward: bool = True
    signal_forward: bool = False
    signal_backward: bool = False
    barrier_node: int | None = None


@dataclass(frozen=True, slots=True)
class TurnRelation:
    """A turn restriction as a map has it: from ways over a node or over ways to ways, and all its tags.

    Whom it binds and when stands in the tags. ``fault``: why its members make no sense, if so.
    https://wiki.openstreetmap.org/wiki/Relation:restriction
    """

    id: int
    tags: Mapping[str, str]
    from_ways: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]
    fault: Text | None = None

    @property
    def ways(self) -> tuple[int, ...]:
        return *self.from_ways, *self.via_ways, *self.to_ways


@dataclass(frozen=True, slots=True)
class RoadMap:
    """What a map says of its roads, as ``build_network`` takes it."""

    segments: Sequence[Segment]
    relations: Sequence[TurnRelation] = ()


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
