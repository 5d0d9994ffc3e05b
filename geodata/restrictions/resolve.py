"""All restrictions on one network: which edges each covers, found once; and the roads of a wave and its passes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from geodata.errors import BadInput, Complaint, Text
from geodata.locate import RoadIndex
from geodata.model import Booleans, Ints
from geodata.profile import CLOSED, Span
from geodata.restrictions.gate_points import GatePoint, crossings, given_gates
from geodata.restrictions.guarded_points import ON_ROAD_M, GuardedPoints, guarded_points
from geodata.restrictions.model import Area, Checkpoint, Closure, Line, NamedRoad, Restriction, Restrictions, Zone
from geodata.restrictions.named_roads import NotFound, parts_of_road
from geodata.restrictions.parts import Parts, parts_along, parts_inside, together
from geodata.restrictions.plane import Plane
from geodata.roads import Delay, Part, Roads

NOWHERE_NEAR = Text("“{id}”不在路网所在的地方", "'{id}' lies nowhere near the road network")
CLOSES_NOTHING = Text("封闭“{id}”没有碰到任何道路", "the closure '{id}' touches no road")
COVERS_NOTHING = Text("防控区“{id}”内没有道路", "no road leads into the zone '{id}'")
CLOSES_ALL = Text("“{id}”封闭了路网中的每一条道路", "'{id}' closes every road of the network")
OFF_THE_ROADS = Text(
    "检查点“{id}”离最近的道路 {metres} 米，超过 {limit} 米",
    "the checkpoint '{id}' is {metres} m from the nearest road; the limit is {limit} m",
)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A restriction on the network. ``parts``: what is closed to whom it bars. ``gates``: of a zone, in their order."""

    restriction: Restriction
    parts: Parts
    guarded: GuardedPoints | None = None
    area: Area | None = None
    gates: tuple[GatePoint, ...] = ()

    @property
    def id(self) -> str:
        return self.restriction.id


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """``warnings``: what is harmless, but should be known; at JSON pointers of the scenario document."""

    plane: Plane
    placed: tuple[Placed, ...]
    warnings: tuple[Complaint, ...] = ()

    def barring(self, span: Span, passes: frozenset[str], lifted: Collection[str] = ()) -> tuple[Placed, ...]:
        """What bars the holder of these passes at any time of the span; some ids may be set aside."""
        return tuple(each for each in self.placed if each.id not in lifted and each.restriction.bars(span, passes))

    def roads_for(
        self, roads: Roads, *, span: Span, passes: frozenset[str] = frozenset(), lifted: Collection[str] = ()
    ) -> Roads:
        """The roads as they are in a wave for the holder of these passes."""
        closed = together([each.parts for each in self.barring(span, passes, lifted)])
        delays = _delays(self._delaying(span, lifted))
        ms = _delayed(roads, delays) if delays else roads.ms
        return replace(roads, ms=ms, closed_parts=_by_edge(closed), delays=delays)

    def _delaying(self, span: Span, lifted: Collection[str]) -> Iterator[Placed]:
        for each in self.placed:
            checkpoint = each.restriction
            slows = isinstance(checkpoint, Checkpoint) and checkpoint.delay_s and checkpoint.id not in lifted
            if slows and checkpoint.in_force.meets(span):
                yield each


def _by_edge(parts: Parts) -> dict[int, tuple[Part, ...]]:
    """A few more for edges with several, of which there are few."""
    closed: dict[int, tuple[Part, ...]] = {}
    for edge, start, end in zip(parts.edge.tolist(), parts.start.tolist(), parts.end.tolist(), strict=True):
        closed[edge] = (*closed[edge], (start, end)) if edge in closed else ((start, end),)
    return closed


def _delays(checkpoints: Iterator[Placed]) -> dict[int, tuple[Delay, ...]]:
    delays: dict[int, tuple[Delay, ...]] = {}
    for each in checkpoints:
        if isinstance(each.restriction, Checkpoint) and each.guarded is not None:
            ms = each.restriction.delay_s * 1_000
            for edge, fraction in zip(each.guarded.edge.tolist(), each.guarded.fraction.tolist(), strict=True):
                delays[edge] = (*delays.get(edge, ()), (fraction, ms))
    return delays


def _delayed(roads: Roads, delays: Mapping[int, Sequence[Delay]]) -> Ints:
    ms = roads.ms.copy()
    for edge, points in delays.items():
        for arc in roads.open_arcs_of(edge):
            ms[arc] += sum(delay_ms for _, delay_ms in points)
    return np.minimum(ms, CLOSED)


# --- placing ------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Finds:
    """What is found on the way: complaints, and what is let through."""

    complaints: list[Complaint] = field(default_factory=list)
    warnings: list[Complaint] = field(default_factory=list)

    def complain(self, message: Text, pointer: str, **words: object) -> None:
        self.complaints.append(_complaint(message, pointer, **words))

    def warn(self, message: Text, pointer: str, **words: object) -> None:
        self.warnings.append(_complaint(message, pointer, **words))


def _complaint(message: Text, pointer: str, **words: object) -> Complaint:
    return Complaint(Text(message.zh.format(**words), message.en.format(**words)), pointer=pointer)


def resolve(index: RoadIndex, restrictions: Restrictions) -> Resolved:
    """Find what each restriction covers. Raises BadInput with every complaint, at JSON pointers of the document."""
    plane, finds = Plane(index), _Finds()
    closures = [_closure(plane, number, each, finds) for number, each in enumerate(restrictions.closures)]
    checkpoints = [_checkpoint(plane, number, each, finds) for number, each in enumerate(restrictions.checkpoints)]
    zones = [_zone(plane, number, each, finds) for number, each in enumerate(restrictions.zones)]
    if finds.complaints:
        raise BadInput(finds.complaints)
    return Resolved(plane, (*closures, *checkpoints, *zones), tuple(finds.warnings))


def _closure(plane: Plane, number: int, closure: Closure, finds: _Finds) -> Placed:
    pointer = f"/closures/{number}"
    shape = closure.shape
    if isinstance(shape, NamedRoad):
        placed = Placed(closure, _road_parts(plane, shape, pointer, finds))
    else:
        placed = Placed(closure, _shape_parts(plane, closure.id, shape, pointer, finds))
    sound = not any(complaint.pointer.startswith(f"{pointer}/") for complaint in finds.complaints)
    if sound and not len(placed.parts.edge):
        finds.complain(CLOSES_NOTHING, pointer, id=closure.id)
    _require_some_road(plane, placed, pointer, finds)
    return placed


def _road_parts(plane: Plane, road: NamedRoad, pointer: str, finds: _Finds) -> Parts:
    try:
        return parts_of_road(plane, road)
    except NotFound as reasons:
        finds.complaints += [Complaint(message, pointer=f"{pointer}/road") for message in reasons.messages]
        return together([])


def _shape_parts(plane: Plane, name: str, shape: Area | Line, pointer: str, finds: _Finds) -> Parts:
    drawn = plane.projected(shape)
    if not np.isfinite(shapely.get_coordinates(drawn)).all():
        finds.complain(NOWHERE_NEAR, f"{pointer}/geometry", id=name)
        return together([])
    if isinstance(drawn, shapely.Polygon | shapely.MultiPolygon):
        return parts_inside(plane, drawn)
    lines: list[shapely.LineString] = list(shapely.get_parts(drawn))
    return together([parts_along(plane, line) for line in lines])


def _checkpoint(plane: Plane, number: int, checkpoint: Checkpoint, finds: _Finds) -> Placed:
    guarded = guarded_points(plane, checkpoint.location, plane.index.roads.edge_is_open)
    if not len(guarded.edge):
        metres = round(guarded.away_m) if np.isfinite(guarded.away_m) else "∞"
        pointer = f"/checkpoints/{number}/lon"
        finds.complain(OFF_THE_ROADS, pointer, id=checkpoint.id, metres=metres, limit=round(ON_ROAD_M))
    return Placed(checkpoint, guarded.barrier(plane), guarded)


def _zone(plane: Plane, number: int, zone: Zone, finds: _Finds) -> Placed:
    pointer = f"/zones/{number}"
    parts = _shape_parts(plane, zone.id, zone.area, pointer, finds)
    area = plane.projected(zone.area)
    if not np.isfinite(shapely.get_coordinates(area)).all():
        return Placed(zone, parts)
    if not len(parts.edge):
        finds.warn(COVERS_NOTHING, pointer, id=zone.id)
    gates, faults = given_gates(plane, zone, area, parts) if zone.gates else (crossings(plane, zone, area, parts), ())
    finds.complaints += [Complaint(message, pointer=f"{pointer}/gates/{at}") for at, message in faults]
    placed = Placed(zone, parts, area=area, gates=gates)
    if zone.needs_pass or zone.level == "sealed":
        _require_some_road(plane, placed, pointer, finds)
    return placed


def _require_some_road(plane: Plane, placed: Placed, pointer: str, finds: _Finds) -> None:
    """Whatever alone shuts all that can be driven cannot be meant."""
    entire = (placed.parts.start == 0.0) & (placed.parts.end == 1.0)
    left: Booleans = plane.index.roads.edge_is_open.copy()
    left[placed.parts.edge[entire]] = False
    if len(placed.parts.edge) and not left.any():
        finds.complain(CLOSES_ALL, pointer, id=placed.id)
